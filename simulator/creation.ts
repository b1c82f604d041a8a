// What the manifest gives the firmware's machine on an ESP8266: the smaller of the two chips, so every simulated node keeps to it.
//
// Rule: read from the manifest that the image is built from, so that a run is judged by what the chip will have.

import { readFileSync } from 'node:fs';

const SLOT_BYTES = 16;

const manifest = JSON.parse(readFileSync(new URL('../manifest.json', import.meta.url), 'utf8')) as
	{ platforms: { esp: { creation: { static: number; stack: number } } } };
const { static: blockBytes, stack } = manifest.platforms.esp.creation;

/**
 * What the stand-ins for the SDK's native code take of a guest's stack beyond what is native on a chip: 89 slots at boot and up to 144
 * where a setting is stored (docs/budget.md says how it was measured). A node that needs more than the sum is caught in any case, one
 * that needs less may be.
 */
const STAND_IN_SLOTS = 110;

export const STACK_SLOTS = stack + STAND_IN_SLOTS;
/** All that XS has: its stack, slots and chunks. The rest of the chip's RAM is its heap. */
export const BLOCK_BYTES = blockBytes;
/** For slots and chunks: the block less its stack. */
export const MEMORY_BYTES = blockBytes - stack * SLOT_BYTES;
