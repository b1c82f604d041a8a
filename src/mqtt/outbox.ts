// SPDX-License-Identifier: MIT
// PUBLISH packets that wait to be sent or to be acknowledged, in the bytes that go out, one behind the other.
//
// Rule: a message enters here before a byte of it is sent, and leaves only by its acknowledgement; so an acknowledgement
// can never come too early, and a lost connection loses nothing. What leaves closes its gap at once (one move of memory), so
// packets stay in one piece each and several can go out in one write. QoS 0 leaves when it is sent.
// Invariant: entries 0 to #sent - 1 are sent and have QoS > 0; #progress bytes of entry #sent are sent. MQTT 3.1.1 §4.3, §4.4

import { assert } from '../assert.js';
import { DUP, publishSize, writePublish } from './packets.js';
import { lengthSize } from './wire.js';

export class Outbox {
	readonly #bytes: Uint8Array;
	/** Packet ids, then sizes. */
	readonly #table: Uint16Array;
	readonly #max: number;
	#count = 0;
	#used = 0;
	#sent = 0;
	#sentBytes = 0;
	#progress = 0;

	constructor(size: number, max: number) {
		assert(size >= 16 && size <= 65_535 && max >= 1, 'The outbox takes 16 to 65,535 bytes and at least one message.');
		this.#bytes = new Uint8Array(size);
		this.#table = new Uint16Array(2 * max);
		this.#max = max;
	}

	/** Messages in it. */
	get count(): number { return this.#count; }

	/** Whether a packet was begun and not finished. */
	get begun(): boolean { return this.#progress > 0; }

	/** Messages of QoS 1 and 2 that were sent at least in part. */
	get inFlight(): number {
		return this.#sent + (this.#progress > 0 && this.#qos(this.#sentBytes) > 0 ? 1 : 0);
	}

	/** Packet id of the oldest message if any of it was sent and it expects an acknowledgement, else 0. */
	get headId(): number {
		return this.inFlight > 0 ? this.#table[0] : 0;
	}

	/** Whether the oldest message is one that was sent on an earlier connection. */
	get resends(): boolean {
		return this.#count > 0 && (this.#bytes[0] & DUP) > 0;
	}

	/** The longest payload that would fit behind a topic and `extra` bytes, -1 if none. */
	room(topicLength: number, extra: number): number {
		if (this.#count === this.#max) return -1;
		const rest = this.#bytes.length - this.#used - 1;
		let head = 1;
		while (lengthSize(rest - head) > head) head++;
		return Math.max(-1, rest - head - 2 - topicLength - extra);
	}

	/** False if there is no room. */
	put(topic: Uint8Array, payload: Uint8Array, length: number, qos: number, retain: boolean, id: number): boolean {
		const size = publishSize(topic.length, length, qos);
		if (this.#count === this.#max || this.#used + size > this.#bytes.length) return false;
		writePublish(this.#bytes, this.#used, topic, payload, length, qos, retain, id);
		this.#table[this.#count] = id;
		this.#table[this.#max + this.#count++] = size;
		this.#used += size;
		return true;
	}

	has(id: number): boolean { return this.#indexOf(id, this.#count) >= 0; }

	/** Removes the message if it was sent whole with that QoS; false if there is no such message. */
	acknowledge(id: number, qos: number): boolean {
		const index = this.#indexOf(id, this.#sent);
		if (index < 0 || this.#qos(this.#offset(index)) !== qos) return false;
		this.#remove(index);
		return true;
	}

	/** Removes the oldest. */
	removeHead(): void { this.#remove(0); }

	/**
	 * The next bytes, at most `room`, of which at most `quota` packets of QoS 1 and 2 are begun.
	 * A quota below 0: nothing is begun, but what was begun is finished.
	 */
	peek(room: number, quota: number): Uint8Array | undefined {
		const from = this.#sentBytes + this.#progress;
		const end = Math.min(this.#sendable(quota), from + room);
		return end > from ? this.#bytes.subarray(from, end) : undefined;
	}

	/** Where the bytes end that may go out now. */
	#sendable(quota: number): number {
		let end = this.#sentBytes;
		let index = this.#sent;
		if (this.#progress > 0) end += this.#table[this.#max + index++];
		for (; quota >= 0 && index < this.#count; index++) {
			if (this.#qos(end) > 0 && quota-- === 0) break;
			end += this.#table[this.#max + index];
		}
		return end;
	}

	/** `count` of the bytes that peek() showed are sent. Returns how many packets that completed. */
	wrote(count: number): number {
		let completed = 0;
		while (count > 0) {
			assert(this.#sent < this.#count, 'More bytes were written than the outbox holds.');
			const rest = this.#table[this.#max + this.#sent] - this.#progress;
			if (count < rest) {
				this.#progress += count;
				return completed;
			}
			count -= rest;
			completed++;
			this.#finish();
		}
		return completed;
	}

	#finish(): void {
		this.#progress = 0;
		if (this.#qos(this.#sentBytes) === 0) return this.#remove(this.#sent);
		this.#sentBytes += this.#table[this.#max + this.#sent++];
	}

	/** All that was sent must be sent again, as a duplicate (§3.3.1-1); but QoS 0 is sent once at most. */
	rewind(): void {
		if (this.#progress > 0) {
			const begun = this.#sent;
			this.#progress = 0;
			if (this.#qos(this.#sentBytes) === 0) this.#remove(begun);
			else this.#sent++;
		}
		let at = 0;
		for (let i = 0; i < this.#sent; i++) {
			this.#bytes[at] |= DUP;
			at += this.#table[this.#max + i];
		}
		this.#sent = this.#sentBytes = 0;
	}

	/** The broker knows none of it: what waits are new messages. */
	renew(): void {
		let at = this.#sentBytes;
		for (let i = this.#sent; i < this.#count; i++) {
			if (i > this.#sent || this.#progress === 0) this.#bytes[at] &= ~DUP;
			at += this.#table[this.#max + i];
		}
	}

	clear(): void {
		this.#count = this.#used = this.#sent = this.#sentBytes = this.#progress = 0;
	}

	#qos(at: number): number { return this.#bytes[at] >> 1 & 3; }

	#indexOf(id: number, count: number): number {
		for (let i = 0; i < count; i++) if (this.#table[i] === id) return i;
		return -1;
	}

	#offset(index: number): number {
		let at = 0;
		for (let i = 0; i < index; i++) at += this.#table[this.#max + i];
		return at;
	}

	#remove(index: number): void {
		const max = this.#max;
		const at = this.#offset(index);
		const size = this.#table[max + index];
		this.#bytes.copyWithin(at, at + size, this.#used);
		this.#used -= size;
		this.#table.copyWithin(index, index + 1, this.#count);
		this.#table.copyWithin(max + index, max + index + 1, max + this.#count--);
		if (index < this.#sent) {
			this.#sent--;
			this.#sentBytes -= size;
		}
	}
}
Object.freeze(Outbox.prototype);
