// Worlds for tests: which of many seeds are worth a run, each judged by the invariants; what fails prints the command that repeats it.

import { expect } from 'vitest';
import { soak, type Outcome, type SoakOptions } from '../../simulator/campaign/soak-run.js';
import { scenarioOf } from '../../simulator/campaign/scenario.js';
import { covering, pairs } from '../support/covering.js';

export async function expectWell(options: SoakOptions): Promise<Outcome> {
	const outcome = await soak(options);
	const { seed, hours, engine = 'node', anyParts } = options;
	const command = `npm run soak -- --seeds 1 --from ${seed} --hours ${hours}${engine === 'xs' ? ' --engine xs' : ''}${anyParts ? ' --parts' : ''}`;
	expect(outcome.violations, `To repeat it: ${command}`).toEqual([]);
	return outcome;
}

export const SEEDS: readonly number[] = Array.from({ length: 200 }, (_, i) => i + 1);
/** They have no part in what a seed draws. */
const ANY_HOURS = 1;

/** Kinds of fault that a world of this seed plans. */
export function kindsOf(seed: number): readonly string[] {
	return scenarioOf(seed, ANY_HOURS).plan.kinds;
}

/** Each kind of fault of a seed with its protocol and its board. */
export function triplesOf(seed: number): ReadonlySet<string> {
	const { settings, board } = scenarioOf(seed, ANY_HOURS);
	return new Set(kindsOf(seed).map((kind) => `${kind} × ${settings.protocol} × ${board}`));
}

/** Every two of what a seed makes of a world: kinds of fault, protocol, board, network, nodes, settings, commands. */
export function pairsOf(seed: number): ReadonlySet<string> {
	const { settings, board, network, nodes, commandsEveryMs } = scenarioOf(seed, ANY_HOURS);
	return new Set(pairs([
		...kindsOf(seed), `protocol ${settings.protocol}`, board, `slow ${network.slow}`, `early ${settings.publishEarly}`, `clean ${settings.cleanSession}`,
		`several ${nodes > 1}`, `sensors ${settings.sensors}`, `commands ${Boolean(commandsEveryMs)}`,
	]));
}

export function combinationsOf(seed: number): ReadonlySet<string> {
	return new Set([...pairsOf(seed), ...triplesOf(seed)]);
}

/** Each kind of fault of a seed, its protocol and its board. */
export function singlesOf(seed: number): ReadonlySet<string> {
	const { settings, board } = scenarioOf(seed, ANY_HOURS);
	return new Set([...kindsOf(seed), `protocol ${settings.protocol}`, board]);
}

/** Seeds for worlds of half an hour. */
export const SHORT = covering(SEEDS, combinationsOf);
/** Seeds for worlds of six hours, in which outages outlast the ring. */
export const LONG = covering(SEEDS, singlesOf);
