// A long program's jobs on all cores: one process a worker, one job after another. And what the command lines of such programs share.
//
// Rule: a worker is the program's own file, run again as `--worker`. What breaks in one ends the program with a sentence, not a job.

import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError, type Command } from 'commander';
import type { EngineKind } from './engine/engine.js';
import { engineProblem } from './engine/worker.mjs';

/** What a worker says: how a job went, that it broke, or something on the way. */
type Message<Outcome, Note> = { readonly outcome: Outcome } | { readonly broken: string } | { readonly note: Note };

/** A worker's work: a job's outcome, what it tells on the way, and the sentence that names a job which broke. */
export interface Work<Job, Outcome, Note> {
	readonly run: (job: Job, tell: (note: Note) => void) => Promise<Outcome>;
	readonly named: (job: Job) => string;
}

/** For an option that is a number. */
export function number(low: number, high: number): (text: string) => number {
	return (text) => {
		const value = Number(text);
		if (!(value >= low && value <= high)) throw new InvalidArgumentError(`Give a number from ${low} to ${high}.`);
		return value;
	};
}

/** Ends the process with status 2 for wrong options. */
export function optionsOf<Options extends object>(program: Command, args: readonly string[]): Options {
	program.exitOverride((fault) => process.exit(fault.exitCode ? 2 : 0)).parse(args, { from: 'user' });
	return program.opts<Options>();
}

/** Says why this engine cannot run here, and makes it the program's failure; false if it can. */
export function lacks(engine: EngineKind): boolean {
	const problem = engine === 'xs' ? engineProblem() : '';
	if (problem) {
		console.error(problem);
		process.exitCode = 1;
	}
	return problem !== '';
}

/** So many workers, each of them from `file`, until there is no job any more. */
export async function onWorkers<Job extends object, Outcome, Note = never>(
	file: string, count: number, nextJob: () => Job | undefined, take: (outcome: Outcome) => void, onNote: (note: Note) => void = () => {},
): Promise<void> {
	await Promise.all(Array.from({ length: count }, () => oneWorker(file, nextJob, take, onNote)));
}

function oneWorker<Job extends object, Outcome, Note>(
	file: string, nextJob: () => Job | undefined, take: (outcome: Outcome) => void, onNote: (note: Note) => void,
): Promise<void> {
	return new Promise((resolve, reject) => {
		const worker: ChildProcess = fork(fileURLToPath(file), ['--worker'], { execArgv: process.execArgv });
		const give = (): void => {
			const job = nextJob();
			if (job) worker.send(job);
			else worker.disconnect();
		};
		worker.on('message', (message: Message<Outcome, Note>) => {
			if ('note' in message) return onNote(message.note);
			if ('broken' in message) return reject(new Error(message.broken));
			take(message.outcome);
			give();
		});
		worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`A worker ended with status ${code}.`))));
		give();
	});
}

/** At the end of such a program's `file`: it is a worker, or the program, or only imported. */
export async function start<Job, Outcome, Note>(file: string, work: Work<Job, Outcome, Note>, main: (args: readonly string[]) => Promise<void>): Promise<void> {
	if (process.argv[2] === '--worker') return beWorker(work);
	if (process.argv[1] !== fileURLToPath(file)) return;
	await main(process.argv.slice(2)).catch((fault: Error) => {
		console.error(fault.message);
		process.exit(1);
	});
}

function beWorker<Job, Outcome, Note>({ run, named }: Work<Job, Outcome, Note>): void {
	// Nobody to tell any more: the program was ended.
	const say = (message: Message<Outcome, Note>): void => void (process.connected && process.send!(message));
	process.on('message', (job: Job) => {
		run(job, (note) => say({ note })).then(
			(outcome) => say({ outcome }),
			(fault: Error) => say({ broken: `${named(job)}\n${fault.stack}` }),
		);
	});
}
