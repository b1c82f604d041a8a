import { mkdtemp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { completed } from '../../src/settings/settings.js';
import { sectionSizes, staticRam } from '../../cli/elf.js';
import { elfFile, fakeMachine, type FakeMachine } from './fake-sdk.js';
import { inside, telltale } from './support.js';

const SETTINGS = { node: 'cellar', ssid: 'attic', passphrase: 'correct horse', host: '192.168.1.5' };

/** As ESP-IDF's check_sizes.py, ninja and make say it. */
const TOO_LARGE_ESP32 = [
	'FAILED: esp-idf/esptool_py/CMakeFiles/app_check_size',
	'Error: All app partitions are too small for binary xs_esp32.bin size 0x1b7d30:',
	"  - Part 'ota_0' 0/16 @ 0x10000 size 0x1b0000 (overflow 0x7d30)",
	"  - Part 'ota_1' 0/17 @ 0x1c0000 size 0x1b0000 (overflow 0x7d30)",
	'ninja: build stopped: subcommand failed.',
	'ninja failed with exit code 1',
	'make: [/out/makefile:659: build] Error 2 (ignored)',
].join('\n');

let folder: string;
let machine: FakeMachine;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'telltale-'));
	machine = await fakeMachine(folder);
	await writeFile(join(folder, 'telltale.json'), JSON.stringify(SETTINGS));
});
afterEach(() => rm(folder, { recursive: true }));

const call = (words: string[], env: Record<string, string> = {}) => inside(words, { cwd: folder, env: { ...machine.env, ...env } });
const build = (words: string[], env?: Record<string, string>) => call(['build', '--board', 'nodemcu', '--output', join(folder, 'out'), ...words], env);
const json = async (...names: string[]) => JSON.parse(await readFile(join(folder, ...names), 'utf8'));

describe('telltale build for a board', () => {
	it('puts the settings into a manifest of their own, calls mcconfig without writing to a board, and prints the figures', async () => {
		const words = ['build', '--board', 'nodemcu', '--output', join(folder, 'out')];
		const { status, out, err } = await telltale(words, { cwd: folder, env: machine.env });
		expect([status, err]).toEqual([0, '']);
		const manifest = await json('out/manifest.json');
		// With all that is not in the file, too: what an image says takes no RAM.
		expect(manifest.config).toEqual({ telltale: { ...completed(SETTINGS) } });
		expect(manifest.config.telltale).toMatchObject({ ...SETTINGS, port: 1_883, clientId: 'telltale-cellar', intervalMs: 10_000 });
		expect(resolve(folder, 'out', manifest.include[0])).toBe(resolve('manifest.json'));
		expect((await stat(join(folder, 'out/manifest.json'))).mode & 0o777).toBe(0o600);
		const { words: said, cwd, tsc } = await json('out/called.json');
		expect(said).toEqual(['-m', '-t', 'build', '-p', 'esp/nodemcu', '-o', join(folder, 'out/out')]);
		expect([resolve(cwd), tsc]).toEqual([resolve(join(folder, 'out')), true]);
		expect(out).toMatch(/^Image: +12,345 bytes, .*main\.bin$/m);
		expect(out).toMatch(/^Static RAM: +40,528 of 81,920 bytes$/m);
		expect(out).toMatch(/^Heap: +41,392 bytes; the XS machine takes 28,672, Wi-Fi and sockets get the other 12,720$/m);
		expect(out).not.toContain('# tsc');
	});

	it('shows what mcconfig says with --verbose, and builds for the debugger with --debug', async () => {
		const { status, out } = await build(['--verbose', '--debug']);
		expect(status).toBe(0);
		expect(out).toContain('# tsc broker');
		expect((await json('out/called.json')).words).toContain('-d');
	});

	it.each([
		['src/telemetry/broker-client.ts(9,3): error TS2304: Cannot find name "x".', 'src/telemetry/broker-client.ts(9,3): error TS2304: Cannot find name "x"'],
		['note\n### Error: module not found!\nmake: *** [all] Error 1', 'Error: module not found'],
		["ld: region `dram0_0_seg' overflowed by 96 bytes", 'the firmware takes 96 bytes more static RAM than the chip has (dram0_0_seg): leave something out'],
	])('explains a failure after XS is linked, with the cause in %j', async (complaint, cause) => {
		const { status, err } = await build([], { FAKE_MCCONFIG: complaint });
		expect([status, err]).toEqual([1, `The build failed: ${cause}; the whole output is in ${join(folder, 'out/build.log')}.\n`]);
		expect(await readFile(join(folder, 'out/build.log'), 'utf8')).toContain(complaint);
	});

	it('says no more than that it failed where the tools name no fault', async () => {
		const { status, err } = await build([], { FAKE_MCCONFIG: '# cc mc.xs.c' });
		expect([status, err]).toEqual([1, `The build failed; the whole output is in ${join(folder, 'out/build.log')}.\n`]);
	});

	describe('for an ESP32, whose makefile keeps quiet about what ESP-IDF says', () => {
		const esp32 = async (env: Record<string, string> = {}) => {
			const idf = join(folder, 'idf');
			await mkdir(idf, { recursive: true });
			await writeFile(join(idf, 'export.sh'), '');
			return call(['build', '--board', 'esp32', '--output', join(folder, 'out')], { IDF_PATH: idf, ...env });
		};

		it('fails when ESP-IDF fails although mcconfig ends with 0', async () => {
			const { status, err } = await esp32({ FAKE_STATUS: '0', FAKE_MCCONFIG: TOO_LARGE_ESP32 });
			expect([status, err]).toEqual([1, 'The build failed: the image has 1,801,520 bytes, 32,048 bytes more than its partition (hardware/esp32-partitions.csv): '
				+ `leave something out, like MQTT 5.0 ("protocol": 4); the whole output is in ${join(folder, 'out/build.log')}.\n`]);
		});

		it('is content when there is no OTA data to copy, and prints the figures of what ESP-IDF linked', async () => {
			const { status, out, err } = await esp32({ FAKE_STATUS: '0', FAKE_MCCONFIG: 'make: [/out/makefile:664: build] Error 1 (ignored)' });
			expect([status, err]).toEqual([0, '']);
			expect(out).toMatch(/^Image: +12,345 bytes, .*xs_esp32\.bin$/m);
			expect(out).toMatch(/^Static RAM: +0 bytes$/m);
		});

		it('never takes the image of an earlier build for the new one', async () => {
			expect((await esp32()).status).toBe(0);
			const { status, err } = await esp32({ FAKE_NO_IMAGE: '1' });
			expect(status).toBe(1);
			expect(err).toMatch(/^The build ended well but \S+xs_esp32\.bin is not there: /);
		});
	});

	it('keeps what is made of the settings from other users', async () => {
		await mkdir(join(folder, 'out/out'), { recursive: true, mode: 0o755 });
		expect((await build([])).status).toBe(0);
		const mode = async (...names: string[]) => (await stat(join(folder, 'out', ...names))).mode & 0o777;
		expect(await Promise.all([mode('out'), mode('manifest.json'), mode('build.log')])).toEqual([0o700, 0o600, 0o600]);
		expect((await call(['build', '--board', 'nodemcu', '--output', join(folder, 'new/deep')])).status).toBe(0);
		expect((await stat(join(folder, 'new/deep'))).mode & 0o777).toBe(0o700);
	});

	it.each([
		['/proc/telltale', /^The folder \/proc\/telltale cannot be made, [^:]+: name another with --output\.\n$/],
		['telltale.json', /^telltale\.json is a file: name a folder with --output\.\n$/],
	])('says that it cannot build in %s', async (output, sentence) => {
		const { status, err } = await call(['build', '--board', 'nodemcu', '--output', output]);
		expect(status).toBe(1);
		expect(err).toMatch(sentence);
	});

	it.each([['with the SDK', {}], ['without it', { MODDABLE: '' }]])('does not overlook settings that are not there, %s', async (_what, env) => {
		const { status, out, err } = await call(['build', '--config', 'nope.json'], env);
		expect([status, out, err]).toEqual([1, '', 'nope.json is not there: make it with "npx telltale configure --file nope.json".\n']);
	});

	it('does not overlook a folder that the simulator has no use for', async () => {
		expect(await call(['build', '--board', 'simulator', '--output', 'x'])).toMatchObject({ status: 2, err: 'The script for the simulator takes no --output: leave it out, or name another --board.\n' });
	});

	it('builds without settings but says so', async () => {
		await rm(join(folder, 'telltale.json'));
		const { status, err } = await build([]);
		expect([status, err]).toEqual([0, 'telltale.json is not there, so the image has no settings and must be set up on the board; "npx telltale configure" makes the file.\n']);
	});

	it.each([
		[{ ssid: 'a' }, 'The settings do not do for nodemcu: host is missing: the name or address of the broker.\n'],
		[{ ...SETTINGS, sensors: 'hih4030' }, /^The settings do not do for nodemcu: sensors, entry 1: hih4030 needs a second analog input[^\n]*\n$/],
	])('refuses settings that this board cannot use: %j', async (settings, sentence) => {
		await writeFile(join(folder, 'node.json'), JSON.stringify(settings));
		const { status, err } = await build(['--config', 'node.json']);
		expect(status).toBe(1);
		if (typeof sentence === 'string') expect(err).toBe(sentence);
		else expect(err).toMatch(sentence);
	});
});

describe('What a build needs and is not there', () => {
	it('is named with how to get it: the SDK', async () => {
		const { status, err } = await build([], { MODDABLE: '', HOME: folder });
		expect(status).toBe(1);
		expect(err).toMatch(/^The Moddable SDK is needed and MODDABLE is not set: install the SDK [^\n]+\n$/);
	});

	it('what xs-dev has written for the shell, where the shell has not read it', async () => {
		await mkdir(join(folder, '.local/share'), { recursive: true });
		await writeFile(join(folder, '.local/share/xs-dev-export.sh'), '');
		const { status, err } = await build([], { MODDABLE: '', HOME: folder });
		expect([status, err]).toEqual([1, 'MODDABLE is not set in this shell, though xs-dev has been here: run ". ~/.local/share/xs-dev-export.sh", and have your shell do so each time.\n']);
	});

	it.each([['8.2.2', 1], ['7.10.0', 1], ['8.2.3', 0], ['8.10.0', 0], ['nonsense', 0]])('an SDK that is too old: %s', async (version, status) => {
		await mkdir(join(folder, 'moddable/tools'), { recursive: true });
		await writeFile(join(folder, 'moddable/tools/VERSION'), `${version}\n`);
		const built = await build([]);
		expect(built.status).toBe(status);
		if (status) expect(built.err).toBe(`The Moddable SDK in ${join(folder, 'moddable')} is ${version}, and 8.2.3 or later is needed: run "npx xs-dev update".\n`);
	});

	it('each part of the ESP8266 tools, in a sentence of its own', async () => {
		await rm(join(folder, 'esp/esp8266-2.3.0'), { recursive: true });
		await rm(join(folder, 'esp/toolchain'), { recursive: true });
		const { status, err } = await build([]);
		expect(status).toBe(1);
		expect(err.trimEnd().split('\n')).toEqual([
			expect.stringMatching(/^The compiler for the ESP8266 is not at .*xs-dev setup --device esp8266/),
			expect.stringMatching(/^The Arduino core 2\.3\.0 for the ESP8266 is not at /),
		]);
	});

	it('ESP-IDF, and one of another version', async () => {
		const esp32 = (env: Record<string, string>) => call(['build', '--board', 'esp32', '--output', join(folder, 'out')], env);
		expect((await esp32({ IDF_PATH: '' })).err).toMatch(/^ESP-IDF v6\.0 is needed and IDF_PATH is not set: git clone -b v6\.0 [^\n]+\n$/);
		const idf = join(folder, 'idf');
		await mkdir(join(idf, 'tools/cmake'), { recursive: true });
		await writeFile(join(idf, 'export.sh'), '');
		await writeFile(join(idf, 'tools/cmake/version.cmake'), 'set(IDF_VERSION_MAJOR 5)\nset(IDF_VERSION_MINOR 1)\nset(IDF_VERSION_PATCH 2)\n');
		expect((await esp32({ IDF_PATH: idf })).err).toMatch(/^ESP-IDF at \S+ is v5\.1\.2, and the SDK takes v6\.0 only: [^\n]+\n$/);
	});
});

describe('telltale flash', () => {
	const flash = (words: string[], env?: Record<string, string>) => call(['flash', '--port', machine.port, '--output', join(folder, 'out'), ...words], env);

	it('writes bootloader, firmware and radio data where the SDK puts them, with progress, and ends with 0', async () => {
		const { status, out, err } = await flash([]);
		expect([status, err]).toEqual([0, '']);
		const words = JSON.parse(await readFile(machine.esptoolCalled, 'utf8')) as string[];
		const firmware = join(folder, 'esp/ESP8266_RTOS_SDK/components/esp8266/firmware');
		expect(words.slice(0, 7)).toEqual(['--chip', 'esp8266', '--port', machine.port, '--baud', '460800', 'write_flash']);
		expect(words.slice(-6)).toEqual([
			'0x0', join(firmware, 'boot_v1.7.bin'),
			'0x1000', join(folder, 'out/out/bin/esp/nodemcu/release/telltale/main.bin'),
			'0x3fc000', join(firmware, 'esp_init_data_default.bin'),
		]);
		expect(out.match(/^\d+ %$/gm)?.length).toBeGreaterThanOrEqual(2);
		expect(out).toContain('npx telltale watch cellar --broker mqtt://192.168.1.5:1883');
	});

	it('tells esptool to leave its colours, which it writes into a pipe too', async () => {
		await flash([]);
		expect((await readFile(join(folder, 'out/flash.log'), 'utf8'))).toContain('NO_COLOR=1');
	});

	it('writes the parts of an ESP32', async () => {
		const idf = join(folder, 'idf');
		await mkdir(idf);
		await writeFile(join(idf, 'export.sh'), '');
		expect((await flash(['--board', 'esp32'], { IDF_PATH: idf })).status).toBe(0);
		const words = JSON.parse(await readFile(machine.esptoolCalled, 'utf8')) as string[];
		expect(words[1]).toBe('esp32');
		expect(words.filter((word) => /^0x/.test(word))).toEqual(['0x1000', '0x8000', '0xd000', '0x10000']);
	});

	it.each([
		['A fatal error occurred: Failed to connect to ESP8266: Timed out waiting for packet header', /does not answer: hold its FLASH \(or BOOT\) button/],
		['A fatal error occurred: Failed to connect to Espressif device: No serial data received.', /does not answer: hold its FLASH/],
		["could not open port '/dev/ttyUSB0': [Errno 13] Permission denied: '/dev/ttyUSB0'", /^You may not use .*: run "sudo usermod -aG dialout /],
		["could not open port /dev/ttyUSB0: [Errno 16] Device or resource busy: '/dev/ttyUSB0'", /is in use: close the other program/],
		["could not open port /dev/ttyUSB0: [Errno 2] No such file or directory: '/dev/ttyUSB0'", /went away: connect the board again/],
		['A fatal error occurred: This chip is ESP32 not ESP8266. Wrong --chip argument?', /has another chip than ESP8266: choose the other --board/],
		['A fatal error occurred: MD5 of file does not match data in flash!', /does not read back the same/],
		['serial.serialutil.SerialException: device reports readiness to read but returned no data (device disconnected?)', /broke while writing/],
		["serial.serialutil.SerialException: Could not configure port: (25, 'Inappropriate ioctl for device')", /is no serial port: name the one/],
		["ModuleNotFoundError: No module named 'serial'", /lacks pyserial/],
		['\u001b[1;31mA fatal error occurred: Failed to connect to ESP8266: No serial data received.\u001b[0m', /does not answer: hold its FLASH/],
		['\u001b[1;31mA fatal error occurred: The \u001b[7mchip stopped responding.\u001b[0m', /broke while writing/],
		['\u001b[1;31mA fatal error occurred: something new\u001b[0m\n\u001b[0;33mWarning:\u001b[0m a hint\u001b[K', /^esptool failed \(A fatal error occurred: something new\): the whole output is in [^\u001b]*\n$/],
		['Usage: esptool [OPTIONS] COMMAND [ARGS]...\n╭─ Error ─────╮\n│ No such option: --flash_mode │\n╰─────────────╯\n', /^esptool failed \(No such option: --flash_mode\): the whole output/],
		['A fatal error occurred: bell\u0007 and \u202etxet', /^esptool failed \(A fatal error occurred: bell\\u0007 and \\u202etxet\): /],
		['A fatal error occurred: something new', /^esptool failed \(A fatal error occurred: something new\): the whole output is in /],
	])('explains %j in one sentence', async (complaint, sentence) => {
		const { status, err } = await flash([], { FAKE_ESPTOOL: complaint });
		expect(status).toBe(1);
		expect(err).toMatch(/^[^\n]+\n$/);
		expect(err).toMatch(sentence);
	});

	it('looks for settings and the port before it builds anything', async () => {
		const away = await call(['flash', '--port', join(folder, 'ttyUSB7')]);
		expect([away.status, away.out]).toEqual([1, '']);
		expect(away.err).toMatch(/^There is no port \S+ttyUSB7: [^\n]+\n$/);
		const unset = await flash(['--config', 'other.json']);
		expect(unset).toEqual({ status: 1, out: '', err: 'other.json is not there: make it with "npx telltale configure --file other.json".\n' });
		await expect(json('out/called.json')).rejects.toThrow();
	});
});

describe('telltale size', () => {
	const size = (...words: string[]) => call(['size', '--output', join(folder, 'out'), '--budget', join(folder, 'budget.md'), ...words]);

	it("prints the bytecode of our modules, not the SDK's, and what changed since it was written down", async () => {
		await writeFile(join(folder, 'budget.md'), '# Sizes\n\nWritten by hand.\n');
		const first = await size('--write');
		expect([first.status, first.err]).toEqual([0, '']);
		expect(first.out).toMatch(/^src\/telemetry\/broker +6,234\nsrc\/common\/text +900\ntelltale\/board +120\nall +7,254$/m);
		const page = await readFile(join(folder, 'budget.md'), 'utf8');
		expect(page).toMatch(/^# Sizes\n\nWritten by hand\.\n/);
		expect(page).toContain('| `src/telemetry/broker` | 6,234 |\n');
		await writeFile(join(folder, 'budget.md'), page.replace('| `src/telemetry/broker` | 6,234 |', '| `src/telemetry/broker` | 6,000 |').replace('`src/common/text`', '`src/gone`'));
		const second = await size();
		expect(second.out).toMatch(/^src\/telemetry\/broker +6,234 {2}\+234$/m);
		expect(second.out).toMatch(/^src\/common\/text +900 {2}new$/m);
		expect(second.out).toMatch(/^src\/gone +0 {2}-900$/m);
		await size('--write');
		expect(await readFile(join(folder, 'budget.md'), 'utf8')).toBe(page);
	});
});

describe('The figures of an image', () => {
	it('are the sizes of its sections', () => {
		const sizes = sectionSizes(elfFile({ '.data': 1, '.dram0.data': 20, '.dram0.bss': 300, '.flash.text': 4_000 }), 'x.elf');
		expect(Object.fromEntries(sizes)).toMatchObject({ '.data': 1, '.dram0.data': 20, '.dram0.bss': 300, '.flash.text': 4_000 });
		expect(staticRam(sizes, 'ESP32')).toBe(320);
		expect(staticRam(sizes, 'ESP8266')).toBe(1);
	});

	it('are not made up from what is no ELF file', () => {
		expect(() => sectionSizes(Buffer.from('no'), 'x.elf')).toThrow('x.elf is no 32-bit ELF file: delete its folder and build again.');
		expect(() => sectionSizes(elfFile({ '.data': 1 }).subarray(0, 70), 'x.elf')).toThrow('x.elf is cut off');
	});
});
