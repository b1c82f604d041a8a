// Worlds whose broker has manners of its own: a few that have all kinds between them, each survived; and firmware with a planted fault, of which the judge
// complains.
//
// Rule: which seeds are run follows from their plans: the few that have each kind.

import { describe, expect, it } from 'vitest';
import { MANNER_KINDS } from '../../simulator/campaign/manners.js';
import { scenarioOf } from '../../simulator/campaign/scenario.js';
import { soak } from '../../simulator/campaign/soak-run.js';
import { bundleOnce } from '../../simulator/engine/bundle.js';
import { MAIN } from '../../simulator/simulation.js';
import { covering, union } from '../support/covering.js';
import { expectWell } from './worlds.js';

const HOURS = 0.3;
const SEEDS: readonly number[] = Array.from({ length: 400 }, (_, i) => i + 1);
const kindsOf = (seed: number): ReadonlySet<string> => new Set(scenarioOf(seed, HOURS).manners.kinds);
const FEW = covering(SEEDS, kindsOf);

describe('brokers with manners of their own', () => {
	it('are in about a third of the worlds, of all kinds', () => {
		const shares = SEEDS.filter((seed) => kindsOf(seed).size > 0).length / SEEDS.length;
		expect(shares).toBeGreaterThan(1 / 5);
		expect(shares).toBeLessThan(1 / 2);
		expect(union(FEW, kindsOf)).toEqual(new Set(MANNER_KINDS));
		expect(FEW.length).toBeLessThan(9);
	});

	it.each(FEW)('are survived: seed %i', async (seed) => {
		const { manners } = await expectWell({ seed, hours: HOURS });
		expect(new Set(Object.keys(manners))).toEqual(kindsOf(seed));
	});
});

/** The bundled firmware, changed. */
async function planted(board: 'nodemcu' | 'esp32', pattern: RegExp, to: string): Promise<string> {
	const script = await bundleOnce(MAIN, board);
	const broken = script.replace(pattern, to);
	expect(broken).not.toBe(script);
	return broken;
}

describe('the judge', () => {
	it('complains of firmware that gives readings up on a quota', async () => {
		const seed = SEEDS.find((each) => kindsOf(each).has('quota') && !scenarioOf(each, HOURS).plan.kinds.includes('flashTrouble'))!;
		const script = await planted(scenarioOf(seed, HOURS).board, /(\bisFinal = \(\w*\) => \{)/, '$1 return true;');
		const { violations } = await soak({ seed, hours: HOURS, script });
		expect(violations.join('\n')).toMatch(/readings were given up that nobody had refused for good/);
	});
});
