// Brokers that take a connection and then do not do their part: every command still ends, in bounded time, with one sentence.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { inside } from './support.js';

const CONNACK = Buffer.from([0x20, 2, 0, 0]);
const SUBACK = Buffer.from([0x90, 3, 0, 0, 1]);
/** "x" on the topic "x/y", QoS 0. */
const PUBLISH = Buffer.from([0x30, 6, 0, 3, 0x78, 0x2f, 0x79, 0x78]);

/** What it does once it has sent CONNACK and the client's first packet has come. */
type Manner = (socket: Socket, packet: Buffer) => void;
const silent: Manner = () => {};
const flooding: Manner = (socket) => {
	const many = Buffer.concat(Array<Buffer>(1_000).fill(PUBLISH));
	const more = () => void (socket.writable && socket.write(many));
	socket.on('drain', more);
	more();
};
const talkingNonsense: Manner = (socket) => void socket.write(Buffer.alloc(1_000, 0xff));
/** Subscribes us, but acknowledges no PUBLISH and never hangs up. */
const subscribing: Manner = (socket, packet) => {
	const answer = Buffer.from(SUBACK);
	packet.copy(answer, 2, 2, 4);
	socket.write(answer);
};

describe('With a broker that does not do its part', () => {
	let server: Server;
	const sockets: Socket[] = [];
	let heard: () => void;
	const asked = () => new Promise<void>((resolve) => (heard = resolve));

	async function brokerThat(act: Manner): Promise<string> {
		server = createServer({ allowHalfOpen: true }, (socket) => {
			sockets.push(socket);
			socket.on('error', () => {});
			socket.once('data', () => {
				socket.write(CONNACK);
				socket.once('data', (packet) => {
					act(socket, packet);
					socket.on('data', () => heard());
					heard();
				});
			});
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		return `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
	}
	/** The command's own time, which nobody waits for. */
	const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

	beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
	afterEach(() => {
		vi.useRealTimers();
		for (const socket of sockets.splice(0)) socket.destroy();
		server.close();
	});

	it.each([['answers nothing', silent], ['floods', flooding]])('telltale simulate gives up when it %s, once ten seconds have passed', async (_what, manner) => {
		const url = await brokerThat(manner);
		const subscribe = asked();
		const outcome = inside(['simulate', '--no-web', '--broker', url, '--for', '1s']);
		await subscribe;
		await pass(11_500);
		const { status, err } = await outcome;
		expect([status, err]).toEqual([1, `The broker at ${url} takes connections but does not answer a SUBSCRIBE: check the broker.\n`]);
	});

	it('telltale simulate ends though its SUBSCRIBE is never answered, when it talks nonsense', async () => {
		const url = await brokerThat(talkingNonsense);
		const outcome = inside(['simulate', '--no-web', '--broker', url, '--for', '1s']);
		let ended = false;
		void outcome.then(() => (ended = true));
		// The nonsense takes real time to arrive, the farewell takes a second of the command's.
		while (!ended) {
			await new Promise((resolve) => setImmediate(resolve));
			await pass(sockets.length ? 10 : 0);
		}
		const { status, err } = await outcome;
		expect(status).toBe(1);
		expect(err).toMatch(/^The connection to \S+ fails \([^\n]+\)\.\n$/);
	});

	it.each([
		['is silent', (socket: Socket) => void socket],
		['speaks HTTP', (socket: Socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
	])('telltale send says that a port that %s is no MQTT broker', async (_what, act) => {
		const came = new Promise<void>((resolve) => {
			server = createServer({ allowHalfOpen: true }, (socket) => {
				sockets.push(socket);
				socket.on('error', () => {}).once('data', () => {
					act(socket);
					resolve();
				});
			});
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		const url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
		const outcome = inside(['send', 'cellar', 'sample', '--timeout', '3s', '--broker', url]);
		let ended = false;
		void outcome.then(() => (ended = true));
		await came;
		await new Promise((resolve) => setImmediate(resolve));
		for (let passed = 0; !ended && passed < 6_000; passed += 100) {
			await new Promise((resolve) => setImmediate(resolve));
			await pass(100);
		}
		expect(await outcome).toEqual({ status: 1, out: '', err: `${url} takes connections but does not answer as an MQTT broker: check the port.\n` });
	});

	it('telltale send ends in time when its PUBLISH is not acknowledged and nobody hangs up', async () => {
		const url = await brokerThat(subscribing);
		const subscribe = asked();
		const outcome = inside(['send', 'cellar', 'sample', '--timeout', '3s', '--broker', url]);
		await subscribe;
		await asked();
		await pass(4_500);
		const { status, err } = await outcome;
		expect([status, err]).toEqual([1, 'No node says anything under telltale/cellar: check its name with "npx telltale watch"; the broker may keep the command for a node that is away.\n']);
	});
});
