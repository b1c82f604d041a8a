// npm run field: the real firmware on XS, in real time, against real servers of this machine that misbehave as they do in the field.
//
// Rule: what is not installed is skipped, in a sentence. Exit status 0 if no run lacks a reading, 1 if one does, 2 for wrong options.

import { Command, InvalidArgumentError } from 'commander';
import { fileURLToPath } from 'node:url';
import { number, optionsOf } from '../workers.js';
import { endAllAtOnce } from './process.js';
import { failed, reasons, table, type Entry } from './report.js';
import { perform, type FieldRun, type Orders } from './run.js';
import { RUNS } from './runs.js';
import { absence, type Program } from './server.js';

export interface Options {
	readonly only?: string;
	readonly seconds: number;
	readonly interval: number;
	readonly together: number;
	readonly seed: number;
	readonly list: boolean;
	readonly verbose: boolean;
}

function label({ program: { name }, what }: FieldRun): string {
	return `${name}: ${what}`;
}

/** Runs whose label has the words in it. */
function chosen(runs: readonly FieldRun[], only: string | undefined): readonly FieldRun[] {
	return only === undefined ? runs : runs.filter((run) => label(run).toLowerCase().includes(only.toLowerCase()));
}

function words(runs: readonly FieldRun[]): (text: string) => string {
	return (text) => {
		if (chosen(runs, text).length) return text;
		throw new InvalidArgumentError('No run has this in its name: --list names them.');
	};
}

function whole(low: number, high: number): (text: string) => number {
	const parse = number(low, high);
	return (text) => Math.round(parse(text));
}

export function parse(args: readonly string[], runs: readonly FieldRun[] = RUNS): Options {
	const program = new Command('field')
		.description('Runs the real firmware in the simulator, in real time, against RabbitMQ, ejabberd and mosquitto from Debian\'s packages, with their limits and while they are killed. Each is started here, on loopback. At the end every reading that was sampled must have been acknowledged by the server and seen by a subscriber.')
		.option('--only <words>', 'runs with this in their name, like rabbitmq or max_qos', words(runs))
		.option('--seconds <seconds>', 'how long each run goes on, apart from its start and its end', whole(10, 86_400), 90)
		.option('--interval <seconds>', 'between readings of a node', whole(1, 3_600), 1)
		.option('--together <count>', 'so many runs at the same time', whole(1, 32), 4)
		.option('--seed <seed>', 'what the times of kills are drawn from', whole(0, 1e9), 1)
		.option('--list', 'the names of the runs, and nothing else', false)
		.option('--verbose', "the nodes' lines, and what servers say against them", false);
	return optionsOf(program, args);
}

/** The runs that can run here; what cannot is said. */
export function possible(runs: readonly FieldRun[], say: (sentence: string) => void): FieldRun[] {
	const absent = new Set<Program>();
	for (const program of new Set(runs.map((run) => run.program))) {
		if (program.version() !== undefined) continue;
		absent.add(program);
		say(absence(program));
	}
	return runs.filter((run) => {
		if (absent.has(run.program)) return false;
		const reason = run.skip?.();
		if (reason !== undefined) say(reason);
		return reason === undefined;
	});
}

async function one(run: FieldRun, orders: Orders): Promise<Entry> {
	try {
		return { run, outcome: await perform(run, orders) };
	} catch (fault) {
		return { run, outcome: (fault as Error).message };
	}
}

async function main(args: readonly string[]): Promise<void> {
	const { only, seconds, interval, together, seed, list, verbose } = parse(args);
	if (list) return console.log(RUNS.map(label).join('\n'));
	const say = (sentence: string): void => console.error(sentence);
	const todo = possible(chosen(RUNS, only), say);
	if (!todo.length) return console.log('Nothing was run: none of the programs is installed.');
	process.on('exit', endAllAtOnce);
	for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (say('Ended before the runs were over.'), process.exit(1)));
	const entries = new Map<FieldRun, Entry>();
	const order = [...todo];
	const next = async (): Promise<void> => {
		for (let run = todo.shift(); run; run = todo.shift()) {
			const name = label(run);
			const entry = await one(run, { seconds, seed, intervalMs: interval * 1_000, onLine: (line) => verbose && say(`${name}: ${line}`) });
			entries.set(run, entry);
			say(failed(entry) ? `FAILED  ${reasons(entry)}` : `well    ${name}`);
		}
	};
	await Promise.all(Array.from({ length: Math.min(together, order.length) }, next));
	const all = order.map((run) => entries.get(run)!);
	console.log(table(all, (name) => order.find((run) => run.program.name === name)!.program.version()!));
	const wrong = all.filter(failed).length;
	console.log(wrong ? `${wrong} of ${all.length} runs failed.` : `${all.length} runs, none missing in any.`);
	process.exit(wrong ? 1 : 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	await main(process.argv.slice(2)).catch((fault: Error) => {
		console.error(fault.message);
		process.exit(1);
	});
}
