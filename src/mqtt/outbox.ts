// SPDX-License-Identifier: MIT
// PUBLISH packets that wait to be sent or to be acknowledged, in the bytes that go out, one behind the other.
//
// Rule: a message enters here before a byte of it is sent, and leaves only by its acknowledgement; so an acknowledgement
// can never come too early, and a lost connection loses nothing. What leaves closes its gap at once (one move of memory), so
// packets stay in one piece each and several can go out in one write. QoS 0 leaves when it is sent. There is no table beside
// them: size and id are read from the packets.
// Invariant: entries 0 to #sent - 1 are sent and have QoS > 0; #progress bytes of entry #sent are sent. MQTT 3.1.1 §4.3, §4.4

import { assert } from '../assert.js';
import { DUP, publishHead, publishSize, RETAIN, writePublish } from './packets.js';
import type { Protocol5 } from './protocol5.js';
import { lengthSize, readUint16 } from './wire.js';

export class Outbox {
	readonly #bytes: Uint8Array;
	readonly #max: number;
	readonly #protocol5: Protocol5 | undefined;
	#count = 0;
	#used = 0;
	#sent = 0;
	#sentBytes = 0;
	#progress = 0;

	constructor(bytes: Uint8Array, max: number, protocol5?: Protocol5) {
		assert(bytes.length >= 16 && max >= 1, 'The outbox takes at least 16 bytes and one message.');
		this.#bytes = bytes;
		this.#max = max;
		this.#protocol5 = protocol5;
	}

	/** Messages in it. */
	get count(): number { return this.#count; }

	/** Whether a packet was begun and not finished. */
	get begun(): boolean { return this.#progress > 0; }

	/** Messages of QoS 1 and 2 that were sent at least in part. */
	get inFlight(): number {
		return this.#sent + (this.#progress > 0 && this.qos(this.#sentBytes) > 0 ? 1 : 0);
	}

	/** Packet id of the oldest message if any of it was sent and it expects an acknowledgement, else 0. */
	get headId(): number {
		return this.inFlight > 0 ? this.idAt(0) : 0;
	}

	/** Whether the oldest message is one that was sent on an earlier connection. */
	get resends(): boolean {
		return this.#count > 0 && (this.#bytes[0] & DUP) > 0;
	}

	/** The longest payload of a message of QoS 1 or 2 that would fit, -1 if none. */
	room(topicLength: number): number {
		if (this.#count === this.#max) return -1;
		const rest = Math.min(this.#bytes.length - this.#used, this.#protocol5?.packetMax ?? Infinity) - 1;
		let head = 1;
		while (lengthSize(rest - head) > head) head++;
		return Math.max(-1, rest - head - publishHead(topicLength, 1, this.#protocol5));
	}

	/** False if there is no room. */
	put(topic: Uint8Array, payload: Uint8Array, length: number, qos: number, retain: boolean, id: number): boolean {
		const protocol5 = this.#protocol5;
		const size = publishSize(topic.length, length, qos, protocol5);
		if (this.#count === this.#max || this.#used + size > this.#bytes.length || protocol5 && size > protocol5.packetMax) return false;
		writePublish(this.#bytes, this.#used, topic, payload, length, qos, retain, id, protocol5);
		this.#count++;
		this.#used += size;
		return true;
	}

	has(id: number): boolean { return this.find(id, this.#count) >= 0; }

	/** Removes the message if it was sent whole with that QoS; false if there is no such message. */
	acknowledge(id: number, qos: number): boolean {
		const at = this.find(id, this.#sent);
		if (at < 0 || this.qos(at) !== qos) return false;
		this.remove(at);
		return true;
	}

	/** Removes the oldest. */
	removeHead(): void { this.remove(0); }

	/**
	 * The next bytes, at most `room`, of which at most `quota` packets of QoS 1 and 2 are begun.
	 * A quota below 0: nothing is begun, but what was begun is finished.
	 */
	peek(room: number, quota: number): Uint8Array | undefined {
		const from = this.#sentBytes + this.#progress;
		const end = Math.min(this.sendable(quota), from + room);
		return end > from ? this.#bytes.subarray(from, end) : undefined;
	}

	/** Where the bytes end that may go out now. */
	private sendable(quota: number): number {
		let end = this.waitingAt;
		while (quota >= 0 && end < this.#used) {
			if (this.qos(end) > 0 && quota-- === 0) break;
			end += this.sizeAt(end);
		}
		return end;
	}

	/**
	 * Has the next packet written with a topic alias, if it may be begun and has one (MQTT 5.0). Returns the bytes it takes in
	 * `into`; they are to be sent instead, then sentElsewhere() is to be called.
	 */
	alias(into: Uint8Array, quota: number): number {
		if (quota < 0 || this.#progress > 0 || this.#sent === this.#count) return 0;
		if (quota === 0 && this.qos(this.#sentBytes) > 0) return 0;
		const size = this.sizeAt(this.#sentBytes);
		const count = this.#protocol5!.aliases.write(this.#bytes, this.#sentBytes, size, into, this.#protocol5!.packetMax);
		if (count > 0) this.#progress = size;
		return count;
	}

	/** The next packet is written elsewhere, as alias() has it. */
	beginElsewhere(): void { this.#progress = this.sizeAt(this.#sentBytes); }

	sentElsewhere(): void { this.finish(); }

	/** What the broker takes: lowers QoS and RETAIN of what was not begun. False: there is a message that it does not take at all. */
	limit(qosMax: number, retainAvailable: boolean): boolean {
		for (let at = this.waitingAt; at < this.#used; at += this.sizeAt(at)) {
			const qos = this.qos(at);
			if (qos > 0 && qosMax === 0) return false;
			if (qos > qosMax) this.#bytes[at] = this.#bytes[at] & ~6 | qosMax << 1;
			if (!retainAvailable) this.#bytes[at] &= ~RETAIN;
		}
		return true;
	}

	/** Removes a message, not begun, that is larger than the broker takes. Returns its id (0 for QoS 0); -1 if there is none. */
	removeLarger(packetMax: number): number {
		for (let at = this.waitingAt; at < this.#used; at += this.sizeAt(at)) {
			if (this.sizeAt(at) <= packetMax) continue;
			const id = this.idAt(at);
			this.remove(at);
			return id;
		}
		return -1;
	}

	/** `count` of the bytes that peek() showed are sent. Returns how many packets that completed. */
	wrote(count: number): number {
		let completed = 0;
		while (count > 0) {
			assert(this.#sent < this.#count, 'More bytes were written than the outbox holds.');
			const rest = this.sizeAt(this.#sentBytes) - this.#progress;
			if (count < rest) {
				this.#progress += count;
				return completed;
			}
			count -= rest;
			completed++;
			this.finish();
		}
		return completed;
	}

	private finish(): void {
		this.#progress = 0;
		if (this.qos(this.#sentBytes) === 0) return this.remove(this.#sentBytes);
		this.#sentBytes += this.sizeAt(this.#sentBytes);
		this.#sent++;
	}

	/** All that was sent must be sent again, as a duplicate (§3.3.1-1); but QoS 0 is sent once at most. */
	rewind(): void {
		const begun = this.#progress > 0;
		this.#progress = 0;
		if (begun && this.qos(this.#sentBytes) === 0) this.remove(this.#sentBytes);
		else if (begun) this.#sentBytes += this.sizeAt(this.#sentBytes);
		for (let at = 0; at < this.#sentBytes; at += this.sizeAt(at)) this.#bytes[at] |= DUP;
		this.#sent = this.#sentBytes = 0;
	}

	/** The broker knows none of it: what waits are new messages. */
	renew(): void {
		for (let at = this.waitingAt; at < this.#used; at += this.sizeAt(at)) this.#bytes[at] &= ~DUP;
	}

	clear(): void {
		this.#count = this.#used = this.#sent = this.#sentBytes = this.#progress = 0;
	}

	private qos(at: number): number { return this.#bytes[at] >> 1 & 3; }

	/** Where the first message lies of which nothing was sent. */
	private get waitingAt(): number {
		return this.#progress > 0 ? this.#sentBytes + this.sizeAt(this.#sentBytes) : this.#sentBytes;
	}

	private lengthAt(at: number): number {
		const bytes = this.#bytes;
		let length = bytes[++at] & 0x7f;
		for (let shift = 7; bytes[at] >= 0x80; shift += 7) length |= (bytes[++at] & 0x7f) << shift;
		return length;
	}

	private sizeAt(at: number): number {
		const length = this.lengthAt(at);
		return 1 + lengthSize(length) + length;
	}

	/** 0 for QoS 0. */
	private idAt(at: number): number {
		if (this.qos(at) === 0) return 0;
		const topicAt = at + 1 + lengthSize(this.lengthAt(at));
		return readUint16(this.#bytes, topicAt + 2 + readUint16(this.#bytes, topicAt));
	}

	/** Where the message with that id lies among the first `count`, or -1. */
	private find(id: number, count: number): number {
		let at = 0;
		for (let i = 0; i < count; i++) {
			if (this.idAt(at) === id) return at;
			at += this.sizeAt(at);
		}
		return -1;
	}

	private remove(at: number): void {
		const size = this.sizeAt(at);
		this.#bytes.copyWithin(at, at + size, this.#used);
		this.#used -= size;
		this.#count--;
		if (at < this.#sentBytes) {
			this.#sent--;
			this.#sentBytes -= size;
		}
	}
}
Object.freeze(Outbox.prototype);
