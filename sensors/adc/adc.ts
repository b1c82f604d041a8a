// SPDX-License-Identifier: MIT
// A plain analog input: whatever gives a voltage.
//
// Rule: one start() and collect() is one conversion, as with every analog part. What the input cannot tell from a short or
// from its own end is refused; gain and offset come after that.

import type { Millis, Sensor } from '../../src/common/ports.js';
import { Millivolts, type MillivoltsOptions } from '../millivolts.js';

export interface AdcOptions extends MillivoltsOptions {
	/** Of what stands before the pin: 2 for a divider by two. */
	readonly gain: number;
	/** Added after the gain. */
	readonly offsetMv: number;
}

export class Adc implements Sensor {
	private readonly input: Millivolts;
	private readonly gain: number;
	private readonly offsetMv: number;
	private readonly highestMv: number;

	constructor(options: AdcOptions) {
		this.input = new Millivolts(options);
		this.gain = options.gain;
		this.offsetMv = options.offsetMv;
		this.highestMv = options.fullScaleMv;
	}

	/** There is nothing to begin or to wait for. */
	start(): Millis {
		return 0;
	}

	collect(values: Int32Array, at: number): Millis {
		const mv = this.input.read();
		if (!(mv >= this.input.lowestMv)) throw new Error('The analog input gives nothing that it can tell from a short to ground: check its wires.');
		if (mv >= this.highestMv) throw new Error('The analog input is at its end: what it measures is higher, so put a divider before it.');
		values[at] = Math.round(mv * this.gain + this.offsetMv);
		return 0;
	}

	get perCount(): number {
		return this.input.stepMv * this.gain;
	}

	close(): void {
		this.input.close();
	}
}
