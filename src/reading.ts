// SPDX-License-Identifier: MIT
// One reading: what was measured, when, and its number; and the same as text.
//
// Rule: values are whole milli-units (21.512 °C is 21512) from the sensor to the last digit, so nothing is rounded twice,
// and the text is written digit by digit into a buffer that the caller owns: no JSON object, no garbage.
// The text is the contract of docs/topics.md.

import type { Millis } from './ports.js';

/** What a value of a reading may be. The order is the bit order in a record and the column order in a payload: append only. */
export const QUANTITIES: readonly string[] = Object.freeze(['temperature', 'humidity']);
export const QUANTITY_MAX = 4;
/** Stands for "not measured" in a reading's values. */
export const ABSENT = -0x8000_0000;

/** Made once and filled again for each reading. */
export class Reading {
	/** Counts from 1 in each boot, without holes. */
	seq = 0;
	/** When it was taken. */
	takenAt: Millis = 0;
	/** Unix seconds, 0 while not known. */
	time = 0;
	/** Milli-units by the index of QUANTITIES; ABSENT where nothing was measured. */
	readonly values = new Int32Array(QUANTITY_MAX).fill(ABSENT);
	/** Of the analog part: conversions that went into the value, and highest less lowest among them, in milli-units. */
	conversions = 0;
	spread = 0;
}
