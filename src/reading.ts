// SPDX-License-Identifier: MIT
// One reading: what was measured, when, and its number; and the same as text.
//
// Rule: values are whole milli-units (21.512 °C is 21512) from the sensor to the last digit, so nothing is rounded twice.
// The text is the contract of docs/topics.md.

import type { Text } from './text.js';

/** What a reading may hold, in the order of its values, of the bits in a record and of the keys in a payload: append only. */
export const QUANTITIES: readonly string[] = Object.freeze(['temperature', 'humidity']);
export const TEMPERATURE = 0;
/** What a value can be after its offset, in milli-units: no air is wetter than 100 %. */
export const QUANTITY_MINIMA: readonly number[] = Object.freeze([-60_000, 0]);
export const QUANTITY_MAXIMA: readonly number[] = Object.freeze([160_000, 100_000]);
export const QUANTITY_MAX = 4;
/** Stands for "not measured" in a reading's values. */
export const ABSENT = -0x8000_0000;

/** Made once and filled again for each reading. */
export class Reading {
	/** Counts from 1 in each boot, without holes. */
	seq = 0;
	/** Whole seconds since boot when it was taken. */
	uptime = 0;
	/** Unix seconds when it was taken; 0 while that is not known. */
	time = 0;
	/** Milli-units by the index of QUANTITIES; ABSENT where nothing was measured. */
	readonly values = new Int32Array(QUANTITY_MAX).fill(ABSENT);
}

/** The payload of one reading: {"seq":17,"boot":7,"time":1795301835,"temperature":21.512,"humidity":45.2}. */
export function writeReading(text: Text, reading: Reading, boot: number): void {
	text.clear().put('{"seq":').whole(reading.seq).put(',"boot":').whole(boot);
	if (reading.time) text.put(',"time":').whole(reading.time);
	else text.put(',"uptime":').whole(reading.uptime);
	for (let i = 0; i < QUANTITIES.length; i++) {
		const value = reading.values[i];
		if (value !== ABSENT) text.put(',"').put(QUANTITIES[i]).put('":').milli(value);
	}
	text.put('}');
}
