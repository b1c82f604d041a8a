// SPDX-License-Identifier: MIT
// The loop: asks each task what is due and sets the only timer.
//
// Rule: everything happens in run(), at the program's own pace. Sockets, pins and the serial line leave their bytes and
// set the alarm to now, nothing else. So a reconnect cannot leak a timer, and whoever owns the clock owns the program.

import { NEVER, type Alarm, type BugHandler, type Clock, type Millis, type Pollable, type Woken } from './common/ports.js';

const NOBODY: readonly Pollable[] = Object.freeze([]);

export class Node implements Woken {
	private tasks: readonly Pollable[];
	private readonly clock: Clock;
	private readonly alarm: Alarm;
	private readonly bugHandler: BugHandler;

	/**
	 * `tasks` are asked in this order in each turn: measure, decide, publish, judge the link, move to flash. So what
	 * was measured leaves in the same turn. `bugHandler` is told what a task throws, which none should. Then the loop
	 * stands still, whatever wakes it: a task that threw once would throw again.
	 */
	constructor(tasks: readonly Pollable[], clock: Clock, alarm: Alarm, bugHandler: BugHandler) {
		this.tasks = tasks;
		this.clock = clock;
		this.alarm = alarm;
		this.bugHandler = bugHandler;
		alarm.begin(this);
	}

	/** Asks every task once. */
	run(): void {
		const { tasks } = this;
		try {
			const now = this.clock.now();
			let wakeAt: Millis = NEVER;
			for (let i = 0; i < tasks.length; i++) {
				const at = tasks[i].poll(now);
				if (at < wakeAt) wakeAt = at;
			}
			this.alarm.set(wakeAt, now);
		} catch (bug) {
			this.tasks = NOBODY;
			this.alarm.set(NEVER, 0);
			this.bugHandler.tell(bug);
		}
	}
}
