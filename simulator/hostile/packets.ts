// Packets as a broker must not send them, of both versions: every type, with wrong flags, lengths and contents.
//
// Rule: bytes only; what a node makes of them is its own affair, but for those that are `polite`, which a broker may send at any
// time. Packet ids of our own are above those that a virtual broker comes to. MQTT 3.1.1 and 5.0 §2.1, §3.

import type { Random } from '../world/random.js';
import { anyText, forgery, noise, pick, skewed, weighted } from './chance.js';
import { probe, type Node } from './commands.js';
import type { Expected, Input, Version } from './input.js';
import { anyProperties } from './properties.js';

const CONNACK = 0x20;
const PUBLISH = 0x30;
const PUBACK = 0x40;
const PUBREC = 0x50;
const PUBREL = 0x62;
const PUBCOMP = 0x70;
const SUBACK = 0x90;
const UNSUBACK = 0xb0;
const PINGRESP = 0xd0;
const DISCONNECT = 0xe0;
const AUTH = 0xf0;
const ANSWERS = [PUBACK, PUBREC, PUBREL, PUBCOMP] as const;
const OWN_IDS_FROM = 0xc000;

type Context = Node & { readonly version: Version; readonly tag: string };
type Make = (random: Random, context: Context) => Input;

export function packet(first: number, body: Uint8Array): Buffer {
	return Buffer.concat([Buffer.of(first), lengthOf(body.length), body]);
}

function lengthOf(length: number): Buffer {
	const bytes: number[] = [];
	do {
		bytes.push((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
		length >>= 7;
	} while (length > 0);
	return Buffer.from(bytes);
}

export function uint16(value: number): Buffer {
	return Buffer.of(value >> 8, value & 0xff);
}

export function field(text: string | Buffer): Buffer {
	const bytes = Buffer.from(text as string);
	return Buffer.concat([uint16(bytes.length), bytes]);
}

export function publish(version: Version, topic: string | Buffer, payload: Buffer | string, flags = 0, id = 1): Buffer {
	const parts = [field(topic), flags & 6 ? uint16(id) : Buffer.alloc(0), Buffer.alloc(version === 5 ? 1 : 0), Buffer.from(payload as string)];
	return packet(PUBLISH | flags, Buffer.concat(parts));
}

function raw(kind: string, bytes: Buffer, polite = false, expected?: Expected): Input {
	return { kind: `packet: ${kind}`, raw: { bytes, polite }, ...(expected && { expected }) };
}

function ownId(random: Random): number {
	return OWN_IDS_FROM + random.below(0x1_0000 - OWN_IDS_FROM);
}

/** A few packets that are right. */
function rightPacket(random: Random, { base, version, tag }: Context): Buffer {
	const none = Buffer.alloc(version === 5 ? 1 : 0);
	return weighted(random, [
		[4, () => publish(version, `${base}/set/sample`, `{"id":"${tag}"}`, pick(random, [0, 2, 4, 1, 10]), ownId(random))],
		[2, () => publish(version, `${base}/status`, 'offline', pick(random, [0, 1, 2]), ownId(random))],
		[3, () => packet(pick(random, ANSWERS), uint16(1 + random.below(40)))],
		[1, () => packet(SUBACK, Buffer.concat([uint16(1 + random.below(4)), none, Buffer.of(1)]))],
		[1, () => packet(UNSUBACK, Buffer.concat([uint16(1 + random.below(4)), none, Buffer.of(0)]))],
		[2, () => packet(PINGRESP, Buffer.alloc(0))],
		[1, () => packet(CONNACK, Buffer.concat([Buffer.of(0, 0), none]))],
		[1, () => packet(DISCONNECT, Buffer.alloc(0))],
	])();
}

const anyFirst: Make = (random, { version }) => {
	const body = random.chance(0.5) ? Buffer.concat([uint16(random.below(0x1_0000)), Buffer.alloc(version === 5 ? 1 : 0)]) : noise(random, random.below(20));
	return raw('any first byte', packet(random.below(256), body));
};

const wrongFlags: Make = (random, context) => {
	const right = rightPacket(random, context);
	right[0] = (right[0]! & 0xf0) | random.below(16);
	return raw('wrong flags', right);
};

const wrongLength: Make = (random, context) => {
	const right = rightPacket(random, context);
	const length = pick(random, ['00', '01', '02', '03', '7f', '8000', '8100', '808000', '80808000', '80808001', 'ffffff7f', 'ffffffff7f', 'ffffffffff', '8080808001', 'ff', 'ff7f', '8001']);
	return raw('wrong length', Buffer.concat([right.subarray(0, 1), Buffer.from(length, 'hex'), right.subarray(2)]));
};

const cut: Make = (random, context) => {
	const right = rightPacket(random, context);
	return raw('cut', right.subarray(0, 1 + random.below(right.length - 1 || 1)));
};

const mutated: Make = (random, context) => {
	const stream = [...Buffer.concat(Array.from({ length: 1 + random.below(4) }, () => rightPacket(random, context)))];
	for (let times = 1 + random.below(4); times > 0; times--) {
		const at = random.below(stream.length + 1);
		const how = random.below(5);
		if (how === 0) stream.splice(at, 1 + random.below(4));
		else if (how === 1) stream.splice(at, 0, ...noise(random, 1 + random.below(4)));
		else if (how === 2) stream.splice(at, 0, ...rightPacket(random, context).subarray(random.below(4)));
		else stream[at] = how === 3 ? random.below(256) : (stream[at] ?? 0) ^ (1 << random.below(8));
	}
	return raw('mutated stream', Buffer.from(stream.map((byte) => byte ?? 0)));
};

const strangeTopics: Make = (random, { base, version, tag }) => {
	const topic = pick(random, [
		'', '+', '#', `${base}/set/+`, `${base}/set/#`, `${base}/set/a\0b`, Buffer.from('c0af', 'hex'), Buffer.from('eda080', 'hex'), Buffer.from('ff', 'hex'), anyText(random, 300), forgery(random),
	]);
	return raw('strange topic', publish(version, topic, `{"id":"${tag}"}`, pick(random, [0, 2, 4]), ownId(random)));
};

/** Topics that match no filter of the node's, of every length, with a slash where its commands have one. */
const foreign: Make = (random, { base, version }) => {
	const before = base.length + 4;
	const topic = pick(random, [`${'x'.repeat(before)}/stop`, `${'a/'.repeat(before).slice(0, before)}/restart`, `${'é'.repeat(before / 2)}/sample`.slice(0, 200), `$SYS/${'x'.repeat(before)}`, `${base}/set`, `${base}/readings`, 'a']);
	return raw('foreign topic', publish(version, topic, pick(random, ['{"id":"foreign"}', 'offline', '']), pick(random, [0, 2, 1]), ownId(random)), true);
};

const strangePublish: Make = (random, { base, version, tag }) => {
	const topic = `${base}/set/sample`;
	return raw('strange PUBLISH', pick(random, [
		() => publish(version, topic, `{"id":"${tag}"}`, 6, ownId(random)), () => publish(version, topic, `{"id":"${tag}"}`, 8), () => publish(version, topic, `{"id":"${tag}"}`, 2, 0),
		() => packet(PUBLISH, field(topic)), () => packet(PUBLISH | 2, field(topic)), () => packet(PUBLISH, uint16(0xffff)), () => packet(PUBLISH, Buffer.concat([uint16(topic.length + 9), Buffer.from(topic)])),
		() => packet(PUBLISH | 2, Buffer.concat([field(topic), Buffer.of(1)])), () => packet(PUBLISH, Buffer.alloc(0)),
	])());
};

/** The flags that a stored or repeated message has: commands that come so are asked for, but for those that are retained. */
const flagged: Make = (random, { base, version, tag }) => {
	const flags = pick(random, [0, 1, 2, 3, 10, 11]);
	const { message, expected } = probe(base, tag);
	return raw('flagged PUBLISH', publish(version, message!.topic, message!.payload, flags, ownId(random)), true, flags & 1 ? undefined : expected);
};

const sameId: Make = (random, { base, version, tag }) => {
	const id = ownId(random);
	const qos = pick(random, [2, 4]);
	const each = Array.from({ length: 2 + random.below(20) }, (_, i) => publish(version, `${base}/set/sample`, `{"id":"${tag}"}`, qos | (i && random.chance(0.5) ? 8 : 0), id));
	return raw('same packet id', Buffer.concat(each));
};

/** More messages of QoS 2 than a client can remember, none of them released. */
const unreleased: Make = (random, { base, version }) => {
	const from = ownId(random) - 100;
	return raw('QoS 2 without end', Buffer.concat(Array.from({ length: skewed(random, 2, 90) }, (_, i) => publish(version, `${base}/status`, 'x', 4, from + i))));
};

const answers: Make = (random, { version }) => {
	const first = pick(random, ANSWERS);
	const known = random.chance(0.3);
	const each = Array.from({ length: skewed(random, 1, 300) }, () => {
		const id = uint16(known ? 1 + random.below(60) : random.below(0x1_0000));
		const more = version === 5 && random.chance(0.4) ? Buffer.concat([Buffer.of(pick(random, [0, 0x10, 0x80, 0x87, 0x92, 0x97, random.below(256)])), random.chance(0.5) ? anyProperties(random) : Buffer.alloc(0)]) : Buffer.alloc(0);
		return packet(first, Buffer.concat([id, more]));
	});
	return raw('unknown ids acknowledged', Buffer.concat(each));
};

/** Acknowledgements that match nothing, as brokers do send them. (An id of 0 no broker sends.) */
const releases: Make = (random) => raw('PUBREL flood', Buffer.concat(Array.from({ length: skewed(random, 1, 300) }, () => packet(PUBREL, uint16(ownId(random))))), true);

const pongs: Make = (random) => raw('PINGRESP flood', Buffer.concat(Array.from({ length: skewed(random, 1, 300) }, () => packet(PINGRESP, Buffer.alloc(0)))));

const subacks: Make = (random, { version }) => {
	const codes = Buffer.from(Array.from({ length: random.below(6) }, () => pick(random, [0, 1, 2, 3, 0x80, 0x87, 0xff, random.below(256)])));
	const properties = version === 5 ? anyProperties(random) : Buffer.alloc(0);
	return raw('strange SUBACK', packet(pick(random, [SUBACK, UNSUBACK]), Buffer.concat([uint16(random.below(5)), properties, codes])));
};

const goodbyes: Make = (random) => raw('DISCONNECT', packet(pick(random, [DISCONNECT, AUTH]), pick(random, [Buffer.alloc(0), Buffer.concat([Buffer.of(random.below(256)), anyProperties(random)])])));

const withProperties: Make = (random, { base, version, tag }) => {
	const flags = pick(random, [0, 2]);
	const body = [field(`${base}/set/sample`), flags ? uint16(ownId(random)) : Buffer.alloc(0), version === 5 ? anyProperties(random) : Buffer.alloc(0), Buffer.from(`{"id":"${tag}"}`)];
	return raw('PUBLISH with properties', packet(PUBLISH | flags, Buffer.concat(body)));
};

const large: Make = (random, { base, version }) => {
	const size = pick(random, [379, 380, 384, 385, 388, 400, 1_000, 5_000, 40_000]);
	return raw('large PUBLISH', publish(version, `${base}/set/${'x'.repeat(random.below(300))}`, Buffer.alloc(size, '['), pick(random, [0, 2, 4]), ownId(random)));
};

const garbage: Make = (random) => raw('garbage', noise(random, skewed(random, 1, 3_000)));

const foreignProtocol: Make = (random) => raw('another protocol', Buffer.from(pick(random, [
	'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', '\x16\x03\x01\x00\x05', 'SSH-2.0-OpenSSH_9.6\r\n', '220 mail ESMTP\r\n', '\0'.repeat(64), '\xff'.repeat(64), '* OK\r\n',
]), 'latin1'));

const MAKERS: readonly (readonly [weight: number, make: Make])[] = [
	[4, anyFirst], [3, wrongFlags], [4, wrongLength], [3, cut], [8, mutated], [3, strangeTopics], [4, foreign], [3, strangePublish], [4, flagged], [2, sameId], [2, unreleased], [4, answers], [2, releases],
	[1, pongs], [3, subacks], [3, goodbyes], [6, withProperties], [2, large], [2, garbage], [1, foreignProtocol],
];
const POLITE: readonly (readonly [weight: number, make: Make])[] = [[3, foreign], [4, flagged], [2, releases]];

export function anyPacket(random: Random, context: Context): Input {
	return weighted(random, MAKERS)(random, context);
}

/** One after which the connection goes on. */
export function politePacket(random: Random, context: Context): Input {
	return weighted(random, POLITE)(random, context);
}

/** An answer to CONNECT: one that accepts, or any other. */
export function anyConnack(random: Random, version: Version): Input {
	const code = pick(random, [0, 0, 0, 0, 1, 2, 3, 4, 5, 0x80, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x95, 0x9c, 0x9d, 0x9f, 0xff, random.below(256)]);
	const flags = random.chance(0.7) ? random.below(2) : random.below(256);
	const properties = version === 5 || random.chance(0.1) ? (random.chance(0.3) ? Buffer.alloc(1) : anyProperties(random, 'connack')) : Buffer.alloc(0);
	return raw('CONNACK', packet(CONNACK, Buffer.concat([Buffer.of(flags, code), properties])));
}

/** The one that a broker begins with. */
export function connack(version: Version): Buffer {
	return packet(CONNACK, Buffer.alloc(version === 5 ? 3 : 2));
}
