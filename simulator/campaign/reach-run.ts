// A node is sent settings, mostly wrong, again and again, and the power goes now and then. It must stay within reach.
//
// Rule: after each it answers a command again, at some broker, within the time that a trial may take; and goes by the settings that it
// had or by those that it was sent, all of them. What it refuses changes nothing.

import type { EngineKind } from '../engine/engine.js';
import { VirtualBroker } from '../virtual/broker.js';
import { startVirtualSimulation, type VirtualSimulation } from '../virtual.js';
import { Random } from '../world/random.js';
import { steadyWeather } from '../world/weather.js';
import { anyChange, NETWORK, PLACES } from './random-settings.js';

export interface ReachJob {
	readonly seed: number;
	/** So many are sent. */
	readonly changes: number;
	readonly engine: EngineKind;
}

export interface ReachOutcome extends ReachJob {
	readonly worked: number;
	readonly failed: number;
	readonly refused: number;
	readonly unchanged: number;
	readonly powerCuts: number;
	/** From a change until the node answers again. */
	readonly slowestMs: number;
	readonly days: number;
	readonly violations: readonly string[];
	readonly trace: string;
}

const SECOND_MS = 1_000;
/** Of each pair of network and broker: once in the trial, and again when the settings before it, with several themselves, are gone through. */
const PAIR_MS = 120 * SECOND_MS;
/** To say good-bye twice, boot twice, join and find out what a broker does not take. */
const REST_MS = 150 * SECOND_MS;
const PAIRS_MAX = 9;
/** Between two changes: sooner ones are refused. */
const FOLLOWING_MS = 60 * SECOND_MS;
const ASK_MS = 7 * SECOND_MS;
/** Of what was published last. */
const LOOK_BACK = 400;
const BOOTS_OF_A_LOOP = 5;

interface Result {
	readonly id: string;
	readonly ok: boolean;
	readonly error?: string;
	readonly trial?: number;
}

export async function reach(job: ReachJob): Promise<ReachOutcome> {
	const run = new ReachRun(job);
	try {
		return await run.go();
	} finally {
		run.end();
	}
}

class ReachRun {
	readonly #job: ReachJob;
	readonly #random: Random;
	readonly #brokers: VirtualBroker[] = [];
	readonly #violations: string[] = [];
	readonly #counts = { worked: 0, failed: 0, refused: 0, unchanged: 0, powerCuts: 0, slowestMs: 0 };
	#simulation!: VirtualSimulation;
	/** What the node says of a trial in this boot. */
	#trying = false;
	#asked = 0;
	/** Where it answered last. */
	#at = 0;
	#base = 'telltale/porch';

	constructor(job: ReachJob) {
		this.#job = job;
		this.#random = new Random(`reach/${job.seed}`);
	}

	end(): void {
		this.#simulation?.end();
	}

	async go(): Promise<ReachOutcome> {
		const { seed, changes, engine } = this.#job;
		const [{ host, user, password }] = PLACES as [typeof PLACES[number]];
		this.#simulation = await startVirtualSimulation({
			engine, seed: `reach/${seed}`, world: steadyWeather({ temperatureC: 21, humidityPct: 45 }),
			settings: { node: 'porch', intervalMs: 10_000, ...NETWORK, host, user, password },
			onLine: (_node, line) => this.#line(line),
		});
		const { world, network, broker } = this.#simulation;
		for (const place of PLACES) {
			network.names.set(place.host, place.address);
			const each = this.#brokers.length === 0 ? broker : new VirtualBroker(world.clock, network, place.address);
			each.requireCredentials(place.user, place.password);
			each.faults.silent = place.deaf === true;
			this.#brokers.push(each);
		}
		await this.#answers(REST_MS, 'at the beginning');
		for (let number = 1; number <= changes && this.#violations.length === 0; number++) await this.#change(`change ${number}`, anyChange(this.#random));
		return { ...this.#job, ...this.#counts, days: world.now() / 86_400_000, violations: this.#violations, trace: this.#simulation.trace() };
	}

	#line(line: string): void {
		if (line.startsWith('Telltale ')) this.#trying = false;
		const said = /^settings number \d+ (are on trial|work,|do not work)/.exec(line)?.[1];
		if (said === 'are on trial') this.#trying = true;
		if (said === 'work,') this.#trying = false;
		if (said === 'work,') this.#counts.worked++;
		if (said === 'do not work') this.#counts.failed++;
	}

	async #change(which: string, change: Record<string, unknown>): Promise<void> {
		const { world, nodes: [node] } = this.#simulation;
		const before = node!.storage.settings;
		const what = `${which}, ${JSON.stringify(change)}`;
		await this.#simulation.run(FOLLOWING_MS);
		const from = world.now();
		const id = this.#send(this.#at, this.#base, 'config', change);
		// It goes in time to cut the answer, the restart, or the trial short.
		if (this.#random.chance(0.25)) await this.#cutPower(this.#random.between(0, 25 * SECOND_MS));
		const result = await this.#resultOf(id, 15 * SECOND_MS);
		await this.#answers(PAIRS_MAX * PAIR_MS + REST_MS, what);
		this.#counts.slowestMs = Math.max(this.#counts.slowestMs, world.now() - from);
		if (result?.ok === false) this.#counts.refused++;
		if (result?.ok === true && result.trial === undefined) this.#counts.unchanged++;
		const after = node!.storage.settings;
		const same = JSON.stringify(before) === JSON.stringify(after);
		if (!same && result && !(result.ok && result.trial)) this.#violations.push(`${what}: the answer was ${JSON.stringify(result)}, and the settings are others: ${JSON.stringify(after)}`);
		if (!same) this.#judge(what, change, before, after);
		if (JSON.stringify(result ?? '').includes('password"') && /(first|second|third) password|simulated +air/.test(JSON.stringify(result))) this.#violations.push(`${what}: the answer shows a secret`);
	}

	/** All of it, or nothing. */
	#judge(what: string, change: Record<string, unknown>, before: object, after: Readonly<Record<string, unknown>>): void {
		for (const [key, value] of Object.entries(change)) {
			if (typeof value === 'object') continue;
			if ((after[key] ?? value) !== value) this.#violations.push(`${what}: ${key} is ${JSON.stringify(after[key])}; before it all were ${JSON.stringify(before)}`);
		}
	}

	async #cutPower(afterMs: number): Promise<void> {
		const [node] = this.#simulation.nodes;
		await this.#simulation.run(afterMs);
		if (!node!.running) return;
		this.#counts.powerCuts++;
		node!.powerCut();
		// A person does not do so five times within minutes.
		const preferences = node!.storage.preferences.get('telltale');
		if (Number(preferences?.get('boots')?.[1] ?? 0) >= BOOTS_OF_A_LOOP - 1) preferences!.set('boots', ['number', 0]);
		await node!.powerOn();
	}

	#send(at: number, base: string, name: string, value?: unknown): string {
		const id = `${name} ${++this.#asked}`;
		this.#brokers[at]!.publish(`${base}/set/${name}`, JSON.stringify({ id, value }));
		return id;
	}

	#heard(id: string): { readonly at: number; readonly base: string; readonly result: Result } | undefined {
		for (const [at, { published }] of this.#brokers.entries()) {
			for (let i = published.length - 1; i >= 0 && i >= published.length - LOOK_BACK; i--) {
				const { topic, payload } = published[i]!;
				if (topic.endsWith('/result') && payload.includes(`"${id}"`)) return { at, base: topic.slice(0, -'/result'.length), result: JSON.parse(payload.toString()) as Result };
			}
		}
		return undefined;
	}

	async #resultOf(id: string, limitMs: number): Promise<Result | undefined> {
		for (let ms = 0; ms < limitMs && !this.#heard(id); ms += SECOND_MS) await this.#simulation.run(SECOND_MS);
		return this.#heard(id)?.result;
	}

	/** Where a node has said that it is. */
	#basesAt({ published }: VirtualBroker): string[] {
		const topics = published.slice(-LOOK_BACK).filter(({ topic }) => topic.endsWith('/status')).map(({ topic }) => topic.slice(0, -'/status'.length));
		return [...new Set([this.#base, ...topics])];
	}

	/** Waits until the node, with nothing on trial any more, answers a command somewhere. */
	async #answers(limitMs: number, what: string): Promise<void> {
		const { world } = this.#simulation;
		const until = world.now() + limitMs;
		while (world.now() < until) {
			const settled = !this.#trying;
			const ids = settled ? this.#brokers.flatMap((broker, at) => this.#basesAt(broker).map((base) => this.#send(at, base, 'sample'))) : [];
			await this.#simulation.run(ASK_MS);
			const answer = ids.map((id) => this.#heard(id)).find(Boolean);
			if (!answer || this.#trying) continue;
			this.#at = answer.at;
			this.#base = answer.base;
			return;
		}
		this.#violations.push(`${what}: the node is out of reach after ${limitMs / SECOND_MS} s, with ${JSON.stringify(this.#simulation.nodes[0]!.storage.settings)}`);
	}
}
