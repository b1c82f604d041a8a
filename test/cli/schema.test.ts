import fc from 'fast-check';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_KEYS, fieldFor, forChip, isFileKey, tlsFault } from '../../cli/fields.js';
import { schemaText, settingsSchema } from '../../cli/schema.js';
import { faultOf, readSettings } from '../../cli/settings.js';
import { fieldProblem, settingsProblem } from '../../src/settings/settings.js';
import { inside } from './support.js';

const root = join(import.meta.dirname, '../..');

type Schema = Record<string, any>;
const schema = settingsSchema() as Schema;

/** As much of JSON Schema (draft 7) as this one uses; any other word is an error. */
function allows(rule: Schema, value: unknown): boolean {
	return Object.entries(rule).every(([word, wanted]) => {
		switch (word) {
			case '$schema': case 'title': case 'description': case 'default': case 'then': return true;
			case 'type': return wanted === 'object' ? typeof value === 'object' : wanted === 'integer' ? Number.isInteger(value) : typeof value === wanted;
			case 'enum': return wanted.includes(value);
			case 'const': return value === wanted;
			case 'minimum': return typeof value !== 'number' || value >= wanted;
			case 'maximum': return typeof value !== 'number' || value <= wanted;
			case 'minLength': return typeof value !== 'string' || [...value].length >= wanted;
			case 'maxLength': return typeof value !== 'string' || [...value].length <= wanted;
			case 'pattern': return typeof value !== 'string' || new RegExp(wanted, 'u').test(value);
			case 'anyOf': return wanted.some((each: Schema) => allows(each, value));
			case 'allOf': return wanted.every((each: Schema) => allows(each, value));
			case 'if': return !allows(wanted, value) || allows(rule.then, value);
			case 'required': return wanted.every((key: string) => Object.hasOwn(value as object, key));
			case 'properties': return Object.entries(wanted).every(([key, each]) => !Object.hasOwn(value as object, key) || allows(each as Schema, (value as Schema)[key]));
			case 'additionalProperties': return Object.keys(value as object).every((key) => Object.hasOwn(rule.properties, key));
		}
		throw new Error(`the test does not know "${word}"`);
	});
}

/** Values near what a field takes, of every kind. */
const texts = fc.oneof(
	fc.string({ maxLength: 70 }), fc.string({ unit: fc.constantFrom(...'aZ09._-/, é'), maxLength: 66 }), fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF'), minLength: 62, maxLength: 65 }),
	fc.array(fc.constantFrom('tmp36', 'sht3x', 'hih4030', 'dht'), { maxLength: 5 }).map((names) => names.join(',')),
	fc.array(fc.string({ unit: fc.constantFrom(...'az9_-'), maxLength: 8 }), { maxLength: 4 }).map((labels) => labels.join('.')),
);
const values = fc.oneof(texts, fc.integer(), fc.integer({ min: -1, max: 70_000 }), fc.double(), fc.boolean(), fc.constant(null), fc.constantFrom(0, 4, 5, 'auto', 900_000, 604_800_001));

describe('docs/settings.schema.json', () => {
	it('is made from the table of fields: "npm run schema" writes it anew', async () => {
		expect(await readFile(join(root, 'docs/settings.schema.json'), 'utf8')).toBe(schemaText());
	});

	it.each(ALL_KEYS.map((key) => [key, fieldFor(key)!] as const))('says of %s what the table says', (key, field) => {
		const rule = schema.properties[key] as Schema;
		for (const edge of [field.initial, field.min, field.max, field.min - 1, field.max + 1, '']) check(edge);
		if (typeof field.initial === 'string') for (const edge of [field.min, field.max, field.max + 1]) check('a'.repeat(edge));
		fc.assert(fc.property(values, check), { numRuns: 150 });

		function check(value: unknown): void {
			const taken = isFileKey(key) ? fieldProblem(field, value) === '' : faultOf(key, value) === '';
			const shown = JSON.stringify(value);
			if (taken) expect(allows(rule, value), `${shown} is refused`).toBe(true);
			// What a schema cannot tell: bytes of a text, numbers that make no address, a part twice.
			else if (allows(rule, value)) expect(typeof value === 'string' && (Buffer.byteLength(value) > field.max || /^[\d.]+$/.test(value) || key === 'sensors'), `${shown} is let pass`).toBe(true);
		}
	});

	it('says what goes together', () => {
		const some = (key: string, ...of: unknown[]) => fc.constantFrom<object>({}, ...of.map((value) => ({ [key]: value })));
		const sets = fc.tuple(some('ssid', '', 'attic'), some('ssid2', '', 'cellar'), some('passphrase2', '', 'secret12'), some('address2', '', '10.0.0.9/24'), some('gateway2', '', '10.0.0.1'),
			some('host', 'b'), some('host3', '', 'c'), some('user3', '', 'me'), some('password3', '', 'x'), some('tls3', true, false),
			some('user', '', 'me'), some('password', '', 'secret'), some('tls', true, false), some('caFile', '', 'ca.pem'), some('certFile', '', 'c.pem'), some('keyFile', '', 'k.pem'));
		fc.assert(fc.property(sets, (parts) => {
			const settings = Object.assign({}, ...parts) as Record<string, unknown>;
			expect(allows(schema, settings), JSON.stringify(settings)).toBe(settingsProblem(forChip(settings)) === '' && tlsFault(settings) === '');
		}), { numRuns: 1_500 });
	});

	it('knows no other keys', () => {
		expect([allows(schema, { intervalMs: 5_000, $schema: 'x' }), allows(schema, { intervall: 5_000 })]).toEqual([true, false]);
	});
});

describe('a settings file that names its schema', () => {
	let folder: string;
	beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'telltale-'))));
	afterAll(() => rm(folder, { recursive: true }));
	const file = async (content: object) => {
		await writeFile(join(folder, 'telltale.json'), JSON.stringify(content));
		return join(folder, 'telltale.json');
	};

	it('is taken, and the chip never hears of it', async () => {
		const settings = await readSettings(await file({ $schema: './docs/settings.schema.json', ssid: 'attic', host: 'broker' }));
		expect(forChip(settings)).toEqual({ ssid: 'attic', host: 'broker' });
	});

	it('still names it when it is configured anew, first of all', async () => {
		await file({ ssid: 'attic', host: 'broker', $schema: './docs/settings.schema.json' });
		expect((await inside(['configure', '--force', '--node', 'porch'], { cwd: folder })).status).toBe(0);
		expect(Object.entries(JSON.parse(await readFile(join(folder, 'telltale.json'), 'utf8')))).toEqual([
			['$schema', './docs/settings.schema.json'], ['node', 'porch'], ['ssid', 'attic'], ['host', 'broker'],
		]);
	});

	it('must name it by a text', async () => {
		await expect(readSettings(await file({ $schema: 7 }))).rejects.toThrow(/telltale\.json, line 1: \$schema is not a text; it must name the schema/);
	});
});
