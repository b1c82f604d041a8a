// SPDX-License-Identifier: MIT
// The loop: asks each part what is due and sets the only timer.
//
// Rule: everything happens in run(), at the program's own pace. Sockets, pins and the serial line leave their bytes and
// set the alarm to now, nothing else. So a reconnect cannot leak a timer, and whoever owns the clock owns the program.

import { NEVER, type Alarm, type Clock, type Millis, type Pollable } from './ports.js';

const NOBODY: readonly Pollable[] = Object.freeze([]);

export class Node {
	/** Asks every part once. A closure, not a method: the timer calls it directly, and a frame saved is 12 to 20 of 256 stack slots. */
	readonly run: () => void;

	/**
	 * `parts` are asked in this order in each turn: sources before sinks, so that what was measured leaves in the same turn.
	 * `onBug` hears of what a part throws, which none should. After it the loop stands still, whatever wakes it: a part that threw
	 * once would throw again.
	 */
	constructor(parts: readonly Pollable[], clock: Clock, alarm: Alarm, onBug: (bug: unknown) => void) {
		this.run = () => {
			if (parts === NOBODY) return;
			try {
				const now = clock.now();
				let wakeAt: Millis = NEVER;
				for (let i = 0; i < parts.length; i++) {
					const at = parts[i].poll(now);
					if (at < wakeAt) wakeAt = at;
				}
				alarm.set(wakeAt, now);
			} catch (bug) {
				parts = NOBODY;
				onBug(bug);
			}
		};
		alarm.begin(this.run);
	}
}
