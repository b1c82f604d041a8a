import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Text } from '../../src/common/text.js';

const shown = (text: Text) => Buffer.from(text.bytes.subarray(0, text.length)).toString('utf8');

describe('text', () => {
	it.each([[21_512, '21.512'], [45_200, '45.2'], [21_500, '21.5'], [20_050, '20.05'], [0, '0'], [-7, '-0.007'], [-40_000, '-40'], [100_000, '100'], [-1_010, '-1.01']])(
		'writes %i thousandths as %s', (value, expected) => {
			expect(shown(new Text(new Uint8Array(20)).milli(value))).toBe(expected);
		});

	it('writes thousandths that read back as the same number', () => {
		fc.assert(fc.property(fc.integer({ min: -9_000_000, max: 9_000_000 }), (value) => {
			expect(Math.round(Number(shown(new Text(new Uint8Array(20)).milli(value))) * 1000)).toBe(value);
		}));
	});

	it('writes whole numbers up to the widest counter', () => {
		fc.assert(fc.property(fc.maxSafeInteger(), (value) => {
			expect(shown(new Text(new Uint8Array(20)).whole(value))).toBe(String(value));
		}));
	});

	it('quotes any text so that JSON reads it back', () => {
		fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (value) => {
			const whole = Buffer.from(value, 'utf8').toString('utf8');
			expect(JSON.parse(shown(new Text(new Uint8Array(200)).quoted(value)))).toBe(whole);
		}));
	});

	it('writes any text as it is, in UTF-8', () => {
		fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (value) => {
			expect(shown(new Text(new Uint8Array(80)).text(value))).toBe(Buffer.from(value, 'utf8').toString('utf8'));
		}));
	});

	it('says when it is full and keeps what it has', () => {
		const text = new Text(new Uint8Array(4)).put('abcd');
		expect(text.overflowed).toBe(false);
		expect(shown(text.put('e'))).toBe('abcd');
		expect(text.overflowed).toBe(true);
		expect(text.clear().overflowed).toBe(false);
	});
});
