// SPDX-License-Identifier: MIT
// Aosong DHT22 (AM2302) and DHT11: temperature and relative humidity in pulses on one wire.
//
// Rule: start() holds the line low, and the loop waits; collect() lets go and takes the whole answer in one go, 5 ms. A bit is
// 1 when its high is longer than the low before it: that survives an inexact clock. Whatever is not a whole answer with its
// check sum is an error.
// Datasheets: Aosong AM2302, §7 (single bus), Aosong DHT11, §5. The two ways to write a temperature below zero, the readings
// that are false, and DHT11s with decimals are from the parts that people have (docs/decisions/0048-the-parts-on-one-wire.md).

import type { Millis, Sensor } from '../../src/common/ports.js';
import type { PulseClass, PulseInput, PulseOptions } from '../io.js';
import { scratchFor, type Scratch } from '../scratch.js';

const enum Const {
	/** The host's start signal: at least 18 ms for a DHT11; 0.8 to 20 ms for a DHT22, of which some want 2. */
	LOW_11_MS = 20,
	LOW_22_MS = 2,
	BITS = 40,
	/** The greeting and the bits, two bytes each. */
	PULSE_BYTES = 2 * (BITS + 1),
	/** Where the five bytes of an answer are made, in the place of pulses that were read. */
	SUM = 4,
	SIGN = 0x80,
	/** A DHT22's tenths of a degree: -40 to 80 °C. */
	TENTHS_MIN = -400,
	TENTHS_MAX = 800,
	/** A tenth and a hundredth in milli-units. */
	TENTH = 100,
	HUNDREDTH = 10,
	UNIT = 1_000,
	/** A decimal byte up to 9 is of tenths. */
	TENTHS_HIGHEST = 9,
}

export interface DHT22Options {
	readonly sensor: PulseOptions & { readonly io: PulseClass };
	/** Shared with other parts; an own without it. */
	readonly scratch?: Scratch;
}

export class DHT22 implements Sensor {
	private readonly io: PulseInput;
	private readonly is11: boolean;
	private readonly scratch: Scratch;

	/** `is11`: it is a DHT11. */
	constructor({ sensor, scratch }: DHT22Options, is11 = false) {
		this.io = new sensor.io(sensor);
		this.scratch = scratchFor(scratch, Const.PULSE_BYTES);
		this.is11 = is11;
	}

	start(): Millis {
		this.io.low();
		return this.is11 ? Const.LOW_11_MS : Const.LOW_22_MS;
	}

	collect(values: Int32Array, at: number): Millis {
		const bytes = this.scratch.bytes.subarray(0, Const.PULSE_BYTES);
		const pairs = this.io.capture(bytes);
		if (pairs === 0) throw new Error(SILENT[this.kind]);
		// The greeting may have been missed. Where it is there, and a bit is not, the answer is not whole.
		if (pairs < Const.BITS || pairs === Const.BITS && beginsWithGreeting(bytes)) throw new Error(CUT[this.kind]);
		assemble(bytes, 2 * (pairs - Const.BITS));
		const sum = (bytes[0] + bytes[1] + bytes[2] + bytes[3]) & 0xff;
		const isOld = this.is11 && sum !== bytes[Const.SUM] && ((bytes[0] + bytes[2]) & 0xff) === bytes[Const.SUM];
		if (sum !== bytes[Const.SUM] && !isOld) throw new Error(GARBLED[this.kind]);
		// Some DHT11s sum their whole numbers alone: the rest is not sure then.
		if (isOld) bytes[1] = bytes[3] = 0;
		if (this.is11) decode11(bytes, values, at);
		else decode22(bytes, values, at);
		return 0;
	}

	close(): void {
		this.io.close();
	}

	private get kind(): number {
		return this.is11 ? 1 : 0;
	}
}

/** Its low is longer than that of a bit by more than half: 80 to 50 µs. */
const beginsWithGreeting = (bytes: Uint8Array): boolean => 4 * bytes[0] > 5 * bytes[2];

/** Makes five bytes, in the first of `bytes`, of the 40 pairs that begin at `from`: none is overwritten before it was read. */
const assemble = (bytes: Uint8Array, from: number): void => {
	let byte = 0;
	for (let bit = 0; bit < Const.BITS; bit++) {
		const pair = from + 2 * bit;
		byte = (byte << 1) | (bytes[pair + 1] > bytes[pair] ? 1 : 0);
		if ((bit & 7) === 7) bytes[bit >> 3] = byte;
	}
};

/** Whole numbers, and since some years decimals: in tenths, or in hundredths. */
const decode11 = (bytes: Uint8Array, values: Int32Array, at: number): void => {
	if (bytes[0] > 100 || (bytes[0] | bytes[2]) === 0) throw new Error(FALSE);
	const magnitude = (bytes[2] & ~Const.SIGN) * Const.UNIT + decimals(bytes[3] & ~Const.SIGN);
	values[at] = (bytes[2] | bytes[3]) & Const.SIGN ? -magnitude : magnitude;
	values[at + 1] = bytes[0] * Const.UNIT + decimals(bytes[1]);
};

const decimals = (byte: number): number => byte <= Const.TENTHS_HIGHEST ? byte * Const.TENTH : byte <= 99 ? byte * Const.HUNDREDTH : 0;

/** Tenths. Below zero as sign and magnitude, or as two's complement: what one of them means is impossible for the other. */
const decode22 = (bytes: Uint8Array, values: Int32Array, at: number): void => {
	const humidity = (bytes[0] << 8) | bytes[1];
	const raw = (bytes[2] << 8) | bytes[3];
	// A first byte from 0x80 on is an answer that slipped by a bit.
	if (humidity > 1_000 || isKnownFalse(raw, humidity)) throw new Error(FALSE);
	const magnitude = raw & 0x7fff;
	let tenths = raw === magnitude ? magnitude : -magnitude;
	if (tenths < Const.TENTHS_MIN || tenths > Const.TENTHS_MAX) tenths = (raw << 16) >> 16;
	values[at] = tenths * Const.TENTH;
	values[at + 1] = humidity * Const.TENTH;
};

/** What DHT22s say after a power-up or a disturbance, with a right check sum; all zeros among it. */
const isKnownFalse = (temperature: number, humidity: number): boolean =>
	temperature === 1 ? humidity === 10 : temperature === 0 && humidity <= 2;

/** By kind, DHT22 and DHT11. Whole, so that they lie in flash: a part that fails keeps its sentence, and memory is short. ASCII, as the log. */
const both = (sentence: string): readonly string[] => Object.freeze([`DHT22 ${sentence}`, `DHT11 ${sentence}`]);
const SILENT = both('does not answer: check its supply, its data wire and the pull-up of 4.7 to 10 kOhm.');
const CUT = both('breaks off its answer: shorten its wire or use a stronger pull-up.');
const GARBLED = both('sends a wrong check sum: shorten its wire or use a stronger pull-up.');
const FALSE = 'The part sends a reading that cannot be: wait for the next, or check its supply.';
