import { describe, expect, it } from 'vitest';
import { feedMutants } from './mutants.js';

describe.each([4, 5] as const)('mutated packets of version %i', (version) => {
	it.each([1, 2])('end in "taken", "need more" or "closed with its reason", seed %i', (seed) => {
		const { packets, closed } = feedMutants(10_000, seed, version);
		expect(packets).toBeGreaterThanOrEqual(10_000);
		expect(closed).toBeGreaterThan(1_000);
	});
});
