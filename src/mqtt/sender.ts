// SPDX-License-Identifier: MIT
// What goes out next: CONNECT, then acknowledgements and requests, then messages.
//
// Rule: a packet that was begun is finished before any byte of another; at its end whatever is short goes first, so
// that neither PINGREQ nor PUBACK waits behind a queue of messages. wrote() belongs to the last peek(), whatever came
// between.
// Invariant: while the outbox has begun a packet, the control bytes wait; while control bytes are left, the outbox
// begins none.

import { assert } from '../common/assert.js';
import type { Delivery } from './state/delivery.js';
import type { Filters } from './state/filters.js';
import { Bound, type RewrittenPacket } from './state/bounds.js';
import type { Outbox } from './state/outbox.js';
import { Packet, publishLength, writeAcknowledgement, writePublishHead } from './codec/packets.js';
import { packetSize, writeUint16 } from './codec/wire.js';

const enum Source { None, Connect, Control, Outbox }

export class Sender {
	private readonly outbox: Outbox;
	private readonly rewritten: RewrittenPacket | undefined;
	/** CONNECT at the front; then control bytes, whole packets but for the first, from begin to end, before the outbox begins. */
	private readonly begin: number;
	private end: number;
	/** Bytes of CONNECT that are not out. */
	private connectLeft = 0;
	private offered = Source.None;

	/** Its range of the bytes lies between `start` and the outbox. */
	constructor(start: number, outbox: Outbox, rewritten?: RewrittenPacket) {
		this.outbox = outbox;
		this.rewritten = rewritten;
		this.begin = this.end = start;
	}

	/** A new connection: CONNECT, of that size, goes first. */
	start(connectSize: number): void {
		this.connectLeft = connectSize;
		this.end = this.begin;
		this.offered = Source.None;
		if (this.rewritten) this.rewritten.left = this.rewritten.passing = 0;
	}

	/** Whether CONNECT is not out yet. */
	get connecting(): boolean { return this.connectLeft > 0; }

	/** Whether everything is out but messages that were not begun. */
	get drained(): boolean {
		return this.connectLeft === 0 && this.end === this.begin && !this.outbox.begun && (this.rewritten === undefined || this.rewritten.passing === 0);
	}

	/** Whether there is anything but messages. */
	get hasControl(): boolean { return this.end > this.begin; }

	/** Whether nothing is there but messages, and they go out as they lie in the outbox. */
	get isDirect(): boolean { return this.drained && (!this.rewritten || this.outbox.protocol5?.aliases.none === true); }

	/** Bytes of control bytes at most. */
	get size(): number { return this.outbox.start - this.begin; }

	/** Room for requests. */
	get room(): number { return this.outbox.start - this.end - Bound.RESERVE; }

	/** Whether the answer to one more packet has room. */
	get ready(): boolean { return this.end + Bound.READY_BYTES <= this.outbox.start; }

	/** PUBACK, PUBREC, PUBREL or PUBCOMP. */
	acknowledge(first: number, id: number, reason = 0): void {
		assert(this.room >= (reason > 0 ? 5 : 4), 'An acknowledgement has no room.');
		this.end = writeAcknowledgement(this.outbox.bytes, this.end, first, id, reason);
	}

	/**
	 * PINGREQ or DISCONNECT, with a reason for MQTT 5.0; not said if there is no room even for that, which means that
	 * others like it are waiting.
	 */
	queuePacket(first: Packet, reason = 0): void {
		const bytes = this.outbox.bytes;
		if (this.end + (reason > 0 ? 3 : 2) > this.outbox.start) return;
		bytes[this.end++] = first;
		bytes[this.end++] = reason > 0 ? 1 : 0;
		if (reason > 0) bytes[this.end++] = reason;
	}

	/** Lets acknowledgements and requests fall. On this connection nothing may be written any more. */
	hush(): void { this.end = this.begin; }

	/** Queues what is to be said on a standing connection: PUBREL, SUBSCRIBE and UNSUBSCRIBE, as far as there is room. */
	fill(delivery: Delivery, filters: Filters): void {
		for (let id = delivery.nextRelease(); id > 0 && this.ready; id = delivery.nextRelease()) {
			this.acknowledge(Packet.Pubrel, id);
			delivery.released();
		}
		for (let at = filters.firstToAsk(); at >= 0 && this.room >= filters.requestSize(at); at = filters.firstToAsk()) {
			const id = filters.id(at) || delivery.use(delivery.nextId(filters));
			this.end = filters.write(at, this.outbox.bytes, this.end, id);
		}
	}

	/**
	 * Sends the message put last, an empty one, with a head that announces `length` bytes more, which the application
	 * will pass. `first` is its first byte. MUST NOT be called unless drained, nor without room for the head.
	 */
	pass(first: number, topic: Uint8Array, length: number, id: number): void {
		const qos = first >> 1 & 3;
		const rewritten = this.rewritten!;
		this.end = writePublishHead(this.outbox.bytes, this.begin, first, publishLength(topic, length, qos, undefined), topic);
		if (qos > 0) this.end = writeUint16(this.outbox.bytes, this.end, id);
		rewritten.left = this.end - this.begin;
		rewritten.passing = length;
		this.outbox.beginRewritten();
	}

	/** `quota` as in Outbox.peek(). */
	peek(room: number, quota: number): Uint8Array | undefined {
		if (this.connectLeft > 0 || this.rewritten !== undefined || this.end > this.begin) return this.peekFirst(room, quota);
		this.offered = Source.Outbox;
		return this.outbox.peek(room, quota);
	}

	/** What may have to go before messages. */
	private peekFirst(room: number, quota: number): Uint8Array | undefined {
		if (this.connectLeft > 0) {
			this.offered = Source.Connect;
			const end = packetSize(this.outbox.bytes, 0);
			return this.view(end - this.connectLeft, end, room);
		}
		const outbox = this.outbox;
		const rewritten = this.rewritten;
		const start = this.begin;
		if (rewritten && rewritten.left === 0 && rewritten.passing > 0) return undefined;
		if (outbox.protocol5 && this.end === start && room > 0) this.end += outbox.alias(this.outbox.bytes, start, outbox.start, quota);
		const left = rewritten ? rewritten.left : 0;
		if (left > 0 || this.end > start && !outbox.begun) {
			this.offered = Source.Control;
			return this.view(start, left > 0 ? start + left : this.end, room);
		}
		this.offered = Source.Outbox;
		return outbox.peek(room, this.end > start ? -1 : quota);
	}

	private view(from: number, end: number, room: number): Uint8Array | undefined {
		return room > 0 ? this.outbox.bytes.subarray(from, Math.min(end, from + room)) : undefined;
	}

	/** True if that finished a packet, as far as is known. */
	wrote(count: number): boolean {
		if (this.offered === Source.Outbox) return this.outbox.wrote(count) > 0;
		if (this.offered === Source.Connect) {
			this.connectLeft -= count;
			return this.connectLeft === 0;
		}
		const start = this.begin;
		assert(start + count <= this.end, 'More bytes were written than were given out.');
		this.outbox.bytes.copyWithin(start, start + count, this.end);
		this.end -= count;
		const rewritten = this.rewritten;
		if (!rewritten || rewritten.left === 0) return this.end === start;
		rewritten.left -= count;
		if (rewritten.left > 0) return false;
		this.outbox.sentRewritten();
		return true;
	}
}
Object.freeze(Sender.prototype);
