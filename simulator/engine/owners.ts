// Who keeps how many bytes alive in a guest on XS, beyond what was there before it ran.
//
// Rule: both snapshots are walked side by side from their roots; what has no counterpart in the first was made since. Each slot and chunk of
// that counts once, for the nearest owner: an instance of a class, a function, or else what two owners reach equally soon, which owns itself.

import { SLOT_BYTES } from './creation.js';
import { Graph } from './graph.js';
import { Kind } from './snapshot.js';

export interface Owner {
	/** Of its class; of what several share, the name that it is held by. */
	readonly name: string;
	readonly isClass: boolean;
	/** The owners that share it, if it is shared. */
	readonly sharedBy: string[];
	/** How many of them there are. */
	count: number;
	slots: number;
	/** In the chip's measure, as `bytes`, which are all. */
	chunkBytes: number;
	bytes: number;
}

/** Owners that are no class. */
export const FUNCTIONS = 'functions made at run time';
export const REST = 'names, and what no instance holds';

/** The largest first. Classes that `isOwn` names take what they reach before others do. */
export function ownersOf(before: Buffer, now: Buffer, isOwn: (name: string) => boolean): Owner[] {
	const graph = new Graph(now);
	const known = knownOf(new Graph(before), graph);
	return new Division(graph, known, isOwn).owners();
}

/** Slots of `now` that were there before: 1 at their number. */
function knownOf(before: Graph, now: Graph): Uint8Array {
	const known = new Uint8Array(now.count + 1);
	const met = new Uint8Array(before.count + 1);
	const waiting: [number, number][] = [];
	const meet = (old: number, young: number): void => {
		if (!old || !young || met[old] || known[young]) return;
		if ((before.kind(old) === Kind.Instance) !== (now.kind(young) === Kind.Instance)) return;
		met[old] = known[young] = 1;
		waiting.push([old, young]);
	};
	before.roots.forEach((root, i) => meet(root, now.roots[i] ?? 0));
	for (let pair = waiting.pop(); pair; pair = waiting.pop()) {
		const young = now.held(pair[1]).slots;
		before.held(pair[0]).slots.forEach((old, i) => meet(old, young[i] ?? 0));
	}
	return known;
}

/** Something that is to be divided, and who claims it. */
interface Claim {
	readonly owner: Owner;
	/** The name of the property that leads there. */
	readonly heldBy: string;
}

class Division {
	readonly #graph: Graph;
	/** 1 for what is not to be divided, or has its owner. */
	readonly #taken: Uint8Array;
	/** Those that are not to be divided either, or have their owner: a text that is handed on keeps its chunk. */
	readonly #chunks = new Set<number>();
	/** Of instances that own themselves. */
	readonly #names = new Map<number, string>();
	readonly #owners = new Map<string, Owner>();

	constructor(graph: Graph, known: Uint8Array, isOwn: (name: string) => boolean) {
		this.#graph = graph;
		this.#taken = known;
		for (let slot = 1; slot <= graph.count; slot++) {
			if (known[slot]) {
				for (const chunk of graph.held(slot).chunks) this.#chunks.add(chunk);
				continue;
			}
			const name = this.#nameOf(slot);
			if (name) this.#names.set(slot, name);
		}
		const rank = (name: string): number => (name === FUNCTIONS ? 1 : isOwn(name) ? 0 : 2);
		for (const turn of [0, 1, 2]) this.#spread([...this.#names].filter(([, name]) => rank(name) === turn));
		this.#takeRest();
	}

	owners(): Owner[] {
		return [...this.#owners.values()].sort((one, other) => other.bytes - one.bytes);
	}

	/** From these instances outwards, one step from object to object at a time. */
	#spread(from: readonly [instance: number, name: string][]): void {
		let claims = new Map<number, Claim[]>();
		for (const [instance, name] of from) this.#take(instance, '', this.#owner(name, 1), claims);
		while (claims.size) {
			const next = new Map<number, Claim[]>();
			for (const [instance, claimants] of claims) {
				if (this.#taken[instance]) continue;
				const { owner, heldBy } = claimants[0]!;
				const isShared = claimants.some((each) => each.owner !== owner);
				this.#take(instance, heldBy, isShared ? this.#shared(heldBy, claimants) : owner, next);
			}
			claims = next;
		}
	}

	/** The instance with its properties, and what they refer to that is no instance; those are claimed. */
	#take(instance: number, held: string, owner: Owner, claims: Map<number, Claim[]>): void {
		const graph = this.#graph;
		const waiting: [slot: number, heldBy: string][] = [[instance, held]];
		for (let each = waiting.pop(); each; each = waiting.pop()) {
			const [slot, heldBy] = each;
			if (!slot || this.#taken[slot]) continue;
			if (slot !== instance && graph.kind(slot) === Kind.Instance) {
				if (this.#names.has(slot)) continue;
				const list = claims.get(slot) ?? [];
				list.push({ owner, heldBy });
				claims.set(slot, list);
				continue;
			}
			this.#taken[slot] = 1;
			owner.slots++;
			owner.bytes += SLOT_BYTES;
			const { slots, chunks } = graph.held(slot);
			for (const chunk of chunks) this.#takeChunk(chunk, graph.kind(slot), owner);
			const [next, ...rest] = slots;
			waiting.push([next!, held]);
			for (const target of rest) waiting.push([target, graph.name(slot) || heldBy]);
		}
	}

	#takeChunk(chunk: number, kind: number, owner: Owner): void {
		if (this.#chunks.has(chunk)) return;
		this.#chunks.add(chunk);
		const bytes = this.#graph.chunkBytes(chunk, kind);
		owner.chunkBytes += bytes;
		owner.bytes += bytes;
	}

	/** What is left hangs on what was there before. */
	#takeRest(): void {
		const owner = this.#owner(REST, 0);
		for (let slot = 1; slot <= this.#graph.count; slot++) {
			const claims = new Map<number, Claim[]>();
			if (!this.#taken[slot]) this.#take(slot, '', owner, claims);
		}
	}

	#owner(name: string, more: number): Owner {
		const owner = this.#owners.get(name) ?? { name, isClass: name !== FUNCTIONS && name !== REST, sharedBy: [], count: 0, slots: 0, chunkBytes: 0, bytes: 0 };
		this.#owners.set(name, owner);
		owner.count += more;
		return owner;
	}

	/** Of several; what one of them shares already grows by it. */
	#shared(name: string, claims: readonly Claim[]): Owner {
		const owners = claims.map(({ owner }) => owner);
		const owner: Owner = owners.find(({ sharedBy }) => sharedBy.length) ?? { name, isClass: false, sharedBy: [], count: 1, slots: 0, chunkBytes: 0, bytes: 0 };
		for (const each of owners) if (!each.sharedBy.length && !owner.sharedBy.includes(each.name)) owner.sharedBy.push(each.name);
		this.#owners.set(`${owner.name} of ${owner.sharedBy[0]}`, owner);
		return owner;
	}

	/** Of an instance that owns itself: a function, or one of a class that is no built-in. */
	#nameOf(slot: number): string {
		const graph = this.#graph;
		if (graph.kind(slot) !== Kind.Instance) return '';
		if (isFunction(graph, slot)) return FUNCTIONS;
		const made = graph.target(graph.property(graph.prototype(slot), 'constructor'));
		return made && graph.kind(graph.next(made)) !== Kind.Callback ? graph.text(graph.property(made, 'name')) : '';
	}
}

function isFunction(graph: Graph, instance: number): boolean {
	const kind = graph.next(instance) && graph.kind(graph.next(instance));
	return kind === Kind.Code || kind === Kind.CodeX || kind === Kind.Callback;
}
