// A hundred worlds of half an hour's misfortunes on Node's engine, and five of six hours; npm run soak has any number.
import { describe, it } from 'vitest';
import { expectTenWell, expectWell, tens } from './worlds.js';

describe('the firmware in worlds of misfortune accounts for every reading and comes back', () => {
	it.each(tens(1, 100))('seeds %i and nine more', (seed) => expectTenWell(seed, 0.5), 120_000);

	it.each([1, 1 + 1, 1 + 2, 1 + 3, 1 + 4])('seed %i, six hours', async (seed) => void (await expectWell({ seed, hours: 6 })), 60_000);
});
