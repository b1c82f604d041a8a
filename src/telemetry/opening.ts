// SPDX-License-Identifier: MIT
// The session that a node opens: what the settings and the bounds make of it, its will, and what it asks to hear.
//
// Rule: the will is the only voice that says "offline". Filters are asked for in the order of the subscriptions: SUBACK is told by that index.

import { OFFLINE } from './node-publications.js';
import type { Config } from '../settings/settings.js';
import { INBOUND_PACKET_MAX, INFLIGHT_MAX, MESSAGES_MAX, OUTBOX_BYTES } from '../common/limits.js';
import type { SessionHandler } from '../mqtt/options.js';
import type { Protocol5 } from '../mqtt/v5/protocol5.js';
import { Session } from '../mqtt/session.js';
import type { Subscription } from './publications.js';

/** Of all that must arrive. */
export const QOS = 1;

/** `fresh`: the broker shall begin a new session with each connection, whatever the settings say. */
export function openSession(
	config: Config, subscriptions: readonly Subscription[], fresh: boolean, protocol5: Protocol5 | undefined, handler: SessionHandler,
): Session {
	const session = new Session({
		clientId: config.clientId,
		user: config.user,
		password: config.password,
		keepAliveMs: config.keepAliveMs,
		clean: config.cleanSession || fresh,
		will: { topic: `${config.base}/status`, payload: OFFLINE, qos: QOS, retain: true },
		publishBeforeConnack: config.publishEarly,
		protocol5,
		bufferBytes: INBOUND_PACKET_MAX,
		outboxBytes: OUTBOX_BYTES,
		messagesMax: MESSAGES_MAX,
		inFlightMax: INFLIGHT_MAX,
	}, handler);
	for (let i = 0; i < subscriptions.length; i++) session.subscribe(`${config.base}/${subscriptions[i].leaf}`, QOS);
	return session;
}
