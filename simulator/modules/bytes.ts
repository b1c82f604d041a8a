// Buffers as the SDK's native code takes them, and bytes as text for the way to the host.
//
// Rule: what xsmcGetBuffer() takes is taken, what it refuses is refused: ArrayBuffers, views with elements of one byte, DataViews.

const HEX = '0123456789abcdef';

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
	let text = '';
	for (let i = 0; i < bytes.length; i++) text += HEX[bytes[i] >> 4] + HEX[bytes[i] & 15];
	return text;
}

export function fromHex(text: string): ArrayBuffer {
	const bytes = new Uint8Array(text.length >> 1);
	fill(bytes, text);
	return bytes.buffer;
}

/** Writes what `text` says to the start of `into`. */
export function fill(into: Uint8Array, text: string): void {
	for (let i = 0; i < text.length >> 1; i++) into[i] = (digit(text.charCodeAt(i * 2)) << 4) | digit(text.charCodeAt(i * 2 + 1));
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
