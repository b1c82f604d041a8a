// SPDX-License-Identifier: MIT
// Notices a boot loop and answers with a safe mode. There the node connects, reports and takes commands; it measures
// nothing and ignores settings that were changed in place.
//
// Rule: each boot is counted in the store before anything else can fail. The count is cleared when the node has run
// long enough or was told to restart. Safe mode is left by itself: a cause that has passed must not keep a node from
// measuring.

import { BOOTS_MAX, SAFE_MODE_MS, SURVIVED_MS } from '../common/limits.js';
import { NEVER, type Log, type Millis, type Pollable, type Store } from '../common/ports.js';

const KEY = 'boots';

export class BootGuard implements Pollable {
	/** This boot is one in a loop. */
	readonly safe: boolean;
	private readonly store: Store;
	private readonly restart: () => void;
	private dueAt: Millis;

	constructor(store: Store, log: Log, restart: () => void) {
		this.store = store;
		this.restart = restart;
		const boots = (store.get(KEY) ?? 0) + 1;
		this.safe = boots > BOOTS_MAX;
		this.dueAt = this.safe ? SAFE_MODE_MS : SURVIVED_MS;
		store.set(KEY, boots);
		if (!this.safe) return;
		const loop = `the last ${BOOTS_MAX} boots ended within ${(SURVIVED_MS / 60_000) | 0} minutes`;
		log.line(`safe mode: ${loop}; nothing is measured for ${(SAFE_MODE_MS / 60_000) | 0} minutes`);
	}

	poll(now: Millis): Millis {
		if (now < this.dueAt) return this.dueAt;
		this.dueAt = NEVER;
		if (this.safe) this.reboot();
		else this.survived();
		return NEVER;
	}

	/** Restarts at once. The next boot is wanted: it does not count towards a loop. */
	reboot(): void {
		this.survived();
		this.restart();
	}

	/** This boot counts towards no loop. */
	survived(): void {
		if (this.store.get(KEY)) this.store.set(KEY, 0);
	}
}
