// Settings by chance, mostly wrong, and power cuts: the node answers again after each. npm run reach has any number.
import { describe, expect, it } from 'vitest';
import { FIELDS } from '../../src/settings/settings.js';
import { settingsProblem } from '../../src/settings/settings.js';
import { anyChange } from '../../simulator/campaign/random-settings.js';
import { reach } from '../../simulator/campaign/reach-run.js';
import { Random } from '../../simulator/world/random.js';

describe('a node cannot be configured out of reach', () => {
	it.each([4, 7])('seed %i', async (seed) => {
		const outcome = await reach({ seed, changes: 12, engine: 'node' });
		expect(outcome.violations).toEqual([]);
		// Each of it happened.
		expect(Math.min(outcome.worked, outcome.failed, outcome.refused, outcome.powerCuts)).toBeGreaterThan(0);
	});

	it('by settings of every key, which their fields allow', () => {
		const random = new Random('reach');
		const sent = new Set<string>();
		for (let i = 0; i < 2_000; i++) {
			for (const [key, value] of Object.entries(anyChange(random))) {
				const flat = typeof value === 'object' ? Object.entries(value as object) : [[key, value]];
				for (const [each, setting] of flat as [string, unknown][]) {
					sent.add(each.replace(/[23]$/, ''));
					expect(settingsProblem({ [each]: setting }), each).not.toMatch(/must be/);
				}
			}
		}
		expect([...sent].sort()).toEqual(FIELDS.map(({ key }) => key).sort());
	});
});
