// One world from one seed, from power on through everything that goes wrong until all is well again, and the judgement.
//
// Rule: the invariants below hold in every world, whatever the seed; each violation is a sentence. The same seed and hours
// make the same run, to the last byte: `trace` says whether they did.

import { MEMORY_BYTES } from '../engine/creation.js';
import type { EngineKind } from '../engine/engine.js';
import { inject, type Injected, type FaultKind } from './fault-injection.js';
import type { NodeMemory, SimulatedNode } from '../board/simulated-node.js';
import { startVirtualSimulation, type VirtualSimulation } from '../virtual.js';
import { Auditor } from '../audit/auditor.js';
import { IdleJudge } from './idle.js';
import { MeasurementsJudge, type TimeGiven } from './measurements.js';
import { stall } from './network.js';
import { Operator } from './operator.js';
import { ResultsJudge } from './results.js';
import { scenarioOf, type Scenario } from './scenario.js';
import { WireJudge } from './wire.js';

/** "Online within two minutes of virtual time after the last fault" … */
const ONLINE_MS = 120_000;
/** … but one whose credentials were refused until then waits for up to five more (src/common/limits.ts, BACKOFF_REFUSED_CAP_MS). */
const REFUSED_MS = 300_000;
/** Late readings go at ten a second; and the last of them must be acknowledged and said in `health`. */
const DRAIN_PER_SECOND = 10;
const DRAIN_MS = 180_000;
const STEP_MS = 5_000;
/** Then a link is idle. */
const QUIET_MS = 4_000;
const MEMORY_EVERY_MS = 20 * 60_000;

export interface SoakOptions {
	readonly seed: number;
	readonly hours: number;
	readonly engine?: EngineKind;
	/** What the chip has for the firmware, in bytes: judged on XS. The manifest's, if not given. */
	readonly memoryMax?: number;
	/** What the nodes log, for a look at a seed that failed. */
	readonly onLine?: (node: string, line: string, at: number) => void;
}

export interface Outcome {
	readonly seed: number;
	readonly hours: number;
	readonly violations: readonly string[];
	/** Device-days that were simulated. */
	readonly days: number;
	/** How often each kind of fault began. */
	readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
	readonly readings: number;
	readonly late: number;
	readonly duplicates: number;
	readonly dropped: number;
	/** Named as dropped, and delivered afterwards. */
	readonly cameAllTheSame: number;
	/** Numbers of boots that a reset or power cut ended, which nobody has. */
	readonly lostWithPower: number;
	readonly boots: number;
	readonly attempts: number;
	readonly packets: number;
	/** 1 if the network was slow and lossy all the time. */
	readonly slow: number;
	/** How often a link was found idle, and no reading waiting. */
	readonly idle: number;
	/** The least that was free of an ESP8266's heap. */
	readonly heapLeast: number | undefined;
	readonly checkedTimes: number;
	readonly checkedValues: number;
	/** From the last fault, in milliseconds; of the slowest node. */
	readonly onlineMs: number;
	readonly drainedMs: number;
	/** The most that a node held on XS. */
	readonly memory: NodeMemory | undefined;
	readonly trace: string;
}

export async function soak(options: SoakOptions): Promise<Outcome> {
	const run = new SoakRun(options);
	await run.start();
	try {
		await run.run();
		return run.outcome();
	} finally {
		run.end();
	}
}

class SoakRun {
	readonly #options: SoakOptions;
	readonly #scenario: Scenario;
	readonly #violations: string[] = [];
	readonly #timesGiven: TimeGiven[] = [];
	#simulation!: VirtualSimulation;
	#wire!: WireJudge;
	#results!: ResultsJudge;
	#idle!: IdleJudge;
	#auditors: Auditor[] = [];
	#measurements: MeasurementsJudge[] = [];
	#injected: readonly Injected[] = [];
	#onlineMs = 0;
	#drainedMs = 0;
	#memory: NodeMemory | undefined;
	/** Answers to the last command, by node. */
	readonly #answered = new Set<string>();

	constructor(options: SoakOptions) {
		this.#options = options;
		this.#scenario = scenarioOf(options.seed, options.hours);
	}

	async start(): Promise<void> {
		const { board, nodes, settings, profile, weather, ticksAtBoot, seed, network: air } = this.#scenario;
		this.#simulation = await startVirtualSimulation({
			engine: this.#options.engine ?? 'node', seed, board, nodes, settings, ticksAtBoot, world: weather, conditions: air.conditions,
			onLine: (node, line) => this.#line(node, line),
		});
		const { world, broker, network } = this.#simulation;
		Object.assign(broker.profile, profile);
		this.#wire = new WireJudge(world.clock, { publishEarly: settings.publishEarly as boolean });
		network.tap = this.#wire;
		this.#results = new ResultsJudge(() => world.now());
		this.#idle = new IdleJudge({
			quietMs: QUIET_MS + air.slackMs, now: () => world.now(), underWay: (clientId) => this.#wire.underWay(clientId),
			troubledSince: (ms) => world.conditions.stalled || this.#injected.some(({ untilMs }) => untilMs > ms),
		});
		this.#wire.onPacket = (packet, said, clientId) => {
			this.#results.packet(packet, said, clientId);
			this.#idle.packet(packet, said, clientId);
		};
		this.#wire.onRefused = (topic, payload) => {
			if (/\/(readings|backlog)$/.test(topic)) this.#auditorOf(topic)?.refused(payload);
		};
		const around = { weather, startUnixMs: world.startUnixMs, timesGiven: this.#timesGiven, conversions: settings.conversions as number, now: () => world.now() };
		this.#auditors = this.#simulation.nodes.map((node) => new Auditor(node.name));
		this.#measurements = this.#simulation.nodes.map((node, i) => new MeasurementsJudge(node, around, this.#auditors[i]!));
		const passOn = broker.onPublished;
		broker.onPublished = (message) => {
			passOn(message);
			const auditor = this.#auditorOf(message.topic);
			auditor?.heard(message);
			if (auditor && message.topic.endsWith('/health')) this.#idle.health(auditor);
			if (!auditor || !message.topic.endsWith('/result')) return;
			this.#answered.add(auditor.name);
			this.#results.result(message.payload.toString());
		};
		this.#watchTimes();
	}

	async run(): Promise<void> {
		const { hours, plan, commandsEveryMs } = this.#scenario;
		this.#injected = inject(this.#simulation, plan);
		stall(this.#simulation, this.#scenario.seed, this.#scenario.network, plan.untilMs);
		const operator = new Operator(this.#simulation, this.#scenario, this.#wire, this.#measurementsOf, (sentence) => this.#violations.push(sentence));
		if (commandsEveryMs) operator.begin(commandsEveryMs);
		const untilMs = hours * 3_600_000;
		while (this.#simulation.world.now() < untilMs) {
			const step = this.#options.engine === 'xs' ? MEMORY_EVERY_MS : untilMs;
			await this.#simulation.run(Math.min(step, untilMs - this.#simulation.world.now()));
			await this.#weigh();
		}
		await this.#comeOnline();
		await this.#drain();
		await this.#answer();
		await this.#weigh();
		await this.#stop();
	}

	end(): void {
		this.#simulation.end();
	}

	outcome(): Outcome {
		const { seed, hours, settings } = this.#scenario;
		for (const node of this.#simulation.nodes) {
			if (node.counts.faults) this.#violations.push(`${node.name} started anew ${node.counts.faults} times by itself: ${node.ends.find((end) => !/^(restart|restart by itself|power cut|stopped|killed)$/.test(end))}`);
		}
		for (const { name, shortages } of this.#simulation.nodes) if (shortages.length) this.#violations.push(`${name}'s heap beside XS was empty: ${shortages[0]}`);
		for (const judge of this.#measurements) judge.conclude(settings.intervalMs as number, this.#scenario.commanded);
		this.#judgeAcknowledged();
		this.#results.conclude();
		this.#auditors.forEach((auditor, i) => auditor.concludeLosses((boot) => this.#measurements[i]!.lossAllowed(boot)));
		const boots = this.#auditors.flatMap((auditor) => [...auditor.boots.values()].map((boot) => ({ auditor, boot })));
		const sum = (of: (auditor: Auditor) => number): number => this.#auditors.reduce((total, each) => total + of(each), 0);
		const faults: Partial<Record<FaultKind, number>> = {};
		for (const { what } of this.#injected) faults[what] = (faults[what] ?? 0) + 1;
		return {
			seed, hours, faults,
			violations: [...this.#violations, ...this.#wire.violations, ...this.#results.violations, ...this.#idle.violations, ...this.#auditors.flatMap((each) => each.violations)],
			days: (this.#simulation.world.now() / 86_400_000) * this.#simulation.nodes.length,
			readings: boots.reduce((total, { boot }) => total + boot.readings.size, 0),
			late: sum((each) => each.late),
			duplicates: sum((each) => each.duplicates),
			dropped: boots.reduce((total, { boot }) => total + boot.dropped, 0),
			cameAllTheSame: sum((each) => each.cameAllTheSame),
			lostWithPower: boots.reduce((total, { auditor, boot }) => total + (boot === auditor.current ? 0 : auditor.missing(boot).length), 0),
			boots: this.#simulation.nodes.reduce((total, node) => total + node.counts.boots, 0),
			attempts: this.#wire.attempts,
			packets: this.#wire.packets,
			slow: this.#scenario.network.slow ? 1 : 0,
			idle: this.#idle.judged,
			heapLeast: this.#scenario.board === 'nodemcu' ? Math.min(...this.#simulation.nodes.map((node) => node.heapLeast)) : undefined,
			checkedTimes: this.#measurements.reduce((total, each) => total + each.checkedTimes, 0),
			checkedValues: this.#measurements.reduce((total, each) => total + each.checkedValues, 0),
			onlineMs: this.#onlineMs,
			drainedMs: this.#drainedMs,
			memory: this.#memory,
			trace: this.#simulation.trace(),
		};
	}

	#auditorOf(topic: string): Auditor | undefined {
		const name = topic.split('/')[1];
		return this.#auditors.find((auditor) => auditor.name === name);
	}

	readonly #measurementsOf = (name: string): MeasurementsJudge | undefined => this.#measurements[this.#auditors.findIndex((auditor) => auditor.name === name)];

	#line(name: string, line: string): void {
		this.#options.onLine?.(name, line, this.#simulation?.world.now() ?? 0);
		const judge = this.#measurementsOf(name);
		if (line.startsWith('Telltale ')) {
			judge?.booted(this.#simulation.world.now());
			this.#results.forgive(`telltale-${name}`);
		}
		const itself = /^restarted by itself \((\d+) times/.exec(line);
		if (itself && judge) judge.ownRestarts = Math.max(judge.ownRestarts, Number(itself[1]));
		if (line.includes(' cannot be kept: ')) judge?.unkept(this.#simulation.world.now());
		if (line.includes('it is set aside')) this.#results.forgive(`telltale-${name}`);
		if (line.startsWith('safe mode')) judge?.safe(this.#simulation.world.now());
	}

	/** Every answer of the time server, with how wrong it was. */
	#watchTimes(): void {
		const { conditions, clock } = this.#simulation.world;
		let offset = conditions.timeOffsetSeconds;
		Object.defineProperty(conditions, 'timeOffsetSeconds', {
			get: () => {
				this.#timesGiven.push({ at: clock.now(), offsetSeconds: offset });
				return offset;
			},
			set: (value: number) => void (offset = value),
		});
	}

	async #weigh(): Promise<void> {
		for (const node of this.#simulation.nodes) {
			const memory = await node.memory();
			if (!memory) continue;
			if (memory.bytes > (this.#memory?.bytes ?? 0)) this.#memory = memory;
			const { memoryMax = MEMORY_BYTES } = this.#options;
			if (memory.bytes > memoryMax) this.#violations.push(`${node.name} holds ${memory.bytes} bytes (${memory.slots} slots, ${memory.chunkBytes} in chunks); the chip has ${memoryMax}`);
		}
	}

	async #comeOnline(): Promise<void> {
		const from = this.#simulation.world.now();
		const refused = this.#injected.some(({ what, untilMs }) => what === 'refusal' && untilMs > from - REFUSED_MS - ONLINE_MS);
		const limitMs = ONLINE_MS + (refused ? REFUSED_MS : 0) + this.#scenario.network.slackMs;
		while (!this.#simulation.nodes.every((node) => this.#isOnline(node)) && this.#simulation.world.now() - from < limitMs) await this.#simulation.run(1_000);
		this.#onlineMs = this.#simulation.world.now() - from;
		for (const node of this.#simulation.nodes) {
			if (!this.#isOnline(node)) this.#violations.push(`${node.name} is not online ${limitMs / 1_000} s after the last fault (${node.running ? 'running' : 'not running'}, ${node.ends.at(-1) ?? 'first boot'})`);
		}
	}

	/** A connection of before that is half-open looks the same to a broker: what was said lately counts. */
	#isOnline(node: SimulatedNode): boolean {
		const { broker, world } = this.#simulation;
		const word = broker.retained.get(`telltale/${node.name}/status`);
		const lastHeardAt = this.#lastHeardAt(node);
		return node.running && broker.isConnected(`telltale-${node.name}`) && word?.payload.toString() === 'online' && lastHeardAt > this.#calmSince && world.now() >= lastHeardAt;
	}

	get #calmSince(): number {
		return this.#scenario.hours * 3_600_000;
	}

	#lastHeardAt(node: SimulatedNode): number {
		const { published } = this.#simulation.broker;
		for (let i = published.length - 1; i >= 0; i--) {
			if (published[i]!.clientId === `telltale-${node.name}` && !published[i]!.will) return published[i]!.at;
		}
		return -1;
	}

	/** Until everything that was sampled when the world was calm again has come. */
	async #drain(): Promise<void> {
		const { world } = this.#simulation;
		const from = world.now();
		await this.#simulation.run(65_000);
		const goals = this.#auditors.map((auditor) => ({ auditor, boot: auditor.current, goal: auditor.current?.sampled ?? 0 }));
		const waiting = Math.max(0, ...goals.map(({ boot }) => boot?.waiting ?? 0));
		// What was dropped is named by the next reading from RAM.
		const { readingMs, slackMs } = this.#scenario.network;
		const untilMs = from + DRAIN_MS + slackMs + waiting * (1_000 / DRAIN_PER_SECOND + readingMs) + (this.#scenario.settings.intervalMs as number);
		const isDrained = (): boolean => goals.every(({ auditor, boot, goal }) => boot && boot.healthAt > from && boot.waiting <= WAITING_FEW && !auditor.missing(boot, goal).length);
		while (!isDrained() && world.now() < untilMs) await this.#simulation.run(STEP_MS);
		this.#drainedMs = world.now() - from;
		for (const { auditor, boot, goal } of goals) {
			if (!boot || boot.healthAt <= from) this.#violations.push(`${auditor.name} says nothing of its health`);
			else if (boot.waiting > WAITING_FEW) this.#violations.push(`${auditor.name} still has ${boot.waiting} readings waiting ${Math.round(this.#drainedMs / 1_000)} s after it came online`);
			if (boot && auditor.missing(boot, goal).length) this.#violations.push(`${auditor.name} lacks ${auditor.missing(boot, goal).slice(0, 10)} of 1 to ${goal} in boot ${boot.name}, and nothing names them as dropped (${boot.dropped} were)`);
		}
	}

	/** A node that came back also listens. */
	async #answer(): Promise<void> {
		this.#answered.clear();
		for (const { name } of this.#simulation.nodes) this.#simulation.broker.publish(`telltale/${name}/set/sample`, `{"id":"end ${name}"}`, { qos: 1 });
		await this.#simulation.run(10_000 + this.#scenario.network.slackMs);
		for (const { name } of this.#simulation.nodes) if (!this.#answered.has(name)) this.#violations.push(`${name} does not answer commands when all is well again`);
	}

	async #stop(): Promise<void> {
		const { nodes, broker } = this.#simulation;
		for (const node of nodes) node.type('stop\n');
		await this.#simulation.run(10_000 + this.#scenario.network.slackMs);
		for (const node of nodes) {
			const word = broker.retained.get(`telltale/${node.name}/status`)?.payload.toString();
			if (word !== 'stopped') this.#violations.push(`${node.name} was stopped, and its status is "${word}"`);
		}
	}

	/** What a subscriber merged is a superset of all that was acknowledged to the node. */
	#judgeAcknowledged(): void {
		const payloads = new Set<string>();
		for (const { topic, payload } of this.#simulation.broker.published) if (/\/(readings|backlog)$/.test(topic)) payloads.add(payload.toString());
		for (const payload of this.#wire.acknowledged) {
			if (payload.startsWith('{"seq":') && !payloads.has(payload)) this.#violations.push(`acknowledged, and no subscriber has it: ${payload}`);
		}
	}
}

/** On their way at the moment that health was written. */
const WAITING_FEW = 2;

