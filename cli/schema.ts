// docs/settings.schema.json, by which an editor completes and checks a settings file ("npm run schema" writes it).
//
// Rule: made from the table of fields alone; it refuses nothing that readSettings() takes. It may let pass what only that can tell, such as a
// text that is too long in bytes.

import { fileURLToPath } from 'node:url';
import { PINS } from '../hardware/pins.js';
import { PARTS } from '../sensors/parts.js';
import { NUMBERS } from '../src/parts/entries.js';
import { ENTRIES, FIELDS, type Field } from '../src/settings/settings.js';
import { ALL_KEYS, fieldFor, FILE_KEYS, SCHEMA_KEY } from './fields.js';

type Schema = Readonly<Record<string, unknown>>;

const PRINTABLE = '^[^\\u0000-\\u001f\\u007f-\\u009f]*$';
const LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
/** It neither begins nor ends with "_". */
const HOST = `(?!_)${LABEL}(?:\\.${LABEL})*(?<!_)`;
const BYTE = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
const ADDRESS = `(?:${BYTE}\\.){3}${BYTE}`;
const LEVEL = '[A-Za-z0-9_.-]+';
/** The last is what an SHT3x at its other address was called before there was a list. */
const PART = `(?:${[...PARTS.map(({ name }) => name), 'sht3x45'].join('|')})`;
/** A channel: reference and measured, once or twice. */
const COMPARED = '[a-z0-9_-]+=-?\\d{1,7}:-?\\d{1,7}(?::-?\\d{1,7}:-?\\d{1,7})?';
const PARTS_MAX = 8;
/** What is printed beside pins, on any board. */
const LABELS = [...new Set(Object.values(PINS).flatMap(({ left, right }) => [...left, ...right].filter(({ gpio }) => gpio >= 0).map(({ label }) => label)))];

/** What accepts() says of a text, in the words of a schema. */
const PATTERNS: Readonly<Partial<Record<string, string>>> = {
	node: '^[a-z0-9][a-z0-9-]*$',
	ssid: PRINTABLE,
	passphrase: '^(?:[ -~]{8,63}|[0-9A-Fa-f]{64})?$',
	address: `^(?:${ADDRESS}/(?:[89]|[12][0-9]|30))?$`,
	gateway: `^(?:${ADDRESS})?$`,
	nameServer: `^(?:${ADDRESS})?$`,
	host: `^(?:${HOST})?$`,
	alpn: PRINTABLE,
	user: PRINTABLE,
	password: PRINTABLE,
	clientId: '^[A-Za-z0-9_-]*$',
	root: `^(?:${LEVEL}(?:/${LEVEL})*)?$`,
	base: `^(?:${LEVEL}(?:/${LEVEL})*)?$`,
	timeServer: `^${HOST}$`,
	calibration: `^(?:${COMPARED}(?:,${COMPARED})*)?$`,
};

export function settingsSchema(): Schema {
	return {
		$schema: 'http://json-schema.org/draft-07/schema#',
		title: 'Settings of a Telltale node',
		type: 'object',
		additionalProperties: false,
		properties: {
			[SCHEMA_KEY]: { type: 'string', description: 'the schema that an editor checks this file by' },
			...Object.fromEntries(ALL_KEYS.map((key) => [key, schemaOf(fieldFor(key)!)])),
		},
		allOf: [
			...ENTRIES.flatMap(needsOf),
			needs('certFile', 'keyFile'),
			needs('keyFile', 'certFile'),
			...ENTRIES.map((entry) => ({ if: isTrue(`tls${entry}`), then: given('caFile') })),
			...FILE_KEYS.map((key) => ({ if: given(key), then: { anyOf: ENTRIES.map((entry) => isTrue(`tls${entry}`)) } })),
		],
	};
}

/** What of an entry of each group needs what else. */
function needsOf(entry: string): Schema[] {
	const pairs = [['password', 'user'], ['gateway', 'address'], ['nameServer', 'address']].map(([key, other]) => needs(key + entry, other + entry));
	if (entry === '') return pairs;
	const led = FIELDS.filter(({ group, initial }) => group && initial === '').map(({ key, group }) => [key, group === 'network' ? 'ssid' : 'host'] as const);
	return [...pairs, ...led.map(([key, leader]) => needs(key + entry, key === leader ? leader : leader + entry))];
}

function isTrue(key: string): Schema {
	return { required: [key], properties: { [key]: { const: true } } };
}

function schemaOf(field: Field): Schema {
	const { key, initial, meaning, allowed } = field;
	const description = `${meaning}. It must be ${allowed}.`;
	const usual = initial === '' ? {} : { default: initial };
	if (key === 'sensors') return { description, anyOf: [{ type: 'string', pattern: `^${PART}(?:,${PART}){0,${PARTS_MAX - 1}}$` }, LIST, LIST_AS_TEXT], ...usual };
	return { description, ...valuesOf(field), ...(PATTERNS[key] !== undefined && { pattern: PATTERNS[key] }), ...usual };
}

/** What readSettings() takes as a list of parts. */
const LIST: Schema = {
	type: 'array',
	minItems: 1,
	maxItems: PARTS_MAX,
	items: {
		type: 'object',
		required: ['part'],
		additionalProperties: false,
		properties: {
			part: { description: 'the kind of part', enum: PARTS.map(({ name }) => name) },
			name: { description: 'what its channels and complaints are called by', type: 'string', pattern: '^[a-z][a-z0-9-]{0,11}$' },
			...Object.fromEntries(NUMBERS.map((each) => [each.key, numberOf(each)])),
			align: { description: 'whether it measures at whole multiples of its interval by the date', type: 'boolean' },
		},
	},
};
const LIST_AS_TEXT: Schema = { description: 'such a list as a text', type: 'string', pattern: '^\\s*\\[' };

function numberOf({ key, min, max, decimals, allowed }: (typeof NUMBERS)[number]): Schema {
	const description = `It must be ${allowed}.`;
	const range = { type: decimals ? 'number' : 'integer', minimum: min / 10 ** decimals, maximum: max / 10 ** decimals };
	if (!/pin$/i.test(key)) return { description, ...range };
	return { description: 'the number of its GPIO, or what is printed beside it on the board', anyOf: [range, { enum: LABELS }, { type: 'string', pattern: '^(?:GPIO|IO|D|G|P)?[0-9]+$' }] };
}

function valuesOf({ initial, min, max, orNever, choices }: Field): Schema {
	if (choices) return { enum: choices };
	if (typeof initial === 'boolean') return { type: 'boolean' };
	if (typeof initial === 'string') return { type: 'string', ...(min > 0 && { minLength: min }), maxLength: max };
	const range = { minimum: min, maximum: max };
	return { type: 'integer', ...(orNever ? { anyOf: [{ const: 0 }, range] } : range) };
}

/** It is there, and not empty. */
function given(key: string): Schema {
	return { required: [key], properties: { [key]: { minLength: 1 } } };
}

function needs(key: string, other: string): Schema {
	return { if: given(key), then: given(other) };
}

export function schemaText(): string {
	return `${JSON.stringify(settingsSchema(), undefined, '\t')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(schemaText());
