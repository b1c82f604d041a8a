// The law of this project as a test: who may import whom, how long things may be, and what the chip forbids.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function files(folder: string, ending = '.ts'): string[] {
	return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile() && entry.name.endsWith(ending))
		.map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
		.sort();
}

const text = (file: string) => readFileSync(join(root, file), 'utf8');
const firmware = [...files('src'), ...files('sensors'), ...files('hardware'), ...files('clients')];
const host = [...files('simulator'), ...files('cli'), ...files('viewer'), ...files('test')];
const all = [...firmware, ...host];

/** What a file imports, local specifiers as paths from the root, `types` where nothing of it is left at run time. */
function imports(file: string): { from: string; types: boolean }[] {
	return [...text(file).matchAll(/^(?:import|export)\s+(type\s+)?[^'";]*?from '([^']+)'|^import '([^']+)'/gm)].map(([, types, from, bare]) => {
		const specifier = from ?? bare;
		const local = specifier.startsWith('.') ? normalize(join(dirname(file), specifier)).split(sep).join('/').replace(/\.js$/, '.ts') : specifier;
		return { from: local, types: Boolean(types) };
	});
}

/** Comments and texts blanked, so that a word in a sentence is no use of it. */
function code(file: string): string {
	return text(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*$|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/gm, (match) => match.replace(/[^\n]/g, ' '));
}

/**
 * The layers: each folder's rank. An import goes to the same folder or to a lower rank, types included; what is not listed may not be imported
 * by what is.
 */
const RANKS: Readonly<Record<string, number>> = {
	'hardware': 0, 'src/common': 0,
	'src/mqtt/codec': 1, 'src/mqtt/state': 2, 'src/mqtt': 3, 'src/mqtt/v5': 4, 'src/mqtt/without5': 4,
	'src/settings': 1, 'src/readings': 1, 'src/storage': 2, 'sensors': 1,
	'src/device': 5, 'src/device/esp8266': 6, 'src/device/esp32': 6,
	'src/connection': 5, 'src/telemetry': 6,
	'src': 9,
	'clients/embedded': 5,
	// On the host, from what a simulated board is made of up to who starts it.
	'simulator/engine': 10, 'simulator/world': 10, 'simulator/modules': 10, 'viewer': 10,
	'simulator/devices': 11, 'simulator/virtual': 11, 'simulator/board': 12, 'simulator': 13,
	'simulator/driver': 14, 'simulator/campaign': 14, 'simulator/hostile': 14,
	'cli': 15,
};

function folderOf(file: string): string {
	const folder = dirname(file);
	return /^sensors\/\w+$/.test(folder) ? 'sensors' : folder;
}

/** What of a file's imports goes up, or sideways into another folder. */
function upward(file: string): string[] {
	const rank = RANKS[folderOf(file)];
	return imports(file).filter(({ from }) => from.includes('/') && from.endsWith('.ts')).flatMap(({ from }) => {
		const other = RANKS[folderOf(from)];
		if (folderOf(from) === folderOf(file)) return [];
		return rank !== undefined && other !== undefined && other < rank ? [] : [`${file} imports ${from}`];
	});
}

/** The files of a circle of imports, types included, if there is one among those. */
function circle(files: readonly string[]): string[] {
	const state = new Map<string, 'open' | 'done'>();
	const visit = (file: string, path: readonly string[]): string[] => {
		if (state.get(file) === 'done') return [];
		if (state.get(file) === 'open') return [...path.slice(path.indexOf(file)), file];
		state.set(file, 'open');
		for (const { from } of imports(file)) {
			const found = files.includes(from) ? visit(from, [...path, file]) : [];
			if (found.length) return found;
		}
		state.set(file, 'done');
		return [];
	};
	for (const file of files) {
		const found = visit(file, []);
		if (found.length) return found;
	}
	return [];
}

describe('imports', () => {
	it('of the firmware go down only, types included', () => {
		expect(firmware.flatMap(upward)).toEqual([]);
	});

	it.each(['simulator', 'viewer', 'cli', 'clients'])('of %s/ go down only, types included', (folder) => {
		expect(files(folder).flatMap(upward)).toEqual([]);
	});

	it.each(['src', 'sensors', 'simulator', 'cli', 'viewer', 'clients'])('of %s/ make no circle', (folder) => {
		expect(circle(files(folder))).toEqual([]);
	});

	it('of src/mqtt/ stay inside it, but for assert', () => {
		for (const file of files('src/mqtt')) {
			for (const { from } of imports(file)) expect(from.startsWith('src/mqtt/') || from === 'src/common/assert.ts', `${file} imports ${from}`).toBe(true);
		}
	});

	it('of sensors/ from src/ are types only', () => {
		for (const file of files('sensors')) {
			for (const { from, types } of imports(file)) expect(from.startsWith('sensors/') || types, `${file} imports ${from}`).toBe(true);
		}
	});

	it('of clients/ are their own folder, src/mqtt/ and the SDK\'s timer and time', () => {
		for (const file of files('clients')) {
			const own = `${file.split('/').slice(0, 2).join('/')}/`;
			for (const { from } of imports(file)) expect(from.startsWith(own) || from.startsWith('src/mqtt/') || ['timer', 'time'].includes(from), `${file} imports ${from}`).toBe(true);
		}
	});

	it('of hardware/ are none', () => {
		for (const file of files('hardware')) expect(imports(file), file).toEqual([]);
	});

	it('of Moddable modules happen in src/main.ts and src/device/ alone', () => {
		for (const file of [...files('src'), ...files('sensors')]) {
			if (file === 'src/main.ts' || file.startsWith('src/device/')) continue;
			for (const { from } of imports(file)) expect(/^(src|sensors)\//.test(from), `${file} imports ${from}`).toBe(true);
		}
	});

	it('of the firmware never reach the host, nor node:', () => {
		for (const file of firmware) {
			for (const { from } of imports(file)) expect(/^(simulator|cli|viewer|test)\/|^node:/.test(from), `${file} imports ${from}`).toBe(false);
		}
	});

	it('of local files end in .js, which tsc, esbuild, vite and XS all take', () => {
		for (const file of firmware) {
			for (const [, from] of text(file).matchAll(/from '(\.[^']+)'/g)) expect(from, file).toMatch(/\.js$/);
		}
	});

	it('nobody but main knows the loop', () => {
		for (const file of files('src')) {
			if (file !== 'src/main.ts') expect(imports(file).map(({ from }) => from), file).not.toContain('src/node.ts');
		}
	});
});

describe('sizes', () => {
	it('of files stay about 300 lines at the most, tests apart', () => {
		for (const file of all.filter((each) => !each.startsWith('test/'))) expect(text(file).split('\n').length, file).toBeLessThanOrEqual(350);
	});

	it('of lines of the firmware stay under 160 characters', () => {
		for (const file of firmware) text(file).split('\n').forEach((line, index) => expect(line.length, `${file}:${index + 1}`).toBeLessThanOrEqual(160));
	});

	it('of functions stay under 70 lines', () => {
		for (const file of all.filter((each) => !each.startsWith('test/'))) {
			for (const { name, lines } of functions(file)) expect(lines, `${file} ${name}`).toBeLessThanOrEqual(70);
		}
	});
});

/** Functions and methods by their indentation: from the line that opens one to the line that closes it. */
function functions(file: string): { name: string; lines: number }[] {
	const found: { name: string; lines: number }[] = [];
	const lines = code(file).split('\n');
	lines.forEach((line, start) => {
		const opening = /^(\t*)(?:export |default |async |static |get |set |function\*? |readonly )*([#\w]+)\s*(?:=\s*(?:async )?)?(?:<[^>]*>)?\([^;]*\{\s*$/.exec(line);
		if (!opening || /^(if|for|while|switch|catch|describe|it)$/.test(opening[2])) return;
		const end = lines.findIndex((each, index) => index > start && each.startsWith(`${opening[1]}}`));
		if (end > start) found.push({ name: opening[2], lines: end - start + 1 });
	});
	return found;
}

describe('the chip forbids', () => {
	const BANNED: [string, RegExp][] = [
		['promises and generators (one await makes 1.4 KB of garbage)', /(?<![#.\w])(async|await|Promise|yield|function\*)\b/],
		['console, timers and encoders that XS has not', /\bconsole\.(?:log|error|warn|info|debug)\b|\b(?:setTimeout|setInterval|TextEncoder|TextDecoder|structuredClone)\b/],
		['the date: src/device/clock.ts owns time', /\bnew Date\b|\bDate\.now\b/],
		['enums that leave an object behind', /(?<!const )\benum\b/],
		['top-level let', /^let\b/m],
		['top-level Map, Set, Date and typed arrays, which are read-only once preloaded', /^(?:export )?const \w+(?::[^=]+)? = new (?:Map|Set|WeakMap|Date|\w+Array|ArrayBuffer)\b/m],
		['static fields, which are read-only once preloaded', /^\tstatic (?!readonly)\w+ ?=/m],
		['regular expressions (33 KB of flash)', /\bRegExp\b|[=(,]\s*\/[^/*\s]/],
		['eval', /\beval\b|new Function\b/],
	];
	it.each(BANNED)('%s', (_reason, pattern) => {
		for (const file of firmware) expect(pattern.exec(code(file))?.[0], file).toBeUndefined();
	});

	it('for…of, spreads and closures on the paths of packets', () => {
		for (const file of files('src/mqtt')) {
			const found = /\.\.\.\w/.exec(code(file))?.[0];
			expect(found, file).toBeUndefined();
		}
	});

	it('chance outside src/device/', () => {
		for (const file of firmware) if (!file.startsWith('src/device/')) expect(code(file), file).not.toMatch(/Math\.random/);
	});

	it('default exports but of main, and of what the standard wants so', () => {
		for (const file of firmware) if (file !== 'src/main.ts' && file !== 'clients/embedded/client.ts') expect(code(file), file).not.toMatch(/^export default/m);
	});
});

describe('every file', () => {
	it('of the firmware begins with its licence and says its rule', () => {
		for (const file of firmware) expect(text(file), file).toMatch(/^\/\/ SPDX-License-Identifier: MIT\n\/\/ .{10}/);
	});

	it('of the host says what it is', () => {
		for (const file of [...files('simulator'), ...files('cli'), ...files('viewer')]) expect(text(file), file).toMatch(/^(#!.*\n)?(\/\/|\/\*\*?) /);
	});

	it('of src/ and sensors/ is held by a test of its own or is named where it is held', () => {
		const tests = new Set(files('test', '.test.ts'));
		/** Types, constants and wiring; what test/telemetry/broker.test.ts holds as one; and the adapters, which run in the simulator's tests. */
		const elsewhere = new Set([
			'src/common/ports.ts', 'src/common/limits.ts', 'src/common/assert.ts', 'src/common/version.ts', 'src/main.ts', 'src/mqtt/options.ts', 'sensors/io.ts',
			'src/telemetry/node-publications.ts', 'src/telemetry/actions.ts', 'src/telemetry/opening.ts', 'src/telemetry/protocol.ts', 'src/telemetry/publications.ts', 'src/mqtt/without5/protocol5.ts', 'src/mqtt/without5/reasons5.ts', 'src/mqtt/codec/version.ts', 'src/mqtt/state/bounds.ts',
			// Two loops of the journal: test/storage/journal.test.ts.
			'src/storage/sector-search.ts', 'src/storage/cursor.ts',
			// Parts of commands: test/telemetry/commands.test.ts.
			'src/telemetry/command-queue.ts', 'src/telemetry/result.ts',
			// Of readings that wait: test/storage/queue.test.ts.
			'src/storage/in-flight.ts',
		]);
		/** The parts of a session are held as one, by test/mqtt/session.*.test.ts. */
		const session = ['state/delivery', 'codec/fault', 'state/filters', 'state/ids', 'inbound', 'state/keepalive', 'codec/packets', 'sender', 'session'].map((name) => `src/mqtt/${name}.ts`);
		expect([...tests].some((test) => test.startsWith('test/mqtt/session.'))).toBe(true);
		for (const file of [...files('src'), ...files('sensors')]) {
			if (elsewhere.has(file) || session.includes(file) || file.startsWith('src/device/')) continue;
			const name = file.replace(/^src\//, '').replace(/^(sensors)\/\w+\/(\w+\.ts)$/, '$1/$2').replace(/\.ts$/, '.test.ts');
			expect(tests.has(`test/${name}`), `${file} has no test/${name}`).toBe(true);
		}
	});

	it('is free of TODO and of conflict marks', () => {
		for (const file of all.filter((each) => each !== 'test/tidy.test.ts')) expect(text(file), file).not.toMatch(/\bTODO\b|\bFIXME\b|^[<>]{7} /m);
	});
});

describe('the project', () => {
	it('has one version', () => {
		expect(text('src/common/version.ts')).toContain(`'${JSON.parse(text('package.json')).version}'`);
	});

	it('pins its dependencies and names no registry', () => {
		const { dependencies, devDependencies } = JSON.parse(text('package.json'));
		for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
		expect(text('package-lock.json')).not.toMatch(/"resolved"/);
	});

	it('keeps the manifest and the folders of the firmware in step', () => {
		const { modules } = JSON.parse(text('manifest.json'));
		const folders = new Set([...files('src'), ...files('sensors')].map((file) => dirname(file)));
		folders.delete('src/mqtt/without5');
		for (const chip of ['esp8266', 'esp32']) expect(folders.delete(`src/device/${chip}`)).toBe(true);
		for (const folder of folders) expect(modules[`${folder}/*`], folder).toBe(`./${folder}/*`);
	});

	it('puts what is for one chip into the image of that chip alone', () => {
		const { platforms } = JSON.parse(text('manifest.json'));
		const place = (platform: string) => platforms[platform].modules['telltale/*'];
		expect([place('esp'), place('esp32'), place('lin')]).toEqual(['./src/device/esp8266/*', './src/device/esp32/*', './src/device/esp8266/*']);
		for (const platform of Object.keys(platforms)) expect(JSON.stringify(platforms[platform].include ?? []).includes('crypt/tls'), platform).toBe(platform === 'esp32');
	});

	it('has no large file', () => {
		for (const file of all) expect(statSync(join(root, file)).size, file).toBeLessThan(100_000);
	});
});
