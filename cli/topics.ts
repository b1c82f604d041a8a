// What a person may name of a topic: the base of the nodes, a node, a command.
//
// Rule: no wildcard gets through, and every topic and filter made here fits MQTT; whatever does not is one sentence, a short one.

import { Limit } from '../src/common/limits.js';
import { Misuse } from './failure.js';

/** The longest text of MQTT, in bytes of UTF-8 (MQTT 3.1.1 §1.5.3). */
const TEXT_BYTES_MAX = 65_535;
const SHOWN_MAX = 60;
/** What Node makes of bytes that are no UTF-8. */
export const NOT_UTF8 = '\ufffd';
/** Levels divided by "/", none of them empty. */
const LEVELS = /^[^/+#\u0000-\u001f]+(\/[^/+#\u0000-\u001f]+)*$/;
/** The length of the topic, and the packet id. */
const PUBLISH_FIELDS_BYTES = 4;

/** As much of it as a sentence bears. */
export function shown(text: string): string {
	return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX - 1)}…` : text;
}

/** Throws Misuse if MQTT has no room for the text; `what` begins the sentence. */
export function mustFitText(what: string, text: string): string {
	if (text.includes(NOT_UTF8)) throw new Misuse(`${what} is not UTF-8: write it in that encoding.`);
	const over = Buffer.byteLength(text) - TEXT_BYTES_MAX;
	if (over > 0) throw new Misuse(`${what} is ${over} bytes too long: MQTT takes ${TEXT_BYTES_MAX}.`);
	return text;
}

/** The value of an option that goes into one text of MQTT. */
export function mqttText(option: string): (text: string) => string {
	return (text) => mustFitText(option, text);
}

/** A topic to subscribe below. */
export function base(text: string): string {
	const named = `--base is ${JSON.stringify(shown(text))}`;
	if (!LEVELS.test(text)) throw new Misuse(`${named}; it must be a topic without wildcards, like telltale or home/sensors.`);
	// Such topics are the broker's own, or a shared subscription (§4.7.2).
	if (text.startsWith('$')) throw new Misuse(`${named}; no node's topics begin with "$": name one like telltale or home/sensors.`);
	mustFitText('--base', `${text}/#`);
	return text;
}

/** Throws Misuse if no node below that base can have the name. */
export function mustBeNode(base: string, node: string): void {
	if (!LEVELS.test(node)) throw new Misuse(`The node ${JSON.stringify(shown(node))} cannot stand in a topic: use its plain name.`);
	mustFitText('The topic of the node', `${base}/${node}/#`);
}

/** Nodes subscribe to one level: a command with "/" in it would reach nobody. */
export function mustBeCommand(name: string): void {
	if (name.includes('/') || !LEVELS.test(name)) throw new Misuse(`The command ${JSON.stringify(shown(name))} cannot stand in a topic: use its plain name.`);
}

/** Throws Misuse if a node would throw the command away for its size, and so never answer. */
export function mustFitNode(topic: string, payload: string): void {
	const over = PUBLISH_FIELDS_BYTES + Buffer.byteLength(topic) + Buffer.byteLength(payload) - Limit.INBOUND_PACKET_MAX;
	if (over > 0) throw new Misuse(`The command is ${over} ${over === 1 ? 'byte' : 'bytes'} too large for a node, topic and value together: give it a shorter value.`);
}
