// SPDX-License-Identifier: MIT
// Something that gives a voltage, simulated: 1.5 V and a millivolt more for each degree above 20 °C.

import type { MakeTwin } from '../twin.js';
import { SimulatedAnalog } from '../twin-analog.js';

const enum Mv {
	/** At 20 °C, and for each degree more. */
	AT_20C = 1_500,
	PER_C = 1,
	/** The supply: more there is not. */
	SUPPLY = 3_300,
	/** Each way, when it is unsteady. */
	SWING = 600,
}

class Voltage extends SimulatedAnalog {
	protected fresh(): number {
		return Mv.AT_20C + Mv.PER_C * (this.world.air().temperatureC - 20);
	}
}

export const simulated: MakeTwin = (_row, world) => new Voltage(world, Mv.SUPPLY, Mv.SWING);
