// SPDX-License-Identifier: MIT
// The rest of the machine: chance, and starting anew.

import type { Random } from '../ports.js';

/** XS draws from the chip's hardware generator. */
export class DeviceRandom implements Random {
	below(n: number): number {
		return Math.floor(Math.random() * n);
	}
}

export function restart(): void {
	System.restart();
}
