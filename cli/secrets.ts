// The secrets that lie about on this machine, to look for where none may be.
//
// Rule: a secret is named by where it stands and never shown. What cannot be read is no reason to fail: it is only looked for.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FIELDS } from '../src/settings/settings.js';
import { FILE_KEYS } from './fields.js';
import { SETTINGS_FILE } from './settings.js';

export interface Secret {
	/** "the passphrase of telltale.json" */
	readonly what: string;
	readonly bytes: Buffer;
}

/** Shorter ones are in any image by chance. */
const LENGTH_MIN = 6;
/** Of a key file, from the middle of its content: what stands around it is the same in all. */
const SAMPLE = 48;
const SECRET_NAME = /PASS|SECRET|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|_KEY$/i;
const SECRET_KEYS = FIELDS.filter(({ secret }) => secret).map(({ key }) => key as string);

/** Of the files of settings in these folders, and of the environment. */
export async function secretsAbout(folders: readonly string[], env: NodeJS.ProcessEnv): Promise<Secret[]> {
	const secrets: Secret[] = [];
	for (const folder of new Set(folders)) for (const name of settingsIn(folder)) secrets.push(...secretsOf(folder, name));
	for (const [name, value] of Object.entries(env)) if (SECRET_NAME.test(name)) add(secrets, `the variable ${name} of the environment`, value);
	return secrets;
}

/** What of them is in there; '' if nothing is. */
export function secretIn(bytes: Buffer, secrets: readonly Secret[]): string {
	return secrets.find((secret) => bytes.includes(secret.bytes))?.what ?? '';
}

/** telltale.json, and what .gitignore keeps from the repository. */
function settingsIn(folder: string): string[] {
	try {
		return readdirSync(folder).filter((name) => name === SETTINGS_FILE || name.endsWith('.local.json'));
	} catch {
		return [];
	}
}

function secretsOf(folder: string, name: string): Secret[] {
	const secrets: Secret[] = [];
	try {
		const settings: unknown = JSON.parse(readFileSync(join(folder, name), 'utf8'));
		for (const [key, value] of Object.entries(Object(settings) as Record<string, unknown>)) {
			// "passphrase2" is one as well.
			if (SECRET_KEYS.includes(key.replace(/\d$/, ''))) add(secrets, `the ${key} of ${name}`, value);
			if (key === FILE_KEYS[2]) add(secrets, `the key that ${name} names`, keyIn(folder, value));
		}
	} catch {
		// No settings, so no secrets of any.
	}
	return secrets;
}

function add(secrets: Secret[], what: string, value: unknown): void {
	const bytes = typeof value === 'string' ? Buffer.from(value) : value;
	if (Buffer.isBuffer(bytes) && bytes.length >= LENGTH_MIN) secrets.push({ what, bytes });
}

/** Of a key in DER or PEM, as it would lie in an image. */
function keyIn(folder: string, file: unknown): Buffer | undefined {
	if (typeof file !== 'string') return undefined;
	const bytes = readFileSync(join(folder, file));
	const base64 = /-----BEGIN [A-Z ]*KEY-----([^-]+)-----END/.exec(bytes.toString('latin1'))?.[1];
	const der = base64 === undefined ? bytes : Buffer.from(base64, 'base64');
	const from = Math.floor(der.length / 2);
	return der.subarray(from, from + SAMPLE);
}
