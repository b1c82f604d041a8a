// SPDX-License-Identifier: MIT
// The command `scan`: who answers on the I2C bus, beside what the settings expect.
//
// Rule: a slice of the bus in each turn of the loop, so that nothing stalls for long. Where a kind of part can be, each such
// row is asked for its identity, whether or not anybody acknowledges: some sleep, and some refuse their first call.
// Elsewhere a write of no bytes asks. A part that measures is waited for, and one that is in use is asked over its own bus:
// no address can be opened twice. Only the bytes of what was found are kept, and all of it goes with the answer.

import { Bus, type I2CBus, type I2CClass, type Pause } from '../../sensors/io.js';
import { PARTS, type Board } from '../../sensors/parts.js';
import { NEVER, type Clock, type Millis, type Part } from '../common/ports.js';
import type { Text } from '../common/text.js';
import { QUALITIES, type Quality } from '../readings/quality.js';
import type { Scanning } from '../telemetry/report.js';
import { addressesOf } from './parts.js';

/** What a scan needs of the machine. */
export interface ScanIo {
	readonly board: Board;
	readonly I2C: I2CClass;
	readonly pause: Pause;
}

/** What it needs of the parts in use (readings/sampler.ts). */
export interface PartsInUse {
	readonly parts: readonly Part[];
	/** The part of that index measures, or is without its supply for a moment. */
	isBusy(index: number): boolean;
	/** It has measured, or failed. */
	isJudged(index: number): boolean;
	quality(index: number): Quality;
}

const enum Const {
	/** The bus's reserved addresses lie around them. */
	FIRST = 8,
	LAST = 119,
	/** Addresses without a known part, in one turn: each takes 0.2 ms. */
	PER_TURN = 16,
	/** An empty write that takes so long: nobody pulls the wires up, or somebody holds them down. */
	HANG_MS = 100,
	LOOK_MS = 10,
	/** The slowest part is done by then. */
	PATIENCE_MS = 3_000,
	/** For whoever asks for it. */
	KEPT_MS = 2_000,
}

/** Of what was found at an address: then the row's index. */
const enum Found {
	Nobody,
	Unknown,
	Row,
}

/** What stands behind the entries, so that they know their room. */
const enum Tail {
	/** "},"more":112} */
	MORE = 13,
	/** ,"parts":{ */
	PARTS = 10,
	/** "":"", */
	ENTRY = 6,
	ADDRESS = 3,
}

const UNKNOWN = '?';
const HANGS = 'the I2C bus hangs: check that data and clock are not swapped, and that both have a pull-up';

export class Scan implements Scanning {
	problem = '';
	isDone = false;
	private readonly io: ScanIo;
	private readonly clock: Clock;
	private readonly inUse: PartsInUse | undefined;
	/** By the index of the part in use; -1: not on I2C. */
	private readonly addresses: readonly number[];
	/** By address. */
	private readonly found = new Uint8Array(Const.LAST + 1);
	private readonly nothing = new Uint8Array(0);
	private address: number = Const.FIRST;
	/** Since when a part is waited for; NEVER: none is. */
	private waitsSince: Millis = NEVER;
	private doneAt: Millis = NEVER;

	/** `inUse`: the parts that were made of this setting; undefined: none were. */
	constructor(io: ScanIo, clock: Clock, setting: string, inUse?: PartsInUse) {
		this.io = io;
		this.clock = clock;
		this.inUse = inUse?.parts.length ? inUse : undefined;
		this.addresses = this.inUse ? addressesOf(setting, io.board) : [];
	}

	poll(now: Millis): Millis {
		if (!this.isDone) {
			for (let left: number = Const.PER_TURN; left > 0 && this.address <= Const.LAST && !this.problem; left--) {
				const index = this.addresses.indexOf(this.address);
				if (index >= 0 && this.waitsFor(index, now)) return now + Const.LOOK_MS;
				if (this.look(this.address++, index)) left = 0;
			}
			if (this.address <= Const.LAST && !this.problem) return now;
			this.isDone = true;
			this.doneAt = now;
		}
		return now >= this.doneAt + Const.KEPT_MS ? NEVER : this.doneAt + Const.KEPT_MS;
	}

	write(text: Text, max: number): void {
		const { found } = this;
		let left = 0;
		text.put(',"found":{');
		for (let address = Const.FIRST; address <= Const.LAST; address++) {
			if (found[address] === Found.Nobody) continue;
			const name = found[address] === Found.Unknown ? UNKNOWN : PARTS[found[address] - Found.Row].name;
			if (text.length + Tail.ADDRESS + name.length + Tail.ENTRY + Tail.MORE > max) left++;
			else endEntry(text.put('"').whole(address).put('":"').put(name));
		}
		if (this.inUse && text.length + Tail.PARTS + Tail.MORE <= max) {
			close(text).put(',"parts":{');
			left += this.writeParts(text, max, this.inUse);
		}
		close(text);
		if (left > 0) text.put(',"more":').whole(left);
	}

	/** Returns how many have no room. */
	private writeParts(text: Text, max: number, inUse: PartsInUse): number {
		let left = 0;
		for (let i = 0; i < inUse.parts.length; i++) {
			if (!inUse.isJudged(i)) continue;
			const { name } = inUse.parts[i];
			const word = QUALITIES[inUse.quality(i)];
			if (text.length + name.length + word.length + Tail.ENTRY + Tail.MORE > max) left++;
			else endEntry(text.put('"').put(name).put('":"').put(word));
		}
		return left;
	}

	/** One that is in use is left alone while it measures; not for ever. */
	private waitsFor(index: number, now: Millis): boolean {
		if (this.inUse!.isBusy(index)) {
			if (this.waitsSince > now) this.waitsSince = now;
			if (now < this.waitsSince + Const.PATIENCE_MS) return true;
		}
		this.waitsSince = NEVER;
		return false;
	}

	/** Notes who is at that address. True: it took time. */
	private look(address: number, index: number): boolean {
		if (index >= 0) {
			const { io } = this.inUse!.parts[index].sensor;
			if (io && !this.inUse!.isBusy(index)) this.note(address, io as I2CBus);
			return true;
		}
		const { board: { i2c: { data, clock, hz } }, I2C } = this.io;
		let bus: I2CBus | undefined;
		try {
			bus = new I2C({ data, clock, hz, address });
			return this.note(address, bus);
		} catch (error) {
			this.problem = `the I2C bus cannot be had (${error as Error})`;
			return true;
		} finally {
			bus?.close();
		}
	}

	/** True: a part of the table can be there. */
	private note(address: number, bus: I2CBus): boolean {
		let isKnown = false;
		for (let row = 0; row < PARTS.length; row++) {
			const { bus: kind, addresses, identify } = PARTS[row];
			if (kind !== Bus.I2C || !identify || addresses.indexOf(address) < 0) continue;
			isKnown = true;
			if (identify(bus, this.io.pause)) {
				this.found[address] = Found.Row + row;
				return true;
			}
		}
		const from = this.clock.now();
		// What no byte is written to answers with nothing, or 1 where nobody acknowledges.
		if (bus.write(this.nothing) !== 1) this.found[address] = Found.Unknown;
		if (this.clock.now() - from > Const.HANG_MS) this.problem = HANGS;
		return isKnown;
	}
}

const endEntry = (text: Text): void => void text.put('",');

/** Without the comma of the last entry. */
const close = (text: Text): Text => {
	if (text.bytes[text.length - 1] === Ascii.COMMA) text.length--;
	return text.put('}');
};

const enum Ascii {
	COMMA = 0x2c,
}
