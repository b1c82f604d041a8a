// SPDX-License-Identifier: MIT
// The twins of an HIH-4030 and an HIH-5030, wired as sensors/parts.ts has them: the one at 5 V, its output behind two resistors
// of 100 kΩ; the other at 3.3 V, with the resistors only where an input measures less than it gives.
//
// Rule: the part follows the humidity with a curve that depends on its temperature; the driver is to undo that, so it is
// done here with the datasheet's own numbers and nothing of the driver's.
// Datasheets HIH-5030/5031, table 1; HIH-4030/4031, table 1 and figure 4: Vout = 5 V (0.0062 · RH + 0.16) at 25 °C, where a part at T °C gives the
// RH of one at 25 °C times (1.0546 - 0.00216 T); settled 70 ms after power-on.

import type { AnalogTwin, MakeTwin, Trouble, TwinWorld } from '../twin.js';

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

export const simulated: MakeTwin = (row, world) => new SimulatedHIH(row === 'hih5030' ? HIH5030 : HIH4030, world);

class SimulatedHIH implements AnalogTwin {
	readonly bus = 'analog';
	trouble: Trouble = 'none';
	measurements = 0;
	private readonly world: TwinWorld;
	private readonly kind: Kind;
	private readonly atTap: number;
	private settledAt = 0;
	private lastMv = 0;
	private swingPct: number = Const.SWING_PCT;

	constructor(kind: Kind, world: TwinWorld) {
		this.kind = kind;
		this.world = world;
		this.atTap = kind.supplyMv * ((world.fullScaleMv ?? Infinity) < kind.highestMv ? Const.DIVIDER : 1);
		this.powerUp();
	}

	powerUp(): void {
		this.settledAt = this.world.now() + Const.SETTLING_MS;
	}

	/** At the tap of the divider, if there is one. */
	millivolts(): number {
		this.measurements++;
		const { trouble, world } = this;
		if (trouble === 'gone' || world.now() < this.settledAt) return 0;
		if (trouble === 'nonsense') return world.random.between(0, this.atTap);
		if (trouble !== 'stuck' || this.lastMv === 0) {
			const { temperatureC, humidityPct } = world.air();
			const seen = humidityPct * (Const.COMPENSATION - Const.COMPENSATION_PER_C * temperatureC) + world.random.gaussian(Const.NOISE_PCT);
			this.lastMv = this.atTap * (this.kind.ratioPerPct * seen + this.kind.ratioAtZero);
		}
		if (trouble !== 'unsteady') return this.lastMv;
		this.swingPct = -this.swingPct;
		return this.lastMv + this.atTap * this.kind.ratioPerPct * this.swingPct;
	}
}
