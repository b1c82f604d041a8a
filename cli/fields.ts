// The settings that a person may give: those of the firmware, and the files that only the host reads.
//
// Rule: a file is named in the settings and its content goes into the image; the chip never sees the name.

import { fieldOf, FIELDS, FURTHER_KEYS, tlsKey, type Field } from '../src/settings/settings.js';

export const FILE_KEYS = ['caFile', 'certFile', 'keyFile'] as const;
export type FileKey = (typeof FILE_KEYS)[number];

const file = (key: FileKey, meaning: string): Field =>
	({ key, initial: '', min: 0, max: 4_096, allowed: 'the path of a file, PEM or DER, from the folder of the settings', meaning }) as unknown as Field;

const FILE_FIELDS: readonly Field[] = [
	file('caFile', 'file with the certificate of the CA that signed the broker\'s (PEM or DER); needed with tls'),
	file('certFile', 'file with a certificate for the broker to know the node by (PEM or DER); empty for none'),
	file('keyFile', 'file with the RSA key of certFile (PEM or DER, without a passphrase)'),
];

/** Names the schema (docs/settings.schema.json) to an editor; nobody else reads it. */
export const SCHEMA_KEY = '$schema';

/** In the order in which a person is asked for them. */
export const ALL_FIELDS: readonly Field[] = FIELDS.flatMap((field) => (field.key === 'alpn' ? [field, ...FILE_FIELDS] : [field]));

/** All that a file may name, in the order in which it is written. */
export const ALL_KEYS: readonly string[] = [...ALL_FIELDS.map(({ key }) => key as string), ...FURTHER_KEYS];

/** The row of any of them. */
export function fieldFor(key: string): Field | undefined {
	return FILE_FIELDS.find((field) => field.key as string === key) ?? fieldOf(key);
}

export function isFileKey(key: string): key is FileKey {
	return (FILE_KEYS as readonly string[]).includes(key);
}

/** What goes to the chip. */
export function forChip<Value>(settings: Readonly<Record<string, Value>>): Record<string, Value> {
	return Object.fromEntries(Object.entries(settings).filter(([key]) => !isFileKey(key) && key !== SCHEMA_KEY));
}

/** Why the settings of TLS do not go together, in one sentence; '' if they do. */
export function tlsFault(settings: Readonly<Record<string, unknown>>): string {
	const tls = tlsKey(settings);
	if (!tls) {
		const key = FILE_KEYS.find((each) => settings[each]);
		return key ? `${key} is given but tls is not true: set tls to true, or leave ${key} out.` : '';
	}
	if (!settings['caFile']) return `${tls} is true but caFile is missing: name the file with the certificate of the CA that signed the broker's.`;
	if (settings['certFile'] && !settings['keyFile']) return 'certFile is given without keyFile: name the file with its key too.';
	if (settings['keyFile'] && !settings['certFile']) return 'keyFile is given without certFile: name the file with its certificate too.';
	return '';
}
