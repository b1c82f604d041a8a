// A program of this machine that we started: in a temporary folder, on loopback, and ended by its own process id.
//
// Rule: nothing that we started outlives us, however we end; nothing that we did not start is touched.

import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Command {
	readonly program: string;
	readonly args: readonly string[];
	readonly env?: Readonly<Record<string, string>>;
}

/** Below the ports that connections are given by the system: else one of them may have it while a server is away. */
const PORTS = { from: 15_000, count: 15_000 };
const LOOK_MS = 20;
const LOG_SHOWN = 600;

const running = new Set<ChildProcess>();
const folders = new Set<string>();

export function sleep(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}

/** For the end of our own process, where nothing can be waited for. */
export function endAllAtOnce(): void {
	for (const child of running) child.kill('SIGKILL');
	for (const folder of folders) rmSync(folder, { recursive: true, force: true });
	running.clear();
	folders.clear();
}

export function makeFolder(name: string): string {
	const folder = mkdtempSync(join(tmpdir(), `telltale-field-${name}-`));
	folders.add(folder);
	return folder;
}

export function removeFolder(folder: string): void {
	folders.delete(folder);
	rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** A port that nobody has, and nobody gets by chance. */
export async function freePort(): Promise<number> {
	for (;;) {
		const port = PORTS.from + randomInt(PORTS.count);
		const server = createServer();
		const free = await new Promise<boolean>((resolve) => server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true)));
		if (!free) continue;
		await new Promise((resolve) => server.close(resolve));
		return port;
	}
}

export function answers(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port, '127.0.0.1');
		socket.on('connect', () => (socket.destroy(), resolve(true)));
		socket.on('error', () => resolve(false));
	});
}

export class OwnProcess {
	readonly #name: string;
	readonly #log: string;
	#child: ChildProcess | undefined;

	/** What it writes goes to `log`. */
	constructor(name: string, log: string) {
		this.#name = name;
		this.#log = log;
	}

	/** Settles when it is ready: without `isReady`, when it takes connections on the port. */
	async start({ program, args, env = {} }: Command, port: number, patienceMs: number, isReady = (): boolean | Promise<boolean> => answers(port)): Promise<void> {
		const log = openSync(this.#log, 'a');
		const child = spawn(program, args, { stdio: ['ignore', log, log], env: { ...process.env, ...env } });
		closeSync(log);
		this.#child = child;
		running.add(child);
		let fault: Error | undefined;
		child.on('error', (error) => (fault = error));
		child.on('exit', () => running.delete(child));
		for (const until = performance.now() + patienceMs; !(await isReady()); await sleep(LOOK_MS)) {
			if (!fault && child.exitCode === null && child.signalCode === null && performance.now() < until) continue;
			throw new Error(`${this.#name} did not start on port ${port}${fault ? ` (${fault.message})` : ''}.\n${this.#end()}`);
		}
	}

	/** Settles when it is gone. A program that does not listen to a polite signal is ended by SIGKILL. */
	async end(signal: 'SIGTERM' | 'SIGKILL', patienceMs = 20_000): Promise<void> {
		const child = this.#child;
		this.#child = undefined;
		if (!child || child.exitCode !== null || child.signalCode !== null) return;
		const ended = new Promise((resolve) => child.once('exit', resolve));
		child.kill(signal);
		const impatient = setTimeout(() => child.kill('SIGKILL'), patienceMs);
		await ended;
		clearTimeout(impatient);
	}

	signal(signal: 'SIGHUP' | 'SIGUSR1'): void {
		this.#child?.kill(signal);
	}

	/** The end of what it wrote. */
	#end(): string {
		return existsSync(this.#log) ? readFileSync(this.#log, 'utf8').slice(-LOG_SHOWN) : '';
	}
}
