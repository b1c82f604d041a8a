// SPDX-License-Identifier: MIT
// The lowest of a session's three layers: its parts, over one block of memory, and how messages get in, and from there,
// if nothing is in front of them, to the socket at once. What is received is in inbound.ts, what else can be asked of a
// session in session.ts.
//
// Rule: a message is stored before a byte of it is sent, but for QoS 0 that the socket takes whole: of that nothing
// would be kept. The layers are one object, since on XS an object for each would cost a slot for each part that it
// refers to; and there are no more of them, since each takes 15 slots of stack where a session is made. For the same
// reason as the first most parts have fields that are private to TypeScript alone: #private ones cost a slot an object,
// and are looked up anew in every call. MQTT 3.1.1 §3.3, §4.3

import { assert } from '../common/assert.js';
import { Buffers } from './state/buffers.js';
import { Delivery } from './state/delivery.js';
import { Fault } from './codec/fault.js';
import { Filters } from './state/filters.js';
import { Framer } from './codec/framer.js';
import { KeepAlive } from './state/keepalive.js';
import type { Message } from './message.js';
import type { Millis, SessionHandler, SessionOptions, StateVersion } from './options.js';
import type { Outbox } from './state/outbox.js';
import { connectSize, Head, Packet } from './codec/packets.js';
import { Sender } from './sender.js';
import { lengthSize, writeBytes, writeLength } from './codec/wire.js';

const BAD_MESSAGE = 'publish() takes a topic from topicName(), no more than the payload holds, and a QoS of 0, 1 or 2.';

/** In this order: those before Connecting receive nothing, those before Stopping send nothing. */
export const enum State {
	Idle,
	/** onClosed() was told; lost() is awaited. */
	Ended,
	/** DISCONNECT is to be the last packet, but is not queued yet, so that what is being handled can still be acknowledged. */
	Stopping,
	/** DISCONNECT is queued. */
	Stopped,
	/** CONNECT is on its way, CONNACK is awaited. */
	Connecting,
	/** The same, and messages may go out already. */
	Early,
	Connected,
}

export abstract class Outbound {
	protected readonly options: SessionOptions;
	protected readonly handler: SessionHandler;
	protected readonly framer: Framer;
	protected readonly outbox: Outbox;
	protected readonly delivery: Delivery;
	protected readonly filters: Filters;
	protected readonly sender: Sender;
	protected readonly keepAlive = new KeepAlive();
	/**
	 * We are connected and nothing is under way but messages and PUBACKs, nearly always so: all that lies in the outbox
	 * may go out as it is, and the next byte that arrives begins a packet. Then the two fast paths are open. Whoever
	 * begins anything else calls leaveFastPath(), whoever ends it updateFastPath().
	 */
	protected steady = false;
	/**
	 * So many messages may lie in the outbox for send() to store one more on the fast path; 0 unless the connection is
	 * steady.
	 */
	protected sendMax = 0;
	protected state = State.Idle;
	/** receive() is under way, or a callback has thrown in it, and the connection that it was called for still stands. */
	protected receiving = false;
	/** What onClosed() is to be told, and in MQTT 5.0 the broker before, once DISCONNECT is out. */
	protected fault = Fault.None;
	protected code = 0;
	protected reason = 0;
	/** Messages drained because they did not fit the buffer. */
	oversizeCount = 0;

	/** Makes all buffers. Throws a sentence if the options break a rule of the standard or do not fit their buffers. */
	constructor(options: SessionOptions, handler: SessionHandler) {
		const { protocol5, flow } = options;
		const is5 = protocol5 !== undefined;
		const buffers = new Buffers(options);
		const { bytes, filtersAt, controlAt } = buffers;
		const size = connectSize(options);
		assert(1 + lengthSize(size) + size <= filtersAt, `CONNECT takes ${size | 0} bytes, more than bufferBytes.`);
		this.options = options;
		this.handler = handler;
		this.framer = new Framer(bytes, is5, filtersAt);
		this.filters = new Filters(options, bytes, filtersAt);
		this.delivery = new Delivery(options, buffers);
		this.outbox = this.delivery.outbox;
		this.sender = new Sender(controlAt, this.outbox, protocol5 ? protocol5.aliases : flow);
		flow?.attach(this.framer, this.delivery, this.filters, this.sender, this.keepAlive, this, is5);
	}

	/** From CONNACK until the connection ends or stop() is called. */
	get connected(): boolean { return this.state === State.Connected; }

	/** From start() until onClosed() or lost(). */
	get running(): boolean { return this.state > State.Ended; }

	/** QoS 1 and 2 messages that have been sent, wholly or in part, and are not acknowledged. */
	get inFlight(): number { return this.delivery.inFlight; }

	/**
	 * Messages that wait to be sent or to be acknowledged. 0: all that was published has arrived (QoS 0: has been
	 * handed over).
	 */
	get pending(): number { return this.delivery.pending; }

	/** Something begins that is neither a message nor a PUBACK. */
	protected leaveFastPath(): void {
		this.steady = false;
		this.sendMax = 0;
	}

	/** Ends the connection. */
	protected abstract fail(fault: Fault, code: number): void;

	/**
	 * Stores a message, connected or not. Returns its packet id (QoS 1, 2), 0 (QoS 0), or -1 if there is no room: then
	 * nothing was stored. `topic` is from topicName(), `payload` is copied up to `length`. A QoS 0 message waits like
	 * the others and is gone with the connection it was sent on.
	 */
	publish(topic: Uint8Array, payload: Uint8Array, length: number, qos: number, retain: boolean): number {
		if (length > payload.length || topic.length < 3 || qos !== 0 && qos !== 1 && qos !== 2) assert(false, BAD_MESSAGE);
		const outbox = this.outbox;
		const bytes = outbox.bytes;
		const at = outbox.end;
		let rest = topic.length + length;
		if (qos > 0) rest += 2;
		if (outbox.protocol5) rest += outbox.protocol5.publishSize;
		const topicAt = at + (rest < 0x80 ? 2 : 1 + lengthSize(rest));
		const end = topicAt + rest;
		if (end > bytes.length || outbox.count === outbox.max || outbox.protocol5 && end - at > outbox.protocol5.packetMax) return -1;
		bytes[at] = Packet.Publish | qos << 1 | (retain ? Head.RETAIN : 0);
		if (rest < 0x80) bytes[at + 1] = rest;
		else writeLength(bytes, at + 1, rest);
		bytes.set(topic, topicAt);
		let id = 0;
		if (qos > 0) {
			const idAt = topicAt + topic.length;
			id = this.delivery.takeId(this.filters);
			bytes[idAt] = id >> 8;
			bytes[idAt + 1] = id;
		} else outbox.qos0Count++;
		const payloadAt = end - length;
		if (payloadAt + payload.length <= bytes.length) bytes.set(payload, payloadAt);
		else writeBytes(bytes, payloadAt, payload, length);
		outbox.count++;
		outbox.end = end;
		if (outbox.protocol5) {
			outbox.protocol5.writePublish(bytes, payloadAt - outbox.protocol5.publishSize);
			this.stored5(topic, outbox.protocol5);
		}
		return id;
	}

	/**
	 * As publish(), for a message that is made ready, with so much payload, and with less work: if nothing is in front
	 * of it, it is given to the handler's write(), which MUST be there, at once, and of QoS 1 and 2 stored before. What
	 * write() does not take goes out by peek().
	 */
	send(message: Message, length: number, now: Millis): number {
		if (length !== message.length) message.resize(length);
		const outbox = this.outbox;
		if (outbox.sentEnd !== outbox.end) return this.store(message);
		if (message.qos === 0) {
			// Sent once at most: there is nothing to keep.
			if (!this.steady || !this.handler.write!(message.packet)) return this.store(message);
			this.keepAlive.sentAt = now;
			return 0;
		}
		const count = outbox.count + 1;
		const id = outbox.lastId + 1;
		const end = outbox.end + message.packet.length;
		if (count > this.sendMax || id > outbox.freeTo || end > outbox.bytes.length) return this.store(message);
		message.view.setUint16(message.idAt, outbox.lastId = id);
		outbox.bytes.set(message.packet, outbox.end);
		outbox.end = end;
		outbox.count = count;
		if (this.handler.write!(message.packet)) {
			outbox.sentEnd = end;
			outbox.sent = count;
			if (count === 1) this.keepAlive.awaitedSince = now;
			this.keepAlive.sentAt = now;
		}
		return id;
	}

	/** Stores a message that is made ready. */
	private store({ packet, qos, topic, view, idAt }: Message): number {
		const { outbox, delivery } = this;
		const { protocol5 } = outbox;
		const at = outbox.end;
		const end = at + packet.length;
		if (end > outbox.bytes.length || outbox.count === outbox.max || protocol5 && packet.length > protocol5.packetMax) return -1;
		const id = qos > 0 ? delivery.takeId(this.filters) : 0;
		if (qos > 0) view.setUint16(idAt, id);
		else outbox.qos0Count++;
		outbox.bytes.set(packet, at);
		outbox.end = end;
		outbox.count++;
		if (protocol5) this.stored5(topic!, protocol5);
		return id;
	}

	/** Bytes for one more message in the outbox, whatever the broker takes. */
	get free(): number { return this.outbox.count === this.outbox.max ? 0 : this.outbox.bytes.length - this.outbox.end; }

	/** The longest payload that publish() takes now with that topic; -1 if none. */
	room(topic: Uint8Array): number { return this.outbox.room(topic); }

	/** A message is stored: in MQTT 5.0 its topic is worth an alias, and the broker may take less than it asks for. */
	private stored5(topic: Uint8Array, protocol5: StateVersion): void {
		protocol5.aliases.note(topic);
		if (!protocol5.takesAll && this.connected && !this.outbox.limit(protocol5.qosMax, protocol5.retainAvailable)) this.fail(Fault.Capability, 0x9b);
	}
}
Object.freeze(Outbound.prototype);
