// What is said where the XS engine cannot be made, in a project's folder of its own with an npm of its own.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const PACKAGE = 'node_modules/@agoric/xsnap';
const WORKER = `${PACKAGE}/xsnap-native/xsnap/build/bin/${process.platform === 'darwin' ? 'mac' : 'lin'}/release/xsnap-worker`;

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'telltale-'));
	cpSync('simulator/engine/worker.mjs', join(folder, 'simulator/engine/worker.mjs'));
	mkdirSync(join(folder, PACKAGE), { recursive: true });
	mkdirSync(join(folder, 'bin'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A program on a PATH that has nothing else. */
function tool(name: string, script = 'exit 0'): void {
	writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`);
	chmodSync(join(folder, 'bin', name), 0o755);
}

/** What is said of the engine, and what was said meanwhile. */
function ask(): { problem: string; err: string } {
	const words = ['--input-type=module', '-e', 'console.log((await import(process.argv[1])).engineProblem())', join(folder, 'simulator/engine/worker.mjs')];
	const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', env: { PATH: join(folder, 'bin'), TMPDIR: folder } });
	return { problem: stdout.trim(), err: stderr };
}

describe('The XS engine, where it is not compiled yet', () => {
	it('is compiled once by what needs it, with the scripts of no other package', () => {
		tool('cc');
		tool('make');
		tool('npm', `echo "$@" >> "${join(folder, 'called')}"; /bin/mkdir -p "$(/usr/bin/dirname ${WORKER})" && : > ${WORKER}`);
		expect(ask()).toEqual({ problem: '', err: 'Compiling the XS engine; once, about a minute …\n' });
		expect(ask()).toEqual({ problem: '', err: '' });
		expect(readFileSync(join(folder, 'called'), 'utf8')).toBe('rebuild @agoric/xsnap --ignore-scripts=false --foreground-scripts\n');
	});

	it.each([
		[[], 'no C compiler (cc) and no make'],
		[['cc'], 'no make'],
		[['make'], 'no C compiler (cc)'],
	])('names what compiling lacks where there is %j', (tools, lack) => {
		for (const each of tools) tool(each);
		expect(ask()).toEqual({ problem: `The XS engine has to be compiled and there is ${lack} on the PATH: install a C compiler and make (Debian: apt install build-essential).`, err: '' });
	});

	it('keeps what the compiler says when it fails, and says where', () => {
		for (const each of ['cc', 'make']) tool(each);
		tool('npm', 'echo "xs6Slot.c:7:1: error: out of luck" >&2; exit 1');
		const { problem } = ask();
		const log = /^The XS engine could not be compiled: what the compiler said is in (\S+)\.$/.exec(problem)![1]!;
		expect(readFileSync(log, 'utf8')).toContain('out of luck');
	});

	it.each(['kill -INT $$', 'kill -TERM $$', 'exit 130'])('is no failure of the compiler after Ctrl-C (%s), and the next run compiles it', (end) => {
		for (const each of ['cc', 'make']) tool(each);
		tool('npm', `/bin/mkdir -p "$(/usr/bin/dirname ${WORKER})" && : > ${WORKER}; ${end}`);
		expect(ask().problem).toBe('Stopped while the XS engine was compiled: the next run compiles it.');
		tool('npm', `: > ${WORKER}`);
		expect(ask()).toEqual({ problem: '', err: 'Compiling the XS engine; once, about a minute …\n' });
	});

	it('says that its package is not there', () => {
		rmSync(join(folder, PACKAGE), { recursive: true });
		expect(ask().problem).toMatch(/^The XS engine's package @agoric\/xsnap is not there: run "npm ci" in \S+\.$/);
	});
});

describe('The installation', () => {
	it('runs no scripts of packages, so that it needs no C compiler', () => {
		expect(readFileSync('.npmrc', 'utf8')).toMatch(/^ignore-scripts=true$/m);
	});
});
