// SPDX-License-Identifier: MIT
// How much a session holds: the bounds that may be given to it, their defaults, and what of MQTT 5.0 bears on what it
// holds.
//
// Rule: all memory is made with the session. Lengths are bytes, times are milliseconds since boot.

import type { ConnectOptions, PacketVersion } from '../codec/version.js';

export type Millis = number;

/** A message of the outbox that is written anew, or only in part, at the front of the control bytes. */
export interface RewrittenPacket {
	/** Bytes of it there. */
	left: number;
	/**
	 * Bytes that the application writes to the socket itself: behind those in front nothing else goes out before them
	 * (flow.ts).
	 */
	passing: number;
}

/** Topic aliases. */
export interface AliasWriter extends RewrittenPacket {
	/** Whether the broker takes none. */
	readonly none: boolean;
	/** A topic that is published to: worth an alias, if there is one left. */
	note(topic: Uint8Array): void;
	/**
	 * Writes the PUBLISH packet bytes[at] to bytes[at + size - 1] anew with an alias. Returns its size, or 0: it goes
	 * out as it is.
	 */
	write(bytes: Uint8Array, at: number, size: number, into: Uint8Array, to: number, max: number): number;
}

/** What bears on what waits. */
export interface StateVersion extends PacketVersion {
	/** The largest packet that the broker takes. */
	readonly packetMax: number;
	readonly qosMax: number;
	readonly retainAvailable: boolean;
	/** Whether the broker takes messages of any QoS, retained or not. */
	readonly takesAll: boolean;
	readonly aliases: AliasWriter;
}

export interface BoundOptions extends ConnectOptions {
	readonly protocol5?: StateVersion;
	/** The first message gets the id after this one. After a power cut in the middle of QoS 2 a broker may still hold low ids. */
	readonly lastPacketId?: number;

	/**
	 * Largest inbound packet body that is taken whole; larger ones are drained, acknowledged and counted. CONNECT must
	 * fit too.
	 */
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
}

export const enum Bound {
	BUFFER_BYTES = 512,
	OUTBOX_BYTES = 1_024,
	MESSAGES_MAX = 16,
	/** mosquitto takes 20 and more; the ESP8266's outbox holds fewer. */
	IN_FLIGHT_MAX = 8,
	/** mosquitto sends 20 at once, EMQX 32, HiveMQ 10. */
	INBOUND_MAX = 32,
	CONTROL_BYTES = 64,
	/** Messages with a topic alias are put together there, too. */
	CONTROL_BYTES_5 = 160,
	FILTER_BYTES = 128,
	FILTERS_MAX = 4,
	/** Of controlBytes, kept free for PINGREQ and DISCONNECT, so that both always can be said. */
	RESERVE = 5,
	/** The longest answer to one packet. */
	ANSWER_MAX = 5,
	/** Room for one more answer, beside what is kept free. */
	READY_BYTES = RESERVE + ANSWER_MAX,
}
