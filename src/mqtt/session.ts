// SPDX-License-Identifier: MIT
// One MQTT session: bytes and time in, bytes out, and a handler that is told what happened. No socket, no clock.
//
// Rule: what must not be lost is stored before a byte of it is sent, and outlives the connection; so lost() and start()
// may come at any moment. The caller's loop is: read → receive(), peek() → write → wrote(), poll() → when to come again.
// Invariant: a packet that was begun is finished before any byte of another is given out.
// MQTT 3.1.1 (OASIS), cited by section.

import type { Millis, SessionHandler, SessionOptions } from './options.js';

export class Session {
	readonly #options: SessionOptions;
	readonly #handler: SessionHandler;

	/** Makes all buffers. Throws a sentence if the options break a rule of the standard or do not fit their buffers. */
	constructor(options: SessionOptions, handler: SessionHandler) {
		this.#options = options;
		this.#handler = handler;
	}

	/** From CONNACK until the connection ends. */
	get connected(): boolean { return false; }

	/** From start() until onClosed() or lost(). */
	get running(): boolean { return false; }

	/** QoS 1 and 2 messages that have been sent, wholly or in part, and are not acknowledged. */
	get inFlight(): number { return 0; }

	/** Messages that wait to be sent or to be acknowledged. 0: all that was published has arrived (QoS 0: has been handed over). */
	get pending(): number { return 0; }

	/** Messages drained because they did not fit the buffer. */
	get oversizeCount(): number { return 0; }

	/** The transport is connected: CONNECT is there to be sent. MUST NOT be called again before lost(). */
	start(now: Millis): void { void now; void this.#options; void this.#handler; }

	/**
	 * Takes bytes[from] to bytes[to - 1] as they came from the socket, cut anywhere, and returns the index of the first
	 * byte not taken. That is `to`, unless acknowledgements wait for the socket: then offer the rest again after wrote().
	 * MUST NOT be called from inside a callback. If a callback throws, the connection is closed and the error goes on up.
	 */
	receive(bytes: Uint8Array, from: number, to: number, now: Millis): number { void bytes; void from; void now; return to; }

	/**
	 * The next bytes to write, at most `room`; undefined if there are none. The view is good until the next call of
	 * anything else here but wrote(); asking again without wrote() gives the same bytes.
	 */
	peek(room: number): Uint8Array | undefined { void room; return undefined; }

	/** The socket took the first `count` bytes of the last peek(). May call onClosed() (after DISCONNECT). */
	wrote(count: number, now: Millis): void { void count; void now; }

	/** Does what is due (PINGREQ, time-outs, onClosed()) and returns when to be called again; Infinity if nothing is awaited. Then peek(). */
	poll(now: Millis): Millis { void now; return Infinity; }

	/**
	 * Stores a message, connected or not. Returns its packet id (QoS 1, 2), 0 (QoS 0), or -1 if there is no room: then nothing
	 * was stored. `topic` is UTF-8 from topicName(), `payload` is copied up to `length`. A QoS 0 message waits like the others
	 * and is gone with the connection it was sent on.
	 */
	publish(topic: Uint8Array, payload: Uint8Array, length: number, qos: number, retain: boolean): number {
		void topic; void payload; void length; void qos; void retain; return -1;
	}

	/** The longest payload that publish() takes now with a topic of that many bytes; -1 if none. */
	room(topicLength: number): number { void topicLength; return -1; }

	/**
	 * Adds the filter to the session's list (or changes its QoS) and asks the broker for it, now or when connected; and again
	 * whenever the broker has lost the session. Returns the packet id, or -1 if the list is full or the same filter awaits an answer.
	 */
	subscribe(filter: string, qos: number): number { void filter; void qos; return -1; }

	/** Takes the filter off the list and tells the broker. Returns the packet id, or -1 if it is not listed or awaits an answer. */
	unsubscribe(filter: string): number { void filter; return -1; }

	/** Ends the connection politely: DISCONNECT after the packet being sent, and nothing after it; then onClosed(Fault.None). What was not sent is kept. */
	stop(now: Millis): void { void now; }

	/**
	 * The transport is gone; what is unacknowledged will be sent again after the next CONNACK. `byBroker`: it was the broker
	 * that hung up (closed or reset), not the network or ourselves. May call onSetAside(). Harmless when not running.
	 */
	lost(now: Millis, byBroker = false): void { void now; void byBroker; }

	/** Drops every message and all QoS 2 state, not the list of filters. MUST NOT be called while running. */
	forget(): void {}
}
Object.freeze(Session.prototype);
