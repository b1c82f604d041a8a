// What a device knows of the chip it belongs to, and how it says that something is wrong.

import type { ChipName } from '../engine/creation.js';
import type { Random } from '../world/random.js';
import { COSTS, type Heap } from './heap.js';

/** One boot of a chip: everything in it ends with the boot. */
export interface Chip {
	readonly name: ChipName;
	readonly random: Random;
	readonly heap: Heap;
	/** Milliseconds of the simulation, with the time that the guest spent waiting in this turn. */
	now(): number;
	/** Done after that time, unless the chip has gone down meanwhile. */
	after(ms: number, action: () => void): { cancelled: boolean };
	/** One message to the guest: one turn. What it says is asked for when its turn has come; undefined: nothing any more. */
	post(message: () => unknown[] | undefined): void;
	/** Waits, as Timer.delay() does. */
	delay(ms: number): void;
}

/** A message as the SDK's C posts it: of the heap until its turn has come. False: no memory for it; it is lost, and nobody is told. */
export function post(chip: Chip, message: () => unknown[] | undefined): boolean {
	const held = chip.heap.take('messages', COSTS.message);
	if (!held) return false;
	chip.post(() => {
		held.release();
		return message();
	});
	return true;
}

/** Until the radio has sent it; a guess, since nobody outside the vendor's library sees that. */
const AIR_MS = 5;

/** A packet that is freed when it has left. False: no memory for it, so it is not sent. */
export function sendOnce(chip: Chip, what: string, bytes: number): boolean {
	const held = chip.heap.take(what, bytes);
	if (held) chip.after(AIR_MS, () => held.release());
	return held !== undefined;
}

export type Operation = (...values: never[]) => unknown;

/** Part of a board: the operations that the guest's modules ask of it. */
export interface Device {
	readonly operations: Readonly<Record<string, Operation>>;
	/** The chip has lost its power or starts anew. `orderly`: its sockets are closed; else they are left as they are. */
	down?(orderly: boolean): void;
}

/** Thrown in the guest, by the name of the error's class. */
export class DeviceError extends Error {
	readonly kind: 'Error' | 'RangeError' | 'TypeError' | 'SyntaxError';

	constructor(message: string, kind: DeviceError['kind'] = 'Error') {
		super(message);
		this.kind = kind;
	}
}
