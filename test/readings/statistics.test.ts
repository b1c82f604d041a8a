import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countOf, meanOf, milliBits, root, sigmaOf, takeIn } from '../../src/readings/statistics.js';

function taken(values: readonly number[]) {
	const numbers = new Int32Array(6).fill(7);
	let state = 0;
	for (const value of values) state = takeIn(numbers, 1, state, value);
	expect([numbers[0], numbers[5]]).toEqual([7, 7]);
	return { count: countOf(state), mean: () => meanOf(numbers, 1, state), sigma: () => sigmaOf(numbers, 1, state) };
}

/** The same by the book, of the last so many. */
function byTheBook(values: readonly number[]): [mean: number, sigma: number] {
	const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
	return [mean, Math.sqrt(values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / Math.max(1, values.length - 1))];
}

describe('the statistics of the last readings', () => {
	it('are of all at first, then of the last 8 to 16, as the book has them', () => {
		fc.assert(fc.property(fc.array(fc.integer({ min: -60_000, max: 160_000 }), { minLength: 1, maxLength: 60 }), (values) => {
			const { count, mean, sigma } = taken(values);
			expect(count).toBe(values.length <= 16 ? values.length : 8 + ((values.length - 1) % 8) + 1);
			const [wantedMean, wantedSigma] = byTheBook(values.slice(-count));
			expect(Math.abs(mean() - wantedMean)).toBeLessThan(0.01);
			// Squares are bounded: 8 readings over more than 46 units are noise of no part.
			if (wantedSigma < 14_000) expect(Math.abs(sigma() - wantedSigma)).toBeLessThan(1 + wantedSigma / 1_000);
		}));
	});

	it('forget a bath of ice after 16 readings', () => {
		const { mean, sigma } = taken([...Array<number>(40).fill(0), ...Array<number>(16).fill(21_000)]);
		expect([mean(), sigma()]).toEqual([21_000, 0]);
	});

	it('of pressures and voltages at their ends stay right, and what is too far apart stays bounded', () => {
		for (const value of [1_299_999, -4_000_000, 4_000_000]) {
			const { mean, sigma } = taken(Array.from({ length: 20 }, (_, i) => value + (i % 2) * 4));
			expect(Math.abs(mean() - value - 2)).toBeLessThan(0.4);
			expect(sigma()).toBeCloseTo(2.1, 0);
		}
		expect(taken([-4_000_000, 4_000_000, -4_000_000]).sigma()).toBeGreaterThan(30_000);
	});

	it('take a mean of noise, where one reading would bake its own in', () => {
		// 0.16 °C, as a TMP36 on a NodeMCU may have it.
		let seed = 1;
		const gaussian = () => {
			let sum = -6;
			for (let i = 0; i < 12; i++) sum += (seed = seed * 16_807 % 2_147_483_647) / 2_147_483_647;
			return sum;
		};
		const worst = Math.max(...Array.from({ length: 100 }, () => Math.abs(taken(Array.from({ length: 16 }, () => Math.round(21_000 + 160 * gaussian()))).mean() - 21_000)));
		expect(worst).toBeLessThan(160);
	});
});

describe('a square root and a logarithm', () => {
	it('are those of Math', () => {
		fc.assert(fc.property(fc.double({ min: 1e-6, max: 1e13, noNaN: true }), (value) => {
			expect(Math.abs(root(value) / Math.sqrt(value) - 1)).toBeLessThan(1e-5);
		}));
		fc.assert(fc.property(fc.double({ min: 2, max: 1e9, noNaN: true }), (value) => {
			expect(Math.abs(milliBits(value) - 1_000 * Math.log2(value))).toBeLessThan(4);
		}));
		expect([root(0), root(-1), root(NaN), milliBits(0), milliBits(1.5), milliBits(8)]).toEqual([0, 0, 0, 0, 0, 3_000]);
	});
});
