// SPDX-License-Identifier: MIT
// What the twins of parts on I2C share: who is there, what is said in trouble, and check sums of their own; and those that answer in words.
//
// Rule: nothing of a driver's is used, so that a mistake of a driver's is seen. A part without supply forgets all that it
// was told, and one that is busy acknowledges nothing.

import type { I2CTwin, Trouble, TwinWorld } from './twin.js';

const enum Const {
	/** What a garbled check sum differs by. */
	GARBLED = 0x5a,
	WORD_SPAN = 0x1_0000,
	/** Of words, as Sensirion's parts begin it. */
	CRC_INITIAL = 0xff,
}

export abstract class SimulatedI2C implements I2CTwin {
	readonly bus = 'i2c';
	readonly address: number;
	trouble: Trouble = 'none';
	measurements = 0;
	protected readonly world: TwinWorld;
	/** Milliseconds of the world. */
	protected busyUntil = 0;
	private wasGone = false;
	/** What its last measurement gave. */
	private last: readonly number[] = [];

	constructor(world: TwinWorld, address: number) {
		this.world = world;
		this.address = address;
	}

	powerUp(): void {
		this.last = [];
		this.reset();
	}

	write(bytes: Uint8Array): boolean {
		return this.isThere() && this.hear(bytes);
	}

	read(count: number): Uint8Array | undefined {
		const said = this.isThere() ? this.say(count) : undefined;
		if (!said) return undefined;
		// Nobody drives the line behind the last byte.
		const bytes = new Uint8Array(count).fill(0xff);
		bytes.set(said.slice(0, count));
		return bytes;
	}

	/** As after power-on. */
	protected abstract reset(): void;
	protected abstract hear(bytes: Uint8Array): boolean;
	protected abstract say(count: number): readonly number[] | undefined;

	protected get isBusy(): boolean {
		return this.world.now() < this.busyUntil;
	}

	protected busyFor(ms: number): void {
		this.busyUntil = this.world.now() + ms;
	}

	/** Temperature and humidity now, with noise of so much. */
	protected air(noiseC: number, noisePct: number): readonly [temperatureC: number, humidityPct: number] {
		const { random } = this.world;
		const { temperatureC, humidityPct } = this.world.air();
		return [temperatureC + random.gaussian(noiseC), humidityPct + random.gaussian(noisePct)];
	}

	/** What a measurement gives: raw values, from 0 to below `span`. */
	protected measured(fresh: readonly number[], span: number): readonly number[] {
		const { trouble, world } = this;
		const wanted = trouble === 'nonsense' ? fresh.map(() => world.random.below(span))
			: trouble === 'stuck' && this.last.length ? this.last
				: fresh.map((each) => Math.min(Math.max(Math.round(each), 0), span - 1));
		this.last = wanted;
		return wanted;
	}

	/** The check sum as it is sent. */
	protected sum(right: number): number {
		return right ^ (this.trouble === 'garbled' ? Const.GARBLED : 0);
	}

	/** A word with its check sum, CRC-8 from `initial` on. */
	protected word(value: number, initial: number): number[] {
		const bytes = [value >> 8, value & 0xff];
		return [...bytes, this.sum(crc8Of(bytes, initial))];
	}

	private isThere(): boolean {
		if (this.trouble === 'gone') this.wasGone = true;
		else if (this.wasGone) {
			// For a while already.
			this.wasGone = false;
			this.powerUp();
			this.busyUntil = 0;
		}
		return this.trouble !== 'gone';
	}
}

/** One that measures when it is told to, and says what there is once, in words with check sums, when it is no longer busy. */
export abstract class SimulatedWords extends SimulatedI2C {
	/** To be said. */
	protected words: readonly number[] = [];

	/** The words for the air as it is now, with fractions. */
	protected abstract raw(): readonly number[];

	protected measure(ms: number): void {
		this.measurements++;
		this.busyFor(ms);
		this.words = this.measured(this.raw(), Const.WORD_SPAN);
	}

	protected say(): readonly number[] | undefined {
		const { words } = this;
		if (this.isBusy || !words.length) return undefined;
		this.words = [];
		return words.flatMap((word) => this.word(word, Const.CRC_INITIAL));
	}
}

/** Polynomial 0x31. */
export const crc8Of = (bytes: readonly number[], initial: number): number => {
	let crc = initial;
	for (const byte of bytes) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? ((crc << 1) ^ 0x31) & 0xff : crc << 1;
	}
	return crc;
};

/** The supply has just come. */
export const powered = <Kind extends SimulatedI2C>(twin: Kind): Kind => {
	twin.powerUp();
	return twin;
};
