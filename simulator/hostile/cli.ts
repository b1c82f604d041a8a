// npm run hostile: any number of hostile inputs, drawn from one seed, against whole nodes on XS, on all cores.
//
// Rule: the seed decides which inputs there are; which worker gives them changes nothing. Each failure is printed with one command that
// repeats it. Exit status 0 if nothing was wrong, 1 if something was, 2 for wrong options.

import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
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

const PROGRESS_MS = 10_000;

function number(low: number, high: number): (text: string) => number {
	return (text) => {
		const value = Number(text);
		if (!(value >= low && value <= high)) throw new InvalidArgumentError(`Give a number from ${low} to ${high}.`);
		return value;
	};
}

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
	program.exitOverride((fault) => process.exit(fault.exitCode ? 2 : 0)).parse(args, { from: 'user' });
	return program.opts<Options>();
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

async function main(options: Options): Promise<void> {
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
	else await Promise.all(Array.from({ length: Math.min(options.workers, todo.length) }, () => work(nextJob, take, onGroup)));
	clearInterval(progress);
	console.log(report(sum, options.seed, (performance.now() - startedAt) / 1_000));
	process.exitCode = sum.failures ? 1 : 0;
}

function onLine(line: string, at: number): void {
	console.log(`${(at / 1_000).toFixed(2)} s  ${line}`);
}

/** One process, one block after another. */
function work(nextJob: () => Job | undefined, take: (outcome: Outcome) => void, onGroup: (inputs: number, failures: number) => void): Promise<void> {
	return new Promise((resolve, reject) => {
		const worker: ChildProcess = fork(fileURLToPath(import.meta.url), ['--worker'], { execArgv: process.execArgv });
		const give = (): void => {
			const job = nextJob();
			if (job) worker.send(job);
			else worker.disconnect();
		};
		worker.on('message', (message: { outcome: Outcome } | { broken: string } | { group: readonly [number, number] }) => {
			if ('group' in message) return onGroup(...message.group);
			if ('broken' in message) return reject(new Error(message.broken));
			take(message.outcome);
			give();
		});
		worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`A worker ended with status ${code}.`))));
		give();
	});
}

function beWorker(): void {
	// Nobody to tell any more: the program was ended.
	const say = (message: object): void => void (process.connected && process.send!(message));
	process.on('message', (job: Job) => {
		runGroups({ ...job, onGroup: (...group) => say({ group }) }).then(
			(outcome) => say({ outcome }),
			(fault: Error) => say({ broken: `Groups ${job.first} to ${job.first + job.count - 1} of seed ${job.seed} broke the simulation itself.\n${fault.stack}` }),
		);
	});
}

if (process.argv[2] === '--worker') beWorker();
else if (process.argv[1] === fileURLToPath(import.meta.url)) {
	await main(parse(process.argv.slice(2))).catch((fault: Error) => {
		console.error(fault.message);
		process.exit(1);
	});
}
