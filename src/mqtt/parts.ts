// SPDX-License-Identifier: MIT
// What a session is made of: its parts, over one block of memory, and where it stands.
//
// Rule: here parts are only put together. What is received is in inbound.ts, what can be asked of a session in session.ts; the
// three are layers of one object, since on XS an object for each would cost a slot for each part that it refers to. For the same reason most
// parts have fields that are private to TypeScript alone: #private ones cost a slot an object, and are looked up anew in every call.

import { assert } from '../assert.js';
import { Buffers } from './buffers.js';
import { Delivery } from './delivery.js';
import { Fault } from './fault.js';
import { Filters } from './filters.js';
import { Framer } from './framer.js';
import { KeepAlive } from './keepalive.js';
import { KnownTopic } from './known.js';
import type { SessionHandler, SessionOptions } from './options.js';
import type { Outbox } from './outbox.js';
import { connectSize } from './packets.js';
import { Sender } from './sender.js';
import { lengthSize } from './wire.js';

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

export abstract class Parts {
	protected readonly options: SessionOptions;
	protected readonly handler: SessionHandler;
	protected readonly framer: Framer;
	protected readonly known = new KnownTopic();
	protected readonly outbox: Outbox;
	protected readonly delivery: Delivery;
	protected readonly filters: Filters;
	protected readonly sender: Sender;
	protected readonly keepAlive = new KeepAlive();
	/**
	 * Above 0: we are connected and nothing is under way but messages and PUBACKs, nearly always so. That many messages may be in flight; all that lies
	 * in the outbox may go out as it is; the next byte that arrives begins a packet. Then the short ways of session.ts may be gone. -1: anything
	 * else. Whoever begins anything else sets it to -1, whoever ends it calls settle().
	 */
	protected window = -1;
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
		assert(1 + lengthSize(size) + size <= filtersAt, `CONNECT takes ${size} bytes, more than bufferBytes.`);
		this.options = options;
		this.handler = handler;
		this.framer = new Framer(bytes, is5, filtersAt);
		this.filters = new Filters(options, bytes, filtersAt);
		this.delivery = new Delivery(options, buffers);
		this.outbox = this.delivery.outbox;
		this.sender = new Sender(controlAt, this.outbox, protocol5 ? protocol5.aliases : flow);
		flow?.attach(this.framer, this.delivery, this.filters, this.sender, this.keepAlive, this, is5);
	}

	abstract publish(topic: Uint8Array, payload: Uint8Array, length: number, qos: number, retain: boolean): number;

	/** From CONNACK until the connection ends or stop() is called. */
	get connected(): boolean { return this.state === State.Connected; }

	/** From start() until onClosed() or lost(). */
	get running(): boolean { return this.state > State.Ended; }

	/** QoS 1 and 2 messages that have been sent, wholly or in part, and are not acknowledged. */
	get inFlight(): number { return this.delivery.inFlight; }

	/** Messages that wait to be sent or to be acknowledged. 0: all that was published has arrived (QoS 0: has been handed over). */
	get pending(): number { return this.delivery.pending; }
}
Object.freeze(Parts.prototype);
