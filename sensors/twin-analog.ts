// SPDX-License-Identifier: MIT
// What the twins of analog parts share: what each trouble does to a voltage.
//
// Rule: without its supply or its wire an input lies at ground. The noise of a conversion is the converter's, which is the
// chip's (simulator/devices/analog.ts).

import type { AnalogTwin, Trouble, TwinWorld } from './twin.js';

export abstract class SimulatedAnalog implements AnalogTwin {
	readonly bus = 'analog';
	trouble: Trouble = 'none';
	measurements = 0;
	protected readonly world: TwinWorld;
	/** Of nonsense. */
	private readonly highestMv: number;
	/** Away from what it gives, when it is unsteady: once more, once less. */
	private swingMv: number;
	private lastMv: number | undefined;

	constructor(world: TwinWorld, highestMv: number, swingMv: number) {
		this.world = world;
		this.highestMv = highestMv;
		this.swingMv = swingMv;
	}

	/** The output is there at once, where nothing else is said. */
	powerUp(): void {}

	millivolts(): number {
		this.measurements++;
		const { trouble } = this;
		if (trouble === 'gone' || !this.isSettled) return 0;
		if (trouble === 'nonsense') return this.world.random.between(0, this.highestMv);
		if (trouble !== 'stuck' || this.lastMv === undefined) this.lastMv = this.fresh();
		if (trouble !== 'unsteady') return this.lastMv;
		this.swingMv = -this.swingMv;
		return this.lastMv + this.swingMv;
	}

	protected get isSettled(): boolean {
		return true;
	}

	/** What the air makes of it, in millivolts. */
	protected abstract fresh(): number;
}
