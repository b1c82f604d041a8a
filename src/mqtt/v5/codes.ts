// SPDX-License-Identifier: MIT
// Which reason codes a broker may give in which packet: a code that the standard does not have breaks the protocol,
// whatever it might mean.
//
// Rule: what says yes must stand in the packet's own table. What says no, 0x80 to 0xA2, is understood in every packet:
// mosquitto 2.0 answers a message that it finds too large with 0x95, which the standard has not for PUBACK, and does so
// each time. MQTT 5.0 table 2-6, §3.2.2.2, §3.4.2.1 to §3.7.2.1, §3.9.3, §3.11.3, §3.14.2.1

import { Packet } from '../codec/packets.js';

const enum Code {
	REFUSAL_MIN = 0x80,
	REFUSAL_MAX = 0xa2,
	NO_SUBSCRIBERS = 0x10,
	NO_SUBSCRIPTION = 0x11,
	QOS_MAX = 2,
	/**
	 * Those of DISCONNECT that may be about what it was sent: a policy, a topic, a filter, a packet, and what it cannot do.
	 * Bit k is code 0x80 + k.
	 */
	BLAMES = 0x4f31_808f,
}

/** Whether that packet of a broker, by its first byte, may have that code. */
export const isReason = (first: number, code: number): boolean => {
	if (code === 0 || code >= Code.REFUSAL_MIN && code <= Code.REFUSAL_MAX) return true;
	switch (first) {
		case Packet.Puback: case Packet.Pubrec: return code === Code.NO_SUBSCRIBERS;
		case Packet.Suback: return code <= Code.QOS_MAX;
		case Packet.Unsuback: return code === Code.NO_SUBSCRIPTION;
	}
	return false;
};

/** Whether a DISCONNECT with that code may be about a message or a filter of ours. */
export const blamesOurs = (code: number): boolean =>
	code === 0xa1 || code === 0xa2 || code >= 0x80 && code < 0xa0 && (Code.BLAMES >>> (code & 31) & 1) === 1;
