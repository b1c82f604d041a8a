// SPDX-License-Identifier: MIT
// Faults and codes in words, for a human.
//
// Rule: one sentence without its full stop; it names what the person can change. MQTT 3.1.1 §3.2.2.3, table 3.1

import { Fault } from './codec/fault.js';

/** Return codes of CONNACK, by number. */
const REFUSALS: readonly string[] = Object.freeze([
	'',
	'the broker does not speak this version of MQTT',
	'the broker refuses the client id, or a keep-alive longer than it allows',
	'the broker is not available for the moment',
	'the broker refuses the user name or password: it says they are malformed or wrong',
	'the broker does not authorize this client: check user and password, and its access rules',
]);

/** By the number of the fault; where there is a code, it follows. */
const SENTENCES: readonly string[] = Object.freeze([
	'disconnected',
	'the broker refuses the connection',
	'the broker does not speak this version of MQTT',
	'the broker accepts the connection but does not answer CONNECT: is it an MQTT broker?',
	'the broker does not answer pings any more',
	'the connection takes no more bytes',
	'the broker stopped acknowledging',
	'the broker sent a packet that does not belong here',
	'the broker sent a packet with wrong reserved bits',
	'the broker sent a message with an impossible QoS',
	'the broker sent a packet of an impossible length',
	'the broker sent text that is not UTF-8',
	'the broker sent a message with an impossible topic',
	'the broker sent packet id 0',
	'the broker sent an impossible CONNACK',
	'the broker claims a session that we do not hold',
	'the broker sent an unknown code',
	'the broker opened more QoS 2 messages than can be remembered',
	'the broker sent a wrong property',
	'the broker sent a packet larger than we allow',
	'the broker ended the connection',
	'a message could not be handled',
	'the broker does not allow what our messages need',
	'the broker does not answer what we ask to hear',
]);

export const reasonText = (fault: Fault, code: number): string => {
	if (fault === Fault.Refused && code > 0 && code < REFUSALS.length) return REFUSALS[code];
	const sentence = SENTENCES[fault];
	return code ? `${sentence} (0x${code.toString(16)})` : sentence;
};
