// The page's server without a browser: who may ask for what, and that nobody who asks too much makes it fall.
import { request as ask, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Chronicle } from '../../viewer/server/chronicle.js';
import type { WorldControls } from '../../viewer/server/world.js';
import { PageServer, type PageOptions } from '../../viewer/server/page-server.js';
import { STREAMS_MAX, Streams } from '../../viewer/server/stream.js';
import { openViewer, type Viewer } from '../../viewer/viewer.js';
import { testBroker, type TestBroker } from '../cli/support.js';
import { until } from '../support/patience.js';

interface Answer {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly text: string;
}

interface Asked {
	readonly method?: string;
	readonly headers?: Readonly<Record<string, string | undefined>>;
	readonly body?: string;
	readonly host?: string;
}

let broker: TestBroker;
let publisher: Awaited<ReturnType<TestBroker['client']>>;
let viewer: Viewer;
let server: PageServer;
const open: { close(): Promise<void> }[] = [];
const streams: IncomingMessage[] = [];

beforeAll(async () => {
	broker = await testBroker();
	publisher = await broker.client();
});
afterAll(() => broker.close());
afterEach(async () => {
	for (const stream of streams.splice(0)) stream.destroy();
	for (const each of open.splice(0)) await each.close();
});

async function opened(root: string, options: Partial<PageOptions> = {}): Promise<void> {
	viewer = openViewer({ brokers: [broker.url.replace('//', '//me:secret@')], roots: [root] });
	open.push(viewer);
	server = await PageServer.open({ viewer, port: 0, ...options });
	open.unshift(server);
	await until(() => viewer.links[0]!.up, 10_000, () => 'not connected');
}

const say = (topic: string, content: unknown, retain = false) => publisher.publishAsync(topic, typeof content === 'string' ? content : JSON.stringify(content), { qos: 1, retain });
const NOW = Math.floor(Date.now() / 1_000);
const reading = (seq: number, more = {}) => ({ seq, boot: 7, time: NOW - 100 + seq, temperature: 21 + seq / 10, humidity: 50, ...more });
const origin = () => `http://127.0.0.1:${server.port}`;
const json = { 'content-type': 'application/json' };

function get(path: string, { method = 'GET', headers = {}, body, host = '127.0.0.1' }: Asked = {}): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)) as Record<string, string>;
		const asked = ask({ host, port: server.port, path, method, headers: given, agent: false }, (response) => {
			let text = '';
			response.on('data', (piece: Buffer) => (text += piece.toString()));
			response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
			response.on('error', reject);
		});
		asked.on('error', reject);
		asked.end(body);
	});
}

const post = (path: string, body: unknown, headers: Asked['headers'] = {}) => get(path, { method: 'POST', headers: { origin: origin(), ...json, ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) });

async function cookie(): Promise<string> {
	const { headers } = await post('/session', { token: server.access.token });
	return headers['set-cookie']![0]!.split(';')[0]!;
}

/** The answer as it begins. */
function stream(path: string): Promise<{ readonly response: IncomingMessage; text(): string }> {
	return new Promise((resolve, reject) => {
		const asked = ask({ host: '127.0.0.1', port: server.port, path, agent: false }, (response) => {
			let text = '';
			streams.push(response);
			response.on('data', (piece: Buffer) => (text += piece.toString()));
			response.on('error', () => {});
			resolve({ response, text: () => text });
		});
		asked.on('error', reject);
		asked.end();
	});
}

const newsIn = (text: string) => [...text.matchAll(/^data: (.*)$/gm)].map(([, each]) => JSON.parse(each!));

describe('The page\'s server', () => {
	it('answers on this machine alone, and to no name that somebody else lets point here', async () => {
		await opened('a');
		const { status, headers } = await get('/');
		expect(status).toBe(200);
		expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';.*frame-ancestors 'none'.*trusted-types 'none'$/);
		expect(headers['content-security-policy']).not.toContain('unsafe');
		for (const host of [`127.0.0.1:${server.port}`, `localhost:${server.port}`, 'localhost', '127.0.0.1:9']) expect((await get('/metrics', { headers: { host } })).status, host).toBe(200);
		for (const host of ['evil.example', `evil.example:${server.port}`, `127.0.0.1.evil.example:${server.port}`, '192.168.1.5', '[::1]', 'localhost.evil.example', '127.0.0.1@evil.example']) {
			expect([400, 403], host).toContain((await get('/metrics', { headers: { host } })).status);
		}
	});

	it('refuses what another page asks for, also on another port of this machine', async () => {
		await opened('b');
		for (const headers of [{ origin: 'http://evil.example' }, { origin: 'null' }, { origin: 'http://127.0.0.1:1' }, { origin: `https://127.0.0.1:${server.port}` }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }]) {
			expect((await get('/events', { headers })).status, JSON.stringify(headers)).toBe(403);
			expect((await post('/session', { token: server.access.token }, headers)).status, JSON.stringify(headers)).toBe(403);
		}
		expect((await get('/session', { method: 'POST', headers: json, body: '{}' })).status).toBe(403);
		expect((await get('/metrics', { headers: { origin: origin(), 'sec-fetch-site': 'same-origin' } })).status).toBe(200);
	});

	it('takes commands from a browser that has shown the token, and from no other', async () => {
		await opened('c');
		await say('c/cellar/status', 'online');
		await until(() => viewer.nodes.has('cellar'), 10_000, () => 'no node');
		for (const token of ['', 'wrong', server.access.token.slice(1), 5, null]) expect((await post('/session', { token })).status).toBe(401);
		const refused = await post('/command', { node: 'cellar', name: 'sample' });
		expect([refused.status, refused.text]).toEqual([401, 'Commands need the address with its token, as the terminal printed it.\n']);
		expect((await post('/command', { node: 'cellar', name: 'sample' }, { cookie: `telltale-${server.port}=${server.access.token}` })).status).toBe(401);
		const { headers } = await post('/session', { token: server.access.token });
		expect(headers['set-cookie']![0]).toMatch(/^telltale-\d+=[\w-]{32}; HttpOnly; SameSite=Strict; Path=\/$/);
		expect(headers['set-cookie']![0]).not.toContain(server.access.token);

		await publisher.subscribeAsync('c/+/set/+');
		publisher.once('message', (topic, payload) => void say('c/cellar/result', { id: JSON.parse(payload.toString()).id, name: topic.split('/').at(-1), ok: false, error: 'too short' }));
		const shown = { cookie: await cookie() };
		expect(JSON.parse((await post('/command', { node: 'cellar', name: 'interval', value: 5 }, shown)).text)).toMatchObject({ ok: false, answered: true, error: 'too short' });
		for (const [body, status] of [[{ node: 'attic', name: 'sample' }, 404], [{ node: 'cellar', name: 'forget' }, 400], [{ node: 'cellar', name: 'sample/../../x' }, 400], [{ node: 'cellar', name: 'config', value: 'x'.repeat(400) }, 400], [{ node: 'cellar', name: 'config', value: '°'.repeat(200) }, 400], [{ what: 'wifi' }, 404]] as const) {
			expect((await post('/command', body, shown)).status, JSON.stringify(body)).toBe(status);
		}
		expect((await post('/world', { what: 'wifi', on: false }, shown)).status).toBe(404);
		await publisher.unsubscribeAsync('c/+/set/+');
	});

	it('asks all nodes that are not away, each by itself, and tells what came of it at each', async () => {
		await opened('n');
		for (const [name, status] of [['node-10', 'online'], ['node-2', 'online'], ['away', 'offline']] as const) await say(`n/${name}/status`, status);
		await until(() => viewer.nodes.size === 3, 10_000, () => 'no nodes');
		expect((await post('/commands', { name: 'sample' })).status).toBe(401);
		const shown = { cookie: await cookie() };
		for (const name of ['stop', 'config', 'scan', 'constructor', ['sample'], undefined]) expect((await post('/commands', { name }, shown)).status, String(name)).toBe(400);
		expect((await post('/commands', { name: 'interval', value: 'x'.repeat(400) }, shown)).status).toBe(400);
		const asked: string[] = [];
		let busy: Answer | undefined;
		await publisher.subscribeAsync('n/+/set/+');
		const answer = async (topic: string, payload: Buffer): Promise<void> => {
			asked.push(topic);
			const [, node] = topic.split('/');
			// Meanwhile nobody else may.
			if (node === 'node-2') busy = await post('/commands', { name: 'sample' }, shown);
			void say(`n/${node}/result`, { id: JSON.parse(payload.toString()).id, ok: node === 'node-2', error: 'too short' });
		};
		publisher.on('message', answer as never);
		try {
			const { status, text } = await post('/commands', { name: 'interval', value: 5 }, shown);
			expect([status, JSON.parse(text)]).toEqual([200, [
				{ node: 'away', asked: false, answered: false, ok: false, error: '' },
				{ node: 'node-2', asked: true, answered: true, ok: true, error: '' },
				{ node: 'node-10', asked: true, answered: true, ok: false, error: 'too short' },
			]]);
			expect([busy!.status, busy!.text, asked]).toEqual([409, 'All nodes are being asked something already: wait for their answers.\n', ['n/node-2/set/interval', 'n/node-10/set/interval']]);
			expect(server.chronicle.since('node-10', 0).events.at(-1)!.text).toBe('Refused interval: too short');
		} finally {
			publisher.off('message', answer as never);
			await publisher.unsubscribeAsync('n/+/set/+');
		}
	});

	it('needs the token for everything but the page\'s own files where others can connect', async () => {
		const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []).find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
		await opened('d', { host: '0.0.0.0' });
		for (const host of ['127.0.0.1', ...(own ? [own] : [])]) {
			expect((await get('/page.js', { host })).status, host).toBe(200);
			for (const path of ['/events', '/metrics', '/history?node=a&channel=b&from=1&to=2&pixels=5']) expect((await get(path, { host })).status, path).toBe(401);
			expect((await get('/metrics', { host, headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
			expect((await get('/metrics', { host, headers: { authorization: `Bearer ${server.access.token}` } })).status).toBe(200);
		}
		expect((await get('/metrics', { headers: { cookie: await cookie() } })).status).toBe(200);
		expect((await get('/page.js', { headers: { host: 'evil.example' } })).status).toBe(403);
	});

	it('has no way to the disk, and knows nothing but GET and POST', async () => {
		await opened('e');
		for (const path of ['/../package.json', '/..%2fpackage.json', '/%2e%2e/package.json', '//etc/passwd', '/page.js/..', '/web/main.tsx', '/style.css%00', '/etc/passwd', '*']) {
			expect([400, 404], path).toContain((await get(path)).status);
		}
		for (const method of ['PUT', 'DELETE', 'OPTIONS', 'TRACE']) expect((await get('/', { method, headers: { origin: origin() } })).status, method).toBe(405);
		expect((await get('/?x=1')).status).toBe(200);
	});

	it('takes small JSON objects and nothing else', async () => {
		await opened('f');
		const shown = { cookie: await cookie() };
		for (const body of ['', '[]', 'null', '{"node":', '\u0000', '"x"']) expect((await post('/command', body, shown)).status, body).toBe(400);
		expect((await post('/command', '{}', { ...shown, 'content-type': 'text/plain' })).status).toBe(415);
		expect((await post('/session', { token: 'x'.repeat(10_000) })).status).toBe(413);
		// It does not wait for what it does not read.
		const endless = await new Promise<string>((resolve, reject) => {
			const socket = connect(server.port, '127.0.0.1', () => {
				socket.write(`POST /session HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nOrigin: ${origin()}\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n`);
				socket.write('x'.repeat(100_000));
			});
			let text = '';
			socket.on('data', (piece) => (text += piece.toString()));
			socket.on('close', () => resolve(text));
			socket.on('error', (error) => (text ? resolve(text) : reject(error)));
		});
		expect(endless).toMatch(/^HTTP\/1\.1 413 /);
		for (const query of ['', 'from=2&to=1&pixels=5', 'from=NaN&to=1&pixels=5', 'from=1&to=Infinity&pixels=5', 'from=1&to=2&pixels=1e9', 'from=1&to=2&pixels=-1', 'from=-1e308&to=1e308&pixels=4', 'from=0&to=5e-324&pixels=4000']) expect((await get(`/history?node=a&channel=b&${query}`)).status, query).toBe(400);
		expect(JSON.parse((await get('/history?node=__proto__&channel=constructor&from=1&to=2&pixels=5')).text).time).toEqual([]);
	});

	it('tells an overview everything once and then what changed, and shows no password', async () => {
		await opened('g');
		await say('g/cellar/status', 'online');
		await say('g/porch/readings', reading(1));
		await until(() => viewer.nodes.size === 2, 10_000, () => 'no nodes');
		const page = await stream('/events');
		await until(() => newsIn(page.text()).length > 0, 10_000, () => page.text());
		expect(newsIn(page.text())[0]).toMatchObject({ rows: [{ name: 'cellar', status: 'online' }, { name: 'porch', seq: 1, missing: 0 }], totals: { nodes: 2, received: 1 }, mayCommand: false, world: null });
		await say('g/porch/readings', reading(2));
		await until(() => newsIn(page.text()).some(({ rows }) => rows[0]?.seq === 2), 10_000, () => page.text());
		expect(newsIn(page.text()).at(-1).rows.map(({ name }: { name: string }) => name)).toEqual(['porch']);
		// A simulation may be ahead of time; what is far ahead is no time, and makes it no younger than it came.
		for (const [seq, ahead, told] of [[3, 3_600, 3_600], [4, 90_000, 0]] as const) {
			await say('g/porch/readings', reading(seq, { time: NOW + ahead }));
			await until(() => newsIn(page.text()).some(({ rows }) => rows[0]?.seq === seq), 10_000, () => page.text());
			const row = newsIn(page.text()).at(-1).rows[0];
			expect([Math.abs(row.ahead / 1_000 - told) < 60, row.time <= Date.now()]).toEqual([true, true]);
		}
		expect(page.text()).not.toContain('secret');
		expect((await get('/metrics')).text).not.toContain('secret');
	});

	it('tells a node\'s page what happened: status, late readings, gaps, refusals, as text', async () => {
		await opened('h');
		const page = await stream('/events?node=porch');
		await say('h/porch/status', 'online');
		await say('h/porch/readings', reading(1));
		await say('h/porch/readings', reading(5));
		await say('h/porch/backlog', reading(2));
		await say('h/porch/backlog', reading(3));
		await say('h/porch/outage', { start: NOW - 99, seconds: 3, cause: 'tcp', attempts: 2, kept: 3 });
		await say('h/porch/outage', { start: 1e300, seconds: 1e300, cause: 'constructor', attempts: 1 });
		await say('h/porch/readings', `{"seq":6,"boot":7,"time":${NOW},"temperature":"<script>"}`);
		await say('h/porch/health', { boot: 7, failing: 'sht3x', why: '<img src=x onerror=alert(1)>\u202e' });
		await until(() => newsIn(page.text()).at(-1)?.detail?.refused === 1 && newsIn(page.text()).at(-1)?.detail?.fault, 10_000, () => page.text());
		const all = new Map(newsIn(page.text()).flatMap(({ events }) => events).map((event) => [event.id, event]));
		expect([...all.values()].map(({ kind, text, tone }) => [kind, text, tone])).toEqual([
			['status', 'Online', 'good'],
			['late', '2 late readings filled the gap: #2 to #3', 'good'],
			['outage', 'Back from an outage: 3 s, the connection broke, 2 attempts, kept 3 readings meanwhile', 'plain'],
			['outage', 'Back from an outage: constructor, 1 attempt', 'plain'],
			['refused', expect.stringMatching(/^Refused: readings has "temperature" that is no number/), 'bad'],
			['fault', 'sht3x: <img src=x onerror=alert(1)>\\u202e', 'bad'],
		]);
		expect(newsIn(page.text()).at(-1).detail).toMatchObject({ row: { late: 2 }, gaps: [{ boot: '7', from: 4, to: 4 }], lateSpans: [{ from: NOW - 98, to: NOW - 97, count: 2 }] });
	});

	it('gives charts each reading where there is room, with those marked that came late or are doubted', async () => {
		await opened('i');
		await say('i/porch/readings', reading(1));
		await say('i/porch/readings', reading(4, { suspect: ['humidity'] }));
		await say('i/porch/backlog', reading(2));
		await until(() => viewer.nodes.get('porch')?.received === 3, 10_000, () => 'not here');
		const of = async (channel: string, pixels: number) => JSON.parse((await get(`/history?node=porch&channel=${channel}&from=${NOW - 200}&to=${NOW}&pixels=${pixels}`)).text);
		expect(await of('temperature', 100)).toEqual({ time: [NOW - 99, NOW - 98, NOW - 96], seconds: 0, least: [21.1, 21.2, 21.4], most: [21.1, 21.2, 21.4], mean: [21.1, 21.2, 21.4], late: [1], suspect: [] });
		expect((await of('humidity', 100)).suspect).toEqual([2]);
		const few = await of('temperature', 2);
		expect([few.seconds, Math.min(...few.least), Math.max(...few.most), few.late.length > 0]).toEqual([100, 21.1, 21.4, true]);
	});

	it('serves so many pages at once, and one more when one of them is closed', async () => {
		await opened('j');
		const pages = [];
		for (let i = 0; i < STREAMS_MAX; i++) pages.push(await stream('/events'));
		expect((await get('/events')).status).toBe(503);
		pages[0]!.response.destroy();
		await until(async () => (await stream('/events')).response.statusCode === 200, 10_000, () => 'no place');
	});

	it('puts nothing more into the way of a page that takes nothing, tells it how things are when it does again, and lets it go in the end', async () => {
		await opened('k');
		const written: string[] = [];
		let isGone = false;
		const page = { writableNeedDrain: false, writeHead: () => page, write: (text: string) => written.push(text), on: () => page, end: () => {}, destroy: () => (isGone = true) };
		const slow = new Streams(viewer, new Chronicle(viewer), () => undefined);
		const other = await stream('/events');
		try {
			expect(slow.open(page as unknown as ServerResponse, undefined, false, {})).toBe(true);
			await say('k/porch/readings', reading(1));
			await until(() => newsIn(written.join('')).some(({ rows }) => rows[0]?.seq === 1), 10_000, () => 'not told');
			page.writableNeedDrain = true;
			const before = written.length;
			for (let seq = 2; seq <= 5; seq++) {
				await say('k/porch/readings', reading(seq));
				await until(() => newsIn(other.text()).some(({ rows }) => rows[0]?.seq === seq), 10_000, () => 'the other page is not told');
			}
			expect(written.length).toBe(before);
			page.writableNeedDrain = false;
			await until(() => written.length > before, 10_000, () => 'not told');
			expect(newsIn(written.slice(before).join('')).flatMap(({ rows }) => rows.map(({ seq }: { seq: number }) => seq))).toEqual([5]);

			page.writableNeedDrain = true;
			await say('k/porch/readings', reading(6));
			await until(() => newsIn(other.text()).some(({ rows }) => rows[0]?.seq === 6), 10_000, () => 'the other page is not told');
			expect(isGone).toBe(false);
			// Time runs fast from here on: whenever it is seen first that the page takes nothing, it will not for long.
			let now = Date.now();
			vi.spyOn(Date, 'now').mockImplementation(() => (now += 20_000));
			await until(() => isGone, 10_000, () => 'it is kept');
		} finally {
			vi.restoreAllMocks();
			slow.close();
		}
	});

	it('changes the world of simulated nodes for who has shown the token, and says what cannot be', async () => {
		await opened('l');
		const asked: unknown[] = [];
		const world: WorldControls = {
			state: () => ({ temperature: 20, humidity: 50, isByHand: false, wifi: true, isSlow: false, broker: null }),
			node: (name) => (name === 'porch' ? { power: true, parts: [] } : undefined),
			act: async (action) => {
				asked.push(action);
				if (action.what === 'broker') throw new Error('This broker is not ours to stop.');
				return 'done';
			},
		};
		server.attach(world);
		expect((await post('/world', { what: 'wifi', on: false })).status).toBe(401);
		const shown = { cookie: await cookie() };
		expect((await post('/world', { what: 'air', temperature: 5, humidity: 40 }, shown)).text).toBe('{"sentence":"done"}');
		expect((await post('/world', { what: 'broker', on: false }, shown))).toMatchObject({ status: 409, text: 'This broker is not ours to stop.\n' });
		for (const body of [{}, { what: 'air', temperature: 1e9, humidity: 5 }, { what: 'air', temperature: null, humidity: 5 }, { what: 'wifi', on: 'yes' }, { what: 'power', on: true }, { what: 'constructor' }]) expect((await post('/world', body, shown)).status, JSON.stringify(body)).toBe(400);
		expect(asked).toEqual([{ what: 'air', temperature: 5, humidity: 40 }, { what: 'broker', on: false }]);
	});

	it('tells Prometheus of liveness, with names escaped', async () => {
		await opened('m');
		await say('m/po"rch\\/status', 'online');
		await say('m/po"rch\\/readings', reading(3));
		await say('m/po"rch\\/health', { boot: 7, uptime: 60, rssi: -61, waiting: 0, sensorErrors: 2 });
		await say('m/cellar/status', 'offline');
		await until(() => viewer.nodes.size === 2 && viewer.nodes.get('po"rch\\')?.health !== undefined, 10_000, () => 'no nodes');
		const { headers, text } = await get('/metrics');
		expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
		for (const line of ['telltale_node_up{node="po\\"rch\\\\"} 1', 'telltale_node_up{node="cellar"} 0', 'telltale_node_rssi_dbm{node="po\\"rch\\\\"} -61', 'telltale_node_readings_total{node="po\\"rch\\\\"} 1', `telltale_broker_up{broker="${broker.url}"} 1`]) expect(text.split('\n')).toContain(line);
		expect(Number(/age_seconds\{node="po\\"rch\\\\"\} ([\d.]+)/.exec(text)![1])).toBeGreaterThan(90);
		for (const line of text.trim().split('\n')) expect(line).toMatch(/^(# (HELP|TYPE) telltale_\w+ .+|telltale_\w+\{\w+="([^"\\\n]|\\["\\n])*"\} -?[\d.]+)$/);
	});
});
