import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IPublishPacket } from 'mqtt';
import { inside, Run, testBroker, type TestBroker } from './support.js';

interface Asked {
	readonly topic: string;
	readonly request: { readonly id: string; readonly value?: unknown };
	readonly packet: IPublishPacket;
}

describe('telltale send', () => {
	let broker: TestBroker;
	const asked: Asked[] = [];
	beforeEach(async () => {
		broker = await testBroker();
		asked.length = 0;
	});
	afterEach(() => broker.close());

	/** Answers as a node does, first to somebody else. */
	async function fakeNode(answer: (id: string) => object, base = 'telltale/cellar'): Promise<void> {
		const node = await broker.client();
		await node.subscribeAsync(`${base}/set/+`, { qos: 1 });
		await node.publishAsync(`${base}/status`, 'online', { qos: 1, retain: true });
		node.on('message', (topic, payload, packet) => {
			const request = JSON.parse(payload.toString());
			asked.push({ topic, request, packet });
			node.publish(`${base}/result`, JSON.stringify({ id: 'of another', ok: false }), { qos: 1 });
			node.publish(`${base}/result`, JSON.stringify(answer(request.id)), { qos: 1 });
		});
	}

	it('publishes the command with an id, prints the result that carries it and ends with 0', async () => {
		await fakeNode((id) => ({ id, name: 'interval', ok: true }));
		const { status, out, err } = await inside(['send', 'cellar', 'interval', '5000', '--broker', broker.url]);
		expect([status, err]).toEqual([0, '']);
		expect(asked).toHaveLength(1);
		expect(asked[0]).toMatchObject({ topic: 'telltale/cellar/set/interval', request: { value: 5000 }, packet: { retain: false, qos: 1 } });
		expect(JSON.parse(out)).toEqual({ id: asked[0]!.request.id, name: 'interval', ok: true });
	});

	it('prints what a scan found as a table', async () => {
		await fakeNode((id) => ({ id, name: 'scan', ok: true, found: { 118: 'bme280' }, parts: { tmp36: 'ok' } }));
		const { status, out } = await inside(['send', 'cellar', 'scan', '--broker', broker.url]);
		expect([status, out]).toEqual([0, 'ADDRESS     PART\n0x76 (118)  bme280\n\nOF THE SETTINGS  STATE\ntmp36            ok\n']);
	});

	it('sends no value where none is given, below another base', async () => {
		await fakeNode((id) => ({ id, ok: true }), 'home/air/cellar');
		expect((await inside(['send', 'cellar', 'sample', '--base', 'home/air', '--broker', broker.url])).status).toBe(0);
		expect(Object.keys(asked[0]!.request)).toEqual(['id']);
	});

	it('sends a value as it was written, all its digits', async () => {
		await fakeNode((id) => ({ id, ok: true }));
		const node = await broker.client();
		const payloads: string[] = [];
		await node.subscribeAsync('telltale/cellar/set/+', { qos: 1 });
		node.on('message', (_topic, payload) => payloads.push(payload.toString()));
		expect((await inside(['send', 'cellar', 'calibrate', ' {"temperature":21.300000000000000001} ', '--broker', broker.url])).status).toBe(0);
		expect(payloads).toEqual([expect.stringMatching(/^\{"id":"[0-9a-f]{12}","value":\{"temperature":21\.300000000000000001\}\}$/)]);
	});

	it('sends what a node just takes, and refuses what it would throw away', async () => {
		await fakeNode((id) => ({ id, ok: true }));
		// 384 bytes: the topic's length and the packet id, the topic, the id and this.
		const fits = 384 - 4 - 'telltale/cellar/set/x'.length - '{"id":"0123456789ab","value":""}'.length;
		const sent = (length: number) => inside(['send', 'cellar', 'x', JSON.stringify('ä'.repeat(10) + 'v'.repeat(length - 20)), '--broker', broker.url]);
		expect((await sent(fits)).status).toBe(0);
		expect(await sent(fits + 1)).toEqual({ status: 2, out: '', err: 'The command is 1 byte too large for a node, topic and value together: give it a shorter value.\n' });
		expect((await sent(fits + 7)).err).toMatch(/^The command is 7 bytes too large /);
		expect(asked).toHaveLength(1);
	});

	it('gives the reason of a refusal and ends with 1', async () => {
		await fakeNode((id) => ({ id, ok: false, error: 'intervalMs is 5; it must be a whole number from 1000 to 86400000' }));
		const { status, err } = await inside(['send', 'cellar', 'interval', '5', '--broker', broker.url]);
		expect([status, err]).toEqual([1, 'cellar refused "interval": intervalMs is 5; it must be a whole number from 1000 to 86400000.\n']);
	});

	it('asks all nodes at once, prints each answer with its node, and counts who refuses', async () => {
		const answers: Record<string, object> = { cellar: { ok: true }, porch: { ok: true } };
		for (const name of Object.keys(answers)) {
			const node = await broker.client();
			await node.subscribeAsync('telltale/all/set/+', { qos: 1 });
			node.on('message', (topic, payload) => node.publish(`telltale/${name}/result`, JSON.stringify({ id: JSON.parse(payload.toString()).id, name: topic.split('/').at(-1), ...answers[name] }), { qos: 1 }));
		}
		const ask = () => inside(['send', 'all', 'identify', '--timeout', '1s', '--broker', broker.url]);
		const { status, out, err } = await ask();
		expect([status, err]).toEqual([0, '2 nodes answered within 1 s.\n']);
		expect(out.trim().split('\n').map((line) => JSON.parse(line)).map(({ node, name, ok }) => `${node} ${name} ${ok}`).sort()).toEqual(['cellar identify true', 'porch identify true']);
		answers.porch = { ok: false, error: 'no' };
		expect(await ask()).toMatchObject({ status: 1, err: '1 node of 2 refused "identify".\n' });
	});

	it('ends with 1 when no node answers what was asked of all', async () => {
		expect(await inside(['send', 'all', 'identify', '--timeout', '1s', '--broker', broker.url])).toEqual({
			status: 1, out: '', err: 'No node below telltale answered for 1 s: check --base, and look for them with "npx telltale watch".\n' });
	});

	it('asks each node whose name fits a pattern, and prints one table of what came of it', async () => {
		const node = await broker.client();
		for (const [name, status] of [['fit-10', 'online'], ['fit-2', 'online'], ['fit-3', 'offline'], ['other', 'online']] as const) await node.publishAsync(`many/${name}/status`, status, { qos: 1, retain: true });
		await node.subscribeAsync('many/+/set/+', { qos: 1 });
		const asked: string[] = [];
		node.on('message', (topic, payload) => {
			const name = topic.split('/')[1]!;
			if (!topic.startsWith('many/')) return;
			asked.push(`${name} ${JSON.parse(payload.toString()).value}`);
			void node.publish(`many/${name}/result`, JSON.stringify({ id: JSON.parse(payload.toString()).id, name: 'interval', ok: name === 'fit-2', error: 'too \u202eshort' }), { qos: 1 });
		});
		expect(await inside(['send', 'fit-*', 'interval', '5000', '--base', 'many', '--timeout', '5s', '--broker', broker.url])).toEqual({
			status: 1, out: 'NODE    ANSWER\nfit-2   ok\nfit-3   is away, not asked\nfit-10  refused: too ?short\n', err: '2 of 3 nodes did not do "interval".\n' });
		expect(asked.sort()).toEqual(['fit-10 5000', 'fit-2 5000']);
		expect(await inside(['send', 'none-*', 'sample', '--base', 'many', '--broker', broker.url])).toMatchObject({ status: 1, out: '', err: 'No node below many has a name like none-*: look for them with "npx telltale nodes".\n' });
	});

	it('lists the nodes with version, address, RSSI, uptime and faults', async () => {
		const node = await broker.client();
		const say = (topic: string, content: object | string, retain = false) => node.publishAsync(`list/${topic}`, typeof content === 'string' ? content : JSON.stringify(content), { qos: 1, retain });
		await say('porch/status', 'online', true);
		await say('porch/info', { version: '0.1.0', board: 'nodemcu', address: '192.168.1.23' }, true);
		await say('attic/status', 'offline', true);
		const ran = inside(['nodes', '--for', '1s', '--base', 'list', '--broker', broker.url]);
		await broker.subscribed('list/#');
		await say('porch/health', { rssi: -61, uptime: 7_300, failing: 'sht3x', why: 'no answer.' });
		expect(await ran).toEqual({ status: 0, err: '', out: [
			'NODE   STATUS   VERSION  BOARD    ADDRESS       RSSI     UPTIME  FAULT',
			'attic  offline  -        -        -             -        -       -',
			'porch  online   0.1.0    nodemcu  192.168.1.23  -61 dBm  2 h     sht3x: no answer', ''].join('\n') });
		// Health is not retained.
		expect((await inside(['nodes', '--for', '300ms', '--base', 'list', '--broker', broker.url])).err).toBe('RSSI, uptime and faults come with health, once a minute: --for 65s waits for it.\n');
		expect(await inside(['nodes', '--for', '300ms', '--base', 'nowhere', '--broker', broker.url])).toMatchObject({ status: 1, err: 'No node said anything for 300 ms: check --base, and look longer with --for.\n' });
	});

	it('ends with 1 when nobody of that name is there', async () => {
		const { status, err } = await inside(['send', 'celler', 'sample', '--timeout', '2s', '--broker', broker.url]);
		expect([status, err]).toEqual([1, 'No node says anything under telltale/celler: check its name with "npx telltale watch"; the broker may keep the command for a node that is away.\n']);
	});

	it('ends with 1 when the node does not answer, and says how the node is', async () => {
		const node = await broker.client();
		await node.publishAsync('telltale/cellar/status', 'offline', { qos: 1, retain: true });
		const { status, err } = await inside(['send', 'cellar', 'sample', '--timeout', '2s', '--broker', broker.url]);
		expect([status, err]).toEqual([1, 'cellar is offline and did not answer for 2 s: the broker may keep the command and hand it out when the node comes back, so do not send it again.\n']);
	});

	it('ends with 1 at Ctrl-C while it waits', async () => {
		const run = new Run(['send', 'cellar', 'sample', '--broker', broker.url]);
		await broker.subscribed('telltale/cellar/#');
		run.process.kill('SIGINT');
		const { status, err } = await run.ended;
		expect(status).toBe(1);
		expect(err).toMatch(/^Stopped before [^\n]+\n$/);
	});
});
