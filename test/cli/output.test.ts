// Output that nobody can take: a full disk, a device that fails, a terminal that ends its input.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyNotWritten } from '../../cli/console.js';
import { freePort } from '../support/brokers.js';
import { until } from '../support/patience.js';
import { testBroker } from './support.js';

const port = String(await freePort());
const program = join(import.meta.dirname, '../../cli/telltale.mjs');
const WIFI = ['--ssid', 'attic', '--host', '192.168.1.5'];
const FULL = 'The output cannot be written: the disk is full.\n';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'telltale-'))));
afterAll(() => rmSync(folder, { recursive: true }));

/** Through a shell, which opens the device; what is left of the streams is caught. */
function ended(where: string, words: readonly string[]): Promise<{ status: number | null; out: string; err: string }> {
	const child = spawn('sh', ['-c', `exec "$@" ${where}`, 'sh', process.execPath, program, ...words], { cwd: folder });
	let [out, err] = ['', ''];
	child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
	child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
	return new Promise((resolve) => child.on('close', (status) => resolve({ status, out, err })));
}

describe.skipIf(!existsSync('/dev/full'))('On a full disk', () => {
	it.concurrent.each([
		['a help', ['configure', '--help']],
		['one line', ['configure', '--file', 'other.json', ...WIFI]],
		['a run that would go on', ['simulate', '--no-ui', '--for', '1h', '--seed', '1']],
		['a broker', ['broker', '--port', port]],
	])('%s ends with one sentence and status 1', async (_what, words) => {
		expect(await ended('>/dev/full', words)).toEqual({ status: 1, out: '', err: FULL });
	});

	it('the readings of watch end it with one sentence and status 1', async () => {
		const broker = await testBroker();
		try {
			const run = ended('>/dev/full', ['watch', '--broker', broker.url]);
			await broker.subscribed('telltale/#');
			const node = await broker.client();
			await node.publishAsync('telltale/cellar/readings', JSON.stringify({ seq: 1, boot: 7, time: 1_795_301_835, temperature: 21 }), { qos: 1 });
			expect(await run).toEqual({ status: 1, out: '', err: `${FULL}1 reading from 1 node, none missing.\n` });
		} finally {
			await broker.close();
		}
	});

	it('what cannot be said on standard error either ends with status 1', async () => {
		expect(await ended('>/dev/full 2>/dev/full', ['configure', '--help'])).toEqual({ status: 1, out: '', err: '' });
		expect(await ended('2>/dev/full', ['wach'])).toEqual({ status: 2, out: '', err: '' });
	});

	it('so does the driver', () => {
		const driver = join(program, '../mqtt-driver.mjs');
		const { status, stderr } = spawnSync('sh', ['-c', 'exec "$@" >/dev/full', 'sh', process.execPath, driver, '--help'], { encoding: 'utf8' });
		expect([status, stderr]).toEqual([1, FULL]);
	});
});

it.each([
	['ENOSPC', 'The output cannot be written: the disk is full.'],
	['EDQUOT', 'The output cannot be written: the disk is full.'],
	['EFBIG', 'The output cannot be written: the file may not grow any more.'],
	['EIO', 'The output cannot be written: the disk or the terminal fails (EIO).'],
	['ENXIO', 'The output cannot be written (ENXIO).'],
])('%s on standard output is one sentence', (code, sentence) => {
	expect(whyNotWritten(Object.assign(new Error('write'), { code }))).toBe(sentence);
});

/** "script" runs a program on a terminal of its own. */
const terminal = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;
describe.skipIf(!terminal)('On a terminal', () => {
	it.each([
		['a choice', '', 'What do you want to do?'],
		['a text', '--file telltale.json --board nodemcu', 'node:'],
	])('the end of the input at %s ends the questions as Ctrl-C does, and the cursor is back', async (_what, words, question) => {
		const command = `stty cols 100 rows 30; exec '${process.execPath}' '${program}' configure ${words}`;
		const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
		let out = '';
		child.stdout.on('data', (chunk: Buffer) => {
			const asked = out.includes(question);
			out += chunk.toString();
			if (!asked && out.includes(question)) child.stdin.write('\x04');
		});
		const ended = new Promise((resolve) => child.on('close', resolve));
		try {
			await until(() => child.exitCode !== null, 20_000, () => `"${question}" was not asked, or did not end: ${out}`);
		} finally {
			child.kill();
		}
		const status = await ended;
		expect([status, out]).toEqual([1, expect.stringContaining('Stopped before anything was written.')]);
		expect(out.lastIndexOf('\x1b[?25h')).toBeGreaterThan(out.lastIndexOf('\x1b[?25l'));
		expect(existsSync(join(folder, 'telltale.json'))).toBe(false);
	});
});
