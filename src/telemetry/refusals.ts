// SPDX-License-Identifier: MIT
// What a broker does not grant: whether it may later, and that in words.
//
// Rule: a refusal that is about the broker's own state passes, so the reading is published anew (MQTT 5.0 §4.4 forbids the same packet only). One that
// is about the message does not. One sentence each; it says what becomes of it. MQTT 5.0 §3.4.2.1

import { NO_ANSWER } from '../mqtt/options.js';

/** Of a topic filter that we do not get. */
export function unheardSentence(topic: string, code: number): string {
	if (code === NO_ANSWER) return `the broker does not answer SUBSCRIBE: we go on without ${topic}, and ask again later`;
	return `the broker does not let us hear ${topic} (code 0x${code.toString(16)}); we ask again later`;
}

const NOT_AUTHORIZED = 0x87;
const TOPIC_NAME_INVALID = 0x90;
const PAYLOAD_FORMAT_INVALID = 0x99;

/** Whether the broker would turn that very message down again, whenever it came. */
export function isFinal(code: number): boolean {
	return code === NOT_AUTHORIZED || code === TOPIC_NAME_INVALID || code === PAYLOAD_FORMAT_INVALID;
}

/** Of a message of ours that a PUBACK turned down. */
export function turnedDownSentence(what: string, code: number, becomes: string): string {
	return `the broker turns ${what} down (code 0x${code.toString(16)}): ${becomes}`;
}
