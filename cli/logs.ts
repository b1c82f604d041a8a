// telltale logs: the serial line of a board, both ways.
//
// Rule: standard output carries the board's lines alone, each with its time and safe to print; what we say goes to standard error. A board that
// is unplugged is waited for. The port is opened as it is and set with stty: no native code (decision 32).

import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { StringDecoder } from 'node:string_decoder';
import type { ReadStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import { Command, Option } from 'commander';
import { safe } from '../viewer/safe.js';
import { interruption } from './console.js';
import { path } from './options.js';
import { choosePort, denied, serialPorts } from './ports.js';
import { BAUD, mustHaveSerialLines, openPort } from './serial-port.js';
import { stampMs } from './stamp.js';
import { shown } from './topics.js';

/** How often it is looked whether the board is back. */
const LOOK_MS = 250;
/** A port that has just come back may be used only after the system has given it to its group. */
const DENIED_LOOKS_MAX = 20;
/** What a line of the console may have: src/device/serial.ts. */
const TYPED_MAX = 64;
/** The node takes one typed line a turn. */
const TYPED_GAP_MS = 100;
const LINE_MAX = 1_000;

export function logs(): Command {
	return new Command('logs')
		.description("Show what a board says on its serial line, and send it what you type.")
		.addOption(new Option('--port <path>', 'serial port of the board (default: the only one there is)').argParser(path('--port', 'a serial port')))
		.addHelpText('after', `\nThe node speaks at ${BAUD} baud and takes its commands as lines, like: sample, interval 60000, restart.`
			+ "\nAfter a reset an ESP8266's boot ROM speaks at 74880 baud first: what it says looks like noise here.")
		.action(run);
}

async function run({ port: wanted }: { port?: string }): Promise<void> {
	mustHaveSerialLines();
	const first = choosePort(wanted);
	const signal = interruption();
	const monitor = new Monitor(() => here(wanted, first), {
		line: (text) => console.log(`${stampMs()}  ${text}`),
		note: (text) => console.error(text),
	});
	const input = createInterface({ input: process.stdin, terminal: false });
	input.on('line', (text) => monitor.type(text));
	try {
		await monitor.run(signal);
	} finally {
		input.close();
		process.stdin.pause();
	}
}

/** The same port again, or the only one there is now where none was named. */
function here(wanted: string | undefined, last: string): string | undefined {
	if (existsSync(last)) return last;
	if (wanted !== undefined) return undefined;
	const ports = serialPorts();
	return ports.length === 1 ? ports[0] : undefined;
}

export interface Desk {
	/** Of the board, safe to print. */
	line(text: string): void;
	/** Of ours. */
	note(text: string): void;
}

export class Monitor {
	readonly #find: () => string | undefined;
	readonly #desk: Desk;
	#port: ReadStream | undefined;
	/** Lines are sent one after the other. */
	#sending: Promise<void> = Promise.resolve();
	#opened!: () => void;
	/** What is piped in waits for the board, once. */
	readonly #first = new Promise<void>((resolve) => (this.#opened = resolve));

	constructor(find: () => string | undefined, desk: Desk) {
		this.#find = find;
		this.#desk = desk;
	}

	/** Resolves when it is asked to end; rejects when the port cannot be used. */
	async run(signal: AbortSignal): Promise<void> {
		let refused = 0;
		for (let path = this.#find(); !signal.aborted; path = this.#find()) {
			const port = path === undefined ? undefined : openPort(path);
			if (port === 'denied') {
				if (++refused > DENIED_LOOKS_MAX) throw denied(path!);
			} else if (port) {
				refused = 0;
				await this.#read(path!, port, signal);
			}
			await paused(LOOK_MS, signal);
		}
	}

	/** Sends a line to the node's console. */
	type(text: string): void {
		const line = text.trim();
		if (!line) return;
		if (!/^[ -~]+$/.test(line)) return this.#desk.note(`Not sent: the node takes plain ASCII only, and ${safe(JSON.stringify(shown(line)))} has other characters.`);
		if (line.length > TYPED_MAX) return this.#desk.note(`Not sent: the line has ${line.length} characters, and the node takes ${TYPED_MAX}; send longer commands with "npx telltale send".`);
		this.#sending = this.#sending.then(async () => {
			await this.#first;
			if (!this.#port) return this.#desk.note(`Not sent, because the board is away: ${line}`);
			this.#port.write(`${line}\n`);
			await new Promise((resolve) => setTimeout(resolve, TYPED_GAP_MS).unref());
		});
	}

	/** Until the board is unplugged or we are to end. */
	async #read(path: string, port: ReadStream, signal: AbortSignal): Promise<void> {
		this.#desk.note(`Reading ${safe(path)} at ${BAUD} baud; what you type goes to the node, Ctrl-C ends.`);
		const lines = new Lines((text) => this.#desk.line(text));
		const close = () => void port.destroy();
		signal.addEventListener('abort', close);
		this.#port = port;
		this.#opened();
		await new Promise<void>((resolve) => {
			port.on('data', (bytes: Buffer) => lines.push(bytes)).on('error', () => {}).on('close', () => resolve());
			if (signal.aborted) close();
		});
		this.#port = undefined;
		signal.removeEventListener('abort', close);
		lines.end();
		if (!signal.aborted) this.#desk.note(`${safe(path)} went away: waiting until the board is connected again.`);
	}
}

function paused(ms: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const end = () => {
			clearTimeout(timer);
			signal.removeEventListener('abort', end);
			resolve();
		};
		const timer = setTimeout(end, ms);
		signal.addEventListener('abort', end);
		if (signal.aborted) end();
	});
}

/** Bytes of a serial line as lines that are safe to print. */
export class Lines {
	readonly #decoder = new StringDecoder('utf8');
	readonly #say: (line: string) => void;
	#rest = '';

	constructor(say: (line: string) => void) {
		this.#say = say;
	}

	push(bytes: Buffer): void {
		const lines = (this.#rest + this.#decoder.write(bytes)).split('\n');
		this.#rest = lines.pop()!;
		for (const line of lines) this.#line(line);
		// Noise may have no end.
		while (this.#rest.length > LINE_MAX) {
			this.#line(this.#rest.slice(0, LINE_MAX));
			this.#rest = this.#rest.slice(LINE_MAX);
		}
	}

	/** What was left when the line broke. */
	end(): void {
		this.#line(this.#rest + this.#decoder.end());
		this.#rest = '';
	}

	#line(raw: string): void {
		// ESP-IDF's boot loader writes in colours.
		const text = stripVTControlCharacters(raw).replace(/\r+$/, '');
		if (text) this.#say(safe(text));
	}
}
