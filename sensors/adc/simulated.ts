// SPDX-License-Identifier: MIT
// Something that gives a voltage, simulated: 1.5 V and a millivolt more for each degree above 20 °C.
//
// Rule: the noise is the converter's own, which is the chip's (simulator/devices/analog.ts).

import type { AnalogTwin, MakeTwin, Trouble, TwinWorld } from '../twin.js';

const enum Mv {
	/** At 20 °C, and for each degree more. */
	AT_20C = 1_500,
	PER_C = 1,
	/** The supply: more there is not. */
	SUPPLY = 3_300,
	/** Each way, when it is unsteady. */
	SWING = 600,
}

class Voltage implements AnalogTwin {
	readonly bus = 'analog';
	trouble: Trouble = 'none';
	measurements = 0;
	readonly #world: TwinWorld;
	#lastMv = Mv.AT_20C;
	#swingMv = Mv.SWING;

	constructor(world: TwinWorld) {
		this.#world = world;
	}

	powerUp(): void {}

	millivolts(): number {
		this.measurements++;
		const { random, air } = this.#world;
		if (this.trouble === 'gone') return 0;
		if (this.trouble === 'nonsense') return random.between(0, Mv.SUPPLY);
		if (this.trouble !== 'stuck') this.#lastMv = Mv.AT_20C + Mv.PER_C * (air().temperatureC - 20);
		if (this.trouble !== 'unsteady') return this.#lastMv;
		this.#swingMv = -this.#swingMv;
		return this.#lastMv + this.#swingMv;
	}
}

export const simulated: MakeTwin = (_row, world) => new Voltage(world);
