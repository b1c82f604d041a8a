// A hundred worlds of half an hour's misfortunes on Node's engine, and five of six hours; npm run soak has any number.
import { describe, it } from 'vitest';
import { expectTenWell, expectWell, tens } from './worlds.js';

describe('the firmware in worlds of misfortune accounts for every reading and comes back', () => {
	it.each(tens(101, 100))('seeds %i and nine more', (seed) => expectTenWell(seed, 0.5), 120_000);

	it.each([101, 101 + 1, 101 + 2, 101 + 3, 101 + 4])('seed %i, six hours', async (seed) => void (await expectWell({ seed, hours: 6 })), 60_000);
});
