// SPDX-License-Identifier: MIT
// How far a value can be trusted, by rule: what a part says, beside what it and the air can give.
//
// Rule: what is doubtful is sent, and named; only an error leaves a value out. Each state ends by itself with the first
// value that shows none of it. A part's state is the worst of its channels', which are in ascending order here.

import { isDigit } from '../common/text.js';
import type { PartRow } from '../common/ports.js';
import { QUANTITY_MAXIMA, QUANTITY_MINIMA, Value } from './reading.js';

export const enum Quality {
	Ok,
	/** Analog conversions lay further apart than the part's row allows. */
	Spread,
	/** The same raw value again and again, from a part whose noise must move it. */
	Stuck,
	/** Beyond what the part can give, or the air can have. */
	OutOfRange,
	/** No value: it came garbled. */
	CheckSum,
	/** No value. */
	NoAnswer,
}

/** By their number, as the command `scan` says them. */
export const QUALITIES: readonly string[] = Object.freeze(['ok', 'spread', 'stuck', 'out of range', 'check sum', 'no answer']);
/** The same as sentences: of what is doubtful, and of what a part that fails says in other words. */
export const DOUBTS: readonly string[] = Object.freeze([
	'', 'its conversions lie far apart: check its supply and its wires', 'it gives the same value again and again: it may hang, or not be connected',
	'it gives a value that cannot be: check its wiring', 'its answers come garbled: check its wiring', 'it does not answer: check its wiring',
]);
/** What a driver's sentence has in it when the check sum is wrong (src/common/ports.ts). */
const CHECK_SUM = 'check sum';

const enum Const {
	/** Times in a row: noise well above a part's step repeats itself so by chance in no lifetime. */
	STUCK_TIMES = 30,
	/** Of what is counted. */
	TIMES_MAX = 0xff,
	/** FNV-1a's. */
	HASH_FACTOR = 0x0100_0193,
}

/** Of a part that gave no value, with this sentence. */
export const qualityOfError = (sentence: string): Quality => sentence.indexOf(CHECK_SUM) < 0 ? Quality.NoAnswer : Quality.CheckSum;

/** How often in a row `measured` came now; `before` came so many `times`. */
export const timesOf = (measured: number, before: number, times: number): number =>
	measured !== before || before === Value.ABSENT ? 1 : times < Const.TIMES_MAX ? times + 1 : times;

/** Of a value as it was measured, which came so many `times` in a row, from conversions so far apart; of the k-th quantity of the row. */
export const judge = (row: PartRow, k: number, quantity: number, measured: number, times: number, spread: number): Quality => {
	const min = row.minima[k];
	const max = row.maxima[k];
	if (measured < min || measured > max || measured < QUANTITY_MINIMA[quantity] || measured > QUANTITY_MAXIMA[quantity]) return Quality.OutOfRange;
	// Fog keeps a part at its end for hours.
	if (row.noisy && times >= Const.STUCK_TIMES && measured !== min && measured !== max) return Quality.Stuck;
	return row.analog && spread > row.spread ? Quality.Spread : Quality.Ok;
};

/**
 * A number that stands for the trouble that a sentence tells of; 0: it is ''. Two that differ in nothing but their numbers tell of one:
 * "gives 0 mV, less than it can" and "gives 3 mV, …".
 */
export const troubleOf = (sentence: string): number => {
	let hash = 0;
	for (let i = 0; i < sentence.length; i++) {
		const code = sentence.charCodeAt(i);
		if (!isDigit(code)) hash = Math.imul(hash ^ code, Const.HASH_FACTOR);
	}
	return hash || sentence.length;
};
