// SPDX-License-Identifier: MIT
// The twin of an HIH-4030, wired as sensors/parts.ts has it: at 5 V, its output behind two resistors of 100 kΩ.
//
// Rule: the part follows the humidity with a curve that depends on its temperature; the driver is to undo that, so it is
// done here with the datasheet's own numbers and nothing of the driver's.
// Datasheet HIH-4030/4031, table 1 and figure 4: Vout = 5 V (0.0062 · RH + 0.16) at 25 °C, where a part at T °C gives the
// RH of one at 25 °C times (1.0546 - 0.00216 T); settled 70 ms after power-on.

import type { AnalogTwin, MakeTwin, Trouble, TwinWorld } from '../twin.js';

const enum Const {
	SUPPLY_MV = 5_000,
	RATIO_AT_ZERO = 0.16,
	RATIO_PER_PCT = 0.0062,
	COMPENSATION = 1.0546,
	COMPENSATION_PER_C = 0.00216,
	/** What the two resistors leave of it. */
	DIVIDER = 0.5,
	SETTLING_MS = 70,
	/** From one moment to the next; a tenth of the repeatability. */
	NOISE_PCT = 0.05,
}

export const simulated: MakeTwin = (_row, world) => new SimulatedHIH4030(world);

class SimulatedHIH4030 implements AnalogTwin {
	readonly bus = 'analog';
	trouble: Trouble = 'none';
	measurements = 0;
	private readonly world: TwinWorld;
	private settledAt = 0;
	private lastMv = 0;

	constructor(world: TwinWorld) {
		this.world = world;
		this.powerUp();
	}

	powerUp(): void {
		this.settledAt = this.world.now() + Const.SETTLING_MS;
	}

	/** At the tap of the divider. */
	millivolts(): number {
		this.measurements++;
		const { trouble, world } = this;
		if (trouble === 'gone' || world.now() < this.settledAt) return 0;
		if (trouble === 'nonsense') return world.random.between(0, Const.SUPPLY_MV * Const.DIVIDER);
		if (trouble !== 'stuck' || this.lastMv === 0) {
			const { temperatureC, humidityPct } = world.air();
			const seen = humidityPct * (Const.COMPENSATION - Const.COMPENSATION_PER_C * temperatureC) + world.random.gaussian(Const.NOISE_PCT);
			this.lastMv = Const.SUPPLY_MV * Const.DIVIDER * (Const.RATIO_PER_PCT * seen + Const.RATIO_AT_ZERO);
		}
		return this.lastMv;
	}
}
