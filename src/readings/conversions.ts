// SPDX-License-Identifier: MIT
// One value of many conversions of an analog part.
//
// Rule: read in a burst, after one to warm up; the mean of the middle half counts (docs/decisions/0003-middle-half.md):
// as robust against spikes as the median, and finer than one step of the converter.

import type { Sensor } from '../common/ports.js';

/**
 * Leaves the `count` conversions in ascending order from `from` on, and makes numbers[at], where the part collects to,
 * the mean of their middle half. Returns how far they lie apart.
 */
export const convert = (sensor: Sensor, count: number, numbers: Int32Array, at: number, from: number): number => {
	const end = from + count;
	sensor.collect(numbers, at);
	for (let next = from; next < end; next++) {
		sensor.start();
		sensor.collect(numbers, at);
		insert(numbers, from, next, numbers[at]);
	}
	numbers[at] = middleHalf(numbers, from, end);
	return numbers[end - 1] - numbers[from];
};

/** Puts `value` among the ascending ones that lie from `from` on, up to `at`. */
const insert = (sorted: Int32Array, from: number, at: number, value: number): void => {
	for (; at > from && sorted[at - 1] > value; at--) sorted[at] = sorted[at - 1];
	sorted[at] = value;
};

/** The mean of the middle half of the ascending values from `from` to `end`, rounded to a whole number. */
export const middleHalf = (sorted: Int32Array, from: number, end: number): number => {
	const outside = Math.floor((end - from) / 4);
	let sum = 0;
	for (let i = from + outside; i < end - outside; i++) sum += sorted[i];
	return Math.round(sum / (end - from - 2 * outside));
};
