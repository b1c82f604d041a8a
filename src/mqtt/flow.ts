// SPDX-License-Identifier: MIT
// Messages of any length, in and out, without a buffer for them. Pass one to a session as `flow`; leave it out, and
// this file need not be in the image. It is what clients/embedded/ is made of.
//
// Rule: after each packet, and each piece of a message larger than the buffer, the session takes nothing more until
// release(). So the application reads at its own pace, and a message is acknowledged once it has been read. A message
// that goes out is not stored, so it is not sent again: such a session lives for one connection.
// Invariant: while `passing` > 0 nothing but the application's own bytes goes to the socket. MQTT 3.1.1 §3.3, §4.3

import { assert } from '../common/assert.js';
import type { Delivery } from './state/delivery.js';
import { SubscriptionState, type Filters } from './state/filters.js';
import type { Framer } from './codec/framer.js';
import type { KeepAlive } from './state/keepalive.js';
import type { MessageFlow, Millis, Publisher } from './options.js';
import { Head, Packet, publishLength } from './codec/packets.js';
import type { Sender } from './sender.js';
import { encodeText, isTopicFilter } from './codec/topics.js';
import { lengthSize, readUint16 } from './codec/wire.js';

export class Flow implements MessageFlow {
	/** Something was taken, which is to be looked at before release(). */
	held = false;
	left = 0;
	passing = 0;
	private framer!: Framer;
	private delivery!: Delivery;
	private filters!: Filters;
	private sender!: Sender;
	private keepAlive!: KeepAlive;
	private session!: Publisher;
	/** Bytes of the longest topic filter that has room in a request. */
	private requestMax = 0;
	private readonly nothing = new Uint8Array(0);
	/** The message that is being read, and whether the application has had it before. */
	private qos = 0;
	private owedId = 0;
	private known = false;
	/** Its last piece is here: it is owed an answer. */
	private owed = false;

	/** By the session, when it is made. */
	attach(framer: Framer, delivery: Delivery, filters: Filters, sender: Sender, keepAlive: KeepAlive, session: Publisher, is5: boolean): void {
		assert(!is5, 'A flow speaks MQTT 3.1.1: leave out protocol5.');
		this.framer = framer;
		this.delivery = delivery;
		this.filters = filters;
		this.sender = sender;
		this.keepAlive = keepAlive;
		this.session = session;
		this.requestMax = sender.room - Head.MAX - 4;
		framer.takePieces();
	}

	/** First byte of the packet that was taken; of a PUBLISH, also its pieces. */
	get first(): number { return this.framer.first; }

	/** Its packet id; not for CONNACK, PUBLISH and PINGRESP. */
	get id(): number { return readUint16(this.framer.bytes, this.framer.at); }

	/** Whether it is a further piece of a message; its bytes are bytes[at] to bytes[end - 1]. */
	get continued(): boolean { return this.framer.continued; }

	get bytes(): Uint8Array { return this.framer.bytes; }

	get at(): number { return this.framer.at; }

	get end(): number { return this.framer.end; }

	/** Bytes of the message that come after this piece. */
	get rest(): number { return this.framer.rest; }

	/** By the inbound side: a message, or its first piece, was told. */
	message(qos: number, id: number, known: boolean): void {
		this.qos = qos;
		this.owedId = id;
		this.known = known;
		this.piece();
	}

	/** By the inbound side. */
	piece(): void { this.owed = this.framer.rest === 0 && this.qos > 0; }

	/** By the session, after each packet that was right. */
	packet(): void {
		const message = (this.framer.first & 0xf0) === Packet.Publish;
		this.held = true;
		// What was told before, and what was thrown away, is nobody's to read.
		if (message && (this.known || this.framer.oversize > 0)) this.release();
	}

	/** Lets the session go on, and answers the message if that was its last piece. False: there is no room for the answer yet. */
	release(): boolean {
		if (this.owed) {
			if (!this.sender.ready) return false;
			if (this.qos === 2 && !this.known) this.delivery.open(this.owedId);
			this.sender.acknowledge(this.qos === 1 ? Packet.Puback : Packet.Pubrec, this.owedId);
		}
		this.held = this.owed = false;
		return true;
	}

	/** By the session: while the application reads, the broker's answers lie unread and it cannot be blamed. */
	poll(now: Millis): void {
		if (!this.held) return;
		this.keepAlive.answered();
		this.keepAlive.receivedAt = now;
		this.expectAnswers(now);
	}

	/** Whether a message or request can be begun: everything before is out. */
	get ready(): boolean { return this.sender.drained; }

	/** Whether that packet id may be given by the application. */
	isFree(id: number): boolean { return id > 0 && id <= 0xffff && !this.delivery.has(id) && !this.filters.has(id); }

	/** Bytes that go before the payload. */
	headSize(topic: Uint8Array, length: number, qos: number): number {
		const rest = publishLength(topic, length, qos, undefined);
		return 1 + lengthSize(rest) + rest - length;
	}

	/**
	 * Begins a message of `length` bytes. peek() gives its head; then the application writes that many bytes of its own
	 * to the socket and calls passed(). `id` 0: the next free one. Returns the id, 0 for QoS 0, or -1: too many are not
	 * acknowledged, or the topic is too long.
	 */
	begin(topic: Uint8Array, length: number, qos: number, retain: boolean, duplicate: boolean, id: number): number {
		assert(this.ready, 'begin() was called before everything was sent.');
		if (qos > 0 && this.delivery.quota === 0 || this.headSize(topic, length, qos) > this.sender.size) return -1;
		if (qos > 0 && id > 0) this.delivery.lead(id);
		id = this.session.publish(topic, this.nothing, 0, qos, retain);
		if (id < 0) return -1;
		this.sender.pass(Packet.Publish | qos << 1 | (retain ? Head.RETAIN : 0) | (duplicate && qos > 0 ? Head.DUP : 0), topic, length, id);
		return id;
	}

	passed(count: number, now: Millis): void {
		assert(count <= this.passing, 'More bytes were passed than the message has.');
		this.passing -= count;
		if (this.keepAlive.wrote(this.passing === 0, now) && this.sender.drained) this.keepAlive.drained();
		this.expectAnswers(now);
	}

	/** Whether a request for these filters can be made; throws a sentence if one of them is none. */
	canAsk(filters: readonly string[]): boolean {
		let count = 0;
		let size = 0;
		for (let i = 0; i < filters.length; i++) {
			const bytes = encodeText(filters[i]);
			assert(isTopicFilter(bytes, 0, bytes.length), `"${filters[i]}" is no topic filter: "#" ends it, "+" and "#" fill their level.`);
			const state = this.filters.stateOf(bytes);
			if (state > SubscriptionState.None || filters.indexOf(filters[i]) < i) return false;
			if (state === SubscriptionState.None) continue;
			if (bytes.length > this.requestMax) return false;
			size += bytes.length;
			count++;
		}
		return this.filters.fits(count, size);
	}

	/** PINGREQ, at the application's wish. */
	ping(now: Millis): void {
		if (this.sender.room >= 0) this.sender.queuePacket(Packet.Pingreq);
		this.keepAlive.queued(now);
	}

	private expectAnswers(now: Millis): void {
		this.keepAlive.expect(this.delivery.inFlight > 0, true, now);
		this.keepAlive.expectRequested(this.filters.awaited, true, now);
	}
}
Object.freeze(Flow.prototype);
