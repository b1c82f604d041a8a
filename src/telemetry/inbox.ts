// SPDX-License-Identifier: MIT
// What has come from the socket, on its way to the session.
//
// Rule: the session takes no more while acknowledgements of its own wait for the socket; what it leaves is offered
// again.

import { Limit } from '../common/limits.js';
import type { Session } from '../mqtt/session.js';
import type { Millis, Transport } from '../common/ports.js';

export class Inbox {
	private readonly bytes = new Uint8Array(Limit.ARRIVED_BYTES);
	private from = 0;
	private to = 0;

	/** A connection begins: nothing of the one before is left. */
	clear(): void {
		this.from = this.to = 0;
	}

	/**
	 * What answers in place of a broker, by its first two bytes, to stand behind its address; else ''. Good while no
	 * more than one piece has come.
	 */
	get stranger(): string {
		const { bytes } = this;
		switch (this.to > 1 ? bytes[0] << 8 | bytes[1] : 0) {
			case Stranger.HTTP: return 'answers with HTTP: not an MQTT broker';
			case Stranger.SSH: return 'answers with SSH: not an MQTT broker';
			case Stranger.TLS: return 'answers with TLS: not a port for MQTT without it';
			case Stranger.SMTP: return 'answers like a mail server: not an MQTT broker';
		}
		return '';
	}

	/** Whether there is a piece that the session has not taken. */
	fill(transport: Transport): boolean {
		if (this.from < this.to) return true;
		const count = transport.read(this.bytes);
		if (count === 0) return false;
		this.from = 0;
		this.to = count;
		return true;
	}

	/** One piece, as far as the session takes it. False: there is no more, or it takes no more. */
	read(transport: Transport, session: Session, now: Millis): boolean {
		if (!this.fill(transport)) return false;
		this.from = session.receive(this.bytes, this.from, this.to, now);
		return this.from === this.to;
	}
}

/** "HT", "SS", a record of TLS with an alert, "22": no packet that a broker may begin with. */
const enum Stranger {
	HTTP = 0x4854,
	SSH = 0x5353,
	TLS = 0x1503,
	SMTP = 0x3232,
}
