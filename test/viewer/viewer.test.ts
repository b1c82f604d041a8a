// The viewer as other programs use it: against a broker, with what nodes and strangers publish.
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { stateOf } from '../../viewer/state.js';
import { openViewer, type Viewer, type ViewerOptions } from '../../viewer/viewer.js';
import { connectAsync } from 'mqtt';
import { testBroker, type TestBroker } from '../cli/support.js';
import { BROKERS, freePort, mosquittoMissing } from '../support/brokers.js';
import { until } from '../support/patience.js';

const ROOT = new URL('../..', import.meta.url).pathname;
const NOW = Math.floor(Date.now() / 1_000);
const payload = (seq: number, more = {}) => JSON.stringify({ seq, boot: 7, time: NOW - 100 + seq, temperature: 21, humidity: 50, ...more });

let broker: TestBroker;
let node: Awaited<ReturnType<TestBroker['client']>>;
let viewer: Viewer;
const open: Viewer[] = [];
beforeAll(async () => {
	broker = await testBroker();
	node = await broker.client();
});
afterAll(() => broker.close());
afterEach(async () => {
	for (const each of open.splice(0)) await each.close();
});

/** With a root of its own, since the broker is shared; its events as "name node …". */
async function opened(root: string, options: Partial<ViewerOptions> = {}): Promise<unknown[][]> {
	viewer = openViewer({ brokers: [broker.url], roots: [root], ...options });
	open.push(viewer);
	const told: unknown[][] = [];
	for (const event of ['node', 'reading', 'conflict', 'status', 'outage', 'fault', 'channels', 'gap', 'refused'] as const) {
		viewer.on(event, (news: object) => told.push([event, news]));
	}
	await broker.subscribed(`${root}/#`);
	await until(() => viewer.links.every(({ up }) => up), 10_000, () => 'not connected');
	return told;
}

const say = (topic: string, content: string, retain = false) => node.publishAsync(topic, content, { qos: 1, retain });

/** Resolves when all that was published before has arrived. */
async function settled(root: string): Promise<void> {
	await say(`${root}/marker/status`, 'online');
	await until(() => [...viewer.nodes.keys()].some((name) => name.endsWith('marker')), 10_000, () => 'nothing comes');
}

describe('The viewer', () => {
	it('finds a node by what is retained of it, and by live traffic, and tells each thing once', async () => {
		await say('one/cellar/status', 'offline', true);
		const told = await opened('one');
		await say('one/cellar/status', 'online');
		await say('one/cellar/status', 'online');
		await say('one/porch/readings', payload(1));
		await say('one/porch/backlog', payload(1));
		await say('one/porch/backlog', payload(1, { temperature: 5 }));
		await settled('one');
		expect(told.map(([event, { node, status, late }]: any) => [event, node, status ?? late ?? ''].join(' ').trim()).slice(0, -2)).toEqual([
			'node cellar', 'status cellar offline', 'status cellar online', 'node porch', 'reading porch false', 'conflict porch',
		]);
		expect(viewer.nodes.get('porch')).toMatchObject({ received: 1, duplicates: 1, conflicts: 1, status: undefined });
	});

	it('shows what channels a node lists, with units, parts, doubts and what follows from them', async () => {
		await opened('two');
		await say('two/cellar/channels', '{"outside_humidity":["%","sht3x"],"outside_temperature":["°C","sht3x"],"voltage":["V","battery"]}', true);
		await say('two/cellar/readings', payload(1, { temperature: undefined, humidity: undefined, outside_temperature: 20, outside_humidity: 50, suspect: ['outside_humidity', 'nonsense'] }));
		await settled('two');
		const state = stateOf(viewer.nodes.get('cellar')!, Date.now());
		expect(state.channels.map(({ name, unit, part, value, suspect }) => [name, unit, part, value, suspect])).toEqual([
			['outside_humidity', '%', 'sht3x', 50, true], ['outside_temperature', '°C', 'sht3x', 20, false], ['voltage', 'V', 'battery', undefined, false],
		]);
		expect(state.derived.map(({ name, unit, value }) => [name, unit, value.toFixed(2)])).toEqual([['outside_dewPoint', '°C', '9.26'], ['outside_absoluteHumidity', 'g/m³', '8.62']]);
		expect([state.trouble, state.why, Math.round(state.age! / 10)]).toEqual(['suspect', 'doubts outside_humidity', 10]);
	});

	it('calls nodes by their whole topic where there are several roots', async () => {
		await opened('three', { roots: ['three', 'home/air'] });
		await say('three/cellar/readings', payload(1));
		await say('home/air/cellar/readings', payload(2));
		await settled('three/x');
		expect([...viewer.nodes.keys()].slice(0, 2)).toEqual(['three/cellar', 'home/air/cellar']);
	});

	it('sends a command to the node and gives its answer, or says that none came', async () => {
		await opened('four');
		await say('four/cellar/status', 'online');
		await settled('four');
		await node.subscribeAsync('four/+/set/+');
		node.on('message', (topic, text) => {
			const { id, value } = JSON.parse(text.toString());
			if (topic.startsWith('four/')) void say(`four/${topic.split('/')[1] === 'all' ? 'cellar' : topic.split('/')[1]}/result`, JSON.stringify({ id, name: topic.split('/').at(-1), ok: value !== 5, ...(value === 5 && { error: 'too short' }) }));
		});
		expect(await viewer.send('cellar', 'interval', 5_000)).toMatchObject({ node: 'cellar', answered: true, ok: true, error: '' });
		expect(await viewer.send('cellar', 'interval', 5)).toMatchObject({ answered: true, ok: false, error: 'too short' });
		await node.unsubscribeAsync('four/+/set/+');
		expect(await viewer.send('cellar', 'sample', undefined, { timeoutMs: 50 })).toMatchObject({ answered: false, ok: false, error: 'no answer within 0 s' });
	});

	it('counts what strangers publish as refused, shows why, and is otherwise as before', async () => {
		const told = await opened('five');
		await say('five/cellar/readings', payload(1));
		const hostile: [string, string][] = [
			['readings', payload(2, { temperature: 1e300 })], ['readings', '{"seq":2,"boot":7,"time":1,"temperature":1e999}'], ['readings', '{"seq":2,"boot":7,"time":1,"temperature":NaN}'],
			['readings', payload(2, { humidity: 'wet' })], ['readings', payload(2, { '<script>': 1 })], ['readings', payload(2, { 'a\u001b[2J': 1 })], ['readings', payload(0xffff_ffff)], ['readings', payload(2, { time: 1e15 })],
			['readings', payload(2, { suspect: 'all' })], ['status', '<script>alert(1)</script>'], ['channels', '{"temperature":"°C"}'], ['info', 'x'.repeat(1_000_000)], ['health', '[]'],
		];
		for (const [leaf, text] of hostile) await say(`five/cellar/${leaf}`, text);
		// What shows nothing could be no link, and a command for "all" would be one for all.
		const nameless = ['evil\u202e', '', ' ', '\u200b', 'all'];
		for (const name of nameless) await say(`five/${name}/status`, 'online');
		await say('five/cellar/readings', payload(9), true);
		await say('five/cellar/other', 'program');
		await say('five/cellar/set/stop', '{}');
		await settled('five');
		expect(told.filter(([event]) => event === 'refused')).toHaveLength(hostile.length + nameless.length);
		expect(viewer.refused).toEqual({ malformed: hostile.length + nameless.length, foreign: 1, beyond: 0 });
		expect(viewer.refusals.map(({ why }) => why)).toContain('info is longer than 4096 bytes');
		expect([...viewer.nodes.keys()]).toEqual(['cellar', 'marker']);
		expect(viewer.nodes.get('cellar')!.received).toBe(2);
	});

	it('asks by name for what is retained, where the broker sends none of it for wildcards', async () => {
		const { persistence } = broker.aedes as any;
		const whole = persistence.createRetainedStreamCombi.bind(persistence);
		const spy = vi.spyOn(persistence, 'createRetainedStreamCombi').mockImplementation(((filters: string[]) => whole(filters.filter((filter) => !/[+#]/.test(filter)))) as any);
		try {
			await say('six/cellar/status', 'online', true);
			await say('six/cellar/info', '{"version":"0.1.0"}', true);
			await opened('six');
			let seq = 1;
			await until(async () => (await say('six/cellar/readings', payload(seq++)), viewer.nodes.get('cellar')?.info !== undefined), 10_000, () => 'nothing retained came', 100);
			expect(stateOf(viewer.nodes.get('cellar')!, Date.now())).toMatchObject({ status: 'online', version: '0.1.0' });
		} finally {
			spy.mockRestore();
		}
	});

	it('puts several brokers together: each reading once, and online where one of them says so', async () => {
		const other = await testBroker();
		try {
			await opened('seven', { brokers: [broker.url, other.url] });
			const there = await other.client();
			await say('seven/cellar/status', 'online');
			await say('seven/cellar/readings', payload(1));
			await say('seven/cellar/status', 'offline', true);
			await there.publishAsync('seven/cellar/readings', payload(1), { qos: 1 });
			await there.publishAsync('seven/cellar/status', 'online', { qos: 1, retain: true });
			await there.publishAsync('seven/cellar/readings', payload(2), { qos: 1 });
			await until(() => viewer.nodes.get('cellar')?.received === 2 && viewer.nodes.get('cellar')!.status === 'online', 10_000, () => 'not put together');
			expect(viewer.nodes.get('cellar')).toMatchObject({ duplicates: 1, missing: 0, broker: 1 });
		} finally {
			await other.close();
		}
	});

	it('gets with a session of its own what passed while it did not run', async () => {
		await opened('nine', { session: 'telltale-nine' });
		await say('nine/cellar/readings', payload(1));
		await settled('nine');
		await viewer.close();
		for (const seq of [2, 3]) await say('nine/cellar/readings', payload(seq));
		await opened('nine', { session: 'telltale-nine' });
		await say('nine/cellar/readings', payload(4));
		await until(() => viewer.nodes.get('cellar')?.received === 3, 10_000, () => 'not all came');
		expect(viewer.nodes.get('cellar')).toMatchObject({ missing: 0, passed: 0 });
	});

	it.skipIf(mosquittoMissing)('speaks MQTT 5 over WebSocket as it does 3.1.1 over TCP', async () => {
		const port = await freePort();
		const mosquitto = await BROKERS.find(({ name }) => name === 'mosquitto')!.make({ user: 'me', password: 'right', lines: [`listener ${port} 127.0.0.1`, 'protocol websockets'] });
		try {
			await mosquitto.start();
			const tcp = mosquitto.url.replace('//', '//me:right@');
			viewer = openViewer({ brokers: [{ url: `ws://127.0.0.1:${port}/mqtt`, protocol: 5, user: 'me', password: 'right' }, tcp] });
			open.push(viewer);
			await until(() => viewer.links.every(({ up }) => up), 10_000, () => JSON.stringify(viewer.links));
			const there = await connectAsync(tcp);
			await there.publishAsync('telltale/cellar/status', 'online', { qos: 1, retain: true });
			await there.publishAsync('telltale/cellar/readings', payload(1), { qos: 1 });
			await until(() => viewer.nodes.get('cellar')?.duplicates === 1, 10_000, () => 'not both');
			expect(viewer.nodes.get('cellar')).toMatchObject({ received: 1, conflicts: 0, status: 'online' });
			await there.endAsync();
			const refused = openViewer({ brokers: [{ url: `ws://127.0.0.1:${port}/mqtt`, protocol: 5, user: 'me', password: 'wrong' }] });
			open.push(refused);
			await until(() => refused.links[0]!.final, 10_000, () => JSON.stringify(refused.links));
			expect(refused.links[0]!.sentence).toMatch(/^The broker at ws:\S+ refuses the user name or the password: /);
		} finally {
			for (const each of open.splice(0)) await each.close();
			await mosquitto.dispose();
		}
	});

	it('never shows the password of a broker', async () => {
		await opened('eight', { brokers: [broker.url.replace('//', '//me:secret@')] });
		expect(JSON.stringify(viewer.links)).not.toContain('secret');
	});

	it('runs as its README says', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'telltale-viewer-'));
		const code = /<!-- tested: example -->\n```ts\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'viewer/README.md'), 'utf8'))![1]!;
		const lines: string[] = [];
		const spy = vi.spyOn(console, 'log').mockImplementation((...words: unknown[]) => void lines.push(words.map((word) => (typeof word === 'object' ? JSON.stringify(word) : String(word))).join(' ').trim()));
		try {
			const file = join(folder, 'example.ts');
			writeFileSync(file, `${code.replaceAll("'viewer/", `'${ROOT}viewer/`).replace('mqtt://127.0.0.1:1883', broker.url)}\nexport { viewer };\n`);
			({ viewer } = (await import(file)) as { viewer: Viewer });
			open.push(viewer);
			await until(() => viewer.links[0]!.up, 10_000, () => 'not connected');
			await say('telltale/cellar/status', 'online');
			await say('telltale/cellar/backlog', payload(3));
			await settled('telltale');
			expect(lines).toEqual(expect.arrayContaining([
				`Connected to ${broker.url}.`, 'cellar is online', 'cellar 3 {"temperature":21,"humidity":50} late', 'cellar online none 0 ["temperature 21 °C","humidity 50 %"]',
			]));
		} finally {
			spy.mockRestore();
			rmSync(folder, { recursive: true });
		}
	});
});
