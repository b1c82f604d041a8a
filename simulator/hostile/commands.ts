// Commands that nobody should send, and messages of the broker's that are no commands at all.
//
// Rule: whatever has a name of its own and a payload has one result to come, which says the name and the id that it was asked with.
// Those that end the boot are few, and say so.

import type { Random } from '../world/random.js';
import { anyText, forgery, noise, pick, weighted } from './chance.js';
import { INBOUND_MAX, type Input, type Qos } from './input.js';
import { anyPayload, rightPayload, type Payload } from './values.js';

const KNOWN = ['interval', 'sample', 'calibrate', 'config', 'noise', 'scan'] as const;
const ENDING = ['restart', 'stop'] as const;
const STRANGE = [
	'__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype', 'length', 'INTERVAL', 'interval ', ' sample', 'sampl', 'samples', 'interval"', 'a"b', 'a\\b', '\\u0000', '{}', '0', '-1',
	'é', 'sample\u0301', '\u202e', '$SYS', 'online', 'stop.', 'restart\n', 'result', '%s%n', '${1}', '<script>', '..',
] as const;
/** What the largest packet leaves to a name. */
const NAME_BYTES_MAX = 360;

export interface Node {
	readonly base: string;
}

/** So many bytes are in a PUBLISH beside topic and payload: the topic's length, a packet id, no properties. */
const HEAD_BYTES = 5;

export function anyCommand(random: Random, { base }: Node, tag: string): Input {
	const ending = random.chance(0.02);
	const name = ending ? pick(random, ENDING) : anyName(random);
	const topic = `${base}/set/${name}`;
	const room = Math.max(tag.length + 30, INBOUND_MAX - HEAD_BYTES - Buffer.byteLength(topic));
	const made = (random.chance(ending ? 0.7 : 0.15) ? rightPayload : anyPayload)(random, { name, tag, room });
	return command(topic, name, tag, made, pick(random, [0, 1, 1, 2] as const), random.chance(0.1));
}

export function command(topic: string, name: string, tag: string, { kind, bytes, id }: Payload, qos: Qos, retain = false): Input {
	// An empty message clears what was retained.
	const asks = bytes.length > 0 || name === 'sample';
	return {
		kind: `command: ${kind}`,
		message: { topic, payload: bytes, qos, retain },
		...(asks && { expected: { name, tag, id } }),
		...(ENDING.includes(name as never) && { ends: name as 'restart' | 'stop' }),
	};
}

function anyName(random: Random): string {
	return weighted(random, [
		[6, () => pick(random, KNOWN)],
		[2, () => pick(random, STRANGE)],
		[1, () => forgery(random)],
		[2, () => topicText(random, 40)],
		[2, () => topicText(random, NAME_BYTES_MAX)],
		[1, () => ''],
	])();
}

/** As anyText, without what a topic's level must not have. */
function topicText(random: Random, bytesMax: number): string {
	return anyText(random, bytesMax).replace(/[/+#\0]/g, '-');
}

const STATUS = ['offline', 'online', 'stopped', '', 'OFFLINE', 'offline\n', 'offlin', 'offline ', '\0', `${'offline'.repeat(50)}`, '{"id":"x"}'] as const;

/** The node's own status, said by somebody else. */
export function anyStatus(random: Random, { base }: Node): Input {
	const payload = random.chance(0.2) ? noise(random, random.below(INBOUND_MAX)) : Buffer.from(random.chance(0.1) ? forgery(random) : pick(random, STATUS));
	return { kind: 'status', message: { topic: `${base}/status`, payload, qos: pick(random, [0, 1, 2] as const), retain: random.chance(0.3) } };
}

/** The same readings, results and infos that the node says: nobody has asked to hear them. */
export function anyOther(random: Random, { base }: Node): Input {
	const topic = pick(random, [`${base}/readings`, `${base}/result`, `${base}/info`, `${base}/set`, `${base}/set/a/b`, `${base}x/set/stop`, 'telltale/attic/set/stop', `${base}/status/x`]);
	return { kind: 'other topic', message: { topic, payload: Buffer.from(pick(random, ['', 'x', '{"id":"x"}', '{"seq":1}'])), qos: pick(random, [0, 1, 2] as const), retain: random.chance(0.3) } };
}

/** The one command that is known to be good. */
export function probe(base: string, tag: string): Input {
	return command(`${base}/set/sample`, 'sample', tag, { kind: 'probe', bytes: Buffer.from(`{"id":"${tag}"}`), id: tag }, 1);
}
