// SPDX-License-Identifier: MIT
// What a session is told when it is made, and what it tells back: types and defaults only.
//
// Rule: everything that happens is said to the handler in scalars; bytes are named by where they lie, and are only
// good until the handler returns. Every callback may call publish(), subscribe(), unsubscribe() and stop().
// Lengths are bytes, times are milliseconds since boot.

import type { Fault } from './fault.js';
import type { Flow } from './flow.js';
import type { Protocol5 } from './protocol5.js';

export type Millis = number;

export interface Will {
	readonly topic: string;
	readonly payload: string | Uint8Array;
	readonly qos: number;
	readonly retain: boolean;
}

export interface SessionOptions {
	/** 1 to 23 of 0-9 a-z A-Z is what every broker takes (§3.1.3.1). '' only together with clean. */
	readonly clientId: string;
	/** '' for none. A password without a user name is allowed in MQTT 5.0 only. */
	readonly user?: string;
	readonly password?: string | Uint8Array;
	/** Speak MQTT 5.0, with a Protocol5 that belongs to this session alone; left out: 3.1.1. */
	readonly protocol5?: Protocol5;
	/** Messages of any length, in and out, as they pass; 3.1.1 and one connection only. */
	readonly flow?: Flow;
	/** Longest silence towards the broker; told to it in whole seconds, rounded up. 0: no keep-alive in either direction. */
	readonly keepAliveMs: number;
	/** Whether the broker shall forget the session with each connection. */
	readonly clean?: boolean;
	readonly will?: Will;
	/** PUBLISH packets go out right behind CONNECT, without waiting for CONNACK (§3.1.4), if none of them is a re-send. */
	readonly publishBeforeConnack?: boolean;
	/** MQTT 3.1.1 only: after ackTimeoutMs re-send on the same connection instead of closing it. MQTT 5.0 forbids it. */
	readonly resendOnTimeout?: boolean;

	/** The first message gets the id after this one. After a power cut in the middle of QoS 2 a broker may still hold low ids. */
	readonly lastPacketId?: number;

	/** Largest inbound packet body that is taken whole; larger ones are drained, acknowledged and counted. CONNECT must fit too. */
	readonly bufferBytes?: number;
	/** Packets that wait to be sent or acknowledged. */
	readonly outboxBytes?: number;
	/** How many messages those may be. */
	readonly messagesMax?: number;
	/** QoS 1 and 2 messages that may be unacknowledged at once. */
	readonly inFlightMax?: number;
	/** Inbound QoS 2 messages that may be open at once. */
	readonly inboundMax?: number;
	/** Everything but PUBLISH and CONNECT that waits for the socket; a SUBSCRIBE must fit too. */
	readonly controlBytes?: number;
	/** Topic filters, with 6 bytes more for each. */
	readonly filterBytes?: number;
	readonly filtersMax?: number;

	readonly connackTimeoutMs?: number;
	readonly pingTimeoutMs?: number;
	/** How long nothing may be acknowledged while something is in flight. 0: for ever. */
	readonly ackTimeoutMs?: number;
	/**
	 * Hang-ups in a row, with the same message at the head, after which that message is set aside; twice as many after each one that
	 * was set aside without anything being acknowledged. 0: never.
	 */
	readonly hangUpsMax?: number;
}

export interface SessionHandler {
	/** For Session.send() only: writes a packet to the socket, if it takes all of it at once. False: nothing was written. */
	write?(packet: Uint8Array): boolean;
	/** CONNACK said yes. If the session is not present, the filters of subscribe() are being asked for again. */
	onConnected(sessionPresent: boolean): void;
	/** The broker owns the message now (PUBACK, PUBCOMP). code is 0, or from MQTT 5.0 its reason: from 0x80 on it was turned down. */
	onAcknowledged(packetId: number, code: number): void;
	/** SUBACK for the filter at `index` in the order of subscribe(): code is the granted QoS, or 0x80 and more for a refusal. */
	onSubscribed(packetId: number, index: number, code: number): void;
	/** UNSUBACK; or the session in which there was something to unsubscribe from is gone. */
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

export const BUFFER_BYTES = 512;
export const OUTBOX_BYTES = 1_024;
export const MESSAGES_MAX = 16;
/** mosquitto takes 20 and more; the ESP8266's outbox holds fewer. */
export const IN_FLIGHT_MAX = 8;
/** mosquitto sends 20 at once, EMQX 32, HiveMQ 10. */
export const INBOUND_MAX = 32;
export const CONTROL_BYTES = 64;
/** Messages with a topic alias are put together there, too. */
export const CONTROL_BYTES_5 = 160;
export const FILTER_BYTES = 128;
export const FILTERS_MAX = 4;
export const CONNACK_TIMEOUT_MS = 10_000;
export const PING_TIMEOUT_MS = 10_000;
export const ACK_TIMEOUT_MS = 30_000;
export const HANG_UPS_MAX = 3;
/** A broker that stays for so long without a suspected message, or since its last answer, would not have hung up without it. */
export const HOLD_MS = 2_000;
/** Of controlBytes, kept free for PINGREQ and DISCONNECT, so that both always can be said. */
export const RESERVE = 5;
