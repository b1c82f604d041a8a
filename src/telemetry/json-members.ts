// SPDX-License-Identifier: MIT
// The members of an object of JSON, one after the other where they lie, for objects whose members no table of
// readObject() lists.
//
// Rule: only what readObject() has read before, which is JSON without a fault. RFC 8259 §4, §7

import { endOfScalar, skipSpace } from './json.js';

export const enum Ascii {
	QUOTE = 0x22,
	COMMA = 0x2c,
	BACKSLASH = 0x5c,
	OPEN_LIST = 0x5b,
	CLOSE_LIST = 0x5d,
	OPEN_OBJECT = 0x7b,
	CLOSE_OBJECT = 0x7d,
	LOWER_F = 0x66,
	LOWER_N = 0x6e,
	LOWER_T = 0x74,
	LOWER_U = 0x75,
}

const ESCAPES = 'bfnrt';
const ESCAPED = '\b\f\n\r\t';

const enum Unicode {
	SURROGATES = 0xd800,
	SURROGATES_LOW = 0xdc00,
	SURROGATES_END = 0xe000,
}

/** Where the next name begins, from behind "{" or behind a value; -1: there is none. */
export const nextName = (bytes: Uint8Array, at: number): number => {
	const end = bytes.length;
	let from = skipSpace(bytes, at, end);
	if (bytes[from] === Ascii.COMMA) from = skipSpace(bytes, from + 1, end);
	return bytes[from] === Ascii.QUOTE ? from : -1;
};

/** Where the value of that name begins. */
export const valueOf = (bytes: Uint8Array, nameAt: number): number => {
	const end = bytes.length;
	const colon = skipSpace(bytes, endOfScalar(bytes, nameAt, end), end);
	return skipSpace(bytes, colon + 1, end);
};

/** Behind the value that begins there, whatever it is. */
export const endOfValue = (bytes: Uint8Array, at: number): number => {
	let depth = 0;
	do {
		const first = bytes[at];
		if (first === Ascii.OPEN_OBJECT || first === Ascii.OPEN_LIST) depth++;
		if (first === Ascii.CLOSE_OBJECT || first === Ascii.CLOSE_LIST) depth--;
		const end = first === Ascii.QUOTE || depth === 0 ? endOfScalar(bytes, at, bytes.length) : -1;
		at = end < 0 ? at + 1 : end;
	} while (depth > 0);
	return at;
};

/** The text that begins there; undefined: it holds half a character (a lone surrogate), which UTF-8 cannot say. */
export const textAt = (bytes: Uint8Array, at: number): string | undefined => {
	const end = endOfScalar(bytes, at, bytes.length) - 1;
	let text = '';
	for (at++; at < end; ) {
		const first = bytes[at];
		let code = first;
		if (first === Ascii.BACKSLASH) {
			code = escapedAt(bytes, at);
			at += bytes[at + 1] === Ascii.LOWER_U ? 6 : 2;
			if (code >= Unicode.SURROGATES && code < Unicode.SURROGATES_END) {
				const low = at < end && bytes[at] === Ascii.BACKSLASH && bytes[at + 1] === Ascii.LOWER_U ? escapedAt(bytes, at) : 0;
				if (code >= Unicode.SURROGATES_LOW || low < Unicode.SURROGATES_LOW || low >= Unicode.SURROGATES_END) return undefined;
				code = 0x1_0000 + ((code - Unicode.SURROGATES) << 10) + low - Unicode.SURROGATES_LOW;
				at += 6;
			}
		} else {
			const more = first < 0xc0 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
			if (more > 0) code &= 0x3f >> more;
			at++;
			for (let i = 0; i < more; i++) code = code << 6 | bytes[at++] & 0x3f;
		}
		text += String.fromCodePoint(code);
	}
	return text;
};

/** What the escape that begins there stands for. */
const escapedAt = (bytes: Uint8Array, at: number): number => {
	const letter = bytes[at + 1];
	if (letter === Ascii.LOWER_U) {
		let code = 0;
		for (let i = at + 2; i < at + 6; i++) code = code << 4 | (bytes[i] < 0x40 ? bytes[i] & 0xf : (bytes[i] & 0xf) + 9);
		return code;
	}
	const index = ESCAPES.indexOf(String.fromCharCode(letter));
	return index < 0 ? letter : ESCAPED.charCodeAt(index);
};
