// SPDX-License-Identifier: MIT
// All bytes of a session, cut from one block: on XS each further view of a block costs three slots less than an array of its own.
//
// Rule: made once, with the session; who holds a view holds it for good, and nobody else writes there, but for CONNECT, which
// is written where inbound packets are put together later.

import { assert } from '../assert.js';
import {
	BUFFER_BYTES, CONTROL_BYTES, CONTROL_BYTES_5, FILTER_BYTES, IN_FLIGHT_MAX, INBOUND_MAX, OUTBOX_BYTES, type SessionOptions,
} from './options.js';

export class Buffers {
	readonly ids: Uint16Array;
	readonly framer: Uint8Array;
	readonly outbox: Uint8Array;
	readonly control: Uint8Array;
	readonly filters: Uint8Array;

	constructor(options: SessionOptions) {
		const {
			bufferBytes = BUFFER_BYTES, outboxBytes = OUTBOX_BYTES, filterBytes = FILTER_BYTES, inFlightMax = IN_FLIGHT_MAX, inboundMax = INBOUND_MAX,
			controlBytes = options.protocol5 ? CONTROL_BYTES_5 : CONTROL_BYTES,
		} = options;
		assert(inFlightMax >= 1 && inboundMax >= 1 && controlBytes >= 16, 'inFlightMax and inboundMax are at least 1, controlBytes at least 16.');
		const ids = 2 + inFlightMax + inboundMax;
		const block = new ArrayBuffer(2 * ids + bufferBytes + outboxBytes + controlBytes + filterBytes);
		let at = 2 * ids;
		this.ids = new Uint16Array(block, 0, ids);
		this.framer = new Uint8Array(block, at, bufferBytes);
		this.outbox = new Uint8Array(block, at += bufferBytes, outboxBytes);
		this.control = new Uint8Array(block, at += outboxBytes, controlBytes);
		this.filters = new Uint8Array(block, at += controlBytes, filterBytes);
	}
}
Object.freeze(Buffers.prototype);
