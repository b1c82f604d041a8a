import { generate, parser, type Packet } from 'mqtt-packet';
import { beforeEach, describe, expect, it } from 'vitest';
import { Scheduler } from '../../simulator/clock.js';
import { calmConditions } from '../../simulator/conditions.js';
import { Link, type Wire } from '../../simulator/network.js';
import { Random } from '../../simulator/random.js';
import { matches } from '../../simulator/topic-filters.js';
import { VirtualBroker } from '../../simulator/virtual-broker.js';
import { VirtualNetwork } from '../../simulator/virtual-network.js';

let clock: Scheduler;
let network: VirtualNetwork;
let broker: VirtualBroker;
const link = new Link();
link.set(true);

beforeEach(() => {
	clock = new Scheduler('virtual');
	network = new VirtualNetwork(clock, new Random('broker test'), { ...calmConditions(), segmentBytes: [1, 7] });
	broker = new VirtualBroker(clock, network);
});

const pass = (ms = 1_000): Promise<void> => clock.run(clock.now() + ms);

interface TestClient {
	wire: Wire;
	got: Packet[];
	ended: boolean;
	send(packet: Packet): void;
}

/** A client that is nothing but mqtt-packet on a wire. */
async function connect(clientId: string, options: Record<string, unknown> = {}): Promise<TestClient> {
	const client: TestClient = { wire: undefined!, got: [], ended: false, send: (packet) => client.wire.send(generate(packet)) };
	const parse = parser({ protocolVersion: 4 });
	parse.on('packet', (packet) => client.got.push(packet));
	client.wire = network.connect(link, '127.0.0.1', 1_883, 100_000, {
		connected: () => client.send({ cmd: 'connect', clientId, clean: true, keepalive: 0, protocolId: 'MQTT', protocolVersion: 4, ...options } as Packet),
		data: (bytes) => {
			parse.parse(Buffer.from(bytes));
			client.wire.consumed(bytes.length);
		},
		sent: () => {},
		finished: () => void (client.ended = true),
		failed: () => void (client.ended = true),
	});
	await pass();
	return client;
}

const kinds = (client: TestClient): string[] => client.got.map((packet) => packet.cmd);
const payloads = (client: TestClient): string[] => client.got.flatMap((packet) => (packet.cmd === 'publish' ? [String(packet.payload)] : []));

describe('the virtual broker', () => {
	it('passes messages on at the lower of both qualities', async () => {
		const subscriber = await connect('s');
		subscriber.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a/+', qos: 1 }, { topic: 'b/##', qos: 1 }] } as Packet);
		await pass();
		expect(subscriber.got[1]).toMatchObject({ cmd: 'suback', granted: [1, 0x80] });
		const publisher = await connect('p');
		for (const qos of [0, 1, 2] as const) publisher.send({ cmd: 'publish', topic: 'a/b', payload: `q${qos}`, qos, messageId: qos && qos + 5, retain: false, dup: false } as Packet);
		publisher.send({ cmd: 'pubrel', messageId: 7 });
		await pass();
		expect(kinds(publisher)).toEqual(['connack', 'puback', 'pubrec', 'pubcomp']);
		expect(subscriber.got.slice(2)).toMatchObject([{ payload: Buffer.from('q0'), qos: 0 }, { payload: Buffer.from('q1'), qos: 1 }, { payload: Buffer.from('q2'), qos: 1 }]);
	});

	it('takes a repeated QoS 2 message once', async () => {
		const publisher = await connect('p');
		const packet = { cmd: 'publish', topic: 'a', payload: 'once', qos: 2, messageId: 9, retain: false, dup: false } as Packet;
		publisher.send(packet);
		publisher.send({ ...packet, dup: true } as Packet);
		publisher.send({ cmd: 'pubrel', messageId: 9 });
		await pass();
		publisher.send({ ...packet, payload: 'again' } as Packet);
		await pass();
		expect(broker.published.map((each) => String(each.payload))).toEqual(['once', 'again']);
	});

	it('publishes the will of who vanishes after one and a half keep alives, or hangs up, not of who says goodbye', async () => {
		const will = (payload: string): Record<string, unknown> => ({ keepalive: 10, will: { topic: 'w', payload, qos: 1, retain: true } });
		const silent = await connect('silent', will('silent'));
		silent.wire.vanish();
		await pass(13_000);
		expect(broker.published).toHaveLength(0);
		await pass(3_000);
		const rude = await connect('rude', will('rude'));
		rude.wire.reset();
		const polite = await connect('polite', will('polite'));
		polite.send({ cmd: 'disconnect' });
		await pass();
		expect(broker.published.map((each) => [String(each.payload), each.will])).toEqual([['silent', true], ['rude', true]]);
		expect(String(broker.retained.get('w')!.payload)).toBe('rude');
	});

	it('keeps a session with its subscriptions and messages, and repeats what was not acknowledged', async () => {
		const first = await connect('s', { clean: false });
		first.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '#', qos: 1 }] } as Packet);
		await pass();
		broker.publish('a', 'seen', { qos: 1 });
		await pass();
		first.wire.reset();
		await pass();
		broker.publish('a', 'missed', { qos: 1 });
		const second = await connect('s', { clean: false });
		expect(second.got[0]).toMatchObject({ cmd: 'connack', sessionPresent: true });
		expect(second.got.slice(1)).toMatchObject([{ payload: Buffer.from('seen'), dup: true }, { payload: Buffer.from('missed'), dup: false }]);
		for (const packet of second.got) if (packet.cmd === 'publish') second.send({ cmd: 'puback', messageId: packet.messageId });
		await pass();
		second.wire.reset();
		await pass();
		expect(kinds(await connect('s', { clean: false }))).toEqual(['connack']);
	});

	it('forgets a clean session, and has retained messages for new subscribers', async () => {
		broker.publish('a/b', 'kept', { retain: true });
		const client = await connect('s', { clean: true });
		client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a/#', qos: 0 }] } as Packet);
		await pass();
		expect(client.got.at(-1)).toMatchObject({ topic: 'a/b', retain: true });
		client.wire.reset();
		await pass();
		expect(broker.hasSession('s')).toBe(false);
		broker.publish('a/b', '', { retain: true });
		expect(broker.retained.size).toBe(0);
	});

	it('loses its sessions when it is killed without them, and keeps them otherwise', async () => {
		for (const keepSessions of [true, false]) {
			const client = await connect('s', { clean: false });
			broker.kill({ keepSessions });
			await pass();
			expect(client.ended).toBe(true);
			expect((await connect('x')).got).toEqual([]);
			broker.start();
			const again = await connect('s', { clean: false });
			expect(again.got[0]).toMatchObject({ sessionPresent: keepSessions });
			again.wire.reset();
			await pass();
		}
	});

	it('hangs up on the elder of two connections of one client, with its will', async () => {
		const elder = await connect('c', { will: { topic: 'w', payload: 'elder', qos: 0, retain: false } });
		const younger = await connect('c');
		expect([elder.ended, younger.ended]).toEqual([true, false]);
		expect(broker.published.map((each) => String(each.payload))).toEqual(['elder']);
	});

	it('refuses, is silent, withholds or hangs up when told to', async () => {
		broker.faults.refuseWith = 3;
		const refused = await connect('c');
		expect(refused.got).toMatchObject([{ cmd: 'connack', returnCode: 3 }]);
		expect(refused.ended).toBe(true);
		broker.faults.refuseWith = 0;
		broker.faults.withholdAcks = true;
		const waiting = await connect('c');
		waiting.send({ cmd: 'publish', topic: 'a', payload: 'x', qos: 1, messageId: 1, retain: false, dup: false } as Packet);
		await pass();
		expect([kinds(waiting), broker.published.length]).toEqual([['connack'], 1]);
		broker.faults.silent = true;
		const unheard = await connect('d');
		expect(unheard.got).toEqual([]);
		broker.faults.silent = false;
		await pass();
		expect(kinds(unheard)).toEqual(['connack']);
	});

	it('checks credentials', async () => {
		broker.requireCredentials('user', 'secret');
		expect((await connect('c', { username: 'user', password: Buffer.from('wrong') })).got).toMatchObject([{ returnCode: 4 }]);
		expect((await connect('c', { username: 'user', password: Buffer.from('secret') })).got).toMatchObject([{ returnCode: 0 }]);
	});

	it('hangs up on nonsense', async () => {
		const client = await connect('c');
		client.wire.send(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
		await pass();
		expect(client.ended).toBe(true);
		expect(payloads(client)).toEqual([]);
	});

	it.each([
		['a/b', 'a/b', true], ['a/+', 'a/b', true], ['a/+', 'a/b/c', false], ['a/#', 'a', true], ['a/#', 'a/b/c', true], ['#', 'a', true],
		['+', 'a/b', false], ['#', '$SYS/x', false], ['+/x', '$SYS/x', false], ['$SYS/#', '$SYS/x', true], ['a', 'A', false], ['+/+', '/a', true],
	])('matches %s with %s: %s', (filter, topic, expected) => {
		expect(matches(filter, topic)).toBe(expected);
	});
});
