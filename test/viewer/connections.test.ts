// Connections to the page: whoever opens many, says little or takes nothing keeps nobody else out.
import { EventEmitter } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ADDRESS_MAX, Connections, CONNECTIONS_MAX } from '../../viewer/server/connections.js';
import { PageServer } from '../../viewer/server/page-server.js';
import { STREAMS_MAX } from '../../viewer/server/stream.js';
import { openViewer, type Viewer } from '../../viewer/viewer.js';
import { testBroker, type TestBroker } from '../cli/support.js';
import { until } from '../support/patience.js';

/** As far as it counts here. */
class FakeSocket extends EventEmitter {
	isGone = false;
	readonly remoteAddress: string;

	constructor(remoteAddress: string) {
		super();
		this.remoteAddress = remoteAddress;
	}

	destroy(): void {
		this.isGone = true;
		this.emit('close');
	}
}

const real = (socket: FakeSocket) => socket as unknown as Socket;

describe('Connections', () => {
	const server = () => {
		const events = new EventEmitter();
		const connections = new Connections(events as never);
		const come = (address: string): FakeSocket => {
			const socket = new FakeSocket(address);
			events.emit('connection', socket);
			return socket;
		};
		return { connections, come, comeMany: (count: number, address: string) => Array.from({ length: count }, () => come(address)) };
	};

	it('for one more than there is room for, let the quietest go of the address that holds most', () => {
		const { connections, come, comeMany } = server();
		const few = come('192.0.2.1');
		const many = [...comeMany(40, '192.0.2.2'), ...comeMany(CONNECTIONS_MAX - 41, '127.0.0.1')];
		const next = come('192.0.2.3');
		expect([connections.count, few.isGone, next.isGone]).toEqual([CONNECTIONS_MAX, false, false]);
		expect(many.filter(({ isGone }) => isGone)).toEqual([many[40]]);
		// One that asks is not the quietest, nor is one that has just been answered.
		const answer = new EventEmitter();
		expect(connections.begin(real(many[41]!), answer as never)).toBe(true);
		come('192.0.2.3');
		answer.emit('close');
		come('192.0.2.3');
		expect(many.map(({ isGone }, index) => (isGone ? index : -1)).filter((index) => index >= 0)).toEqual([40, 42, 43]);
	});

	it('of one address elsewhere are bounded, and those of this machine are not', () => {
		const { connections, comeMany } = server();
		const own = comeMany(ADDRESS_MAX + 5, '::ffff:127.0.0.1');
		const others = comeMany(ADDRESS_MAX + 2, '::ffff:192.0.2.1');
		expect([connections.count, own.some(({ isGone }) => isGone)]).toEqual([2 * ADDRESS_MAX + 5, false]);
		expect(others.map(({ isGone }, index) => (isGone ? index : -1)).filter((index) => index >= 0)).toEqual([0, 1]);
	});

	it('that are kept stay: where all are, another one goes', () => {
		const { connections, comeMany, come } = server();
		const kept = comeMany(ADDRESS_MAX, '192.0.2.1');
		for (const socket of kept) connections.keep(real(socket));
		expect([come('192.0.2.1').isGone, come('192.0.2.2').isGone, kept.some(({ isGone }) => isGone)]).toEqual([true, false, false]);
		const rest = comeMany(CONNECTIONS_MAX - ADDRESS_MAX - 1, '127.0.0.1');
		for (const socket of rest) connections.keep(real(socket));
		expect([come('127.0.0.1').isGone, connections.count]).toEqual([false, CONNECTIONS_MAX]);
		expect([...kept, ...rest].some(({ isGone }) => isGone)).toBe(false);
	});
});

describe('The page\'s server under many connections', () => {
	const PATIENCE_MS = 300;
	let broker: TestBroker;
	let viewer: Viewer;
	let server: PageServer;
	const sockets: Socket[] = [];

	beforeAll(async () => {
		broker = await testBroker();
		viewer = openViewer({ brokers: [broker.url], roots: ['connections'] });
	});
	afterEach(async () => {
		for (const socket of sockets.splice(0)) socket.destroy();
		await server.close();
	});
	afterAll(async () => {
		await viewer.close();
		await broker.close();
	});

	/** Says this, and what came is in `text`. */
	function say(text: string): Promise<{ readonly socket: Socket; readonly text: () => string; readonly isClosed: () => boolean }> {
		return new Promise((resolve) => {
			let [answer, isClosed] = ['', false];
			const socket = connect(server.port, '127.0.0.1', () => {
				if (text) socket.write(text);
				resolve({ socket, text: () => answer, isClosed: () => isClosed });
			});
			sockets.push(socket);
			socket.on('data', (piece: Buffer) => (answer += piece.toString('latin1')));
			socket.on('error', () => {});
			socket.on('close', () => (isClosed = true));
		});
	}

	const host = () => `Host: 127.0.0.1:${server.port}\r\n`;
	const asked = async (path: string, headers = '') => {
		const { text, isClosed } = await say(`GET ${path} HTTP/1.1\r\n${host()}${headers}Connection: close\r\n\r\n`);
		await until(isClosed, 10_000, () => `no end: ${text().slice(0, 200)}`);
		return text();
	};
	const OK = /^HTTP\/1\.1 200 /;

	it('answers at once while more of them than there is room for say nothing, or half of a request', async () => {
		server = await PageServer.open({ viewer, port: 0 });
		const body = `POST /session HTTP/1.1\r\n${host()}Origin: http://127.0.0.1:${server.port}\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{`;
		for (const half of ['', `GET / HTTP/1.1\r\n${host()}X-Slow: a`, body]) {
			await Promise.all(Array.from({ length: CONNECTIONS_MAX + 10 }, () => say(half)));
			expect(await asked('/metrics'), half).toMatch(OK);
		}
	});

	it('lets those go that take too long over their request, and those that ask again before they are answered', async () => {
		server = await PageServer.open({ viewer, port: 0, patienceMs: PATIENCE_MS });
		const slow = [await say(''), await say(`GET / HTTP/1.1\r\n${host()}X-Slow: `), await say(`POST /session HTTP/1.1\r\n${host()}Origin: http://127.0.0.1:${server.port}\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{`)];
		const drip = () => slow.slice(1).forEach(({ socket }) => socket.writable && socket.write(' '));
		await until(() => (drip(), slow.every(({ isClosed }) => isClosed())), 10_000, () => 'they are kept');
		const hasty = await say(`GET /page.js HTTP/1.1\r\n${host()}\r\n`.repeat(500));
		await until(hasty.isClosed, 10_000, () => 'it is kept');
		expect(hasty.text().match(/HTTP\/1\.1 200/g)?.length ?? 0).toBeLessThanOrEqual(1);
		// One after the other is as usual.
		const polite = await say(`GET /metrics HTTP/1.1\r\n${host()}\r\n`);
		await until(() => polite.text().endsWith('0\r\n\r\n'), 10_000, () => 'no answer');
		polite.socket.write(`GET /metrics HTTP/1.1\r\n${host()}\r\n`);
		await until(() => polite.text().match(/HTTP\/1\.1 200/g)?.length === 2, 10_000, () => 'no second answer');
	});

	it('has a place for a page that has shown the token when those that have not took all of them', async () => {
		server = await PageServer.open({ viewer, port: 0 });
		const pages: Awaited<ReturnType<typeof say>>[] = [];
		for (let i = 0; i < STREAMS_MAX; i++) pages.push(await say(`GET /events HTTP/1.1\r\n${host()}\r\n`));
		await until(() => pages.every(({ text }) => OK.test(text())), 10_000, () => 'not all are open');
		expect(await asked('/events')).toMatch(/^HTTP\/1\.1 503 /);
		const shown = await say(`POST /session HTTP/1.1\r\n${host()}Origin: http://127.0.0.1:${server.port}\r\nContent-Type: application/json\r\nContent-Length: 44\r\n\r\n${JSON.stringify({ token: server.access.token })}`);
		await until(() => /\r\n\r\n/.test(shown.text()), 10_000, () => 'no cookie');
		const mine = await say(`GET /events HTTP/1.1\r\n${host()}Cookie: ${/telltale-\d+=[\w-]+/.exec(shown.text())![0]}\r\n\r\n`);
		await until(() => /"mayCommand":true/.test(mine.text()), 10_000, () => mine.text());
		await until(() => pages.filter(({ isClosed }) => isClosed()).length === 1, 10_000, () => 'which one went?');
		expect(pages[0]!.isClosed()).toBe(true);
	});

	it('answers a HEAD as a GET without its body, and no request with two hosts', async () => {
		server = await PageServer.open({ viewer, port: 0 });
		const head = await say(`HEAD /page.js HTTP/1.1\r\n${host()}Connection: close\r\n\r\n`);
		await until(head.isClosed, 10_000, () => 'no end');
		expect(head.text()).toMatch(/^HTTP\/1\.1 200 [^]*Content-Length: \d{4,}\r\n[^]*\r\n\r\n$/);
		const events = await say(`HEAD /events HTTP/1.1\r\n${host()}\r\n`);
		await until(events.isClosed, 10_000, () => 'no end');
		expect(events.text()).toMatch(/^HTTP\/1\.1 405 /);
		expect(await asked('/metrics', 'Host: evil.example\r\n')).toMatch(/^HTTP\/1\.1 403 /);
	});
});
