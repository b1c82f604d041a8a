// The Moddable SDK's own XS as a guest's engine: a program that its linker put the firmware into (simulator/sdk/, cli/sdk-engine.ts).
//
// Rule: it speaks as the worker does and tells itself what it holds, in its own measure: where its words have 32 bits that is a chip's, and
// where they have 64 it is converted as a snapshot's is (snapshot.ts). It is not confined, and there are no snapshots of it.

import type { Answer, Linked, LinkedWeight } from './engine.js';
import { SLOT_BYTES } from './creation.js';
import { chunkBytesOnChip, type Memory } from './snapshot.js';
import { XsEngine } from './xs-engine.js';

export class LinkedEngine extends XsEngine {
	readonly #linked: Linked;

	constructor(answer: Answer, linked: Linked) {
		super(answer, { program: linked.program });
		this.#linked = linked;
	}

	/** Nothing: the firmware is in it. */
	override async load(): Promise<void> {}

	override async memory(): Promise<Memory> {
		const weight = weightFrom((await this.command('m', '')).toString('latin1'));
		this.#linked.onWeighed?.(weight);
		return { slots: weight.slots, chunkBytes: weight.chunkBytes, codeBytes: 0 };
	}

	override async snapshot(): Promise<never> {
		throw new Error("The SDK's engine writes no snapshots.");
	}
}

interface Told {
	readonly version: string;
	readonly slotBytes: number;
	readonly slots: number;
	readonly copied: number;
	readonly chunkBytes: number;
	readonly chunks: readonly number[];
}

/** Of what the program tells (weigh() in simulator/sdk/worker.c). Throws if that cannot be. */
export function weightFrom(text: string): LinkedWeight {
	const { version, slotBytes, slots, copied, chunkBytes, chunks } = JSON.parse(text) as Told;
	const all = chunks.reduce((sum, size) => sum + Math.abs(size), 0);
	if (all !== chunkBytes) throw new Error(`The SDK's engine counts ${chunkBytes} bytes of chunks, and its chunks are ${all}: they cannot be told.`);
	if (slotBytes === SLOT_BYTES) return { version, bits: 32, slots, copied, chunkBytes };
	if (slotBytes !== 2 * SLOT_BYTES) throw new Error(`The SDK's engine has slots of ${slotBytes} bytes: a chip's measure of them is not known.`);
	const onChip = chunks.reduce((sum, size) => sum + chunkBytesOnChip(Math.abs(size), size < 0), 0);
	return { version, bits: 64, slots, copied, chunkBytes: onChip };
}
