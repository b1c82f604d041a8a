// A machine with an SDK and an esptool that do what the real ones do to files and words, without compilers and boards.

import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { type } from 'node:os';
import { delimiter, join } from 'node:path';

const HOST = type() === 'Darwin' ? 'mac' : 'lin';

/** Notes how it was called, links XS, then writes an image, or complains as FAKE_MCCONFIG says and ends with FAKE_STATUS. */
const MCCONFIG = `#!${process.execPath}
const fs = require('fs'), path = require('path');
const words = process.argv.slice(2);
const after = (word) => words[words.indexOf(word) + 1];
fs.writeFileSync('called.json', JSON.stringify({ words, cwd: process.cwd(), tsc: process.env.PATH.split(':').some((f) => fs.existsSync(f + '/tsc')) }));
if (process.env.FAKE_SEEN) fs.copyFileSync('manifest.json', path.join(process.env.FAKE_SEEN, after('-p').replace('/', '-') + '.json'));
const wanted = process.env.FAKE_MCCONFIG || '';
console.log('# tsc broker');
console.error('### 2094 instances, 1931 keys, 95 colors, 0 holes');
const status = Number(process.env.FAKE_STATUS || 2);
if (wanted) console.error(wanted);
if (wanted && status) process.exit(status);
const place = (kind) => { const f = path.join(after('-o'), kind, after('-p'), words.includes('-d') ? 'debug' : 'release', 'telltale'); fs.mkdirSync(f, { recursive: true }); return f; };
const elf = path.join(place('tmp'), after('-p').startsWith('esp32') ? 'xsProj-esp32/build/xs_esp32.elf' : 'main.elf');
fs.mkdirSync(path.dirname(elf), { recursive: true });
fs.writeFileSync(elf, Buffer.from(process.env.FAKE_ELF, 'base64'));
fs.writeFileSync(path.join(place('tmp'), 'manifest_flat.json'), JSON.stringify({ creation: { static: 28672 } }));
for (const [name, bytes] of Object.entries({ 'src/telemetry/broker': 6234, 'src/common/text': 900, 'telltale/board': 120, 'timer': 700 })) {
	fs.mkdirSync(path.dirname(path.join(place('tmp'), 'modules', name)), { recursive: true });
	fs.writeFileSync(path.join(place('tmp'), 'modules', name + '.xsb'), Buffer.alloc(bytes));
}
if (process.env.FAKE_NO_IMAGE) process.exit(0);
const image = Buffer.alloc(12345);
image.write(process.env.FAKE_CONTENT || '', 5000);
const files = { 'main.bin': image, 'xs_esp32.bin': image, 'ota_data_initial.bin': Buffer.alloc(8192, 255) };
for (const [file, variable] of [['bootloader.bin', 'FAKE_BOOTLOADER'], ['partition-table.bin', 'FAKE_TABLE']]) files[file] = Buffer.from(process.env[variable], 'base64');
for (const [file, bytes] of Object.entries(files)) fs.writeFileSync(path.join(place('bin'), file), bytes);
`;

/** esptool's words: FAKE_ESPTOOL is what it complains about. */
const ESPTOOL = `#!${process.execPath}
const fs = require('fs');
fs.writeFileSync(process.env.FAKE_CALLED, JSON.stringify(process.argv.slice(2)));
console.log('esptool.py v4.7.0\\nSerial port ' + process.argv[process.argv.indexOf('--port') + 1] + '\\nConnecting....');
console.log('NO_COLOR=' + process.env.NO_COLOR);
if (process.argv.includes(process.env.FAKE_BAD_PORT)) { console.log('A fatal error occurred: Failed to connect to ESP8266: No serial data received.'); process.exit(2); }
if (process.env.FAKE_ESPTOOL) { console.log(process.env.FAKE_ESPTOOL); process.exit(2); }
process.stdout.write('\\rWriting at 0x00000000... (100 %)\\nHash of data verified.\\n');
for (const percent of [10, 55, 100]) process.stdout.write('\\rWriting at 0x0000' + (0x1000 + percent).toString(16) + '... (' + percent + ' %)');
console.log('\\nHash of data verified.\\n\\nLeaving...\\nHard resetting via RTS pin...');
`;

export interface FakeMachine {
	readonly env: Record<string, string>;
	/** What esptool was called with. */
	readonly esptoolCalled: string;
	readonly port: string;
}

export async function fakeMachine(folder: string): Promise<FakeMachine> {
	const [sdk, esp, bin] = [join(folder, 'moddable'), join(folder, 'esp'), join(folder, 'bin')];
	const firmware = join(esp, 'ESP8266_RTOS_SDK/components/esp8266/firmware');
	const tools = join(sdk, 'build/bin', HOST, 'release');
	for (const each of [join(sdk, 'build/devices'), tools, join(esp, 'toolchain', type()), join(esp, 'esp8266-2.3.0'), firmware, bin]) await mkdir(each, { recursive: true });
	await writeFile(join(firmware, 'boot_v1.7.bin'), Buffer.concat([Buffer.from([0xe9, 3, 0, 0]), Buffer.alloc(124)]));
	await writeFile(join(firmware, 'esp_init_data_default.bin'), Buffer.alloc(128));
	const programs: [string, string][] = [[join(tools, 'mcconfig'), MCCONFIG], [join(bin, 'esptool.py'), ESPTOOL], [join(bin, 'python'), '#!/bin/sh\n']];
	for (const [path, text] of programs) {
		await writeFile(path, text);
		await chmod(path, 0o755);
	}
	const [port, esptoolCalled] = [join(folder, 'ttyUSB0'), join(folder, 'esptool.json')];
	await writeFile(port, '');
	const elf = elfFile({ '.data': 932, '.rodata': 9_492, '.bss': 30_104, '.text': 27_256, '.irom0.text': 531_124 });
	// Named one by one: the machine that the tests run on may have an SDK of its own.
	const roots = { TOOLS_ROOT: join(esp, 'toolchain', type()), ESPRESSIF_SDK_ROOT: join(esp, 'ESP8266_RTOS_SDK'), ARDUINO_ROOT: join(esp, 'esp8266-2.3.0') };
	const env = { MODDABLE: sdk, ESP_BASE: esp, ...roots, PATH: `${bin}${delimiter}${process.env['PATH']}`, FAKE_ELF: elf.toString('base64'), FAKE_CALLED: esptoolCalled };
	const table = partitionTable(await readFile('hardware/esp32-partitions.csv', 'utf8'));
	return { env: { ...env, FAKE_BOOTLOADER: bootloader().toString('base64'), FAKE_TABLE: table.toString('base64') }, esptoolCalled, port };
}

/** Of an ESP32, for qio at 80 MHz as the SDK's own settings have it: one segment, its check sum, its digest. */
export function bootloader(): Buffer {
	const image = Buffer.alloc(24 + 8 + 100 + 12);
	Buffer.from([0xe9, 1, 0, 0x2f]).copy(image);
	image[23] = 1;
	image.writeUInt32LE(100, 28);
	return Buffer.concat([image, createHash('sha256').update(image).digest()]);
}

const TYPES: Readonly<Record<string, number>> = { app: 0, data: 1 };
const SUBTYPES: Readonly<Record<string, number>> = { factory: 0, ota_0: 0x10, ota_1: 0x11, ota: 0, phy: 1, nvs: 2, spiffs: 0x82 };

/** What ESP-IDF's gen_esp32part.py makes of such a table, without its MD5. */
export function partitionTable(csv: string): Buffer {
	const rows = csv.split('\n').filter((line) => line.trim() && !line.startsWith('#')).map((line) => line.split(',').map((cell) => cell.trim()));
	return Buffer.concat([...rows.map(([name, type, subtype, offset, size]) => {
		const entry = Buffer.alloc(32);
		Buffer.from([0xaa, 0x50, TYPES[type!]!, SUBTYPES[subtype!]!]).copy(entry);
		entry.writeUInt32LE(Number(offset), 4);
		entry.writeUInt32LE(Number(size), 8);
		entry.write(name!, 12, 'latin1');
		return entry;
	}), Buffer.alloc(0xc00 - 32 * rows.length, 0xff)]);
}

/** A 32-bit ELF file of nothing but section headers. */
export function elfFile(sections: Readonly<Record<string, number>>): Buffer {
	const names = ['', ...Object.keys(sections), '.shstrtab'];
	const strings = Buffer.from(`${names.join('\0')}\0`, 'latin1');
	const file = Buffer.alloc(52 + strings.length + names.length * 40);
	const table = 52 + strings.length;
	Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]).copy(file);
	strings.copy(file, 52);
	file.writeUInt32LE(table, 0x20);
	[40, names.length, names.length - 1].forEach((value, index) => file.writeUInt16LE(value, 0x2e + 2 * index));
	names.forEach((name, index) => {
		const at = table + index * 40;
		file.writeUInt32LE(names.slice(0, index).join('\0').length + (index ? 1 : 0), at);
		file.writeUInt32LE(index === names.length - 1 ? 52 : 0, at + 16);
		file.writeUInt32LE(sections[name] ?? 0, at + 20);
	});
	return file;
}
