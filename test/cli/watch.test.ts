import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownerHere, textOf } from '../../viewer/record-lock.js';
import { freePort } from '../support/brokers.js';
import { few } from '../support/few.js';
import { inside, Run, telltale, testBroker, type TestBroker } from './support.js';

const payload = (seq: number, more = {}) => JSON.stringify({ seq, boot: 7, time: 1_795_301_835 + seq, temperature: 21.5 + seq / 1_000, ...more });

/** The broker of one test. */
class Own {
	constructor(public now: TestBroker) {}
	get url() { return this.now.url; }
	get aedes() { return this.now.aedes; }
	client: TestBroker['client'] = (options) => this.now.client(options);
	subscribed: TestBroker['subscribed'] = (filter) => this.now.subscribed(filter);
	forget = () => this.now.forget();
	away = () => this.now.close();
	/** On the same port, with nothing of what it knew. */
	back = async () => void (this.now = await testBroker(this.now.port));
}

const turn = few(3);
/** A test with a broker of its own, beside others: they wait for a program to start and for seconds to pass. */
const withBroker = (play: (broker: Own) => Promise<void>) => () => turn(async () => {
	const own = new Own(await testBroker(await freePort()));
	try {
		await play(own);
	} finally {
		await own.now.close();
	}
});

describe.concurrent('telltale watch', () => {
	it('prints one JSON line a reading in a pipe, each reading once, and ends after --once', withBroker(async (broker) => {
		const run = new Run(['watch', '--broker', broker.url, '--once', '3']);
		await broker.subscribed('telltale/#');
		const node = await broker.client();
		await node.publishAsync('telltale/cellar/status', 'online', { retain: true });
		await node.publishAsync('telltale/cellar/readings', payload(1, { humidity: 45.2 }), { qos: 1 });
		await node.publishAsync('telltale/cellar/readings', payload(1, { humidity: 45.2 }), { qos: 1 });
		await node.publishAsync('telltale/cellar/readings', 'nonsense of a stranger', { qos: 1 });
		await node.publishAsync('telltale/cellar/readings', payload(4), { qos: 1 });
		await node.publishAsync('telltale/cellar/backlog', payload(2), { qos: 1 });
		const { status, out, err } = await run.ended;
		expect([status, err]).toEqual([0, '']);
		expect(out.trimEnd().split('\n').map((line) => JSON.parse(line))).toEqual([
			{ node: 'cellar', late: false, seq: 1, boot: 7, time: 1_795_301_836, temperature: 21.501, humidity: 45.2 },
			{ node: 'cellar', late: false, seq: 4, boot: 7, time: 1_795_301_839, temperature: 21.504 },
			{ node: 'cellar', late: true, seq: 2, boot: 7, time: 1_795_301_837, temperature: 21.502 },
		]);
	}));

	it('shows one node only where one is named, below the base that is given', withBroker(async (broker) => {
		const run = new Run(['watch', 'attic', '--base', 'home/air', '--broker', broker.url, '--once', '1']);
		await broker.subscribed('home/air/attic/#');
		const node = await broker.client();
		await node.publishAsync('home/air/cellar/readings', payload(1), { qos: 1 });
		await node.publishAsync('home/air/attic/readings', payload(2), { qos: 1 });
		expect(JSON.parse((await run.ended).out)).toMatchObject({ node: 'attic', seq: 2 });
	}));

	it('counts no reading that was retained: it may be of any age', withBroker(async (broker) => {
		const node = await broker.client();
		await node.publishAsync('telltale/cellar/readings', payload(1), { qos: 1, retain: true });
		const run = new Run(['watch', '--broker', broker.url, '--once', '1']);
		await broker.subscribed('telltale/#');
		await node.publishAsync('telltale/cellar/readings', payload(5), { qos: 1 });
		const { out } = await run.ended;
		expect(out.trimEnd().split('\n').map((line) => JSON.parse(line).seq)).toEqual([5]);
	}));

	it('says which part of a node does not answer and why, when that changes', withBroker(async (broker) => {
		const run = new Run(['watch', '--broker', broker.url]);
		await broker.subscribed('telltale/#');
		const node = await broker.client();
		const health = (more: object) => node.publishAsync('telltale/cellar/health', JSON.stringify({ boot: 7, sampled: 1, ...more }), { qos: 1 });
		await health({});
		for (let times = 0; times < 2; times++) await health({ failing: 'sht3x', why: 'no answer at 0x44: check its wires.\u001b[2J' });
		await health({});
		await run.until(({ err }) => err.includes('again'));
		expect(run.err).toBe('cellar: sht3x: no answer at 0x44: check its wires.\\u001b[2J.\ncellar: all parts answer again.\n');
		run.process.kill('SIGINT');
		await run.ended;
	}));

	it('ends with 0 at Ctrl-C and sums up, gaps by name', withBroker(async (broker) => {
		const run = new Run(['watch', '--broker', broker.url]);
		await broker.subscribed('telltale/#');
		const node = await broker.client();
		for (const seq of [3, 4, 8]) await node.publishAsync('telltale/cellar/readings', payload(seq), { qos: 1 });
		await run.until(({ out }) => out.split('\n').length === 4);
		run.process.kill('SIGINT');
		const { status, err } = await run.ended;
		expect([status, err]).toEqual([0, '3 readings from 1 node, 3 missing (cellar 5-7).\n']);
	}));

	it('ends quietly when nobody reads its output any more', withBroker(async (broker) => {
		const run = new Run(['watch', '--broker', broker.url]);
		await broker.subscribed('telltale/#');
		run.process.stdout.destroy();
		const node = await broker.client();
		await node.publishAsync('telltale/cellar/readings', payload(1), { qos: 1 });
		await node.publishAsync('telltale/cellar/readings', payload(2), { qos: 1 });
		expect((await run.ended).status).toBe(0);
	}));

	it('says that the broker is away, waits for it and goes on', withBroker(async (broker) => {
		await broker.away();
		const run = new Run(['watch', '--broker', broker.url, '--once', '1']);
		await run.until(({ err }) => err.includes('\n'));
		expect(run.err).toMatch(/^No broker answers at mqtt:\/\/127\.0\.0\.1:\d+: .*trying again\.\n$/);
		await broker.back();
		await run.until(({ err }) => err.includes('\nConnected'));
		const node = await broker.client();
		await node.publishAsync('telltale/cellar/readings', payload(1), { qos: 1 });
		const { status, err } = await run.ended;
		expect(status).toBe(0);
		expect(err).toMatch(/\nConnected to mqtt:\S+\. It was away for \d+ m?s\.\n$/);
	}));

	it('goes on when the broker comes back, and says in the end how many readings it was not there for', withBroker(async (broker) => {
		const run = new Run(['watch', '--broker', broker.url]);
		await broker.subscribed('telltale/#');
		let node = await broker.client();
		await node.publishAsync('telltale/cellar/readings', payload(1), { qos: 1 });
		await run.until(({ out }) => out.includes('\n'));
		await broker.away();
		await run.until(({ err }) => err.includes('trying again.'));
		await broker.back();
		await broker.subscribed('telltale/#');
		node = await broker.client();
		for (const seq of [7, 9]) await node.publishAsync('telltale/cellar/readings', payload(seq), { qos: 1 });
		await run.until(({ out }) => out.split('\n').length === 4);
		run.process.kill('SIGINT');
		const { status, out, err } = await run.ended;
		expect(status).toBe(0);
		expect(out.trimEnd().split('\n').map((line) => JSON.parse(line).seq)).toEqual([1, 7, 9]);
		expect(err).toMatch(/It was away for \d+ m?s\.\n3 readings from 1 node, 1 missing \(cellar 8\), and 5 passed while we were not connected\.\n$/);
	}));

	it('gives up with --once when no reading comes in time', withBroker(async (broker) => {
		const { status, out, err } = await telltale(['watch', '--broker', broker.url, '--once', '2', '--timeout', '2s']);
		expect([status, out]).toEqual([1, '']);
		expect(err).toBe('0 of 2 readings came and then none for 2 s: check the broker and the nodes, or wait longer with --timeout.\n');
	}));

	it('does not try again where the broker refuses the password', withBroker(async (broker) => {
		broker.aedes.authenticate = (_client, _user, password, done) => done(null, String(password) === 'right');
		const refused = await telltale(['watch', '--broker', broker.url, '--user', 'me', '--password', 'wrong']);
		expect(refused).toMatchObject({ status: 1, out: '' });
		expect(refused.err).toMatch(/^The broker at \S+ refuses the user name or the password: give them with --broker, like mqtt:\/\/user:password@host\.\n$/);
		const run = new Run(['watch', '--broker', broker.url.replace('//', '//me@'), '--once', '1'], { env: { TELLTALE_PASSWORD: 'right' } });
		await broker.subscribed('telltale/#');
		const node = await broker.client({ username: 'me', password: 'right' });
		await node.publishAsync('telltale/cellar/readings', payload(1), { qos: 1 });
		expect((await run.ended).status).toBe(0);
	}));

	it('prints what --events asks for as JSON lines too, for alerts', withBroker(async (broker) => {
		const run = new Run(['watch', '--broker', broker.url, '--events', 'status,outage,fault,refused']);
		await broker.subscribed('telltale/#');
		const node = await broker.client();
		const say = (leaf: string, text: string) => node.publishAsync(`telltale/cellar/${leaf}`, text, { qos: 1 });
		await say('status', 'online');
		await say('outage', '{"start":1795301840,"seconds":31.25,"cause":"tcp","attempts":5,"kept":3}');
		await say('health', '{"boot":7,"rssi":-61,"failing":"sht3x","why":"no answer."}');
		await say('readings', payload(1));
		await say('readings', payload(2, { temperature: 'hot' }));
		await say('status', 'offline');
		await run.until(({ out }) => out.split('\n').length === 7);
		run.process.kill('SIGINT');
		const { out } = await run.ended;
		const lines = out.trimEnd().split('\n').map((line) => JSON.parse(line));
		expect(lines).toEqual([
			{ event: 'status', node: 'cellar', at: expect.any(Number), status: 'online', retained: false },
			{ event: 'outage', node: 'cellar', at: expect.any(Number), start: 1_795_301_840, seconds: 31.25, cause: 'tcp', attempts: 5, kept: 3 },
			{ event: 'fault', node: 'cellar', at: expect.any(Number), fault: 'sht3x: no answer' },
			expect.objectContaining({ node: 'cellar', seq: 1 }),
			{ event: 'refused', node: 'cellar', at: expect.any(Number), why: 'readings has "temperature" that is no number' },
			{ event: 'status', node: 'cellar', at: expect.any(Number), status: 'offline', before: 'online', retained: false },
		]);
	}));

	it('keeps a record, goes on with it after a restart, and says what of a span is missing', withBroker(async (broker) => {
		const folder = mkdtempSync(join(tmpdir(), 'telltale-watch-'));
		const file = join(folder, 'readings.csv');
		try {
			const node = await broker.client();
			for (const seqs of [[1, 2, 3], [3, 4, 8]]) {
				const run = new Run(['watch', '--broker', broker.url, '--record', file]);
				await broker.subscribed('telltale/#');
				broker.forget();
				for (const seq of seqs) await node.publishAsync('telltale/cellar/readings', payload(seq), { qos: 1 });
				await run.until(({ out }) => out.trim().split('\n').length === seqs.length);
				run.process.kill('SIGINT');
				expect((await run.ended).err).toMatch(/ recorded in .*readings\.csv\.\n$/);
			}
			expect(readFileSync(file, 'utf8').trim().split('\n').map((line) => line.split(',')[4])).toEqual(['seq', '1', '2', '3', '4', '8']);
			const check = (from: number, to: number, ...more: string[]) => inside(['watch', ...more, '--record', file, '--check', String(1_795_301_835 + from), String(1_795_301_835 + to)]);
			expect(await check(0, 8)).toEqual({
				status: 1, out: 'cellar: 5 readings, 3 missing (5-7 of boot 7, between 2026-11-21 22:57:19Z and 2026-11-21 22:57:23Z).\n',
				err: expect.stringMatching(/^3 readings of that time are missing in .*readings\.csv\.\n$/) });
			expect(await check(1, 3)).toEqual({ status: 0, out: 'cellar: 3 readings, none missing.\n', err: '' });
			expect(await check(1, 3, 'attic')).toMatchObject({ status: 1, err: expect.stringContaining('holds no readings of attic.') });
		} finally {
			rmSync(folder, { recursive: true });
		}
	}));
});

describe('telltale watch with options that do not do', () => {
	it('refuses at once what can be no record, and reads none of it', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'telltale-watch-'));
		try {
			execFileSync('mkfifo', [join(folder, 'pipe.csv')]);
			mkdirSync(join(folder, 'folder.ndjson'));
			symlinkSync('/dev/full', join(folder, 'full.csv'));
			symlinkSync('circle.csv', join(folder, 'circle.csv'));
			writeFileSync(join(folder, 'letter.csv'), 'a letter');
			writeFileSync(join(folder, 'locked.csv'), '');
			symlinkSync(textOf(await ownerHere()), join(folder, 'locked.csv.lock'));
			for (const [file, why] of [
				['pipe.csv', 'it is no file'], ['folder.ndjson', 'it is a folder'], ['full.csv', 'it is no file'], ['circle.csv', 'its links lead in a circle'],
				['letter.csv', 'it holds something else'], ['not/there.csv', 'its folder is not there'], ['letter.csv/there.csv', 'a folder in its path is none'],
				[`${'x'.repeat(300)}.csv`, 'the name is too long'], ['locked.csv', `process ${process.pid} records into it`],
			] as const) {
				for (const check of [[], ['--check', '1h', 'now']]) {
					// Who only reads is kept out by no lock.
					const { status, out, err } = await inside(['watch', '--record', file, ...check], { cwd: folder });
					expect([status, out, err.split('\n').length], file).toEqual([1, '', 2]);
					if (check.length && file === 'locked.csv') expect(err).toBe('locked.csv holds no readings.\n');
					else if (check.length && file === 'not/there.csv') expect(err).toMatch(/ is not there: name the file of a record with --record\.\n$/);
					else expect(err, file).toContain(` cannot be the record, ${why}: `);
				}
			}
			expect(readdirSync(folder).filter((name) => name.endsWith('.lock'))).toEqual(['locked.csv.lock']);
		} finally {
			rmSync(folder, { recursive: true });
		}
	});

	it.each([
		[['--check', '0'], '--check asks about a record: name its file with --record.'],
		[['--record', 'a.csv', '--check', '2026-11-01'], '--check takes two times, from and to: write a date'],
		[['--record', 'a.csv', '--check', '2026-11-01', 'then'], '--check has "then", which is no time: write a date'],
		[['--record', 'a.csv', '--check', 'now', '1h'], '--check is from a time to a later one: turn them round.'],
		[['--record', 'not-there.csv', '--check', '7d', 'now'], 'not-there.csv is not there: name the file of a record with --record.'],
		[['--record', 'readings.txt'], 'readings.txt cannot be the record, its name must end in one of .csv, .ndjson'],
		[['--events', 'status,alarms'], '--events has "alarms"; it must be of status, outage, health, fault, gap, refused, or all.'],
		[['--mqtt', '3.1'], '--mqtt is "3.1"; it must be 3.1.1 or 5.'],
	])('%j says so in one sentence', async (words, sentence) => {
		const { status, out, err } = await inside(['watch', ...words], { cwd: tmpdir() });
		expect([status! > 0, out, err.split('\n').length]).toEqual([true, '', 2]);
		expect(err).toContain(sentence);
	});
});
