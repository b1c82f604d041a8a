// SPDX-License-Identifier: MIT
// The loop: asks each part what is due and sets the only timer.
//
// Rule: everything happens in run(), at the program's own pace. Sockets, pins and the serial line leave their bytes and
// set the alarm to now, nothing else. So a reconnect cannot leak a timer, and whoever owns the clock owns the program.

import { NEVER, type Alarm, type BugHandler, type Clock, type Millis, type Pollable } from './common/ports.js';

const NOBODY: readonly Pollable[] = Object.freeze([]);

export class Node {
	private parts: readonly Pollable[];
	private readonly clock: Clock;
	private readonly alarm: Alarm;
	private readonly bugs: BugHandler;

	/**
	 * `parts` are asked in this order in each turn: measure, decide, talk, judge the link, move to flash. So what was
	 * measured leaves in the same turn.
	 * `bugs` hears of what a part throws, which none should. After it the loop stands still, whatever wakes it: a part that threw
	 * once would throw again.
	 */
	constructor(parts: readonly Pollable[], clock: Clock, alarm: Alarm, bugs: BugHandler) {
		this.parts = parts;
		this.clock = clock;
		this.alarm = alarm;
		this.bugs = bugs;
		alarm.begin(this.run.bind(this));
	}

	/** Asks every part once. */
	private run(): void {
		const { parts } = this;
		try {
			const now = this.clock.now();
			let wakeAt: Millis = NEVER;
			for (let i = 0; i < parts.length; i++) {
				const at = parts[i].poll(now);
				if (at < wakeAt) wakeAt = at;
			}
			this.alarm.set(wakeAt, now);
		} catch (bug) {
			this.parts = NOBODY;
			this.alarm.set(NEVER, 0);
			this.bugs.tell(bug);
		}
	}
}
