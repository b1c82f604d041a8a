// XS as a guest's engine: a worker process, which begins empty or from the image of a preloaded guest.
//
// Rule: the worker's protocol is netstrings on file descriptors 3 (to it) and 4 (from it); the first byte says what it is. A confined
// guest is judged after each turn in which XS had to reserve more memory, which it does only when a collection left too little: so what it
// needed for a moment within a turn counts too, and a guest that lives within what it had costs nothing to watch.

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { needed, reservedMax, type Block } from './creation.js';
import type { Answer, Engine, Meter } from './engine.js';
import { discard, PARSER_KB, scratchFile, type Image } from './scratch.js';
import { weigh, type Memory, type Weight } from './snapshot.js';
import { EngineStop } from './stop.js';
import { workerPath } from './worker.mjs';

const OUT_OF_MEMORY = 'out of memory';
/** Of what is said between guest and host, each a chunk: the bytes in hex, the text, its bytes, and what was read of it. */
const COPIES = 4;

/** What the exit codes of the worker mean on a chip: it starts anew, too. */
const EXIT_REASONS: Readonly<Record<number, string>> = {
	11: OUT_OF_MEMORY, 12: 'stack overflow', 15: 'unhandled exception', 16: 'no more keys', 17: 'watchdog: a turn took too long',
};

/** A turn of some seconds on an ESP8266: its watchdog bites then. */
const COMPUTE_MAX = 50_000_000;

const NOT_COMPILED = 'The XS engine is not compiled: run "node cli/setup.mjs" in the project\'s folder, which does it.';
/** The shell sets the limit, which the worker then keeps. */
const LIMITED = 'ulimit -d "$0"; exec "$@"';

/** The worker's own program with its arguments, confined to what the image says. */
function wordsFor(image: Image | undefined, args: readonly string[]): readonly string[] {
	if (!existsSync(workerPath())) throw new Error(NOT_COMPILED);
	return image ? ['sh', '-c', LIMITED, String(image.dataKb), workerPath(), ...args, '-r', image.path] : [workerPath(), ...args];
}

function start(words: readonly string[]): ChildProcess {
	return spawn(words[0]!, words.slice(1), {
		stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe', 'ignore', 'ignore', 'ignore', 'ignore'],
		// A group of its own: Ctrl-C is for the program, which then asks the nodes to stop. An engine ends when its pipe does.
		detached: true,
	});
}

export interface XsOptions {
	readonly computeMax?: number;
	readonly image?: Image;
	/** In place of the worker, which then takes no arguments. */
	readonly program?: string;
}

export class XsEngine implements Engine {
	readonly meter: Meter = { compute: 0, slots: 0 };
	readonly #answer: Answer;
	readonly #process: ChildProcess;
	readonly #to: Duplex;
	#received: Buffer = Buffer.alloc(0);
	#waiting: { resolve(reply: Buffer): void; reject(fault: Error): void } | undefined;
	#gone = '';
	#complaints = '';
	/** What XS has reserved from the operating system: it grows only after a collection that left too little. */
	#reserved = 0;
	#judged = 0;
	/** Before the guest was confined. */
	#unreserved = 0;
	#chunksHeld = 0;
	/** Bytes that the stand-ins held at once in this turn, at most, to ask the host. */
	#talk = 0;
	/** What the guest is confined to, beyond what is in flash. */
	readonly #block: Block | undefined;
	#flash: Memory | undefined;

	constructor(answer: Answer, { computeMax = COMPUTE_MAX, image, program }: XsOptions = {}) {
		this.#answer = answer;
		this.#block = image?.block;
		const words = program ? [program] : wordsFor(image, ['telltale', '-l', String(computeMax), '-s', String(PARSER_KB)]);
		const worker = this.#process = start(words);
		this.#to = worker.stdio[3] as Duplex;
		this.#to.on('error', () => {});
		const from = worker.stdio[4] as Duplex;
		from.on('data', (bytes: Buffer) => this.#receive(bytes));
		from.on('error', () => {});
		worker.stderr!.on('data', (bytes: Buffer) => (this.#complaints = (this.#complaints + bytes).slice(-500)));
		worker.on('error', (fault) => {
			this.#end(`The XS engine cannot be started (${fault.message}): delete node_modules and run "node cli/setup.mjs" in the project's folder.`);
		});
		worker.on('exit', (code, signal) => {
			const other = signal ? `ended by ${signal}` : `ended with status ${code} ${this.#complaints}`.trim();
			this.#end(EXIT_REASONS[code ?? -1] ?? other);
		});
	}

	async load(script: string): Promise<void> {
		await this.command('e', script);
	}

	confine(flash: Memory | undefined): void {
		this.#flash = flash;
		this.#judged = this.#unreserved = this.#reserved;
	}

	async turn(event: string): Promise<string> {
		this.#talk = COPIES * event.length;
		const reply = await this.command('?', event);
		if (this.#block && this.#flash && this.#reserved > this.#judged) await this.#judge(this.#block, this.#flash);
		return reply.toString('utf8');
	}

	async memory(): Promise<Memory> {
		return this.#weigh();
	}

	async snapshot(): Promise<Buffer> {
		const path = scratchFile();
		try {
			await this.save(path);
			return await readFile(path);
		} finally {
			await discard(path);
		}
	}

	/** Writes all of the guest into a file, from which another can be begun. */
	async save(path: string): Promise<void> {
		const { compute, slots } = this.meter;
		await this.command('w', path);
		Object.assign(this.meter, { compute, slots });
	}

	kill(): void {
		this.#end('killed');
		this.#process.kill('SIGKILL');
	}

	/** Ends the guest if the turn took more than the chip has. */
	async #judge(block: Block, flash: Memory): Promise<void> {
		this.#judged = this.#reserved;
		if (this.#reserved - this.#unreserved <= reservedMax(block)) {
			const weight = await this.#weigh();
			const passing = weight.chunksHeld > this.#chunksHeld ? weight.chunksHeld - weight.chunks - this.#talk : 0;
			this.#chunksHeld = weight.chunksHeld;
			if (needed(flash, weight, passing) <= block.bytes) return;
		}
		this.#end(OUT_OF_MEMORY);
		this.#process.kill('SIGKILL');
		throw new EngineStop(OUT_OF_MEMORY);
	}

	async #weigh(): Promise<Weight> {
		return weigh(await this.snapshot());
	}

	protected command(letter: string, text: string): Promise<Buffer> {
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
			const { compute, currentHeapCount, allocate } = JSON.parse(body.toString('utf8', 0, separator));
			this.#reserved = allocate;
			this.meter.compute = compute;
			this.meter.slots = currentHeapCount;
		}
		waiting.resolve(body.subarray(separator + 1));
	}

	#question(request: string): void {
		const tell = (answer: string): void => {
			this.#talk = Math.max(this.#talk, COPIES * (request.length + answer.length));
			if (!this.#gone) this.#send('/', answer);
		};
		try {
			const answer = this.#answer(request);
			if (typeof answer === 'string') return tell(answer);
			answer.then(tell, (stop) => this.#refuse(stop));
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

