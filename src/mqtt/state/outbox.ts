// SPDX-License-Identifier: MIT
// PUBLISH packets that wait to be sent or to be acknowledged, in the bytes that go out, one behind the other.
//
// Rule: a message enters here before a byte of it is sent, and leaves only by its acknowledgement. So an
// acknowledgement never comes too early, and a lost connection loses nothing. A packet that leaves closes its gap at
// once (one move of memory). So each packet stays in one piece, and several can go out in one write. QoS 0 leaves when
// it is sent. There is no table beside them: size and id are read from the packets. Session.publish() writes them here,
// and the fast paths use these fields themselves: a call would cost as much as all that they do.
// Invariant: start ≤ sentEnd ≤ end; the `sent` messages up to sentEnd are sent and have QoS > 0; `progress` bytes of
// the one behind them are sent. MQTT 3.1.1 §4.3, §4.4

import { assert } from '../../common/assert.js';
import { Head, publishLength } from '../codec/packets.js';
import type { StateVersion } from './bounds.js';
import { lengthSize, packetSize } from '../codec/wire.js';

const enum Const {
	/** In the first byte of a packet. */
	QOS = 6,
}

export class Outbox {
	/** Messages lie in the bytes from here on. */
	readonly start: number;
	readonly bytes: Uint8Array;
	/** Messages that it takes, whatever their size. */
	readonly max: number;
	readonly protocol5: StateVersion | undefined;
	/** Messages in it, and how many of them are of QoS 0. */
	count = 0;
	qos0Count = 0;
	/** Behind the last one. */
	end: number;
	/** What is sent: see the invariant. */
	sent = 0;
	sentEnd: number;
	progress = 0;
	/** The last packet id that was given to a request of any kind; none behind it up to `freeTo` is in use (delivery.ts). */
	lastId = 0;
	freeTo = 0;

	/** The bytes from `start` on are its own. */
	constructor(bytes: Uint8Array, max: number, protocol5?: StateVersion, start = 0) {
		assert(bytes.length - start >= 16 && max >= 1, 'The outbox takes at least 16 bytes and one message.');
		this.protocol5 = protocol5;
		this.start = this.end = this.sentEnd = start;
		this.bytes = bytes;
		this.max = max;
	}

	/** Whether a packet was begun and not finished. */
	get begun(): boolean { return this.progress > 0; }

	/** Messages of QoS 1 and 2 that were sent at least in part. */
	get inFlight(): number {
		return this.progress > 0 && (this.bytes[this.sentEnd] & Const.QOS) > 0 ? this.sent + 1 : this.sent;
	}

	/** Whether that is the packet id of the oldest message, and it was sent whole. */
	isHead(id: number): boolean { return this.sent > 0 && this.idAt(this.start) === id; }

	/** Packet id of the oldest message if any of it was sent and it expects an acknowledgement, else 0. */
	get headId(): number {
		return this.inFlight > 0 ? this.idAt(this.start) : 0;
	}

	/** Packet id of the oldest message, sent or not; 0 if there is none, or it is of QoS 0. */
	get firstId(): number { return this.count > 0 ? this.idAt(this.start) : 0; }

	/** Whether the oldest message is one that was sent on an earlier connection. */
	get resends(): boolean {
		return this.count > 0 && (this.bytes[this.start] & Head.DUP) > 0;
	}

	/** The longest payload of a message of QoS 1 or 2 that would fit, -1 if none. */
	room(topic: Uint8Array): number {
		if (this.count === this.max) return -1;
		const rest = Math.min(this.bytes.length - this.end, this.protocol5?.packetMax ?? Infinity) - 1;
		let head = 1;
		while (lengthSize(rest - head) > head) head++;
		return Math.max(-1, rest - head - publishLength(topic, 0, 1, this.protocol5));
	}

	has(id: number): boolean { return this.find(id, this.end) >= 0; }

	/** Removes the message if it was sent whole with that QoS; false if there is no such message. */
	acknowledge(id: number, qos: number): boolean {
		const at = this.find(id, this.sentEnd);
		if (at < 0 || (this.bytes[at] & Const.QOS) !== qos << 1) return false;
		this.remove(at, this.sizeAt(at));
		return true;
	}

	/** The same for the oldest message, with QoS 1, which is what a PUBACK is for nearly always. */
	acknowledgeOldest(id: number): boolean {
		const at = this.start;
		if (this.sent === 0 || (this.bytes[at] & Const.QOS) !== 2 || this.idAt(at) !== id) return false;
		if (this.count === 1) this.clear();
		else this.remove(at, this.sizeAt(at));
		return true;
	}

	/** Removes the message with that id, if it is there. */
	drop(id: number): void {
		const at = this.find(id, this.end);
		if (at >= 0) this.remove(at, this.sizeAt(at));
	}

	/** Removes the oldest. */
	removeHead(): void { this.remove(this.start, this.sizeAt(this.start)); }

	/**
	 * The next bytes, at most `room`, of which at most `quota` packets of QoS 1 and 2 are begun.
	 * A quota below 0: nothing is begun, but what was begun is finished.
	 */
	peek(room: number, quota: number): Uint8Array | undefined {
		const from = this.sentEnd + this.progress;
		const limit = from + room;
		const bytes = this.bytes;
		let end = this.progress > 0 ? this.waitingAt : from;
		while (quota >= 0 && end < this.end && end < limit) {
			if ((bytes[end] & Const.QOS) > 0 && quota-- === 0) break;
			end += this.sizeAt(end);
		}
		if (end > limit) end = limit;
		return end > from ? bytes.subarray(from, end) : undefined;
	}

	/**
	 * Has the next packet written with a topic alias, if it may be begun and has one (MQTT 5.0). Returns the bytes it
	 * takes in `into`, from `to` on; they are to be sent instead, then sentElsewhere() is to be called.
	 */
	alias(into: Uint8Array, to: number, end: number, quota: number): number {
		if (quota < 0 || this.progress > 0 || this.sent === this.count) return 0;
		if (quota === 0 && this.qos(this.sentEnd) > 0) return 0;
		const size = this.sizeAt(this.sentEnd);
		const { aliases, packetMax } = this.protocol5!;
		const count = aliases.write(this.bytes, this.sentEnd, size, into, to, Math.min(end - to, packetMax));
		if (count > 0) this.progress = size;
		return count;
	}

	/** The next packet is written elsewhere, as alias() has it. */
	beginRewritten(): void { this.progress = this.sizeAt(this.sentEnd); }

	sentRewritten(): void { this.finish(this.sizeAt(this.sentEnd)); }

	/**
	 * What the broker takes: lowers QoS and RETAIN of what was not begun. False: there is a message that it does not
	 * take at all.
	 */
	limit(qosMax: number, retainAvailable: boolean): boolean {
		for (let at = this.waitingAt; at < this.end; at += this.sizeAt(at)) {
			const qos = this.qos(at);
			if (qos > 0 && qosMax === 0) return false;
			if (qos > qosMax) this.bytes[at] = this.bytes[at] & ~6 | qosMax << 1;
			if (!retainAvailable) this.bytes[at] &= ~Head.RETAIN;
		}
		return true;
	}

	/** Removes a message, not begun, that is larger than the broker takes. Returns its id (0 for QoS 0); -1 if there is none. */
	removeLarger(packetMax: number): number {
		for (let at = this.waitingAt; at < this.end; at += this.sizeAt(at)) {
			if (this.sizeAt(at) <= packetMax) continue;
			const id = this.idAt(at);
			this.remove(at, this.sizeAt(at));
			return id;
		}
		return -1;
	}

	/** `count` of the bytes that peek() showed are sent. Returns how many packets that completed. */
	wrote(count: number): number {
		let completed = 0;
		while (count > 0) {
			if (this.sentEnd === this.end) assert(false, 'More bytes were written than the outbox holds.');
			const size = this.sizeAt(this.sentEnd);
			const rest = size - this.progress;
			if (count < rest) {
				this.progress += count;
				return completed;
			}
			count -= rest;
			completed++;
			this.finish(size);
		}
		return completed;
	}

	private finish(size: number): void {
		this.progress = 0;
		if ((this.bytes[this.sentEnd] & Const.QOS) === 0) return this.remove(this.sentEnd, size);
		this.sentEnd += size;
		this.sent++;
	}

	/** All that was sent must be sent again, as a duplicate (§3.3.1-1); but QoS 0 is sent once at most. */
	rewind(): void {
		if (this.progress > 0) this.finish(this.sizeAt(this.sentEnd));
		for (let at = this.start; at < this.sentEnd; at += this.sizeAt(at)) this.bytes[at] |= Head.DUP;
		this.sent = 0;
		this.sentEnd = this.start;
	}

	/** The broker knows none of it: what waits are new messages. */
	renew(): void {
		for (let at = this.waitingAt; at < this.end; at += this.sizeAt(at)) this.bytes[at] &= ~Head.DUP;
	}

	clear(): void {
		this.count = this.qos0Count = this.sent = this.progress = 0;
		this.end = this.sentEnd = this.start;
	}

	private qos(at: number): number { return this.bytes[at] >> 1 & 3; }

	/** Where the first message lies of which nothing was sent. */
	private get waitingAt(): number {
		return this.progress > 0 ? this.sentEnd + this.sizeAt(this.sentEnd) : this.sentEnd;
	}

	private sizeAt(at: number): number {
		const length = this.bytes[at + 1];
		return length < 0x80 ? 2 + length : packetSize(this.bytes, at);
	}

	/** 0 for QoS 0. */
	private idAt(at: number): number {
		const bytes = this.bytes;
		if ((bytes[at] & Const.QOS) === 0) return 0;
		while (bytes[++at] >= 0x80) {}
		at += 3 + (bytes[at + 1] << 8 | bytes[at + 2]);
		return bytes[at] << 8 | bytes[at + 1];
	}

	/** Where the message with that id lies before `end`, or -1. */
	private find(id: number, end: number): number {
		for (let at = this.start; at < end; at += this.sizeAt(at)) if (this.idAt(at) === id) return at;
		return -1;
	}

	private remove(at: number, size: number): void {
		if ((this.bytes[at] & Const.QOS) === 0) this.qos0Count--;
		if (at + size < this.end) this.bytes.copyWithin(at, at + size, this.end);
		this.end -= size;
		this.count--;
		if (at < this.sentEnd) {
			this.sent--;
			this.sentEnd -= size;
		}
	}
}
Object.freeze(Outbox.prototype);
