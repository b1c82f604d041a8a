// telltale size --ram where an SDK is and where none is: what is missing is one sentence, and what is told says in which measure it is. The SDK's tools
// are shell scripts here: CI has no SDK (docs/budget.md says by which command the real ones were run).
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linkedLine, notes } from '../../cli/ram.js';
import { makeSdkEngine, nameInImage, sdkEngineProblem } from '../../cli/sdk-engine.js';
import { root } from '../../cli/toolchain.js';
import { fakeMachine } from './fake-sdk.js';

let folder: string;
let env: NodeJS.ProcessEnv;
let tools: string;
beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), 'telltale-'));
	env = { ...process.env, ...(await fakeMachine(folder)).env };
	tools = join(folder, 'moddable/build/bin', process.platform === 'darwin' ? 'mac' : 'lin', 'release');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A tool of the SDK. */
function tool(name: string, script: string): void {
	writeFileSync(join(tools, name), `#!/bin/sh\n${script}\n`);
	chmodSync(join(tools, name), 0o755);
}

describe("The SDK's own engine, where it cannot be", () => {
	it('is said to need an SDK, with how to get one, and the map is told without it', () => {
		const problem = sdkEngineProblem({ PATH: process.env['PATH'], HOME: folder }, 'linux');
		expect(problem).toMatch(/^The Moddable SDK is needed and MODDABLE is not set: install the SDK /);
		expect(notes(undefined, problem)).toEqual([`Slots are of 16 bytes, chunks are in bytes, both as a chip's XS has them. The figure of the SDK's own engine is missing: ${problem}`]);
	});

	it('is said to need the tools of the SDK, a compiler, and Linux', () => {
		expect(sdkEngineProblem(env, 'linux')).toBe(`xsc is not in ${tools}: build the tools of the Moddable SDK again.`);
		tool('xsc', '');
		expect(sdkEngineProblem(env, 'linux')).toBe(`xsl is not in ${tools}: build the tools of the Moddable SDK again.`);
		tool('xsl', '');
		expect(sdkEngineProblem(env, 'linux')).toBe('');
		expect(sdkEngineProblem({ ...env, PATH: folder }, 'linux')).toMatch(/^make is not on the PATH: install it /);
		expect(sdkEngineProblem(env, 'darwin')).toBe("The SDK's own engine is compiled on Linux only.");
	});
});

describe("The firmware, put into the SDK's own engine", () => {
	it.each([
		['src/main', 'src/main', 'src/main'],
		['hardware/nodemcu', 'telltale/board', 'telltale/board'],
		['src/device/esp8266/tls', 'telltale/tls', 'telltale/tls'],
		['src/mqtt/v5/protocol5', '', 'src/mqtt/v5/protocol5'],
		['src/mqtt/v5/codes', '', 'src/mqtt/v5/codes'],
		['src/mqtt/without5/reasons5', 'src/mqtt/v5/reasons5', ''],
	])('has %s under the name of an image: %s in 3.1.1, %s in 5.0', (path, in4, in5) => {
		expect([nameInImage(path, 4), nameInImage(path, 5)]).toEqual([in4, in5]);
	});

	it('is compiled from this tree, linked as preloaded with the stack that a simulated node has, and a tool that fails is named with its words', () => {
		// xsc SCRIPT -c -e -o FOLDER -r NAME
		tool('xsc', 'cp "$1" "$5/$7.xsb"');
		tool('xsl', `echo "$@" > '${join(folder, 'linked')}'; echo 'no way' >&2; exit 1`);
		const place = join(folder, 'ram');
		expect(() => makeSdkEngine(4, env, place)).toThrow(`xsl failed; what it said is in ${join(place, 'protocol-4/build.log')}.`);
		expect(readFileSync(join(place, 'protocol-4/build.log'), 'utf8')).toContain('no way');
		const words = readFileSync(join(folder, 'linked'), 'utf8').trim().split(' ');
		expect(words[words.indexOf('-p') + 1]).toBe('simulator/sdk/begin.xsb');
		expect(words[words.indexOf('-c') + 1]!.split(',')[4]).toBe('462');
		const modules = join(place, 'protocol-4/modules');
		const linked = words.filter((word) => word.startsWith(modules) && word.endsWith('.xsb')).map((word) => word.slice(modules.length + 1));
		expect(linked).toEqual(expect.arrayContaining(['src/main.xsb', 'src/storage/ring.xsb', 'telltale/board.xsb', 'timer.xsb', 'embedded:io/socket/tcp.xsb', 'simulator/modules/tcp.xsb']));
		expect(linked).not.toContain('src/mqtt/v5/properties.xsb');
		// By name, since the linker leaves the code that ran then out of those alone.
		const named = words.flatMap((word, index) => (words[index - 1] === '-p' ? [word] : []));
		expect(named).toEqual(expect.arrayContaining(['src/main.xsb', 'src/storage/ring.xsb', 'src/mqtt/v5/protocol5.xsb', 'telltale/board.xsb', 'telltale/radio.xsb']));
		expect(named.filter((name) => !linked.includes(name))).toEqual([]);
		expect(linked.every((name) => existsSync(join(modules, name)))).toBe(true);
		expect(readdirSync(join(modules, 'src/mqtt/v5'))).toEqual(['protocol5.xsb', 'reasons5.xsb']);
		expect(readFileSync(join(modules, 'src/storage/ring.xsb'), 'utf8')).toContain('class Ring');
	});
});

describe("The firmware's own natives", () => {
	it('are read from what the linker declares, but for the door to the host', () => {
		const linked = join(folder, 'linked-natives');
		mkdirSync(linked);
		const declared = ['xs_address_fix', 'xs_hostCall', 'xs_radio_join'].map((name) => `extern void ${name}(xsMachine* the);\n`);
		writeFileSync(join(linked, 'mc.xs.h'), ['mxExport void* xsPreparationAndCreation(xsCreation **creation);\n', ...declared, '#define xsID_xs_radio_place 842\n'].join(''));
		execFileSync('make', ['-s', '-f', join(root, 'simulator/sdk/Makefile'), `MODDABLE=${folder}`, `LINKED=${linked}`, join(linked, 'natives.h')]);
		expect(readFileSync(join(linked, 'natives.h'), 'utf8')).toBe('NATIVE(xs_address_fix)\nNATIVE(xs_radio_join)\n');
	});

	it('each have a stand-in in the simulator', () => {
		const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
		const used = files.flatMap((path) => [...readFileSync(join(root, 'src', path), 'utf8').matchAll(/\bnative\('(\w+)'\)/g)].map(([, name]) => name!));
		const modules = join(root, 'simulator/modules');
		const sources = readdirSync(modules).filter((name) => name.endsWith('.ts')).map((name) => readFileSync(join(modules, name), 'utf8'));
		const standIns = sources.flatMap((source) => [...source.matchAll(/^(?:\t(xs_\w+): \(|native\('(xs_\w+)', )/gm)].map(([, one, other]) => (one ?? other)!));
		expect(used.length).toBeGreaterThan(4);
		expect(standIns.sort()).toEqual([...new Set(used)].sort());
	});
});

describe("The figure of the SDK's own engine", () => {
	const weight = { version: '17.7.0', bits: 64, slots: 655, copied: 33, chunkBytes: 7_336 } as const;
	const linked = { memory: { slots: 590, chunkBytes: 7_088, bytes: 16_528 }, atMs: 60_000, forMs: 145_000, weight, copied: 17 };

	it('says what is alive, when, and what of it is none of the firmware\'s', () => {
		expect(linkedLine(linked, 19_712)).toBe("On the SDK's own engine (XS 17.7.0), the most in the same run: 16,528 of 19,712 bytes alive 60 s after the start (590 slots, 7,088 bytes of chunks);"
			+ " 272 of them are copies of the stand-ins' preloaded objects, which a chip does not make.");
	});

	it('says whether it was converted', () => {
		expect(notes(64, '').join(' ')).toContain('words of 64 bits here: a slot of 32 bytes counts as 16,');
		expect(notes(32, '').join(' ')).toContain('what it counts is not converted.');
		// It was begun and failed, which is told for itself.
		expect(notes(undefined, '')).toEqual(["Slots are of 16 bytes, chunks are in bytes, both as a chip's XS has them."]);
	});
});
