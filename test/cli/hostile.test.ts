// Every way in which a command prints somebody else's text, with text that would move a cursor, begin a line or turn one round.
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { View } from '../../cli/simulation-view.js';
import type { SimulateOptions } from '../../cli/simulate.js';
import { HOSTILE, OBEYED } from '../support/hostile.js';
import { inside, Run, telltale, testBroker, type TestBroker } from './support.js';

/** Of one line each; the newlines between them are ours. */
function expectSafe(text: string): void {
	for (const line of text.split('\n')) expect(line).not.toMatch(OBEYED);
}

const reading = (seq: number, more = {}) => JSON.stringify({ seq, boot: HOSTILE, time: 1_795_301_835, temperature: 21.5, ...more });

describe('With a stranger at the broker', () => {
	let broker: TestBroker;
	beforeEach(async () => void (broker = await testBroker()));
	afterEach(() => broker.close());
	const publishAs = async (name: string, leaf: string, ...payloads: string[]) => {
		const stranger = await broker.client();
		for (const payload of payloads) await stranger.publishAsync(`telltale/${name}/${leaf}`, payload, { qos: 1 });
	};
	const publish = (leaf: string, ...payloads: string[]) => publishAs(HOSTILE, leaf, ...payloads);

	it('telltale watch prints JSON lines that are safe and parse back to what was said; so are its sentences', async () => {
		const run = new Run(['watch', '--broker', broker.url, '--events', 'refused,fault']);
		await broker.subscribed('telltale/#');
		await publish('readings', reading(1));
		await publishAs('cellar', 'readings', reading(1, { [HOSTILE]: 1 }), reading(1), reading(1, { temperature: 99 }), reading(4));
		await publishAs('cellar', 'health', JSON.stringify({ failing: HOSTILE, why: HOSTILE }));
		await run.until(({ out, err }) => out.split('\n').length === 6 && err.split('\n').length === 3);
		run.process.kill('SIGINT');
		const { out, err } = await run.ended;
		expectSafe(out + err);
		const [name, channel, first, , fault] = out.split('\n').slice(0, 5).map((line) => JSON.parse(line));
		expect(name).toMatchObject({ event: 'refused', node: HOSTILE, why: 'its name has characters that no name has' });
		expect(channel).toMatchObject({ event: 'refused', node: 'cellar', why: expect.stringContaining('which no channel is called') });
		expect(first).toEqual({ node: 'cellar', late: false, seq: 1, boot: HOSTILE, time: 1_795_301_835, temperature: 21.5 });
		expect(fault).toMatchObject({ event: 'fault', node: 'cellar', fault: expect.stringContaining(HOSTILE) });
		expect(err).toMatch(/^cellar: reading 1 came again .*\ncellar: a\\u001b.*\n2 readings from 1 node, 2 missing \(cellar 2-3\), .*not understood\.\n$/);
	});

	it('telltale send prints a result that is safe and parses back to what was said, and a reason that is safe', async () => {
		const node = await broker.client();
		await node.subscribeAsync('telltale/cellar/set/+', { qos: 1 });
		let id = '';
		node.on('message', (_topic, payload) => {
			({ id } = JSON.parse(payload.toString()) as { id: string });
			node.publish('telltale/cellar/result', JSON.stringify({ id, ok: false, error: HOSTILE, [HOSTILE]: [HOSTILE] }), { qos: 1 });
		});
		const { status, out, err } = await telltale(['send', 'cellar', 'sample', '--broker', broker.url]);
		expect(status).toBe(1);
		expectSafe(out + err);
		expect(JSON.parse(out)).toEqual({ id, ok: false, error: HOSTILE, [HOSTILE]: [HOSTILE] });
		expect(err).toContain('cellar refused "sample": a\\u001b[2J\\u000d\\u000a\\u0009\\u007f\\u0085\\u009b31mb');
	});

	it('telltale simulate shows its readings in safe lines', async () => {
		const run = new Run(['simulate', '--broker', broker.url, '--no-ui']);
		await run.until(({ out }) => /^node {2}.* #1\b/m.test(out));
		const boot = Number(/^node: boot (\d+)$/m.exec(run.out)![1]);
		await publish('status', 'online');
		await publishAs('node', 'readings', reading(1, { boot, temperature: 99 }));
		await publishAs('node', 'outage', JSON.stringify({ seconds: 1, cause: HOSTILE }));
		await run.until(({ out }) => /was away/.test(out));
		run.process.kill('SIGINT');
		const { out, err } = await run.ended;
		expectSafe(out + err);
		expect(out).toMatch(/^node {2}.* {3}99.0 °C {2}#1$/m);
		expect(out).toMatch(/^node was away: .*a\\u001b\[2J/m);
		expect(out).not.toMatch(/^a\\u001b/m);
	});
});

describe('Without one', () => {
	let folder: string;
	beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'telltale-'))));
	afterEach(() => rm(folder, { recursive: true }));

	it('telltale simulate shows the log of a node in safe lines', () => {
		const lines: string[] = [];
		const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
		try {
			new View({ ui: false, speed: 1 } as SimulateOptions, new Map()).log(HOSTILE, HOSTILE);
		} finally {
			log.mockRestore();
		}
		expect(lines).toHaveLength(1);
		expect(lines[0]!.replace(/^\u001b\[2m|\u001b\[22m$/g, '')).not.toMatch(OBEYED);
		expect(lines[0]).toContain('\\u009b31mb');
	});

	it.each([
		['words of the command line', ['watch', `${HOSTILE}+`]],
		['a command that there is not', [HOSTILE]],
		['an option that there is not', ['watch', `--x\u009b2J\u202e`]],
		['a file that is not there', ['configure', '--show', '--file', `x\u009b2J\u202e.json`]],
		['a key of a settings file', ['configure', '--show', '--file', 'hostile.json']],
		['a character where JSON breaks', ['configure', '--show', '--file', 'broken.json']],
		['a stack', ['configure', '--show', '--file', `x\u009b2J\u202e.json`, '--debug']],
	])('an error with %s is shown safely', async (_what, words) => {
		await writeFile(join(folder, 'hostile.json'), JSON.stringify({ [HOSTILE]: 1 }));
		await writeFile(join(folder, 'broken.json'), '{"a":\u009b}');
		const { status, out, err } = await inside(words, { cwd: folder });
		expect([status === 0, out]).toEqual([false, '']);
		expect(err).toMatch(/\\u(009b|202e)/);
		expectSafe(err);
	});

	it('telltale configure --show shows settings safely', async () => {
		await writeFile(join(folder, 'telltale.json'), JSON.stringify({ ssid: 'caf\u202e\u2028\u00e9', host: 'x' }));
		const { status, out } = await inside(['configure', '--show'], { cwd: folder });
		expect(status).toBe(0);
		expectSafe(out);
		expect(out).toContain('caf\\u202e\\u2028\u00e9');
	});

	it('the MQTT driver writes events that are safe and parse back to what was said', async () => {
		const child = spawn(process.execPath, ['cli/mqtt-driver.mjs', '--engine', 'node'], { stdio: 'pipe' });
		let out = '';
		child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
		child.stdin.end(`${JSON.stringify({ id: HOSTILE, command: 'disconnect' })}\n`);
		await new Promise((resolve) => child.on('close', resolve));
		expectSafe(out);
		expect(JSON.parse(out.trimEnd().split('\n').at(-1)!)).toMatchObject({ event: 'error', id: HOSTILE });
	});
});

describe('Of a file that is far too large', () => {
	let folder: string;
	const large = (name = 'large') => join(folder, name);
	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), 'telltale-'));
		await writeFile(large('table.csv'), 'node\na\n');
		await mkdir(large('release'));
		// Of zeros, and without taking room on the disk.
		for (const name of ['large', 'release/SHA256SUMS', 'table2.csv']) {
			await writeFile(large(name), '');
			await truncate(large(name), 17 * 1_024 * 1_024);
		}
		await writeFile(large('tls.json'), JSON.stringify({ node: 'a', ssid: 'a', host: 'b', tls: true, caFile: 'large' }));
	});
	afterEach(() => rm(folder, { recursive: true }));

	it.each([
		['settings', () => ['simulate', '--config', large()], 'large has more than 1024 KB: settings are shorter, so name another file.'],
		['settings for all nodes', () => ['configure', '--from', large('table.csv'), '--common', large(), '--out', large('out')], 'large has more than 1024 KB: settings are shorter, so name another file.'],
		['a certificate', () => ['simulate', '--board', 'esp32', '--broker', 'mqtts://localhost:8883', '--config', large('tls.json')], 'caFile large has more than 1024 KB: name a file, PEM or DER, with no more in it than is needed.'],
		['a table', () => ['configure', '--from', large('table2.csv'), '--out', large('out')], 'table2.csv has more than 16 MB: divide it into several files.'],
		['check sums', () => ['flash', '--web', '0', '--release', large('release')], 'SHA256SUMS is larger than any flash: make the release again with "npx telltale release", or copy it again.'],
	] as const)('%s, no more is read than needed to say so', async (_what, words, sentence) => {
		const { status, out, err } = await inside(words());
		expect([status, out]).toEqual([1, '']);
		expect(err.endsWith(`${sentence}\n`), err).toBe(true);
		expect(err.split('\n')).toHaveLength(2);
	});
});
