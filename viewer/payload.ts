// What a message of a node says: topic and payload in, one plain value out (docs/topics.md).
//
// Rule: anyone may publish under the base topic. Nothing here throws, no text from outside is longer than TEXT_MAX, and what does not
// follow the contract comes out as `malformed` with the reason. Text stays as it was said: it is made safe where it is printed (safe.ts).

import type { Range } from './ranges.js';
import { jsonText } from './safe.js';

export interface Reading {
	readonly seq: number;
	readonly boot: string;
	/** Unix seconds; absent while the node's clock was not known. */
	readonly time?: number;
	/** Seconds since boot, instead of `time`. */
	readonly uptime?: number;
	/** Numbers of the same boot that the node gave up: they do not come any more. If `seq` is the last of them, this is no reading but says so. */
	readonly dropped?: Range;
	/** By channel, in payload order: temperature in °C, humidity in percent, outside_humidity … */
	readonly values: Readonly<Record<string, number>>;
	/** Channels whose value the node itself doubts; absent if it doubts none. */
	readonly suspect?: readonly string[];
}

/** What a node says of one of its channels. */
export interface ChannelInfo {
	readonly unit: string;
	/** The part that measures it, by its name. */
	readonly part: string;
}

export type Content = Readonly<Record<string, unknown>>;
export type Status = 'online' | 'sleeping' | 'stopped' | 'offline';

export type Message =
	| { readonly kind: 'reading'; readonly node: string; readonly late: boolean; readonly reading: Reading }
	| { readonly kind: 'status'; readonly node: string; readonly status: Status }
	/** An empty retained payload: what was known is withdrawn. */
	| { readonly kind: 'cleared'; readonly node: string; readonly leaf: string }
	| { readonly kind: 'info' | 'health' | 'outage' | 'result'; readonly node: string; readonly content: Content }
	| { readonly kind: 'channels'; readonly node: string; readonly channels: Readonly<Record<string, ChannelInfo>> }
	/** Below the topics of a node, but of no kind that a node publishes. */
	| { readonly kind: 'foreign'; readonly node: string; readonly leaf: string }
	| { readonly kind: 'malformed'; readonly node: string; readonly why: string }
	| { readonly kind: 'other' };

/** Longer payloads are nobody's readings. */
export const PAYLOAD_BYTES_MAX = 4_096;
export const CHANNELS_MAX = 12;
/** A part's name, "_" and a quantity, with room for what is to come. */
const CHANNEL = /^[A-Za-z][\w-]{0,31}$/;
/** What nodes measure, by whatever part. */
const QUANTITY = /(^|_)(temperature|humidity|pressure|voltage)$/;
/** No quantity of a node is so large. */
const VALUE_MAX = 1e7;
/** Unix seconds are sent as 32 bits. */
const TIME_MAX = 0xffff_ffff;
/** A node keeps it in 32 bits, which at one reading a second are enough for 136 years. */
const SEQ_MAX = 0xffff_ffff;
const TEXT_MAX = 64;
/** Half a character, which JSON may say and UTF-8 may not: two of them would be one in a file. */
const HALF = /\p{Cs}/u;
/** What is behind it is lost in a database. */
const NUL = '\0';
const STATUSES: readonly string[] = ['online', 'sleeping', 'stopped', 'offline'];
/** What a reading says of itself, here or in the JSON lines of a watcher. */
const NOT_QUANTITIES = new Set(['node', 'late', 'seq', 'boot', 'time', 'uptime', 'dropped', 'suspect', 'conversions', 'spread']);
const OTHER: Message = Object.freeze({ kind: 'other' });

/**
 * `bases` are the topics that were subscribed to with "/#" behind them, like "telltale".
 * `retained`: the broker had it before we came. What a node never retains was then retained by somebody else, and may be of any age.
 * `whole`: nodes are called by their whole base topic, since they are below several.
 */
export function parse(topic: string, payload: Uint8Array, bases: readonly string[], retained = false, whole = false): Message {
	const place = locate(topic, bases, whole);
	if (!place) return OTHER;
	const { node, leaf } = place;
	if (!KINDS.has(leaf)) return { kind: 'foreign', node, leaf: bounded(leaf) };
	if (payload.length > PAYLOAD_BYTES_MAX) return malformed(node, `${leaf} is longer than ${PAYLOAD_BYTES_MAX} bytes`);
	if (!payload.length) return { kind: 'cleared', node, leaf };
	if (retained && !RETAINED.has(leaf)) return malformed(node, `${leaf} is retained, which no node does`);
	const text = decode(payload);
	if (text === undefined) return malformed(node, `${leaf} is not UTF-8`);
	return leaf === 'status' ? parseStatus(node, text) : parseJson(node, leaf, text);
}

const KINDS = new Set(['readings', 'backlog', 'status', 'info', 'channels', 'health', 'outage', 'result']);
const RETAINED = new Set(['status', 'info', 'channels']);

export interface Place {
	/** The node's topics are this, "/" and a leaf. */
	readonly owner: string;
	readonly node: string;
	readonly leaf: string;
}

/** <base>/<node…>/<leaf>; where <base> is itself a node's base, the node is called by the last level of it. */
export function locate(topic: string, bases: readonly string[], whole = false): Place | undefined {
	const cut = topic.lastIndexOf('/');
	const [owner, leaf] = [topic.slice(0, cut), topic.slice(cut + 1)];
	// <node>/set/status would be a command called "status", not a node called "<node>/set".
	if (cut < 0 || owner.endsWith('/set')) return undefined;
	for (const base of bases) {
		if (owner !== base && !owner.startsWith(`${base}/`)) continue;
		const node = whole ? owner : owner === base ? base.slice(base.lastIndexOf('/') + 1) : owner.slice(base.length + 1);
		return { owner, node: bounded(node), leaf };
	}
	return undefined;
}

function parseStatus(node: string, text: string): Message {
	if (!STATUSES.includes(text)) return malformed(node, `status is ${quoted(text)}, not one of ${STATUSES.join(', ')}`);
	return { kind: 'status', node, status: text as Status };
}

function parseJson(node: string, leaf: string, text: string): Message {
	let content: unknown;
	try {
		content = JSON.parse(text);
	} catch {
		return malformed(node, `${leaf} is not JSON`);
	}
	if (typeof content !== 'object' || content === null || Array.isArray(content)) return malformed(node, `${leaf} is not a JSON object`);
	if (leaf === 'readings' || leaf === 'backlog') return parseReading(node, leaf, content as Content);
	if (leaf === 'channels') return parseChannels(node, content as Content);
	if (leaf === 'outage' && !isOutage(content as Content)) return malformed(node, `outage has neither "seconds" nor a "cause"`);
	return { kind: leaf as 'info', node, content: content as Content };
}

/** It says how long or why: without either it tells of none. */
function isOutage({ seconds, cause }: Content): boolean {
	return (typeof seconds === 'number' && seconds >= 0) || (typeof cause === 'string' && cause !== '');
}

function parseReading(node: string, leaf: string, content: Content): Message {
	const { seq, boot, time, uptime } = content;
	if (!Number.isInteger(seq) || !((seq as number) >= 1 && (seq as number) <= SEQ_MAX)) return malformed(node, `${leaf} has no whole number "seq" from 1 to ${SEQ_MAX}`);
	const bootName = typeof boot === 'number' || typeof boot === 'string' ? bounded(String(boot)) : undefined;
	if (!bootName || HALF.test(bootName) || bootName.includes(NUL)) return malformed(node, `${leaf} has no "boot"`);
	if (!isTime(time) || !isTime(uptime)) return malformed(node, `${leaf} has a time that is no number of seconds`);
	if (time === undefined && uptime === undefined) return malformed(node, `${leaf} has neither "time" nor "uptime"`);
	const dropped = range(content['dropped'], seq as number);
	if (dropped === null) return malformed(node, `${leaf} has "dropped" that is no range of numbers up to its own`);
	const values = quantities(content);
	if (typeof values === 'string') return malformed(node, `${leaf} ${values}`);
	const suspect = suspects(content['suspect'], values);
	if (suspect === null) return malformed(node, `${leaf} has "suspect" that is no list of names`);
	const reading = { seq: seq as number, boot: bootName, time, uptime, ...(dropped && { dropped }), values, ...(suspect?.length && { suspect }) };
	return { kind: 'reading', node, late: leaf === 'backlog', reading };
}

/** Those of its values that are doubtful; undefined if there is no such list, null if it is something else. */
function suspects(value: unknown, values: Readonly<Record<string, number>>): string[] | undefined | null {
	if (value === undefined) return undefined;
	if (!Array.isArray(value) || value.length > CHANNELS_MAX || !value.every((name) => typeof name === 'string')) return null;
	return Object.keys(values).filter((name) => value.includes(name));
}

/** {"temperature":["°C","tmp36"]} */
function parseChannels(node: string, content: Content): Message {
	const entries = Object.entries(content);
	if (entries.length > CHANNELS_MAX) return malformed(node, `channels has more than ${CHANNELS_MAX} entries`);
	const channels: [string, ChannelInfo][] = [];
	for (const [name, value] of entries) {
		const [unit, part] = Array.isArray(value) ? (value as unknown[]) : [];
		if (!CHANNEL.test(name) || typeof unit !== 'string' || typeof part !== 'string') return malformed(node, `channels has ${quoted(name)} that is no name with its unit and part`);
		channels.push([name, { unit: bounded(unit), part: bounded(part) }]);
	}
	return { kind: 'channels', node, channels: Object.fromEntries(channels) };
}

/** [from, to], neither above `seq`; undefined if there is none, null if it is something else. */
function range(value: unknown, seq: number): Range | undefined | null {
	if (value === undefined) return undefined;
	if (!Array.isArray(value) || value.length !== 2 || !value.every(Number.isSafeInteger)) return null;
	const [from, to] = value as [number, number];
	return from >= 1 && from <= to && to <= seq ? { from, to } : null;
}

/** The numbers of a reading that are no account of it; a sentence's end if one is unusable. */
function quantities(content: Content): Record<string, number> | string {
	const values: Record<string, number> = {};
	let count = 0;
	for (const [name, value] of Object.entries(content)) {
		if (NOT_QUANTITIES.has(name)) continue;
		// A newer node may say more about a reading than this program knows, but no number is endless.
		if (typeof value !== 'number' || !Number.isFinite(value)) {
			if (typeof value === 'number' || QUANTITY.test(name)) return `has ${quoted(name)} that is no number`;
			continue;
		}
		if (!CHANNEL.test(name)) return `has ${quoted(name)}, which no channel is called`;
		if (Math.abs(value) > VALUE_MAX) return `has ${name} beyond ${VALUE_MAX}`;
		if (++count > CHANNELS_MAX) return `has more than ${CHANNELS_MAX} quantities`;
		// -0 is 0: no file tells them apart.
		values[name] = value + 0;
	}
	return values;
}

function isTime(value: unknown): value is number | undefined {
	return value === undefined || (typeof value === 'number' && value >= 0 && value <= TIME_MAX);
}

function malformed(node: string, why: string): Message {
	return { kind: 'malformed', node, why };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decode(payload: Uint8Array): string | undefined {
	try {
		return utf8.decode(payload);
	} catch {
		return undefined;
	}
}

export function bounded(text: string): string {
	if (text.length <= TEXT_MAX) return text;
	// No character is cut in two.
	const end = HALF.test(text.slice(0, TEXT_MAX - 1)) && !HALF.test(text) ? TEXT_MAX - 2 : TEXT_MAX - 1;
	return `${text.slice(0, end)}~`;
}

function quoted(text: string): string {
	return jsonText(text.slice(0, 40));
}
