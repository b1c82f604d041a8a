// The judges of the laws must be able to say no: each is given a text in which the law is broken.
import { describe, expect, it } from 'vitest';
import { BANNED, circle, codeOf, FILE_MAX, FUNCTION_MAX, garbage, headerProblem, importsOf, isLongFile, LINE_MAX, longFunctions, longLines, looseNumbers, ownWaits, upward, type Source } from './laws.js';

const source = (file: string, ...lines: string[]): Source => ({ file, text: `${lines.join('\n')}\n` });

describe('the law of layers', () => {
	it.each([
		['a value', "import { Node } from '../telemetry/broker-client.js';"], ['a type', "import type { Node } from '../telemetry/broker-client.js';"],
		['what is passed on', "export { Node } from '../telemetry/broker-client.js';"], ['what is loaded late', "const late = await import('../telemetry/broker-client.js');"],
	])('says no to an import upwards of %s', (_what, line) => {
		expect(upward(source('src/storage/ring.ts', line))).toEqual(['src/storage/ring.ts imports src/telemetry/broker-client.ts']);
	});

	it('says no to an import sideways, and of or by a folder without a rank', () => {
		expect(upward(source('src/readings/sampler.ts', "import { connect } from '../../sensors/parts.js';"))).toHaveLength(1);
		expect(upward(source('cli/send.ts', "import { Drive } from '../test/support/drive.js';"))).toHaveLength(1);
		expect(upward(source('src/new/file.ts', "import { assert } from '../common/assert.js';"))).toHaveLength(1);
	});

	it('lets imports go down and stay', () => {
		expect(upward(source('src/telemetry/actions.ts', "import { Ring } from '../storage/ring.js';", "import './result.js';", "import Timer from 'timer';"))).toEqual([]);
	});

	it('names a circle, of types too, and none where there is none', () => {
		const [a, b] = [source('src/a.ts', "import { b } from './b.js';"), source('src/b.ts', "import type { c } from './c.js';")];
		expect(circle([a, b, source('src/c.ts', "import {", "	a,", "} from './a.js';")])).toEqual(['src/a.ts', 'src/b.ts', 'src/c.ts', 'src/a.ts']);
		expect(circle([a, b, source('src/c.ts')])).toEqual([]);
	});

	it('reads imports over several lines and without names', () => {
		expect(importsOf(source('src/a.ts', "import {", "	one,", "} from './mqtt/b.js';", "import 'timer';"))).toEqual([{ from: 'src/mqtt/b.ts', types: false }, { from: 'timer', types: false }]);
	});
});

describe('the law of packet paths', () => {
	const method = (line: string) => garbage(source('src/mqtt/a.ts', 'export class A {', '	private poll(list: readonly number[], more: () => void): void {', `		${line}`, '	}', '}'));

	it.each([
		['for…of', 'for (const each of list) more();'], ['a spread', 'const copy = [...list];'], ['a spread', 'Math.max(...list);'], ['a closure', 'list.forEach((each) => each);'],
		['a closure', 'const again = function () {};'], ['a closure', 'more.bind(this)();'], ['a promise', 'void Promise.resolve();'], ['an object of JSON', 'JSON.parse("1");'],
	])('says no to %s', (what, line) => {
		expect(method(line)).toEqual([expect.stringContaining(`src/mqtt/a.ts: ${what} in `)]);
	});

	it('says no to rest parameters and to an async method', () => {
		expect(garbage(source('src/mqtt/a.ts', 'class A {', '	poll(...all: number[]) {}', '	async wait() {}', '	*each() {', '		yield 1;', '	}', '}', 'export { A };')).length).toBe(3);
	});

	it('lets types, words, and what a module makes once be', () => {
		expect(method("const text = 'a => b of ...'; // => of")).toEqual([]);
		expect(method('for (let i = 0; i < list.length; i++) more();')).toEqual([]);
		expect(garbage(source('src/mqtt/a.ts', 'export const twice = (value: number) => 2 * value;', 'export function other(done: () => void) {', '	done();', '}'))).toEqual([]);
	});
});

describe('the law of what the chip has not', () => {
	it.each([
		'\tasync wait() {}', '\tyield 1;', '\tconsole.log(1);', '\tsetTimeout(more, 1);', '\tconst at = Date.now();', 'export enum State { On }', 'let count = 0;',
		'const all = new Map();', 'export const bytes: Uint8Array = new Uint8Array(4);', '\tstatic count = 0;', '\tif (/^a/.test(text)) more();', "\teval('1');", '\tprivate readonly search: Finder;', '\tprivate compare(): void {}', '\treturn Array.from(bytes);', '\tconst at = bytes.values();', '\tIterator.from(row);',
	])('says no to %s', (line) => expect(BANNED.filter(([, pattern]) => pattern.test(codeOf(`${line}\n`)))).toHaveLength(1));

	it('lets what is like it be', () => {
		const lines = ["const enum State { On }", "// let it be: await, Date.now()", "\tlet at = 0;", "\tstatic readonly size = 4;", "\tconst half = one / 2 / three;", "const words = 'async enum';", "function onReadable(this: Serial): void {", "export default function main(): void {", "export const half = (x: number): number => x / 2;"];
		expect(BANNED.flatMap(([reason, pattern]) => (pattern.test(codeOf(lines.join('\n'))) ? [reason] : []))).toEqual([]);
	});
});

describe('the law of headers', () => {
	const licence = '// SPDX-License-Identifier: MIT';
	it.each([
		['no licence', ['// A ring of readings.', '// Rule: the oldest goes first.', ''], 'begin with its licence'],
		['no first sentence', [licence, '', '// Rule: the oldest goes first.'], 'say what it is'],
		['no rule', [licence, '// A ring of readings.', '', '// Rule: the oldest goes first.'], 'says no rule'],
		['an empty rule', [licence, '// A ring of readings.', '// Rule: ', ''], 'says no rule'],
	])('says no to %s', (_what, lines, problem) => expect(headerProblem(source('src/a.ts', ...lines))).toContain(problem));

	it('lets a whole one be', () => {
		expect(headerProblem(source('src/a.ts', licence, '// A ring of readings.', '//', '// Rule: the oldest goes first.', '', 'const a = 1;'))).toBe('');
	});
});

describe('the laws of sizes', () => {
	it('say no to a line, and to a file, of one too many', () => {
		expect(longLines(source('src/a.ts', 'x'.repeat(LINE_MAX), 'x'.repeat(LINE_MAX + 1)))).toEqual([`src/a.ts:2 has ${LINE_MAX + 1} characters`]);
		expect(isLongFile(source('src/a.ts', ...Array<string>(FILE_MAX + 1).fill('x')))).toBe(true);
		expect(isLongFile(source('src/a.ts', ...Array<string>(FILE_MAX).fill('x')))).toBe(false);
	});

	it.each([
		['a function', 'export async function f(a: number): Promise<void> {', '}'], ['a generic one', 'function f<A extends object, B = never>(a: A): B {', '}'],
		['a function over lines', 'export function f(', '}'], ['an arrow', 'const f = (a: number): number => {', '};'],
		['a method', '	f(a: number): void {', '	}'], ['a private method', '	private f(): void {', '	}'], ['a hidden one', '	static async #f(a: number) {', '	}'],
		['a getter', '	override get f(): number {', '	}'], ['a constructor', '	constructor(private readonly deps: Deps) {', '	}'], ['a member of a table', '	f: ({ world }, random) => {', '	},'],
	])('say no to %s of one line too many', (_what, opening, closing) => {
		const long = (lines: number) => longFunctions(source('src/a.ts', opening, ...Array<string>(lines - 2).fill(`${opening.startsWith('\t') ? '\t' : ''}	x();`), closing));
		expect(long(FUNCTION_MAX + 1)).toEqual([expect.stringMatching(/^src\/a\.ts \S+ has 71 lines$/)]);
		expect(long(FUNCTION_MAX)).toEqual([]);
	});
});

describe('the law of numbers', () => {
	it.each([
		'const ZERO = 0x30;', 'const NONE = -1;', 'export const ERASED = 0xff;', 'const RATIO = 0.0062;', 'const END: number = 1e12;', 'const AT = SLOT_BYTES - 1;',
		'const MAX = 2 * Limit.MESSAGES_MAX;', 'const BITS = (1 << EACH * 3) - 1;', 'const SPAN_MS = 1_000;',
	])('says no to %s', (line) => {
		expect(looseNumbers(source('src/a.ts', line))).toEqual([`src/a.ts ${/const (\w+)/.exec(line)![1]}`]);
	});

	it.each([
		'const enum Const {\n\tNONE = -1,\n}', 'const KEYS = Object.freeze([1, 2]);', 'const SLOTS = Slot.Quantities + 2 * QUANTITIES.length;', 'const NEVER = Infinity;', 'const f = (a: number): number => a - 1;',
		"const NAME = '1';", '\tconst half = 0.5;',
	])('lets %s be', (line) => {
		expect(looseNumbers(source('src/a.ts', line))).toEqual([]);
	});
});

describe('the law of waiting', () => {
	it.each(['		await new Promise((resolve) => setTimeout(resolve, 50));', '	}, 60_000);', '	}, { timeout: 5 });', '	}), 30_000);', '	])(name, async () => expect(1).toBe(1), 30_000);'])('says no to %s', (line) => {
		expect(ownWaits(source('test/a.test.ts', line))).toHaveLength(1);
	});

	it('lets virtual time be', () => {
		expect(ownWaits(source('test/a.test.ts', '		`, 1_000);', '	expect(heap).toBe(set, 3_000);', '	await set.run(60_000);'))).toEqual([]);
	});
});
