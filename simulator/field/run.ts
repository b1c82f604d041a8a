// One run: a real server, a gate before it, nodes with the real firmware on XS in real time, and the audit at the end.
//
// Rule: at the end of its time the run stops disturbing, and what was sampled until then is owed: it must be acknowledged and
// seen before patience ends. The nodes go on sampling meanwhile, as nodes do.

import { startSimulation, type Settings, type Simulation } from '../simulation.js';
import { Random } from '../world/random.js';
import { Account, isSettled, judge, type Rules, type Verdict } from './audit.js';
import { Gate } from './gate.js';
import { Observer } from './observer.js';
import type { Beside } from './recorder.js';
import { sleep } from './process.js';
import type { Program, Server, ServerOptions } from './server.js';
import { Tap } from './tap.js';

/** What a run may do to whom. */
export interface Scene {
	readonly server: Server;
	readonly gate: Gate;
	readonly observer: Observer;
	readonly random: Random;
	readonly seconds: number;
	/** Settles after so much of the run's time. */
	pause(seconds: number): Promise<void>;
}

export interface FieldRun extends Partial<ServerOptions> {
	readonly program: Program;
	/** What is done, in a few words. */
	readonly what: string;
	/** Of each node. */
	readonly nodes: readonly Settings[];
	/** Without it nothing is done for the whole time. */
	readonly disturb?: (scene: Scene) => Promise<void>;
	readonly observer?: { readonly protocolVersion?: 4 | 5; readonly user?: string };
	readonly rules?: Rules;
	/** Other programs that listen too: made before the nodes, asked when all is over. They come to the server itself. */
	readonly beside?: (brokerPort: number) => Promise<Beside>;
	/** Why it cannot run here, in a sentence. */
	readonly skip?: () => string | undefined;
}

export interface Orders {
	readonly seconds: number;
	readonly seed: number;
	readonly intervalMs: number;
	readonly onLine: (line: string) => void;
	/** Times real time, for the nodes; servers know no other than that. */
	readonly speed?: number;
	/** How long what is owed may take at the end. */
	readonly patienceMs?: number;
}

export interface Outcome {
	readonly verdict: Verdict;
	readonly seconds: number;
	/** What the server said against it, and the nodes' lines, each with how often. */
	readonly remarks: ReadonlyMap<string, number>;
	/** The last lines of each node. */
	readonly lastLines: readonly string[];
}

/** Longer than the longest wait of a node, and what it missed meanwhile at ten a second. */
const PATIENCE_MS = 240_000;
/** What is under way from the server to its subscribers. */
const BESIDE_MS = 2_000;
const LAST_LINES = 12;
const KEEP_ALIVE_MS = 10_000;

export async function perform(run: FieldRun, orders: Orders): Promise<Outcome> {
	const staged = new Performance(run, orders);
	try {
		return await staged.go();
	} finally {
		await staged.end();
	}
}

class Performance {
	readonly #run: FieldRun;
	readonly #orders: Orders;
	readonly #rules: Rules;
	readonly #accounts: readonly Account[];
	readonly #remarks = new Map<string, number>();
	readonly #lines: string[][];
	#server: Server | undefined;
	#gate: Gate | undefined;
	#observer: Observer | undefined;
	#simulation: Simulation | undefined;
	#beside: Beside | undefined;

	constructor(run: FieldRun, orders: Orders) {
		this.#run = run;
		this.#orders = orders;
		this.#rules = run.rules ?? { acknowledges: true };
		this.#accounts = run.nodes.map((_, index) => new Account(nameOf(index)));
		this.#lines = run.nodes.map(() => []);
	}

	async go(): Promise<Outcome> {
		const startedAt = performance.now();
		const { program, lines, files, disturb } = this.#run;
		const { seconds, seed } = this.#orders;
		const server = (this.#server = await program.make({ ...(lines && { lines }), ...(files && { files }) }));
		await server.start();
		const observer = (this.#observer = new Observer(server.port, { protocolVersion: 4, ...this.#run.observer, onMessage: (topic, payload) => this.#seen(topic, payload) }));
		await observer.whenReady();
		this.#beside = await this.#run.beside?.(server.port);
		await server.save();
		const gate = (this.#gate = new Gate(server.port, new Tap(this.#clients()).listen));
		await gate.open();
		await this.#power(gate.port);
		const until = performance.now() + seconds * 1_000;
		const pause = (length: number): Promise<void> => sleep(Math.max(0, length * 1_000));
		await disturb?.({ server, gate, observer, random: new Random(`field/${seed}/${this.#run.what}`), seconds, pause });
		await pause((until - performance.now()) / 1_000);
		await this.#settle();
		for (const sentence of await this.#askBeside()) this.#accounts[0]!.complain(sentence);
		return {
			verdict: judge(this.#accounts, this.#rules), seconds: (performance.now() - startedAt) / 1_000, remarks: this.#remarks,
			lastLines: this.#lines.flatMap((lines, index) => lines.map((line) => `${nameOf(index)}: ${line}`)),
		};
	}

	async end(): Promise<void> {
		await this.#simulation?.stop().catch(() => {});
		this.#gate?.shut();
		await this.#observer?.close();
		await this.#beside?.dispose();
		await this.#server?.dispose();
	}

	async #power(port: number): Promise<void> {
		const { nodes } = this.#run;
		const { seed, intervalMs } = this.#orders;
		this.#simulation = await startSimulation({
			brokerUrl: `mqtt://127.0.0.1:${port}`, seed: `field/${seed}`, speed: this.#orders.speed ?? 1, nodes: nodes.length,
			settings: { intervalMs, keepAliveMs: KEEP_ALIVE_MS },
			settingsOf: (number) => ({ node: nameOf(number - 1), ...nodes[number - 1] }),
			onLine: (node, line) => this.#line(node, line),
		});
	}

	async #settle(): Promise<void> {
		const nodes = this.#simulation!.nodes;
		for (const [index, node] of nodes.entries()) this.#accounts[index]!.sampled = node.measurements;
		const until = performance.now() + (this.#orders.patienceMs ?? PATIENCE_MS);
		while (!isSettled(this.#accounts, this.#rules) && performance.now() < until) await sleep(100);
		for (const [index, node] of nodes.entries()) {
			if (node.counts.faults) this.#accounts[index]!.complain(`the firmware failed ${node.counts.faults} times: ${node.ends.join(', ')}`);
			if (node.counts.boots > 1) this.#accounts[index]!.complain(`the node booted ${node.counts.boots} times: ${node.ends.join(', ')}`);
		}
	}

	/** Nodes go on sampling: they are stopped first, so that both have heard the same. */
	async #askBeside(): Promise<string[]> {
		if (!this.#beside) return [];
		await this.#simulation?.stop();
		await sleep(BESIDE_MS);
		const complaints = await this.#beside.complaints(this.#accounts);
		this.#orders.onLine(this.#beside.told);
		this.#remark(this.#beside.told);
		return complaints;
	}

	#clients(): ConstructorParameters<typeof Tap>[0] {
		return {
			acknowledged: (clientId, reading) => this.#account(clientId)?.onAcknowledged(reading),
			refused: (clientId, reading, code) => this.#account(clientId)?.onRefused(reading, code),
			remarked: (clientId, remark) => {
				this.#orders.onLine(`${clientId} is told ${remark}`);
				this.#remark(remark);
			},
			complained: (sentence) => this.#accounts[0]!.complain(sentence),
		};
	}

	#account(clientId: string): Account | undefined {
		return this.#accounts.find(({ name }) => clientId === `telltale-${name}`);
	}

	#seen(topic: string, payload: Uint8Array): void {
		const name = topic.split('/')[1];
		this.#accounts.find((each) => each.name === name)?.heard(topic, payload, Date.now());
	}

	#line(node: string, line: string): void {
		this.#orders.onLine(`${node}: ${line}`);
		const lines = this.#lines[this.#accounts.findIndex(({ name }) => name === node)];
		if (!lines) return;
		lines.push(`${new Date().toISOString().slice(11, 19)} ${line}`);
		if (lines.length > LAST_LINES) lines.shift();
	}

	#remark(remark: string): void {
		this.#remarks.set(remark, (this.#remarks.get(remark) ?? 0) + 1);
	}
}

function nameOf(index: number): string {
	return `field-${index + 1}`;
}
