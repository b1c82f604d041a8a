// SPDX-License-Identifier: MIT
// What the drivers of parts on I2C share: the buffer, commands out, bytes in, words with a check sum, and their sentences.
//
// Rule: commands go out from where answers come in, which all parts share (scratch.ts). The sentences are made when they are
// thrown, with the part's name, so that each lies in flash once.

import { crc8 } from './crc8.js';
import type { I2CBus, I2CClass, I2COptions } from './io.js';
import { scratchFor, type Scratch } from './scratch.js';

export interface I2CPartOptions {
	/** 100 kHz and the part's usual address unless it says otherwise. */
	readonly sensor: Omit<I2COptions, 'hz' | 'address'> & Partial<I2COptions> & { readonly io: I2CClass };
	/** Shared with other parts; an own without it. */
	readonly scratch?: Scratch;
}

const enum Const {
	HZ = 100_000,
}

/** Sends the lowest `count` bytes of `command` by way of `bytes`, the highest of them first. Throws if nobody acknowledges. */
export const transmit = (bus: I2CBus, bytes: Uint8Array, command: number, count: number): void => {
	for (let at = count; at-- > 0; command >>= 8) bytes[at] = command & 0xff;
	bus.write(bytes.subarray(0, count));
};

/** Fills `into` with the answer to a command of `count` bytes. False: there is none. */
export const ask = (bus: I2CBus, into: Uint8Array, command: number, count: number): boolean => {
	try {
		transmit(bus, into, command, count);
		bus.read(into);
		return true;
	} catch {
		return false;
	}
};

/** Whether each two bytes are followed by their check sum. */
export const isChecked = (bytes: Uint8Array, initial: number): boolean => {
	for (let at = 0; at < bytes.length; at += 3) if (crc8(bytes, at, 3, initial)) return false;
	return true;
};

export class I2CPart {
	readonly bus: I2CBus;
	private readonly scratch: Scratch;

	/** `count`: bytes of its longest answer. */
	constructor({ sensor, scratch }: I2CPartOptions, address: number, count: number) {
		this.bus = new sensor.io({ hz: Const.HZ, address, ...sensor });
		this.scratch = scratchFor(scratch, count);
	}

	/** From here to the end of the call. */
	protected get bytes(): Uint8Array {
		return this.scratch.bytes;
	}

	close(): void {
		this.bus.close();
	}

	/** As transmit(), but false if nobody acknowledges. */
	protected reaches(command: number, count: number): boolean {
		try {
			transmit(this.bus, this.bytes, command, count);
			return true;
		} catch {
			return false;
		}
	}

	/** Fills so many of the bytes, from `at` on; false if nobody acknowledges. */
	protected hears(count: number, at = 0): boolean {
		try {
			this.bus.read(this.bytes.subarray(at, at + count));
			return true;
		} catch {
			return false;
		}
	}

	/** As reaches(), or an error in the name of `part`. */
	protected send(part: string, command: number, count: number): void {
		this.expectAnswer(part, this.reaches(command, count));
	}

	/** As hears(), of a result. */
	protected receive(part: string, count: number, at = 0): void {
		this.expectResult(part, this.hears(count, at));
	}

	protected expectResult(part: string, isThere: boolean): void {
		if (!isThere) throw new Error(`${part} gives no result: it was not started, or lost power while measuring.`);
	}

	protected expectAnswer(part: string, isThere: boolean): void {
		if (!isThere) throw new Error(`${part} does not answer: check its wiring and its address.`);
	}

	/** The word that lies at `at`, before its check sum. */
	protected word(part: string, at: number, initial: number): number {
		const { bytes } = this;
		this.check(part, crc8(bytes, at, 3, initial) === 0);
		return (bytes[at] << 8) | bytes[at + 1];
	}

	protected check(part: string, isRight: boolean): void {
		if (!isRight) throw new Error(`${part} sends a wrong check sum: shorten its wires or check its pull-ups.`);
	}
}
