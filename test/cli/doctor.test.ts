// telltale doctor, on machines that are folders: an SDK, ports and groups of the test's own.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sections, table, type Place } from '../../cli/doctor.js';
import { isInGroup, portGroup } from '../../cli/ports.js';
import { remedyFor, systemOf, type System } from '../../cli/remedies.js';
import { nodeProblem } from '../../cli/setup.mjs';
import { fakeMachine, type FakeMachine } from './fake-sdk.js';
import { inside } from './support.js';

const DEBIAN: System = { name: 'Debian', family: 'debian', wsl: false };

let folder: string;
let machine: FakeMachine;
beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), 'telltale-'));
	machine = await fakeMachine(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Nothing of the machine that the tests run on, but what is put into its bin. */
function place(more: Partial<Place> = {}): Place {
	mkdirSync(join(folder, 'dev'), { recursive: true });
	return { env: { ...machine.env, PATH: join(folder, 'bin'), HOME: folder }, system: DEBIAN, devices: join(folder, 'dev'), groupFile: join(folder, 'group'), engine: join(folder, 'worker'), ...more };
}

function tool(name: string, script = 'exit 0'): void {
	writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`);
	chmodSync(join(folder, 'bin', name), 0o755);
}

/** What is missing, by name, with the command that mends it. */
function missing(aim: string, at: Place, boards: readonly ('nodemcu' | 'esp32')[] = ['nodemcu']): Record<string, string> {
	const found = sections(at, boards).find((section) => section.aim === aim)!;
	return Object.fromEntries(found.findings.filter((each) => !each.found).map((each) => [each.name, remedyFor(each.remedy, at.system)]));
}

describe('telltale doctor', () => {
	it('fails for what was asked for by name and is missing, and for nothing else', async () => {
		const env = { ...machine.env, MODDABLE: '', HOME: folder };
		const asked = await inside(['doctor', 'build'], { env });
		expect(asked.status).toBe(1);
		expect(asked.err).toBe('Something is missing to build for nodemcu: the table names it, with the command that mends it.\n');
		expect(asked.out).toMatch(/^ {2}MISSING {2}Moddable SDK +The Moddable SDK is needed and MODDABLE is not set\n +npx xs-dev setup$/m);
		expect(asked.out).not.toContain('https://');
		const all = await inside(['doctor'], { env });
		expect([all.status, all.err]).toEqual([0, '']);
		expect(all.out.match(/^To .*:$/gm)).toEqual(['To try without hardware:', 'To build for nodemcu:', 'To build for esp32:', 'To flash a board:', 'To run the tests:']);
		expect((await inside(['doctor', 'try'], { env })).status).toBe(0);
	});

	it('finds a whole machine whole, and asks of flashing what building asks too', async () => {
		const { status, out } = await inside(['doctor', 'build'], { env: machine.env });
		expect([status, out.includes('MISSING')]).toEqual([0, false]);
		expect(out).toMatch(/\n\nNothing is missing\.\n$/);
		expect((await inside(['doctor', 'flash'], { env: machine.env })).out).toMatch(/^To build for nodemcu:[^]*^To flash a board:/m);
	});

	it.each([
		[['doctor', 'buld'], /^"buld" is nothing that the doctor knows: did you mean "build"\?\n$/],
		[['doctor', 'x\u009b2J'], /^"x\\u009b2J" is nothing that the doctor knows: known are try, build, flash, tests\.\n$/],
		[['doctor', '--board', 'esp99'], /^The board "esp99" is not known: /],
	])('%j is bad usage, said in one sentence', async (words, sentence) => {
		const { status, out, err } = await inside(words);
		expect([status, out]).toEqual([2, '']);
		expect(err).toMatch(sentence);
	});

	it('wants of a build what the build wants: each part of the SDK, python and its pyserial', () => {
		for (const each of ['make', 'bash']) tool(each);
		expect(missing('build', place())).toEqual({});
		tool('python', 'exit 1');
		const python = join(folder, 'bin/python');
		expect(missing('build', place())).toEqual({ pyserial: `${python} -m pip install pyserial` });
		expect(missing('build', place({ system: { name: 'macOS', family: 'macos', wsl: false } }))).toEqual({ pyserial: expect.stringMatching(/^python -m pip install --user /) });
		rmSync(join(folder, 'bin/python'));
		rmSync(join(folder, 'bin/make'));
		rmSync(join(folder, 'moddable/build/bin'), { recursive: true });
		rmSync(join(folder, 'esp/esp8266-2.3.0'), { recursive: true });
		expect(missing('build', place())).toEqual({
			'its tools': expect.stringMatching(/^make -C \S+\/moddable\/build\/makefiles\/\w+$/),
			'Arduino core 2.3.0 for the ESP8266': 'npx xs-dev setup --device esp8266',
			python: 'sudo apt install python3 python-is-python3 python3-serial',
			make: 'sudo apt install build-essential',
		});
		expect(missing('build', place(), ['esp32'])).toHaveProperty('ESP-IDF', expect.stringContaining('git clone -b v6.0'));
	});

	it('wants a compiler for the XS engine only while there is none', () => {
		expect(missing('try', place())).toEqual({ 'C compiler (cc)': 'sudo apt install build-essential', make: 'sudo apt install build-essential' });
		writeFileSync(join(folder, 'worker'), '');
		expect(missing('try', place())).toEqual({});
		expect([nodeProblem('20.18.1'), nodeProblem('20.19.0'), nodeProblem('24.0.0')]).toEqual(['Node 20.18.1 is too old: install Node 20.19 or later.', '', '']);
	});

	it('wants a port, and says under WSL how a board gets there', () => {
		expect(missing('flash', place())).toMatchObject({ 'serial port': '' });
		expect(missing('flash', place({ system: { ...DEBIAN, wsl: true } }))).toMatchObject({ 'serial port': expect.stringMatching(/^usbipd bind .*; usbipd attach --wsl /) });
		writeFileSync(join(folder, 'dev/ttyUSB0'), '');
		expect(missing('flash', place())).toEqual({});
		rmSync(join(folder, 'bin/esptool.py'));
		expect(missing('flash', place())).toEqual({ esptool: 'sudo apt install esptool' });
	});

	it('wants of the tests what they skip or fail without', () => {
		for (const each of ['mosquitto', 'mosquitto_sub', 'openssl', 'socat', 'chromium']) tool(each);
		for (const each of ['cc', 'make']) tool(each);
		expect(missing('tests', place())).toEqual({});
		rmSync(join(folder, 'bin/socat'));
		expect(missing('tests', place())).toEqual({ socat: 'sudo apt install socat' });
	});

	it('writes a table: what is there with where it is, what is not with the command below it', () => {
		const findings = [
			{ name: 'make', found: '/usr/bin/make', problem: '', remedy: 'compiler' },
			{ name: 'esptool', found: '', problem: 'esptool is not on the PATH: install it.', remedy: 'esptool' },
			{ name: 'serial port', found: '', problem: 'none: connect one.', remedy: '' },
		];
		expect(table({ aim: 'flash', title: 'flash a board', findings }, DEBIAN)).toEqual([
			'',
			'To flash a board:',
			'  ok       make         /usr/bin/make',
			'  MISSING  esptool      esptool is not on the PATH',
			'                        sudo apt install esptool',
			'  MISSING  serial port  none: connect one',
		]);
	});
});

describe('The group of a serial port', () => {
	it("is the port's own, else the system's: dialout on Debian, uucp on Arch", () => {
		const port = join(folder, 'ttyUSB0');
		const { gid } = statSync(port);
		const file = join(folder, 'group');
		writeFileSync(file, 'root:x:0:\nuucp:x:986:\n');
		expect(portGroup(port, file)).toBe('uucp');
		writeFileSync(file, 'root:x:0:\ndialout:x:20:\n');
		expect(portGroup(port, file)).toBe('dialout');
		expect(isInGroup('dialout', file)).toBe(process.getgroups!().includes(20));
		if (gid === 0) return;
		writeFileSync(file, `root:x:0:\ndialout:x:99999:\nplugdev:x:${gid}:\n`);
		expect(portGroup(port, file)).toBe('plugdev');
	});
});

describe('The commands that mend', () => {
	it.each([
		['linux', 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n', '6.1.0', { name: 'Debian GNU/Linux 12 (bookworm)', family: 'debian', wsl: false }, 'sudo apt install socat'],
		['linux', 'PRETTY_NAME="Ubuntu 24.04"\nID=ubuntu\nID_LIKE=debian\n', '5.15.167.4-microsoft-standard-WSL2', { name: 'Ubuntu 24.04 under WSL', family: 'debian', wsl: true }, 'sudo apt install socat'],
		['linux', 'NAME=Fedora\nID=fedora\nPRETTY_NAME="Fedora Linux 42"\n', '6.14', { name: 'Fedora Linux 42', family: 'fedora', wsl: false }, 'sudo dnf install socat'],
		['linux', 'PRETTY_NAME="EndeavourOS"\nID="endeavouros"\nID_LIKE="arch"\n', '6.14', { name: 'EndeavourOS', family: 'arch', wsl: false }, 'sudo pacman -S --needed socat'],
		['darwin', '', '24.0', { name: 'macOS', family: 'macos', wsl: false }, 'brew install socat'],
		['linux', 'ID=nixos\n', '6.14', { name: 'Linux', family: 'other', wsl: false }, ''],
	] as const)('are those of the system: %s %j', (platform, osRelease, kernel, system, command) => {
		const found = systemOf(platform, osRelease, kernel);
		expect(found).toEqual(system);
		expect(remedyFor('socat', found)).toBe(command);
		expect(remedyFor('npx xs-dev setup', found)).toBe('npx xs-dev setup');
	});
});
