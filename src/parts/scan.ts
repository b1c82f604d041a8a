// SPDX-License-Identifier: MIT
// The command `scan`: who answers on the I2C bus, beside what the settings expect.
//
// Rule: a slice of the bus in each turn of the loop, so that nothing stalls for long. Where a kind of part can be, each such
// row is asked for its identity, whether or not anybody acknowledges: some sleep, and some refuse their first call.
// Elsewhere a write of no bytes asks. Whatever measures is waited for, since some parts must be heard to the millisecond;
// but not for ever. A part in use is asked over its own bus: no address can be opened twice.

import { Bus, type I2CBus, type I2CClass, type Pause } from '../../sensors/io.js';
import { PARTS, type Board } from '../../sensors/parts.js';
import { NEVER, type Clock, type Millis, type Part } from '../common/ports.js';
import type { Text } from '../common/text.js';
import { QUALITIES, Quality } from '../readings/quality.js';
import type { Scanning } from '../telemetry/report.js';

/** What a scan needs of the machine. */
export interface ScanIo {
	readonly board: Board;
	readonly I2C: I2CClass;
	readonly pause: Pause;
}

/** What it needs of the parts in use (readings/sampler.ts). */
export interface PartsInUse {
	readonly parts: readonly Part[];
	/** The index of the part at that address; -1: none is. */
	indexAt(address: number): number;
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
	/** In all: the slowest part is done by then. */
	PATIENCE_MS = 3_000,
	/** For whoever asks for it. */
	KEPT_MS = 2_000,
	/** As many entries of addresses as any answer has room for. */
	FOUND_MAX = 300,
	QUOTE = 0x22,
	COMMA = 0x2c,
}

/** What stands behind the entries, so that they know their room. */
const enum Tail {
	/** "},"more":112} */
	MORE = 13,
	/** },"parts":{ */
	PARTS = 11,
	/** "":"", */
	ENTRY = 6,
}

const UNKNOWN = '?';
const HANGS = 'the I2C bus hangs: check that data and clock are not swapped, and that both have a pull-up';

export class Scan implements Scanning {
	problem = '';
	private readonly io: ScanIo;
	private readonly clock: Clock;
	private readonly inUse: PartsInUse | undefined;
	/** Entries as they are written, each with its comma: what takes least. */
	private found = '';
	/** Found beyond those. */
	private left = 0;
	private address: number = Const.FIRST;
	/** Since when it is done, or parts are waited for; NEVER: neither. */
	private since: Millis = NEVER;

	/** `inUse`: the parts that were made, if any were. */
	constructor(io: ScanIo, clock: Clock, inUse?: PartsInUse) {
		this.io = io;
		this.clock = clock;
		this.inUse = inUse?.parts.length ? inUse : undefined;
	}

	get isDone(): boolean {
		return this.address > Const.LAST;
	}

	poll(now: Millis): Millis {
		if (this.isDone) return now >= this.since + Const.KEPT_MS ? NEVER : this.since + Const.KEPT_MS;
		if (this.waits(now)) return now + Const.LOOK_MS;
		for (let left: number = Const.PER_TURN; left > 0 && !this.isDone; left--) {
			if (this.look(this.address++)) left = 0;
			if (this.problem) this.address = Const.LAST + 1;
		}
		if (this.isDone) this.since = now;
		return now;
	}

	write(text: Text, max: number): void {
		let { left } = this;
		text.put(',"found":{');
		for (let from = 0; from < this.found.length; ) {
			const end = this.found.indexOf(',', from) + 1;
			if (text.length + end - from + Tail.MORE > max) left++;
			else text.put(this.found.slice(from, end));
			from = end;
		}
		if (this.inUse && text.length + Tail.PARTS + Tail.MORE <= max) {
			close(text).put(',"parts":{');
			left += writeParts(text, max, this.inUse);
		}
		close(text);
		if (left > 0) text.put(',"more":').whole(left);
	}

	/** Something measures, and has not been waited for too long. */
	private waits(now: Millis): boolean {
		let isBusy = false;
		if (this.inUse) for (let i = 0; i < this.inUse.parts.length; i++) if (this.inUse.isBusy(i)) isBusy = true;
		if (isBusy && this.since > now) this.since = now;
		return isBusy && now < this.since + Const.PATIENCE_MS;
	}

	/** Notes who is at that address. True: it took time. */
	private look(address: number): boolean {
		const { inUse, io: { board: { i2c: { data, clock, hz } }, I2C } } = this;
		const index = inUse ? inUse.indexAt(address) : -1;
		if (index >= 0) return this.lookAtPart(address, inUse!, index);
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

	private lookAtPart(address: number, inUse: PartsInUse, index: number): boolean {
		const { row, sensor } = inUse.parts[index];
		if (sensor.bus && !inUse.isBusy(index)) return this.note(address, sensor.bus as I2CBus);
		// It never rests, and gives what its kind gives.
		if (inUse.isJudged(index) && inUse.quality(index) < Quality.CheckSum) this.enter(address, row.name);
		return true;
	}

	/** True: a part of the table can be there. */
	private note(address: number, bus: I2CBus): boolean {
		let isKnown = false;
		for (let row = 0; row < PARTS.length; row++) {
			const { bus: kind, addresses, identify } = PARTS[row];
			if (kind !== Bus.I2C || !identify || addresses.indexOf(address) < 0) continue;
			isKnown = true;
			if (identify(bus, this.io.pause)) {
				this.enter(address, PARTS[row].name);
				return true;
			}
		}
		const from = this.clock.now();
		// What no byte is written to answers with nothing, or 1 where nobody acknowledges.
		if (bus.write(new Uint8Array(0)) !== 1) this.enter(address, UNKNOWN);
		if (this.clock.now() - from > Const.HANG_MS) this.problem = HANGS;
		return isKnown;
	}

	private enter(address: number, name: string): void {
		if (this.found.length >= Const.FOUND_MAX) this.left++;
		else this.found += `"${address | 0}":"${name}",`;
	}
}

/** Returns how many have no room. */
const writeParts = (text: Text, max: number, inUse: PartsInUse): number => {
	let left = 0;
	for (let i = 0; i < inUse.parts.length; i++) {
		if (!inUse.isJudged(i)) continue;
		const { name } = inUse.parts[i];
		const word = QUALITIES[inUse.quality(i)];
		if (text.length + name.length + word.length + Tail.ENTRY + Tail.MORE > max) left++;
		else text.byte(Const.QUOTE).put(name).put('":"').put(word).put('",');
	}
	return left;
};

/** Without the comma of the last entry. */
const close = (text: Text): Text => {
	if (text.bytes[text.length - 1] === Const.COMMA) text.length--;
	return text.put('}');
};
