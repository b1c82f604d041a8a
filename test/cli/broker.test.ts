// telltale broker, run as a person does; who connects are mqtt.js and bare sockets.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { credentialsFrom, introduction } from '../../cli/broker.js';
import { freePort } from '../support/brokers.js';
import { HOSTILE, OBEYED } from '../support/hostile.js';
import { inside, Run, testBroker } from './support.js';

const STAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}/;
const closers: (() => unknown)[] = [];
afterEach(async () => {
	for (const close of closers.splice(0).reverse()) await close();
});

async function started(words: readonly string[], env: Record<string, string> = {}): Promise<{ run: Run; port: number; client(options?: IClientOptions): Promise<MqttClient> }> {
	const port = await freePort();
	const run = new Run(['broker', '--port', String(port), ...words], { env });
	closers.push(() => run.process.kill('SIGKILL'));
	await run.until(({ out }) => out.includes('Stop with'));
	const client = async (options?: IClientOptions) => {
		const made = await connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0, ...options });
		closers.push(() => made.endAsync(true));
		return made;
	};
	return { run, port, client };
}

/** Whether the other end hangs up on that. */
function hungUpOn(port: number, ...pieces: Buffer[]): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port, '127.0.0.1', () => pieces.forEach((piece) => socket.write(piece)));
		socket.on('error', () => {}).on('close', () => resolve(true)).resume();
		closers.push(() => socket.destroy());
	});
}

describe('telltale broker', () => {
	it('lets in who has the password, tells who comes and goes, and ends with 0 at Ctrl-C', async () => {
		const password = 's3cret word';
		const { run, port, client } = await started(['--user', 'node', '--password', password]);
		// The list of processes does not show it.
		if (process.platform === 'linux') expect(readFileSync(`/proc/${run.process.pid}/cmdline`, 'latin1')).toMatch(/^telltale broker\0*$/);
		const porch = await client({ clientId: 'porch', username: 'node', password });
		await porch.publishAsync('telltale/porch/status', 'online', { retain: true, qos: 1 });
		const viewer = await client({ clientId: HOSTILE, username: 'node', password });
		const heard = new Promise<string>((resolve) => viewer.once('message', (_topic, payload) => resolve(payload.toString())));
		await viewer.subscribeAsync('telltale/#');
		expect(await heard).toBe('online');
		await porch.endAsync();
		await run.until(({ out }) => / porch goes$/m.test(out));
		for (const wrong of [{ username: 'node', password: 'other' }, { username: 'x', password }, {}]) {
			await expect(client({ clientId: 'cellar', ...wrong })).rejects.toMatchObject({ code: 4 });
		}
		await expect(client({ protocolVersion: 5, username: 'node', password })).rejects.toThrow();
		expect(await hungUpOn(port, Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toBe(true);
		// A CONNECT that says it has 100 MB.
		expect(await hungUpOn(port, Buffer.from([0x10, 0x80, 0x80, 0x80, 0x30]), Buffer.alloc(400 * 1_024, 1))).toBe(true);
		await run.until(({ out }) => out.includes('too much for a CONNECT'));
		run.process.kill('SIGINT');
		const { status, out, err } = await run.ended;
		expect([status, err]).toEqual([0, '']);
		expect(out).toMatch(/^Node: .* --user node --password PASSWORD$/m);
		expect(out).not.toContain('s3cret');
		const lines = out.slice(out.indexOf('Stop with')).split('\n').slice(2, -1);
		for (const each of lines) expect(each).toMatch(STAMP);
		for (const each of out.split('\n')) expect(each).not.toMatch(OBEYED);
		expect(lines.map((each) => each.replace(STAMP, ''))).toEqual([
			'porch from 127.0.0.1 comes as node',
			expect.stringMatching(/^a\\u001b\[2J.* from 127\.0\.0\.1 comes as node$/),
			'porch goes',
			'cellar from 127.0.0.1 is refused: user node with that password is not known',
			'cellar from 127.0.0.1 is refused: user x with that password is not known',
			'cellar from 127.0.0.1 is refused: it gave no user name',
			'Somebody from 127.0.0.1 is turned away: it speaks another MQTT than 3.1.1 (a node: set protocol to 4, or "auto")',
			expect.stringMatching(/^Somebody from 127\.0\.0\.1 is turned away: ./),
			'Somebody from 127.0.0.1 is turned away: too much for a CONNECT',
		]);
	});

	it('prints for the node what configure takes, with the password that it made', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'telltale-'));
		closers.push(() => rmSync(folder, { recursive: true }));
		const credentials = credentialsFrom({ listen: '192.168.1.5', port: 1_884 }, false)!;
		const lines = introduction('192.168.1.5', 1_884, credentials, ['192.168.1.5']);
		expect(lines).toContain(`Look with: TELLTALE_PASSWORD=${credentials.password} npx telltale watch --broker mqtt://192.168.1.5:1884 --user telltale`);
		const line = lines.map((each) => /^Node: +npx telltale (configure .*)$/.exec(each)?.[1]).find(Boolean)!;
		expect((await inside([...line.split(' '), '--ssid', 'attic'], { cwd: folder })).status).toBe(0);
		const { user, password } = credentials;
		expect(JSON.parse(readFileSync(join(folder, 'telltale.json'), 'utf8'))).toMatchObject({ host: '192.168.1.5', port: 1_884, user, password });
	});

	it('is open on loopback alone: on any other address there is a password, made where none is given', () => {
		const at = (listen: string, more = {}) => credentialsFrom({ listen, port: 1_883, ...more }, false);
		expect([at('127.0.0.1'), at('127.0.0.2')]).toEqual([undefined, undefined]);
		const made = ['0.0.0.0', '192.168.1.5', '10.127.0.1'].map((each) => at(each)!);
		for (const { user, password } of made) expect([user, password]).toEqual(['telltale', expect.stringMatching(/^\w{16}$/)]);
		expect(new Set(made.map(({ password }) => password)).size).toBe(3);
		expect(at('192.168.1.5', { user: 'x', password: 'y' })).toMatchObject({ user: 'x', password: 'y' });
	});

	it('names every address that it has on a machine with several, and words that a shell takes as they are', () => {
		const lines = introduction('0.0.0.0', 1_883, { user: "it's me", password: 'x', spelled: '"$TELLTALE_PASSWORD"', inEnvironment: true }, ['192.168.1.5', '10.0.0.7']);
		expect(lines).toContain('           also at 10.0.0.7');
		expect(lines).toContain('           writes its settings to a file; with --port behind it, it sets up the board at the USB cable');
		expect(lines).toContain(`Node:      npx telltale configure --host 192.168.1.5 --user 'it'\\''s me' --password "$TELLTALE_PASSWORD"`);
		expect(lines).toContain(`Look with: npx telltale watch --broker mqtt://192.168.1.5:1883 --user 'it'\\''s me'`);
		expect(introduction('127.0.0.1', 1_883, undefined, ['10.0.0.7']).join('\n')).toContain('for others: npx telltale broker --listen 10.0.0.7');
	});

	it.each([
		[['--listen', '::1'], /^--listen is "::1"; it must be an IPv4 address of this machine, .*0\.0\.0\.0 or 127\.0\.0\.1\.$/],
		[['--listen', `x\u009b2J`], /^--listen is "x\\u009b2J"; it must be /],
		[['--port', '0'], /^--port is "0"; it must be a whole number from 1 to 65535\.$/],
		[['--password', ''], /^--password is empty: /],
		[['--user', 'a'.repeat(65)], /^user is "a+…; it must be at most 64 bytes, /],
		[['--data', 'x'], /^There is no option "--data": /],
	])('%j is bad usage, said in one sentence', async (words, sentence) => {
		const { status, out, err } = await inside(['broker', ...words]);
		expect([status, out]).toEqual([2, '']);
		expect(err).toMatch(/^[^\n]+\n$/);
		expect(err.trimEnd()).toMatch(sentence);
	});

	it('says in one sentence that the port is in use, or that the address is of another machine', async () => {
		const other = await testBroker();
		closers.push(() => other.close());
		const taken = await inside(['broker', '--port', String(other.port)]);
		expect(taken).toEqual({ status: 1, out: '', err: `Port ${other.port} is in use on this machine: choose another with --port, or use the broker that listens there.\n` });
		const foreign = await inside(['broker', '--port', String(await freePort()), '--listen', '192.0.2.77']);
		expect([foreign.status, foreign.out]).toEqual([2, '']);
		expect(foreign.err).toMatch(/^192\.0\.2\.77 is no address of this machine: choose .*0\.0\.0\.0 with --listen\.\n$/);
	});
});
