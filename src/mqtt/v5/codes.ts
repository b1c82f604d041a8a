// SPDX-License-Identifier: MIT
// Which reason codes a broker may give in which packet: a code that is not in the packet's own table breaks the protocol, whatever it might mean.
//
// Rule: bit k of a mask is code 0x80 + k; what lies below 0x80 and above 0x9F is told one by one. MQTT 5.0 §3.2.2.2, §3.4.2.1 to §3.7.2.1, §3.9.3,
// §3.11.3, §3.14.2.1, and for 0x8C in DISCONNECT table 2-6

import { Packet } from '../codec/packets.js';

const CONNACK = 0xbea1_17ff;
const PUBACK = 0x0283_0089;
const PUBREL = 0x0004_0000;
const SUBACK = 0x4082_8089;
const UNSUBACK = 0x0002_8089;
const DISCONNECT = 0xfff9_fa8f;
/** Those of DISCONNECT that may be about what it was sent: a policy, a topic, a filter, a packet, and what it cannot do. */
const BLAMES = 0x4f31_808f;

/** Whether that packet of a broker, by its first byte, may have that code. */
export function isReason(first: number, code: number): boolean {
	if (code === 0) return true;
	switch (first) {
		case Packet.Connack: return has(CONNACK, code);
		case Packet.Puback: case Packet.Pubrec: return code === 0x10 || has(PUBACK, code);
		case Packet.Suback: return code <= 2 || code === 0xa1 || code === 0xa2 || has(SUBACK, code);
		case Packet.Unsuback: return code === 0x11 || has(UNSUBACK, code);
		case Packet.Disconnect: return code >= 0xa0 && code <= 0xa2 || has(DISCONNECT, code);
		default: return has(PUBREL, code);
	}
}

/** Whether a DISCONNECT with that code may be about a message or a filter of ours. */
export function blamesOurs(code: number): boolean { return code === 0xa1 || code === 0xa2 || has(BLAMES, code); }

function has(mask: number, code: number): boolean {
	return code >= 0x80 && code < 0xa0 && (mask >>> (code & 31) & 1) === 1;
}
