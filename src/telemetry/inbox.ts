// SPDX-License-Identifier: MIT
// What has come from the socket, on its way to the session.
//
// Rule: the session takes no more while acknowledgements of its own wait for the socket; what it leaves is offered again.

import { ARRIVED_BYTES } from '../common/limits.js';
import type { Session } from '../mqtt/session.js';
import type { Millis, Transport } from '../common/ports.js';

export class Inbox {
	private readonly bytes = new Uint8Array(ARRIVED_BYTES);
	private from = 0;
	private to = 0;

	/** A connection begins: nothing of the one before is left. */
	clear(): void {
		this.from = this.to = 0;
	}

	/** One piece, as far as the session takes it. False: there is no more, or it takes no more. */
	read(transport: Transport, session: Session, now: Millis): boolean {
		if (this.from === this.to) {
			this.from = 0;
			this.to = transport.read(this.bytes);
			if (this.to === 0) return false;
		}
		this.from = session.receive(this.bytes, this.from, this.to, now);
		return this.from === this.to;
	}
}
