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
	/** MQTT 5.0: what we want is more than the broker allows; code is the reason code for it (0x95 packet size, 0x9b QoS). */
	Capability,
	/** The handler threw while it was given a packet (MQTT 3.1.1 §4.8.0-2). */
	Handler,
}

/** One sentence for a human. */
export function text(fault: Fault, code: number): string {
	switch (fault) {
		case Fault.None: return 'Disconnected as asked.';
		case Fault.Refused: return `The broker refused the connection: ${refusal(code)}.`;
		case Fault.ProtocolVersion: return 'The broker does not speak this version of MQTT.';
		case Fault.ConnackTimeout: return 'The broker did not answer CONNECT in time.';
		case Fault.PingTimeout: return 'The broker fell silent: PINGREQ was not answered in time.';
		case Fault.Stalled: return 'The connection takes no more bytes.';
		case Fault.AckTimeout: return 'The broker did not acknowledge in time.';
		case Fault.Disconnected: return `The broker ended the connection (reason ${hexadecimal(code)}).`;
		case Fault.Capability: return `The broker does not allow ${code === 0x9b ? 'QoS 1 and 2' : 'packets of the size that is needed'}.`;
		case Fault.Handler: return 'The application failed while it handled a packet.';
		case Fault.TooManyInbound: return 'The broker has more QoS 2 messages under way than can be remembered.';
		default: return `The broker broke the standard: ${violation(fault, code)}.`;
	}
}

/** MQTT 3.1.1, table 3.1. */
function refusal(code: number): string {
	switch (code) {
		case 2: return 'it does not accept this client id';
		case 3: return 'it is not available now';
		case 4: return 'the user name or password is wrong';
		case 5: return 'this client is not authorized';
		default: return `code ${hexadecimal(code)}`;
	}
}

function violation(fault: Fault, code: number): string {
	const packet = `a packet that begins with ${hexadecimal(code)}`;
	switch (fault) {
		case Fault.Unexpected: return `${packet} has no place here`;
		case Fault.ReservedBits: return `${packet} has wrong reserved bits`;
		case Fault.BadQos: return `${packet} has an impossible QoS`;
		case Fault.BadLength: return `${packet} has an impossible length`;
		case Fault.BadText: return `${packet} has text that is not UTF-8`;
		case Fault.BadTopic: return `${packet} has no topic name or one with a wildcard`;
		case Fault.BadPacketId: return `${packet} has the packet id 0`;
		case Fault.BadConnack: return `CONNACK has the flags ${hexadecimal(code)}`;
		case Fault.UnknownSession: return 'it resumed a session that does not exist';
		case Fault.BadCode: return `it answered with the unknown code ${hexadecimal(code)}`;
		case Fault.BadProperty: return `property ${hexadecimal(code)} is out of place or out of range`;
		default: return `${packet} is larger than was announced`;
	}
}

function hexadecimal(code: number): string {
	return `0x${code < 16 ? '0' : ''}${code.toString(16)}`;
}
