// SPDX-License-Identifier: MIT
// Whether both sides still live: we say something in time, and notice when the broker says nothing.
//
// Rule: PINGREQ is due when nothing was finished, or nothing arrived, for 7/8 of the keep-alive time. From then on the
// broker has pingTimeoutMs to answer; bytes that still move, in either direction, are time in which it may be slow.
// A broker that answers pings but not requests is given up after ackTimeoutMs.
// MQTT 3.1.1 §3.1.2.10

import { Fault } from './fault.js';
import type { Millis } from './options.js';

const enum Ping { None, Queued, Sent }

export class KeepAlive {
	#dueMs = Infinity;
	readonly #timeoutMs: number;
	readonly #answerMs: number;
	/** Since when the oldest request is without an answer, Infinity if there is none. */
	#awaitedSince = Infinity;
	#ping = Ping.None;
	/** When PINGREQ was queued or, then, sent. */
	#pingAt = 0;
	/** When a packet was finished, when any byte went out, when any byte came in. */
	#sentAt = 0;
	#movedAt = 0;
	#receivedAt = 0;

	/** answerMs 0: answers are waited for for ever. */
	constructor(timeoutMs: number, answerMs: number) {
		this.#timeoutMs = timeoutMs;
		this.#answerMs = answerMs > 0 ? answerMs : Infinity;
	}

	/** 0: no keep-alive. */
	start(keepAliveMs: number, now: Millis): void {
		this.#dueMs = keepAliveMs > 0 ? keepAliveMs - keepAliveMs / 8 : Infinity;
		this.#ping = Ping.None;
		this.#awaitedSince = Infinity;
		this.#sentAt = this.#movedAt = this.#receivedAt = now;
	}

	moved(now: Millis): void { this.#movedAt = now; }

	sent(now: Millis): void { this.#sentAt = now; }

	received(now: Millis): void { this.#receivedAt = now; }

	/** Whether answers are awaited; `anew`: from now on, since one came, or since the request is still going out. */
	expect(awaited: boolean, anew: boolean, now: Millis): void {
		if (!awaited) this.#awaitedSince = Infinity;
		else if (anew || this.#awaitedSince === Infinity) this.#awaitedSince = now;
	}

	/** When patience with requests that have no answer ends. */
	get answerBy(): Millis { return this.#awaitedSince + this.#answerMs; }

	/** PINGREQ waits behind other bytes. */
	queued(now: Millis): void {
		if (this.#ping === Ping.None) {
			this.#ping = Ping.Queued;
			this.#pingAt = now;
		}
		this.#sentAt = now;
	}

	/** Everything that waited is out, PINGREQ with it. */
	drained(now: Millis): void {
		if (this.#ping !== Ping.Queued) return;
		this.#ping = Ping.Sent;
		this.#pingAt = now;
	}

	/** PINGRESP. */
	answered(): void { this.#ping = Ping.None; }

	/** When PINGREQ is due. */
	get dueAt(): Millis {
		if (this.#ping === Ping.Queued) return Infinity;
		const since = this.#ping === Ping.None ? Math.min(this.#sentAt, this.#receivedAt) : this.#sentAt;
		return since + this.#dueMs;
	}

	/** When the broker is to be given up. */
	get deadAt(): Millis {
		if (this.#ping === Ping.None) return Infinity;
		if (this.#ping === Ping.Queued) return Math.max(this.#pingAt, this.#movedAt) + this.#timeoutMs;
		const limit = this.#pingAt + Math.max(this.#dueMs, this.#timeoutMs);
		return Math.min(limit, Math.max(this.#pingAt, this.#receivedAt) + this.#timeoutMs);
	}

	get fault(): Fault { return this.#ping === Ping.Queued ? Fault.Stalled : Fault.PingTimeout; }
}
Object.freeze(KeepAlive.prototype);
