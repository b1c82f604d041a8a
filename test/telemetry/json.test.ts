import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutText, decimalAt, describeValue, endOfScalar, readObject, Type, type Member } from '../../src/telemetry/json.js';

const MEMBERS: readonly Member[] = [
	{ key: 'id', type: Type.Label, slot: 0 },
	{ key: 'value', type: Type.Any, slot: 1, members: [{ key: 'temperature', type: Type.Number, slot: 2 }] },
	{ key: 'options', type: Type.Object, slot: 3, members: [{ key: 'name', type: Type.Text, slot: 4 }] },
];

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text));

/** What lies at each slot, up to its end if it is no list or object; and the complaint. */
function read(payload: string | Uint8Array) {
	const bytes = typeof payload === 'string' ? bytesOf(` ${payload}`) : Uint8Array.of(0x20, ...payload);
	const places = new Uint16Array(5);
	const error = readObject(bytes, 1, bytes.length, MEMBERS, places);
	const at = (slot: number) => {
		const from = places[slot];
		if (!from) return undefined;
		return '{['.includes(String.fromCharCode(bytes[from])) ? String.fromCharCode(bytes[from]) : Buffer.from(bytes.subarray(from, endOfScalar(bytes, from, bytes.length))).toString();
	};
	return { error, id: at(0), value: at(1), temperature: at(2), options: at(3), name: at(4) };
}

describe('the JSON reader', () => {
	it('finds what the table names, on any level of it', () => {
		expect(read('{"id":"a","value":{"temperature":21.5,"x":[1,{}]},"options":{"name":"é"}}'))
			.toEqual({ error: '', id: '"a"', value: '{', temperature: '21.5', options: '{', name: '"é"' });
		expect(read(' { "value" : -5e3 , "id" : 17 } ')).toMatchObject({ error: '', id: '17', value: '-5e3' });
		expect(read('{}')).toMatchObject({ error: '', id: undefined });
	});

	it('passes over what has the right name in the wrong place', () => {
		expect(read('{"x":{"id":"no","temperature":1},"temperature":2,"options":{"id":3}}')).toMatchObject({ error: '', id: undefined, temperature: undefined });
	});

	it('refuses other types, doubled names, and more than four levels, and keeps what it found before', () => {
		expect(read('{"id":[]}').error).toBe('"id" must be a text or a number');
		expect(read('{"id":"a","options":5}')).toMatchObject({ error: '"options" must be an object', id: '"a"' });
		expect(read('{"options":{"name":null}}').error).toBe('"name" must be a text');
		expect(read('{"id":1,"id":2}').error).toBe('"id" stands twice');
		expect(read('{"value":[[[1]]]}').error).toBe('');
		expect(read('{"id":"a","value":[[[[1]]]]}')).toMatchObject({ error: 'it is nested more than 4 deep', id: '"a"' });
		expect(read('[').error).toBe('it is not an object');
		expect(read('{"id":"a').id).toBe(undefined);
		expect(read('{"id":"a","value":tru').id).toBe('"a"');
	});

	it.each(['', ' ', '{', '{"', '{"id', '{"id"', '{"id":', '{"id":1', '{"id":1,', '{,}', '{"a":1,}', '{"a" 1}', '{"a":01}', '{"a":1.}', '{"a":+1}', '{"a":.5}', '{"a":1e}',
		'{"a":-}', '{"a":nul}', '{"a":[1,]}', '{"a":[,]}', '{"a":[}', '{"a":"\t"}', '{"a":"\\x"}', '{"a":"\\u12g4"}', '{"a":"\\u12"}', '{}x', '{}{}', '{"a":1]', '{a:1}', "{'a':1}", '\ufeff{}'])('refuses %j', (text) => {
		expect(read(text).error).not.toBe('');
	});

	it('refuses text that is not UTF-8', () => {
		for (const wrong of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
			expect(read(Uint8Array.of(...bytesOf('{"id":"'), ...wrong, ...bytesOf('"}'))).error).toBe('it is not JSON');
		}
	});

	it('takes what JSON.parse takes and refuses what it refuses, but for depth and doubled names', () => {
		const depth = (value: unknown): number => (typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0);
		const texts = fc.oneof(fc.json({ maxDepth: 5 }), fc.json({ maxDepth: 2 }).map((each) => `{"a":${each},"b":[${each}]}`));
		fc.assert(fc.property(texts, fc.nat(), fc.nat(), fc.constantFrom('', '"', '\\', '{', ']', ',', ':', '0', '.', 'e', '-', ' ', '\n', '\u0001'), (text, at, skip, put) => {
			for (const each of [text, text.slice(0, at % (text.length + 1)) + put + text.slice(at % (text.length + 1) + skip % 2)]) {
				let value: unknown;
				let good = true;
				try {
					value = JSON.parse(each);
				} catch {
					good = false;
				}
				const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
				if (/"(id|value|options)"/.test(each)) continue;
				// JSON.parse drops all but the last of doubled names, and with them how deep they were.
				if (good && depth(value) <= 4 && read(each).error.includes('deep')) continue;
				expect(read(each).error === '', each).toBe(good && isObject && depth(value) <= 4);
			}
		}), { numRuns: 1_000 });
	});

	it('takes any bytes without a throw', () => {
		fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void read(bytes)), { numRuns: 1_000 });
	});
});

describe('numbers', () => {
	const milli = (text: string) => decimalAt(bytesOf(text), 0, 3, false);
	const whole = (text: string) => decimalAt(bytesOf(text), 0, 0, true);

	it('become thousandths, rounded', () => {
		expect([milli('21.3'), milli('-0.0005'), milli('0.0004999'), milli('21.0005'), milli('-40'), milli('2130e-2'), milli('0.02130E+3'), milli('-0')])
			.toEqual([21_300, -1, 0, 21_001, -40_000, 21_300, 21_300, 0]);
	});

	it('are whole, or none', () => {
		expect([whole('5000'), whole('5e3'), whole('5000.0'), whole('50000e-1'), whole('0e99')]).toEqual([5_000, 5_000, 5_000, 5_000, 0]);
		expect([whole('5000.5'), whole('5e-1'), whole('5000.0000000000000000000001'), whole('1e400'), whole('99999999999999999999'), whole('x'), whole('-')]).toEqual(Array(7).fill(NaN));
	});

	it('are what JSON.parse makes of them', () => {
		fc.assert(fc.property(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e8, max: 1e8 }), fc.integer({ min: -1e8, max: 1e8 })), (value) => {
			expect(Math.abs(milli(JSON.stringify(value)) - value * 1_000)).toBeLessThanOrEqual(0.5 + Math.abs(value) * 1e-6);
		}), { numRuns: 1_000 });
	});

	it('are shown as they stand, other values by what they are', () => {
		expect(['-5e3}', '"x"', '[', '{', 'true', 'null', '1'.repeat(30)].map((text) => describeValue(bytesOf(text), 0)))
			.toEqual(['-5e3', 'a text', 'a list', 'an object', 'true', 'null', `${'1'.repeat(20)}...`]);
	});
});

describe('cutting a text', () => {
	it('leaves whole characters and escapes, pairs of surrogates among them', () => {
		const cut = (text: string, max: number) => Buffer.from(bytesOf(text).subarray(0, cutText(bytesOf(text), 0, bytesOf(text).length, max))).toString();
		expect([cut('ééé', 5), cut('a😀', 4), cut('ab', 5), cut('\\n\\n', 3), cut('\\u00e9x', 5), cut('\\ud83d\\ude00x', 11), cut('\\ud83d\\ude00x', 12), cut('\\ud83dxyz', 7)])
			.toEqual(['éé', 'a', 'ab', '\\n', '', '', '\\ud83d\\ude00', '\\ud83dx']);
		fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.nat(60), (text, max) => {
			const json = JSON.stringify(text).slice(1, -1);
			expect(Buffer.byteLength(cut(json, max))).toBeLessThanOrEqual(max);
			expect(text.startsWith(JSON.parse(`"${cut(json, max)}"`))).toBe(true);
		}));
	});
});
