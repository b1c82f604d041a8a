// SPDX-License-Identifier: MIT
// What a broker does not grant, in words.
//
// Rule: one sentence each; it says what becomes of it.

import { NO_ANSWER } from '../mqtt/options.js';

/** Of a topic filter that we do not get. */
export function unheardSentence(topic: string, code: number): string {
	if (code === NO_ANSWER) return `the broker does not answer SUBSCRIBE: we go on without ${topic}, and ask again later`;
	return `the broker does not let us hear ${topic} (code 0x${code.toString(16)}); we ask again later`;
}
