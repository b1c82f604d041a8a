// A node in a world of its own, on XS, between a broker that is right and a campaign that is not.
//
// Rule: time passes only in pass() and until(); a node that has fallen ends whatever is under way by throwing Fallen.

import type { EngineKind } from '../engine/engine.js';
import type { SimulatedNode } from '../board/simulated-node.js';
import type { Settings } from '../simulation.js';
import { startVirtualSimulation, type VirtualSimulation } from '../virtual.js';
import { steadyWeather } from '../world/weather.js';
import { command, probe } from './commands.js';
import { Gate } from './gate.js';
import type { Input } from './input.js';
import { Judge } from './judge.js';
import type { Result } from './results.js';
import { Wire } from './wire.js';

export class Fallen extends Error {}

export interface ArenaOptions {
	readonly seed: string;
	readonly settings: Settings & { readonly intervalMs: number; readonly base: string };
	readonly engine?: EngineKind;
	/** A bundle, to be judged in place of the firmware's. */
	readonly script?: string;
	readonly onLine?: (line: string, at: number) => void;
}

const ADDRESS = '127.0.0.1';
const PORT = 1_883;
const STEP_MS = 50;
const LOOK_MS = 500;
/** A link counts when it has been one for so long: SUBSCRIBE is answered by then. */
const STEADY_MS = 1_500;
/** A dead link is noticed within keep-alive and ping time or by acknowledgements (30 s), the longest back-off is 75 s; one attempt may fail once more. */
const ONLINE_MS = 200_000;
/** src/common/limits.ts, BACKOFF_REFUSED_CAP_MS. */
const REFUSED_MS = 310_000;
/** From a command to its result, all before it included; a connection that is dead is noticed within 40 s (keep-alive and ping time), and is not one then. */
const ANSWER_MS = 45_000;
/** STOP_TIMEOUT_MS of src/common/limits.ts, and as much for a broker that takes nothing. */
const LAST_WORDS_MS = 12_000;
const BOOT_MS = 60_000;
/** Between two probes of which one was refused. */
const BUSY_MS = 3_000;
const PROBES_MAX = 20;
/** Readings that wait when nothing is wrong: the last is on its way. */
const WAITING_FEW = 2;
const DRAIN_MS = 240_000;
const BOOTS_OF_A_LOOP = 5;
const PREFERENCES = 'telltale';

export class Arena {
	readonly simulation: VirtualSimulation;
	readonly gate: Gate;
	readonly wire: Wire;
	readonly judge: Judge;
	readonly options: ArenaOptions;
	/** Set while a broker may have refused the node for what it is. */
	refused = false;
	#probes = 0;
	/** Connections up to this one are of a boot that the reset button ended: the broker does not know that they are dead. */
	#before = 0;

	private constructor(simulation: VirtualSimulation, options: ArenaOptions, lines: { hear: (line: string) => void }) {
		this.simulation = simulation;
		this.options = options;
		const { broker, network, world } = simulation;
		this.gate = new Gate(network, broker, ADDRESS, PORT);
		this.wire = new Wire();
		network.tap = this.wire;
		this.judge = new Judge(this.node, options.settings.base, this.wire, () => world.now(), options.settings.intervalMs);
		lines.hear = (line) => {
			options.onLine?.(line, world.now());
			this.judge.line(line);
		};
		const passOn = broker.onPublished;
		broker.onPublished = (message) => {
			passOn(message);
			if (message.clientId !== '(test)') this.judge.heard(message);
			broker.published.length = 0;
		};
	}

	static async start(options: ArenaOptions): Promise<Arena> {
		const lines = { hear: (_line: string): void => {} };
		const simulation = await startVirtualSimulation({
			engine: options.engine ?? 'xs', seed: options.seed, settings: options.settings, world: steadyWeather({ temperatureC: 21, humidityPct: 45 }),
			...(options.script !== undefined && { script: options.script }),
			onLine: (_node, line) => lines.hear(line),
		});
		return new Arena(simulation, options, lines);
	}

	get node(): SimulatedNode {
		return this.simulation.nodes[0]!;
	}
	get now(): number {
		return this.simulation.world.now();
	}
	get base(): string {
		return this.options.settings.base;
	}

	/** The node and its broker talk to each other, as far as the broker can tell. */
	get linked(): boolean {
		return this.gate.connections > this.#before && this.gate.current?.open === true && this.simulation.broker.isConnected(`telltale-${this.node.name}`);
	}

	async pass(ms: number): Promise<void> {
		const until = this.now + ms;
		while (this.now < until) {
			await this.simulation.run(Math.min(LOOK_MS, until - this.now));
			this.#look();
		}
	}

	async until(what: () => boolean, limitMs: number): Promise<boolean> {
		const until = this.now + limitMs;
		while (!what()) {
			if (this.now >= until) return false;
			await this.simulation.run(STEP_MS);
			this.#look();
		}
		return true;
	}

	/** Whether it is online for good, soon enough. */
	async online(): Promise<boolean> {
		const limitMs = ONLINE_MS + (this.refused ? REFUSED_MS : 0);
		let since = Infinity;
		let connection = 0;
		const steady = (): boolean => {
			if (this.judge.stopped) this.reset();
			if (!this.linked) since = Infinity;
			else if (since === Infinity || connection !== this.gate.connections) [since, connection] = [this.now, this.gate.connections];
			return this.now - since >= STEADY_MS;
		};
		if (await this.until(steady, limitMs)) return true;
		if (!this.judge.perhapsStopped) return false;
		this.reset();
		return this.until(steady, limitMs);
	}

	/** A message through the broker, or bytes in the stream of the connection that there is. */
	give({ message, raw }: Input): void {
		if (message) this.simulation.broker.publish(message.topic, message.payload, { qos: message.qos, retain: message.retain });
		else if (raw) this.gate.current?.say(raw.bytes);
	}

	/** Asks for a reading, and waits for the one result. It asks anew where a boot has ended meanwhile, or was busy. */
	async probe(): Promise<void> {
		for (let times = 0; times < PROBES_MAX; times++) {
			if (!(await this.online())) throw this.fall('deaf', `the node does not come online (${this.node.running ? 'it runs' : 'it does not run'})`);
			if (await this.#answers(this.node.counts.boots)) {
				this.refused = false;
				return;
			}
			await this.pass(BUSY_MS);
		}
		throw this.fall('deaf', `the node has not carried out a command in ${PROBES_MAX} tries`);
	}

	/** False if it was refused, or the boot has ended. */
	async #answers(boots: number): Promise<boolean> {
		const asked = probe(this.base, `probe${++this.#probes}:`);
		const { id } = asked.expected!;
		const answers = (): readonly Result[] => this.judge.results.filter((result) => result.id === id);
		let connection = this.gate.connections;
		this.give(asked);
		while (!(await this.until(() => answers().length > 0 || this.node.counts.boots !== boots, ANSWER_MS))) {
			if (connection === this.gate.connections && this.linked) throw this.fall('deaf', `the node is online and does not answer a command within ${ANSWER_MS / 1_000} s`);
			if (!(await this.online())) throw this.fall('deaf', 'the node does not come online again');
			connection = this.gate.connections;
		}
		await this.pass(200);
		const [answer, ...more] = answers();
		if (more.length && connection === this.gate.connections) this.judge.complain('result', `a command was answered ${1 + more.length} times`);
		this.judge.results = this.judge.results.filter((result) => result.id !== id);
		return answer?.ok === true && this.node.counts.boots === boots;
	}

	/** A stop or restart that was asked for is over: until then the node still answers. */
	async lastWords(): Promise<void> {
		await this.pass(LAST_WORDS_MS);
		await this.probe();
	}

	/** What a command has changed is as it was. */
	async restore(): Promise<void> {
		if (this.judge.intervalMs === this.options.settings.intervalMs) return;
		const value = this.options.settings.intervalMs;
		this.give(command(`${this.base}/set/interval`, 'interval', 'again:', { kind: 'restore', bytes: Buffer.from(`{"id":"again:","value":${value}}`) }, 1));
		await this.until(() => this.judge.intervalMs === value, ANSWER_MS);
	}

	/** Until nothing waits that need not, and whatever is owed has come; then what the node holds is weighed. */
	async settle(): Promise<void> {
		const { ledger } = this.judge;
		const from = this.now;
		const account = (): boolean => ledger.current !== undefined && ledger.current.healthAt > from && ledger.current.waiting <= WAITING_FEW;
		if (!(await this.until(account, DRAIN_MS))) throw this.fall('lost', `${ledger.current ? `${ledger.current.waiting} readings wait` : 'the node gives no account of itself'}, though it is online`);
		const goal = ledger.current!.sampled - ledger.current!.waiting;
		if (!(await this.until(() => !ledger.missing(goal).length, ANSWER_MS))) throw this.fall('lost', `readings are missing, and nothing names them as dropped: ${ledger.missing(goal).join(', ')}`);
	}

	/** The reset button, after so many boots that were too short: without any, or with enough for a safe one. */
	reset(loops: 0 | typeof BOOTS_OF_A_LOOP = 0): void {
		this.node.storage.preferences.get(PREFERENCES)?.set('boots', ['number', loops]);
		this.judge.reset();
		this.node.restart();
		this.#before = this.gate.connections;
	}

	async boot(loops: 0 | typeof BOOTS_OF_A_LOOP): Promise<void> {
		this.reset(loops);
		await this.until(() => this.node.running, BOOT_MS);
	}

	/** Sessions are lost with the broker. */
	forget(): void {
		const { broker } = this.simulation;
		broker.kill({ keepSessions: false });
		broker.start();
		this.gate.open();
	}

	fall(what: 'deaf' | 'lost' | 'memory', sentence: string): Fallen {
		if (!this.judge.fallen) this.judge.complain(what, sentence);
		return new Fallen(sentence);
	}

	end(): void {
		this.simulation.end();
	}

	#look(): void {
		this.judge.look();
		if (this.judge.fallen) throw new Fallen(this.judge.complaints.at(-1)!.sentence);
	}
}

export { BOOTS_OF_A_LOOP };
