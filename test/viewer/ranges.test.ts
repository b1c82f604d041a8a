import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ranges } from '../../viewer/ranges.js';

const step = fc.oneof(
	fc.record({ from: fc.nat(60), length: fc.integer({ min: 0, max: 12 }), added: fc.boolean() }),
	fc.record({ from: fc.nat(60), length: fc.constant(1), added: fc.boolean() }),
);

describe('Ranges', () => {
	it('holds what a plain set holds, and its holes are what a plain set lacks', () => {
		fc.assert(
			fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
				const ranges = new Ranges();
				const set = new Set<number>();
				for (const { from, length, added } of steps) {
					let removed = 0;
					for (let value = from; value < from + length; value++) {
						if (added) set.add(value);
						else if (set.delete(value)) removed++;
					}
					if (added) ranges.addRange(from, from + length - 1);
					else expect(ranges.removeRange(from, from + length - 1)).toBe(removed);
				}
				expect(ranges.size).toBe(set.size);
				for (let value = 0; value < 80; value++) expect(ranges.has(value)).toBe(set.has(value));
				const lacking = ranges.holes(0, 79).flatMap(({ from, to }) => [...Array(to - from + 1).keys()].map((k) => from + k));
				expect(lacking).toEqual([...Array(80).keys()].filter((value) => !set.has(value)));
			}),
		);
	});

	it('keeps one range however many numbers come in order', () => {
		const ranges = new Ranges();
		for (let value = 1; value <= 10_000; value++) expect(ranges.add(value)).toBe(true);
		expect(ranges.count).toBe(1);
		expect(ranges.add(5_000)).toBe(false);
		expect(ranges.span).toEqual({ from: 1, to: 10_000 });
	});

	it('closes the lowest hole and says which', () => {
		const ranges = new Ranges();
		for (const value of [1, 4, 9]) ranges.add(value);
		expect(ranges.closeLowest()).toEqual({ from: 2, to: 3 });
		expect(ranges.holes(1, 9)).toEqual([{ from: 5, to: 8 }]);
	});
});
