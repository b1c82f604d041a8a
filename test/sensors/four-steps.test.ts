// sensors/README.md is true: its steps, taken from its own blocks in a copy of the tree, give a sensor whose readings arrive from the
// simulator, and a driver of the SDK that is a clear sentence where only a chip has it. In a tree where somebody has taken the very steps,
// they are not taken again.
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patient } from '../support/patience.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(join(root, 'sensors/README.md'), 'utf8');
const isTaken = existsSync(join(root, 'sensors/t1'));
const copy = mkdtempSync(join(tmpdir(), 'telltale-steps-'));
afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** The blocks of a section of the page, in their order. */
function blocksOf(section: string): string[] {
	const text = page.slice(page.indexOf(`\n## ${section}\n`)).slice(1);
	const end = text.indexOf('\n## ');
	return [...(end < 0 ? text : text.slice(0, end)).matchAll(/^```\w+\n([^]*?)^```$/gm)].map(([, block]) => block!);
}

const write = (file: string, text: string): void => {
	mkdirSync(dirname(join(copy, file)), { recursive: true });
	writeFileSync(join(copy, file), text);
};

/** What stands once in a file of the copy, with `text` before it, behind it, or in its place. */
function edit(file: string, place: string, changed: string): void {
	const parts = readFileSync(join(copy, file), 'utf8').split(place);
	expect(parts.length, `${place} in ${file}`).toBe(2);
	write(file, parts.join(changed));
}

/** A row goes to the end of the table, its import to the others. */
function addRow(line: string, row: string): void {
	edit('sensors/parts.ts', "import { TMP36 } from './tmp36/tmp36.js';\n", `import { TMP36 } from './tmp36/tmp36.js';\n${line}`);
	edit('sensors/parts.ts', '\n]);\n', `\n${row}]);\n`);
}

function addToManifest(list: 'modules' | 'preload' | 'include', line: string): void {
	const place = { modules: '\t"modules": {\n\t\t"src/*"', preload: '\t"preload": [\n\t\t"sensors/', include: '"$(MODDABLE)/examples/manifest_base.json"' }[list];
	edit('manifest.json', place, list === 'include' ? line + place : place.replace('\n\t\t', `\n\t\t${line.trim()}\n\t\t`));
}

interface Ran {
	readonly status: number;
	readonly out: string;
}

/** In the copy. */
function run(words: readonly string[]): Promise<Ran> {
	return new Promise((resolve) => {
		execFile(process.execPath, words, { cwd: copy, timeout: patient(60_000), env: { ...process.env, NO_COLOR: '1' } }, (fault, out, error) => {
			resolve({ status: fault ? Number(fault.code ?? 1) : 0, out: out + error });
		});
	});
}

/** Four steps make the T1, three a part of the SDK's driver. */
function takeSteps(): void {
	const [driver, twin, line, row, modules, preload, test] = blocksOf('Add a sensor in four steps') as [string, string, string, string, string, string, string];
	write('sensors/t1/t1.ts', driver);
	write('sensors/t1/simulated.ts', twin);
	addRow(line, row);
	addToManifest('modules', modules);
	addToManifest('preload', preload);
	write('test/sensors/t1.test.ts', test);
	const [drivers, import419, row419, include, adapter, ...leftOut] = blocksOf('A driver of the SDK') as [string, string, string, string, string, string, string];
	write('src/device/drivers.ts', drivers);
	addRow(import419, row419);
	addToManifest('include', include);
	addToManifest('preload', adapter);
	expect(leftOut).toHaveLength(2);
	for (const each of leftOut) edit('manifest.json', `${each.trim()} `, '');
}

/** What Git has, and what somebody who adds a sensor has not told it yet. */
function filesOfTree(): string[] {
	const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
	return listed.split('\0').filter((file) => file && existsSync(join(root, file)));
}

describe.skipIf(isTaken)('the steps of sensors/README.md', () => {
	beforeAll(() => {
		for (const file of filesOfTree()) cpSync(join(root, file), join(copy, file));
		symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
		takeSteps();
	});

	it('pass the type check, their own test, and what goes by the table and by the manifest', async () => {
		const settings = { extends: './tsconfig.json', include: ['sensors', 'src/main.ts', 'src/device/drivers.ts', 'test/sensors/t1.test.ts', 'simulator/modules/*.d.ts'] };
		write('tsconfig.steps.json', JSON.stringify(settings));
		expect(await run(['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.steps.json'])).toEqual({ status: 0, out: '' });
		const tests = ['t1', 'parts', 'identity', 'on-xs'].map((name) => `test/sensors/${name}.test.ts`);
		const { status, out } = await run(['node_modules/vitest/vitest.mjs', 'run', '--maxWorkers', '1', ...tests, 'test/hardware/images.test.ts']);
		expect(out).toMatch(/Test Files .*5 passed/);
		expect(status, out).toBe(0);
	});

	it('have their readings arrive from the simulator, and a driver that only an image has stop neither node nor command line', async () => {
		const sensors = [{ part: 't1' }, { part: 'tmp102', name: 'shelf' }];
		const words = ['--node', 'porch', '--ssid', 'attic', '--host', '192.168.1.10', '--sensors', JSON.stringify(sensors)];
		expect(await run(['cli/telltale.mjs', 'configure', ...words])).toMatchObject({ status: 0 });
		const wiring = ['cli/telltale.mjs', 'wiring', '--board', 'nodemcu', '--sensors', JSON.stringify(sensors), '--output', 'wiring.svg'];
		expect(await run(wiring)).toMatchObject({ status: 0 });
		const { status, out } = await run(['cli/telltale.mjs', 'simulate', '--config', 'telltale.json', '--for', '30s', '--speed', 'max', '--seed', '7']);
		expect(out).toMatch(/^porch +\S+ +\S+ +2\d\.\d °C.*#\d+/m);
		expect(out).toMatch(/^porch: sensor shelf: TMP102 has no driver in this image: /m);
		expect(out).toMatch(/^\d+ readings from 1 node, none missing/m);
		expect(status, out).toBe(0);
	});
});
