// SPDX-License-Identifier: MIT
// The setting `calibration`: for each channel that was compared with a reference what that showed, and what the channel measured
// then: `temperature=21300:21456,outside_humidity=33000:30250:75300:70110`, in thousandths.
//
// Rule: one point makes an offset, two an offset and a gain; both are computed from the points whenever they are applied, so
// that nothing is rounded twice. An entry of a channel that the node has not (any more) is kept. Nothing here is kept in RAM.

import type { Part } from '../common/ports.js';
import { channelCount, channelName } from './channels.js';
import { QUANTITIES } from './reading.js';

export const enum Points {
	/** Numbers of one: reference and measured. */
	ONE = 2,
	TWO = 4,
}

const enum Const {
	/** No value is further from 0, in thousandths. */
	VALUE_MAX = 4_000_000,
	DIGITS_MAX = 7,
	/** A gain is kept by how many 2^-20 it is off 1. */
	GAIN_UNIT = 1_048_576,
	GAIN_MAX = GAIN_UNIT,
	GAIN_MIN = -GAIN_UNIT / 2,
	MINUS = 0x2d,
	ZERO = 0x30,
	NINE = 0x39,
}

const NAME_CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789-_';

/** What takes corrections (sampler.ts). */
export interface Correctable {
	readonly parts: readonly Part[];
	setCorrection(channel: number, offset: number, gain: number): void;
}

/** Whether all of the text can be used. */
export const isCalibration = (text: string): boolean => {
	const points = new Int32Array(Points.TWO);
	for (let at = 0; at <= text.length; at = endOf(text, at) + 1) {
		const equals = text.indexOf('=', at);
		if (equals <= at || equals >= endOf(text, at)) return false;
		for (let i = at; i < equals; i++) if (NAME_CHARACTERS.indexOf(text.charAt(i)) < 0) return false;
		const count = readPoints(text, equals + 1, endOf(text, at), points);
		if (count === 0 || gainOf(points, count) === undefined) return false;
	}
	return true;
};

/** Fills `points` with the numbers of that channel's entry, and returns how many there are; 0: it has none. */
export const pointsOf = (text: string, name: string, points: Int32Array): number => {
	const at = entryAt(text, name);
	return at < 0 ? 0 : readPoints(text, at + name.length + 1, endOf(text, at), points);
};

/** The text with these numbers for that channel; with none its entry is left out. */
export const withPoints = (text: string, name: string, points: Int32Array, count: number): string => {
	const at = entryAt(text, name);
	let rest = at < 0 ? text : text.slice(0, at) + text.slice(endOf(text, at) + 1);
	if (rest.charAt(rest.length - 1) === ',') rest = rest.slice(0, -1);
	if (count === 0) return rest;
	let entry = `${name}=${points[0] | 0}`;
	for (let i = 1; i < count; i++) entry += `:${points[i] | 0}`;
	return rest ? `${rest},${entry}` : entry;
};

/** By how many 2^-20 the gain is off 1; undefined: no part is so far off, or both points are the same. */
export const gainOf = (points: Int32Array, count: number): number | undefined => {
	if (count !== Points.TWO) return 0;
	const measured = points[3] - points[1];
	const gain = Math.round(((points[2] - points[0]) / measured - 1) * Const.GAIN_UNIT);
	return measured !== 0 && gain >= Const.GAIN_MIN && gain <= Const.GAIN_MAX ? gain : undefined;
};

/** In thousandths, to go with that gain. */
export const offsetOf = (points: Int32Array, gain: number): number => points[0] - corrected(points[1], 0, gain);

/** What to say in place of a measured value. */
export const corrected = (measured: number, offset: number, gain: number): number =>
	gain === 0 ? measured + offset : measured + offset + Math.round(measured * gain / Const.GAIN_UNIT);

/** Has every channel corrected as the text says; one without an entry that is called by its quantity gets that of `offsets`. */
export const applyCalibration = (text: string, to: Correctable, offsets: readonly number[]): void => {
	const points = new Int32Array(Points.TWO);
	for (let channel = 0, end = channelCount(to.parts); channel < end; channel++) {
		const name = channelName(to.parts, channel);
		const count = pointsOf(text, name, points);
		const gain = count ? gainOf(points, count) : undefined;
		if (gain !== undefined) to.setCorrection(channel, offsetOf(points, gain), gain);
		else to.setCorrection(channel, offsets[QUANTITIES.indexOf(name)] ?? 0, 0);
	}
};

/** Where the entry begins; -1: there is none. */
const entryAt = (text: string, name: string): number => {
	for (let at = 0; at < text.length; at = endOf(text, at) + 1) if (text.indexOf(`${name}=`, at) === at) return at;
	return -1;
};

/** Of the entry that begins there. */
const endOf = (text: string, at: number): number => {
	const comma = text.indexOf(',', at);
	return comma < 0 ? text.length : comma;
};

/** 0: they are neither two nor four whole numbers. */
const readPoints = (text: string, at: number, end: number, points: Int32Array): number => {
	let count = 0;
	while (at <= end) {
		if (count === Points.TWO) return 0;
		const colon = text.indexOf(':', at);
		const stop = colon < 0 || colon > end ? end : colon;
		const value = wholeAt(text, at, stop);
		if (value !== value) return 0;
		points[count++] = value;
		at = stop + 1;
	}
	return count === Points.ONE || count === Points.TWO ? count : 0;
};

const wholeAt = (text: string, from: number, end: number): number => {
	const isNegative = text.charCodeAt(from) === Const.MINUS;
	let value = 0;
	const first = isNegative ? from + 1 : from;
	if (first >= end || end - first > Const.DIGITS_MAX) return NaN;
	for (let at = first; at < end; at++) {
		const code = text.charCodeAt(at);
		if (code < Const.ZERO || code > Const.NINE) return NaN;
		value = value * 10 + code - Const.ZERO;
	}
	return value > Const.VALUE_MAX ? NaN : isNegative ? -value : value;
};
