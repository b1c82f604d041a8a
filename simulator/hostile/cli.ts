// npm run hostile: any number of hostile inputs, drawn from one seed, against whole nodes on XS, on all cores.
//
// Rule: the seed decides which inputs there are; which worker gives them changes nothing. Each failure is printed with one command that
// repeats it. Exit status 0 if nothing was wrong, 1 if something was, 2 for wrong options.

import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { number, onWorkers, optionsOf, start } from '../workers.js';
import { groupOf, GROUPS_IN_A_BLOCK } from './plan.js';
import { emptySum, add, report, tell } from './report.js';
import { runGroups, type Options as Job, type Outcome } from './run.js';

interface Options {
	readonly inputs: number;
	readonly seed: number;
	readonly minutes: number;
	readonly workers: number;
	readonly group?: number;
	readonly only?: readonly number[];
	readonly from?: number;
	readonly groups?: number;
	readonly verbose: boolean;
}

/** Of a group that was given: its inputs and its failures. */
type Group = readonly [inputs: number, failures: number];

const PROGRESS_MS = 10_000;

function places(text: string): readonly number[] {
	return text.split(',').map(number(0, 1e6));
}

function parse(args: readonly string[]): Options {
	const program = new Command('hostile')
		.description('Gives whole nodes on XS hostile input (commands, topics, packets of both versions) in every state of their link, and checks that none restarts, goes deaf, stops sampling or loses a reading.')
		.option('--inputs <count>', 'how many inputs, at least', number(1, 1e9), 5_000)
		.option('--seed <seed>', 'what they are drawn from', number(0, 1e9), 1)
		.option('--minutes <minutes>', 'of real time, after which no other node is begun', number(0.01, 100_000), Infinity)
		.option('--workers <count>', 'processes', number(1, 256), availableParallelism())
		.option('--group <number>', 'only this group of inputs, on a node of its own', number(0, 1e9))
		.option('--only <places>', 'of that group only the inputs at these places, from 0, divided by commas', places)
		.option('--from <number>', 'begin with this group', number(0, 1e9))
		.option('--groups <count>', 'so many groups, in place of a number of inputs', number(1, 1e9))
		.option('--verbose', "the nodes' logs", false);
	return optionsOf(program, args);
}

/** Blocks, each with a node of its own, until there are as many inputs or groups as are wanted. */
function* jobs({ seed, inputs, group, only, from = 0, groups = Infinity }: Options): Iterable<Job> {
	if (group !== undefined) return void (yield { seed, first: group, count: 1, ...(only && { only }) });
	const wanted = groups === Infinity ? inputs : Infinity;
	let planned = 0;
	for (let first = from; planned < wanted && first < from + groups; ) {
		const end = Math.min(first + GROUPS_IN_A_BLOCK - (first % GROUPS_IN_A_BLOCK), from + groups);
		let count = 0;
		while (first + count < end && planned < wanted) planned += groupOf(seed, first + count++).inputs.length;
		yield { seed, first, count, minimise: groups === Infinity };
		first += count;
	}
}

async function main(args: readonly string[]): Promise<void> {
	const options = parse(args);
	const startedAt = performance.now();
	const sum = emptySum();
	const todo = [...jobs(options)];
	const so = { far: 0, failures: 0 };
	const onGroup = (inputs: number, failures: number): void => {
		so.far += inputs;
		so.failures += failures;
	};
	const progress = setInterval(() => console.error(`${so.far} inputs, ${so.failures} failures`), PROGRESS_MS);
	const take = (outcome: Outcome): void => {
		add(sum, outcome);
		for (const failure of outcome.failures) console.log(tell(failure, sum));
	};
	const mayBegin = (): boolean => performance.now() - startedAt < options.minutes * 60_000;
	const nextJob = (): Job | undefined => (mayBegin() ? todo.shift() : undefined);
	if (options.verbose || options.group !== undefined) for (let job = nextJob(); job; job = nextJob()) take(await runGroups({ ...job, onGroup, ...(options.verbose && { onLine }) }));
	else await onWorkers(import.meta.url, Math.min(options.workers, todo.length), nextJob, take, (group: Group) => onGroup(...group));
	clearInterval(progress);
	console.log(report(sum, options.seed, (performance.now() - startedAt) / 1_000));
	process.exitCode = sum.failures ? 1 : 0;
}

function onLine(line: string, at: number): void {
	console.log(`${(at / 1_000).toFixed(2)} s  ${line}`);
}

await start(import.meta.url, {
	run: (job: Job, tellOf: (group: Group) => void) => runGroups({ ...job, onGroup: (...group) => tellOf(group) }),
	named: ({ first, count, seed }: Job) => `Groups ${first} to ${first + count - 1} of seed ${seed} broke the simulation itself.`,
}, main);
