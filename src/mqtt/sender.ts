// SPDX-License-Identifier: MIT
// What goes out next: CONNECT, then acknowledgements and requests, then messages.
//
// Rule: a packet that was begun is finished before any byte of another; at its end whatever is short goes first, so that
// neither PINGREQ nor PUBACK waits behind a queue of messages. wrote() belongs to the last peek(), whatever came between.
// Invariant: while the outbox has begun a packet, the control bytes wait; while control bytes are left, the outbox begins none.

import { assert } from '../assert.js';
import type { Delivery } from './delivery.js';
import type { Filters } from './filters.js';
import type { Outbox } from './outbox.js';
import { Packet, publishSize, writeAcknowledgement, writePublish } from './packets.js';

/** Kept free for PINGREQ and DISCONNECT, so that both always can be said. */
export const RESERVE = 5;
/** The longest answer to one packet. */
const ANSWER_MAX = 5;

const enum Source { None, Connect, Control, Outbox }

export class Sender {
	readonly #outbox: Outbox;
	/** Waiting bytes of whole packets, but for the first, which may be begun: bytes[0] to bytes[used - 1]. */
	readonly bytes: Uint8Array;
	used = 0;
	readonly #connect: Uint8Array;
	#connectAt = 0;
	#connectEnd = 0;
	#offered = Source.None;
	/** Whether messages may go out with topic aliases, and how many bytes of one, or of a head from pass(), are left at the front of `bytes`. */
	readonly #aliases: boolean;
	#aliased = 0;
	/** Bytes of a message that the application writes to the socket itself: behind its head nothing else goes out before them (flow.ts). */
	passing = 0;
	/** Counts start(), to notice that a callback ended one connection and began another. */
	connections = 0;

	constructor(bytes: Uint8Array, outbox: Outbox, connect: Uint8Array, aliases = false) {
		this.#aliases = aliases;
		this.bytes = bytes;
		this.#outbox = outbox;
		this.#connect = connect;
	}

	/** A new connection: bytes up to `end` of the buffer that CONNECT was written to go first. */
	start(end: number): void {
		this.connections++;
		this.used = this.#connectAt = this.#aliased = this.passing = 0;
		this.#connectEnd = end;
		this.#offered = Source.None;
	}

	/** Whether CONNECT is not out yet. */
	get connecting(): boolean { return this.#connectAt < this.#connectEnd; }

	/** Whether everything is out but messages that were not begun. */
	get drained(): boolean { return !this.connecting && this.used === 0 && this.passing === 0 && !this.#outbox.begun; }

	/** Room for requests. */
	get room(): number { return this.bytes.length - this.used - RESERVE; }

	/** Whether the answer to one more packet has room. */
	get ready(): boolean { return this.room >= ANSWER_MAX; }

	/** PUBACK, PUBREC, PUBREL or PUBCOMP. */
	acknowledge(first: number, id: number, reason = 0): void {
		assert(this.room >= (reason > 0 ? 5 : 4), 'An acknowledgement has no room.');
		this.used = writeAcknowledgement(this.bytes, this.used, first, id, reason);
	}

	/** PINGREQ or DISCONNECT, with a reason for MQTT 5.0; not said if there is no room even for that, which means that others like it are waiting. */
	say(first: Packet, reason = 0): void {
		if (this.used + (reason > 0 ? 3 : 2) > this.bytes.length) return;
		this.bytes[this.used++] = first;
		this.bytes[this.used++] = reason > 0 ? 1 : 0;
		if (reason > 0) this.bytes[this.used++] = reason;
	}

	/** Queues what is to be said on a standing connection: PUBREL, SUBSCRIBE and UNSUBSCRIBE, as far as there is room. */
	fill(delivery: Delivery, filters: Filters): void {
		for (let id = delivery.nextRelease(); id > 0 && this.ready; id = delivery.nextRelease()) {
			this.acknowledge(Packet.Pubrel, id);
			delivery.released();
		}
		for (let i = filters.waiting(); i >= 0 && this.room >= filters.requestSize(i); i = filters.waiting()) {
			const id = filters.id(i) || delivery.use(delivery.nextId(filters));
			this.used = filters.write(i, this.bytes, this.used, id);
		}
	}

	/**
	 * Sends the message put last, an empty one, with a head that announces `length` bytes more, which the application will pass.
	 * False: the head has no room here. MUST NOT be called unless drained.
	 */
	pass(topic: Uint8Array, nothing: Uint8Array, length: number, qos: number, flags: number, id: number): boolean {
		const size = publishSize(topic.length, length, qos, undefined) - length;
		if (size > this.bytes.length) return false;
		writePublish(this.bytes, 0, topic, nothing, 0, qos, false, id, undefined, length);
		this.bytes[0] |= flags;
		this.used = this.#aliased = size;
		this.passing = length;
		this.#outbox.beginElsewhere();
		return true;
	}

	/** `quota` as in Outbox.peek(). */
	peek(room: number, quota: number): Uint8Array | undefined {
		if (this.connecting) {
			this.#offered = Source.Connect;
			return room > 0 ? this.#connect.subarray(this.#connectAt, Math.min(this.#connectEnd, this.#connectAt + room)) : undefined;
		}
		if (this.passing > 0 && this.#aliased === 0) return undefined;
		if (this.#aliases && this.used === 0 && room > 0) this.used = this.#aliased = this.#outbox.alias(this.bytes, quota);
		if (this.#aliased > 0 || this.used > 0 && !this.#outbox.begun) {
			this.#offered = Source.Control;
			return room > 0 ? this.bytes.subarray(0, Math.min(this.#aliased || this.used, room)) : undefined;
		}
		this.#offered = Source.Outbox;
		return this.#outbox.peek(room, this.used > 0 ? -1 : quota);
	}

	/** True if that finished a packet, as far as is known. */
	wrote(count: number): boolean {
		if (this.#offered === Source.Outbox) return this.#outbox.wrote(count) > 0;
		if (this.#offered === Source.Connect) {
			this.#connectAt += count;
			return !this.connecting;
		}
		assert(count <= this.used, 'More bytes were written than were given out.');
		this.bytes.copyWithin(0, count, this.used);
		this.used -= count;
		if (this.#aliased > 0) return this.wroteAliased(count);
		return this.used === 0;
	}

	private wroteAliased(count: number): boolean {
		this.#aliased -= count;
		if (this.#aliased > 0) return false;
		this.#outbox.sentElsewhere();
		return true;
	}
}
Object.freeze(Sender.prototype);
