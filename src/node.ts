// SPDX-License-Identifier: MIT
// The loop: asks each part what is due and sets the only timer.
//
// Rule: everything happens in run(), at the program's own pace. Sockets, pins and the serial line leave their bytes and call
// wake(), which only sets the alarm. So a reconnect cannot leak a timer, and whoever owns the clock owns the program.

import { NEVER, type Alarm, type Clock, type Millis, type Pollable } from './ports.js';

export class Node {
	readonly #parts: readonly Pollable[];
	readonly #clock: Clock;
	readonly #alarm: Alarm;

	/** Asked in this order in each turn: sources before sinks, so that what was measured leaves in the same turn. */
	constructor(parts: readonly Pollable[], clock: Clock, alarm: Alarm) {
		this.#parts = parts;
		this.#clock = clock;
		this.#alarm = alarm;
	}

	/** There is work: run() soon. Cheap, may be called from anywhere, any number of times. */
	wake(): void {
		const now = this.#clock.now();
		this.#alarm.set(now, now);
	}

	run(): void {
		const now = this.#clock.now();
		let wakeAt: Millis = NEVER;
		for (let i = 0; i < this.#parts.length; i++) {
			const at = this.#parts[i].poll(now);
			if (at < wakeAt) wakeAt = at;
		}
		this.#alarm.set(wakeAt, now);
	}
}
