// SPDX-License-Identifier: MIT
// One wire on which a part answers in pulses, over "telltale/pulses".
//
// Rule: the line is high but for low(). What the pulses mean is the driver's business.

import { capture, low, release } from 'telltale/pulses';
import type { PulseInput, PulseOptions } from '../../sensors/io.js';

export class DevicePulses implements PulseInput {
	private readonly pin: number;

	constructor({ pin }: PulseOptions) {
		this.pin = pin;
		release(pin);
	}

	low(): void {
		low(this.pin);
	}

	capture(into: Uint8Array): number {
		return capture(this.pin, into);
	}

	close(): void {
		release(this.pin);
	}
}
