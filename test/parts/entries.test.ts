import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Entries, Key } from '../../src/parts/entries.js';

const read = (setting: string) => {
	const entries = new Entries(setting);
	const found: [string, string][] = [];
	while (entries.next()) found.push([entries.row.name, entries.name]);
	return { found, problem: entries.problem };
};
const problem = (setting: string) => read(setting).problem;
const ofEntry = (entry: string) => problem(`[{"part":"tmp36"},${entry}]`).replace('sensors, entry 2: ', '');
const KNOWN = 'known are part, name, address, pin, powerPin, intervalMs, conversions, deadBand, heartbeatMs, jitterMs, gain, offsetMv, align';

describe('the setting sensors', () => {
	it.each([
		['tmp36', [['tmp36', '']]],
		['tmp36,sht3x', [['tmp36', ''], ['sht3x', '']]],
		['[{"part":"tmp36"}]', [['tmp36', '']]],
		[' [ { "part" : "sht3x" , "name" : "outside" } , {"name":"a","part":"tmp36"} ] ', [['sht3x', 'outside'], ['tmp36', 'a']]],
	])('is names divided by commas, or a list: %s', (setting, found) => {
		expect(read(setting)).toEqual({ found, problem: '' });
	});

	it('gives each number as it is kept, and what is not given as the reader wants it', () => {
		const entries = new Entries('[{"part":"tmp36","pin":17,"powerPin":14,"intervalMs":1000,"conversions":64,"deadBand":0.5,"heartbeatMs":86400000,"jitterMs":0,"align":true},{"part":"tmp36"}]');
		const keys = [Key.Pin, Key.PowerPin, Key.IntervalMs, Key.Conversions, Key.DeadBand, Key.HeartbeatMs, Key.JitterMs, Key.Address];
		expect([entries.next(), entries.align, ...keys.map((key) => entries.get(key, -7))]).toEqual([true, true, 17, 14, 1_000, 64, 500, 86_400_000, 0, -7]);
		expect([entries.next(), entries.align, ...keys.map((key) => entries.has(key))]).toEqual([true, false, ...keys.map(() => false)]);
		expect(entries.next()).toBe(false);
	});

	it.each(['{', '[', '[]', '[]]', '[{}', '[{"part":"tmp36"}],', '[{"part":"tmp36"}] x', '{"part":"tmp36"}', '[{"part":"tmp36"}],"b":[1]', '[{"part":"tmp36"},]', '[{"part":"tmp36"}{"part":"sht3x"}]', '"tmp36[]"'])(
		'is no list of parts: %s', (setting) => {
			expect(problem(setting)).toBe('sensors is no list of parts: write names divided by commas, like tmp36,sht3x, or JSON like [{"part":"tmp36"}].');
		});

	it.each([
		['tmp63', '"tmp63"'], ['tmp36,dht222', '"dht222"'], ['TMP36', '"TMP36"'], ['tmp36 ', '"tmp36 "'], ['tmp36,,sht3x', 'a part without a name'], ['tmp36,', 'a part without a name'], ['', 'a part without a name'],
		['[{"part":"tmp63"}]', '"tmp63"'], ['[{"part":""}]', 'a part without a name'],
	])('names what is known where a part is not: %j', (setting, shown) => {
		expect(problem(setting)).toMatch(new RegExp(`^sensors names ${shown}, which is not known: known are tmp36, sht3x, hih4030`));
	});

	it.each([
		['{}', /^part is missing; known are tmp36, sht3x, hih4030.*\.$/],
		['{"name":"a"}', /^part is missing; known are/],
		['{"part":36}', /^part is 36; it must be one of tmp36/],
		['{"part":"\\ud800"}', /^part is a text; it must be one of tmp36/],
		['{"part":"sht3x","part":"tmp36"}', 'part stands twice.'],
		['{"part":"sht3x","adress":68}', `"adress" is not known: ${KNOWN}.`],
		['{"part":"sht3x","":1}', `"" is not known: ${KNOWN}.`],
		['{"part":"sht3x","address":"69"}', 'address is a text; it must be a whole number from 8 to 119.'],
		['{"part":"sht3x","address":68.5}', 'address is 68.5; it must be a whole number from 8 to 119.'],
		['{"part":"sht3x","address":1e99}', 'address is 1e99; it must be a whole number from 8 to 119.'],
		['{"part":"sht3x","intervalMs":999}', 'intervalMs is 999; it must be a whole number from 1000 to 86400000.'],
		['{"part":"sht3x","intervalMs":86400001}', 'intervalMs is 86400001; it must be a whole number from 1000 to 86400000.'],
		['{"part":"sht3x","intervalMs":null}', 'intervalMs is null; it must be a whole number from 1000 to 86400000.'],
		['{"part":"sht3x","intervalMs":[1000]}', 'intervalMs is a list; it must be a whole number from 1000 to 86400000.'],
		['{"part":"sht3x","deadBand":0}', 'deadBand is 0; it must be a number from 0.001 to 1000.'],
		['{"part":"sht3x","deadBand":0.0001}', 'deadBand is 0.0001; it must be a number from 0.001 to 1000.'],
		['{"part":"sht3x","align":1}', 'align is 1; it must be true or false.'],
		['{"part":"sht3x","name":1}', 'name is 1; it must be 1 to 12 of a-z, 0-9 and "-", beginning with a letter.'],
		['{"part":"sht3x","name":""}', 'name is ""; it must be 1 to 12 of a-z, 0-9 and "-", beginning with a letter.'],
		['{"part":"sht3x","name":"9a"}', 'name is "9a"; it must be 1 to 12 of a-z, 0-9 and "-", beginning with a letter.'],
		['{"part":"sht3x","name":"out_side"}', 'name is "out_side"; it must be 1 to 12 of a-z, 0-9 and "-", beginning with a letter.'],
		['{"part":"sht3x","name":"thirteenlong1"}', 'name is "thirteenlong1"; it must be 1 to 12 of a-z, 0-9 and "-", beginning with a letter.'],
		['{"part":"sht3x","name":"sht3x"}', 'name is "sht3x", as the part itself is called: choose another, or leave it out.'],
		['{"part":"sht3x","pin":14}', 'sht3x has no pin: it is on I2C.'],
		['{"pin":14,"part":"sht3x"}', 'sht3x has no pin: it is on I2C.'],
		['{"part":"sht3x","conversions":3}', 'sht3x has no conversions: it is not analog.'],
		['{"part":"tmp36","address":68}', 'tmp36 has no address: it is not on I2C.'],
		['{"part":"tmp36","gain":2}', 'tmp36 has no gain: it is no plain analog input.'],
		['"tmp36"', 'a text is no entry: it must be like {"part":"tmp36"}.'],
		['[{"part":"tmp36"}]', 'a list is no entry: it must be like {"part":"tmp36"}.'],
		['7', '7 is no entry: it must be like {"part":"tmp36"}.'],
	])('says in a sentence what is wrong with an entry: %s', (entry, sentence) => {
		if (typeof sentence === 'string') expect(ofEntry(entry)).toBe(sentence);
		else expect(ofEntry(entry)).toMatch(sentence);
	});

	it('takes any text to an end, in a sentence of one line where it is no list', () => {
		const piece = fc.constantFrom('[', ']', '{', '}', ',', ':', '"part"', '"name"', '"tmp36"', '"sht3x"', 'tmp36', '"address"', '69', '-1', 'null', 'true', ' ', '"\\u00e9"', 'é', '\u0001', '"');
		fc.assert(fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
			const { found, problem: said } = read(pieces.join(''));
			return said === '' ? found.length > 0 : /^[^\n\u0001]*\.$/.test(said) && said.startsWith('sensors');
		}), { seed: 13, numRuns: 2_000 });
	});
});
