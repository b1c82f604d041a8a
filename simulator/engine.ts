// An engine runs one guest: XS in a process of its own, as on the chip, or Node's own engine for large numbers of runs.
//
// Rule: one turn at a time. During a turn the guest may ask the host any number of questions, each answered before it goes
// on; a host that throws EngineStop ends the guest right there, in the middle of the question, as a power cut would.

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Duplex } from 'node:stream';
import { createContext, Script, type Context } from 'node:vm';
import { limitStack, measure, type Memory } from './snapshot.js';

export type EngineKind = 'xs' | 'node';
/** Answers a guest's question, on XS also later; may throw EngineStop. */
export type Answer = (request: string) => string | Promise<string>;

/** Why a guest is gone. */
export class EngineStop extends Error {}

export interface Meter {
	/** Byte codes run in the turn, as XS counts them. */
	compute: number;
	/** Slots in use, with the garbage that was made since the last collection. */
	slots: number;
}

export interface Engine {
	/** Evaluates a script as modules are preloaded. Throws what it throws. */
	load(script: string): Promise<void>;
	/** From now on the guest has a stack of so many slots, as on the chip, and ends when it needs more. XS only. */
	confine(stackSlots: number): Promise<void>;
	/** One turn. The answer is the guest's; throws EngineStop if the guest is gone. Node's engine answers at once. */
	turn(event: string): string | Promise<string>;
	/** What is alive, as large as it would be on a chip. XS only. */
	memory(): Promise<Memory | undefined>;
	/** Ends it, at once and without a word. */
	kill(): void;
	readonly meter: Meter;
}

export function startEngine(kind: EngineKind, answer: Answer, computeMax?: number): Engine {
	return kind === 'xs' ? new XsEngine(answer, computeMax) : new NodeEngine(answer);
}

/** What the exit codes of the worker mean on a chip: it starts anew, too. */
const EXIT_REASONS: Readonly<Record<number, string>> = {
	11: 'out of memory', 12: 'stack overflow', 15: 'unhandled exception', 16: 'no more keys', 17: 'watchdog: a turn took too long',
};

const PLATFORMS: Readonly<Record<string, string>> = { linux: 'lin', darwin: 'mac' };
/** A turn of some seconds on an ESP8266: its watchdog bites then. */
const COMPUTE_MAX = 50_000_000;
/** Kilobytes; the worker's own 8 MB are for far larger programs. */
const PARSER_KB = 2_048;

function workerPath(): string {
	const platform = PLATFORMS[process.platform];
	if (!platform) throw new Error(`The XS engine runs on Linux and macOS, not on ${process.platform}: use another machine (on Windows: WSL).`);
	const path = `../node_modules/@agoric/xsnap/xsnap-native/xsnap/build/bin/${platform}/release/xsnap-worker`;
	return fileURLToPath(new URL(path, import.meta.url));
}

/** The worker's protocol: netstrings on file descriptors 3 (to it) and 4 (from it), the first byte says what it is. */
class XsEngine implements Engine {
	readonly meter: Meter = { compute: 0, slots: 0 };
	readonly #answer: Answer;
	readonly #computeMax: number;
	#process!: ChildProcess;
	#to!: Duplex;
	#received: Buffer = Buffer.alloc(0);
	#waiting: { resolve(reply: Buffer): void; reject(fault: Error): void } | undefined;
	#gone = '';
	#complaints = '';

	constructor(answer: Answer, computeMax: number = COMPUTE_MAX) {
		this.#answer = answer;
		this.#computeMax = computeMax;
		this.#spawn();
	}

	#spawn(...more: string[]): void {
		const worker = spawn(workerPath(), ['telltale', '-l', String(this.#computeMax), '-s', String(PARSER_KB), ...more], {
			stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe', 'ignore', 'ignore', 'ignore', 'ignore'],
			// A group of its own: Ctrl-C is for the program, which then asks the nodes to stop. An engine ends when its pipe does.
			detached: true,
		});
		this.#process = worker;
		this.#to = worker.stdio[3] as Duplex;
		this.#to.on('error', () => {});
		const from = worker.stdio[4] as Duplex;
		from.on('data', (bytes: Buffer) => this.#receive(bytes));
		from.on('error', () => {});
		worker.stderr!.on('data', (bytes: Buffer) => (this.#complaints = (this.#complaints + bytes).slice(-500)));
		worker.on('error', (fault) => {
			this.#end(`The XS engine cannot be started (${fault.message}): run "npm ci" in the project's folder.`);
		});
		worker.on('exit', (code, signal) => {
			if (worker !== this.#process) return;
			const other = signal ? `ended by ${signal}` : `ended with status ${code} ${this.#complaints}`.trim();
			this.#end(EXIT_REASONS[code ?? -1] ?? other);
		});
	}

	async load(script: string): Promise<void> {
		await this.#command('e', script);
	}

	async confine(stackSlots: number): Promise<void> {
		const first = this.#process;
		await this.#withSnapshot(async (path) => {
			await writeFile(path, limitStack(await readFile(path), stackSlots));
			if (this.#gone) return;
			this.#spawn('-r', path);
			first.kill('SIGKILL');
			// It has read the file when it answers.
			await this.#command('e', '');
		});
	}

	async turn(event: string): Promise<string> {
		return (await this.#command('?', event)).toString('utf8');
	}

	async memory(): Promise<Memory> {
		return this.#withSnapshot(async (path) => measure(await readFile(path)));
	}

	kill(): void {
		this.#end('killed');
		this.#process.kill('SIGKILL');
	}

	async #withSnapshot<Result>(use: (path: string) => Promise<Result>): Promise<Result> {
		const folder = await mkdtemp(join(tmpdir(), 'telltale-'));
		const path = join(folder, 'snapshot');
		try {
			await this.#command('w', path);
			return await use(path);
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
	}

	#command(letter: string, text: string): Promise<Buffer> {
		if (this.#gone) return Promise.reject(new EngineStop(this.#gone));
		if (this.#waiting) return Promise.reject(new Error('A turn was begun while another is under way.'));
		return new Promise((resolve, reject) => {
			this.#waiting = { resolve, reject };
			this.#send(letter, text);
		});
	}

	#send(letter: string, text: string): void {
		const body = Buffer.from(letter + text, 'utf8');
		this.#to.write(Buffer.concat([Buffer.from(`${body.length}:`), body, COMMA]));
	}

	#receive(bytes: Buffer): void {
		this.#received = this.#received.length ? Buffer.concat([this.#received, bytes]) : bytes;
		while (!this.#gone) {
			const colon = this.#received.indexOf(COLON);
			if (colon < 0) return;
			const end = colon + 1 + Number(this.#received.toString('latin1', 0, colon));
			if (this.#received.length < end + 1) return;
			const message = this.#received.subarray(colon + 1, end);
			this.#received = this.#received.subarray(end + 1);
			this.#take(String.fromCharCode(message[0]), message.subarray(1));
		}
	}

	#take(letter: string, body: Buffer): void {
		if (letter === '?') return this.#question(body.toString('utf8'));
		const waiting = this.#waiting!;
		this.#waiting = undefined;
		if (letter !== '.') return waiting.reject(new EngineStop(body.toString('utf8')));
		const separator = body.indexOf(1);
		if (separator >= 0) {
			const { compute, currentHeapCount } = JSON.parse(body.toString('utf8', 0, separator));
			this.meter.compute = compute;
			this.meter.slots = currentHeapCount;
		}
		waiting.resolve(body.subarray(separator + 1));
	}

	#question(request: string): void {
		try {
			const answer = this.#answer(request);
			if (typeof answer === 'string') return this.#send('/', answer);
			answer.then((text) => this.#gone || this.#send('/', text), (stop) => this.#refuse(stop));
		} catch (stop) {
			this.#refuse(stop);
		}
	}

	#refuse(stop: unknown): void {
		if (!(stop instanceof EngineStop)) throw stop;
		this.#end(stop.message);
		this.#process.kill('SIGKILL');
	}

	#end(reason: string): void {
		if (this.#gone) return;
		this.#gone = reason;
		const waiting = this.#waiting;
		this.#waiting = undefined;
		waiting?.reject(new EngineStop(reason));
	}
}

const COLON = 0x3a;
const COMMA = Buffer.from(',');

/** Of the script that was loaded last and is long: every boot of every node loads the same. */
let lastCompiled: { readonly text: string; readonly script: Script } | undefined;

function compiled(text: string): Script {
	if (text.length < 10_000) return new Script(text);
	if (lastCompiled?.text !== text) lastCompiled = { text, script: new Script(text) };
	return lastCompiled.script;
}

/** Node's own engine with nothing in it but the language. Turns are synchronous. */
class NodeEngine implements Engine {
	readonly meter: Meter = { compute: 0, slots: 0 };
	readonly #context: Context;
	#gone = '';

	constructor(answer: Answer) {
		const hostCall = (request: string): string => {
			if (this.#gone) return JSON.stringify({ error: ['Error', this.#gone] });
			try {
				const text = answer(request);
				if (typeof text === 'string') return text;
				throw new EngineStop("TLS runs on the XS engine only: Node's own engine cannot wait for an answer.");
			} catch (stop) {
				if (!(stop instanceof EngineStop)) throw stop;
				this.#gone = stop.message;
				return JSON.stringify({ error: ['Error', stop.message] });
			}
		};
		this.#context = createContext({ hostCall });
	}

	async load(script: string): Promise<void> {
		try {
			compiled(script).runInContext(this.#context);
		} catch (fault) {
			throw new EngineStop(String(fault));
		}
	}

	async confine(): Promise<void> {}

	turn(event: string): string {
		if (this.#gone) throw new EngineStop(this.#gone);
		const reply = this.#context.handleCommand(event) as string;
		if (this.#gone) throw new EngineStop(this.#gone);
		return reply;
	}

	async memory(): Promise<undefined> {
		return undefined;
	}

	kill(): void {
		this.#gone ||= 'killed';
	}
}
