// npm run reach: any number of nodes, each from its seed, that are sent settings, mostly wrong, again and again.
//
// Rule: a seed stands for itself. Exit status 0 if every node stayed within reach, 1 if one did not, 2 for wrong options.

import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import type { EngineKind } from '../engine/engine.js';
import { lacks, number, onWorkers, optionsOf, start } from '../workers.js';
import { reach, type ReachJob, type ReachOutcome } from './reach-run.js';

interface Options {
	readonly seeds: number;
	readonly from: number;
	readonly changes: number;
	readonly minutes: number;
	readonly workers: number;
	readonly engine: EngineKind;
}

function parse(args: readonly string[]): Options {
	const program = new Command('reach')
		.description('Sends nodes settings that are mostly wrong, and cuts the power now and then: each must answer again.')
		.option('--seeds <count>', 'how many nodes', number(1, 1e9), 100)
		.option('--from <seed>', 'the first seed', number(0, 1e9), 1)
		.option('--changes <count>', 'sent to each node', number(1, 1e6), 20)
		.option('--minutes <minutes>', 'of real time, after which no other node is begun', number(0.1, 100_000), Infinity)
		.option('--workers <count>', 'processes', number(1, 256), availableParallelism())
		.option('--engine <name>', 'node (fast) or xs (as on the chip)', 'node');
	return optionsOf(program, args);
}

function commandFor({ seed, changes, engine }: ReachJob): string {
	return `npm run reach -- --seeds 1 --from ${seed} --changes ${changes}${engine === 'xs' ? ' --engine xs' : ''}`;
}

async function main(args: readonly string[]): Promise<void> {
	const { seeds, from, changes, minutes, workers, engine } = parse(args);
	if (lacks(engine)) return;
	const startedAt = performance.now();
	const sum = { nodes: 0, lost: 0, worked: 0, failed: 0, refused: 0, unchanged: 0, powerCuts: 0, slowestMs: 0, days: 0 };
	let next = 0;
	const take = (outcome: ReachOutcome): void => {
		sum.nodes++;
		for (const key of ['worked', 'failed', 'refused', 'unchanged', 'powerCuts', 'days'] as const) sum[key] += outcome[key];
		sum.slowestMs = Math.max(sum.slowestMs, outcome.slowestMs);
		if (!outcome.violations.length) return;
		sum.lost++;
		console.log(`seed ${outcome.seed} fails. To repeat it: ${commandFor(outcome)}`);
		for (const sentence of outcome.violations) console.log(`  ${sentence}`);
	};
	const mayBegin = (): boolean => next < seeds && performance.now() - startedAt < minutes * 60_000;
	await onWorkers(import.meta.url, Math.min(workers, seeds), () => (mayBegin() ? { seed: from + next++, changes, engine } : undefined), take);
	console.log(`${sum.nodes} nodes, ${sum.days.toFixed(1)} device-days in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s; ${sum.lost} of them out of reach`);
	console.log(`settings that worked ${sum.worked}, failed ${sum.failed}, were refused ${sum.refused}, were those that held ${sum.unchanged}; ${sum.powerCuts} power cuts`);
	console.log(`slowest to answer after a change: ${(sum.slowestMs / 1_000).toFixed(0)} s`);
	process.exitCode = sum.lost ? 1 : 0;
}

await start(import.meta.url, {
	run: (job: ReachJob) => reach(job),
	named: (job: ReachJob) => `Seed ${job.seed} broke the simulation itself. To repeat it: ${commandFor(job)}`,
}, main);
