// SPDX-License-Identifier: MIT
// The rest of the machine: chance, and starting anew.

import Timer from 'timer';
import type { Log, Random } from '../ports.js';

/** Long enough for the serial line to say why. */
const LAST_WORDS_MS = 250;

/** XS draws from the chip's hardware generator. */
export class DeviceRandom implements Random {
	below(n: number): number {
		return Math.floor(Math.random() * n);
	}
}

export function restart(): void {
	System.restart();
}

/** A bug of ours: says what it was, saves what can be saved, then lets the engine abort, which restarts the chip. */
export function crash(bug: unknown, log: Log, save: () => void): void {
	log.line(`bug: ${bug as Error}`);
	const end = () => {
		try {
			save();
		} finally {
			throw bug;
		}
	};
	try {
		Timer.set(end, LAST_WORDS_MS);
	} catch {
		// No memory for a timer: what it had to say may be cut short, what it has to save is not.
		end();
	}
}
