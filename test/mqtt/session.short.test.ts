// The fast paths of a session (send, takePubacks, takeId) and the general ones do exactly the same: two sessions live the same life,
// one of which never sees that it could take a fast path.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/mqtt/state/delivery.js';
import { Fault } from '../../src/mqtt/codec/fault.js';
import type { Filters } from '../../src/mqtt/state/filters.js';
import type { KeepAlive } from '../../src/mqtt/state/keepalive.js';
import { Message } from '../../src/mqtt/message.js';
import type { Outbox } from '../../src/mqtt/state/outbox.js';
import { Protocol5 } from '../../src/mqtt/v5/protocol5.js';
import { Session } from '../../src/mqtt/session.js';
import { topicName } from '../../src/mqtt/codec/topics.js';
import { concat, hex, show } from '../support/bytes.js';
import { Bench, Bench5, encode, OPTIONS, Recorder } from './bench.js';

/** What of a session is looked at, or taken away, here. */
interface Inside {
	steady: boolean;
	state: number;
	readonly outbox: Outbox;
	readonly delivery: Delivery;
	readonly keepAlive: KeepAlive;
	takePubacks(bytes: Uint8Array, from: number, to: number, now: number): number;
}

const TOPICS = ['telltale/node/readings', 'a', 'abcd', 'ä/ö/ü', 'a b,c'].map(topicName);
const latin1 = (text: string) => Buffer.from(text, 'latin1');
const ARRIVING = [
	'telltale/node/set/x', 'telltale/node/set/x', 'telltale/node/set/y', 'telltale/mode/set/x', 'abcdefghijklmn', 'telltale/kitchen/set/interval', 'telltale/kitchen/set/intervals/x', 'abcd', '~~~~~~~~',
	'a/b/c/d', 'abc', 'with space',
].map(latin1);
/** A wildcard, where others have a letter; no topic, no UTF-8. */
const FAULTY = ['a/+/bcde', 'telltale/node/set/+', 'telltale/+ode/set/x', '', '\xff'].map(latin1);

interface Step { kind: string; a: number; b: number; c: number; flag: boolean }

const kinds = fc.constantFrom(
	'publish', 'publish', 'publish', 'send', 'send', 'send', 'sendPart', 'peekLate', 'puback', 'puback', 'puback', 'arrive', 'arrive', 'arrive2', 'answer',
	'answer', 'poll', 'wait', 'subscribe', 'suback', 'suback', 'unsubscribe', 'reconnect', 'pieces', 'half', 'stop', 'react', 'react', 'mutant', 'nothing', 'direct', 'direct', 'direct', 'again', 'again',
);
const QOS = [0, 0, 0, 1, 1, 1, 1, 2];
const steps = fc.array(fc.record<Step>({ kind: kinds, a: fc.noBias(fc.nat(9)), b: fc.noBias(fc.nat(255)), c: fc.noBias(fc.nat(40)), flag: fc.boolean() }), { minLength: 10, maxLength: 70 });

/** For one object, whose class is frozen. */
const replace = (object: object, name: string, value: unknown) => Object.defineProperty(object, name, { value });

/** One session and all that happens to it. */
class Life {
	readonly recorder = new Recorder();
	readonly session: Session;
	readonly inside: Inside;
	/** Ids of messages of QoS 1, of the last one of QoS 2, of the last request. */
	readonly ids: number[] = [];
	received = 1;
	asked = 1;
	now = 0;
	/** Bytes that came and were not taken. */
	rest = new Uint8Array(0);
	/** Bytes that come in front of the next ones. */
	late = new Uint8Array(0);
	/** What the next callback does. */
	reaction: Step | undefined;
	usual = 0;
	open = 0;
	/** Messages that were given to the socket at once. */
	direct = 0;
	/** What write() was given and took. */
	readonly #pushed: Uint8Array[] = [];
	#takes = true;
	#again: Uint8Array | undefined;
	readonly #message: Message;

	constructor(readonly version: number, short: boolean) {
		this.#message = new Message(30, 200, version === 5 ? new Protocol5() : undefined);
		Object.assign(this.recorder, { write: (packet: Uint8Array) => this.#write(packet) });
		this.session = new Session({
			...OPTIONS, protocol5: version === 5 ? new Protocol5() : undefined, bufferBytes: 150, outboxBytes: 420, messagesMax: 5, inFlightMax: 2, inboundMax: 2,
			keepAliveMs: 8_000, lastPacketId: 65_530, resendOnTimeout: version === 4, ackTimeoutMs: 5_000, pingTimeoutMs: 3_000,
		}, this.recorder);
		this.inside = this.session as unknown as Inside;
		this.recorder.then = () => this.#react();
		if (short) this.#count();
		else this.#shut();
	}

	/** Never takes a fast path. */
	#shut(): void {
		const { delivery } = this.inside;
		replace(this.session, 'updateFastPath', () => {});
		replace(delivery, 'takeId', (filters: Filters) => delivery.use(delivery.nextId(filters)));
	}

	#count(): void {
		const { takePubacks } = Session.prototype as unknown as Inside;
		replace(this.session, 'takePubacks', (bytes: Uint8Array, from: number, to: number, now: number) => {
			const end = takePubacks.call(this.session, bytes, from, to, now);
			if (end > from) this.usual++;
			return end;
		});
	}

	#react(): void {
		const step = this.reaction;
		if (!step) return;
		this.reaction = undefined;
		const { session } = this;
		switch (step.a) {
			case 0: return this.#publish(step);
			case 1: return void session.subscribe('x/+', 1);
			case 2: return session.stop(this.now);
			case 3: return this.#lost(step.flag);
			case 4: throw new Error('A callback throws.');
			case 5: return void session.poll(this.now);
			case 6: session.lost(step.flag); return session.start(this.now);
			default: return;
		}
	}

	#publish({ a, b, c, flag }: Step): void {
		const payload = new Uint8Array(flag && c < 10 ? b : c).fill(b);
		const id = this.session.publish(TOPICS[a % TOPICS.length], payload, payload.length - (flag && payload.length > 0 ? 1 : 0), QOS[b % 8], flag);
		if (id > 0 && QOS[b % 8] === 1) this.ids.push(id);
		if (id > 0 && QOS[b % 8] === 2) this.received = id;
		this.recorder.log.push(`published ${id}`);
	}

	#write(packet: Uint8Array): boolean {
		if (this.#takes) this.#pushed.push(packet.slice());
		return this.#takes;
	}

	/** A message that is made ready, and all that goes out then; the socket may not take it at once. */
	#direct({ a, b, c, flag }: Step): void {
		const length = b % 16 === 0 ? 200 : c;
		// What is not stored has room even when the outbox is full.
		if (QOS[b % 8] === 0 && this.session.room(TOPICS[a % 2]) < length) return;
		this.#takes = a !== 9;
		this.#message.payload.fill(b, 0, length);
		const id = this.session.send(this.#message.to(TOPICS[a % 2], QOS[b % 8], flag), length, this.now);
		if (id > 0 && QOS[b % 8] === 1) this.ids.push(id);
		if (id > 0 && QOS[b % 8] === 2) this.received = id;
		const sent = this.#pushed.splice(0);
		this.direct += sent.length;
		for (let bytes = this.session.peek(10_000); bytes; bytes = this.session.peek(10_000)) {
			sent.push(bytes.slice());
			this.session.wrote(bytes.length, this.now);
		}
		this.recorder.log.push(`sent ${id}: ${show(concat(sent))}`);
	}

	#asks(id: number): void {
		if (id > 0) this.asked = id;
		this.recorder.log.push(`asked ${id}`);
	}

	#lost(byBroker: boolean): void {
		this.session.lost(byBroker);
		this.rest = this.late = new Uint8Array(0);
	}

	#send(room: number, part = room, late?: () => void): void {
		const bytes = this.session.peek(room);
		this.recorder.log.push(`sent ${bytes ? show(bytes) : '-'}`);
		if (!bytes) return;
		const count = Math.min(bytes.length, part);
		late?.();
		this.session.wrote(count, this.now);
	}

	#receive(bytes: Uint8Array, step = 10_000): void {
		const all = concat([this.rest, this.late, bytes]);
		this.late = new Uint8Array(0);
		let from = 0;
		try {
			while (from < all.length) {
				const to = Math.min(from + step, all.length);
				const taken = this.session.receive(all, from, to, this.now);
				this.recorder.log.push(`took ${taken}`);
				from = taken;
				if (taken < to) break;
			}
		} catch (error) {
			from = all.length;
			throw error;
		} finally {
			this.rest = all.slice(from);
		}
	}

	#arriving({ a, b, c, flag }: Step): Uint8Array {
		const topic = b < 245 ? ARRIVING[b % ARRIVING.length] : FAULTY[b % FAULTY.length];
		const qos = a < 5 ? 0 : a % 3;
		const body = [topic.length >> 8, topic.length, ...topic, ...qos ? [0, 1 + c % 3] : [], ...this.version === 5 ? [...c === 38 ? [2, 1, 1] : [0]] : [], ...new Array<number>(flag ? c * 4 : c).fill(b)];
		const length = body.length < 0x80 ? [body.length] : [body.length & 0x7f | 0x80, body.length >> 7];
		return Uint8Array.of(0x30 | qos << 1 | (flag ? 1 : 0) | (c === 39 && b % 4 === 0 ? 8 : 0), ...length, ...body);
	}

	#connack(present: boolean): Uint8Array { return this.version === 5 ? Uint8Array.of(0x20, 3, present ? 1 : 0, 0, 0) : Uint8Array.of(0x20, 2, present ? 1 : 0, 0); }

	#repeat(): void {
		const bytes = this.#again ?? this.#arriving({ kind: 'again', a: 0, b: 0, c: 7, flag: false });
		if (this.rest.length + this.late.length > 0) return;
		for (let i = 0; i < 3; i++) {
			const taken = this.session.receive(bytes, 0, bytes.length, this.now);
			this.recorder.log.push(`took ${taken}`);
			if (taken < bytes.length) this.rest = bytes.slice(taken);
			if (this.rest.length > 0) return;
		}
	}

	/** A message in a message, cut where the inner one begins. */
	#half(): void {
		const inner = Uint8Array.of(0x30, 7, 0, 4, 0x61, 0x62, 0x63, 0x64, ...this.version === 5 ? [0] : [1]);
		this.#receive(Uint8Array.of(0x30, 3 + (this.version === 5 ? 1 : 0) + inner.length, 0, 1, 0x61, ...this.version === 5 ? [0] : []));
		this.late = inner;
	}

	/** A usual packet with one of its first bytes changed. */
	#mutant(step: Step): Uint8Array {
		const bytes = step.flag ? this.#puback(step) : this.#arriving({ ...step, a: 0, b: step.b % 5, flag: false });
		const at = step.a % 4;
		bytes[at] = at === 1 ? step.b % 2 ? bytes[at] - step.b % 3 : bytes[at] | 0x80 : bytes[at] ^ 1 << step.b % 8;
		return bytes;
	}

	#puback({ a, c, flag }: Step): Uint8Array {
		const id = c === 40 ? this.received : flag || this.ids.length === 0 ? this.ids.shift() ?? a + 1 : this.ids[a % this.ids.length];
		return Uint8Array.of(0x40, 2, id >> 8, id);
	}

	/** A callback's error, which goes on up, is a line like others; the next call closes the connection. */
	live(step: Step): void {
		try {
			this.#do(step);
		} catch (error) {
			this.recorder.log.push(String(error));
			this.session.receive(new Uint8Array(0), 0, 0, this.now);
		}
	}

	#do(step: Step): void {
		const { a, b, c, flag } = step;
		const { session } = this;
		switch (step.kind) {
			case 'publish': return this.#publish(step);
			case 'send': return this.#send(10_000);
			case 'sendPart': return this.#send(1 + b, 1 + c);
			case 'peekLate': return this.#send(10_000, flag ? 10_000 : c, () => { if (a < 5) this.#publish(step); else this.#receive(this.#puback(step)); });
			case 'puback': return this.#receive(this.#puback(step));
			case 'arrive': return this.#receive(this.#again = this.#arriving(step));
			// The same array, as an application has it, three times.
			case 'again': return this.#repeat();
			case 'direct': return this.#direct(step);
			case 'arrive2': return this.#receive(concat([this.#arriving({ ...step, a: 0, b: b % 200 }), this.#puback(step), this.#arriving(step)]));
			case 'answer': return this.#receive(encode({ cmd: ['pubrec', 'pubcomp', 'pubrel', 'pingresp'][c % 4], messageId: c % 4 === 2 ? 1 + a % 3 : a > 0 ? this.received : b }, this.version));
			case 'poll': return void this.recorder.log.push(`at ${session.poll(this.now)}`);
			case 'wait': this.now += b * 20; return;
			case 'subscribe': return this.#asks(session.subscribe('s/#', a % 3));
			case 'suback': return this.#receive(encode({ cmd: flag ? 'suback' : 'unsuback', messageId: a > 0 ? this.asked : b, granted: [1] }, this.version));
			case 'unsubscribe': return this.#asks(session.unsubscribe('s/#'));
			case 'reconnect': return a < 4 ? this.#connect(flag, a === 0) : undefined;
			case 'pieces': return this.#receive(concat([this.#arriving(step), this.#arriving({ ...step, a: 0 })]), 1 + c);
			case 'stop': return a < 2 ? session.stop(this.now) : undefined;
			case 'react': this.reaction = step; return;
			case 'half': return this.#half();
			case 'mutant': return a < 4 ? this.#receive(this.#mutant(step)) : undefined;
			default: return session.wrote(0, this.now);
		}
	}

	#connect(present: boolean, byBroker: boolean): void {
		this.#lost(byBroker);
		if (this.session.running) this.session.lost();
		this.session.start(this.now);
		this.#send(10_000);
		this.#receive(this.#connack(present && this.recorder.log.length > 0));
	}

	/** All that can be seen from outside, and what lies in the outbox. */
	look(): object {
		const { session, inside: { outbox, keepAlive, state } } = this;
		this.open += this.inside.steady ? 1 : 0;
		const { count, qos0Count, sent, progress, start, end, sentEnd } = outbox;
		return {
			log: this.recorder.log.splice(0), state, connected: session.connected, pending: session.pending, inFlight: session.inFlight, oversize: session.oversizeCount,
			room: session.room(TOPICS[0]), count, qos0Count, sent, progress, end, sentEnd, bytes: show(outbox.bytes.subarray(start, end)), keepAlive: { ...keepAlive }, rest: show(this.rest),
		};
	}
}

describe('what is nearly usual', () => {
	it('is looked at more closely: lengths that are wrong, or longer than they need be', () => {
		const faultOf = (bench: Bench, bytes: Uint8Array) => {
			bench.connect();
			bench.publish('a', '');
			bench.sentBytes();
			bench.told();
			bench.receive(bytes);
			bench.sentBytes();
			return bench.told();
		};
		expect(faultOf(new Bench(), hex`40 03 00 01 00`)).toEqual([`closed ${Fault.BadLength} 64`]);
		expect(faultOf(new Bench(), hex`30 86 00 04 'abcd' ${new Uint8Array(200)}`)).toEqual([`closed ${Fault.BadLength} 48`]);
		expect(faultOf(new Bench5(), hex`30 06 00 04 'abcd' 00`)).toEqual([`closed ${Fault.BadProperty} 0`]);
	});
});

describe.each([4, 5])('a session of version %i that takes the fast paths', (version) => {
	it('does what one does that never takes them', () => {
		let [usual, open, direct] = [0, 0, 0];
		fc.assert(fc.property(steps, (steps) => {
			const lives = [new Life(version, true), new Life(version, false)];
			for (const step of [{ kind: 'reconnect', a: 1, b: 0, c: 0, flag: false }, ...steps]) {
				const [short, general] = lives.map((life) => {
					life.live(step);
					// A connection that has ended begins again, as it would.
					if (!life.session.running) life.live({ ...step, kind: 'reconnect', a: 1, flag: true });
					return life.look();
				});
				expect(short).toEqual(general);
			}
			usual += lives[0].usual;
			open += lives[0].open;
			direct += lives[0].direct;
			expect([lives[1].open, lives[1].direct, lives[1].usual]).toEqual([0, 0, 0]);
		}), { numRuns: 1_500 });
		// The fast paths were taken, as often as not.
		expect(usual).toBeGreaterThan(150);
		expect(open).toBeGreaterThan(8_000);
		expect(direct).toBeGreaterThan(200);
	});
});
