// The judge of the wire must be able to say no, in either version.
import { generate, type Packet } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { Scheduler } from '../../simulator/world/clock.js';
import { WireJudge, type WireRules } from '../../simulator/campaign/wire.js';
import { Link } from '../../simulator/world/network.js';

const OUT_OF_PLACE = 'SUBSCRIBE although the session was present';
const LIMITS = { receiveMaximum: 2, maximumPacketSize: 60, topicAliasMaximum: 1 };

class Bench {
	readonly judge: WireJudge;
	readonly #clock = new Scheduler('virtual');
	#version: 4 | 5;
	readonly #link = new Link();
	#connection = 0;
	#subscribed = 0;

	constructor(version: 4 | 5, rules: WireRules = {}) {
		this.#version = version;
		this.judge = new WireJudge(this.#clock, rules);
	}

	/** A connection; without `present` it is not accepted yet. */
	connect(present?: boolean): this {
		this.judge.opened(++this.#connection, this.#link);
		// The clock stands still here, which would be an attempt too soon.
		this.judge.violations.splice(0);
		this.say({ cmd: 'connect', clientId: 'c', clean: false, keepalive: 0, protocolId: 'MQTT', protocolVersion: this.#version });
		return present === undefined ? this : this.hear({ cmd: 'connack', returnCode: 0, reasonCode: 0, sessionPresent: present, properties: LIMITS });
	}

	fallBack(): this {
		this.#version = 4;
		return this;
	}

	say(packet: Packet): this {
		this.judge.sent(this.#connection, generate(packet, { protocolVersion: this.#version }));
		return this;
	}

	hear(packet: Packet, version: number = this.#version): this {
		for (const byte of generate(packet, { protocolVersion: version })) this.judge.arrived(this.#connection, Uint8Array.of(byte));
		return this;
	}

	async after(ms: number): Promise<this> {
		await this.#clock.run(this.#clock.now() + ms);
		return this;
	}

	/** The broker hangs up when the connection has lived so long. */
	async hungUpAfter(ms: number): Promise<this> {
		await this.after(ms);
		this.judge.lost(this.#connection);
		return this;
	}

	/** A filter, asked for and granted. */
	subscribe(filter: string): this {
		const messageId = ++this.#subscribed;
		return this.say({ cmd: 'subscribe', messageId, subscriptions: [{ topic: filter, qos: 1 }] }).hear({ cmd: 'suback', messageId, granted: [1] });
	}

	get complaints(): string[] {
		return this.judge.violations.map((sentence) => sentence.replace(/^wire: | \(at .*\)$/g, ''));
	}
}

const publish = (messageId: number, fields: object = {}): Packet => ({ cmd: 'publish', topic: 'a', payload: `m${messageId}`, qos: 1, messageId, retain: false, dup: false, ...fields } as Packet);
const five = (): Bench => new Bench(5).connect(false);

describe('the judge of the wire', () => {
	it.each([4, 5] as const)('has nothing against a client that keeps the rules of %i', (version) => {
		const bench = new Bench(version).connect(false).say(publish(1)).say(publish(2)).hear({ cmd: 'puback', messageId: 1, reasonCode: 0 });
		bench.connect(true).say(publish(2, { dup: true })).hear({ cmd: 'puback', messageId: 2, reasonCode: 0 });
		expect(bench.complaints).toEqual([]);
		expect([...bench.judge.acknowledged]).toEqual(['m1', 'm2']);
	});

	it.each([4, 5] as const)('knows packets out of place in %i', (version) => {
		expect(new Bench(version).connect().say(publish(1)).complaints).toEqual(['PUBLISH before CONNACK']);
		expect(new Bench(version, { publishEarly: true }).connect().say(publish(1)).complaints).toEqual([]);
		expect(new Bench(version).connect(false).say(publish(1)).say(publish(1, { payload: 'other' })).complaints[0]).toMatch(/^packet id 1 is used while in flight/);
	});

	it('lets a client subscribe anew that has fallen back to the other version, and no other', () => {
		const bench = new Bench(5).connect(false).subscribe('s').say(publish(2));
		bench.fallBack().connect(true).subscribe('s').say(publish(2, { payload: 'other' }));
		expect(bench.complaints).toEqual([]);
		expect(bench.connect(true).subscribe('s').connect(true).subscribe('s').complaints).toEqual([OUT_OF_PLACE]);
	});

	it('lets a client subscribe to what it has not in this session, and to nothing else', () => {
		const bench = new Bench(4).connect(false).subscribe('a').connect(true).subscribe('b');
		expect(bench.complaints).toEqual([]);
		expect(bench.subscribe('b').complaints).toEqual([OUT_OF_PLACE]);
		expect(bench.connect(true).subscribe('a').complaints).toEqual([OUT_OF_PLACE]);
		expect(bench.connect(false).subscribe('a').complaints).toEqual([]);
	});

	/** Connections with the session present that lived so long until the broker hung up, behind one that subscribed. */
	async function hungUp(...lives: number[]): Promise<Bench> {
		const bench = new Bench(4).connect(false).subscribe('a').subscribe('b');
		for (const ms of lives) (await bench.hungUpAfter(ms)).connect(true);
		return bench;
	}

	it('lets a client subscribe anew that was hung up on soon three times in a row, once to each filter', async () => {
		const bench = (await hungUp(1_000, 59_000, 1_000)).subscribe('a').subscribe('b');
		expect(bench.complaints).toEqual([]);
		expect(bench.subscribe('b').complaints).toEqual([OUT_OF_PLACE]);
		expect((await bench.hungUpAfter(1_000)).connect(true).subscribe('b').complaints).toEqual([]);
		expect((await bench.hungUpAfter(62_000)).connect(true).subscribe('b').complaints).toEqual([OUT_OF_PLACE]);
	});

	it.each([['two times only', [1_000, 1_000]], ['not soon', [1_000, 1_000, 62_000]], ['not in a row', [1_000, 62_000, 1_000, 1_000]]])('and none that was hung up on %s', async (_name, lives) => {
		expect((await hungUp(...lives)).subscribe('a').complaints).toEqual([OUT_OF_PLACE]);
	});

	it('and none that ended its connections itself', async () => {
		const bench = await hungUp(1_000, 1_000);
		expect(bench.connect(true).subscribe('a').complaints).toEqual([OUT_OF_PLACE]);
	});

	it.each([[0x8e, []], [0x8b, [OUT_OF_PLACE]]])('lets a client of 5.0 subscribe anew that was told why at once, if it was a takeover: reason %i', (reasonCode, complaints) => {
		const bench = five().subscribe('a').hear({ cmd: 'disconnect', reasonCode });
		expect(bench.connect(true).subscribe('a').complaints).toEqual(complaints);
	});

	it('lets a client subscribe anew once in some minutes though the session is present, in a connection that did not grant it yet', async () => {
		const bench = await new Bench(4).connect(false).subscribe('a').subscribe('b').connect(true).after(300_000);
		expect(bench.subscribe('a').subscribe('b').complaints).toEqual([]);
		expect((await bench.after(3_600_000)).subscribe('a').complaints).toEqual([OUT_OF_PLACE]);
		expect((await bench.connect(true).after(149_000)).subscribe('b').complaints).toEqual([]);
		expect((await bench.connect(true).after(149_000)).subscribe('b').complaints).toEqual([OUT_OF_PLACE]);
	});

	it('and never in the connection with which the session began', async () => {
		const bench = await new Bench(4).connect(false).subscribe('a').after(3_600_000);
		expect(bench.subscribe('a').complaints).toEqual([OUT_OF_PLACE]);
	});

	it('takes a DUP for right when the acknowledgement came behind a message that was never answered, for such alone', () => {
		const heard = { cmd: 'publish', topic: 'x', payload: '', qos: 1, messageId: 4, dup: false, retain: false } as const;
		const unread = () => new Bench(4).connect(true).say(publish(9)).hear(heard).hear({ cmd: 'puback', messageId: 9 });
		expect(unread().connect(true).say(publish(9, { dup: true })).complaints).toEqual([]);
		expect(unread().connect(true).say({ cmd: 'puback', messageId: 4 }).say(publish(9, { dup: true })).complaints).toEqual([]);
		const read = unread().say({ cmd: 'puback', messageId: 4 }).connect(true).say(publish(9, { dup: true }));
		expect(read.complaints).toEqual(['DUP on packet id 9, which is not in flight in this session']);
	});

	it('knows a DUP of what was never sent', () => {
		expect(new Bench(4).connect(false).say(publish(9, { dup: true })).complaints).toEqual(['DUP on packet id 9, which is not in flight in this session']);
	});

	it('tells what was turned down from what was acknowledged', () => {
		const refused: string[] = [];
		const bench = five();
		bench.judge.onRefused = (topic, payload) => void refused.push(`${topic} ${payload}`);
		bench.say(publish(1)).hear({ cmd: 'puback', messageId: 1, reasonCode: 0x97 });
		bench.say(publish(1)).hear({ cmd: 'puback', messageId: 1, reasonCode: 0x10 });
		expect([refused, [...bench.judge.acknowledged], bench.complaints]).toEqual([['a m1'], ['m1'], []]);
	});

	it('knows more in flight than the Receive Maximum, early ones included', () => {
		expect(five().say(publish(1)).say(publish(2)).say(publish(3)).complaints).toEqual(['3 messages in flight, where the broker takes 2']);
		const early = new Bench(5, { publishEarly: true }).connect();
		for (const id of [1, 2, 3]) early.say(publish(id));
		expect(early.hear({ cmd: 'connack', reasonCode: 0, sessionPresent: false, properties: LIMITS }).complaints).toEqual(['3 messages in flight, where the broker takes 2']);
	});

	it('knows a packet larger than the broker takes, and a message again on the same connection', () => {
		expect(five().say(publish(1, { payload: 'x'.repeat(60) })).complaints).toEqual(['publish of 68 bytes, where the broker takes 60']);
		expect(five().say(publish(1)).say(publish(1, { dup: true })).complaints).toEqual(['packet id 1 is sent again on the same connection']);
	});

	it('knows topic aliases that are not allowed, or not told in this connection', () => {
		const told = five().say(publish(1, { properties: { topicAlias: 1 } })).say(publish(2, { topic: '', properties: { topicAlias: 1 } }));
		expect(told.complaints).toEqual([]);
		expect(told.connect(true).say(publish(2, { topic: '', dup: true, properties: { topicAlias: 1 } })).complaints[0]).toBe('topic alias 1 is used before it is told');
		expect(five().say(publish(1, { properties: { topicAlias: 2 } })).complaints).toEqual(['topic alias 2, where the broker allows 1']);
		expect(five().say(publish(1, { topic: '' })).complaints).toEqual(['PUBLISH without a topic']);
	});

	it('reads a broker that refuses 5.0 in the words of 3.1.1', () => {
		expect(new Bench(5).connect().hear({ cmd: 'connack', returnCode: 1, sessionPresent: false }, 4).complaints).toEqual([]);
	});
});
