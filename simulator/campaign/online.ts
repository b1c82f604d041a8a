// How long a node may take to be online again, once all faults are over.
//
// Rule: two minutes, and what the node has to wait for by a document: each such wait is named here, and is due only where the fault it is for was there lately.

import type { FaultKind, Injected } from './fault-injection.js';

/** "Online within two minutes of virtual time after the last fault" … */
const ONLINE_MS = 120_000;
/** … but some waits that began in a fault are longer. */
const WAITS_MS: Partial<Record<FaultKind, number>> = {
	/** Credentials that are refused (src/common/limits.ts, BACKOFF_REFUSED_CAP_MS). */
	refusal: 300_000,
	/**
	 * Patience has grown to four minutes (docs/decisions/0023-who-is-given-up.md). What was sent in the fault is never answered; where that is all that the broker
	 * lets be in flight (Receive Maximum), nothing else goes out meanwhile.
	 */
	withheldAcks: 240_000,
};

/** From `from` on, when all was calm. Of a plain broker; of another there is more to wait for. */
export function onlineLimitMs(injected: readonly Injected[], from: number): number {
	const waits = injected.map(({ what, untilMs }) => {
		const waitMs = WAITS_MS[what] ?? 0;
		return untilMs > from - waitMs - ONLINE_MS ? waitMs : 0;
	});
	return ONLINE_MS + Math.max(0, ...waits);
}
