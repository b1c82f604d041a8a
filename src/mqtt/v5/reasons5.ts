// SPDX-License-Identifier: MIT
// The reason codes of MQTT 5.0 in words, which an image that speaks 3.1.1 leaves out.
//
// Rule: one clause each, to stand behind a colon. MQTT 5.0 §2.4, table 2-6

import { Fault } from '../codec/fault.js';
import { reasonText } from '../reasons.js';

/** What reason codes mean, e.g. 'not authorized'. */
export const reason = (code: number): string => {
	switch (code) {
		case 0x00: return 'success';
		case 0x04: return 'disconnect with will message';
		case 0x10: return 'no matching subscribers';
		case 0x11: return 'no subscription existed';
		case 0x80: return 'unspecified error';
		case 0x81: return 'malformed packet';
		case 0x82: return 'protocol error';
		case 0x83: return 'implementation specific error';
		case 0x84: return 'unsupported protocol version';
		case 0x85: return 'client identifier not valid';
		case 0x86: return 'bad user name or password';
		case 0x87: return 'not authorized';
		case 0x88: return 'server unavailable';
		case 0x89: return 'server busy';
		case 0x8a: return 'banned';
		case 0x8b: return 'server shutting down';
		case 0x8c: return 'bad authentication method';
		case 0x8d: return 'keep alive timeout';
		case 0x8e: return 'session taken over: another client uses the same client id';
		case 0x8f: return 'topic filter invalid';
		default: return late(code);
	}
};

const late = (code: number): string => {
	switch (code) {
		case 0x90: return 'topic name invalid';
		case 0x91: return 'packet identifier in use';
		case 0x92: return 'packet identifier not found';
		case 0x93: return 'receive maximum exceeded';
		case 0x94: return 'topic alias invalid';
		case 0x95: return 'packet too large';
		case 0x96: return 'message rate too high';
		case 0x97: return 'quota exceeded';
		case 0x98: return 'administrative action';
		case 0x99: return 'payload format invalid';
		case 0x9a: return 'retain not supported';
		case 0x9b: return 'QoS not supported';
		case 0x9c: return 'use another server';
		case 0x9d: return 'server moved';
		case 0x9e: return 'shared subscriptions not supported';
		case 0x9f: return 'connection rate exceeded';
		case 0xa0: return 'maximum connect time';
		case 0xa1: return 'subscription identifiers not supported';
		case 0xa2: return 'wildcard subscriptions not supported';
		default: return `reason 0x${code.toString(16).padStart(2, '0')}`;
	}
};

/** As reasonText(), for a connection that spoke MQTT 5.0; `reasonString` is what the broker added (Protocol5.reasonString). */
export const reasonText5 = (fault: Fault, code: number, reasonString: string): string => {
	const added = reasonString === '' ? '' : ` ("${reasonString}")`;
	if (fault === Fault.Refused) {
		if (code === Code.BAD_USER || code === Code.NOT_AUTHORIZED) return reasonText(fault, code - Code.BAD_USER + Code.BAD_USER_3) + added;
		return `the broker refuses the connection: ${reason(code)}${added}`;
	}
	if (fault === Fault.Disconnected) return `the broker ended the connection: ${reason(code)}${added}`;
	return reasonText(fault, code);
};

const enum Code {
	/** What CONNACK of 3.1.1 has better words for: there it is 4 and 5. */
	BAD_USER = 0x86,
	NOT_AUTHORIZED = 0x87,
	BAD_USER_3 = 4,
}
