import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { bundle, topLevel } from '../../simulator/engine/bundle.js';
import { startVirtualSimulation, type VirtualSimulation } from '../../simulator/virtual.js';
import { ENGINES } from './probe.js';

const folder = mkdtempSync(join(tmpdir(), 'telltale-preload-'));
let entries = 0;
const open: VirtualSimulation[] = [];

afterEach(() => open.splice(0).forEach((simulation) => simulation.end()));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a firmware of one module and returns what it traced and how it ended. */
async function run(engine: 'xs' | 'node', source: string): Promise<{ said: string[]; faults: number }> {
	const entry = join(folder, `firmware-${++entries}-${engine}.ts`);
	writeFileSync(entry, source);
	const said: string[] = [];
	const simulation = await startVirtualSimulation({ engine, entry, seed: 'preload', onTrace: (_node, text) => said.push(text), onLine: (_node, line) => said.push(line) });
	open.push(simulation);
	await simulation.run(100);
	return { said, faults: simulation.nodes[0].counts.faults };
}

describe.each(ENGINES)('preloading on %s', (engine) => {
	it.each([
		['typed array', 'const buffer = new Uint8Array(4);', /firmware-.*\.ts: buffer is a typed array made while modules are preloaded; on the chip/],
		['Map', 'export const seen = new Map();', /seen is a Map/],
		['Set', 'const seen = new Set([1]);', /seen is a Set/],
		['Date', 'const birth = new Date(0);', /birth is a Date/],
		['ArrayBuffer', 'const raw = new ArrayBuffer(4);', /raw is an ArrayBuffer/],
		['table with a buffer', 'const table = { rows: [new Uint8Array(1)] };', /table\.rows\.0 is a typed array/],
		['static buffer', 'class Store { static bytes = new Uint8Array(1); }', /Store\.bytes is a typed array/],
	])('refuses a top-level %s with a sentence', async (_what, declaration, sentence) => {
		await expect(run(engine, `${declaration}\nexport default function () {}`)).rejects.toThrow(sentence);
	});

	it.each([
		['a static field', 'class Counter { static count = 0; }', 'Counter.count++;'],
		['a table', 'const table = { word: "a" };', 'table.word = "b";'],
		['a table in a table', 'const table = { inner: [1, 2] };', 'table.inner[0] = 3;'],
		['a prototype', 'class Counter {}', '(Counter.prototype as any).extra = 1;'],
		['a function', 'function helper() {}', '(helper as any).calls = 1;'],
		['a built-in prototype', '', '(Array.prototype as any).extra = 1;'],
		['a built-in', '', '(Math as any).extra = 1;'],
	])('freezes %s', async (_what, declaration, change) => {
		const { said, faults } = await run(engine, `${declaration}\nexport default function () { try { ${change} trace('changed'); } catch (fault) { trace((fault as Error).name); } }`);
		expect(said).toEqual(['TypeError']);
		expect(faults).toBe(0);
	});

	it('refuses to touch the device before main runs', async () => {
		await expect(run(engine, `import Time from 'time';\nconst start = Time.ticks;\nexport default function () { trace(start); }`)).rejects.toThrow(/Time\.ticks is used while modules are being preloaded/);
	});

	it('refuses a module that reads the settings, which a node gets later', async () => {
		await expect(run(engine, `import config from 'mc/config';\nconst node = config.telltale;\nexport default function () { trace(node); }`)).rejects.toThrow(/mc\/config is read while modules are being preloaded/);
	});

	it('freezes the settings deeply', async () => {
		const { said } = await run(engine, `import config from 'mc/config';
			export default function () { for (const each of [config, config.telltale]) try { (each as any).node = 'x'; trace('changed'); } catch (fault) { trace((fault as Error).name); } }`);
		expect(said).toEqual(['TypeError', 'TypeError']);
	});

	it('lets JSON.stringify throw for preloaded objects, as XS does, and take others', async () => {
		const { said } = await run(engine, `
			const table = { a: 1 };
			export default function () {
				trace(JSON.stringify({ a: [1, { b: 2 }] }));
				try { JSON.stringify({ table }); } catch (fault) { trace(String(fault)); }
			}`);
		expect(said).toEqual(['{"a":[1,{"b":2}]}', 'TypeError: read only value']);
	});

	it('leaves instances and private state alone, and inlines const enums', async () => {
		const { said } = await run(engine, `
			const enum Phase { Idle, Busy }
			class Counter { #count = 0; phase = Phase.Idle; next() { this.phase = Phase.Busy; return ++this.#count; } }
			export default function () {
				const counter = new Counter();
				counter.next();
				const buffer = new Uint8Array(2);
				buffer[0] = 7;
				trace(counter.next(), ' ', counter.phase, ' ', buffer[0]);
			}`);
		expect(said).toEqual(['2 1 7']);
	});

	it('says so when there is no main function', async () => {
		await expect(run(engine, `export default 5;`)).rejects.toThrow(/no default export that is a function/);
	});
});

describe('the bundler', () => {
	it('refuses a module that the chip does not have', async () => {
		const entry = join(folder, 'imports.ts');
		writeFileSync(entry, `import { readFileSync } from 'node:fs';\nexport default function () { readFileSync('x'); }`);
		await expect(bundle(entry, 'nodemcu')).rejects.toThrow(/imports\.ts imports "node:fs", which the chip does not have/);
	});

	it('gives each board its constants', async () => {
		const entry = 'test/simulator/fixtures/probe.ts';
		expect(await bundle(entry, 'nodemcu')).toContain('ESP8266');
		expect(await bundle(entry, 'esp32')).toContain('name: "esp32"');
	});

	it('makes the same script of the same sources', async () => {
		const entry = 'test/simulator/fixtures/hello.ts';
		expect(await bundle(entry, 'nodemcu')).toBe(await bundle(entry, 'nodemcu'));
	});

	it('finds the names of the top level, and complains of those it cannot freeze', () => {
		const script = 'import x from "x";\nexport const a = 1;\nlet b;\nclass C {\n  static d = 1;\n}\nfunction e() {\n  const f = 1;\n}\nvar G = /* @__PURE__ */ ((G2) => {\n})(G || {});\nexport default function h() {\n}\n';
		expect(topLevel(script)).toEqual({ names: ['a', 'b', 'C', 'e', 'h'], complaint: '' });
		expect(topLevel('const { a, b } = c;\n').complaint).toMatch(/takes a value apart/);
		expect(topLevel('const a = 1, b = 2;\n').complaint).toMatch(/several names at once/);
	});
});
