// npm run soak: any number of worlds, each from its seed, on all cores; what was violated, and the command that repeats it.
//
// Rule: a seed stands for itself: which worker ran it, and after which others, changes nothing. Exit status 0 if no invariant
// was violated, 1 if one was, 2 for wrong options.

import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import type { EngineKind } from '../engine/engine.js';
import { lacks, number, onWorkers, optionsOf, start } from '../workers.js';
import type { Snapshots } from '../board/simulated-node.js';
import { ownersOf } from '../engine/owners.js';
import { grouped, ownersTable } from '../owners-table.js';
import { classesOfFirmware } from '../ram.js';
import { emptySum, add, report } from './sum.js';
import { soak, type Outcome } from './soak-run.js';

interface Options {
	readonly seeds: number;
	readonly from: number;
	readonly hours: number;
	readonly minutes: number;
	readonly workers: number;
	readonly engine: EngineKind;
	readonly parts: boolean;
	readonly verbose: boolean;
	readonly ram: boolean;
}

interface Job {
	readonly seed: number;
	readonly hours: number;
	readonly engine: EngineKind;
	readonly anyParts: boolean;
}

const PROGRESS_MS = 10_000;

function parse(args: readonly string[]): Options {
	const program = new Command('soak')
		.description('Runs the firmware in worlds full of faults, one for each seed, and checks the invariants of docs/faults.md in each.')
		.option('--seeds <count>', 'how many worlds', number(1, 1e9), 100)
		.option('--from <seed>', 'the first seed', number(0, 1e9), 1)
		.option('--hours <hours>', 'of faults in each world, before it is calm again', number(0.1, 10_000), 24)
		.option('--minutes <minutes>', 'of real time, after which no other world is begun', number(0.1, 100_000), Infinity)
		.option('--workers <count>', 'processes', number(1, 256), availableParallelism())
		.option('--engine <name>', 'node (fast) or xs (as on the chip)', 'node')
		.option('--parts', 'nodes with parts of the whole table, by chance', false)
		.option('--verbose', 'a line for each world', false)
		.option('--ram', 'print who keeps the RAM of the node that holds most in the first world, on XS', false);
	return optionsOf(program, args);
}

export function commandFor({ seed, hours }: { readonly seed: number; readonly hours: number }, engine: EngineKind, anyParts = false): string {
	return `npm run soak -- --seeds 1 --from ${seed} --hours ${hours}${engine === 'xs' ? ' --engine xs' : ''}${anyParts ? ' --parts' : ''}`;
}

async function main(args: readonly string[]): Promise<void> {
	const options = parse(args);
	const { seeds, from, hours, minutes, engine, parts: anyParts, verbose, ram } = options;
	if (lacks(ram ? 'xs' : engine)) return;
	if (ram) return printRam({ seed: from, hours, engine: 'xs', anyParts });
	const startedAt = performance.now();
	const sum = emptySum();
	let next = 0;
	const progress = setInterval(() => console.error(`${sum.worlds} of ${seeds} worlds, ${sum.days.toFixed(0)} device-days, ${sum.failed} failed`), PROGRESS_MS);
	const take = (outcome: Outcome): void => {
		add(sum, outcome);
		if (verbose) console.log(`seed ${outcome.seed}: ${outcome.readings} readings, ${outcome.violations.length} violations, trace ${outcome.trace.slice(0, 16)}`);
		if (!outcome.violations.length) return;
		console.log(`seed ${outcome.seed} fails. To repeat it: ${commandFor(outcome, engine, anyParts)}`);
		for (const sentence of outcome.violations) console.log(`  ${sentence}`);
	};
	const mayBegin = (): boolean => next < seeds && performance.now() - startedAt < minutes * 60_000;
	const nextJob = (): Job | undefined => (mayBegin() ? { seed: from + next++, hours, engine, anyParts } : undefined);
	await onWorkers(import.meta.url, Math.min(options.workers, seeds), nextJob, take);
	clearInterval(progress);
	console.log(report(sum, (performance.now() - startedAt) / 1_000));
	process.exitCode = sum.failed ? 1 : 0;
}

/** At the moments at which each world is weighed: each 20 minutes, and in the end. */
async function printRam(job: Job): Promise<void> {
	let most: { readonly snapshots: Snapshots; readonly of: string; readonly at: number } | undefined;
	const { memory, violations } = await soak({
		...job,
		onMore: async (node, at) => {
			most = { snapshots: (await node.snapshots())!, of: node.name, at };
		},
	});
	const { snapshots: { flash, now }, of, at } = most!;
	const { bytes, slots, chunkBytes } = memory!;
	const classes = classesOfFirmware();
	const alive = `${grouped(bytes)} bytes alive in ${of} ${at / 1_000} s after the start, the most in the world of seed ${job.seed}`;
	for (const line of ownersTable(`${alive} (${grouped(slots)} slots, ${grouped(chunkBytes)} bytes of chunks).`, ownersOf(flash, now, (name) => classes.has(name)), classes)) console.log(line);
	for (const sentence of violations) console.log(sentence);
	process.exitCode = violations.length ? 1 : 0;
}

await start(import.meta.url, {
	run: (job: Job) => soak(job),
	named: (job: Job) => `Seed ${job.seed} broke the simulation itself. To repeat it: ${commandFor(job, job.engine, job.anyParts)}`,
}, main);
