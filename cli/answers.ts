// What the conversations of "telltale configure" share: how an answer is waited for, checked and converted, and the question for the broker.
//
// Rule: an answer is checked where it is typed, by the same table as a file. Nothing is typed in before the person types: what is there, or
// usual, stands greyed, and Enter alone takes it.

import * as clack from '@clack/prompts';
import type { Field, Setting } from '../src/settings/settings.js';
import { unlessDeserted } from './console.js';
import { Failure } from './failure.js';
import { fieldFor } from './fields.js';
import { settingFrom } from './settings.js';

export type Prompts = Pick<typeof clack, 'text' | 'password' | 'confirm' | 'select' | 'multiselect' | 'isCancel' | 'log'>;

/** Those that ask for one setting. */
export type AnswerPrompts = Pick<Prompts, 'text' | 'password' | 'confirm' | 'select' | 'isCancel'>;

const NEEDED = ['ssid', 'host'];
/** No host has such a name. */
const ANOTHER = '\u0000another';
const LEAVE = '';

/** The answer, or the end where the person does not want to go on. */
export async function answered<Answer>(question: Promise<Answer | typeof clack.CANCEL_SYMBOL>, { isCancel }: Pick<Prompts, 'isCancel'>): Promise<Answer> {
	const value = await unlessDeserted(question, stopped);
	if (isCancel(value)) throw stopped();
	return value as Answer;
}

function stopped(): Failure {
	return new Failure('Stopped before anything was written.');
}

/** As a value of the setting; `now`: what it is if nothing is typed. */
export async function answer(field: Field, key: string, now: Setting, prompts: AnswerPrompts, objection: (text: string) => string | undefined = () => undefined): Promise<Setting> {
	const message = `${key}: ${field.meaning}`;
	if (typeof now === 'boolean') return answered(prompts.confirm({ message, initialValue: now }), prompts);
	const validate = (text: string | undefined) => objectionTo(field, key, text || String(now)) ?? objection(text || String(now));
	if (field.secret) {
		const kept = now === '' ? '' : ' (Enter keeps what is there)';
		return await answered(prompts.password({ message: message + kept, validate }), prompts) || now;
	}
	const kept = now === '' ? '' : ` (Enter takes ${String(now)})`;
	const text = await answered(prompts.text({ message: message + kept, placeholder: String(now), validate }), prompts);
	return settingFrom(field, text || String(now), key);
}

function objectionTo(field: Field, key: string, text: string): string | undefined {
	if (!text && NEEDED.includes(key)) return `It is needed: ${field.meaning}.`;
	try {
		settingFrom(field, text, key);
		return undefined;
	} catch (fault) {
		return (fault as Error).message;
	}
}

/** Hints stand beside the one that is pointed at alone: what one must know before is in the label. `now`: '' if there is none. `own`: the addresses by which others reach this machine. `leave`: offers not to give any, by these words; then it is ''. */
export async function hostAnswer(now: string, own: readonly string[], prompts: AnswerPrompts, leave = ''): Promise<string> {
	const field = fieldFor('host')!;
	const options = [
		...(now ? [{ value: now, label: now, hint: 'as it is' }] : []),
		...own.filter((each) => each !== now).map((value) => ({ value, label: `${value}, this machine`, hint: `"npx telltale broker --listen ${value}" runs one` })),
		...(leave ? [{ value: LEAVE, label: leave }] : []),
		{ value: ANOTHER, label: 'another, by its name or address' },
		...(now === LOOPBACK ? [] : [{ value: LOOPBACK, label: `${LOOPBACK}, for simulated nodes alone: no real node reaches it` }]),
	];
	const chosen = await answered(prompts.select({ message: `host: ${field.meaning}`, options }), prompts);
	return chosen === ANOTHER ? String(await answer({ ...field, meaning: 'its name or IPv4 address' }, 'host', '', prompts)) : chosen;
}

const LOOPBACK = '127.0.0.1';
