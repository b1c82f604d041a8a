// SPDX-License-Identifier: MIT
// The twins of an HIH-4030 and an HIH-5030, wired as sensors/parts.ts has them: the one at 5 V, its output behind two resistors
// of 100 kΩ; the other at 3.3 V, with the resistors only where an input measures less than it gives.
//
// Rule: the part follows the humidity with a curve that depends on its temperature; the driver is to undo that, so it is
// done here with the datasheet's own numbers and nothing of the driver's.
// Datasheets HIH-5030/5031, table 1; HIH-4030/4031, table 1 and figure 4: Vout = 5 V (0.0062 · RH + 0.16) at 25 °C, where a part at T °C gives the
// RH of one at 25 °C times (1.0546 - 0.00216 T); settled 70 ms after power-on.

import type { MakeTwin, TwinWorld } from '../twin.js';
import { SimulatedAnalog } from '../twin-analog.js';

const enum Const {
	COMPENSATION = 1.0546,
	COMPENSATION_PER_C = 0.00216,
	/** What the two resistors leave of it. */
	DIVIDER = 0.5,
	SETTLING_MS = 70,
	/** From one moment to the next; a tenth of the repeatability. */
	NOISE_PCT = 0.05,
	/** Each way, when it is unsteady. */
	SWING_PCT = 8,
}

interface Kind {
	readonly supplyMv: number;
	readonly ratioAtZero: number;
	readonly ratioPerPct: number;
	readonly highestMv: number;
}

const HIH4030: Kind = { supplyMv: 5_000, ratioAtZero: 0.16, ratioPerPct: 0.0062, highestMv: Infinity };
const HIH5030: Kind = { supplyMv: 3_300, ratioAtZero: 0.1515, ratioPerPct: 0.00636, highestMv: 2_600 };

class SimulatedHIH extends SimulatedAnalog {
	private readonly kind: Kind;
	/** Of the supply, at the tap of the divider, if there is one. */
	private readonly atTap: number;
	private settledAt = 0;

	constructor(kind: Kind, world: TwinWorld) {
		const atTap = kind.supplyMv * ((world.fullScaleMv ?? Infinity) < kind.highestMv ? Const.DIVIDER : 1);
		super(world, atTap, atTap * kind.ratioPerPct * Const.SWING_PCT);
		this.kind = kind;
		this.atTap = atTap;
		this.powerUp();
	}

	override powerUp(): void {
		this.settledAt = this.world.now() + Const.SETTLING_MS;
	}

	protected override get isSettled(): boolean {
		return this.world.now() >= this.settledAt;
	}

	protected fresh(): number {
		const { temperatureC, humidityPct } = this.world.air();
		const seen = humidityPct * (Const.COMPENSATION - Const.COMPENSATION_PER_C * temperatureC) + this.world.random.gaussian(Const.NOISE_PCT);
		return this.atTap * (this.kind.ratioPerPct * seen + this.kind.ratioAtZero);
	}
}

export const simulated: MakeTwin = (row, world) => new SimulatedHIH(row === 'hih5030' ? HIH5030 : HIH4030, world);
