// SPDX-License-Identifier: MIT
// One reading as bytes: 15 B for two quantities. The same in the ring (ring.ts) and in flash (sector.ts).
//
// Rule: positions count bytes and may run past the end of the buffer: the byte lies at `% bytes.length`. So a record
// may lie across the end of a ring. Little-endian.
// Record: flags (0-1 free for the ring's use, 2 time known, 4-7 quantity bits) · seq u32 · time or uptime u32 · i24 for
// each quantity present.

import { ABSENT, QUANTITY_MAX, type Reading } from '../readings/reading.js';

const TIME_KNOWN = 4;
const FIRST_QUANTITY = 4;
const SEQ_AT = 1;
const SECONDS_AT = 5;
const HEADER_BYTES = 9;
const VALUE_BYTES = 3;
/** 24 bits of milli-units: ±8388.607. */
const VALUE_MAX = 0x7f_ffff;
/** A record of every quantity there can be. */
export const RECORD_MAX = HEADER_BYTES + QUANTITY_MAX * VALUE_BYTES;

/** Bytes that this reading takes. */
export const recordSize = (reading: Reading): number => {
	let size = HEADER_BYTES;
	for (let i = 0; i < QUANTITY_MAX; i++) if (reading.values[i] !== ABSENT) size += VALUE_BYTES;
	return size;
};

/** Bytes of the record at `place`. */
export const sizeAt = (bytes: Uint8Array, place: number): number => {
	let size = HEADER_BYTES;
	for (let bits = bytes[place % bytes.length] >> FIRST_QUANTITY; bits; bits >>= 1) if (bits & 1) size += VALUE_BYTES;
	return size;
};

/** Returns the place behind it. */
export const writeRecord = (bytes: Uint8Array, place: number, reading: Reading): number => {
	let flags = reading.time ? TIME_KNOWN : 0;
	let at = place + HEADER_BYTES;
	for (let i = 0; i < QUANTITY_MAX; i++) {
		if (reading.values[i] === ABSENT) continue;
		flags |= 1 << (FIRST_QUANTITY + i);
		putWhole(bytes, at, clamp(reading.values[i]), VALUE_BYTES);
		at += VALUE_BYTES;
	}
	putWhole(bytes, place, flags, 1);
	putWhole(bytes, place + SEQ_AT, reading.seq, 4);
	putWhole(bytes, place + SECONDS_AT, reading.time || reading.uptime, 4);
	return at;
};

/** Fills `reading` with all that a record holds. */
export const readRecord = (bytes: Uint8Array, place: number, reading: Reading): void => {
	const flags = bytes[place % bytes.length];
	const seconds = takeWhole(bytes, place + SECONDS_AT, 4) >>> 0;
	reading.seq = seqAt(bytes, place);
	reading.time = flags & TIME_KNOWN ? seconds : 0;
	reading.uptime = flags & TIME_KNOWN ? 0 : seconds;
	let at = place + HEADER_BYTES;
	for (let i = 0; i < QUANTITY_MAX; i++) {
		const present = flags & (1 << (FIRST_QUANTITY + i));
		reading.values[i] = present ? (takeWhole(bytes, at, VALUE_BYTES) << 8) >> 8 : ABSENT;
		if (present) at += VALUE_BYTES;
	}
};

/** Puts a time in the place of the uptime. */
export const dateRecord = (bytes: Uint8Array, place: number, time: number): void => {
	putWhole(bytes, place, bytes[place % bytes.length] | TIME_KNOWN, 1);
	putWhole(bytes, place + SECONDS_AT, time, 4);
};

/** The number of the reading at `place`. */
export const seqAt = (bytes: Uint8Array, place: number): number => takeWhole(bytes, place + SEQ_AT, 4) >>> 0;

export const putWhole = (bytes: Uint8Array, place: number, value: number, size: number): void => {
	for (let i = 0; i < size; i++) bytes[(place + i) % bytes.length] = value >> (8 * i);
};

/** Of four bytes a signed number: `>>> 0` where it is none. */
export const takeWhole = (bytes: Uint8Array, place: number, size: number): number => {
	let value = 0;
	for (let i = 0; i < size; i++) value |= bytes[(place + i) % bytes.length] << (8 * i);
	return value;
};

const clamp = (value: number): number => value > VALUE_MAX ? VALUE_MAX : value < -VALUE_MAX ? -VALUE_MAX : value;
