import { generate, parser, type Packet } from 'mqtt-packet';
import { beforeEach, describe, expect, it } from 'vitest';
import { Scheduler } from '../../simulator/world/clock.js';
import { calmConditions } from '../../simulator/world/conditions.js';
import { Link, type Wire } from '../../simulator/world/network.js';
import { Random } from '../../simulator/world/random.js';
import { matches } from '../../simulator/virtual/topic-filters.js';
import { VirtualBroker } from '../../simulator/virtual/broker.js';
import { VirtualNetwork } from '../../simulator/virtual/network.js';

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

const packet = (properties: Record<string, unknown>): Packet => properties as unknown as Packet;

/** A client that is nothing but mqtt-packet on a wire. */
async function connect(clientId: string, options: Record<string, unknown> = {}): Promise<TestClient> {
	const version = { protocolVersion: options.answerIn ?? options.protocolVersion ?? 4 };
	const client: TestClient = { wire: undefined!, got: [], ended: false, send: (packet) => client.wire.send(generate(packet, { protocolVersion: options.protocolVersion ?? 4 })) };
	const parse = parser(version);
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

	describe('in MQTT 5.0', () => {
		const five = (clientId: string, options: Record<string, unknown> = {}): Promise<TestClient> => connect(clientId, { protocolVersion: 5, ...options });
		const publish = (fields: Record<string, unknown>): Packet => packet({ cmd: 'publish', topic: 'a', payload: 'x', qos: 1, retain: false, dup: false, ...fields });

		it('tells in CONNACK what it allows, and nothing of what it does not limit', async () => {
			expect((await five('plain')).got[0]).toMatchObject({ cmd: 'connack', reasonCode: 0, sessionPresent: false });
			expect((await five('plain')).got[0]).not.toHaveProperty('properties');
			const limits = { receiveMaximum: 3, maximumPacketSize: 500, topicAliasMaximum: 2, serverKeepAlive: 20 };
			Object.assign(broker.profile, limits);
			expect((await five('limited')).got[0]).toMatchObject({ reasonCode: 0, properties: limits });
			expect((await five('')).got[0]).toMatchObject({ properties: { assignedClientIdentifier: 'anonymous-1' } });
		});

		it('says why it refuses', async () => {
			for (const [code, reasonCode] of [[2, 0x85], [3, 0x88], [4, 0x86], [5, 0x87], [6, 0x80]]) {
				broker.faults.refuseWith = code!;
				const { got, ended } = await five('c');
				expect([got, ended], `code ${code}`).toMatchObject([[{ cmd: 'connack', reasonCode }], true]);
			}
		});

		it.each([1, 0x84] as const)('may not be known to it, which it says with %i; 3.1.1 is', async (code) => {
			broker.profile.speaks5 = code;
			const { got, ended } = await five('c', { answerIn: code === 1 ? 4 : 5 });
			expect([got, ended]).toMatchObject([[{ cmd: 'connack', [code === 1 ? 'returnCode' : 'reasonCode']: code }], true]);
			expect((await connect('c')).got).toMatchObject([{ returnCode: 0 }]);
			expect(broker.connects).toBe(1);
		});

		it('has a session for as long as it was asked to', async () => {
			const until = async (options: Record<string, unknown>, awayMs: number): Promise<unknown> => {
				(await five('s', { clean: true, ...options })).wire.reset();
				await pass(awayMs);
				const { got, wire } = await five('s', { clean: false });
				wire.reset();
				await pass();
				return (got[0] as { sessionPresent: boolean }).sessionPresent;
			};
			expect(await until({}, 1_000)).toBe(false);
			expect(await until({ properties: { sessionExpiryInterval: 60 } }, 50_000)).toBe(true);
			expect(await until({ properties: { sessionExpiryInterval: 60 } }, 70_000)).toBe(false);
			expect(await until({ properties: { sessionExpiryInterval: 0xffff_ffff } }, 40 * 86_400_000)).toBe(true);
		});

		it('waits with the will for as long as it was asked to, unless the client is back or the session ends', async () => {
			const will = (payload: string): Record<string, unknown> => ({ will: { topic: 'w', payload, qos: 0, retain: false, properties: { willDelayInterval: 30 } } });
			const kept = { clean: false, properties: { sessionExpiryInterval: 600 } };
			const said = (): string[] => broker.published.map((each) => String(each.payload));
			(await five('gone', { ...kept, ...will('gone') })).wire.reset();
			(await five('back', { ...kept, ...will('back') })).wire.reset();
			(await five('shortlived', { ...kept, properties: { sessionExpiryInterval: 5 }, ...will('shortlived') })).wire.reset();
			(await five('anew', { ...kept, ...will('anew') })).wire.reset();
			await pass(1_000);
			expect(said()).toEqual([]);
			await five('back', kept);
			await five('anew', { ...kept, clean: true });
			expect(said()).toEqual(['anew']);
			await pass(10_000);
			expect(said()).toEqual(['anew', 'shortlived']);
			await pass(30_000);
			expect(said()).toEqual(['anew', 'shortlived', 'gone']);
		});

		it('says to the elder of two connections that it was taken over, to others that it is shutting down, or hangs up without a word', async () => {
			const elder = await five('c');
			const younger = await five('c');
			broker.hangUp();
			await pass();
			expect([elder.got[1], younger.got[1]]).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x8e }, { cmd: 'disconnect', reasonCode: 0x8b }]);
			expect([elder.ended, younger.ended]).toEqual([true, true]);
			broker.profile.saysWhy = false;
			const unheard = await five('c');
			broker.hangUp();
			await pass();
			expect([kinds(unheard), unheard.ended]).toEqual([['connack'], true]);
		});

		it('hangs up on who breaks the limits, with the reason', async () => {
			Object.assign(broker.profile, { receiveMaximum: 2, maximumPacketSize: 100, topicAliasMaximum: 2 });
			const breaking: [number, Packet[]][] = [
				[0x93, [1, 2, 3].map((messageId) => publish({ messageId }))],
				[0x95, [publish({ messageId: 1, payload: 'x'.repeat(100) })]],
				[0x94, [publish({ messageId: 1, properties: { topicAlias: 3 } })]],
				[0x82, [publish({ messageId: 1, topic: '', properties: { topicAlias: 1 } })]],
			];
			broker.faults.withholdAcks = true;
			for (const [reasonCode, packets] of breaking) {
				const client = await five('c');
				for (const each of packets) client.send(each);
				await pass();
				expect([client.got.at(-1), client.ended]).toMatchObject([{ cmd: 'disconnect', reasonCode }, true]);
			}
		});

		it('knows a topic by the number that it was given in this connection', async () => {
			broker.profile.topicAliasMaximum = 1;
			const client = await five('c');
			client.send(publish({ messageId: 1, topic: 'long/topic', properties: { topicAlias: 1 } }));
			client.send(publish({ messageId: 2, topic: '', properties: { topicAlias: 1 } }));
			await pass();
			expect(broker.published.map(({ topic }) => topic)).toEqual(['long/topic', 'long/topic']);
		});

		it('answers with reasons: nobody wants it, not authorized, no such filter', async () => {
			const client = await five('c');
			broker.faults.turnDown = { code: 0x87, every: 2, topics: /^a$/ };
			for (const messageId of [1, 2, 3]) client.send(publish({ messageId }));
			client.send(publish({ messageId: 4, topic: 'b' }));
			client.send(packet({ cmd: 'subscribe', messageId: 5, subscriptions: [{ topic: 'b/##', qos: 1 }, { topic: 'b', qos: 1 }] }));
			await pass();
			client.send(publish({ messageId: 6, topic: 'b' }));
			await pass();
			expect(client.got.slice(1).filter(({ cmd }) => cmd !== 'publish')).toMatchObject([
				{ cmd: 'puback', reasonCode: 0x10 }, { cmd: 'puback', reasonCode: 0x87 }, { cmd: 'puback', reasonCode: 0x10 }, { cmd: 'puback', reasonCode: 0x10 },
				{ cmd: 'suback', granted: [0x8f, 1] }, { cmd: 'puback', reasonCode: 0 },
			]);
			expect(broker.published.map(({ topic }) => topic)).toEqual(['a', 'a', 'b', 'b']);
		});

		it('sends no more at once, and nothing larger, than the client takes', async () => {
			const client = await five('c', { properties: { receiveMaximum: 2, maximumPacketSize: 50 } });
			client.send(packet({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a', qos: 1 }] }));
			await pass();
			for (const payload of ['1', 'x'.repeat(60), '2', '3']) broker.publish('a', payload, { qos: 1 });
			broker.publish('a', 'y'.repeat(60));
			await pass();
			expect(payloads(client)).toEqual(['1', '2']);
			client.send(packet({ cmd: 'puback', messageId: (client.got.at(-1) as { messageId: number }).messageId, reasonCode: 0 }));
			await pass();
			expect(payloads(client)).toEqual(['1', '2', '3']);
		});

		it('heeds the options of a subscription', async () => {
			broker.publish('a', 'kept', { qos: 1, retain: true });
			const client = await five('c');
			client.send(packet({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a', qos: 1, nl: true, rap: true, rh: 2 }] }));
			await pass();
			client.send(publish({ messageId: 2, payload: 'own' }));
			broker.publish('a', 'new', { qos: 1, retain: true });
			await pass();
			expect(client.got.filter(({ cmd }) => cmd === 'publish')).toMatchObject([{ payload: Buffer.from('new'), retain: true }]);
		});
	});

	it.each([
		['a/b', 'a/b', true], ['a/+', 'a/b', true], ['a/+', 'a/b/c', false], ['a/#', 'a', true], ['a/#', 'a/b/c', true], ['#', 'a', true],
		['+', 'a/b', false], ['#', '$SYS/x', false], ['+/x', '$SYS/x', false], ['$SYS/#', '$SYS/x', true], ['a', 'A', false], ['+/+', '/a', true],
	])('matches %s with %s: %s', (filter, topic, expected) => {
		expect(matches(filter, topic)).toBe(expected);
	});
});
