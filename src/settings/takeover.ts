// SPDX-License-Identifier: MIT
// Settings that older firmware kept in the preferences when a command changed them: they move to where settings are
// now, once.
//
// Rule: what is kept there already is younger. They are forgotten only when they are safe; until then they hold all the
// same.

import { changedBy, FIELDS, fieldProblem, type Config, type Setting } from './settings.js';
import type { Settings, SettingsStore } from './settings-store.js';
import type { Log, Store } from '../common/ports.js';

const KEYS: readonly (keyof Config)[] = Object.freeze(['intervalMs', 'offsetMilliC', 'offsetMilliRh']);

export interface OldStore extends Store {
	forget(key: string): void;
}

/** Those of `settings`, which `store` gave, and over them what waits in `old`. */
export const takeOver = (old: OldStore, store: SettingsStore, settings: Settings, log: Log): Settings => {
	const found: Record<string, Setting> = {};
	for (const key of KEYS) {
		const value = old.get(key);
		if (value !== undefined && !fieldProblem(FIELDS.find((field) => field.key === key)!, value)) found[key] = value;
	}
	const keys = Object.keys(found);
	if (keys.length === 0) return settings;
	const younger = store.changed;
	const problem = younger ? '' : store.keep(found);
	if (problem) log.line(`${keys.join(', ')} cannot be moved to the settings in flash yet: ${problem}`);
	else for (const key of keys) old.forget(key);
	return younger ? settings : changedBy(found, settings);
};

/** Has `used` say which names of parts stay, of settings that were kept in place; an image's are as they were built. */
export const cleanParts = (settings: Readonly<Record<string, unknown>>, used: (names: string) => string): void => {
	const { sensors } = settings;
	if (typeof sensors !== 'string' || Object.keys(settings).indexOf('sensors') < 0) return;
	(settings as Record<string, unknown>).sensors = used(sensors);
};
