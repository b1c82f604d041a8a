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

const SLOT_BYTES = 32;
const HEADER_BYTES = 16;
const CHIP_HEADER_BYTES = 8;
const CHIP_WORD = 4;
const KIND_AT = 8;
const ADDRESS_AT = 16;
/** Kinds whose chunk is an array of slots, or a table of pointers. */
const HALVED_KINDS = new Set([14, 15, 16, 47, 25, 27, 33]);

const CODE_KIND = 19;

export function measure(snapshot: Buffer): Memory {
	const { HEAP, BLOC } = atoms(snapshot);
	const slots = HEAP.length / SLOT_BYTES;
	const halved = new Set<number>();
	const code = new Set<number>();
	for (let at = 0; at < HEAP.length; at += SLOT_BYTES) {
		if (HALVED_KINDS.has(HEAP[at + KIND_AT])) halved.add(Number(HEAP.readBigUInt64LE(at + ADDRESS_AT)));
		if (HEAP[at + KIND_AT] === CODE_KIND) code.add(Number(HEAP.readBigUInt64LE(at + ADDRESS_AT)));
	}
	let chunkBytes = 0;
	let codeBytes = 0;
	for (let at = 0; at < BLOC.length; ) {
		const size = BLOC.readInt32LE(at) & 0x7fff_ffff;
		if (size < HEADER_BYTES) throw new Error(`The snapshot of XS cannot be read: a chunk of ${size} bytes at ${at}.`);
		const payload = size - HEADER_BYTES;
		const onChip = halved.has(at + HEADER_BYTES) ? payload / 2 : payload;
		chunkBytes += CHIP_HEADER_BYTES + Math.ceil(onChip / CHIP_WORD) * CHIP_WORD;
		if (code.has(at + HEADER_BYTES)) codeBytes += payload;
		at += size;
	}
	return { slots, chunkBytes, codeBytes };
}

/** Of the engine's creation, the fifth number of 32 bits. */
const STACK_COUNT_AT = 16;
/** What a machine on a chip has on its stack before it runs anything (fxCloneMachine in xsAPI.c): its intrinsics are in flash. */
const CHIP_STACK_BASE = 16;

/** The same machine with a stack that has room for as much as one of `slots` has on a chip. */
export function limitStack(snapshot: Buffer, slots: number): Buffer {
	const { CREA, STAC } = atoms(snapshot);
	const inUse = STAC.length / SLOT_BYTES;
	CREA.writeInt32LE(inUse + slots - CHIP_STACK_BASE, STACK_COUNT_AT);
	return snapshot;
}

/** Atoms of a big-endian size, a name of four letters and a body, within one of their kind. */
function atoms(snapshot: Buffer): Record<string, Buffer> {
	const found: Record<string, Buffer> = {};
	for (let at = 8; at + 8 <= snapshot.length; ) {
		const size = snapshot.readUInt32BE(at);
		if (size < 8) break;
		found[snapshot.toString('latin1', at + 4, at + 8)] = snapshot.subarray(at + 8, at + size);
		at += size;
	}
	return found;
}
