// telltale logs, with socat's pseudo-terminal as the serial line and this test as the board.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Lines, Monitor } from '../../cli/logs.js';
import { choosePort } from '../../cli/ports.js';
import { HOSTILE, OBEYED } from '../support/hostile.js';
import { until } from '../support/patience.js';
import { inside, Run } from './support.js';

const socatMissing = Boolean(spawnSync('socat', ['-V']).error);
if (socatMissing) console.log('socat is not installed: tests of the serial line are skipped (Debian: apt install socat).');

const PATIENCE_MS = 5_000;

/** A board on a USB cable. */
class Board {
	heard = '';
	readonly port: string;
	#process: ChildProcess | undefined;

	constructor(folder: string) {
		this.port = join(folder, 'ttyUSB0');
	}

	async plug(): Promise<void> {
		const child = spawn('socat', [`PTY,link=${this.port},raw,echo=0`, 'STDIO'], { stdio: 'pipe' });
		child.stdout.on('data', (chunk: Buffer) => (this.heard += chunk.toString()));
		this.#process = child;
		await until(() => existsSync(this.port), PATIENCE_MS, () => 'socat made no pseudo-terminal.');
	}

	say(bytes: string | Buffer): void {
		this.#process!.stdin!.write(bytes);
	}

	async unplug(): Promise<void> {
		const child = this.#process;
		this.#process = undefined;
		if (!child) return;
		const ended = new Promise((resolve) => child.once('close', resolve));
		child.kill('SIGTERM');
		await ended;
		rmSync(this.port, { force: true });
	}
}

let folder: string;
let board: Board;
let run: Run | undefined;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'telltale-'));
	board = new Board(folder);
});
afterEach(async () => {
	// Only if the test failed.
	run?.process.kill('SIGKILL');
	run = undefined;
	await board.unplug();
	rmSync(folder, { recursive: true });
});

describe.skipIf(socatMissing)('telltale logs', () => {
	it('shows what the board says, each line with its time and safe, and ends with 0 at Ctrl-C', async () => {
		await board.plug();
		run = new Run(['logs', '--port', board.port]);
		await run.until(({ err }) => err.includes('Reading'));
		expect(spawnSync('stty', ['-F', board.port], { encoding: 'utf8' }).stdout).toMatch(/^speed 115200 baud/);
		board.say(`Telltale 0.1.0 on ESP8266\r\n\r\nnetwork ${HOSTILE.replace(/[\r\n]/g, '')}\r\n`);
		board.say(Buffer.from([0xff, 0x80, 0x00, 0x0a]));
		await run.until(({ out }) => out.split('\n').length === 4);
		run.process.kill('SIGINT');
		const { status, out, err } = await run.ended;
		expect([status, err]).toEqual([0, `Reading ${board.port} at 115200 baud; what you type goes to the node, Ctrl-C ends.\n`]);
		const lines = out.trimEnd().split('\n');
		for (const line of lines) {
			expect(line).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z {2}/);
			expect(line).not.toMatch(OBEYED);
		}
		expect(lines.map((line) => line.slice(26))).toEqual(['Telltale 0.1.0 on ESP8266', expect.stringMatching(/^network a.*\\u202ec.*d$/), '\ufffd\ufffd\\u0000']);
	});

	it('sends what is typed, waits for a board that is unplugged, and reads it again', async () => {
		const [lines, notes]: string[][] = [[], []];
		const stop = new AbortController();
		const monitor = new Monitor(() => (existsSync(board.port) ? board.port : undefined), { line: (text) => lines.push(text), note: (text) => notes.push(text) });
		const has = (texts: () => unknown, wanted: unknown) => until(() => JSON.stringify(texts()) === JSON.stringify(wanted), PATIENCE_MS, () => JSON.stringify([texts(), notes]));
		// Piped in before the board is there.
		monitor.type('sample');
		monitor.type(' interval 60000\r');
		monitor.type('');
		const ended = monitor.run(stop.signal);
		await board.plug();
		await has(() => board.heard, 'sample\ninterval 60000\n');
		board.say('sample: done\r\nhalf a li');
		await has(() => lines, ['sample: done']);
		await board.unplug();
		await until(() => notes.length === 2, PATIENCE_MS, () => notes.join('\n'));
		expect(lines).toEqual(['sample: done', 'half a li']);
		monitor.type('restart');
		monitor.type('x'.repeat(65));
		monitor.type('caf\u00e9');
		await until(() => notes.length === 5, PATIENCE_MS, () => notes.join('\n'));
		await board.plug();
		await until(() => notes.length === 6, PATIENCE_MS, () => notes.join('\n'));
		monitor.type('stop');
		await has(() => board.heard, 'sample\ninterval 60000\nstop\n');
		board.say('stop: done\r\n');
		await has(() => lines, ['sample: done', 'half a li', 'stop: done']);
		stop.abort();
		await ended;
		expect(notes.map((note) => note.replaceAll(board.port, 'PORT')).sort()).toEqual([
			'Not sent, because the board is away: restart',
			'Not sent: the line has 65 characters, and the node takes 64; send longer commands with "npx telltale send".',
			'Not sent: the node takes plain ASCII only, and "café" has other characters.',
			'PORT went away: waiting until the board is connected again.',
			'Reading PORT at 115200 baud; what you type goes to the node, Ctrl-C ends.',
			'Reading PORT at 115200 baud; what you type goes to the node, Ctrl-C ends.',
		]);
	});
});

describe('telltale logs, where there is no such port,', () => {
	it.each([
		['a port that is not there', 'ttyUSB7', /^There is no port \S+ttyUSB7: [^\n]+\n$/],
		['a file', 'file', /^\S+file is no serial port: name the one that the board is on with --port\.\n$/],
		['a folder', 'folder', /^\S+folder is no serial port: [^\n]+\n$/],
	])('says so of %s in one sentence', async (_what, name, sentence) => {
		writeFileSync(join(folder, 'file'), '');
		mkdirSync(join(folder, 'folder'));
		const { status, out, err } = await inside(['logs', '--port', join(folder, name)]);
		expect([status, out]).toEqual([1, '']);
		expect(err).toMatch(sentence);
	});

	it('says that the boot ROM has another speed', async () => {
		expect((await inside(['logs', '--help'])).out).toContain("an ESP8266's boot ROM speaks at 74880 baud first");
	});

	it('names the ports where there are several', () => {
		for (const name of ['ttyUSB0', 'ttyACM1', 'tty7']) writeFileSync(join(folder, name), '');
		expect(() => choosePort(undefined, folder)).toThrow(`There are several serial ports, ${join(folder, 'ttyACM1')} and ${join(folder, 'ttyUSB0')}: choose one with --port.`);
	});
});

describe('Bytes of a serial line', () => {
	const linesOf = (...pieces: (string | Buffer)[]) => {
		const said: string[] = [];
		const lines = new Lines((line) => said.push(line));
		for (const piece of pieces) lines.push(Buffer.from(piece as string));
		lines.end();
		return said;
	};

	it('are lines, whatever pieces they come in', () => {
		expect(linesOf('on', 'line\r', '\n', '\r\n\ntwo', '\nthr')).toEqual(['online', 'two', 'thr']);
		expect(linesOf(Buffer.from([0x31, 0xc2]), Buffer.from([0xb0, 0x0a]))).toEqual(['1°']);
	});

	it("have no colours of ESP-IDF's", () => {
		expect(linesOf('\u001b[0;32mI (31) boot: ESP-IDF v6.0\u001b[0m\r\n')).toEqual(['I (31) boot: ESP-IDF v6.0']);
	});

	it('are cut where noise has no end', () => {
		const lines = linesOf(Buffer.alloc(2_500, 0x78));
		expect(lines.map((line) => line.length)).toEqual([1_000, 1_000, 500]);
	});
});
