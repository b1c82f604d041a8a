// One world from one seed, from power on through everything that goes wrong until all is well again, and the judgement.
//
// Rule: the invariants below hold in every world, whatever the seed; each violation is a sentence. The same seed and hours
// make the same run, to the last byte: `trace` says whether they did.

import { MEMORY_BYTES } from '../engine/creation.js';
import { inject, type Injected } from './fault-injection.js';
import type { NodeMemory, SimulatedNode } from '../board/simulated-node.js';
import { startVirtualSimulation, type VirtualSimulation } from '../virtual.js';
import { Auditor } from '../audit/auditor.js';
import { IdleJudge } from './idle.js';
import { LetGo } from './let-go.js';
import { hampers, MannersPlan, PUT_OFF_MS } from './manners.js';
import { MeasurementsJudge, timesGivenIn } from './measurements.js';
import { stall } from './network.js';
import { onlineLimitMs } from './online.js';
import type { Outcome, SoakOptions } from './outcome.js';
import { Operator } from './operator.js';
import { Presence } from './presence.js';
import { ResultsJudge } from './results.js';
import { scenarioOf, type Scenario } from './scenario.js';
import { WireJudge } from './wire.js';

/** Late readings go at ten a second; and the last of them must be acknowledged and said in `health`. */
const DRAIN_PER_SECOND = 10;
const DRAIN_MS = 180_000;
/** A broker that hangs up is left alone for 75 s at the most, and shows what it forbids within a few connections. */
const MANNERS_MS = 600_000;
const STEP_MS = 5_000;
/** Commands to a node that may have no subscription yet. */
const ASK_EVERY_MS = 30_000;
/** Then a link is idle. */
const QUIET_MS = 4_000;
/** What was turned down goes out anew after a minute at the most, and readings are slow until some were taken. */
const SLOWED_MS = 180_000;
const MEMORY_EVERY_MS = 20 * 60_000;

export type { Outcome, SoakOptions } from './outcome.js';

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
	#simulation!: VirtualSimulation;
	#wire!: WireJudge;
	#results!: ResultsJudge;
	#idle!: IdleJudge;
	#auditors: Auditor[] = [];
	#measurements: MeasurementsJudge[] = [];
	#injected: readonly Injected[] = [];
	#manners!: MannersPlan;
	#stalledSince: (ms: number) => boolean = () => false;
	#presence!: Presence;
	/** Messages that a node gave up, as its log says, since the broker had hung up on them: by node. */
	readonly #setAside = new Map<string, number>();
	#onLive: (node: string) => void = () => {};
	/** All is well from then on, or shall be. */
	#calmSince = 0;
	#onlineMs = 0;
	#drainedMs = 0;
	#memory: NodeMemory | undefined;
	/** Answers to the last command, by node. */
	readonly #answered = new Set<string>();

	constructor(options: SoakOptions) {
		this.#options = options;
		this.#scenario = scenarioOf(options.seed, options.hours, options.anyParts);
	}

	async start(): Promise<void> {
		const { board, nodes, settings, profile, manners, weather, ticksAtBoot, seed, network: air } = this.#scenario;
		this.#simulation = await startVirtualSimulation({
			engine: this.#options.engine ?? 'node', seed, board, nodes, settings, ticksAtBoot, world: weather, conditions: air.conditions,
			script: this.#options.script,
			onLine: (node, line) => this.#line(node, line),
		});
		const { world, broker, network } = this.#simulation;
		Object.assign(broker.profile, profile);
		this.#wire = new WireJudge(world.clock, { publishEarly: settings.publishEarly as boolean });
		network.tap = this.#wire;
		this.#manners = new MannersPlan(this.#simulation, manners, profile, this.#untilMs);
		const letGo = manners.quiet ? new LetGo(() => world.now()) : undefined;
		this.#results = new ResultsJudge(() => world.now(), manners.quiet);
		this.#idle = new IdleJudge({
			quietMs: QUIET_MS + air.slackMs, now: () => world.now(), underWay: (clientId) => this.#wire.underWay(clientId),
			// With QoS 0 no packet is awaited: what a stall held back is seen by nothing else.
			troubledSince: (ms) => world.conditions.stalled || (manners.quiet && this.#stalledSince(ms)) || this.#manners.hamperedSince(ms) || this.#injected.some(({ what, untilMs }) => untilMs + (what === 'turnedDown' ? SLOWED_MS : 0) > ms),
		});
		this.#wire.onPacket = (packet, said, clientId) => {
			letGo?.packet(packet, said, clientId);
			this.#results.packet(packet, said, clientId);
			this.#idle.packet(packet, said, clientId);
		};
		this.#wire.onRefused = (topic, payload, code) => {
			if (/\/(readings|backlog)$/.test(topic)) this.#auditorOf(topic)?.refused(payload, code);
		};
		const around = { weather, startUnixMs: world.startUnixMs, timesGiven: timesGivenIn(world), conversions: settings.conversions as number, sensors: settings.sensors as string, now: () => world.now() };
		this.#auditors = this.#simulation.nodes.map((node) => new Auditor(node.name, { forged: letGo?.lost }));
		this.#measurements = this.#simulation.nodes.map((node, i) => new MeasurementsJudge(node, around, this.#auditors[i]!));
		const passOn = broker.onPublished;
		broker.onPublished = (message) => {
			passOn(message);
			const auditor = this.#auditorOf(message.topic);
			auditor?.heard(message);
			if (auditor && message.topic.endsWith('/readings')) this.#onLive(auditor.name);
			if (auditor && message.topic.endsWith('/health')) this.#idle.health(auditor);
			if (!auditor || !message.topic.endsWith('/result')) return;
			this.#answered.add(auditor.name);
			this.#results.result(message.payload.toString());
		};
		this.#presence = new Presence(this.#simulation, settings.retain !== false);
	}

	async run(): Promise<void> {
		const { plan, commandsEveryMs, seed } = this.#scenario;
		this.#injected = inject(this.#simulation, plan);
		this.#manners.begin(seed);
		this.#stalledSince = stall(this.#simulation, this.#scenario.seed, this.#scenario.network, plan.untilMs);
		const operator = new Operator(this.#simulation, this.#scenario, this.#wire, this.#measurementsOf, (sentence) => this.#violations.push(sentence));
		if (commandsEveryMs) operator.begin(commandsEveryMs);
		const untilMs = this.#untilMs;
		while (this.#simulation.world.now() < untilMs) {
			const step = this.#options.engine === 'xs' ? MEMORY_EVERY_MS : untilMs;
			await this.#simulation.run(Math.min(step, untilMs - this.#simulation.world.now()));
			await this.#weigh();
		}
		await this.#liveWithManners();
		this.#manners.lift();
		this.#calmSince = this.#simulation.world.now();
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
		const [faults, manners] = [counted(this.#injected), counted(this.#manners.shown)];
		for (const node of this.#simulation.nodes) {
			if (node.counts.faults) this.#violations.push(`${node.name} started anew ${node.counts.faults} times by itself: ${node.ends.find((end) => !/^(restart|restart by itself|power cut|stopped|killed)$/.test(end))}`);
		}
		for (const { name, shortages } of this.#simulation.nodes) if (shortages.length) this.#violations.push(`${name}'s heap beside XS was empty: ${shortages[0]}`);
		for (const judge of this.#measurements) judge.conclude(settings.intervalMs as number, this.#scenario.commanded);
		this.#judgeAcknowledged();
		this.#results.conclude();
		this.#auditors.forEach((auditor, i) => {
			auditor.concludeLosses((boot) => this.#measurements[i]!.lossAllowed(boot));
			// Flash that fails leaves RAM alone, and the oldest there have to go.
			auditor.concludeDrops(faults.flashTrouble ? Infinity : this.#setAside.get(auditor.name) ?? 0);
		});
		const boots = this.#auditors.flatMap((auditor) => [...auditor.boots.values()].map((boot) => ({ auditor, boot })));
		const sum = (of: (auditor: Auditor) => number): number => this.#auditors.reduce((total, each) => total + of(each), 0);
		return {
			seed, hours, faults, manners,
			mannered: this.#scenario.manners.kinds.length ? 1 : 0,
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
		if (line.includes('it is set aside')) this.#setAside.set(name, (this.#setAside.get(name) ?? 0) + 1);
		if (RESULT_LEFT_OUT.some((words) => line.includes(words))) this.#results.forgive(`telltale-${name}`);
		if (line.startsWith('safe mode')) judge?.safe(this.#simulation.world.now());
	}

	async #weigh(): Promise<void> {
		for (const node of this.#simulation.nodes) {
			const memory = await node.memory();
			if (!memory) continue;
			if (memory.bytes > (this.#memory?.bytes ?? 0)) {
				this.#memory = memory;
				await this.#options.onMore?.(node, this.#simulation.world.now());
			}
			const { memoryMax = MEMORY_BYTES } = this.#options;
			if (memory.bytes > memoryMax) this.#violations.push(`${node.name} holds ${memory.bytes} bytes (${memory.slots} slots, ${memory.chunkBytes} in chunks); the chip has ${memoryMax}`);
		}
	}

	get #untilMs(): number {
		return this.#scenario.hours * 3_600_000;
	}

	async #comeOnline(): Promise<void> {
		const from = this.#simulation.world.now();
		const limitMs = this.#onlineLimitMs(from) + this.#scenario.manners.patienceMs;
		const isOnline = (node: SimulatedNode): boolean => this.#presence.isOnline(node, this.#calmSince);
		while (!this.#simulation.nodes.every(isOnline) && this.#simulation.world.now() - from < limitMs) await this.#simulation.run(1_000);
		this.#onlineMs = this.#simulation.world.now() - from;
		for (const node of this.#simulation.nodes) {
			if (!isOnline(node)) this.#violations.push(`${node.name} is not online ${limitMs / 1_000} s after the last fault (${node.running ? 'running' : 'not running'}, ${node.ends.at(-1) ?? 'first boot'})`);
		}
	}

	/** What a broker forbids for good holds up no reading. */
	async #liveWithManners(): Promise<void> {
		const { forGood, patienceMs } = this.#scenario.manners;
		const { world } = this.#simulation;
		const from = world.now();
		if (!forGood.length) return;
		const intervalMs = this.#scenario.settings.intervalMs as number;
		const holes = (auditor: Auditor): number => (auditor.latest ? auditor.missing(auditor.latest, Math.max(...auditor.latest.readings.keys())).length : 0);
		const { readingMs, slackMs } = this.#scenario.network;
		const waiting = Math.max(0, ...this.#auditors.map(holes));
		const hindered = this.#scenario.manners.kinds.some(hampers) ? patienceMs : MANNERS_MS;
		const limitMs = this.#onlineLimitMs(from) + hindered + 2 * intervalMs + waiting * (1_000 / DRAIN_PER_SECOND + readingMs) + slackMs;
		const heard = new Set<string>();
		this.#onLive = (name) => void heard.add(name);
		const isWell = (): boolean => this.#auditors.every((auditor) => heard.has(auditor.name) && holes(auditor) === 0);
		while (!isWell() && world.now() - from < limitMs) await this.#simulation.run(STEP_MS);
		this.#onLive = () => {};
		for (const auditor of this.#auditors) {
			const lacks = holes(auditor);
			if (!heard.has(auditor.name)) this.#violations.push(`${auditor.name} publishes no reading for ${limitMs / 1_000} s where the broker has these manners: ${forGood.join(', ')}`);
			else if (lacks) this.#violations.push(`${auditor.name} still lacks ${lacks} readings after ${limitMs / 1_000} s where the broker has these manners: ${forGood.join(', ')}`);
		}
	}

	#onlineLimitMs(from: number): number {
		return onlineLimitMs(this.#injected, from) + this.#scenario.network.slackMs;
	}

	/** Until everything that was sampled when the world was calm again has come. */
	async #drain(): Promise<void> {
		const { world } = this.#simulation;
		const from = world.now();
		await this.#simulation.run(65_000);
		// Where it was put off, health of the boot that runs comes later.
		const { patienceMs } = this.#scenario.manners;
		while (!this.#auditors.every(({ current }) => current && current.healthAt > from) && world.now() - from < patienceMs) await this.#simulation.run(STEP_MS);
		const goals = this.#auditors.map((auditor) => ({ auditor, boot: auditor.current, goal: auditor.current?.sampled ?? 0 }));
		const waiting = Math.max(0, ...goals.map(({ boot }) => boot?.waiting ?? 0));
		// What was dropped is named by the next reading from RAM.
		const { readingMs, slackMs } = this.#scenario.network;
		const untilMs = from + DRAIN_MS + slackMs + patienceMs + waiting * (1_000 / DRAIN_PER_SECOND + readingMs) + (this.#scenario.settings.intervalMs as number);
		const isDrained = (): boolean => goals.every(({ auditor, boot, goal }) => boot && boot.healthAt > from && boot.waiting <= WAITING_FEW && !auditor.missing(boot, goal).length);
		while (!isDrained() && world.now() < untilMs) await this.#simulation.run(STEP_MS);
		this.#drainedMs = world.now() - from;
		for (const { auditor, boot, goal } of goals) {
			if (!boot || boot.healthAt <= from) this.#violations.push(`${auditor.name} says nothing of its health`);
			else if (boot.waiting > WAITING_FEW) this.#violations.push(`${auditor.name} still has ${boot.waiting} readings waiting ${Math.round(this.#drainedMs / 1_000)} s after it came online`);
			if (boot && auditor.missing(boot, goal).length) this.#violations.push(`${auditor.name} lacks ${auditor.missing(boot, goal).slice(0, 10)} of 1 to ${goal} in boot ${boot.name}, and nothing names them as dropped (${boot.dropped} were)`);
		}
	}

	/** A node that came back also listens; within the time for which it leaves out a SUBSCRIBE upon which connections ended, by chance or not. */
	async #answer(): Promise<void> {
		this.#answered.clear();
		const from = this.#simulation.world.now();
		const patienceMs = Math.max(PUT_OFF_MS, this.#scenario.manners.patienceMs);
		do {
			for (const { name } of this.#simulation.nodes) if (!this.#answered.has(name)) this.#simulation.broker.publish(`telltale/${name}/set/sample`, `{"id":"end ${name}"}`, { qos: 1 });
			await this.#simulation.run(10_000 + this.#scenario.network.slackMs);
			if (this.#answered.size < this.#simulation.nodes.length) await this.#simulation.run(ASK_EVERY_MS);
		} while (this.#answered.size < this.#simulation.nodes.length && this.#simulation.world.now() - from < patienceMs);
		for (const { name } of this.#simulation.nodes) if (!this.#answered.has(name)) this.#violations.push(`${name} does not answer commands when all is well again`);
	}

	async #stop(): Promise<void> {
		const { nodes } = this.#simulation;
		for (const node of nodes) node.type('stop\n');
		await this.#simulation.run(10_000 + this.#scenario.network.slackMs);
		for (const node of nodes) {
			const word = this.#presence.word(node);
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
/** What a node says of a result that nobody will get. */
const RESULT_LEFT_OUT = ['it is set aside', 'the result of that command is left out', 'no packet as large as the result', 'the broker turns result down'];
function counted<Kind extends string>(all: readonly { readonly what: Kind }[]): Partial<Record<Kind, number>> {
	const counts: Partial<Record<Kind, number>> = {};
	for (const { what } of all) counts[what] = (counts[what] ?? 0) + 1;
	return counts;
}
