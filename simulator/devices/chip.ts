// What a device knows of the chip it belongs to, and how it says that something is wrong.

import type { Random } from '../random.js';

export type ChipName = 'ESP8266' | 'ESP32';

/** One boot of a chip: everything in it ends with the boot. */
export interface Chip {
	readonly name: ChipName;
	readonly random: Random;
	/** Milliseconds of the simulation, with the time that the guest spent waiting in this turn. */
	now(): number;
	/** Done after that time, unless the chip has gone down meanwhile. */
	after(ms: number, action: () => void): { cancelled: boolean };
	/** One message to the guest: one turn. What it says is asked for when its turn has come; undefined: nothing any more. */
	post(message: () => unknown[] | undefined): void;
	/** Waits, as Timer.delay() does. */
	delay(ms: number): void;
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
