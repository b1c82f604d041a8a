import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc8 } from '../../sensors/crc8.js';

describe('crc8', () => {
	it('is 0x92 for 0xBEEF, the example of the SHT3x datasheet', () => {
		expect(crc8(Uint8Array.of(0xbe, 0xef), 0, 2, 0xff)).toBe(0x92);
	});

	it('is 0xF7 for "123456789", the check value of CRC-8/NRSC-5 (the catalogue\'s name for these parameters)', () => {
		expect(crc8(new TextEncoder().encode('123456789'), 0, 9, 0xff)).toBe(0xf7);
	});

	it.each([
		[[0xdc], 0x79],
		[[0x68, 0x3a], 0x7c],
		[[0x4e, 0x85], 0x6b],
	])('begins with 0 for %j, as the HTU21D datasheet has it', (bytes, sum) => {
		expect(crc8(Uint8Array.from(bytes), 0, bytes.length, 0)).toBe(sum);
	});

	it('starts where it is told and takes as many bytes as it is told', () => {
		expect(crc8(Uint8Array.of(1, 0xbe, 0xef, 2), 1, 2, 0xff)).toBe(0x92);
		expect(crc8(Uint8Array.of(1), 0, 0, 0xff)).toBe(0xff);
	});

	it('notices every single and double bit error in a word and its check sum', () => {
		for (let first = 0; first < 24; first++) {
			for (let second = first; second < 24; second++) {
				const bytes = Uint8Array.of(0xbe, 0xef, 0x92);
				bytes[first >> 3]! ^= 0x80 >> (first & 7);
				if (second > first) bytes[second >> 3]! ^= 0x80 >> (second & 7);
				expect(crc8(bytes, 0, 2, 0xff), `bits ${first} and ${second}`).not.toBe(bytes[2]);
			}
		}
	});

	it('leaves nothing over when the check sum is taken along', () => {
		fc.assert(
			fc.property(fc.uint8Array({ minLength: 1, maxLength: 8 }), (bytes) => {
				const sum = crc8(bytes, 0, bytes.length, 0xff);
				return crc8(Uint8Array.of(...bytes, sum), 0, bytes.length + 1, 0xff) === 0;
			}),
			{ seed: 0x92 },
		);
	});
});
