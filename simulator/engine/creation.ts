// What the manifest gives the firmware's machine, and whether a guest on XS keeps to it. Stacks are an ESP8266's on either chip.
//
// Rule: read from the manifest that the image is built from, so that a run is judged by what the chip will have. On an ESP8266 slots and
// chunks share one block: slots grow down from its end and never give back, chunks up from its beginning as far as they must. In this
// 64-bit engine each has a heap of its own, so what counts is the sum, in the chip's measure (docs/budget.md says how exact that is).

import { readFileSync } from 'node:fs';
import type { Creation, Memory, Weight } from './snapshot.js';

/** Of a chip's XS, which has 32 bits. */
export const SLOT_BYTES = 16;

/** Of the two that there are. */
export type ChipName = 'ESP8266' | 'ESP32';

const manifest = JSON.parse(readFileSync(new URL('../../manifest.json', import.meta.url), 'utf8')) as
	{ platforms: { esp: { creation: { static: number; heap: { initial: number; incremental: number }; stack: number } } } };
const { static: blockBytes, heap, stack } = manifest.platforms.esp.creation;

/**
 * What the stand-ins for the SDK's native code take of a guest's stack beyond what is native on a chip: 86 slots at boot and up to 128
 * where a setting is stored (docs/budget.md says how it was measured). A node that needs more than the sum is caught in any case, one
 * that needs less may be.
 */
const STAND_IN_SLOTS = 110;

/** What is C on the chip, and the slots of a function's name and length, which the linker strips (docs/budget.md). */
const STAND_IN_HEAP = 96;
/** A chunk is reserved in steps, and a stand-in needs a few for a moment. */
const CHUNK_ROUNDING = 1_024;
/** The firmware parses nothing; tests do. */
const PARSER_BYTES = 262_144;

/** All that XS has: its stack, slots and chunks. The rest of the chip's RAM is its heap. */
export const BLOCK_BYTES = blockBytes;
/** For slots and chunks: the block less its stack. */
export const MEMORY_BYTES = blockBytes - stack * SLOT_BYTES;

export interface Block {
	/** Slots and chunks together. */
	readonly bytes: number;
	/** How a machine begins that is to have as much. */
	readonly creation: Creation;
}

/**
 * By chip, with what the SDK's build/devices/<chip>/manifest.json says where ours leaves it as it is. An ESP32's machine may take more from the
 * system's heap, of which nothing is known here: it has what it has from the start.
 */
export const BLOCKS: Readonly<Record<ChipName, Block>> = {
	ESP8266: { bytes: MEMORY_BYTES, creation: creationOf(heap.initial, heap.incremental, 1_536, 512) },
	ESP32: { bytes: 2_048 * SLOT_BYTES + 32_768, creation: creationOf(2_048, 64, 32_768, 1_024) },
};

/** A chip's XS, which is younger than the worker's, takes another step of slots when fewer than a step of them are free. */
function creationOf(slots: number, slotsStep: number, chunkBytes: number, chunkStep: number): Creation {
	return { stackSlots: stack + STAND_IN_SLOTS, slots: slots + slotsStep + STAND_IN_HEAP, slotsStep, chunkBytes, chunkStep, parserBytes: PARSER_BYTES };
}

/** What a guest may have reserved at most, in this engine's measure, in which nothing is more than twice as large as on the chip. */
export function reservedMax({ bytes }: Block): number {
	return 2 * bytes + 16_384;
}

/** Bytes of the block that a guest takes beyond `flash`. Of chunks it needed `passing` bytes more for a moment. */
export function needed(flash: Memory, { slotsHeld, chunkBytes }: Weight, passing: number): number {
	const slots = slotsHeld - flash.slots - STAND_IN_HEAP;
	return slots * SLOT_BYTES + chunkBytes - flash.chunkBytes + Math.max(0, passing - CHUNK_ROUNDING);
}
