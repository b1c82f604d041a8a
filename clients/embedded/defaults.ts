// SPDX-License-Identifier: MIT
// From the options of ECMA-419 to those of a session, with bounds that suit a client of which nothing is known.
//
// Rule: made before any resource is taken, so that what breaks a rule of the standard throws from the constructor.

import type { Flow } from '../../src/mqtt/flow.js';
import { Bound, type SessionOptions } from '../../src/mqtt/options.js';
import { connectSize } from '../../src/mqtt/codec/packets.js';
import { view } from './bytes.js';
import type { Bytes, ClientOptions } from './options.js';

export const PORT = 1_883;
export const CONNECT_TIMEOUT_MS = 30_000;
/** How long the broker may take to hang up after our DISCONNECT. */
export const FAREWELL_MS = 10_000;
export const READ_BYTES = 512;
/** Acknowledgements that wait for the socket, and the longest SUBSCRIBE. */
const CONTROL_BYTES = 256;
/** Heads of messages that are not acknowledged: topic and some 9 bytes each. */
const OUTBOX_BYTES = 1_024;
const IN_FLIGHT_MAX = 16;
const FILTER_BYTES = 512;
const FILTERS_MAX = 16;

export const sessionOptions = (options: ClientOptions<never>, flow: Flow): SessionOptions => {
	const { will, inFlightMax = IN_FLIGHT_MAX } = options;
	const session: SessionOptions = {
		flow,
		clientId: options.id ?? '',
		user: options.user,
		password: field(options.password),
		// The SDK's own client also takes the name in lower case.
		keepAliveMs: options.keepAlive ?? (options as { keepalive?: number }).keepalive ?? 0,
		clean: options.clean ?? true,
		will: will && { topic: will.topic, payload: field(will.message) ?? '', qos: will.QoS ?? 0, retain: Boolean(will.retain) },
		outboxBytes: options.outboxBytes ?? OUTBOX_BYTES,
		messagesMax: inFlightMax + 1,
		inFlightMax,
		inboundMax: options.inboundMax,
		controlBytes: options.controlBytes ?? CONTROL_BYTES,
		filterBytes: options.filterBytes ?? FILTER_BYTES,
		filtersMax: options.filtersMax ?? FILTERS_MAX,
		connackTimeoutMs: options.connackTimeoutMs,
		pingTimeoutMs: options.pingTimeoutMs,
		ackTimeoutMs: options.ackTimeoutMs,
		hangUpsMax: 0,
	};
	const bufferBytes = options.bufferBytes ?? Math.max(Bound.BUFFER_BYTES, connectSize(session) + 5);
	return Object.assign(session, { bufferBytes });
};

const field = (value: string | Bytes | undefined): string | Uint8Array | undefined =>
	typeof value === 'object' ? view(value) : value;
