// A small sister of npm run kills.
import { expect, it } from 'vitest';
import { mosquittoMissing } from '../support/brokers.js';
import { runKills } from './kills.js';

it.skipIf(mosquittoMissing)('three nodes miss nothing when mosquitto is killed three times', async () => {
	const result = await runKills({ nodes: 3, kills: 3, speed: 20, seed: 3, upMs: [1_000, 2_500], downMs: [200, 1_500] });
	expect(result.missing).toEqual([]);
	expect(result.violations).toEqual([]);
	expect(result.arrived).toBeGreaterThanOrEqual(result.acknowledged);
	expect(result.reconnects).toBeGreaterThanOrEqual(3);
	expect(result.sampled).toBeGreaterThan(60);
	expect(result.faults).toBe(0);
});
