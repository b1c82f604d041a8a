// SPDX-License-Identifier: MIT
// The session that a node opens: what the settings and the bounds make of it, its will, and what it asks to hear.
//
// Rule: the will is the only voice that says "offline". Filters are asked for in the order of the subscriptions: SUBACK
// is told by that index.

import { OFFLINE } from './node-publications.js';
import type { Destinations } from '../connection/destinations.js';
import { Limit } from '../common/limits.js';
import type { SessionHandler, SessionOptions } from '../mqtt/options.js';
import type { Will } from '../mqtt/codec/version.js';
import type { Protocol5 } from '../mqtt/v5/protocol5.js';
import { Session } from '../mqtt/session.js';
import { filterBytes, filterOf } from './subscriptions.js';
import { Without, type Publications, type Subscription } from './publications.js';

type Terms = Pick<Publications, 'without'>;

/** Of all that must arrive. */
export const QOS = 1;

/** The settings and bounds as the session asks for them: read where they are, so that nothing is kept twice. */
class NodeSessionOptions implements SessionOptions {
	readonly clean: boolean;
	readonly protocol5: Protocol5 | undefined;
	private readonly to: Destinations;
	private readonly terms: Terms;

	constructor(to: Destinations, terms: Terms, clean: boolean, protocol5: Protocol5 | undefined) {
		this.to = to;
		this.terms = terms;
		this.clean = clean;
		this.protocol5 = protocol5;
	}

	get clientId(): string { return this.to.config.clientId; }
	get user(): string { return this.to.user; }
	get password(): string { return this.to.password; }
	get keepAliveMs(): number { return this.to.config.keepAliveMs; }
	get publishBeforeConnack(): boolean { return this.to.config.publishEarly; }
	/** Asked for with each CONNECT. */
	get will(): Will {
		const { without } = this.terms;
		return { topic: `${this.to.config.base}/status`, payload: OFFLINE, qos: without & Without.Acknowledgements ? 0 : QOS, retain: !(without & Without.Retain) };
	}
	get bufferBytes(): number { return Limit.INBOUND_PACKET_MAX; }
	get outboxBytes(): number { return Limit.OUTBOX_BYTES; }
	get filterBytes(): number { return filterBytes(this.to.config); }
	get messagesMax(): number { return Limit.MESSAGES_MAX; }
	get inFlightMax(): number { return Limit.INFLIGHT_MAX; }
}

/**
 * `terms`: what the broker does not take. `fresh`: the broker shall begin a new session with each connection, whatever
 * the settings say.
 */
export const openSession = (
	to: Destinations, terms: Terms, subscriptions: readonly Subscription[], fresh: boolean, protocol5: Protocol5 | undefined, handler: SessionHandler,
): Session => {
	const { config } = to;
	const session = new Session(new NodeSessionOptions(to, terms, config.cleanSession || fresh, protocol5), handler);
	for (let i = 0; i < subscriptions.length; i++) session.subscribe(filterOf(config, subscriptions, i), QOS);
	return session;
};
