// SPDX-License-Identifier: MIT
// Analog Devices TMP36: temperature as a voltage, 500 mV at 0 °C and 10 mV more for each degree.
//
// Rule: one start() and collect() is one conversion. Whoever wants less noise collects again and combines.
// Invariant: a value is written only if the part can give its voltage: a shorted input never becomes a temperature.
// Datasheet TMP35/TMP36/TMP37 Rev. H: table 1 and figure "Output Voltage vs. Temperature".

import type { Millis, Sensor } from '../../src/common/ports.js';
import { Millivolts, type MillivoltsOptions } from '../millivolts.js';

const enum Const {
	OFFSET_MV = 500,
	/** 10 mV are one degree, so one millivolt is a tenth of a degree. */
	MILLI_C_PER_MV = 100,
	/** -40 °C, the lowest that is specified. */
	LOWEST_MV = 100,
	/** 150 °C, the highest that it survives (specified to 125 °C). */
	HIGHEST_MV = 2_000,
}

export class TMP36 implements Sensor {
	private readonly input: Millivolts;
	private readonly lowestMv: number;

	constructor(options: MillivoltsOptions) {
		this.input = new Millivolts(options);
		this.lowestMv = Math.max(Const.LOWEST_MV, this.input.lowestMv);
	}

	/** The output follows the temperature by itself: there is nothing to begin or to wait for. */
	start(): Millis {
		return 0;
	}

	collect(values: Int32Array, at: number): Millis {
		const mv = this.input.read();
		if (!(mv >= this.lowestMv && mv <= Const.HIGHEST_MV)) throw new Error(complaint(mv));
		values[at] = Math.round((mv - Const.OFFSET_MV) * Const.MILLI_C_PER_MV);
		return 0;
	}

	get perCount(): number {
		return this.input.stepMv * Const.MILLI_C_PER_MV;
	}

	close(): void {
		this.input.close();
	}
}

const complaint = (mv: number): string => {
	if (mv > Const.HIGHEST_MV) return `TMP36 gives ${Math.round(mv) | 0} mV, more than it can: check that pin 3 is at GND.`;
	if (mv >= 0) return `TMP36 gives ${Math.round(mv) | 0} mV, less than it can: check its pins 1 (3V3) and 2 (analog input).`;
	return 'TMP36 cannot be read: the analog conversion failed.';
};
