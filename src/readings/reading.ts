// SPDX-License-Identifier: MIT
// One reading: what was measured, when, and its number; and the same as text.
//
// Rule: values are whole milli-units (21.512 °C is 21512) from the sensor to the last digit, so nothing is rounded
// twice. The text is the contract of docs/topics.md.

import type { Text } from '../common/text.js';

/** What a reading may hold, in the order of its values, of the bits in a record and of the keys in a payload: append only. */
export const QUANTITIES: readonly string[] = Object.freeze(['temperature', 'humidity']);

export const enum Quantity {
	TEMPERATURE = 0,
	/** A record has room for so many. */
	MAX = 4,
}

/** What a value can be after its offset, in milli-units: no air is wetter than 100 %. */
export const QUANTITY_MINIMA: readonly number[] = Object.freeze([-60_000, 0]);
export const QUANTITY_MAXIMA: readonly number[] = Object.freeze([160_000, 100_000]);

export const enum Value {
	/** Stands for "not measured" in a reading's values. */
	ABSENT = -0x8000_0000,
}

/** Made once and filled again for each reading. */
export class Reading {
	/** Counts from 1 in each boot, without holes. */
	seq = 0;
	/** Which boot took it. */
	boot = 0;
	/** Whole seconds since boot when it was taken. */
	uptime = 0;
	/** Unix seconds when it was taken; 0 while that is not known. */
	time = 0;
	/**
	 * Numbers of the same boot that were dropped and that this reading names; 0 if none. Up to `seq`: this one itself
	 * is no more than its number.
	 */
	droppedFrom = 0;
	droppedTo = 0;
	/** Milli-units by the index of QUANTITIES; ABSENT where nothing was measured. */
	readonly values = new Int32Array(Quantity.MAX).fill(Value.ABSENT);
}

const codesOf = (ascii: string): readonly number[] => {
	const codes: number[] = [];
	for (let i = 0; i < ascii.length; i++) codes.push(ascii.charCodeAt(i));
	return Object.freeze(codes);
};

/**
 * What stands before each number of a payload, as the codes of its characters: taking a text apart costs XS two slots a
 * character. Such a list lies in flash, which bytes cannot: they can be changed.
 */
const SEQ = codesOf('{"seq":');
const BOOT = codesOf(',"boot":');
const TIME = codesOf(',"time":');
const UPTIME = codesOf(',"uptime":');
const DROPPED = codesOf(',"dropped":[');
const VALUES: readonly (readonly number[])[] = Object.freeze(QUANTITIES.map((name) => codesOf(`,"${name}":`)));

const enum Ascii {
	COMMA = 0x2c,
	BRACKET = 0x5d,
	BRACE = 0x7d,
}

/** Writes a payload: {"seq":17,"boot":7,"time":1795301835,"temperature":21.512,"humidity":45.2}. */
export const writeReading = (text: Text, reading: Reading): void => {
	text.clear().codes(SEQ).whole(reading.seq).codes(BOOT).whole(reading.boot);
	if (reading.time) text.codes(TIME).whole(reading.time);
	else text.codes(UPTIME).whole(reading.uptime);
	if (reading.droppedFrom) text.codes(DROPPED).whole(reading.droppedFrom).byte(Ascii.COMMA).whole(reading.droppedTo).byte(Ascii.BRACKET);
	for (let i = 0; i < QUANTITIES.length; i++) {
		if (reading.values[i] !== Value.ABSENT) text.codes(VALUES[i]).milli(reading.values[i]);
	}
	text.byte(Ascii.BRACE);
};
