// SPDX-License-Identifier: MIT
// What a session is told when it is made, and what it tells back: types and defaults only.
//
// Rule: everything that happens is said to the handler in scalars; bytes are named by where they lie, and are only
// good until the handler returns. Every callback may call publish(), subscribe(), unsubscribe() and stop().
// Lengths are bytes, times are milliseconds since boot.

import type { Fault } from './codec/fault.js';
import type { Framer } from './codec/framer.js';
import type { Sender } from './sender.js';
import type { BoundOptions, Millis, RewrittenPacket, StateVersion } from './state/bounds.js';
import type { Delivery } from './state/delivery.js';
import type { Filters } from './state/filters.js';
import type { KeepAlive } from './state/keepalive.js';
import type { Outbox } from './state/outbox.js';

export type { Will } from './codec/version.js';
export * from './state/bounds.js';

/** MQTT 5.0, as a session needs it: v5/protocol5.ts is it. -1: a fault, as `fault` and `code` have it. */
export interface SessionVersion extends StateVersion {
	readonly fault: Fault;
	readonly code: number;
	/** What the broker said with its last refusal or DISCONNECT, '' if nothing. */
	readonly reasonString: string;
	/** There is a session to come back to. */
	readonly known: boolean;
	/** A new connection: nothing is known of the broker. */
	reset(): void;
	/** A CONNACK with that reason code: its limits hold for this connection if it accepts. */
	accept(framer: Framer, code: number, options: SessionOptions, delivery: Delivery, keepAlive: KeepAlive, now: Millis): Fault;
	/** Whether it takes whatever has room in the outbox. */
	takes(outbox: Outbox): boolean;
	/** Makes what waits fit what the broker takes, and sets aside messages that cannot. */
	fit(outbox: Outbox, filters: Filters, handler: SessionHandler, now: Millis): Fault;
	/** Puts off filters that the broker does not take. */
	fitRequests(filters: Filters, handler: SessionHandler, now: Millis): void;
	/** Where the payload of a PUBLISH begins, or -1. */
	payloadAt(bytes: Uint8Array, at: number, end: number): number;
	/** Where the reason codes of a SUBACK or UNSUBACK begin, or -1. */
	codesAt(bytes: Uint8Array, at: number, end: number): number;
	/** The reason code of a PUBACK, PUBREC, PUBREL or PUBCOMP, or -1. */
	answer(first: number, bytes: Uint8Array, at: number, end: number): number;
	/** Whether that is a code of a SUBACK or UNSUBACK. */
	isReason(first: number, code: number): boolean;
	/** The reason code of a DISCONNECT, or -1. */
	disconnect(bytes: Uint8Array, at: number, end: number): number;
	/** The reason that the broker is told for that fault; 0: none, it is not the broker's. */
	reasonFor(fault: Fault): number;
	/** Whether a DISCONNECT with that reason blames a message; or something else, though it may come of one. */
	blames(code: number): boolean;
	spares(code: number): boolean;
}

/** Messages of any length, in and out, as they pass: flow.ts is it. */
export interface MessageFlow extends RewrittenPacket {
	/** Something was taken, which is to be looked at before anything else. */
	readonly held: boolean;
	/** By the session, when it is made. */
	attach(framer: Framer, delivery: Delivery, filters: Filters, sender: Sender, keepAlive: KeepAlive, session: Publisher, is5: boolean): void;
	/** A message, or its first piece, was told; and a further piece. */
	message(qos: number, id: number, known: boolean): void;
	piece(): void;
	/** A packet was right. */
	packet(): void;
	poll(now: Millis): void;
}

/** Session.publish(). */
export interface Publisher {
	publish(topic: Uint8Array, payload: Uint8Array, length: number, qos: number, retain: boolean): number;
}

export interface SessionOptions extends BoundOptions {
	/** Speak MQTT 5.0, with a Protocol5 that belongs to this session alone; left out: 3.1.1. */
	readonly protocol5?: SessionVersion;
	/** Messages of any length, in and out, as they pass; 3.1.1 and one connection only. */
	readonly flow?: MessageFlow;
	/** PUBLISH packets go out right behind CONNECT, without waiting for CONNACK (§3.1.4), if none of them is a re-send. */
	readonly publishBeforeConnack?: boolean;
	/** MQTT 3.1.1 only: after ackTimeoutMs re-send on the same connection instead of closing it. MQTT 5.0 forbids it. */
	readonly resendOnTimeout?: boolean;

	readonly connackTimeoutMs?: number;
	readonly pingTimeoutMs?: number;
	/**
	 * How long nothing may be acknowledged while something is in flight; and, by a clock of its own, no SUBSCRIBE or
	 * UNSUBSCRIBE be answered. Twice as long after each time that it was not enough, up to eight times; half as long
	 * after each connection that ended otherwise. 0: for ever.
	 */
	readonly ackTimeoutMs?: number;
	/**
	 * Hang-ups in a row, with the same message at the head, after which that message is set aside; twice as many after
	 * each one that was set aside without anything being acknowledged. 0: never.
	 */
	readonly hangUpsMax?: number;
}

export interface SessionHandler {
	/** For Session.send() only: writes a packet to the socket, if it takes all of it at once. False: nothing was written. */
	write?(packet: Uint8Array): boolean;
	/** CONNACK said yes. If the session is not present, the filters of subscribe() are being asked for again. */
	onConnected(sessionPresent: boolean): void;
	/**
	 * The broker owns the message now (PUBACK, PUBCOMP). code is 0, or from MQTT 5.0 its reason: from 0x80 on it was
	 * turned down.
	 */
	onAcknowledged(packetId: number, code: number): void;
	/**
	 * SUBACK for the filter at `index` in the order of subscribe(): code is the granted QoS, or 0x80 and more for a
	 * refusal, or NO_ANSWER. What is not granted is asked for again: after a minute, then after twice as long each
	 * time, up to 16 minutes. In MQTT 5.0, of a filter that the broker has said not to take, told before subscribe()
	 * returns.
	 */
	onSubscribed(packetId: number, index: number, code: number): void;
	/**
	 * UNSUBACK; or the session in which there was something to unsubscribe from is gone; or nothing was answered on two
	 * connections.
	 */
	onUnsubscribed(packetId: number): void;
	/** A message. `bytes` MUST NOT be kept or changed. It is acknowledged after this returns; once only, for QoS 2. */
	onMessage(bytes: Uint8Array, topicAt: number, topicEnd: number, payloadAt: number, payloadEnd: number,
		qos: number, retain: boolean, dup: boolean): void;
	/** A message of `size` bytes was too large: thrown away, acknowledged, told once. */
	onOversize(size: number, qos: number): void;
	/** The broker hung up too often with this message at the head: it will not be sent again. */
	onSetAside(packetId: number): void;
	/**
	 * The connection is over: close the socket, then call lost() (here, or later). Told once per connection, and not
	 * when it was lost() that ended it. Fault.None: DISCONNECT has gone out and the broker discards the will.
	 */
	onClosed(fault: Fault, code: number): void;
}

export const enum Patience {
	/** In place of the code of a SUBACK that did not come on two connections. */
	NO_ANSWER = 0x100,
	CONNACK_TIMEOUT_MS = 10_000,
	PING_TIMEOUT_MS = 10_000,
	ACK_TIMEOUT_MS = 30_000,
	HANG_UPS_MAX = 3,
	/** A broker that stays for so long without a suspected message, or since its last answer, would not have hung up without it. */
	HOLD_MS = 2_000,
}
