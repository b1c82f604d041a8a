import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endOfValue, nextName, textAt, valueOf } from '../../src/telemetry/json-members.js';

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));

/** The members of the object that begins there, each with what its value says. */
function members(json: string, at = 0): [string | undefined, unknown][] {
	const bytes = bytesOf(json);
	const found: [string | undefined, unknown][] = [];
	for (let nameAt = nextName(bytes, at + 1); nameAt >= 0; nameAt = nextName(bytes, at)) {
		const valueAt = valueOf(bytes, nameAt);
		at = endOfValue(bytes, valueAt);
		found.push([textAt(bytes, nameAt), JSON.parse(Buffer.from(bytes.subarray(valueAt, at)).toString())]);
	}
	return found;
}

describe('the members of an object', () => {
	it('come in their order, whatever their values are', () => {
		const json = ' {"a" : 1 , "b":{"c":[1,{"d":"}"}]},"e":"\\"]","f":[[],{}],"g":null,"h":-1.5e3, "":true } ';
		expect(members(json, 1)).toEqual(Object.entries(JSON.parse(json) as object));
		expect([members('{}'), members('{ }')]).toEqual([[], []]);
	});

	it('are those of any JSON', () => {
		const value = fc.jsonValue({ maxDepth: 3 });
		fc.assert(fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }).filter((key) => key !== '__proto__'), value), fc.boolean(), (object, spaced) => {
			const json = JSON.stringify(object, undefined, spaced ? ' ' : '');
			expect(members(json)).toEqual(Object.entries(JSON.parse(json) as object));
		}), { numRuns: 60 });
	});
});

describe('a text', () => {
	const read = (json: string) => textAt(bytesOf(json), 0);

	it('is what JSON makes of it, escapes and all', () => {
		fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 12 }), fc.boolean(), (text, escaped) => {
			const plain = JSON.stringify(text);
			const json = escaped ? plain.replaceAll(/[^ -~]/gu, (each) => [...Array(each.length).keys()].map((i) => `\\u${each.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')) : plain;
			expect(read(json)).toBe(text);
		}), { numRuns: 100 });
		expect(read('"\\b\\f\\n\\r\\t\\/\\\\\\"\\u00E9\\uD83D\\ude00 Zoë 😀"')).toBe('\b\f\n\r\t/\\"é😀 Zoë 😀');
	});

	it('that holds half a character is none', () => {
		for (const json of ['"\\ud83d"', '"\\ude00"', '"\\ud83d\\ud83d"', '"\\ud83dx"', '"\\ud83d\\n"', '"\\ude00\\ud83d"']) expect(read(json), json).toBeUndefined();
	});
});
