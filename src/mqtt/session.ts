// SPDX-License-Identifier: MIT
// One MQTT session: bytes and time in, bytes out, and a handler that is told what happened. No socket, no clock.
//
// Rule: what must not be lost is stored before a byte of it is sent, and outlives the connection; so lost() and start()
// may come at any moment. The caller's loop is: read → receive(), peek() → write → wrote(), poll() → when to come again.
// Invariant: a packet that was begun is finished before any byte of another is given out. MQTT 3.1.1 (OASIS), cited by section.

import { assert } from '../assert.js';
import { Buffers } from './buffers.js';
import { Delivery } from './delivery.js';
import { Fault } from './fault.js';
import { Filters } from './filters.js';
import { Framer } from './framer.js';
import { Inbound } from './inbound.js';
import { KeepAlive } from './keepalive.js';
import {
	ACK_TIMEOUT_MS, CONNACK_TIMEOUT_MS, FILTERS_MAX, INBOUND_MAX, PING_TIMEOUT_MS, type Millis, type SessionHandler, type SessionOptions,
} from './options.js';
import { connectSize, Packet, writeConnect } from './packets.js';
import type { Protocol5 } from './protocol5.js';
import { RESERVE, Sender } from './sender.js';
import { lengthSize } from './wire.js';

const enum State {
	Idle,
	/** CONNECT is on its way, CONNACK is awaited. */
	Connecting,
	Connected,
	/** stop() was called; DISCONNECT is not queued yet, so that what is being handled can still be acknowledged. */
	Stopping,
	/** DISCONNECT is queued. */
	Stopped,
	/** onClosed() was told; lost() is awaited. */
	Ended,
}

export class Session {
	readonly #options: SessionOptions;
	readonly #handler: SessionHandler;
	readonly #framer: Framer;
	readonly #delivery: Delivery;
	readonly #filters: Filters;
	readonly #sender: Sender;
	readonly #inbound: Inbound;
	readonly #keepAlive: KeepAlive;
	#state = State.Idle;
	#receiving = false;
	/** A new session was asked for. */
	#fresh = false;
	/** Messages may go out before CONNACK. */
	#early = false;
	/** Since when CONNACK, or the end, is awaited. */
	#since: Millis = 0;
	/** What onClosed() is to be told, and the broker before, once DISCONNECT is out. */
	#fault = Fault.None;
	#code = 0;
	#reason = 0;
	/** The broker said with a DISCONNECT that it did not like a message. */
	#hungUp = false;

	/** Makes all buffers. Throws a sentence if the options break a rule of the standard or do not fit their buffers. */
	constructor(options: SessionOptions, handler: SessionHandler) {
		this.#options = options;
		this.#handler = handler;
		const { protocol5, flow } = options;
		const is5 = protocol5 !== undefined;
		const size = connectSize(options);
		const buffers = new Buffers(options);
		assert(1 + lengthSize(size) + size <= buffers.framer.length, `CONNECT takes ${size} bytes, more than bufferBytes.`);
		this.#framer = new Framer(buffers.framer, is5);
		this.#delivery = new Delivery(options, buffers);
		this.#filters = new Filters(buffers.filters, options.filtersMax ?? FILTERS_MAX, buffers.control.length - RESERVE, is5);
		this.#sender = new Sender(buffers.control, this.#delivery.outbox, buffers.framer, is5);
		this.#inbound = new Inbound(this.#framer, this.#delivery, this.#filters, this.#sender, handler, protocol5, flow);
		this.#keepAlive = new KeepAlive(options.pingTimeoutMs ?? PING_TIMEOUT_MS, options.ackTimeoutMs ?? ACK_TIMEOUT_MS);
		flow?.attach(this.#framer, this.#delivery, this.#filters, this.#sender, this.#keepAlive, is5);
	}

	/** From CONNACK until the connection ends or stop() is called. */
	get connected(): boolean { return this.#state === State.Connected; }

	/** From start() until onClosed() or lost(). */
	get running(): boolean { return this.#state !== State.Idle && this.#state !== State.Ended; }

	/** QoS 1 and 2 messages that have been sent, wholly or in part, and are not acknowledged. */
	get inFlight(): number { return this.#delivery.inFlight; }

	/** Messages that wait to be sent or to be acknowledged. 0: all that was published has arrived (QoS 0: has been handed over). */
	get pending(): number { return this.#delivery.pending; }

	/** Messages drained because they did not fit the buffer. */
	get oversizeCount(): number { return this.#inbound.oversizeCount; }

	/** The transport is connected: CONNECT is there to be sent. MUST NOT be called again before lost(). */
	start(now: Millis): void {
		assert(this.#state === State.Idle, 'start() was called before lost() ended the connection before.');
		const { clean = false, keepAliveMs, inboundMax = INBOUND_MAX, publishBeforeConnack, protocol5 } = this.#options;
		this.#state = State.Connecting;
		this.#since = now;
		this.#code = 0;
		this.#early = publishBeforeConnack === true && !this.#delivery.resends;
		this.#framer.reset();
		this.#keepAlive.start(keepAliveMs, now);
		protocol5?.reset();
		// Until CONNACK tells the Receive Maximum, one message is what it cannot forbid.
		if (protocol5) this.#delivery.setLimit(1);
		// MQTT 5.0 §3.2.2-4: who holds no session must not come back to one.
		this.#fresh = clean || protocol5 !== undefined && !protocol5.known;
		this.#sender.start(writeConnect(this.#framer.buffer, this.#options, this.#fresh, inboundMax));
	}

	/**
	 * Takes bytes[from] to bytes[to - 1] as they came from the socket, cut anywhere, and returns the index of the first
	 * byte not taken. That is `to`, unless acknowledgements wait for the socket: then offer the rest again after wrote().
	 * MUST NOT be called from inside a callback. If a callback throws, the connection is closed and the error goes on up.
	 */
	receive(bytes: Uint8Array, from: number, to: number, now: Millis): number {
		assert(!this.#receiving, 'receive() was called from inside a callback.');
		this.#receiving = true;
		try {
			return this.take(bytes, from, to, now);
		} catch (error) {
			this.fail(Fault.Handler, 0);
			throw error;
		} finally {
			this.#receiving = false;
		}
	}

	/**
	 * The next bytes to write, at most `room`; undefined if there are none. The view is good until the next call of
	 * anything else here but wrote(). MUST NOT be called from inside a callback.
	 */
	peek(room: number): Uint8Array | undefined {
		assert(!this.#receiving, 'peek() was called from inside a callback.');
		if (!this.running) return undefined;
		if (this.connected) this.#sender.fill(this.#delivery, this.#filters);
		if (this.#state === State.Stopping) {
			this.#sender.say(Packet.Disconnect, this.#reason);
			this.#state = State.Stopped;
		}
		const may = this.#state === State.Connected || this.#state === State.Connecting && this.#early;
		return this.#sender.peek(room, may ? this.#delivery.quota : -1);
	}

	/** The socket took the first `count` bytes of the last peek(). May call onClosed() (after DISCONNECT). */
	wrote(count: number, now: Millis): void {
		if (!this.running || count === 0) return;
		this.#keepAlive.moved(now);
		if (this.#sender.wrote(count)) this.#keepAlive.sent(now);
		if (this.#sender.drained) this.#keepAlive.drained(now);
		// A message that is still going out, on a slow link, cannot be answered yet.
		this.expectAnswers(now, this.#delivery.outbox.begun);
		if (this.#state === State.Stopped && this.#sender.drained) this.end(this.#fault, this.#code);
	}

	/** Does what is due (PINGREQ, time-outs, onClosed()) and returns when to be called again; Infinity if nothing is awaited. Then peek(). */
	poll(now: Millis): Millis {
		if (this.#state === State.Connected) return this.pollConnected(now);
		if (!this.running) return Infinity;
		const { connackTimeoutMs = CONNACK_TIMEOUT_MS, pingTimeoutMs = PING_TIMEOUT_MS } = this.#options;
		const connecting = this.#state === State.Connecting;
		const at = this.#since + (connecting ? connackTimeoutMs : pingTimeoutMs);
		if (now < at) return at;
		this.end(connecting ? Fault.ConnackTimeout : this.#fault || Fault.Stalled, this.#code);
		return Infinity;
	}

	/**
	 * Stores a message, connected or not. Returns its packet id (QoS 1, 2), 0 (QoS 0), or -1 if there is no room: then nothing
	 * was stored. `topic` is UTF-8 from topicName(), `payload` is copied up to `length`. A QoS 0 message waits like the others
	 * and is gone with the connection it was sent on.
	 */
	publish(topic: Uint8Array, payload: Uint8Array, length: number, qos: number, retain: boolean): number {
		assert(qos >= 0 && qos <= 2 && length <= payload.length, 'publish() takes a QoS of 0, 1 or 2 and no more than the payload holds.');
		assert(topic.length > 0, 'publish() takes a topic from topicName().');
		const { protocol5 } = this.#options;
		const id = qos > 0 ? this.#delivery.nextId(this.#filters) : 0;
		if (!this.#delivery.outbox.put(topic, payload, length, qos, retain, id)) return -1;
		if (protocol5) this.publish5(topic, protocol5);
		return this.#delivery.use(id);
	}

	/** The longest payload that publish() takes now with a topic of that many bytes; -1 if none. */
	room(topicLength: number): number { return this.#delivery.outbox.room(topicLength); }

	/**
	 * Adds the filter to the session's list (or changes its QoS) and asks the broker for it, now or when connected; and again
	 * whenever the broker has lost the session. Returns the packet id, or -1 if the list is full or the same filter awaits an
	 * answer. Throws a sentence if it is no topic filter.
	 */
	subscribe(filter: string, qos: number): number {
		const id = this.#delivery.use(this.#filters.add(filter, qos, this.#delivery.nextId(this.#filters)));
		const { protocol5 } = this.#options;
		if (protocol5 && this.connected && this.#filters.largest > protocol5.packetMax) this.fail(Fault.Capability, 0x95);
		return id;
	}

	/** Takes the filter off the list and tells the broker. Returns the packet id, or -1 if it is not listed or awaits an answer. */
	unsubscribe(filter: string): number {
		return this.#delivery.use(this.#filters.leave(filter, this.#delivery.nextId(this.#filters)));
	}

	/**
	 * Ends the connection politely: DISCONNECT after the packet being sent, and nothing after it; then onClosed(Fault.None).
	 * What was not sent is kept. `reason` is for MQTT 5.0: 4 has the broker publish the will all the same.
	 */
	stop(now: Millis, reason = 0): void {
		if (!this.listening) return;
		this.#since = now;
		this.leave(Fault.None, 0, this.#options.protocol5 ? reason : 0);
	}

	/**
	 * The transport is gone; what is unacknowledged will be sent again after the next CONNACK. `byBroker`: it was the broker
	 * that hung up (closed or reset), not the network or ourselves. May call onSetAside(). Harmless when not running.
	 */
	lost(byBroker = false): void {
		if (this.#state === State.Idle) return;
		const aside = byBroker && this.connected || this.#hungUp ? this.#delivery.hungUp() : 0;
		this.#state = State.Idle;
		this.#hungUp = false;
		if (this.#options.flow) this.#delivery.clear();
		else this.#delivery.rewind();
		this.#filters.lost();
		if (aside > 0) this.#handler.onSetAside(aside);
	}

	/** Drops every message and all QoS 2 state, not the list of filters. MUST NOT be called before lost(). */
	forget(): void {
		assert(this.#state === State.Idle, 'forget() was called before lost().');
		this.#delivery.clear();
	}

	/** Ends the connection for a fault: in MQTT 5.0 the broker is told which, if it is the broker's. */
	private fail(fault: Fault, code: number): void {
		const reason = this.connected ? this.#options.protocol5?.reasonFor(fault) ?? 0 : 0;
		if (reason > 0) this.leave(fault, code, reason);
		else this.end(fault, code);
	}

	/** DISCONNECT is to be the last packet. */
	private leave(fault: Fault, code: number, reason: number): void {
		this.#state = State.Stopping;
		this.#fault = fault;
		this.#code = code;
		this.#reason = reason;
	}

	/** Once in each connection. */
	private end(fault: Fault, code: number): void {
		if (!this.running) return;
		this.#state = State.Ended;
		this.#hungUp = fault === Fault.Disconnected && this.#options.protocol5!.blames(code);
		this.#handler.onClosed(fault, code);
	}

	private pollConnected(now: Millis): Millis {
		const keepAlive = this.#keepAlive;
		this.#options.flow?.poll(now);
		if (now >= keepAlive.deadAt) {
			this.fail(keepAlive.fault, 0);
			return Infinity;
		}
		if (now >= keepAlive.dueAt) {
			// Without room there are PINGREQs waiting already; the last bytes are DISCONNECT's.
			if (this.#sender.room >= 0) this.#sender.say(Packet.Pingreq);
			keepAlive.queued(now);
		}
		if (now >= keepAlive.answerBy) this.unanswered(now);
		return this.connected ? Math.min(keepAlive.dueAt, keepAlive.deadAt, keepAlive.answerBy) : this.poll(now);
	}

	/** `anew`: what is awaited is awaited from now on. */
	private expectAnswers(now: Millis, anew: boolean): void {
		this.#keepAlive.expect(this.#delivery.inFlight + this.#filters.awaited > 0, anew, now);
	}

	private unanswered(now: Millis): void {
		// MQTT 5.0 §4.4.0-1 forbids to send again on the same connection.
		if (this.#options.resendOnTimeout !== true || this.#options.protocol5) return this.fail(Fault.AckTimeout, 0);
		this.expectAnswers(now, true);
		// Never in the middle of a packet.
		if (!this.#sender.drained) return;
		this.#delivery.rewind();
		this.#filters.lost();
	}

	private take(bytes: Uint8Array, from: number, to: number, now: Millis): number {
		const framer = this.#framer;
		const sender = this.#sender;
		const connection = sender.connections;
		if (from < to) this.#keepAlive.received(now);
		if (this.connected) this.#since = now;
		while (from < to && sender.connections === connection && this.listening) {
			if (!sender.ready || this.#options.flow?.held) return from;
			if (sender.connecting) {
				this.fail(Fault.Unexpected, bytes[from]);
				return to;
			}
			from = framer.take(bytes, from, to);
			if (framer.fault !== Fault.None) this.fail(framer.fault, framer.first & 0xff);
			else if (framer.first > 0) this.packet(framer.first, now);
			if (framer.first > 0 && this.listening) this.#options.flow?.packet();
		}
		return to;
	}

	private get listening(): boolean { return this.#state === State.Connecting || this.#state === State.Connected; }

	private packet(first: number, now: Millis): void {
		const connack = first === Packet.Connack;
		if ((this.#state === State.Connecting) !== connack) return this.fail(Fault.Unexpected, first);
		if (connack) return this.connack(now);
		if (first === Packet.Pingresp) return this.#keepAlive.answered();
		const inbound = this.#inbound;
		const fault = inbound.packet(first);
		if (inbound.progressed) this.expectAnswers(now, true);
		inbound.progressed = false;
		if (fault !== Fault.None) this.fail(fault, inbound.code);
	}

	private connack(now: Millis): void {
		const { bytes, at } = this.#framer;
		const { protocol5 } = this.#options;
		const flags = bytes[at];
		const code = bytes[at + 1];
		if ((flags & 0xfe) > 0 || flags > 0 && code > 0) return this.fail(Fault.BadConnack, flags);
		const fault = protocol5 ? protocol5.accept(this.#framer, code, this.#options, this.#delivery, this.#keepAlive, now) : Fault.None;
		if (fault !== Fault.None) return this.fail(fault, protocol5!.code);
		if (code > 0) return this.fail(code === 1 || code === 0x84 ? Fault.ProtocolVersion : Fault.Refused, code);
		if (flags > 0 && this.#fresh) return this.fail(Fault.UnknownSession, flags);
		this.#state = State.Connected;
		if (flags === 0) {
			this.#delivery.renew();
			this.#filters.renew();
		}
		this.#handler.onConnected(flags > 0);
		const unfit = protocol5 ? protocol5.fit(this.#delivery.outbox, this.#filters, this.#handler) : Fault.None;
		if (unfit !== Fault.None) this.fail(unfit, protocol5!.code);
		if (flags === 0) this.#inbound.sessionLost();
	}

	private publish5(topic: Uint8Array, protocol5: Protocol5): void {
		protocol5.aliases.note(topic);
		if (this.connected && !this.#delivery.outbox.limit(protocol5.qosMax, protocol5.retainAvailable)) this.fail(Fault.Capability, 0x9b);
	}
}
Object.freeze(Session.prototype);
