import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Flow } from '../../src/mqtt/flow.js';
import { Protocol5 } from '../../src/mqtt/v5/protocol5.js';
import { topicName } from '../../src/mqtt/codec/topics.js';
import { concat, hex } from '../support/bytes.js';
import { Bench, decode, describe as words, encode } from './bench.js';

const BUFFER = 64;

/** A bench that reads what is held at once, and remembers messages whole. */
class FlowBench extends Bench {
	readonly flow: Flow;
	readonly messages: string[] = [];
	#message = '';

	constructor(options = {}) {
		const flow = new Flow();
		super({ clean: true, bufferBytes: BUFFER, inFlightMax: 2, flow, ...options });
		this.flow = flow;
		const { recorder } = this;
		const tell = recorder.onMessage.bind(recorder);
		recorder.onMessage = (bytes, topicAt, topicEnd, at, end, qos, retain, dup) => {
			this.#message = `${Buffer.from(bytes.subarray(topicAt, topicEnd))} ${qos} `;
			this.#piece(bytes, at, end);
			tell(bytes, topicAt, topicEnd, at, end, qos, retain, dup);
		};
		this.connect();
		this.told();
	}

	#piece(bytes: Uint8Array, at: number, end: number): void {
		this.#message += Buffer.from(bytes.subarray(at, end)).toString('latin1');
		if (this.flow.rest === 0) this.messages.push(this.#message);
	}

	/** Looks at what is held, and lets it go. */
	look(): void {
		if (!this.flow.held) return;
		if (this.flow.continued) this.#piece(this.flow.bytes, this.flow.at, this.flow.end);
		while (!this.flow.release()) this.out.push(...this.sentBytes());
	}

	readonly out: number[] = [];

	override receive(bytes: Uint8Array): void {
		for (let from = 0; from < bytes.length || this.flow?.held; ) {
			if (this.flow?.held) this.look();
			else from = this.session.receive(bytes, from, bytes.length, this.now);
			if (!this.flow) return;
			if (!this.flow.held) this.out.push(...this.sentBytes());
		}
	}

	/** What was sent meanwhile, in short words. */
	answers(): string[] { return decode(Uint8Array.from(this.out.splice(0))).map(words); }

	/** The application's bytes of a message that was begun, as it hands them to the socket; `step` at a time. */
	pass(payload: Uint8Array, step: number): Uint8Array {
		const parts = [this.sentBytes()];
		for (let at = 0; at < payload.length; at += step) {
			const piece = payload.subarray(at, at + step);
			parts.push(piece);
			this.flow.passed(piece.length, this.now);
			parts.push(this.sentBytes());
		}
		return concat(parts);
	}

	begin(topic: string, length: number, qos = 1, { retain = false, duplicate = false, id = 0 } = {}): number {
		return this.flow.begin(topicName(topic), length, qos, retain, duplicate, id);
	}
}

const publish = (topic: string, payload: string, qos: number, messageId = 0, dup = false) => encode({ cmd: 'publish', topic, payload, qos, messageId, dup, retain: false });

describe('messages that come in', () => {
	it('are whole and answered in order, however long they are and wherever the stream is cut', () => {
		const message = fc.record({ topic: fc.constantFrom('a', 'a/b/c', 't'.repeat(60), 'u'.repeat(61), 'v'.repeat(300)), size: fc.nat(300), qos: fc.nat(2) });
		fc.assert(fc.property(fc.array(message, { maxLength: 6 }), fc.infiniteStream(fc.integer({ min: 1, max: 90 })), (list, cuts) => {
			const bench = new FlowBench();
			const stream = concat(list.map(({ topic, size, qos }, index) => publish(topic, 'x'.repeat(size), qos, index + 1)));
			for (let at = 0; at < stream.length; ) {
				const size = cuts.next().value as number;
				bench.receive(stream.slice(at, at + size));
				at += size;
			}
			const tooLong = ({ topic, size, qos }: { topic: string; size: number; qos: number }) => topic.length + 4 > BUFFER && 2 + topic.length + size + (qos ? 2 : 0) > BUFFER;
			expect(bench.messages).toEqual(list.filter((each) => !tooLong(each)).map(({ topic, size, qos }) => `${topic} ${qos} ${'x'.repeat(size)}`));
			expect(bench.told().filter((line) => line.startsWith('oversize'))).toHaveLength(list.filter(tooLong).length);
			expect(bench.answers()).toEqual(list.flatMap(({ qos }, index) => (qos === 0 ? [] : [`${qos === 1 ? 'puback' : 'pubrec'} #${index + 1}`])));
		}), { numRuns: 300 });
	});

	it('are not answered before they are released, and nothing is taken behind them', () => {
		const bench = new FlowBench();
		const two = concat([publish('a', '1', 1, 7), publish('a', '2', 2, 8)]);
		const taken = bench.session.receive(two, 0, two.length, bench.now);
		expect(bench.flow.held).toBe(true);
		expect(bench.sent()).toEqual([]);
		expect(bench.session.receive(two, taken, two.length, bench.now)).toBe(taken);
		expect(bench.told()).toEqual(['message a "1" 1']);
		expect(bench.flow.release()).toBe(true);
		expect(bench.sent()).toEqual(['puback #7']);
		expect(bench.session.receive(two, taken, two.length, bench.now)).toBe(two.length);
		expect(bench.told()).toEqual(['message a "2" 2']);
	});

	it('of QoS 2 that come again before PUBREL are answered and not told, in pieces too', () => {
		const bench = new FlowBench();
		bench.receive(publish('a', 'y'.repeat(200), 2, 9));
		bench.receive(publish('a', 'y'.repeat(200), 2, 9, true));
		expect(bench.messages).toHaveLength(1);
		expect(bench.answers()).toEqual(['pubrec #9', 'pubrec #9']);
		bench.receive(hex`62 02 0009`);
		bench.receive(publish('a', 'z'.repeat(200), 2, 9));
		expect(bench.messages).toHaveLength(2);
	});

	it('that are read slowly are not the broker\'s fault: no ping and no acknowledgement is missed', () => {
		const bench = new FlowBench({ keepAliveMs: 8_000, pingTimeoutMs: 1_000, ackTimeoutMs: 5_000 });
		bench.begin('a', 0, 1);
		bench.sentBytes();
		const message = publish('a', '1', 0);
		bench.session.receive(message, 0, message.length, bench.now);
		let pings = 0;
		for (let i = 0; i < 60; i++) {
			bench.at(bench.now + 1_000);
			pings += bench.sent().filter((each) => each === 'pingreq').length;
		}
		expect(bench.told()).toEqual(['message a "1" 0']);
		expect(pings).toBeGreaterThan(5);
		bench.flow.release();
		for (let i = 0; i < 20; i++) bench.at(bench.now + 1_000), bench.sentBytes();
		expect(bench.told()).toEqual([expect.stringMatching(/^closed /)]);
	});
});

describe('messages that go out', () => {
	it.each([0, 1, 127, 128, 16_383, 20_000])('of %i bytes are whole, whatever the pieces', (length) => {
		for (const step of [1, 700, 100_000]) {
			if (step === 1 && length > 200) continue;
			for (const qos of [0, 1, 2]) {
				const bench = new FlowBench();
				const payload = Uint8Array.from({ length }, (_, index) => index & 0x7f);
				const id = bench.begin('a/b', length, qos, { retain: true });
				expect(id).toBe(qos === 0 ? 0 : 1);
				const [packet, ...more] = decode(bench.pass(payload, step));
				expect(more).toEqual([]);
				expect(packet).toMatchObject({ cmd: 'publish', topic: 'a/b', qos, retain: true, dup: false, ...(qos ? { messageId: 1 } : {}) });
				expect(Uint8Array.from((packet as { payload: Buffer }).payload)).toEqual(payload);
			}
		}
	});

	it('let nothing in between: acknowledgements and pings wait for the last byte', () => {
		const bench = new FlowBench();
		bench.begin('a', 4);
		bench.sentBytes();
		bench.receive(publish('b', '1', 1, 7));
		bench.flow.ping(bench.now);
		bench.flow.passed(3, bench.now);
		expect([...bench.out, ...bench.sentBytes()]).toEqual([]);
		expect(bench.flow.ready).toBe(false);
		bench.flow.passed(1, bench.now);
		expect(bench.sent()).toEqual(['puback #7', 'pingreq']);
		expect(bench.flow.ready).toBe(true);
	});

	it('are told when the broker has them, and count as in flight until then', () => {
		const bench = new FlowBench();
		for (const qos of [1, 2]) {
			bench.begin('a', 1, qos);
			bench.pass(hex`31`, 1);
		}
		expect(bench.begin('a', 1)).toBe(-1);
		expect(bench.begin('a', 0, 0)).toBe(0);
		bench.sentBytes();
		bench.receive(hex`40 02 0001 50 02 0002`);
		expect(bench.answers()).toEqual(['pubrel #2']);
		bench.receive(hex`70 02 0002`);
		expect(bench.told()).toEqual(['acknowledged 1', 'acknowledged 2']);
		expect(bench.session.pending).toBe(0);
	});

	it('go under the id and with the flag that the application gives', () => {
		const bench = new FlowBench();
		expect(bench.flow.isFree(1_234)).toBe(true);
		bench.begin('a', 0, 1, { duplicate: true, id: 1_234 });
		expect(bench.sent()).toEqual(['publish a "" q1 dup #1234']);
		expect([0, 1_234, 65_536].map((id) => bench.flow.isFree(id))).toEqual([false, false, false]);
	});

	it('are refused when the topic has no room', () => {
		const bench = new FlowBench({ controlBytes: 64 });
		expect(bench.begin('t'.repeat(60), 1)).toBe(-1);
		expect(bench.begin('t'.repeat(50), 0)).toBe(1);
	});

	it('are gone with their connection', () => {
		const bench = new FlowBench();
		bench.begin('a', 5);
		bench.sentBytes();
		bench.session.lost(true);
		expect(bench.session.pending).toBe(0);
	});
});

describe('a flow', () => {
	it('is for MQTT 3.1.1', () => {
		expect(() => new Bench({ flow: new Flow(), protocol5: new Protocol5() })).toThrow(/MQTT 3\.1\.1/);
	});

	it('says whether filters can be asked for', () => {
		const bench = new FlowBench({ filtersMax: 2, filterBytes: 40, controlBytes: 40 });
		expect(() => bench.flow.canAsk(['a/#/b'])).toThrow(/no topic filter/);
		expect(bench.flow.canAsk(['a', 'b'])).toBe(true);
		expect(bench.flow.canAsk(['a', 'b', 'c'])).toBe(false);
		expect(bench.flow.canAsk(['a', 'a'])).toBe(false);
		const longest = Array.from({ length: 40 }, (_, size) => 'x'.repeat(size + 1)).filter((filter) => bench.flow.canAsk([filter])).at(-1)!;
		expect(bench.session.subscribe(longest, 1)).toBe(1);
		expect(bench.sent()).toEqual([`subscribe ${longest} q1 #1`]);
		expect(bench.flow.canAsk([longest])).toBe(false);
		bench.receive(hex`90 03 0001 01`);
		expect(bench.flow.canAsk([longest, 'b'])).toBe(true);
		expect(bench.flow.canAsk([longest, 'b', 'c'])).toBe(false);
	});
});
