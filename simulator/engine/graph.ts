// A snapshot of XS as a graph: what refers to what, and what each slot and chunk takes on a chip.
//
// Rule: a node is a slot of the heap, by its number from 1; 0 is nothing. The elements of an array are slots within its chunk, and are
// read with the slot that holds it. What a slot refers to is what XS's collector follows (fxMarkValue in xsMemory.c).

import { atoms, chunkBytesOnChip, HALVED_KINDS, HEADER_BYTES, Kind, SLOT_BYTES as SIZE } from './snapshot.js';

const KIND_AT = 8;
const ID_AT = 12;
const VALUE_AT = 16;
const OTHER_AT = 24;
const POINTER_BYTES = 8;

/** Kinds that refer to one slot, and to two. */
const ONE = new Set<number>([Kind.Reference, Kind.Closure, Kind.Module, Kind.Program, Kind.Error, Kind.WeakMap, Kind.WeakSet]);
const TWO = new Set<number>([Kind.Accessor, Kind.Home, Kind.List, Kind.Private, Kind.Proxy]);
/** Kinds that refer to one as the second half of their value. */
const SECOND = new Set<number>([Kind.Instance, Kind.Code, Kind.CodeX]);
const ARRAYS = new Set<number>([Kind.Array, Kind.SloppyArguments, Kind.StrictArguments, Kind.Stack]);
const TABLES = new Set<number>([Kind.Map, Kind.Set]);
const CHUNKS = new Set<number>([Kind.String, Kind.BigInt, Kind.ArrayBuffer, Kind.Code, Kind.Key, Kind.Host, Kind.Global]);

export interface Held {
	/** Slots that it refers to, 0 among them, always in the same order. */
	readonly slots: number[];
	/** Where its chunks begin. */
	readonly chunks: number[];
}

export class Graph {
	/** Of the slots: they are 1 to `count`. */
	readonly count: number;
	/** What the machine itself holds on to. */
	readonly roots: readonly number[];
	readonly #heap: Buffer;
	readonly #chunks: Buffer;
	readonly #keys: Buffer;

	constructor(snapshot: Buffer) {
		const { HEAP, BLOC, STAC, KEYS } = atoms(snapshot);
		this.#heap = HEAP;
		this.#chunks = BLOC;
		this.#keys = KEYS;
		this.count = HEAP.length / SIZE;
		const held: Held = { slots: [], chunks: [] };
		for (let at = 0; at < STAC.length; at += SIZE) this.#read(STAC, at, held);
		for (let at = 0; at < KEYS.length; at += POINTER_BYTES) held.slots.push(pointer(KEYS, at));
		this.roots = held.slots;
	}

	kind(slot: number): number {
		return this.#heap[(slot - 1) * SIZE + KIND_AT]!;
	}

	/** The slot behind it in the list of an object's properties. */
	next(slot: number): number {
		return pointer(this.#heap, (slot - 1) * SIZE);
	}

	/** What the slot refers to, the next of its list first. */
	held(slot: number): Held {
		const held: Held = { slots: [this.next(slot)], chunks: [] };
		this.#read(this.#heap, (slot - 1) * SIZE, held);
		return held;
	}

	/** The prototype of an instance. */
	prototype(slot: number): number {
		return this.kind(slot) === Kind.Instance ? pointer(this.#heap, (slot - 1) * SIZE + OTHER_AT) : 0;
	}

	/** The name of a property's slot; '' if it has none. */
	name(slot: number): string {
		const id = this.#heap.readUInt32LE((slot - 1) * SIZE + ID_AT);
		const key = id && (id + 1) * POINTER_BYTES <= this.#keys.length ? pointer(this.#keys, id * POINTER_BYTES) : 0;
		return key ? this.text(key) : '';
	}

	/** The property of that name of an instance; 0 if it has none. */
	property(instance: number, name: string): number {
		let slot = this.next(instance);
		while (slot && this.name(slot) !== name) slot = this.next(slot);
		return slot;
	}

	/** What a property that is a reference leads to; 0 if it is none. */
	target(slot: number): number {
		return slot && this.kind(slot) === Kind.Reference ? pointer(this.#heap, (slot - 1) * SIZE + VALUE_AT) : 0;
	}

	/** Of a text or a key. */
	text(slot: number): string {
		const at = pointer(this.#heap, (slot - 1) * SIZE + VALUE_AT);
		if (!at || (this.kind(slot) !== Kind.String && this.kind(slot) !== Kind.Key)) return '';
		return this.#chunks.toString('utf8', at, this.#chunks.indexOf(0, at));
	}

	/** What a chunk takes on a chip that a slot of that kind holds. */
	chunkBytes(chunk: number, kind: number): number {
		return chunkBytesOnChip(this.#sizeOf(chunk), HALVED_KINDS.has(kind));
	}

	#read(slots: Buffer, at: number, { slots: into, chunks }: Held): void {
		const kind = slots[at + KIND_AT]!;
		const value = pointer(slots, at + VALUE_AT);
		if (ONE.has(kind)) into.push(value);
		else if (TWO.has(kind)) into.push(value, pointer(slots, at + OTHER_AT));
		else if (SECOND.has(kind)) into.push(pointer(slots, at + OTHER_AT));
		if (value && (CHUNKS.has(kind) || ARRAYS.has(kind) || TABLES.has(kind))) chunks.push(value);
		if (value && ARRAYS.has(kind)) this.#readArray(value, { slots: into, chunks });
		if (value && TABLES.has(kind)) for (let i = value; i < this.#endOf(value); i += POINTER_BYTES) into.push(pointer(this.#chunks, i));
	}

	#readArray(chunk: number, held: Held): void {
		for (let at = chunk; at + SIZE <= this.#endOf(chunk); at += SIZE) this.#read(this.#chunks, at, held);
	}

	#endOf(chunk: number): number {
		return chunk - HEADER_BYTES + this.#sizeOf(chunk);
	}

	/** With its header; the highest bit is the collector's. */
	#sizeOf(chunk: number): number {
		return this.#chunks.readInt32LE(chunk - HEADER_BYTES) & 0x7fff_ffff;
	}
}

function pointer(bytes: Buffer, at: number): number {
	return Number(bytes.readBigUInt64LE(at));
}
