// What a snapshot of XS tells of the memory that its guest holds, in the chip's measure.
//
// Rule: everything in a snapshot is alive (writing one begins with a collection). This engine is a 64-bit one: a slot of 32
// bytes there is one of 16 on the chip, an array's elements and a table's pointers likewise half; a chunk's header of 16 is 8.
// xsSnapshot.c, xsAll.h of XS.

export interface Memory {
	slots: number;
	/** Chunks with their headers, as 32-bit XS would have them. */
	chunkBytes: number;
	/** Of those, byte code, which is in flash on a chip. */
	codeBytes: number;
}

/** With what the engine has reserved for it. */
export interface Weight extends Memory {
	/** Never given back, on a chip neither. */
	slotsHeld: number;
	/** Both in this engine's own measure. */
	chunks: number;
	chunksHeld: number;
}

/** Of this engine. */
export const SLOT_BYTES = 32;
export const HEADER_BYTES = 16;
const CHIP_HEADER_BYTES = 8;
const CHIP_WORD = 4;
const KIND_AT = 8;
const ADDRESS_AT = 16;

/** What a slot is (xsAll.h), as far as it refers to others or to a chunk. */
export const enum Kind {
	String = 5, BigInt = 8, Reference = 10, Closure = 11, Instance = 13, SloppyArguments = 14, StrictArguments = 15, Array = 16,
	ArrayBuffer = 17, Callback = 18, Code = 19, CodeX = 20, Global = 25, Host = 26, Map = 27, Module = 28, Program = 29, Proxy = 31,
	Set = 33, WeakMap = 35, WeakSet = 37, Accessor = 38, Error = 41, Home = 42, Key = 43, List = 45, Private = 46, Stack = 47,
}

/** Kinds whose chunk is an array of slots, or a table of pointers. */
export const HALVED_KINDS = new Set<number>([Kind.SloppyArguments, Kind.StrictArguments, Kind.Array, Kind.Stack, Kind.Global, Kind.Map, Kind.Set]);

export function weigh(snapshot: Buffer): Weight {
	const { CREA, HEAP, BLOC } = atoms(snapshot);
	const slots = HEAP.length / SLOT_BYTES;
	const halved = new Set<number>();
	const code = new Set<number>();
	for (let at = 0; at < HEAP.length; at += SLOT_BYTES) {
		if (HALVED_KINDS.has(HEAP[at + KIND_AT])) halved.add(Number(HEAP.readBigUInt64LE(at + ADDRESS_AT)));
		if (HEAP[at + KIND_AT] === Kind.Code) code.add(Number(HEAP.readBigUInt64LE(at + ADDRESS_AT)));
	}
	let chunkBytes = 0;
	let codeBytes = 0;
	for (let at = 0; at < BLOC.length; ) {
		const size = BLOC.readInt32LE(at) & 0x7fff_ffff;
		if (size < HEADER_BYTES) throw new Error(`The snapshot of XS cannot be read: a chunk of ${size} bytes at ${at}.`);
		chunkBytes += chunkBytesOnChip(size, halved.has(at + HEADER_BYTES));
		if (code.has(at + HEADER_BYTES)) codeBytes += size - HEADER_BYTES;
		at += size;
	}
	const slotsHeld = CREA.readInt32LE(Word.Slots * 4) - 1;
	return { slots, chunkBytes, codeBytes, slotsHeld, chunks: BLOC.length, chunksHeld: CREA.readInt32LE(Word.Chunks * 4) };
}

/** Of a chunk that takes so much here, its header included. */
export function chunkBytesOnChip(size: number, halved: boolean): number {
	const payload = size - HEADER_BYTES;
	return CHIP_HEADER_BYTES + Math.ceil((halved ? payload / 2 : payload) / CHIP_WORD) * CHIP_WORD;
}

/** Of the engine's creation, numbers of 32 bits. */
const enum Word { Chunks, ChunksStep, Slots, SlotsStep, Stack, Parser = 9 }

/** What a machine on a chip has on its stack before it runs anything (fxCloneMachine in xsAPI.c): its intrinsics are in flash. */
const CHIP_STACK_BASE = 16;

export interface Creation {
	readonly stackSlots: number;
	/** Free to begin with, and added when there are none left. */
	readonly slots: number;
	readonly slotsStep: number;
	readonly chunkBytes: number;
	readonly chunkStep: number;
	readonly parserBytes: number;
}

/** The same machine with room for as much as a machine of that creation has on a chip, beyond what it holds already. */
export function recreated(snapshot: Buffer, creation: Creation): Buffer {
	const { CREA, BLOC, HEAP, STAC } = atoms(snapshot);
	const write = (word: Word, value: number): void => void CREA.writeInt32LE(value, word * 4);
	write(Word.Chunks, BLOC.length + creation.chunkBytes);
	write(Word.ChunksStep, creation.chunkStep);
	write(Word.Slots, HEAP.length / SLOT_BYTES + 1 + creation.slots);
	write(Word.SlotsStep, creation.slotsStep);
	write(Word.Stack, STAC.length / SLOT_BYTES + creation.stackSlots - CHIP_STACK_BASE);
	write(Word.Parser, creation.parserBytes);
	return snapshot;
}

/** Atoms of a big-endian size, a name of four letters and a body, within one of their kind. */
export function atoms(snapshot: Buffer): Record<string, Buffer> {
	const found: Record<string, Buffer> = {};
	for (let at = 8; at + 8 <= snapshot.length; ) {
		const size = snapshot.readUInt32BE(at);
		if (size < 8) break;
		found[snapshot.toString('latin1', at + 4, at + 8)] = snapshot.subarray(at + 8, at + size);
		at += size;
	}
	return found;
}
