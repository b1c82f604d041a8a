// A machine with an SDK and an esptool that do what the real ones do to files and words, without compilers and boards.

import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { type } from 'node:os';
import { delimiter, join } from 'node:path';

const HOST = type() === 'Darwin' ? 'mac' : 'lin';

/** Notes how it was called, links XS, then writes an image, or complains as FAKE_MCCONFIG says and ends with FAKE_STATUS. */
const MCCONFIG = `#!${process.execPath}
const fs = require('fs'), path = require('path');
const words = process.argv.slice(2);
const after = (word) => words[words.indexOf(word) + 1];
fs.writeFileSync('called.json', JSON.stringify({ words, cwd: process.cwd(), tsc: process.env.PATH.split(':').some((f) => fs.existsSync(f + '/tsc')) }));
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
for (const file of ['main.bin', 'xs_esp32.bin', 'bootloader.bin', 'partition-table.bin']) fs.writeFileSync(path.join(place('bin'), file), Buffer.alloc(12345));
`;

/** esptool's words: FAKE_ESPTOOL is what it complains about. */
const ESPTOOL = `#!${process.execPath}
const fs = require('fs');
fs.writeFileSync(process.env.FAKE_CALLED, JSON.stringify(process.argv.slice(2)));
console.log('esptool.py v4.7.0\\nSerial port ' + process.argv[process.argv.indexOf('--port') + 1] + '\\nConnecting....');
console.log('NO_COLOR=' + process.env.NO_COLOR);
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
	for (const blob of ['boot_v1.7.bin', 'esp_init_data_default.bin']) await writeFile(join(firmware, blob), Buffer.alloc(128));
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
	return { env, esptoolCalled, port };
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
