// SPDX-License-Identifier: MIT
// Honeywell HIH-4030 and HIH-4031, HIH-5030 and HIH-5031: relative humidity as a share of the supply voltage.
//
// Rule: one start() and collect() is one conversion, as with every analog part. An HIH-4030 needs 4 V to 5.8 V, an HIH-5030
// 2.7 V to 5.5 V; the supply, and the divider that the output passes before the chip's pin, are options, and none is guessed.
// Invariant: what is written lies within 0 to 100 %; what the part cannot give is refused.
// Datasheet HIH-4030/4031, table 1: Vout = Vsupply (0.0062 · RH + 0.16) at 25 °C; true RH = RH / (1.0546 - 0.00216 T).
// Datasheet HIH-5030/5031, table 1: Vout = Vsupply (0.00636 · RH + 0.1515); the same compensation.

import type { Millis, Sensor } from '../../src/common/ports.js';
import { Millivolts, type MillivoltsOptions } from '../millivolts.js';

const enum Const {
	COMPENSATION = 1.0546,
	COMPENSATION_PER_C = 0.00216,
	/** Where the curve of table 1 holds without compensation (to 0.06 %). */
	INITIAL_MILLI_C = 25_000,
	/** Interchangeability is 5 % up to 59 % and 8 % above, hysteresis 3 %: what lies further out is not the part. */
	LOWEST_RH = -10,
	HIGHEST_RH = 115,
	MILLI_RH_MAX = 100_000,
}

export interface HIH4030Options extends MillivoltsOptions {
	/** Supply of the part (not of the chip). */
	readonly supplyMv: number;
	/** Resistor from the part's output to the pin, in ohms; 0 without a divider. */
	readonly upperOhm: number;
	/** Resistor from the pin to ground, in ohms. The two together MUST NOT be less than 80 kΩ (datasheet, output load). */
	readonly lowerOhm: number;
	/** Of the supply: the output at 0 %, and for each percent more. */
	readonly ratioAtZero: number;
	readonly ratioPerRh: number;
}

export class HIH4030 implements Sensor {
	private readonly input: Millivolts;
	/** From millivolts at the pin to the share of the supply. */
	private readonly ratioPerMv: number;
	private readonly ratioAtZero: number;
	private readonly ratioPerRh: number;
	private divisor = compensation(Const.INITIAL_MILLI_C);

	constructor(options: HIH4030Options) {
		this.input = new Millivolts(options);
		this.ratioPerMv = (options.upperOhm + options.lowerOhm) / options.lowerOhm / options.supplyMv;
		this.ratioAtZero = options.ratioAtZero;
		this.ratioPerRh = options.ratioPerRh;
	}

	/** The air's temperature, for the values that follow; 25 °C until it is told. */
	compensate(temperatureMilliC: number): void {
		this.divisor = compensation(temperatureMilliC);
	}

	/** The output follows by itself; the 70 ms that it takes after power-on pass while the chip boots. */
	start(): Millis {
		return 0;
	}

	collect(values: Int32Array, at: number): Millis {
		const rh = (this.input.read() * this.ratioPerMv - this.ratioAtZero) / this.ratioPerRh;
		if (!(rh >= Const.LOWEST_RH && rh <= Const.HIGHEST_RH)) throw new Error(complaint(rh));
		const milliRh = Math.round((rh * 1_000) / this.divisor);
		values[at] = Math.min(Math.max(milliRh, 0), Const.MILLI_RH_MAX);
		return 0;
	}

	get perCount(): number {
		return this.input.stepMv * this.ratioPerMv / this.ratioPerRh / this.divisor * 1_000;
	}

	close(): void {
		this.input.close();
	}
}

const compensation = (temperatureMilliC: number): number =>
	Const.COMPENSATION - (Const.COMPENSATION_PER_C * temperatureMilliC) / 1_000;

const complaint = (rh: number): string => {
	if (rh > Const.HIGHEST_RH) return 'HIH gives more than it can: check its divider and that its ground is connected.';
	if (rh < Const.LOWEST_RH) return 'HIH gives less than it can: check its supply, its output and its divider.';
	return 'HIH cannot be read: the analog conversion failed.';
};
