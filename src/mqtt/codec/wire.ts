// SPDX-License-Identifier: MIT
// The primitives all packets are made of: each reads or writes at a place and says where the next one goes.
//
// Rule: no objects, no exceptions but for bugs; a writer MUST be given room, a checker takes any bytes.
// Text is checked here once, on its way in or out, and nowhere else. MQTT 3.1.1 §1.5, §2.2.3

import { assert } from '../../common/assert.js';

export const enum Wire {
	/** The longest text, topic name or topic filter (§1.5.3). */
	TEXT_MAX = 65_535,
}

export const readUint16 = (bytes: Uint8Array, at: number): number => bytes[at] << 8 | bytes[at + 1];

export const writeUint16 = (bytes: Uint8Array, at: number, value: number): number => {
	bytes[at] = value >> 8;
	bytes[at + 1] = value;
	return at + 2;
};

/** Bytes that a remaining length takes. */
export const lengthSize = (length: number): number =>
	length < 0x80 ? 1 : length < 0x4000 ? 2 : length < 0x20_0000 ? 3 : 4;

/** Writes a remaining length, in the fewest bytes. */
export const writeLength = (bytes: Uint8Array, at: number, length: number): number => {
	while (length >= 0x80) {
		bytes[at++] = length & 0x7f | 0x80;
		length >>= 7;
	}
	bytes[at++] = length;
	return at;
};

/** Bytes of the whole packet that begins there. */
export const packetSize = (bytes: Uint8Array, at: number): number => {
	let length = bytes[++at] & 0x7f;
	for (let shift = 7; bytes[at] >= 0x80; shift += 7) length |= (bytes[++at] & 0x7f) << shift;
	return 1 + lengthSize(length) + length;
};

/** Copies the first `length` of `source`, and if there is room, in one piece, all of it: what lies behind MUST be free. */
export const writeBytes = (bytes: Uint8Array, at: number, source: Uint8Array, length: number): number => {
	if (at + source.length <= bytes.length) bytes.set(source, at);
	else for (let i = 0; i < length; i++) bytes[at + i] = source[i];
	return at + length;
};

/** Bytes of the text in UTF-8; -1 if it holds U+0000 or half a surrogate pair, which MQTT does not carry. */
export const textSize = (text: string): number => {
	let size = 0;
	for (const character of text) {
		const code = character.codePointAt(0)!;
		if (code === 0 || code >= 0xd800 && code <= 0xdfff) return -1;
		size += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
	}
	return size;
};

/** Writes the text in UTF-8 behind its length in two bytes. Its textSize() MUST be 0 to TEXT_MAX. */
export const writeText = (bytes: Uint8Array, at: number, text: string): number => {
	const begin = at + 2;
	let end = begin;
	for (const character of text) end = writeCodePoint(bytes, end, character.codePointAt(0)!);
	assert(end - begin <= Wire.TEXT_MAX, 'A text is longer than 65,535 bytes.');
	writeUint16(bytes, at, end - begin);
	return end;
};

const writeCodePoint = (bytes: Uint8Array, at: number, code: number): number => {
	if (code < 0x80) {
		bytes[at++] = code;
		return at;
	}
	if (code < 0x800) {
		bytes[at++] = 0xc0 | code >> 6;
	} else {
		if (code < 0x1_0000) {
			bytes[at++] = 0xe0 | code >> 12;
		} else {
			bytes[at++] = 0xf0 | code >> 18;
			bytes[at++] = 0x80 | code >> 12 & 0x3f;
		}
		bytes[at++] = 0x80 | code >> 6 & 0x3f;
	}
	bytes[at++] = 0x80 | code & 0x3f;
	return at;
};

/** Whether bytes[at] to bytes[end - 1] are what §1.5.3 lets through: well-formed UTF-8 without U+0000 and surrogates. */
export const isText = (bytes: Uint8Array, at: number, end: number): boolean => {
	while (at < end) {
		const first = bytes[at];
		if (first > 0 && first < 0x80) {
			at++;
		} else {
			const size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
			if (size === 0 || at + size > end || !isSequence(bytes, at, size)) return false;
			at += size;
		}
	}
	return true;
};

/** The second byte's range keeps out overlong forms, surrogates, and what lies beyond U+10FFFF (Unicode, table 3-7). */
const isSequence = (bytes: Uint8Array, at: number, size: number): boolean => {
	const first = bytes[at];
	const second = bytes[at + 1];
	const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
	const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
	if (second < least || second > most) return false;
	for (let i = 2; i < size; i++) if ((bytes[at + i] & 0xc0) !== 0x80) return false;
	return true;
};
