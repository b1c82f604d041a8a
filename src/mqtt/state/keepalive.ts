// SPDX-License-Identifier: MIT
// Whether both sides still live: we say something in time, and notice when the broker says nothing.
//
// Rule: PINGREQ is due when nothing was finished, or nothing arrived, for 7/8 of the keep-alive time. From then on the
// broker has pingTimeoutMs to answer; bytes that still move, in either direction, are time in which it may be slow. A
// broker that answers pings but not requests is given up after ackTimeoutMs. Messages have one clock, SUBSCRIBE and
// UNSUBSCRIBE another: what answers the ones says nothing of the others. Behind a packet that is larger than our buffer
// every answer has to wait. So while one comes, each of its bytes buys the broker 10 ms: at 100 bytes a second the
// clocks stand still, and a peer that drips is given up all the same. What is awaited is CONNACK at first, then the
// answers, then the end. Time-outs are the session's options, and given with each question. MQTT 3.1.1 §3.1.2.10

import { Fault } from '../codec/fault.js';
import type { Millis } from './bounds.js';

const enum Ping { None, Queued, Sent }

const enum Const {
	/** What each byte of a large packet buys its sender. */
	BYTE_MS = 10,
}

export class KeepAlive {
	/** When a packet was finished, when any byte came in. */
	sentAt = 0;
	receivedAt = 0;
	/** Since when the oldest message is without its acknowledgement; Infinity: there is none. */
	awaitedSince = Infinity;
	/** The same for SUBSCRIBE and UNSUBSCRIBE. */
	requestedSince = Infinity;
	private dueMs = Infinity;
	private ping = Ping.None;
	/** When PINGREQ was queued, or bytes before it moved, or, then, it was sent. */
	private pingAt = 0;

	/** A connection, or what CONNACK says of its keep-alive; 0: none. */
	start(keepAliveMs: number, now: Millis): void {
		this.dueMs = keepAliveMs > 0 ? keepAliveMs - keepAliveMs / 8 : Infinity;
		this.ping = Ping.None;
		this.awaitedSince = this.sentAt = this.receivedAt = now;
		this.requestedSince = Infinity;
	}

	/** Bytes went out; `finished`: a packet ended with them. Returns whether PINGREQ was among those that waited. */
	wrote(finished: boolean, now: Millis): boolean {
		if (finished) this.sentAt = now;
		if (this.ping !== Ping.Queued) return false;
		this.pingAt = now;
		return true;
	}

	/** Whether answers are awaited; `anew`: from now on, since one came, or since the request is still going out. */
	expect(awaited: boolean, anew: boolean, now: Millis): void {
		if (!awaited) this.awaitedSince = Infinity;
		else if (anew || this.awaitedSince === Infinity) this.awaitedSince = now;
	}

	/** The same for SUBSCRIBE and UNSUBSCRIBE. */
	expectRequested(awaited: boolean, anew: boolean, now: Millis): void {
		if (!awaited) this.requestedSince = Infinity;
		else if (anew || this.requestedSince === Infinity) this.requestedSince = now;
	}

	/** So many bytes came of a packet that is larger than our buffer. */
	passed(count: number, now: Millis): void {
		const ms = count * Const.BYTE_MS;
		this.awaitedSince = later(this.awaitedSince, ms, now);
		this.requestedSince = later(this.requestedSince, ms, now);
		this.pingAt = later(this.pingAt, ms, now);
	}

	/** The end is awaited, since the last bytes came in. */
	expectEnd(): void { this.awaitedSince = this.receivedAt; }

	/** PINGREQ waits behind other bytes. */
	queued(now: Millis): void {
		if (this.ping === Ping.None) {
			this.ping = Ping.Queued;
			this.pingAt = now;
		}
		this.sentAt = now;
	}

	/** Everything that waited is out, PINGREQ with it. */
	drained(): void { this.ping = Ping.Sent; }

	/** PINGRESP. */
	answered(): void { this.ping = Ping.None; }

	/** Whether there is no PINGREQ without its answer. */
	get quiet(): boolean { return this.ping === Ping.None; }

	/** When PINGREQ is due. */
	get dueAt(): Millis {
		if (this.ping === Ping.Queued) return Infinity;
		const sentAt = this.sentAt;
		const since = this.ping === Ping.None && this.receivedAt < sentAt ? this.receivedAt : sentAt;
		return since + this.dueMs;
	}

	/** When the broker is to be given up. */
	deadAt(timeoutMs: number): Millis {
		if (this.ping === Ping.None) return Infinity;
		if (this.ping === Ping.Queued) return this.pingAt + timeoutMs;
		const limit = this.pingAt + Math.max(this.dueMs, timeoutMs);
		return Math.min(limit, Math.max(this.pingAt, this.receivedAt) + timeoutMs);
	}

	get fault(): Fault { return this.ping === Ping.Queued ? Fault.Stalled : Fault.PingTimeout; }
}
Object.freeze(KeepAlive.prototype);

/** Never beyond now. */
const later = (since: Millis, ms: number, now: Millis): Millis => since < now ? Math.min(since + ms, now) : since;
