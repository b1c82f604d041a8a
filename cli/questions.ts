// The questions of "telltale configure", on a terminal.
//
// Rule: what was given as an option is not asked again; an answer is checked where it is typed, by the same table as a file.

import * as clack from '@clack/prompts';
import { PARTS } from '../sensors/parts.js';
import type { Field, Setting } from '../src/settings/settings.js';
import { unlessDeserted } from './console.js';
import { Failure } from './failure.js';
import { ALL_FIELDS, isFileKey } from './fields.js';
import { settingFrom, type Settings } from './settings.js';

/** What everybody is asked; the rest only those who want it. */
const FIRST = ['node', 'ssid', 'passphrase', 'host', 'port', 'user', 'password', 'sensors', 'intervalMs'];
const NEEDED = ['ssid', 'host'];

export type Prompts = Pick<typeof clack, 'text' | 'password' | 'confirm' | 'multiselect' | 'isCancel'>;

/** `before`: what stands in the file; `given`: what was said on the command line. */
export async function ask(before: Settings, given: Settings, prompts: Prompts = clack): Promise<Settings> {
	const settings: Record<string, Setting> = { ...before, ...given };
	for (const key of FIRST) await askFor(key, settings, given, prompts);
	const others = ALL_FIELDS.map(({ key }) => key as string).filter((key) => !FIRST.includes(key) && given[key] === undefined);
	if (others.length && (await answered(prompts.confirm({ message: 'Change other settings too?', initialValue: false }), prompts))) {
		for (const key of others) await askFor(key, settings, given, prompts);
	}
	return settings;
}

async function askFor(key: string, settings: Record<string, Setting>, given: Settings, prompts: Prompts): Promise<void> {
	if (given[key] !== undefined) return;
	if (isFileKey(key) && !settings['tls']) return;
	// A password without a user is never sent.
	if (key === 'password' && !settings['user']) return void delete settings['password'];
	const field = ALL_FIELDS.find((each) => each.key === key)!;
	const value = await answer(field, settings[key] ?? field.initial, prompts);
	if (value === field.initial && settings[key] === undefined) return;
	settings[key] = value;
}

async function answer(field: Field, now: Setting, prompts: Prompts): Promise<Setting> {
	const message = `${field.key}: ${field.meaning}`;
	if (field.key === 'sensors') return parts(message, String(now), prompts);
	if (typeof now === 'boolean') return answered(prompts.confirm({ message, initialValue: now }), prompts);
	const validate = (text: string | undefined) => objectionTo(field, text || String(now));
	if (field.secret) {
		const kept = now === '' ? '' : ' (Enter keeps what is there)';
		const text = await answered(prompts.password({ message: message + kept, validate }), prompts);
		return text || now;
	}
	// What is there stands greyed: whatever is typed takes its place, and Enter alone keeps it.
	const kept = now === '' ? '' : ` (Enter keeps ${String(now)})`;
	const text = await answered(prompts.text({ message: message + kept, placeholder: String(now), validate: (typed) => objectionTo(field, typed || String(now)) }), prompts);
	return settingFrom(field, text || String(now));
}

async function parts(message: string, now: string, prompts: Prompts): Promise<string> {
	const options = PARTS.map(({ name, meaning }) => ({ value: name, label: name, hint: meaning }));
	const known = now.split(',').filter((name) => PARTS.some((part) => part.name === name));
	const chosen = await answered(prompts.multiselect({ message, options, initialValues: known, required: true }), prompts);
	return chosen.join(',');
}

function objectionTo(field: Field, text: string): string | undefined {
	if (!text && NEEDED.includes(field.key)) return `It is needed: ${field.meaning}.`;
	try {
		settingFrom(field, text);
		return undefined;
	} catch (fault) {
		return (fault as Error).message;
	}
}

/** The answer, or the end where the person does not want to go on. */
async function answered<Answer>(question: Promise<Answer | typeof clack.CANCEL_SYMBOL>, prompts: Prompts): Promise<Answer> {
	const value = await unlessDeserted(question, stopped);
	if (prompts.isCancel(value)) throw stopped();
	return value as Answer;
}

function stopped(): Failure {
	return new Failure('Stopped before anything was written.');
}
