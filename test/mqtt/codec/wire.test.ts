import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isText, lengthSize, readUint16, textSize, writeBytes, writeLength, writeText, writeUint16 } from '../../../src/mqtt/codec/wire.js';
import { hex, show } from '../../support/bytes.js';

const check = (bytes: Uint8Array) => isText(bytes, 0, bytes.length);

describe('integers', () => {
	it('writes and reads the most significant byte first', () => {
		const bytes = new Uint8Array(4);
		expect(writeUint16(bytes, 1, 0xfffa)).toBe(3);
		expect(show(bytes)).toBe('00 ff fa 00');
		expect(readUint16(bytes, 1)).toBe(0xfffa);
	});

	it('writes the bounds of table 2.4 as printed there', () => {
		const table: [number, string][] = [
			[0, '00'], [127, '7f'], [128, '80 01'], [16_383, 'ff 7f'], [16_384, '80 80 01'],
			[2_097_151, 'ff ff 7f'], [2_097_152, '80 80 80 01'], [268_435_455, 'ff ff ff 7f'],
		];
		for (const [length, printed] of table) {
			const bytes = new Uint8Array(4);
			const end = writeLength(bytes, 0, length);
			expect(show(bytes.subarray(0, end))).toBe(printed);
			expect(end).toBe(lengthSize(length));
		}
	});

	it('copies whole arrays and parts of arrays alike', () => {
		const bytes = new Uint8Array(6);
		expect(writeBytes(bytes, 1, hex`01 02 03`, 3)).toBe(4);
		expect(writeBytes(bytes, 4, hex`04 05 06`, 2)).toBe(6);
		expect(show(bytes)).toBe('00 01 02 03 04 05');
	});
});

describe('text', () => {
	it('is written as Node writes it, whatever it holds', () => {
		fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
			const allowed = !/[\0\ud800-\udfff]/u.test(text);
			expect(textSize(text)).toBe(allowed ? Buffer.byteLength(text) : -1);
			if (!allowed) return;
			const bytes = new Uint8Array(2 + textSize(text));
			expect(writeText(bytes, 0, text)).toBe(bytes.length);
			expect(readUint16(bytes, 0)).toBe(bytes.length - 2);
			expect(Buffer.from(bytes.subarray(2)).toString()).toBe(text);
			expect(isText(bytes, 2, bytes.length)).toBe(true);
		}));
	});

	it('counts one size per code point at each boundary', () => {
		expect(['\x7f', '\x80', '\u07ff', '\u0800', '\uffff', '\u{10000}', '\u{10ffff}'].map(textSize)).toEqual([1, 2, 2, 3, 3, 4, 4]);
	});

	it('refuses halves of surrogate pairs and U+0000 when asked for the size', () => {
		expect(['\ud800', 'a\udfff', '\0', 'a\0b'].map(textSize)).toEqual([-1, -1, -1, -1]);
	});

	it('accepts exactly what a strict decoder accepts, less U+0000', () => {
		const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
		const accepted = (bytes: Uint8Array) => {
			try { return !strict.decode(bytes).includes('\0'); } catch { return false; }
		};
		const byte = fc.oneof(fc.constantFrom(0, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5), fc.nat(255));
		fc.assert(fc.property(fc.array(byte, { maxLength: 8 }), (list) => {
			const bytes = Uint8Array.from(list);
			expect(check(bytes)).toBe(accepted(bytes));
		}), { numRuns: 3_000 });
	});

	it('refuses overlong forms, surrogates, U+0000 and what lies beyond U+10FFFF', () => {
		for (const bytes of [hex`c0 80`, hex`c1 bf`, hex`e0 80 80`, hex`f0 80 80 80`, hex`ed a0 80`, hex`ed bf bf`, hex`f4 90 80 80`, hex`00`, hex`80`, hex`ff`]) {
			expect(check(bytes), show(bytes)).toBe(false);
		}
	});

	it('refuses a sequence that the end cuts off, even if the next bytes would complete it', () => {
		const bytes = hex`e2 82 ac`;
		expect(isText(bytes, 0, 3)).toBe(true);
		expect(isText(bytes, 0, 2)).toBe(false);
		expect(isText(bytes, 0, 1)).toBe(false);
	});

	it('keeps EF BB BF as the character U+FEFF', () => {
		expect(check(hex`ef bb bf 61`)).toBe(true);
		expect(textSize('\ufeffa')).toBe(4);
	});
});
