// SPDX-License-Identifier: MIT
// Byte Buffers (ECMA-419, clause 5) as bytes, and UTF-8 as text: XS has no TextDecoder.
//
// Rule: no copy of a buffer; text is checked before it comes here (wire.ts, isText).

import type { Bytes } from './options.js';

/** The bytes themselves. */
export const view = (buffer: Bytes | null | undefined): Uint8Array => {
	if (buffer instanceof Uint8Array) return buffer;
	if (ArrayBuffer.isView(buffer)) {
		const { buffer: whole, byteOffset, byteLength } = buffer;
		if (((buffer as Int8Array).BYTES_PER_ELEMENT ?? 1) === 1) return new Uint8Array(whole, byteOffset, byteLength);
	} else if (buffer && buffer.byteLength !== undefined) {
		return new Uint8Array(buffer);
	}
	throw new TypeError('Data is a Byte Buffer: an ArrayBuffer, Uint8Array, Int8Array or DataView.');
};

/** UTF-8 that was checked, as text. */
export const textOf = (bytes: Uint8Array, at: number, end: number): string => {
	let text = '';
	while (at < end) {
		const first = bytes[at++];
		let rest = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
		let code = rest === 0 ? first : first & (0x3f >> rest);
		while (rest-- > 0) code = code << 6 | bytes[at++] & 0x3f;
		text += String.fromCodePoint(code);
	}
	return text;
};
