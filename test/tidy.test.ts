// The law of this project as a test: who may import whom, how long things may be, and what the chip forbids. Who judges is in
// test/support/laws.ts.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BANNED, circle, codeOf, garbage, headerProblem, importsOf, isLongFile, isOnPacketPath, longFunctions, longLines, looseNumbers, ownWaits, upward, type Source } from './support/laws.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function files(folder: string, ending = '.ts'): string[] {
	return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile() && entry.name.endsWith(ending))
		.map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
		.sort();
}

const text = (file: string) => readFileSync(join(root, file), 'utf8');
/** Simulated parts, and how parts are wired, lie beside their drivers, and are of the host. */
const twins = files('sensors').filter((file) => /(^sensors\/(twin[-\w]*|wiring)|\/(simulated|wiring))\.ts$/.test(file));
const drivers = files('sensors').filter((file) => !twins.includes(file));
const firmware = [...files('src'), ...drivers, ...files('hardware'), ...files('clients')];
const pages = files('viewer', '.tsx');
const host = [...twins, ...files('simulator'), ...files('cli'), ...files('viewer'), ...pages, ...files('test')];
const all = [...firmware, ...host];

const source = (file: string): Source => ({ file, text: text(file) });
const imports = (file: string) => importsOf(source(file));
const code = (file: string) => codeOf(text(file));

describe('imports', () => {
	it('of the firmware go down only, types included', () => {
		expect(firmware.map(source).flatMap(upward)).toEqual([]);
	});

	it.each(['simulator', 'viewer', 'cli', 'clients'])('of %s/ go down only, types included', (folder) => {
		expect([...files(folder), ...files(folder, '.tsx')].map(source).flatMap(upward)).toEqual([]);
	});

	it.each(['src', 'sensors', 'simulator', 'cli', 'viewer', 'clients'])('of %s/ make no circle', (folder) => {
		expect(circle([...files(folder), ...files(folder, '.tsx')].map(source))).toEqual([]);
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

	it('of simulated parts and of wiring are each other and types of sensors/, and nothing of the firmware imports one', () => {
		for (const file of twins) {
			for (const { from, types } of imports(file)) expect(twins.includes(from) || (from.startsWith('sensors/') && types), `${file} imports ${from}`).toBe(true);
		}
		for (const file of firmware) for (const { from } of imports(file)) expect(twins, `${file} imports ${from}`).not.toContain(from);
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
		for (const file of [...files('src'), ...drivers]) {
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
	/** Tests apart. */
	const product = all.filter((file) => !file.startsWith('test/')).map(source);

	it('of files stay about 300 lines at the most, tests apart', () => {
		expect(product.filter(isLongFile).map(({ file }) => file)).toEqual([]);
	});

	it('of lines of the firmware stay at 160 characters at the most', () => {
		expect(firmware.map(source).flatMap(longLines)).toEqual([]);
	});

	it('of functions stay at 70 lines at the most', () => {
		expect(product.flatMap(longFunctions)).toEqual([]);
	});
});

describe('the chip forbids', () => {
	it.each(BANNED)('%s', (_reason, pattern) => {
		for (const file of firmware) expect(pattern.exec(code(file))?.[0], file).toBeUndefined();
	});

	it('to know whether it is simulated', () => {
		for (const file of firmware) expect(code(file), file).not.toMatch(/simulat/i);
	});

	/** Not run for a packet or a sample, and shorter so. */
	const SELDOM = [
		// Of a setting that is kept.
		'src/common/text.ts: for…of in "for (const character of text) {"',
		// Of info, an outage and a refusal; of CONNECT and of filters.
		'src/common/text.ts: for…of in "for (const character of text) {"',
		'src/mqtt/codec/wire.ts: for…of in "for (const character of text) {"',
		'src/mqtt/codec/wire.ts: for…of in "for (const character of text) end = writeCodePoint(bytes, end, character.codePointAt(0));"',
		// Once at boot.
		'src/connection/last-resort.ts: a closure in "const of = (key) => (restarts && store.get(key) || 0) >>> 0;"',
	];
	it('for…of, spreads, closures and promises on the paths of packets and samples', () => {
		expect(files('src').filter(isOnPacketPath).map(source).flatMap(garbage).sort()).toEqual([...SELDOM].sort());
	});

	/** Which file of two there is, the build decides; a release sets the day; a literal type, as QoS is one, takes no member. */
	const NUMBERS = [
		'src/certificates/certificates.ts CERTIFICATE_SECTORS', 'src/without-certificates/certificates.ts CERTIFICATE_SECTORS', 'src/common/version.ts RELEASE_UNIX', 'src/telemetry/opening.ts QOS',
	];
	it('numbers that are constants of a module, where a const enum takes no flash', () => {
		expect([...files('src'), ...files('sensors'), ...files('hardware')].map(source).flatMap(looseNumbers).sort()).toEqual([...NUMBERS].sort());
	});

	it('chance outside src/device/', () => {
		for (const file of firmware) if (!file.startsWith('src/device/')) expect(code(file), file).not.toMatch(/Math\.random/);
	});

	it('default exports but of main, and of what the standard or the SDK wants so', () => {
		const wanted = ['src/main.ts', 'clients/embedded/client.ts', 'src/device/esp8266/provider.ts'];
		for (const file of firmware) if (!wanted.includes(file)) expect(code(file), file).not.toMatch(/^export default/m);
	});
});

describe('every file', () => {
	it('of the firmware begins with its licence, what it is, and its rule', () => {
		expect(firmware.map((file) => headerProblem(source(file))).filter(Boolean)).toEqual([]);
	});

	it('of the host says what it is', () => {
		for (const file of [...files('simulator'), ...files('cli'), ...files('viewer'), ...pages]) expect(text(file), file).toMatch(/^(#!.*\n)?(\/\/|\/\*\*?) /);
	});

	it('of src/ and sensors/ is held by a test of its own or is named where it is held', () => {
		const tests = new Set(files('test', '.test.ts'));
		/** Types, constants and wiring; what test/telemetry/broker.test.ts holds as one; and the adapters, which run in the simulator's tests. */
		const elsewhere = new Set([
			'src/common/ports.ts', 'src/common/limits.ts', 'src/common/assert.ts', 'src/common/version.ts', 'src/main.ts', 'src/provisioning/provisioner.ts', 'src/mqtt/options.ts', 'sensors/io.ts',
			// What drivers on I2C share: the tests of each of them.
			'sensors/i2c-part.ts',
			'src/telemetry/node-publications.ts', 'src/telemetry/actions.ts', 'src/telemetry/opening.ts', 'src/telemetry/broker-session.ts', 'src/telemetry/hang-ups.ts', 'src/telemetry/protocol.ts', 'src/telemetry/publications.ts', 'src/mqtt/without5/protocol5.ts', 'src/mqtt/without5/reasons5.ts', 'src/mqtt/codec/version.ts', 'src/mqtt/state/bounds.ts',
			// The page's answers, as a phone gets them: test/provisioning/set-up.test.ts.
			'src/provisioning/site.ts', 'src/provisioning/in-set-up.ts',
			// Two loops of the journal: test/storage/journal.test.ts.
			'src/storage/sector-search.ts', 'src/storage/cursor.ts',
			// Parts of commands: test/telemetry/commands.test.ts.
			'src/telemetry/command-queue.ts', 'src/telemetry/result.ts', 'src/telemetry/report.ts',
			// Parts of Improv: test/provisioning/improv.test.ts; and of what is tried in place: test/provisioning/in-place.test.ts.
			'src/provisioning/conversation.ts', 'src/provisioning/transfer.ts', 'src/provisioning/transfer-packets.ts', 'src/provisioning/network-list.ts',
			// Certificates as they come in and are kept: test/certificates/certificates.test.ts.
			'src/certificates/certificate-sector.ts', 'src/certificates/certificate-transfer.ts', 'src/certificates/kept.ts', 'src/without-certificates/certificates.ts',
			// Of readings that wait: test/storage/queue.test.ts.
			'src/storage/in-flight.ts',
		]);
		/** The parts of a session are held as one, by test/mqtt/session.*.test.ts. */
		const session = ['state/delivery', 'codec/fault', 'state/filters', 'state/ids', 'inbound', 'state/keepalive', 'codec/packets', 'sender', 'session'].map((name) => `src/mqtt/${name}.ts`);
		expect([...tests].some((test) => test.startsWith('test/mqtt/session.'))).toBe(true);
		for (const file of [...files('src'), ...drivers]) {
			if (elsewhere.has(file) || session.includes(file) || file.startsWith('src/device/')) continue;
			const name = file.replace(/^src\//, '').replace(/^(sensors)\/\w+\/(\w+\.ts)$/, '$1/$2').replace(/\.ts$/, '.test.ts');
			expect(tests.has(`test/${name}`), `${file} has no test/${name}`).toBe(true);
		}
	});

	it('of tests waits in real time by test/support/patience.ts alone, which knows how slow the machine is', () => {
		const waits = new Set(['test/support/patience.ts', 'test/support/drive.ts']);
		expect(files('test').filter((file) => !waits.has(file) && file !== 'test/support/laws.test.ts').map(source).flatMap(ownWaits)).toEqual([]);
	});

	it('that tests share registers no hook by itself: it is evaluated once for many files of tests', () => {
		for (const file of files('test').filter((each) => !each.endsWith('.test.ts'))) expect(text(file), file).not.toMatch(/^(before|after)(Each|All)\(|^vi\.mock\(/m);
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
		const folders = new Set([...files('src'), ...drivers].map((file) => dirname(file)));
		folders.delete('src/mqtt/without5');
		for (const folder of ['src/certificates', 'src/without-certificates']) expect(folders.delete(folder)).toBe(true);
		for (const chip of ['esp8266', 'esp32']) expect(folders.delete(`src/device/${chip}`)).toBe(true);
		for (const folder of folders) {
			// What lies beside a driver, like its twin, is for no chip.
			const wanted = /^sensors\/\w+$/.test(folder) ? drivers.filter((file) => dirname(file) === folder).map((file) => `./${file.slice(0, -3)}`) : [`./${folder}/*`];
			expect([modules[`${folder}/*`]].flat(), folder).toEqual(wanted);
		}
	});

	it('has fields made as in images: by the constructor, and those alone that it gives a value', () => {
		const { typescript } = JSON.parse(text('manifest.json'));
		for (const { compilerOptions } of [typescript.tsconfig, JSON.parse(text('tsconfig.json'))]) expect(compilerOptions.useDefineForClassFields).toBe(false);
	});

	it('puts what is for one chip into the image of that chip alone', () => {
		const { platforms } = JSON.parse(text('manifest.json'));
		const place = (platform: string) => platforms[platform].modules['telltale/*'];
		expect([place('esp'), place('esp32'), place('lin')]).toEqual(['./src/device/esp8266/*', './src/device/esp32/*', './src/device/esp8266/*']);
		const kept = (platform: string) => platforms[platform].modules['src/certificates/*'];
		expect([kept('esp'), kept('esp32'), kept('lin')]).toEqual(['./src/without-certificates/*', './src/certificates/*', './src/without-certificates/*']);
		for (const platform of Object.keys(platforms)) expect(JSON.stringify(platforms[platform].include ?? []).includes('crypt/tls'), platform).toBe(platform === 'esp32');
	});

	it('has no large file', () => {
		for (const file of all) expect(statSync(join(root, file)).size, file).toBeLessThan(100_000);
	});
});
