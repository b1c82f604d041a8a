// Reads a node's settings from a file, for every command that needs them.
//
// Rule: what comes out has passed validate() of src/settings/settings.ts. Whatever is wrong is one sentence with the file's name
// and, where there is one, the line; a secret is never in it.

import { isIPv4 } from 'node:net';
import { fieldProblem, settingsProblem, type Field, type Setting } from '../src/settings/settings.js';
import { Failure, Misuse } from './failure.js';
import { ALL_FIELDS, ALL_KEYS, fieldFor, forChip, isFileKey, SCHEMA_KEY, tlsFault } from './fields.js';
import { shownPath, whyNot } from './files.js';
import { lineOf, parseJson, readUtf8 } from './json.js';
import { suggestion } from './nearest.js';
import { listIn, sensorsFault, sensorsText } from './sensors.js';
import { NOT_UTF8, shown } from './topics.js';

export type Settings = Readonly<Record<string, string | number | boolean>>;

export const SETTINGS_FILE = 'telltale.json';
/** Those that an unknown key may be meant to be. */
const KEYS = ALL_FIELDS.map((field) => field.key as string);

export async function readSettings(path: string): Promise<Settings> {
	const settings = await readPart(path);
	const fault = settingsProblem(forChip(settings)) || tlsFault(settings);
	if (fault) throw new Failure(`${path}: ${fault}`);
	return settings;
}

/** Some of a node's settings: each can be used; whether they go together is asked when the others are known. */
export async function readPart(path: string): Promise<Settings> {
	const text = await readText(path);
	const { value: content, keys } = parseJson(text, path);
	if (typeof content !== 'object' || content === null || Array.isArray(content)) {
		throw new Failure(`${path} holds no settings: it must be one JSON object like {"node":"cellar","ssid":"…"}.`);
	}
	const settings = content as Record<string, unknown>;
	if (settings['sensors'] !== undefined) settings['sensors'] = sensorsText(settings['sensors']);
	for (const key of Object.keys(settings)) {
		const fault = faultOf(key, settings[key]);
		if (fault) throw new Failure(`${path}, line ${lineOf(text, keys.get(key) ?? 0)}: ${fault}`);
	}
	return settings as Settings;
}

/** Why one setting cannot be used, with the nearest known name where the name itself is unknown; '' if it can. */
export function faultOf(key: string, value: unknown): string {
	if (key === 'sensors') value = sensorsText(value);
	if (key === SCHEMA_KEY) return typeof value === 'string' ? '' : `${SCHEMA_KEY} is not a text; it must name the schema that an editor checks this file by.`;
	if (!ALL_KEYS.includes(key)) return `unknown setting ${JSON.stringify(shown(key))}: ${suggestion(shown(key), KEYS)}`;
	// What goes together is asked of all settings at once.
	const field = fieldFor(key)!;
	const fault = fieldProblem(field, value, key);
	if (fault || isFileKey(key)) return fault && `${fault}.`;
	if (HOST_KEYS.includes(field.key) && value !== '' && !isHostName(String(value))) return `${key} is ${JSON.stringify(value)}, which can be neither a host name nor an IPv4 address.`;
	// Whether the board that it goes on has room for the parts is asked when that board is known.
	return key === 'sensors' ? sensorsFault(String(value)) : '';
}

const HOST_KEYS = ['host', 'timeServer'];

/** Labels of letters, digits, "-" and "_", none of them empty or longer than 63 (RFC 1035 §2.3.4); what is all digits and dots is an address. */
export function isHostName(text: string): boolean {
	if (/^[\d.]+$/.test(text)) return isIPv4(text);
	return text.split('.').every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label));
}

async function readText(path: string): Promise<string> {
	try {
		return (await readUtf8(path)).replace(/^\ufeff/, '');
	} catch (error) {
		const code = (error as NodeJS.ErrnoException).code;
		if (error instanceof Failure) throw error;
		const name = shownPath(path);
		if (code === 'ENOENT') throw new Failure(`${name} is not there: make it with "npx telltale configure --file ${name}".`);
		if (code === 'EISDIR') throw new Failure(`${name} is a folder: name the settings file in it.`);
		if (code === undefined) throw error;
		throw new Failure(`${name} cannot be read: ${whyNot(code)}.`);
	}
}

/** As a file holds them: in the order of the table, and a list of parts as one. */
export function settingsText(settings: Settings): string {
	const ordered = [SCHEMA_KEY, ...ALL_KEYS].filter((key) => settings[key] !== undefined).map((key) => [key, (key === 'sensors' && listIn(settings[key])) || settings[key]]);
	return `${JSON.stringify(Object.fromEntries(ordered), undefined, '\t')}\n`;
}

/** What the text of an option or an answer means; throws Misuse with validate()'s own sentence. */
export function settingFrom(field: Field, text: string, key: string = field.key): Setting {
	if (text.includes(NOT_UTF8)) throw new Misuse(`${key} is not UTF-8: write it in that encoding.`);
	const value = convert(field, text);
	const fault = faultOf(key, value);
	if (fault) throw new Misuse(fault);
	return value;
}

function convert(field: Field, text: string): Setting {
	if (field.choices) return field.choices.find((choice) => String(choice) === text.trim()) ?? text;
	if (typeof field.initial === 'number') return /^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : text;
	if (field.key === 'sensors') return sensorsText(text) as string;
	if (typeof field.initial === 'boolean' && /^(true|false)$/.test(text)) return text === 'true';
	return text;
}
