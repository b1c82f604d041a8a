// Runs groups of hostile input against nodes, one after the other, and makes of each failure the shortest command that repeats it.
//
// Rule: a node lives through its block; one that falls is replaced, and the groups go on with the next. What it fell by is tried alone, on
// a new node, and input by input; where that does not show it, the groups before are needed too.

import { MEMORY_BYTES } from '../engine/creation.js';
import { Random } from '../world/random.js';
import { Arena, Fallen, type ArenaOptions } from './arena.js';
import { describe, INBOUND_MAX, remainingLength, type Input } from './input.js';
import { isFatal, type Complaint } from './judge.js';
import { groupOf, GROUPS_IN_A_BLOCK, settingsOf, type Group } from './plan.js';
import type { Asked } from './results.js';
import { SITUATIONS, type Situation } from './situations.js';

export interface Failure extends Complaint {
	/** Of the node that it was seen on: the first group it was given, and the one it was seen in. */
	readonly first: number;
	readonly group: number;
	readonly situation: string;
	/** The inputs of the group that are enough, if it was made smaller; and those in words. */
	readonly only: readonly number[] | undefined;
	readonly shown: readonly string[];
	readonly command: string;
}

export interface Outcome {
	/** Inputs that were given, by their kind; and groups by their situation. */
	readonly kinds: Readonly<Record<string, number>>;
	readonly situations: Readonly<Record<string, number>>;
	readonly inputs: number;
	readonly failures: readonly Failure[];
	readonly nodes: number;
	readonly probes: number;
	readonly samples: number;
	readonly readings: number;
	readonly virtualMs: number;
	/** What the node held at its most and at its ends, in bytes. */
	readonly memoryMax: number;
}

export interface Options {
	readonly seed: number;
	readonly first: number;
	readonly count: number;
	/** Only these inputs of the group, by their place; for one group. */
	readonly only?: readonly number[];
	/** Failures are made smaller. */
	readonly minimise?: boolean;
	readonly engine?: ArenaOptions['engine'];
	readonly script?: string;
	readonly onLine?: (line: string, at: number) => void;
	/** Told of each group: how many inputs it had, and how many failures were found. */
	readonly onGroup?: (inputs: number, failures: number) => void;
	/** What the node holds is weighed after so many groups. */
	readonly weighEvery?: number;
	/** What a node may hold, if not as much as the chip has. */
	readonly memoryMax?: number;
	/** Given in place of what the plan has. */
	readonly groups?: readonly Group[];
}

const SETTLE_MS = 2_000;
const WEIGH_EVERY = 10;
/** Bytes that a node may hold more at the end of a block than after its first groups. */
const GROWTH_MAX = 600;
const WEIGHED_MIN = 6;
const TRIALS_MAX = 40;
const SHOWN_MAX = 6;

export async function runGroups(options: Options): Promise<Outcome> {
	const run = new Run(options);
	await run.all();
	return run.outcome();
}

class Run {
	readonly #options: Options;
	readonly #kinds: Record<string, number> = {};
	readonly #situations: Record<string, number> = {};
	readonly #failures: Failure[] = [];
	readonly #total = { inputs: 0, nodes: 0, probes: 0, samples: 0, readings: 0, virtualMs: 0, memoryMax: 0 };
	readonly #minimised = new Set<string>();
	#arena: Arena | undefined;
	#first = 0;
	#weights: number[] = [];

	constructor(options: Options) {
		this.#options = options;
	}

	outcome(): Outcome {
		return { ...this.#total, kinds: this.#kinds, situations: this.#situations, failures: this.#failures };
	}

	async all(): Promise<void> {
		const { first, count, groups } = this.#options;
		try {
			for (let number = first; number < first + count; number++) {
				if (number % GROUPS_IN_A_BLOCK === 0) this.#leave();
				await this.#group(groups?.[number - first] ?? groupOf(this.#options.seed, number));
			}
		} finally {
			this.#leave();
		}
	}

	async #group(group: Group): Promise<void> {
		const chosen = this.#options.only ? { ...group, inputs: group.inputs.filter((_, i) => this.#options.only!.includes(i)) } : group;
		const arena = await this.#enter(group.number);
		const complaints = await giveGroup(arena, chosen);
		if (!complaints.some(isFatal) && (group.number + 1) % (this.#options.weighEvery ?? WEIGH_EVERY) === 0) complaints.push(...(await this.#weigh(arena)));
		this.#count(chosen);
		this.#options.onGroup?.(chosen.inputs.length, complaints.length);
		if (!complaints.length) return;
		if (complaints.some(isFatal)) this.#leave();
		for (const complaint of complaints) await this.#note(complaint, chosen);
	}

	async #enter(number: number): Promise<Arena> {
		if (this.#arena) return this.#arena;
		this.#total.nodes++;
		this.#first = number;
		this.#weights = [];
		return (this.#arena = await startArena(this.#options, number));
	}

	#leave(): void {
		if (!this.#arena) return;
		const { judge, now } = this.#arena;
		this.#total.samples += judge.samples;
		this.#total.readings += judge.ledger.readings;
		this.#total.virtualMs += now;
		this.#arena.end();
		this.#arena = undefined;
	}

	#count({ inputs, situation }: Group): void {
		this.#total.inputs += inputs.length;
		this.#total.probes++;
		this.#situations[situation] = (this.#situations[situation] ?? 0) + 1;
		for (const { kind } of inputs) this.#kinds[kind] = (this.#kinds[kind] ?? 0) + 1;
	}

	/** What is alive after garbage collection: within what the chip has, and no more than before. */
	async #weigh(arena: Arena): Promise<Complaint[]> {
		try {
			await arena.settle();
			const bytes = (await arena.node.memory())?.bytes ?? 0;
			this.#weights.push(bytes);
			this.#total.memoryMax = Math.max(this.#total.memoryMax, bytes);
			const { memoryMax = MEMORY_BYTES } = this.#options;
			if (bytes > memoryMax) throw arena.fall('memory', `the node holds ${bytes} bytes; the chip has ${memoryMax}`);
			const quarter = Math.max(2, this.#weights.length >> 2);
			const grown = Math.min(...this.#weights.slice(-quarter)) - Math.min(...this.#weights.slice(0, quarter));
			if (this.#weights.length >= WEIGHED_MIN && grown > GROWTH_MAX) throw arena.fall('memory', `the node holds ${grown} bytes more than at first: ${this.#weights.join(', ')}`);
			return takeComplaints(arena);
		} catch (fallen) {
			if (!(fallen instanceof Fallen)) throw fallen;
			return takeComplaints(arena);
		}
	}

	async #note(complaint: Complaint, group: Group): Promise<void> {
		const kind = signature(complaint);
		const fresh = !this.#minimised.has(kind);
		this.#minimised.add(kind);
		const first = this.#first;
		const places = group.inputs.map((_, i) => (this.#options.only ? this.#options.only[i]! : i));
		const small = fresh && this.#options.minimise && !this.#options.groups ? await this.#smallest(kind, group) : undefined;
		const only = small ?? (this.#options.only ? places : undefined);
		const inputs = small ? small.map((place) => groupOf(this.#options.seed, group.number).inputs[place]!) : group.inputs;
		this.#failures.push({
			...complaint, first: small ? group.number : first, group: group.number, situation: group.situation, only,
			shown: shownOf(inputs), command: commandFor(this.#options.seed, small ? group.number : first, group.number, only),
		});
	}

	/** Places of the inputs that show it alone on a new node; undefined if the whole group does not. */
	async #smallest(kind: string, { number, inputs }: Group): Promise<readonly number[] | undefined> {
		const { seed, engine, script } = this.#options;
		let trials = 0;
		const shows = async (only: readonly number[]): Promise<boolean> => {
			trials++;
			const { failures } = await runGroups({ seed, first: number, count: 1, only, ...(engine && { engine }), ...(script !== undefined && { script }) });
			return failures.some((failure) => signature(failure) === kind);
		};
		let left: readonly number[] = inputs.map((_, i) => i);
		if (!(await shows(left))) return undefined;
		for (let size = left.length >> 1; size >= 1 && trials < TRIALS_MAX; ) {
			const parts = Array.from({ length: Math.ceil(left.length / size) }, (_, i) => left.slice(i * size, (i + 1) * size));
			const enough = await first(parts, (part) => part.length < left.length && trials < TRIALS_MAX && shows(part));
			const without = enough ?? (await first(parts.map((part) => left.filter((place) => !part.includes(place))), (rest) => rest.length > 0 && trials < TRIALS_MAX && shows(rest)));
			if (without) left = without;
			size = Math.min(size >> (without ? 0 : 1), left.length >> 1);
		}
		return left;
	}
}

/** The first few, and how many more there are. */
function shownOf(inputs: readonly Input[]): string[] {
	const shown = inputs.slice(0, SHOWN_MAX).map(describe);
	return inputs.length > SHOWN_MAX ? [...shown, `and ${inputs.length - SHOWN_MAX} more`] : shown;
}

async function first<Value>(values: readonly Value[], is: (value: Value) => Promise<boolean> | boolean): Promise<Value | undefined> {
	for (const value of values) if (await is(value)) return value;
	return undefined;
}

function startArena({ seed, engine, script, onLine }: Options, number: number): Promise<Arena> {
	return Arena.start({
		seed: `hostile/${seed}/node/${number}`, settings: settingsOf(seed, Math.floor(number / GROUPS_IN_A_BLOCK)), ...(engine && { engine }), ...(script !== undefined && { script }),
		...(onLine && { onLine }),
	});
}

function takeComplaints({ judge }: Arena): Complaint[] {
	const { complaints } = judge;
	judge.complaints = [];
	return complaints;
}

/** What went wrong, without its numbers and texts: two with the same are one fault. */
export function signature({ what, sentence }: Complaint): string {
	return `${what}: ${sentence.replace(/"(?:[^"\\]|\\.)*"|\d[\d.,/]*|:\d+/g, '#').replace(/(#[, ]*)+/g, '# ').slice(0, 90)}`;
}

export function commandFor(seed: number, from: number, to: number, only: readonly number[] | undefined): string {
	const which = from === to ? `--group ${to}` : `--from ${from} --groups ${to - from + 1}`;
	return `npm run hostile -- --seed ${seed} ${which}${only ? ` --only ${only.join(',')}` : ''}`;
}

export async function giveGroup(arena: Arena, group: Group): Promise<Complaint[]> {
	try {
		await play(arena, group);
	} catch (fallen) {
		if (!(fallen instanceof Fallen)) throw fallen;
	}
	return takeComplaints(arena);
}

async function play(arena: Arena, { seed, situation: name, inputs, gapMs }: Group): Promise<void> {
	const random = new Random(seed);
	const situation: Situation = SITUATIONS[name];
	const { judge } = arena;
	judge.begin(0, 0);
	await arena.probe();
	const end = await situation.begin(arena, random);
	const stopping = name === 'stopping' ? 1 : 0;
	judge.begin(stopping + inputs.filter(({ ends }) => ends === 'restart').length, stopping + inputs.filter(({ ends }) => ends === 'stop').length);
	const before = { connects: arena.wire.connects, boots: arena.node.counts.boots };
	for (const input of inputs) await give(arena, input, name, gapMs);
	await arena.pass(SETTLE_MS);
	await end();
	await arena.probe();
	if (stopping || inputs.some(({ ends }) => ends)) await arena.lastWords();
	const away = name === 'away' || name === 'a backlog' ? 1 : 0;
	const undisturbed = !stopping && arena.node.counts.boots === before.boots && arena.wire.connects <= before.connects + away && inputs.every(({ raw, ends }) => !ends && (!raw || raw.polite));
	judge.end(askedOf(arena, inputs, situation), undisturbed);
	await arena.restore();
	for (const { message } of inputs) if (message?.retain) arena.simulation.broker.retained.delete(message.topic);
}

async function give(arena: Arena, input: Input, situation: string, gapMs: number): Promise<void> {
	// What ends a connection ends it for those behind it: they wait for the next.
	if (input.raw && situation === 'calm' && !arena.linked) await arena.online();
	arena.give(input);
	if (gapMs) await arena.pass(gapMs);
}

/** Which of the inputs have a result to come, and whether it is sure that they came. */
function askedOf({ wire: { version } }: Arena, inputs: readonly Input[], { sure }: Situation): Asked[] {
	return inputs.flatMap(({ message, expected }): Asked[] => {
		if (!expected || (message && remainingLength(message, version) > INBOUND_MAX)) return [];
		if (sure === 'stored' && !message?.qos) return [];
		return [{ expected, sure: sure === 'none' ? 'no' : expected.name === '' ? 'maybe' : 'yes', lane: message?.qos ? 'stored' : 'passing' }];
	});
}
