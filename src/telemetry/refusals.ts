// SPDX-License-Identifier: MIT
// What a broker does not grant: whether it may later, and that in words.
//
// Rule: a refusal that is about the broker's own state passes, so the reading is published anew (MQTT 5.0 §4.4 forbids
// the same packet only). One that is about the message does not. One sentence each; it says what becomes of it. MQTT
// 5.0 §3.4.2.1

import { Patience } from '../mqtt/options.js';

/** Of a topic filter that we do not get. */
export const unheardSentence = (topic: string, code: number): string => {
	if (code === Patience.NO_ANSWER) return `the broker does not answer SUBSCRIBE: we go on without ${topic}, and ask again later`;
	return `the broker does not let us hear ${topic} (code 0x${code.toString(16)}); we ask again later`;
};

/**
 * Codes that are about the state of the broker, or the number of messages. Some of them the standard has in other
 * packets only.
 */
const enum ForNow {
	Unspecified = 0x80,
	ImplementationSpecific = 0x83,
	ServerUnavailable = 0x88,
	ServerBusy = 0x89,
	ServerShuttingDown = 0x8b,
	PacketIdInUse = 0x91,
	ReceiveMaxExceeded = 0x93,
	RateTooHigh = 0x96,
	QuotaExceeded = 0x97,
}

/** Whether the broker would turn that very message down again, whenever it came. */
export const isFinal = (code: number): boolean => {
	switch (code) {
		case ForNow.Unspecified: case ForNow.ImplementationSpecific: case ForNow.ServerUnavailable: case ForNow.ServerBusy: case ForNow.ServerShuttingDown:
		case ForNow.PacketIdInUse: case ForNow.ReceiveMaxExceeded: case ForNow.RateTooHigh: case ForNow.QuotaExceeded:
			return false;
	}
	return true;
};

/** Of a message of ours that a PUBACK turned down. */
export const turnedDownSentence = (what: string, code: number, becomes: string): string =>
	`the broker turns ${what} down (code 0x${code.toString(16)}): ${becomes}`;
