// A release, made of what a made-up SDK built, and what is read back of it.
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHIPS, partsProblem, patched, type Part } from '../../cli/flash-map.js';
import { readRelease } from '../../cli/release-folder.js';
import { fromIoreg, usbName } from '../../cli/usb.js';
import { VERSION } from '../../src/common/version.js';
import { bootloader, fakeMachine, partitionTable, type FakeMachine } from './fake-sdk.js';
import { inside } from './support.js';

let folder: string;
let machine: FakeMachine;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'telltale-'));
	machine = await fakeMachine(folder);
	await mkdir(join(folder, 'idf'));
	await writeFile(join(folder, 'idf/export.sh'), '');
	machine.env['IDF_PATH'] = join(folder, 'idf');
	expect((await release([])).status).toBe(0);
});
afterAll(() => rm(folder, { recursive: true }));

const call = (words: string[], env: Record<string, string> = {}) => inside(words, { cwd: folder, env: { ...machine.env, ...env } });
const release = (words: string[], env?: Record<string, string>) => call(['release', '--output', join(folder, 'release'), ...words], env);
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const released = (name: string) => readFile(join(folder, 'release', name));
/** A copy that a test may spoil. */
async function copy(name: string): Promise<string> {
	await cp(join(folder, 'release'), join(folder, name), { recursive: true });
	return join(folder, name);
}

describe('telltale release', () => {
	it('puts the parts of each board at their own offsets, for ESP Web Tools, which asks before it erases', async () => {
		const manifest = JSON.parse(String(await released('manifest.json')));
		expect(manifest).toMatchObject({ name: 'Telltale', version: VERSION, new_install_prompt_erase: true, new_install_improv_wait_time: 10 });
		expect(manifest.builds).toEqual([{ chipFamily: 'ESP8266', parts: [
			{ path: 'nodemcu/boot_v1.7.bin', offset: 0 },
			{ path: 'nodemcu/main.bin', offset: 0x1000 },
			{ path: 'nodemcu/esp_init_data_default.bin', offset: 0x3f_c000 },
		] }]);
		const esp32 = JSON.parse(String(await released('manifest-esp32.json')));
		expect(esp32.name).toContain('preview');
		expect(esp32.builds).toEqual([{ chipFamily: 'ESP32', parts: [
			{ path: 'esp32/bootloader.bin', offset: 0x1000 },
			{ path: 'esp32/partition-table.bin', offset: 0x8000 },
			{ path: 'esp32/ota_data_initial.bin', offset: 0xd000 },
			{ path: 'esp32/xs_esp32.bin', offset: 0x1_0000 },
		] }]);
	});

	it('tells the boot loader of the board\'s flash, as esptool does: dio, 40 MHz, 4 MB', async () => {
		expect((await released('nodemcu/boot_v1.7.bin')).subarray(0, 4).toString('hex')).toBe('e9030240');
		const esp32 = await released('esp32/bootloader.bin');
		expect(esp32.subarray(0, 4).toString('hex')).toBe('e9010220');
		expect(esp32.subarray(-32).toString('hex')).toBe(sha256(esp32.subarray(0, -32)));
	});

	it('has a check sum for each of its files, which sha256sum takes', async () => {
		const lines = String(await released('SHA256SUMS')).trimEnd().split('\n');
		const names = (await readdir(join(folder, 'release'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile() && entry.name !== 'SHA256SUMS');
		expect(lines).toHaveLength(names.length);
		for (const line of lines) {
			const [sum, name] = line.split('  ');
			expect(sha256(await released(name!)), name).toBe(sum);
			expect((await stat(join(folder, 'release', name!))).mode & 0o777, name).toBe(0o644);
		}
	});

	it('uses no settings, though a file of them lies there, and makes the same bytes again', async () => {
		const sums = String(await released('SHA256SUMS'));
		await writeFile(join(folder, 'telltale.json'), JSON.stringify({ node: 'cellar', ssid: 'attic', passphrase: 'correct horse', host: '192.168.1.5' }));
		const { status, out, err } = await release([], { FAKE_SEEN: folder });
		expect([status, err]).toEqual([0, '']);
		expect(out).toMatch(/^ {2}0x1000 +12,345 bytes {2}nodemcu\/main\.bin$/m);
		expect(String(await released('SHA256SUMS'))).toBe(sums);
		const manifest = JSON.parse(await readFile(join(folder, 'esp-nodemcu.json'), 'utf8'));
		expect(manifest.config.telltale).toMatchObject({ ssid: '', passphrase: '', host: '', password: '' });
		// Whatever a node is set to later: MQTT 5.0 is in it.
		expect(manifest.modules).toBeUndefined();
	});

	it.each([
		['correct horse', {}, 'the passphrase of telltale.json'],
		['s3cr3t-token', { MY_API_TOKEN: 's3cr3t-token' }, 'the variable MY_API_TOKEN of the environment'],
		['second horse', {}, 'the passphrase2 of node.local.json'],
	])('refuses an image that holds a secret: %s', async (content, env, what) => {
		await writeFile(join(folder, 'telltale.json'), JSON.stringify({ passphrase: 'correct horse' }));
		await writeFile(join(folder, 'node.local.json'), JSON.stringify({ passphrase2: 'second horse' }));
		const { status, err } = await release(['--output', join(folder, 'leaky')], { FAKE_CONTENT: content, ...env });
		expect([status, err]).toEqual([1, `nodemcu/main.bin holds ${what}, so nothing was released: if that is a word of the firmware's own, release from where it is not at hand; else report it.\n`]);
		expect(err).not.toContain(content);
		await expect(stat(join(folder, 'leaky'))).rejects.toThrow();
	});

	it('leaves out a board whose tools are not there, in a sentence, and forgets what an earlier release had of it', async () => {
		await copy('half');
		const { status, err } = await release(['--output', join(folder, 'half')], { IDF_PATH: '' });
		expect(status).toBe(0);
		expect(err).toMatch(/^No image for esp32: ESP-IDF v6\.0 is needed [^\n]+\n$/);
		expect((await readRelease(join(folder, 'half'))).boards.map(({ board }) => board)).toEqual(['nodemcu']);
		await expect(stat(join(folder, 'half/esp32/xs_esp32.bin'))).rejects.toThrow();
	});

	it('fails where the board that was asked for, or none, can be built', async () => {
		expect(await release(['--board', 'esp32'], { IDF_PATH: '' })).toMatchObject({ status: 1, err: expect.stringMatching(/^ESP-IDF v6\.0 is needed/) });
		const none = await release([], { IDF_PATH: '', ESP_BASE: join(folder, 'nope') });
		expect([none.status, none.err.trimEnd().split('\n').at(-1)]).toEqual([1, 'There is nothing to release: the tools for one board at the least are needed.']);
	});

	it.each([
		['full', async (path: string) => (await mkdir(path), writeFile(join(path, 'thesis.txt'), '')), 'holds something else than a release'],
		['file', async (path: string) => writeFile(path, ''), 'is a file'],
		['downloads', async (path: string) => (await mkdir(path), await writeFile(join(path, 'debian.iso'), ''), writeFile(join(path, 'SHA256SUMS'), `${'0'.repeat(64)}  debian.iso\n`)), 'holds something else than a release'],
	])('writes to no folder that is %s', async (name, make, words) => {
		await make(join(folder, name));
		const { status, err } = await release(['--board', 'nodemcu', '--output', join(folder, name)]);
		expect(status).toBe(1);
		expect(err).toMatch(new RegExp(`^\\S+${name} ${words}[^\\n]+\\n$`));
		if (name === 'downloads') await stat(join(folder, name, 'debian.iso'));
	});
});

describe('What is written to a board', () => {
	const table = async (change: (csv: string) => string = (csv) => csv) => partitionTable(change(await readFile('hardware/esp32-partitions.csv', 'utf8')));
	const part = (offset: number, bytes: Buffer | number): Part => ({ name: 'x.bin', offset, bytes: typeof bytes === 'number' ? Buffer.alloc(bytes) : bytes });
	const boot = { nodemcu: part(0, Buffer.concat([Buffer.from([0xe9]), Buffer.alloc(99)])), esp32: part(0x1000, bootloader()) };

	it.each([
		[0x1000, 0xf_f000, ''],
		[0x1000, 0xf_f001, 'x.bin, 0x1000 to 0x101000, would overwrite the preferences of the node.'],
		[0x3f_a000, 1, 'x.bin, 0x3fa000 to 0x3fb000, would overwrite the readings and settings of the node.'],
		[0x3f_b000, 1, ''],
		[0x3f_c000, 0x4001, 'x.bin at 0x3fc000 does not fit the 4 MB of flash.'],
		[0x1234, 1, 'x.bin at 0x1234 does not fit the 4 MB of flash.'],
	])('leaves alone what a NodeMCU keeps: at %i, %i bytes', (offset, size, problem) => {
		expect(partsProblem([boot.nodemcu, part(offset, size)], 'nodemcu')).toBe(problem);
	});

	it('leaves alone what the table of an ESP32 keeps: preferences and readings, not which slot starts', async () => {
		const of = async (...parts: Part[]) => partsProblem([boot.esp32, part(0x8000, await table()), ...parts], 'esp32');
		expect(await of(part(0xd000, 0x2000), part(0x1_0000, 0x1b_0000))).toBe('');
		expect(await of(part(0xc000, 1))).toBe('x.bin, 0xc000 to 0xd000, would overwrite the partition nvs of the node.');
		expect(await of(part(0x37_0000, 1))).toBe('x.bin, 0x370000 to 0x371000, would overwrite the partition storage of the node.');
		expect(await of(part(0x1_0000, 10), part(0x1_0000, 10))).toBe('x.bin at 0x10000 reaches into x.bin at 0x10000.');
		expect(partsProblem([boot.esp32], 'esp32')).toBe('There is no partition table for esp32 at 0x8000.');
		expect(partsProblem([boot.esp32, part(0x8000, Buffer.alloc(3_072, 0xff))], 'esp32')).toBe('The partition table for esp32 names no place for readings.');
		expect(partsProblem([part(0, 10)], 'nodemcu')).toBe('There is no boot loader for nodemcu at 0x0.');
	});

	it('is no boot loader that is none, or that does not match its digest', () => {
		expect(() => patched(Buffer.alloc(128), 'nodemcu')).toThrow('The boot loader for nodemcu is none: ');
		const torn = bootloader();
		torn[40] = 1;
		expect(() => patched(torn, 'esp32')).toThrow('does not match its own digest');
		expect(() => patched(bootloader().subarray(0, 100), 'esp32')).toThrow('does not match its own digest');
	});

	it('has two slots of one size on an ESP32, each at 64 KB, and no gap', async () => {
		const rows = (await readFile('hardware/esp32-partitions.csv', 'utf8')).split('\n').filter((line) => /^\w/.test(line)).map((line) => line.split(',').map((cell) => cell.trim()));
		let end = 0x9000;
		for (const [name, , , offset, size] of rows) {
			expect(Number(offset), name).toBe(end);
			end += Number(size);
		}
		expect(end).toBe(0x40_0000);
		const slots = rows.filter(([, type]) => type === 'app');
		expect(slots.map(([, , subtype]) => subtype)).toEqual(['ota_0', 'ota_1']);
		expect(slots[0]![4]).toBe(slots[1]![4]);
		expect(slots.every(([, , , offset]) => Number(offset) % 0x1_0000 === 0)).toBe(true);
		expect(CHIPS.esp32.boot).toBe(0x1000);
	});

	it('has a boot loader on an ESP32 that checks images and takes a bad one back, in words that mcconfig merges', async () => {
		const { build } = JSON.parse(await readFile('manifest.json', 'utf8')).platforms.esp32;
		const lines = (await readFile(join(build.SDKCONFIGPATH, 'sdkconfig.defaults'), 'utf8')).trimEnd().split('\n');
		expect(lines).toEqual(expect.arrayContaining(['CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE=y', 'CONFIG_BOOTLOADER_SKIP_VALIDATE_ALWAYS=n']));
		// It passes over "# … is not set".
		for (const line of lines) expect(line).toMatch(/^CONFIG_\w+=[yn]$/);
	});
});

describe('A release that is read', () => {
	const spoiled: [string, (path: string) => Promise<unknown>, RegExp][] = [
		['is not there', (path) => rm(path, { recursive: true }), /^There is no release in \S+: make one with "npx telltale release"/],
		['has another byte', (path) => writeFile(join(path, 'nodemcu/main.bin'), 'x'), /main\.bin is not what SHA256SUMS says: make the release again/],
		['lacks a part', (path) => unlink(join(path, 'nodemcu/main.bin')), /main\.bin cannot be read, it is not there: make the release again/],
		['names files elsewhere', (path) => writeFile(join(path, 'SHA256SUMS'), `${'0'.repeat(64)}  ../../etc/passwd\n`), /SHA256SUMS is no list of check sums/],
		['hides files', (path) => writeFile(join(path, 'SHA256SUMS'), `${'0'.repeat(64)}  .ssh/id\n`), /SHA256SUMS is no list of check sums/],
		['has no manifest', (path) => sums(path, {}), /holds no manifest \(manifest\.json, manifest-esp32\.json\)/],
		['has a manifest that is none', (path) => sums(path, { 'manifest.json': 'null' }), /manifest\.json names no parts for nodemcu that are there/],
		['has a manifest with parts elsewhere', (path) => sums(path, { 'manifest.json': manifestWith({ path: '../main.bin', offset: 0 }) }), /names no parts for nodemcu/],
		['would overwrite what nodes keep', (path) => sums(path, { 'manifest.json': manifestWith({ path: 'x.bin', offset: 0 }, { path: 'x.bin', offset: 0x20_0000 }), 'x.bin': '\u00e9' }), /cannot be used: x\.bin, 0x200000 to 0x201000, would overwrite the readings/],
	];
	const manifestWith = (...parts: object[]) => JSON.stringify({ name: 'x', version: '1', builds: [{ chipFamily: 'ESP8266', parts }] });
	async function sums(path: string, files: Record<string, string>): Promise<void> {
		const bytes = Object.entries(files).map(([name, text]) => [name, Buffer.from(text, 'latin1')] as const);
		for (const [name, each] of bytes) await writeFile(join(path, name), each);
		const notice = await readFile(join(path, 'NOTICE.txt'));
		await writeFile(join(path, 'SHA256SUMS'), [...bytes, ['NOTICE.txt', notice] as const].map(([name, each]) => `${sha256(each)}  ${name}\n`).join(''));
	}

	it.each(spoiled)('is refused in one sentence when it %s', async (what, spoil, sentence) => {
		const path = await copy(what.replaceAll(' ', '-'));
		await spoil(path);
		const { status, err } = await call(['flash', '--release', path, '--port', machine.port]);
		expect(status).toBe(1);
		expect(err).toMatch(/^[^\n]+\n$/);
		expect(err).toMatch(sentence);
	});
});

describe('telltale flash --release', () => {
	const flash = (words: string[], env: Record<string, string> = {}) => call(['flash', '--release', join(folder, 'release'), ...words], { MODDABLE: '', ...env });

	it('writes the parts with esptool alone, and needs no settings and no SDK', async () => {
		await rm(join(folder, 'telltale.json'), { force: true });
		const { status, out, err } = await flash(['--port', machine.port]);
		expect([status, err]).toEqual([0, '']);
		expect(out).toContain(`Telltale ${VERSION} for nodemcu, one board.`);
		const words = JSON.parse(await readFile(machine.esptoolCalled, 'utf8')) as string[];
		expect(words.slice(-6)).toEqual(['0x0', 'boot_v1.7.bin', '0x1000', 'main.bin', '0x3fc000', 'esp_init_data_default.bin'].map((word) => (word.endsWith('.bin') ? join(folder, 'release/nodemcu', word) : word)));
	});

	it('writes to several boards one after the other; one that fails does not stop the others', async () => {
		const ports = ['ttyUSB1', 'ttyUSB2', 'ttyUSB3'].map((name) => join(folder, name));
		for (const port of ports) await writeFile(port, '');
		const { status, out, err } = await flash(ports.flatMap((port) => ['--port', port]), { FAKE_BAD_PORT: ports[1]! });
		expect(status).toBe(1);
		expect(out.split('\n').filter((line) => /^\S+: /.test(line))).toEqual([`${ports[0]}: written.`, expect.stringMatching(/ttyUSB2: The board at \S+ does not answer: /), `${ports[2]}: written.`]);
		expect(err).toBe('1 of 3 boards was not written: the lines above say why.\n');
	});

	it('says what the release has not, and what does not go together', async () => {
		await copy('only');
		expect((await release(['--board', 'nodemcu', '--output', join(folder, 'only')])).status).toBe(0);
		expect(await call(['flash', '--release', join(folder, 'only'), '--board', 'esp32'])).toMatchObject({ status: 1, err: expect.stringMatching(/^The release in \S+ is for nodemcu only: choose with --board\.\n$/) });
		const two = ['--port', machine.port, '--port', machine.port];
		expect(await call(['flash', ...two])).toMatchObject({ status: 2, err: expect.stringMatching(/^The settings in the image are those of one node, [^\n]+\n$/) });
		expect(await flash(['--config', 'x.json'])).toMatchObject({ status: 2, err: 'A release has its images already: leave --config out.\n' });
		expect(await flash(['--port', join(folder, 'ttyUSB9')])).toMatchObject({ status: 1, err: expect.stringMatching(/^There is no port \S+ttyUSB9: /) });
	});
});

describe('The USB name of a port', () => {
	it('is what Linux has of it', async () => {
		const device = join(folder, 'sys/devices/usb1/1-2');
		await mkdir(join(device, '1-2:1.0/ttyUSB4'), { recursive: true });
		await mkdir(join(folder, 'sys/class/ttyUSB4'), { recursive: true });
		await writeFile(join(device, 'product'), 'CP2102 USB to UART\u001b[2J Bridge Controller\n');
		await writeFile(join(device, 'serial'), '0001\n');
		const { symlink } = await import('node:fs/promises');
		await symlink(join(device, '1-2:1.0/ttyUSB4'), join(folder, 'sys/class/ttyUSB4/device'));
		expect(usbName('/dev/ttyUSB4', 'linux', join(folder, 'sys/class'))).toBe('CP2102 USB to UART\\u001b[2J Bridge Controller, serial number 0001');
		expect(usbName('/dev/ttyUSB5', 'linux', join(folder, 'sys/class'))).toBe('');
	});

	it('is what ioreg of macOS has of it', () => {
		const device = (product: string, serial: string, port: string) => [
			`+-o ${product}@14200000  <class IOUSBHostDevice, id 0x100000abc, registered, matched, active, busy 0 (5 ms), retain 30>`,
			'    {', `      "USB Product Name" = "${product}"`, ...(serial ? [`      "USB Serial Number" = "${serial}"`] : []), '    }',
			'    +-o IOSerialBSDClient  <class IOSerialBSDClient, id 0x100000def, registered, matched, active, busy 0 (0 ms), retain 6>',
			`        "IOCalloutDevice" = "${port}"`,
		].join('\n');
		const listing = [device('CP2102 Bridge', '0001', '/dev/cu.SLAB_USBtoUART'), device('USB Serial', '', '/dev/cu.wchusbserial10')].join('\n');
		expect(fromIoreg('/dev/cu.SLAB_USBtoUART', listing)).toBe('CP2102 Bridge, serial number 0001');
		expect(fromIoreg('/dev/cu.wchusbserial10', listing)).toBe('USB Serial');
		expect(fromIoreg('/dev/cu.other', listing)).toBe('');
	});
});
