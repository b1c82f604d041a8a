import { describe, expect, it } from 'vitest';
import { freePort } from '../support/brokers.js';
import { few } from '../support/few.js';
import { Run, telltale, testBroker, type TestBroker } from './support.js';

const payload = (seq: number, more = {}) => JSON.stringify({ seq, boot: 7, time: 1_795_301_835 + seq, temperature: 21.5 + seq / 1_000, ...more });

/** The broker of one test. */
class Own {
	constructor(public now: TestBroker) {}
	get url() { return this.now.url; }
	get aedes() { return this.now.aedes; }
	client: TestBroker['client'] = (options) => this.now.client(options);
	subscribed: TestBroker['subscribed'] = (filter) => this.now.subscribed(filter);
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
});
