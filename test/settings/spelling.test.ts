import { describe, expect, it } from 'vitest';
import { quoted, spelled } from '../../src/settings/spelling.js';

describe('a value in a sentence', () => {
	it.each<[unknown, string]>([
		['text', 'text'], [1_500.5, '1500.5'], [-0.25, '-0.25'], [true, 'true'], [false, 'false'], [null, 'null'], [[1], 'a list'], [{}, 'an object'], [undefined, 'undefined'],
		[1e300, 'a number beyond all bounds'], [NaN, 'a number beyond all bounds'],
	])('%j is spelled %j', (value, spelling) => {
		expect(spelled(value)).toBe(spelling);
	});

	it('is cut where it is long, and shows no control characters', () => {
		expect(quoted('a\nb\u0085c')).toBe('"a?b?c"');
		expect(quoted('x'.repeat(58))).toBe(`"${'x'.repeat(58)}"`);
		expect(quoted('x'.repeat(59))).toBe(`"${'x'.repeat(58)}…`);
	});
});
