// SPDX-License-Identifier: MIT
// The twin of a TMP36: the air's temperature as a voltage.
//
// Rule: the part itself has no noise to speak of; the noise of a conversion is the converter's. Without its supply or its
// wire an input lies at ground.
// Datasheet TMP35/TMP36/TMP37 Rev. H, table 4: 750 mV at 25 °C and 10 mV for each degree, from -40 °C to 125 °C.

import type { AnalogTwin, MakeTwin, Trouble, TwinWorld } from '../twin.js';

const enum Const {
	MV_AT_25_C = 750,
	MV_PER_C = 10,
	LOWEST_C = -40,
	HIGHEST_C = 125,
	/** Of nonsense. */
	SUPPLY_MV = 3_300,
	/** Each way, when it is unsteady. */
	SWING_MV = 80,
}

export const simulated: MakeTwin = (_row, world) => new SimulatedTMP36(world);

class SimulatedTMP36 implements AnalogTwin {
	readonly bus = 'analog';
	trouble: Trouble = 'none';
	measurements = 0;
	private readonly world: TwinWorld;
	private lastMv: number = Const.MV_AT_25_C;
	private swingMv: number = Const.SWING_MV;

	constructor(world: TwinWorld) {
		this.world = world;
	}

	/** The output is there at once. */
	powerUp(): void {}

	millivolts(): number {
		this.measurements++;
		const { trouble, world } = this;
		if (trouble === 'gone') return 0;
		if (trouble === 'nonsense') return world.random.between(0, Const.SUPPLY_MV);
		if (trouble !== 'stuck') {
			const celsius = Math.min(Math.max(world.air().temperatureC, Const.LOWEST_C), Const.HIGHEST_C);
			this.lastMv = Const.MV_AT_25_C + Const.MV_PER_C * (celsius - 25);
		}
		if (trouble !== 'unsteady') return this.lastMv;
		this.swingMv = -this.swingMv;
		return this.lastMv + this.swingMv;
	}
}
