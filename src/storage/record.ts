// SPDX-License-Identifier: MIT
// One reading as bytes: 15 B for two quantities. The same in the ring (ring.ts) and in flash (sector.ts).
//
// Rule: positions count bytes and may run past the end of the buffer: the byte lies at `% bytes.length`. So a record
// may lie across the end of a ring. Little-endian.
// Record: flags (0-1 free for the ring's use, 2 time known, 4-7 quantity bits) · seq u32 · time or uptime u32 · i24 for
// each quantity present.

import { Quantity, Value, type Reading } from '../readings/reading.js';

export const enum Layout {
	TIME_KNOWN = 4,
	FIRST_QUANTITY = 4,
	SEQ_AT = 1,
	SECONDS_AT = 5,
	HEADER_BYTES = 9,
	VALUE_BYTES = 3,
	/** 24 bits of milli-units: ±8388.607. */
	VALUE_MAX = 0x7f_ffff,
	/** A record of every quantity there can be. */
	RECORD_MAX = HEADER_BYTES + Quantity.MAX * VALUE_BYTES,
}

/** Bytes that this reading takes. */
export const recordSize = (reading: Reading): number => {
	let size: number = Layout.HEADER_BYTES;
	for (let i = 0; i < Quantity.MAX; i++) if (reading.values[i] !== Value.ABSENT) size += Layout.VALUE_BYTES;
	return size;
};

/** Bytes of the record at `place`. */
export const sizeAt = (bytes: Uint8Array, place: number): number => {
	let size: number = Layout.HEADER_BYTES;
	for (let bits = bytes[place % bytes.length] >> Layout.FIRST_QUANTITY; bits; bits >>= 1) if (bits & 1) size += Layout.VALUE_BYTES;
	return size;
};

/** Returns the place behind it. */
export const writeRecord = (bytes: Uint8Array, place: number, reading: Reading): number => {
	let flags = reading.time ? Layout.TIME_KNOWN : 0;
	let at = place + Layout.HEADER_BYTES;
	for (let i = 0; i < Quantity.MAX; i++) {
		if (reading.values[i] === Value.ABSENT) continue;
		flags |= 1 << (Layout.FIRST_QUANTITY + i);
		putWhole(bytes, at, clamp(reading.values[i]), Layout.VALUE_BYTES);
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
	reading.seq = seqAt(bytes, place);
	reading.time = flags & Layout.TIME_KNOWN ? seconds : 0;
	reading.uptime = flags & Layout.TIME_KNOWN ? 0 : seconds;
	let at = place + Layout.HEADER_BYTES;
	for (let i = 0; i < Quantity.MAX; i++) {
		const present = flags & (1 << (Layout.FIRST_QUANTITY + i));
		reading.values[i] = present ? (takeWhole(bytes, at, Layout.VALUE_BYTES) << 8) >> 8 : Value.ABSENT;
		if (present) at += Layout.VALUE_BYTES;
	}
};

/** Puts a time in the place of the uptime. */
export const dateRecord = (bytes: Uint8Array, place: number, time: number): void => {
	putWhole(bytes, place, bytes[place % bytes.length] | Layout.TIME_KNOWN, 1);
	putWhole(bytes, place + Layout.SECONDS_AT, time, 4);
};

/** The number of the reading at `place`. */
export const seqAt = (bytes: Uint8Array, place: number): number => takeWhole(bytes, place + Layout.SEQ_AT, 4) >>> 0;

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
