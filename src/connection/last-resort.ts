// SPDX-License-Identifier: MIT
// A node that restarts itself for want of a link hands this over to its next boot: that it did, and the outage that
// goes on.
//
// Rule: the handover is numbers in the store. The next boot reads and removes them at once, so that no later boot sees
// them. After a power cut nothing of them is believed, since nobody knows how long it lasted. The numbers of such boots
// follow each other and the uptime goes on. So readings taken without a date can be dated in a later boot. When it
// happens: actions.ts. Why: docs/decisions/0016-last-resort.md.

import type { Cause } from './causes.js';
import type { Log, Store } from '../common/ports.js';

const RESTARTS = 'restarts';
const BOOT = 'lastBoot';
const UPTIME = 'uptime';
const LOST_SECONDS = 'lostSeconds';
const LOST_TIME = 'lostTime';
const CAUSE = 'lostCause';
const DATED_FROM = 'datedFrom';

export interface Handover {
	/** Restarts in a row, of the node's own, without a link between; 0: there is no handover. */
	readonly restarts: number;
	/** The number of the boot before. */
	readonly boot: number;
	/** Seconds that the node has run by now, all these boots together. */
	readonly uptime: number;
	/** How long ago the link was lost; when that was, 0 if not known; and why. */
	readonly lostSeconds: number;
	readonly lostTime: number;
	readonly cause: Cause;
	/** By which readings without a date got one that was said, and may be said again (reading-queue.ts); 0: none did. */
	readonly datedFrom: number;
}

/** The restart must follow at once. What cannot be stored is not handed over. */
export const writeHandover = (store: Store, { restarts, boot, uptime, lostSeconds, lostTime, cause, datedFrom }: Handover): void => {
	// The count comes last: without it nothing of this counts.
	const told = store.set(BOOT, boot) && store.set(UPTIME, uptime) && store.set(LOST_SECONDS, lostSeconds)
		&& store.set(LOST_TIME, lostTime | 0) && store.set(CAUSE, cause) && store.set(DATED_FROM, datedFrom | 0);
	if (told) store.set(RESTARTS, restarts);
};

/** `follows`: this boot is that restart, not one after the power went meanwhile. */
export const takeHandover = (store: Store, log: Log, follows: boolean): Handover => {
	const written = store.get(RESTARTS) ?? 0;
	if (written) store.set(RESTARTS, 0);
	const restarts = follows ? written : 0;
	// Without a sign: a date lies beyond 2^31 from 2038 on.
	const of = (key: string) => ((restarts && store.get(key)) || 0) >>> 0;
	const handover = {
		restarts, boot: of(BOOT), uptime: of(UPTIME), lostSeconds: of(LOST_SECONDS), lostTime: of(LOST_TIME),
		cause: of(CAUSE) as Cause, datedFrom: of(DATED_FROM),
	};
	if (restarts) log.line(`restarted by itself (${restarts | 0} times in a row): there was no link for ${(handover.lostSeconds / 60) | 0} minutes`);
	return handover;
};
