// SPDX-License-Identifier: MIT
// One reading as bytes: 15 B for two values. The same in the ring (ring.ts) and in flash (sector.ts).
//
// Rule: positions count bytes and may run past the end of the buffer: the byte lies at `% bytes.length`. So a record
// may lie across the end of a ring. Little-endian.
// Record: flags (0-1 free for the ring's use, 2 time known, 3-5 which values are present, 6-7 group) · seq u32 · time or
// uptime u32 · for each value 24 bits: milli-units << 1 | suspect.

import { Group, Value, type Reading } from '../readings/reading.js';

export const enum Layout {
	TIME_KNOWN = 4,
	FIRST_VALUE = 3,
	VALUE_BITS = 0x38,
	GROUP = 6,
	SEQ_AT = 1,
	SECONDS_AT = 5,
	HEADER_BYTES = 9,
	VALUE_BYTES = 3,
	/** 23 bits of milli-units: ±4194.303. */
	VALUE_MAX = 0x3f_ffff,
	/** A record of a whole group. */
	RECORD_MAX = HEADER_BYTES + Group.VALUES * VALUE_BYTES,
}

/** Bytes that this reading takes. */
export const recordSize = (reading: Reading): number => {
	let size: number = Layout.HEADER_BYTES;
	for (let i = 0; i < Group.VALUES; i++) if (reading.numbers[i] !== Value.ABSENT) size += Layout.VALUE_BYTES;
	return size;
};

/** Bytes of the record at `place`. */
export const sizeAt = (bytes: Uint8Array, place: number): number => {
	let size: number = Layout.HEADER_BYTES;
	for (let bits = (bytes[place % bytes.length] & Layout.VALUE_BITS) >> Layout.FIRST_VALUE; bits; bits >>= 1) if (bits & 1) size += Layout.VALUE_BYTES;
	return size;
};

/** Returns the place behind it. */
export const writeRecord = (bytes: Uint8Array, place: number, reading: Reading): number => {
	const { numbers, suspects } = reading;
	let flags = (reading.time ? Layout.TIME_KNOWN : 0) | reading.group << Layout.GROUP;
	let at = place + Layout.HEADER_BYTES;
	for (let i = 0; i < Group.VALUES; i++) {
		if (numbers[i] === Value.ABSENT) continue;
		flags |= 1 << (Layout.FIRST_VALUE + i);
		putWhole(bytes, at, clamp(numbers[i]) << 1 | suspects >> i & 1, Layout.VALUE_BYTES);
		at += Layout.VALUE_BYTES;
	}
	putWhole(bytes, place, flags, 1);
	putWhole(bytes, place + Layout.SEQ_AT, reading.seq, 4);
	putWhole(bytes, place + Layout.SECONDS_AT, reading.time || reading.uptime, 4);
	return at;
};

/** Fills `reading` with all that a record holds. */
export const readRecord = (bytes: Uint8Array, place: number, reading: Reading): void => {
	const flags = bytes[place % bytes.length];
	const seconds = takeWhole(bytes, place + Layout.SECONDS_AT, 4) >>> 0;
	reading.empty();
	reading.seq = seqAt(bytes, place);
	reading.time = flags & Layout.TIME_KNOWN ? seconds : 0;
	reading.uptime = flags & Layout.TIME_KNOWN ? 0 : seconds;
	reading.group = groupAt(bytes, place);
	let at = place + Layout.HEADER_BYTES;
	for (let i = 0; i < Group.VALUES; i++) {
		if ((flags & 1 << (Layout.FIRST_VALUE + i)) === 0) continue;
		const value = takeWhole(bytes, at, Layout.VALUE_BYTES);
		reading.numbers[i] = value << 8 >> 9;
		reading.suspects |= (value & 1) << i;
		at += Layout.VALUE_BYTES;
	}
};

/** Puts a time in the place of the uptime. */
export const dateRecord = (bytes: Uint8Array, place: number, time: number): void => {
	putWhole(bytes, place, bytes[place % bytes.length] | Layout.TIME_KNOWN, 1);
	putWhole(bytes, place + Layout.SECONDS_AT, time, 4);
};

/** The number of the reading at `place`. */
export const seqAt = (bytes: Uint8Array, place: number): number => takeWhole(bytes, place + Layout.SEQ_AT, 4) >>> 0;

/** Which group it is of. */
export const groupAt = (bytes: Uint8Array, place: number): number => bytes[place % bytes.length] >> Layout.GROUP;

export const putWhole = (bytes: Uint8Array, place: number, value: number, size: number): void => {
	for (let i = 0; i < size; i++) bytes[(place + i) % bytes.length] = value >> (8 * i);
};

/** Of four bytes a signed number: `>>> 0` where it is none. */
export const takeWhole = (bytes: Uint8Array, place: number, size: number): number => {
	let value = 0;
	for (let i = 0; i < size; i++) value |= bytes[(place + i) % bytes.length] << (8 * i);
	return value;
};

const clamp = (value: number): number => value > Layout.VALUE_MAX ? Layout.VALUE_MAX : value < -Layout.VALUE_MAX ? -Layout.VALUE_MAX : value;
