// SPDX-License-Identifier: MIT
// An analog input that answers in millivolts at the board's pin.
//
// Rule: the highest count, 2^bits - 1, stands for fullScaleMv; both come from hardware/<board>.ts. Nothing is
// rounded here (the driver rounds once, at the end) and read() makes no garbage.

import type { AnalogClass, AnalogInput, AnalogOptions } from './io.js';

export interface MillivoltsOptions {
	readonly sensor: AnalogOptions & { readonly io: AnalogClass };
	/** Millivolts at the pin that the highest count stands for. */
	readonly fullScaleMv: number;
	/** Bits of a conversion; without it the I/O class is asked. */
	readonly bits?: number;
	/** The input cannot tell voltages below this from a short to ground. */
	readonly lowestMv?: number;
}

export class Millivolts {
	private readonly io: AnalogInput;
	private readonly fullScaleMv: number;
	private readonly highestCount: number;
	readonly lowestMv: number;

	constructor(options: MillivoltsOptions) {
		this.io = new options.sensor.io(options.sensor);
		this.fullScaleMv = options.fullScaleMv;
		this.highestCount = 2 ** (options.bits ?? this.io.resolution) - 1;
		this.lowestMv = options.lowestMv ?? 0;
	}

	/** One conversion; NaN when it failed. */
	read(): number {
		const count = this.io.read();
		return count === undefined ? NaN : (count * this.fullScaleMv) / this.highestCount;
	}

	/** What one count is. */
	get stepMv(): number {
		return this.fullScaleMv / this.highestCount;
	}

	close(): void {
		this.io.close();
	}
}
