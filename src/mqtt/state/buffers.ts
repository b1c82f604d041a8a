// SPDX-License-Identifier: MIT
// All bytes of a session: one block of memory, one view of its bytes, and for each part where its range begins.
//
// Rule: made once, with the session. Each part alone writes to its own range. One exception: CONNECT is written where
// inbound packets are put together later. On XS a view for each part would cost four slots a part.

import { assert } from '../../common/assert.js';
import { Bound, type BoundOptions } from './bounds.js';
import { At } from './ids.js';

export class Buffers {
	readonly ids: Uint16Array;
	/** From 0 the buffer for inbound packets, then the other ranges, in this order. */
	readonly bytes: Uint8Array;
	readonly filtersAt: number;
	readonly controlAt: number;
	/** To the end of the bytes. */
	readonly outboxAt: number;

	constructor(options: BoundOptions) {
		const {
			bufferBytes = Bound.BUFFER_BYTES, outboxBytes = Bound.OUTBOX_BYTES, filterBytes = Bound.FILTER_BYTES,
			inFlightMax = Bound.IN_FLIGHT_MAX, inboundMax = Bound.INBOUND_MAX, controlBytes = options.protocol5 ? Bound.CONTROL_BYTES_5 : Bound.CONTROL_BYTES,
		} = options;
		assert(inFlightMax >= 1 && inboundMax >= 1 && controlBytes >= 16, 'inFlightMax and inboundMax are at least 1, controlBytes at least 16.');
		const ids = At.Words + inFlightMax + inboundMax;
		this.filtersAt = bufferBytes;
		this.controlAt = this.filtersAt + filterBytes;
		this.outboxAt = this.controlAt + controlBytes;
		const block = new ArrayBuffer(2 * ids + this.outboxAt + outboxBytes);
		this.ids = new Uint16Array(block, 0, ids);
		this.bytes = new Uint8Array(block, 2 * ids);
	}
}
Object.freeze(Buffers.prototype);
