// What the MQTT driver can be asked, and what each option may be: one table, from which lines are checked and the help is made.
//
// Rule: whatever is wrong with a line is one sentence that names the option; nothing of a wrong line is done.

import { isLoopback } from '../world/network.js';

export type Line = Readonly<Record<string, unknown>>;
/** A command that is right. */
export interface Command {
	readonly name: string;
	readonly id?: string | number;
	readonly options: Line;
}

interface Kind {
	readonly words: string;
	right(value: unknown): boolean;
}

const text: Kind = { words: 'a text', right: (value) => typeof value === 'string' };
const flag: Kind = { words: 'true or false', right: (value) => typeof value === 'boolean' };
const whole = (least: number, most: number): Kind => ({
	words: `a whole number from ${least} to ${most}`,
	right: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
});
const base64: Kind = { words: 'bytes in base64', right: (value) => typeof value === 'string' && /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value) };
const loopback: Kind = { words: '"localhost" or an address that begins with 127., since the driver talks to this machine only', right: (value) => value === 'localhost' || (typeof value === 'string' && isLoopback(value)) };
const version: Kind = { words: '4 (MQTT 3.1.1) or 5', right: (value) => value === 4 || value === 5 };

const name: Kind = { words: 'the id of a command', right: (value) => typeof value === 'string' || typeof value === 'number' };
const qos = whole(0, 2);
const bytes = whole(1, 1_048_576);
const count = whole(1, 4_096);
const ms = whole(0, 86_400_000);
const seconds = whole(0, 0xffff_ffff);

export const EVENTS = [
	'connected', 'published', 'acknowledged', 'subscribed', 'unsubscribed', 'message', 'oversize', 'setAside', 'closed', 'waited', 'error',
] as const;
const event: Kind = { words: `one of ${EVENTS.join(', ')}`, right: (value) => (EVENTS as readonly unknown[]).includes(value) };

const WILL = { topic: text, payload: text, base64, qos, retain: flag };
const will: Kind = {
	words: 'an object of "topic", "payload" or "base64", "qos" and "retain"',
	right: (value) => isObject(value) && typeof value.topic === 'string' && complaint('will', value, WILL) === '',
};

const path: Kind = { words: 'the path of a file in PEM', right: (value) => typeof value === 'string' && value !== '' };
const word: Kind = { words: 'a text that is not empty', right: (value) => typeof value === 'string' && value !== '' };
const TLS = { ca: path, cert: path, key: path, serverName: word, alpn: word };
const tls: Kind = {
	words: 'an object of "ca", "cert", "key" (paths of files in PEM), "serverName" and "alpn"',
	right: (value) => isObject(value) && complaint('tls', value, TLS) === '',
};

/** Of MQTT 5.0 only. */
export const OPTIONS5 = {
	sessionExpirySeconds: seconds, willDelaySeconds: seconds, willExpirySeconds: seconds, messageExpirySeconds: seconds, aliasesMax: whole(0, 64), hadSession: flag,
} as const;

const CONNECT: Record<string, Kind> = {
	host: loopback, port: whole(1, 65_535), tls, protocol: version, clientId: text, user: text, password: text, keepAliveMs: whole(0, 65_535_000), clean: flag, will,
	publishBeforeConnack: flag, resendOnTimeout: flag, lastPacketId: whole(0, 65_535),
	bufferBytes: bytes, outboxBytes: bytes, messagesMax: count, inFlightMax: count, inboundMax: count, controlBytes: whole(16, 65_535), filterBytes: bytes, filtersMax: count,
	connackTimeoutMs: ms, pingTimeoutMs: ms, ackTimeoutMs: ms, hangUpsMax: whole(0, 1_000),
	...OPTIONS5,
};

/** Each command's options; those in `needed` must be there. */
export const COMMANDS: Readonly<Record<string, { readonly words: string; readonly options: Record<string, Kind>; readonly needed: readonly string[] }>> = {
	connect: { words: 'make a new session and connect it', options: CONNECT, needed: ['port'] },
	reconnect: { words: 'connect the same session again', options: { renew: flag }, needed: [] },
	publish: { words: 'store a message and send it', options: { topic: text, payload: text, base64, qos, retain: flag, ready: flag }, needed: ['topic'] },
	subscribe: { words: 'ask for a topic filter', options: { filter: text, qos }, needed: ['filter'] },
	unsubscribe: { words: 'leave a topic filter', options: { filter: text }, needed: ['filter'] },
	disconnect: { words: 'say DISCONNECT and close', options: { reason: whole(0, 255) }, needed: [] },
	drop: { words: 'break the connection off, without a word', options: {}, needed: [] },
	wait: { words: 'let no further command begin before that event has come, or the time is over', options: { event, of: name, topic: text, timeoutMs: ms }, needed: [] },
	quit: { words: 'end with status 0, as the end of the input does', options: {}, needed: [] },
};

/** The command of a line, or the sentence that says what is wrong with it. */
export function parseLine(line: string): Command | { readonly complaint: string; readonly id?: string | number } {
	let value: unknown;
	try {
		value = JSON.parse(line);
	} catch {
		return { complaint: 'This line is not JSON: write one object a line, like {"command":"quit"}.' };
	}
	if (!isObject(value)) return { complaint: 'This line is no JSON object: write one like {"command":"quit"}.' };
	const { command, id, ...options } = value;
	if (id !== undefined && typeof id !== 'string' && typeof id !== 'number') return { complaint: '"id" is a text or a number.' };
	if (typeof command !== 'string' || !Object.hasOwn(COMMANDS, command)) return { complaint: `"command" is one of ${Object.keys(COMMANDS).join(', ')}.`, id };
	const { options: known, needed } = COMMANDS[command];
	const missing = needed.find((name) => options[name] === undefined);
	if (missing) return { complaint: `${command} needs "${missing}".`, id };
	const wrong = complaint(command, options, known) || conflict(command, options);
	return wrong ? { complaint: wrong, id } : { name: command, id, options };
}

function complaint(command: string, options: Line, known: Readonly<Record<string, Kind>>): string {
	for (const [name, value] of Object.entries(options)) {
		if (!Object.hasOwn(known, name)) return `${command} has no option "${name}": it takes ${Object.keys(known).join(', ') || 'none'}.`;
		if (!known[name].right(value)) return `"${name}" of ${command} is ${known[name].words}.`;
	}
	return '';
}

function conflict(command: string, options: Line): string {
	if (options.payload !== undefined && options.base64 !== undefined) return 'Give "payload" or "base64", not both.';
	if (command === 'wait' && options.event === undefined && options.timeoutMs === undefined) return 'wait needs "event", "timeoutMs" or both.';
	const name = Object.keys(OPTIONS5).find((each) => options[each] !== undefined);
	return command === 'connect' && name && options.protocol !== 5 ? `"${name}" needs "protocol":5.` : '';
}

function isObject(value: unknown): value is Line {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
