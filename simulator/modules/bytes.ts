// Buffers as the SDK's native code takes them, and bytes as text for the way to the host.
//
// Rule: what xsmcGetBuffer() takes is taken, what it refuses is refused: ArrayBuffers, views with elements of one byte, DataViews.

import { bytesOf, textOf } from './host.js';

/** 0-9 and a-f. */
const DIGITS = Uint8Array.of(48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102);

export type Bytes = ArrayBufferLike | ArrayBufferView;

/** The bytes themselves, not a copy. */
export function view(buffer: unknown): Uint8Array {
	if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer);
	if (ArrayBuffer.isView(buffer) && ((buffer as Uint8Array).BYTES_PER_ELEMENT ?? 1) === 1) {
		return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
	}
	throw new TypeError('invalid buffer');
}

export function toHex(bytes: Uint8Array): string {
	const digits = new Uint8Array(bytes.length * 2);
	for (let i = 0; i < bytes.length; i++) {
		digits[i * 2] = DIGITS[bytes[i] >> 4];
		digits[i * 2 + 1] = DIGITS[bytes[i] & 15];
	}
	return textOf(digits);
}

export function fromHex(text: string): ArrayBuffer {
	const bytes = new Uint8Array(text.length >> 1);
	fill(bytes, text);
	return bytes.buffer;
}

/** Writes what `text` says to the start of `into`. */
export function fill(into: Uint8Array, text: string): void {
	const digits = bytesOf(text);
	for (let i = 0; i < digits.length >> 1; i++) into[i] = (digit(digits[i * 2]) << 4) | digit(digits[i * 2 + 1]);
}

/** Of 0-9 and a-f. */
function digit(code: number): number {
	return (code & 15) + (code >> 6) * 9;
}

/** The native code's idea of an optional callback. */
export function callback<Callback>(value: Callback | null | undefined): Callback | undefined {
	if (value === undefined || value === null) return undefined;
	if (typeof value !== 'function') throw new Error('not a function');
	return value;
}
