// SPDX-License-Identifier: MIT
// The value of the command `config`: settings, as {"ssid":"attic"}, or one whole entry of a group, as
// {"wifi2":{"ssid":"attic","passphrase":"…"}} or {"broker":{"host":"…"}}.
//
// Rule: FIELDS says what there is and what each may be. An entry is replaced whole: what is not named in it becomes as
// usual, so that an old password never goes to a new host. Whatever is wrong is said in one sentence, without a secret.

import { decimalAt, describeValue } from './json.js';
import { Ascii, endOfValue, nextName, textAt, valueOf } from './json-members.js';
import { textOf } from '../common/text.js';
import { ENTRIES, fieldOf, fieldProblem, FIELDS, usual, type Config, type Field, type Group, type Setting } from '../settings/settings.js';

type Changes = Record<string, Setting>;

const GROUPS: readonly Group[] = Object.freeze(['network', 'broker']);
/** What a whole entry of them is called. */
const ENTRY_NAMES: readonly string[] = Object.freeze(['wifi', 'broker']);
const SENSORS: keyof Config = 'sensors';

const enum Const {
	NAME_SHOWN_MAX = 24,
}

/** Reads the object that begins at `at`, which JSON's reader has seen, into `changes`. Returns '', or why it cannot be used. */
export const readChanges = (bytes: Uint8Array, at: number, changes: Changes): string => {
	let nameAt = nextName(bytes, at + 1);
	if (nameAt < 0) return 'value names no setting';
	for (; nameAt >= 0; nameAt = nextName(bytes, at)) {
		const valueAt = valueOf(bytes, nameAt);
		const name = nameOf(bytes, nameAt);
		const problem = bytes[valueAt] === Ascii.OPEN_OBJECT ? readEntry(bytes, valueAt, name, changes) : readSetting(bytes, valueAt, name, fieldOf(name), changes);
		if (problem) return problem;
		at = endOfValue(bytes, valueAt);
	}
	return '';
};

/** One network or broker, whole. */
const readEntry = (bytes: Uint8Array, at: number, name: string, changes: Changes): string => {
	const digit = name.charAt(name.length - 1);
	const entry = ENTRIES.indexOf(digit) > 0 ? digit : '';
	const group = GROUPS[ENTRY_NAMES.indexOf(entry ? name.slice(0, -1) : name)];
	if (!group) return fieldOf(name) ? `${name} is an object; it must be one value` : unknown(name);
	const named: Changes = {};
	for (let nameAt = nextName(bytes, at + 1); nameAt >= 0; nameAt = nextName(bytes, at)) {
		const valueAt = valueOf(bytes, nameAt);
		const key = nameOf(bytes, nameAt);
		const field = fieldOf(key);
		const problem = field?.group === group && field.key === key ? readSetting(bytes, valueAt, key + entry, field, named) : unknown(`${name}.${key}`);
		if (problem) return problem;
		at = endOfValue(bytes, valueAt);
	}
	for (let i = 0; i < FIELDS.length; i++) {
		const field = FIELDS[i];
		const key = field.key + entry;
		if (field.group !== group) continue;
		if (changes[key] !== undefined) return twice(key);
		changes[key] = named[key] ?? usual(field, named, entry) as Setting;
	}
	return '';
};

const readSetting = (bytes: Uint8Array, at: number, key: string, field: Field | undefined, changes: Changes): string => {
	if (!field) return unknown(key);
	if (changes[key] !== undefined) return twice(key);
	// The list of parts is kept as its text.
	const value = bytes[at] === Ascii.OPEN_LIST && field.key === SENSORS ? textOf(bytes, at, endOfValue(bytes, at)) : settingAt(bytes, at);
	const isHidden = field.secret || bytes[at] === Ascii.QUOTE;
	if (value === undefined) return `${key} is ${isHidden ? 'not usable' : describeValue(bytes, at)}; it must be ${field.allowed}`;
	changes[key] = value;
	return fieldProblem(field, value, key);
};

/** undefined: no setting is like that. */
const settingAt = (bytes: Uint8Array, at: number): Setting | undefined => {
	const first = bytes[at];
	if (first === Ascii.QUOTE) return textAt(bytes, at);
	if (first === Ascii.LOWER_T || first === Ascii.LOWER_F) return first === Ascii.LOWER_T;
	const value = decimalAt(bytes, at, 0, true);
	return value === value ? value : undefined;
};

const nameOf = (bytes: Uint8Array, at: number): string => textAt(bytes, at) ?? '';

const unknown = (name: string): string => {
	let shown = '';
	for (let i = 0; i < name.length && i < Const.NAME_SHOWN_MAX; i++) shown += name.charCodeAt(i) > 0x20 && name.charCodeAt(i) < 0x7f ? name.charAt(i) : '?';
	return `there is no setting "${shown}${name.length > Const.NAME_SHOWN_MAX ? '...' : ''}"`;
};

const twice = (key: string): string => `${key} stands twice`;
