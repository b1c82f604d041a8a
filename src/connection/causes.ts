// SPDX-License-Identifier: MIT
// What ended a link or an attempt, as one word of docs/topics.md, and what the session's faults mean in these words.
//
// Rule: the words are a contract: append only. MQTT 3.1.1 table 3.1, MQTT 5.0 table 2-6 for the codes of a refusal.

import { Fault } from '../mqtt/codec/fault.js';

export const enum Cause {
	None,
	Wifi,
	Dns,
	Tcp,
	Refused,
	Silence,
	Protocol,
	Tls,
}
export const CAUSES: readonly string[] = Object.freeze(['', 'wifi', 'dns', 'tcp', 'refused', 'silence', 'protocol', 'tls']);

const enum Code {
	/** Refusals that pass by themselves: server unavailable (3; 0x88 in 5.0), server busy (0x89) or shutting down (0x8B). */
	SERVER_UNAVAILABLE = 3,
	SERVER_UNAVAILABLE_5 = 0x88,
	SERVER_BUSY_5 = 0x89,
	SERVER_SHUTTING_DOWN_5 = 0x8b,
	/** Of DISCONNECT. */
	TAKEN_OVER_5 = 0x8e,
}

/** Whether the broker turned us down for what we are: client id, user, password. It does not heal within seconds. */
export const isRefusal = (fault: Fault, code: number): boolean => {
	if (fault !== Fault.Refused) return false;
	return code !== Code.SERVER_UNAVAILABLE && code !== Code.SERVER_UNAVAILABLE_5 && code !== Code.SERVER_BUSY_5 && code !== Code.SERVER_SHUTTING_DOWN_5;
};

/** What is known of why a broker hung up. */
export const enum HangUp {
	/** Nothing: all that it was told is answered. */
	Unexplained,
	/** Session taken over, by another client with our id. It said so (0x8E in 5.0). */
	TakenOver,
	/** It gave another reason. */
	Explained,
	/** Something that it was told is unanswered. */
	Unanswered,
	/** And that is left out from now on. */
	LeftOut,
}

/** Of a reason that MQTT 5.0 gives. */
export const hangUpFor = (code: number): HangUp => code === Code.TAKEN_OVER_5 ? HangUp.TakenOver : HangUp.Explained;

export const causeOf = (fault: Fault): Cause => {
	switch (fault) {
		case Fault.None:
			return Cause.None;
		case Fault.Refused:
		case Fault.ProtocolVersion:
			return Cause.Refused;
		case Fault.ConnackTimeout:
		case Fault.PingTimeout:
		case Fault.Stalled:
		case Fault.AckTimeout:
		case Fault.RequestTimeout:
			return Cause.Silence;
		// In 5.0 a broker says why before it closes the connection; 3.1.1's does the same without a word.
		case Fault.Disconnected:
			return Cause.Tcp;
	}
	return Cause.Protocol;
};
