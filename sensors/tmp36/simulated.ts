// SPDX-License-Identifier: MIT
// The twin of a TMP36: the air's temperature as a voltage.
//
// Rule: the part itself has no noise to speak of.
// Datasheet TMP35/TMP36/TMP37 Rev. H, table 4: 750 mV at 25 °C and 10 mV for each degree, from -40 °C to 125 °C.

import type { MakeTwin } from '../twin.js';
import { SimulatedAnalog } from '../twin-analog.js';

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

class SimulatedTMP36 extends SimulatedAnalog {
	protected fresh(): number {
		const celsius = Math.min(Math.max(this.world.air().temperatureC, Const.LOWEST_C), Const.HIGHEST_C);
		return Const.MV_AT_25_C + Const.MV_PER_C * (celsius - 25);
	}
}

export const simulated: MakeTwin = (_row, world) => new SimulatedTMP36(world, Const.SUPPLY_MV, Const.SWING_MV);
