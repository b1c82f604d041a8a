// Worlds for tests: each from its seed, judged by the invariants; what fails prints the command that repeats it.

import { expect } from 'vitest';
import { runTrial, type Outcome, type TrialOptions } from '../../simulator/campaign/trial.js';

export async function expectWell(options: TrialOptions): Promise<Outcome> {
	const outcome = await runTrial(options);
	const { seed, hours, engine = 'node' } = options;
	const command = `npm run soak -- --seeds 1 --from ${seed} --hours ${hours}${engine === 'xs' ? ' --engine xs' : ''}`;
	expect(outcome.violations, `To repeat it: ${command}`).toEqual([]);
	return outcome;
}

/** So many seeds from the first, in tests of ten. */
export const tens = (from: number, count: number): number[] => Array.from({ length: count / 10 }, (_, i) => from + 10 * i);

export async function expectTenWell(from: number, hours: number): Promise<void> {
	let faults = 0;
	for (let seed = from; seed < from + 10; seed++) {
		const outcome = await expectWell({ seed, hours });
		expect(outcome.checkedTimes, `seed ${seed}`).toBeGreaterThan(20);
		for (const count of Object.values(outcome.faults)) faults += count;
	}
	expect(faults).toBeGreaterThan(100);
}
