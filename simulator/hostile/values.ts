// Payloads of commands: right ones, and everything that JSON, UTF-8 and the size of a packet can do to a reader.
//
// Rule: each is made for a command's name, an id that begins with its tag, and so many bytes that still fit. What it returns says
// whether a reader must find the id in it.

import { PARTS } from '../../sensors/parts.js';
import type { Random } from '../world/random.js';
import { anyText, forgery, noise, pick, weighted } from './chance.js';

export interface Asked {
	readonly name: string;
	readonly tag: string;
	/** What the largest packet leaves to the payload. */
	readonly room: number;
}

export interface Payload {
	readonly kind: string;
	readonly bytes: Buffer;
	/** The id that a reader must find; undefined: what it makes of it is its own affair. */
	readonly id?: string;
}

type Make = (random: Random, asked: Asked) => Payload;

/** So that a node goes on sampling while it is looked at; and every one at the border of what is allowed. */
const INTERVALS = [1_000, 1_001, 5_000, 5_000, 9_999, 60_000, 86_400_000, 999, 0, -1, 86_400_001, 5_000.5] as const;
const NUMBERS = [
	'1e400', '-1e400', '-0', '0', '1e-400', '0.1', '0.30000000000000004', '12345678901234567890', '-12345678901234567890', '1e308', '4.9e-324', '9007199254740993', '2147483648',
	'-2147483649', '4294967296', '1E+3', '5e3', '5000.0', '05000', '+5', '.5', '5.', '0x1388', '1e', '--1', 'NaN', 'Infinity', '-Infinity', '1_000', '0.0000000000000000000000001',
] as const;
const WRONG = ['null', 'true', 'false', '""', '"5000"', '[]', '{}', '[5000]', '{"value":5000}', '0', '"temperature"', '[null]', '{"temperature":null}', '{"temperature":"21"}', '{"temperature":[]}'] as const;
const KEYS = ['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty', 'length', 'prototype', 'toJSON', 'then', '', '0', 'id ', 'ID', 'va\\u006cue', 'value\\u0000'] as const;

/** None of them changes anything: what does would end the boot. */
const CONFIGS = [
	'{}', '{"ssid":""}', '{"wifi":{}}', '{"wifi":{"ssid":""}}', '{"host":""}', '{"broker":{}}', '{"user":""}', '{"host2":""}', '{"wifi2":{}}', '{"wifi3":{},"broker3":{}}', '{"wifi4":{}}', '{"wifi":{"wifi":{}}}',
	'{"wifi":[]}', '{"ssid":{}}', '{"ssid":{"ssid":{"ssid":{}}}}', '{"ssid":null}', '{"ssid":"a\\u0000b"}', '{"ssid":"\\ud83d"}', '{"ssid":"\\u001b[2J"}', `{"ssid":"${'s'.repeat(33)}"}`, `{"passphrase":"${'p'.repeat(65)}"}`,
	'{"passphrase":"seven 7"}', `{"passphrase":"${'g'.repeat(64)}"}`, '{"password":"x","user":""}', '{"password3":"x"}', '{"port":0}', '{"port":65536}', '{"port":1e400}', '{"port":-0.5}', '{"tls":"true"}', '{"protocol":3}',
	'{"protocol":"5"}', '{"node":"A"}', '{"node":"-"}', '{"base":"/"}', '{"base":"a/#"}', '{"base":"$SYS"}', '{"clientId":" "}', '{"sensors":","}', '{"sensors":"nose"}', '{"sensors":[]}', '{"sensors":[{}]}', `{"sensors":[{"part":"${PARTS[0]!.name}","pin":3}]}`, '{"sensors":"[{"}', '{"intervalMs":999}', '{"conversions":65}',
	'{"__proto__":{"ssid":"x"}}', '{"constructor":"x"}', '{"ssid":"x","ssid":"y"}', '{"wifi":{"ssid":"x"},"ssid":"y"}', '{"commands":false}', '{"address":"10.0.0.1"}', '{"gateway":"10.0.0.1"}', '{"address":"999.0.0.1/24"}',
] as const;

function rightValue(random: Random, name: string): string | undefined {
	if (name === 'interval') return String(pick(random, INTERVALS));
	if (name === 'config') return pick(random, CONFIGS);
	if (name === 'calibrate') {
		return pick(random, [
			'{"temperature":21.3}', '{"humidity":45}', '{"temperature":21.3,"humidity":45}', '{"temperature":21,"humidity":999}', '{"humidity":45,"temperature":-400}', '{"temperature":1e400}', '{"temperature":-0}',
			'{"temperature":null}', '{"temperature":null,"humidity":45}', '{"temperature":40,"points":2}', '{"points":2}', '{"temperature":21,"points":"2"}', '{"temperature":21,"points":3}', '{"temperature":[]}',
		]);
	}
	if (name === 'noise') return pick(random, [undefined, '"temperature"', '"humidity"', '"nothing"', '""', '5', '{}', '[]', 'null', `"${'x'.repeat(90)}"`]);
	return random.chance(0.3) ? pick(random, WRONG) : undefined;
}

const plain = (tag: string, value?: string): string => `{"id":"${tag}"${value === undefined ? '' : `,"value":${value}`}}`;
const of = (kind: string, text: string | Buffer, id?: string): Payload => ({ kind, bytes: Buffer.from(text as string), ...(id !== undefined && { id }) });

const right: Make = (random, { name, tag }) => of('right', plain(tag, rightValue(random, name)), tag);

const wrongType: Make = (random, { tag }) => {
	const wrong = pick(random, WRONG);
	return pick(random, [() => of('wrong type', plain(tag, wrong), tag), () => of('wrong type', wrong), () => of('wrong type', `{"id":${wrong},"value":${pick(random, WRONG)}}`)])();
};

const deep: Make = (random, { tag, room }) => {
	const [open, close] = pick(random, [['[', ']'], ['{"a":', '}'], ['[{"value":', '}]'], ['{"value":', '}'], ['[[],', ']'], ['{"id":', '}']] as const);
	const before = pick(random, ['', `{"id":"${tag}","value":`, '{"id":', '{"x":', '[']);
	const most = Math.floor((room - before.length) / open.length);
	const depth = random.chance(0.3) ? most : 1 + random.below(most);
	const opened = before + open.repeat(depth);
	const closed = `${opened}0${close.repeat(depth)}${before.startsWith('{') ? '}' : before && ']'}`;
	return of('deep', closed.length <= room && random.chance(0.7) ? closed : opened);
};

const many: Make = (random, { tag, room }) => {
	const each = pick(random, ['[]', '{}', '""', '0', 'null', '{"value":[]}', '"x"', '[[]]', '1.5', '{"temperature":{}}']);
	const [open, close] = [`{"id":"${tag}","value":[`, ']}'];
	const count = 1 + Math.floor((room - open.length - close.length - each.length) / (each.length + 1));
	return of('many', `${open}${Array(1 + (random.chance(0.5) ? count - 1 : random.below(count))).fill(each).join(',')}${close}`);
};

const manyKeys: Make = (random, { tag, room }) => {
	let text = `{"id":"${tag}"`;
	for (;;) {
		const next = `,"${random.below(2 ** 31).toString(36)}":${pick(random, ['0', '[]', '{}', '""'])}`;
		if (text.length + next.length + 1 > room) return of('many keys', `${text}}`);
		text += next;
	}
};

const number: Make = (random, { name, tag }) => {
	const value = random.chance(0.1) ? String(random.below(10)).repeat(1 + random.below(300)) : pick(random, NUMBERS);
	return pick(random, [
		() => of('number', plain(tag, value)), () => of('number', plain(tag, `{"temperature":${value}}`)), () => of('number', `{"id":${value}}`), () => of('number', value),
		() => of('number', plain(tag, name === 'calibrate' ? `{"temperature":21.3,"humidity":${value}}` : value)),
	])();
};

const twice: Make = (random, { tag }) => of('same key twice', pick(random, [
	`{"id":"${tag}","id":"${tag}x"}`, `{"value":1,"id":"${tag}","value":5000}`, `{"id":"${tag}","value":{"temperature":1,"temperature":21}}`, `{"id":{},"id":"${tag}"}`, `{"id":"${tag}","id":[]}`,
]));

const escaped: Make = (random, { tag, room }) => {
	const escape = pick(random, ['\\u0000', '\\ud83d', '\\ude00', '\\ud83d\\ude00', '\\ude00\\ud83d', '\\n', '\\u001b', '\\/', '\\"', '\\\\', '\\b\\f\\r\\t', '\\u00e9', '\\uffff', '\\u007f', `\\n${'FORGED'}`]);
	const bad = pick(random, ['\\x41', '\\u12', '\\u', '\\', '\\ud83d\\u', '\\U0041', '\\0', '\\\n']);
	const most = Math.floor((room - 12 - tag.length) / escape.length);
	const times = random.chance(0.3) ? most : 1 + random.below(Math.min(most, 40));
	const text = pick(random, [`{"id":"${tag}${escape.repeat(times)}"}`, `{"i\\u0064":"${tag}","value":"${escape}"}`, `{"id":"${tag}${bad}"}`, `{"id":"${tag}","${escape}":1}`]);
	return of('escapes', text, idOf(text, tag));
};

const anyId: Make = (random, { tag, room }) => {
	const id = tag + (random.chance(0.3) ? forgery(random) : anyText(random, Math.floor((room - 10 - tag.length) / (random.chance(0.5) ? 1 : 6))));
	const text = JSON.stringify({ id });
	return Buffer.byteLength(text) <= room ? of('any id', text, id) : right(random, { name: 'sample', tag, room });
};

/** Controls stand bare in the string, which JSON does not allow. */
const bareControls: Make = (random, { tag }) => of('bare controls', `{"id":"${tag}${forgery(random)}"}`);

const badUtf8: Make = (random, { tag }) => {
	const bad = Buffer.from(pick(random, ['80', 'bf', 'c0af', 'c1bf', 'c3', 'e28c', 'eda080', 'edb080', 'eda0bdedb880', 'f0808080', 'f4908080', 'f5', 'ff', 'fe', 'f8888080', 'e9', 'c3a9c3']), 'hex');
	const around = pick(random, [[`{"id":"${tag}`, '"}'], ['', `{"id":"${tag}"}`], [`{"id":"${tag}"}`, ''], [`{"id":"${tag}","`, '":1}'], ['', '']] as const);
	return of('bad UTF-8', Buffer.concat([Buffer.from(around[0]), ...Array<Buffer>(1 + random.below(20)).fill(bad), Buffer.from(around[1])]));
};

const mark: Make = (random, { tag }) => of('byte order mark', Buffer.concat([Buffer.from(pick(random, ['efbbbf', 'feff', 'fffe', 'efbb', '0000feff']), 'hex'), Buffer.from(plain(tag))]));

const truncated: Make = (random, { name, tag }) => {
	const whole = Buffer.from(plain(`${tag}é😀`, rightValue(random, name) ?? '{"temperature":[1,2.5e1,"\\u00e9"]}'));
	return of('truncated', whole.subarray(0, 1 + random.below(whole.length - 1)));
};

const nuls: Make = (random, { tag, room }) => of('NUL', pick(random, [
	'\0', '\0'.repeat(room), `{"id":"${tag}"}\0`, `\0{"id":"${tag}"}`, `{"id":"${tag}\0"}`, `{"id\0":"${tag}"}`, `{"id":"${tag}","value":\0}`,
]));

const empty: Make = () => of('empty', '');

const atLimit: Make = (random, { tag, room }) => {
	const length = room - 3 + random.below(7);
	const [before, after] = pick(random, [[`{"id":"${tag}","value":"`, '"}'], [`{"id":"${tag}"`, '}'], [`{"id":"${tag}`, '"}']] as const);
	const fill = pick(random, after === '}' ? [' ', '\n', '\t'] : ['x', ' ', 'é', '😀', '€', '"', '\\']);
	let text = before;
	while (Buffer.byteLength(text + fill + after) <= length) text += fill;
	return of('at the limit', text + after);
};

const tooLarge: Make = (random, { tag, room }) => of('too large', plain(tag, `"${'x'.repeat(room + pick(random, [10, 400, 3_000, 20_000]))}"`));

const noisy: Make = (random, { room }) => of('noise', noise(random, 1 + random.below(room)));

const TOKENS = ['{', '}', '[', ']', ',', ':', '"', '"id"', '"value"', '1', '-', 'e', '.', 'true', 'null', ' ', '\\', '\\u', '//', '/*', "'", '`', 'undefined', '"temperature"'] as const;
const soup: Make = (random, { room }) => {
	let text = '';
	for (let left = 1 + random.below(60); left > 0; left--) text += pick(random, TOKENS);
	return of('soup', text.slice(0, room));
};

const strangeKeys: Make = (random, { tag }) => {
	const key = pick(random, KEYS);
	return of('strange keys', pick(random, [
		`{"id":"${tag}","${key}":{"value":5000}}`, `{"${key}":"${tag}"}`, `{"id":"${tag}","value":{"${key}":21}}`, `{"${key}":{"${key}":{}},"id":"${tag}"}`, `{"__proto__":{"id":"${tag}"},"value":1}`,
	]));
};

const trailing: Make = (random, { tag }) => of('around it', pick(random, [`{"id":"${tag}"}}`, `{"id":"${tag}"} {}`, `  {"id":"${tag}"}\n`, `{"id":"${tag}",}`, `({"id":"${tag}"})`, `[{"id":"${tag}"}]`, `{id:"${tag}"}`, `{'id':'${tag}'}`]));

const MAKERS: readonly (readonly [weight: number, make: Make])[] = [
	[6, right], [3, wrongType], [4, deep], [3, many], [2, manyKeys], [4, number], [2, twice], [4, escaped], [4, anyId], [2, bareControls], [3, badUtf8], [1, mark], [3, truncated], [2, nuls], [2, empty],
	[3, atLimit], [1, tooLarge], [2, noisy], [2, soup], [3, strangeKeys], [2, trailing],
];

export function anyPayload(random: Random, asked: Asked): Payload {
	return weighted(random, MAKERS)(random, asked);
}

export function rightPayload(random: Random, asked: Asked): Payload {
	return right(random, asked);
}

/** The id of a text that is JSON by the book and is a flat object; else undefined. */
function idOf(text: string, tag: string): string | undefined {
	try {
		const { id } = JSON.parse(text) as { id?: unknown };
		return typeof id === 'string' && id.startsWith(tag) && !/\p{Surrogate}/u.test(id) ? id : undefined;
	} catch {
		return undefined;
	}
}
