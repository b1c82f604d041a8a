// The questions of "telltale configure", on a terminal.
//
// Rule: what was given as an option is not asked again. Everybody is asked for what a node needs; whoever wants more chooses what.

import * as clack from '@clack/prompts';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { PARTS } from '../sensors/parts.js';
import type { Field, Setting } from '../src/settings/settings.js';
import { answer, answered, hostAnswer, type Prompts } from './answers.js';
import { ALL_FIELDS, fieldFor, isFileKey } from './fields.js';
import type { Board } from './flash-map.js';
import { listIn, sensorsFault } from './sensors.js';
import type { Settings } from './settings.js';

/** What everybody is asked; the rest only those who want it. */
const FIRST = ['node', 'ssid', 'passphrase', 'host', 'user', 'password', 'sensors'];
/** Of no use without TLS, for which an ESP8266 has too little memory. */
const OF_TLS = ['tls', 'alpn'];

/** What the questions know of the machine. */
export interface Around {
	/** By which others reach it. */
	readonly addresses: readonly string[];
	/** From where files are looked for. */
	readonly folder: string;
	/** Tries the broker: what is wrong, or ''. undefined: nobody is asked whether to. */
	readonly problem: ((settings: Settings) => Promise<string>) | undefined;
}

export interface Asked {
	readonly settings: Settings;
	readonly board: Board;
}

/** Which serial port the board to set up is at; undefined: a file is wanted. */
export async function askWhatFor(ports: readonly { readonly path: string; readonly name: string }[], prompts: Prompts = clack): Promise<string | true | undefined> {
	const boards = ports.map(({ path, name }) => ({ value: path, label: `Set up the board at ${path}${name && ` (${name})`}` }));
	const none = { value: ANY, label: 'Set up a board over its USB cable (none is connected now)' };
	const file = { value: FILE, label: 'Write a settings file, to flash a board with' };
	const chosen = await answered(prompts.select({ message: 'What do you want to do?', options: boards.length ? [...boards, file] : [file, none] }), prompts);
	return chosen === FILE ? undefined : chosen === ANY ? true : chosen;
}

const ANY = '\u0000any';
const FILE = '\u0000file';

export function askWhetherToChange(file: string, prompts: Prompts = clack): Promise<boolean> {
	return answered(prompts.confirm({ message: `${file} is there already. Change it?` }), prompts);
}

/** `before`: what stands in the file; `given`: what was said on the command line. */
export async function ask(before: Settings, given: Settings, named: Board | undefined, around: Around, prompts: Prompts = clack): Promise<Asked> {
	const settings: Record<string, Setting> = { ...before, ...given };
	const board = named ?? await askForBoard(settings, prompts);
	const known = { settings, given, board, around, prompts };
	for (const key of FIRST) await askFor(key, known);
	await askForMore(known);
	await tryBroker(known);
	return { settings, board };
}

interface Known {
	readonly settings: Record<string, Setting>;
	readonly given: Settings;
	readonly board: Board;
	readonly around: Around;
	readonly prompts: Prompts;
}

function askForBoard(settings: Settings, prompts: Prompts): Promise<Board> {
	const options = [
		{ value: 'nodemcu' as const, label: 'NodeMCU or D1 mini (ESP8266)' },
		{ value: 'esp32' as const, label: 'an ESP32 board', hint: 'can do TLS' },
	];
	return answered(prompts.select({ message: 'Which board is it?', options, initialValue: settings['tls'] ? 'esp32' : 'nodemcu' }), prompts);
}

async function askFor(key: string, known: Known): Promise<void> {
	const { settings, given } = known;
	if (given[key] !== undefined) return;
	if (isFileKey(key) && !settings['tls']) return;
	// A password without a user is never sent.
	if (key === 'password' && !settings['user']) return void delete settings['password'];
	const field = fieldFor(key)!;
	const now = settings[key] ?? field.initial;
	const value = await valueOf(field, now, known);
	if (value === field.initial && settings[key] === undefined) return;
	settings[key] = value;
}

async function valueOf(field: Field, now: Setting, { board, around, prompts }: Known): Promise<Setting> {
	const { key, meaning } = field;
	// A list says more than can be chosen from: it is changed as text.
	if (key === 'sensors' && !listIn(now)) return parts(`${key}: ${meaning}`, String(now), board, prompts);
	if (key === 'host') return hostAnswer(String(now), around.addresses, prompts);
	const missing = (text: string) => (text && !existsSync(resolve(around.folder, text)) ? `${text} is not there: name a file from the folder of the settings.` : undefined);
	return answer(field, key, now, prompts, isFileKey(key) ? missing : undefined);
}

async function parts(message: string, now: string, board: Board, prompts: Prompts): Promise<string> {
	const there = PARTS.filter(({ name }) => !sensorsFault(name, board));
	const options = there.map(({ name, meaning }) => ({ value: name, label: name, hint: meaning }));
	const known = now.split(',').filter((name) => there.some((part) => part.name === name));
	for (;;) {
		const chosen = await answered(prompts.multiselect({ message: `${message} (space chooses, Enter goes on)`, options, initialValues: known, required: true }), prompts);
		const fault = sensorsFault(chosen.join(','), board);
		if (!fault) return chosen.join(',');
		prompts.log.warn(fault);
	}
}

async function askForMore(known: Known): Promise<void> {
	const { settings, given, board, prompts } = known;
	const others = ALL_FIELDS.filter(({ key }) => !FIRST.includes(key) && given[key] === undefined && !isFileKey(key) && !(board === 'nodemcu' && OF_TLS.includes(key)));
	if (others.length && await answered(prompts.confirm({ message: 'Change other settings too?', initialValue: false }), prompts)) {
		const options = others.map(({ key, meaning }) => ({ value: key as string, label: key, hint: meaning }));
		const chosen = await answered(prompts.multiselect({ message: 'Which? (space chooses, Enter goes on)', options, required: false, maxItems: 12 }), prompts);
		for (const key of chosen) await askFor(key, known);
	}
	// Without its CA, TLS is of no use.
	if (settings['tls']) for (const key of ['caFile', 'certFile', 'keyFile']) if (key !== 'keyFile' || settings['certFile']) await askFor(key, known);
}

const AGAIN = 'again';
const ANEW = 'anew';
const ON = 'on';

async function tryBroker(known: Known): Promise<void> {
	const { settings, given, around: { problem }, prompts } = known;
	if (!problem || !await answered(prompts.confirm({ message: 'Try from here whether the broker answers?' }), prompts)) return;
	for (;;) {
		const sentence = await problem(settings);
		if (!sentence) return prompts.log.success('The broker lets us in.');
		const keys = ['host', 'port', 'user', 'password'].filter((key) => given[key] === undefined);
		const options = [
			{ value: AGAIN, label: 'Try again' },
			...(keys.length ? [{ value: ANEW, label: `Give ${keys.join(', ')} anew` }] : []),
			{ value: ON, label: 'Go on all the same' },
		];
		const next = await answered(prompts.select({ message: sentence, options }), prompts);
		if (next === ON) return;
		if (next === ANEW) for (const key of keys) await askFor(key, known);
	}
}
