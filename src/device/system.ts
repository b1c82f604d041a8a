// SPDX-License-Identifier: MIT
// The rest of the machine: chance, and starting anew.
//
// Rule: before it starts anew, what would be lost with RAM is saved.

import Timer from 'timer';
import { Limit } from '../common/limits.js';
import type { BugHandler, Log, Random } from '../common/ports.js';

const NO_RESTART = 'this machine cannot restart itself';

/** XS draws from the chip's hardware generator. */
export class DeviceRandom implements Random {
	below(n: number): number {
		return Math.floor(Math.random() * n);
	}
}

/** Nothing else runs meanwhile. */
export const pause = (ms: number): void => Timer.delay(ms);

/** Never comes back. Where nothing restarts, as in the SDK's desktop simulator, what asked for it ends as after a bug. */
export const restart = (): void => {
	if (canRestart()) System.restart();
	throw NO_RESTART;
};

/** What would be lost with RAM, and can be saved. */
export interface Saved {
	save(): boolean;
}

export const NOTHING_TO_SAVE: Saved = Object.freeze({
	save(): boolean {
		return true;
	},
});

/**
 * A bug of ours: says what it was, saves what can be saved, then lets the engine abort, which restarts the chip. Where
 * nothing restarts, a bug that is thrown comes back at once and for ever: there the node says so and stands still.
 */
export class LastWords implements BugHandler {
	private readonly log: Log;
	private readonly memory: Saved;

	constructor(log: Log, memory: Saved) {
		this.log = log;
		this.memory = memory;
	}

	tell(bug: unknown): void {
		if (bug !== NO_RESTART) this.log.line(`bug: ${bug as Error}`);
		const end = this.end.bind(this, bug);
		try {
			Timer.set(end, Limit.LAST_WORDS_MS);
		} catch {
			// No memory for a timer: what it had to say may be cut short, what it has to save is not.
			end();
		}
	}

	private end(bug: unknown): void {
		try {
			this.memory.save();
		} catch {
			// The bug that is told is the first.
		}
		if (canRestart()) throw bug;
		this.log.line(`${NO_RESTART}: the node stands still`);
	}
}

const canRestart = (): boolean => typeof System.restart === 'function';
