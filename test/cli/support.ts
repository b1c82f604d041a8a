// Runs the program as a person does, beside a broker on a free port of 127.0.0.1.

import { Aedes } from 'aedes';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { vi } from 'vitest';
import { run } from '../../cli/program.js';

const program = fileURLToPath(new URL('../../cli/telltale.mjs', import.meta.url));

export interface Outcome {
	readonly status: number | null;
	readonly out: string;
	readonly err: string;
}

export interface Surroundings {
	readonly env?: Readonly<Record<string, string>>;
	readonly cwd?: string;
}

/** A run that goes on while the test acts. */
export class Run {
	readonly process: ChildProcessWithoutNullStreams;
	out = '';
	err = '';
	readonly ended: Promise<Outcome>;
	#waiting: (() => void)[] = [];

	constructor(words: readonly string[], { env = {}, cwd }: Surroundings = {}) {
		this.process = spawn(process.execPath, [program, ...words], { env: { ...process.env, NO_COLOR: '1', ...env }, cwd });
		this.process.stdin.end();
		const heard = (key: 'out' | 'err') => (chunk: Buffer) => {
			this[key] += chunk.toString();
			for (const look of this.#waiting.splice(0)) look();
		};
		this.process.stdout.on('data', heard('out'));
		this.process.stderr.on('data', heard('err'));
		this.ended = new Promise((resolve) => {
			this.process.on('close', (status) => {
				for (const look of this.#waiting.splice(0)) look();
				resolve({ status, out: this.out, err: this.err });
			});
		});
	}

	/** Resolves when the condition holds; fails if the run ends without it. */
	async until(holds: (run: Run) => boolean): Promise<void> {
		while (!holds(this)) {
			if (this.process.exitCode !== null) throw new Error(`It ended before: ${this.process.exitCode}\n${this.out}\n${this.err}`);
			await new Promise<void>((resolve) => this.#waiting.push(resolve));
		}
	}
}

export function telltale(words: readonly string[], surroundings?: Surroundings): Promise<Outcome> {
	return new Run(words, surroundings).ended;
}

/** The same within this process: for what needs no signals and no time, and would take a second of starting each. */
export async function inside(words: readonly string[], { env = {}, cwd = process.cwd() }: Surroundings = {}): Promise<Outcome> {
	const before = { cwd: process.cwd(), env: { ...process.env }, terminal: process.stdin.isTTY };
	let [out, err] = ['', ''];
	const spies = [
		vi.spyOn(console, 'log').mockImplementation((text: string) => void (out += `${text}\n`)),
		vi.spyOn(console, 'error').mockImplementation((text: string) => void (err += `${text}\n`)),
		vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true)),
	];
	try {
		process.chdir(cwd);
		Object.assign(process.env, env);
		process.stdin.isTTY = false;
		const status = await run(words);
		return { status, out, err };
	} finally {
		process.chdir(before.cwd);
		process.env = before.env;
		process.stdin.isTTY = before.terminal;
		for (const spy of spies) spy.mockRestore();
	}
}

export interface TestBroker {
	readonly url: string;
	readonly port: number;
	readonly aedes: Aedes;
	client(options?: IClientOptions): Promise<MqttClient>;
	/** Resolves when somebody has subscribed to this filter. */
	subscribed(filter: string): Promise<void>;
	/** Who subscribed before does not count. */
	forget(): void;
	close(): Promise<void>;
}

export async function testBroker(port = 0): Promise<TestBroker> {
	const aedes = await Aedes.createBroker();
	const server = createServer((socket) => aedes.handle(socket));
	await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
	const url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const clients: MqttClient[] = [];
	const filters = new Set<string>();
	aedes.on('subscribe', (subscriptions) => subscriptions.forEach(({ topic }) => filters.add(topic)));
	return {
		url,
		port: (server.address() as AddressInfo).port,
		aedes,
		async client(options = {}) {
			const client = await connectAsync(url, { reconnectPeriod: 0, ...options });
			clients.push(client);
			return client;
		},
		async subscribed(filter) {
			while (!filters.has(filter)) await new Promise((resolve) => aedes.once('subscribe', resolve));
		},
		forget: () => filters.clear(),
		async close() {
			await Promise.all(clients.map((client) => client.endAsync(true)));
			await new Promise<void>((resolve) => aedes.close(() => server.close(() => resolve())));
		},
	};
}
