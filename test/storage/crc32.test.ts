import { crc32 as reference } from 'node:zlib';
import { expect, it } from 'vitest';
import { crc32 } from '../../src/storage/crc32.js';

it('is the CRC-32 of the standard: its check value, the empty one, and any part of a buffer', () => {
	expect(crc32(new TextEncoder().encode('123456789'), 0, 9) >>> 0).toBe(0xcbf4_3926);
	expect(crc32(new Uint8Array(4), 2, 2)).toBe(0);
	for (let length = 0; length < 64; length++) {
		const bytes = Uint8Array.from({ length: length + 8 }, (_, i) => (i * 73 + length * 31) & 0xff);
		expect(crc32(bytes, 3, 3 + length) >>> 0).toBe(reference(bytes.subarray(3, 3 + length)));
		// In two pieces.
		expect(crc32(bytes, 3 + (length >> 1), 3 + length, crc32(bytes, 3, 3 + (length >> 1)))).toBe(crc32(bytes, 3, 3 + length));
	}
});
