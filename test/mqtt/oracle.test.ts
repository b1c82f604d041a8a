// mqtt-packet as oracle: what we write it reads, what it writes we read, however it is cut; and nothing it could never
// write makes us throw. Seeds are printed by fast-check when a property fails.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Session } from '../../src/mqtt/session.js';
import { Protocol5 } from '../../src/mqtt/v5/protocol5.js';
import { topicName } from '../../src/mqtt/codec/topics.js';
import { concat, hex } from '../support/bytes.js';
import { Bench, decode, encode, OPTIONS, Recorder } from './bench.js';

const isCarried = (text: string) => !/[\0\ud800-\udfff]/u.test(text);
const anyText = fc.string({ unit: fc.oneof(fc.constantFrom('a', '/', 'é', '°', '中', '\ufeff', '😀'), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })), maxLength: 12 }).filter(isCarried);
const level = anyText.map((text) => text.replace(/[+#/]/g, '_'));
const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/')).filter((text) => text.length > 0);
const filter = fc.tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
	.map(([levels, rest]) => [...levels, ...rest ? ['#'] : []].join('/')).filter((text) => text.length > 0);
const qos = fc.constantFrom(0, 1, 2);
const id = fc.integer({ min: 1, max: 0xffff });
const payload = fc.uint8Array({ maxLength: 60 });

describe('what we write, mqtt-packet reads', () => {
	it('CONNECT', () => {
		const options = fc.record({
			clientId: anyText, clean: fc.boolean(), keepAliveMs: fc.integer({ min: 0, max: 65_535 }).map((seconds) => seconds * 1_000),
			user: anyText, password: anyText,
			will: fc.option(fc.record({ topic, payload: anyText, qos, retain: fc.boolean() }), { nil: undefined }),
		}).filter((each) => (each.clientId !== '' || each.clean) && (each.password === '' || each.user !== ''));
		fc.assert(fc.property(options, (options) => {
			const bench = new Bench(options);
			bench.session.start(0);
			const [packet] = decode(bench.sentBytes(7));
			expect(packet).toMatchObject({
				cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId: options.clientId, clean: options.clean,
				keepalive: options.keepAliveMs / 1_000,
			});
			const { username, password, will } = packet as unknown as Record<string, unknown>;
			expect(username === undefined ? '' : `${username}`).toBe(options.user);
			expect(password === undefined ? '' : `${password}`).toBe(options.password);
			if (!options.will) expect(will).toBeUndefined();
			else expect(will).toMatchObject({ ...options.will, payload: Buffer.from(options.will.payload) });
		}));
	});

	it('PUBLISH, SUBSCRIBE and UNSUBSCRIBE', () => {
		const message = fc.record({ topic, payload, qos, retain: fc.boolean() });
		fc.assert(fc.property(fc.array(message, { maxLength: 5 }), filter, qos, fc.integer({ min: 1, max: 50 }), id, (messages, filter, qos, step, lastPacketId) => {
			const bench = new Bench({ filterBytes: 300, controlBytes: 300, lastPacketId }).connect();
			for (const each of messages) bench.session.publish(topicName(each.topic), each.payload, each.payload.length, each.qos, each.retain);
			const subscribed = bench.session.subscribe(filter, qos);
			const [request, ...publishes] = decode(bench.sentBytes(step));
			expect(request).toMatchObject({ cmd: 'subscribe', messageId: subscribed, subscriptions: [{ topic: filter, qos }] });
			expect(publishes).toMatchObject(messages.map((each) => ({ ...each, cmd: 'publish', dup: false, payload: Buffer.from(each.payload) })));
			bench.receive(encode({ cmd: 'suback', messageId: subscribed, granted: [qos] }));
			const unsubscribed = bench.session.unsubscribe(filter);
			expect(decode(bench.sentBytes(step))).toMatchObject([{ cmd: 'unsubscribe', messageId: unsubscribed, unsubscriptions: [filter] }]);
		}), { numRuns: 200 });
	});

	it('PUBACK, PUBREC, PUBCOMP, PUBREL, PINGREQ and DISCONNECT', () => {
		fc.assert(fc.property(id, (id) => {
			const bench = new Bench({ lastPacketId: id }).connect();
			const own = bench.publish('a', '', 2);
			bench.sentBytes();
			bench.receive(encode({ cmd: 'publish', topic: 'a', payload: '', qos: 1, messageId: id }));
			bench.receive(encode({ cmd: 'publish', topic: 'a', payload: '', qos: 2, messageId: id }));
			bench.receive(encode({ cmd: 'pubrel', messageId: id }));
			bench.receive(encode({ cmd: 'pubrec', messageId: own }));
			bench.at(bench.now + 27_000);
			expect(bench.sent()).toEqual([`puback #${id}`, `pubrec #${id}`, `pubcomp #${id}`, 'pingreq', `pubrel #${own}`]);
			bench.session.stop(bench.now);
			expect(bench.sent()).toEqual(['disconnect']);
		}), { numRuns: 50 });
	});
});

const properties = fc.record({
	messageExpiryInterval: fc.nat(0x7fff_ffff), responseTopic: level.filter((text) => text !== ''), contentType: anyText,
	correlationData: payload.map((bytes) => Buffer.from(bytes)), userProperties: fc.dictionary(anyText, anyText, { minKeys: 1, maxKeys: 2, noNullPrototype: true }),
}, { requiredKeys: [] });

/** Packets of a broker in an order that is allowed, with what the handler is to be told. */
const trafficOf = (version: number) => fc.array(fc.oneof(
	fc.record({ topic, payload, qos, retain: fc.boolean(), id, properties }).map((each) => ({
		packet: { properties: each.properties, cmd: 'publish', topic: each.topic, payload: Buffer.from(each.payload), qos: each.qos, retain: each.retain, dup: false, messageId: each.id },
		told: `message ${each.topic} ${JSON.stringify(Buffer.from(each.payload).toString())} ${each.qos}${each.retain ? 'r' : ''}`,
	})),
	fc.constant({ packet: { cmd: 'pingresp' }, told: '' }),
	id.map((id) => ({ packet: { cmd: 'pubrel', messageId: id }, told: '' })),
	id.map((id) => ({ packet: { cmd: 'puback', messageId: id }, told: '' })),
), { minLength: 1, maxLength: 6 }).map((list) => {
	const open = new Set<number>();
	const told: string[] = [];
	for (const { packet, told: line } of list) {
		const { cmd, messageId = 0, qos = 0 } = packet as { cmd: string; messageId?: number; qos?: number };
		if (cmd === 'pubrel') open.delete(messageId);
		if (cmd !== 'publish' || qos === 2 && open.has(messageId)) continue;
		if (qos === 2) open.add(messageId);
		told.push(line);
	}
	return { stream: concat(list.map(({ packet }) => encode(packet, version))), told };
});

const benchOf = (version: number) => new Bench(version === 5 ? { protocol5: new Protocol5() } : {}).connect();

describe.each([4, 5])('what mqtt-packet writes as version %i, we read', (version) => {
	it('in one piece, cut at every byte, and byte by byte', () => {
		fc.assert(fc.property(trafficOf(version), ({ stream, told }) => {
			for (let cut = 0; cut <= stream.length; cut++) {
				const bench = benchOf(version);
				bench.told();
				bench.receive(stream.subarray(0, cut));
				bench.receive(stream.subarray(cut));
				expect(bench.told()).toEqual(told);
			}
			const bench = benchOf(version);
			bench.told();
			for (const byte of stream) bench.receive(Uint8Array.of(byte));
			expect(bench.told()).toEqual(told);
		}), { numRuns: 60 });
	});
});

describe.each([4, 5])('bytes that no broker of version %i should send', (version) => {
	const mutation = fc.record({ at: fc.nat(200), kind: fc.constantFrom('flip', 'drop', 'insert', 'cut'), value: fc.nat(255) });
	const mutate = (stream: Uint8Array, { at, kind, value }: { at: number; kind: string; value: number }) => {
		const list = [...stream];
		const index = at % (list.length + 1);
		if (kind === 'flip') list[index] = (list[index] ?? 0) ^ value;
		else if (kind === 'drop') list.splice(index, 1);
		else if (kind === 'insert') list.splice(index, 0, value);
		else list.length = index;
		return Uint8Array.from(list);
	};

	it('never make receive() throw; after a fault nothing more is told; the next connection works', () => {
		fc.assert(fc.property(trafficOf(version), fc.array(mutation, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 30 }), ({ stream }, mutations, step) => {
			const bytes = mutations.reduce(mutate, stream);
			const bench = benchOf(version);
			for (let at = 0; at < bytes.length; at += step) {
				bench.receive(bytes.subarray(at, at + step));
				bench.sentBytes();
			}
			const told = bench.told();
			const end = told.findIndex((line) => line.startsWith('closed'));
			if (end >= 0) expect(end).toBe(told.length - 1);
			expect(bench.session.running).toBe(end < 0);
			bench.reconnect(true);
			bench.told();
			bench.receive(encode({ cmd: 'publish', topic: 'z', payload: '', qos: 0 }, version));
			expect(bench.told()).toEqual(['message z "" 0']);
		}), { numRuns: 1_500 });
	});

	it('never make receive() throw when they are just noise', () => {
		fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), fc.boolean(), (noise, connected) => {
			const session = new Session({ ...OPTIONS, protocol5: version === 5 ? new Protocol5() : undefined }, new Recorder());
			session.start(0);
			for (let bytes = session.peek(999); bytes; bytes = session.peek(999)) session.wrote(bytes.length, 0);
			if (connected) session.receive(version === 5 ? hex`20 03 00 00 00` : hex`20 02 00 00`, 0, version, 0);
			session.receive(noise, 0, noise.length, 0);
		}), { numRuns: 1_500 });
	});
});
