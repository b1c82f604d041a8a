// SPDX-License-Identifier: MIT
// Why a connection ended, as a number on the paths that count and as a sentence where a human reads.
//
// Rule: any fault on a live connection closes it; there is no milder answer (MQTT 3.1.1 §4.8). The session keeps its
// state, so nothing but time is lost. `code` belongs to the fault: the broker's return or reason code, a packet's first
// byte, or 0. Numbers are append only: they end up in reports.

export const enum Fault {
	/** No fault: stop() was asked for and DISCONNECT has been handed over. */
	None,
	/** CONNACK with a return code other than 0; code is that return code (MQTT 3.1.1) or reason code (MQTT 5.0). */
	Refused,
	/** The broker does not speak the protocol version that was asked for. */
	ProtocolVersion,
	/** No CONNACK in time. */
	ConnackTimeout,
	/** PINGREQ stayed without PINGRESP. */
	PingTimeout,
	/** The socket took nothing for too long while bytes were waiting. */
	Stalled,
	/** The broker answers pings but stopped acknowledging. */
	AckTimeout,
	/** A packet type that a broker may not send, or not now; code is the packet's first byte. */
	Unexpected,
	/** Reserved bits of the first byte; code is that byte. */
	ReservedBits,
	/** QoS 3, or DUP with QoS 0; code is the packet's first byte. */
	BadQos,
	/** Remaining length of five bytes, not minimal, or wrong for its packet; code is the packet's first byte. */
	BadLength,
	/** Text that is no UTF-8, or holds U+0000 or a surrogate. */
	BadText,
	/** An empty topic name or one with a wildcard. */
	BadTopic,
	/** Packet id 0. */
	BadPacketId,
	/** CONNACK with reserved flags, or session present together with a refusal; code is the flags byte. */
	BadConnack,
	/** Session present although we asked for a clean one, or hold none. */
	UnknownSession,
	/** A SUBACK or UNSUBACK code that the standard does not know; code is that code. */
	BadCode,
	/** More QoS 2 messages at once than can be remembered. */
	TooManyInbound,
	/** MQTT 5.0: a property that does not belong there, twice, or with a value out of range; code is its identifier. */
	BadProperty,
	/** MQTT 5.0: a packet other than PUBLISH that is larger than the maximum that we announced. */
	PacketTooLarge,
	/** MQTT 5.0: the broker sent DISCONNECT; code is its reason code. */
	Disconnected,
	/** The handler threw while it was given a packet (MQTT 3.1.1 §4.8.0-2). */
	Handler,
	/** MQTT 5.0: what we want is more than the broker allows; code is the reason code for it (0x95 packet size, 0x9b QoS). */
	Capability,
	/** The broker does not answer SUBSCRIBE or UNSUBSCRIBE, whatever else it answers. */
	RequestTimeout,
}
