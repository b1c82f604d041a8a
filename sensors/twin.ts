// SPDX-License-Identifier: MIT
// What a simulated part is told and what it answers, and all that can happen to one. The part itself is `simulated.ts` in its folder.
//
// Rule: a twin speaks the part's own bytes, volts or pulses, with its timing, its noise and its failures. It lives through
// the boots of its node, and is told when the supply comes back. Host code: nothing of it reaches a chip.

/** What surrounds the part now. */
export interface TwinAir {
	readonly temperatureC: number;
	readonly humidityPct: number;
	readonly pressureHpa: number;
}

/**
 * How a part misbehaves. Stuck: repeats what it said last. Nonsense: anything. Gone: unplugged, or without supply.
 * Garbled: wrong check sums, where it has any. Unsteady: what it gives swings, where it is analog. Hung: no answer until its
 * supply was away; that is what its wires see, so no twin knows of it.
 */
export const TROUBLES = Object.freeze(['none', 'stuck', 'nonsense', 'gone', 'garbled', 'unsteady', 'hung'] as const);
export type Trouble = (typeof TROUBLES)[number];

/** Where a twin lives. */
export interface TwinWorld {
	air(): TwinAir;
	/** Milliseconds of the simulation, with fractions. */
	now(): number;
	/** The part holds the bus (clock stretching) for that long. */
	delay(ms: number): void;
	readonly random: TwinRandom;
	/** The highest that the board's analog inputs measure: what gives more is wired with a divider. Infinite if not given. */
	readonly fullScaleMv?: number;
}

export interface TwinRandom {
	/** A whole number from 0 to n - 1. */
	below(n: number): number;
	between(low: number, high: number): number;
	gaussian(sigma: number): number;
	chance(probability: number): boolean;
}

/** All twins. */
interface AnyTwin {
	trouble: Trouble;
	/** Measurements that were begun since it was made. */
	readonly measurements: number;
	/** The supply came back. */
	powerUp(): void;
}

/** On an I2C bus. */
export interface I2CTwin extends AnyTwin {
	readonly bus: 'i2c';
	readonly address: number;
	/** A write to its address; one of no bytes asks whether it is there. False: not acknowledged. */
	write(bytes: Uint8Array): boolean;
	/** A read from its address; undefined: not acknowledged. */
	read(count: number): Uint8Array | undefined;
}

/** On an analog input, before any divider of the board. */
export interface AnalogTwin extends AnyTwin {
	readonly bus: 'analog';
	/** Millivolts at its output now. */
	millivolts(): number;
}

/** On one wire, as the DHT parts are. */
export interface PulseTwin extends AnyTwin {
	readonly bus: 'pulse';
	/**
	 * The chip has held the line low for so long and lets go of it: how long each level lasts from then on, in
	 * microseconds, high first. No entry: nobody answers, and the line stays high.
	 */
	answer(lowUs: number): readonly number[];
}

export type Twin = I2CTwin | AnalogTwin | PulseTwin;

/** What each `simulated.ts` exports as `simulated`; `row` is the part's name in the table, `address` that of its entry (I2C). */
export type MakeTwin = (row: string, world: TwinWorld, address: number) => Twin;
