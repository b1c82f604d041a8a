// An engine runs one guest: XS in a process of its own, as on the chip, or Node's own engine for large numbers of runs.
//
// Rule: one turn at a time. During a turn the guest may ask the host any number of questions, each answered before it goes
// on; a host that throws EngineStop ends the guest right there, in the middle of the question, as a power cut would.

import type { Memory } from './snapshot.js';

export { EngineStop } from './stop.js';
export type EngineKind = 'xs' | 'node';
/** What such an engine holds, in a chip's measure. */
export interface LinkedWeight {
	/** Of XS. */
	readonly version: string;
	/** Of its words. */
	readonly bits: 32 | 64;
	readonly slots: number;
	/** Of those, copies of objects that were linked and have been changed since. */
	readonly copied: number;
	readonly chunkBytes: number;
}

/** An engine that has the firmware in it already (linked-engine.ts). */
export interface Linked {
	readonly program: string;
	/** Each time that its memory is asked for. */
	readonly onWeighed?: (weight: LinkedWeight) => void;
}
/** Answers a guest's question, on XS also later; may throw EngineStop. */
export type Answer = (request: string) => string | Promise<string>;

export interface Meter {
	/** Byte codes run in the turn, as XS counts them. */
	compute: number;
	/** Slots in use, with the garbage that was made since the last collection. */
	slots: number;
}

export interface Engine {
	/** Evaluates a script as modules are preloaded. Throws what it throws. */
	load(script: string): Promise<void>;
	/** From now on the guest has the chip's memory beyond `flash`, and ends when it needs more. XS only. */
	confine(flash: Memory | undefined): void;
	/** One turn. The answer is the guest's; throws EngineStop if the guest is gone. Node's engine answers at once. */
	turn(event: string): string | Promise<string>;
	/** What is alive, as large as it would be on a chip. XS only. */
	memory(): Promise<Memory | undefined>;
	/** All of the guest, as XS writes it. XS only. */
	snapshot(): Promise<Buffer | undefined>;
	/** Ends it, at once and without a word. */
	kill(): void;
	readonly meter: Meter;
}
