// The outbox of a session, filled by publish(); what goes out and comes back is said to the outbox alone.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../../src/mqtt/state/delivery.js';
import type { Outbox } from '../../../src/mqtt/state/outbox.js';
import { Session } from '../../../src/mqtt/session.js';
import { topicName } from '../../../src/mqtt/codec/topics.js';
import { hex, show } from '../../support/bytes.js';
import { OPTIONS, Recorder } from '../bench.js';

const A = topicName('a');
const sessions = new WeakMap<Outbox, Session>();

function makeOutbox(outboxBytes: number, messagesMax: number): Outbox {
	const session = new Session({ ...OPTIONS, outboxBytes, messagesMax }, new Recorder());
	const { outbox } = session as unknown as { outbox: Outbox };
	sessions.set(outbox, session);
	return outbox;
}

/** False if there is no room. */
function putBytes(outbox: Outbox, topic: Uint8Array, payload: Uint8Array, qos: number, id: number): boolean {
	const session = sessions.get(outbox)!;
	if (qos > 0) (session as unknown as { delivery: Delivery }).delivery.lead(id);
	return session.publish(topic, payload, payload.length, qos, false) === (qos > 0 ? id : 0);
}

const put = (outbox: Outbox, id: number, qos = 1, payload = `p${id}`) => putBytes(outbox, A, Buffer.from(payload), qos, id);
const all = (outbox: Outbox, quota = 100) => {
	const bytes = outbox.peek(10_000, quota);
	return bytes ? show(bytes) : '';
};
const sendAll = (outbox: Outbox) => { for (let bytes = outbox.peek(10_000, 100); bytes; bytes = outbox.peek(10_000, 100)) outbox.wrote(bytes.length); };
const packet = (id: number, first = 0x32) => show(hex`${first} 07 00 01 'a' 00 ${id} 'p' ${0x30 + id}`);

describe('an outbox', () => {
	it('gives several messages out in one piece', () => {
		const outbox = makeOutbox(64, 4);
		put(outbox, 1);
		put(outbox, 2);
		expect(all(outbox)).toBe(`${packet(1)} ${packet(2)}`);
	});

	it('keeps what is not acknowledged and sends it again as a duplicate, in order', () => {
		const outbox = makeOutbox(64, 4);
		[1, 2, 3].forEach((id) => put(outbox, id));
		sendAll(outbox);
		expect(outbox.acknowledge(2, 1)).toBe(true);
		outbox.rewind();
		expect(all(outbox)).toBe(`${packet(1, 0x3a)} ${packet(3, 0x3a)}`);
	});

	it('marks no message a duplicate of which nothing was sent', () => {
		const outbox = makeOutbox(64, 4);
		[1, 2, 3].forEach((id) => put(outbox, id));
		outbox.wrote(9 + 1);
		outbox.rewind();
		expect(all(outbox)).toBe(`${packet(1, 0x3a)} ${packet(2, 0x3a)} ${packet(3)}`);
	});

	it('makes all of them new when the broker knows none', () => {
		const outbox = makeOutbox(64, 4);
		[1, 2].forEach((id) => put(outbox, id));
		sendAll(outbox);
		outbox.rewind();
		expect(outbox.resends).toBe(true);
		outbox.renew();
		expect(outbox.resends).toBe(false);
		expect(all(outbox)).toBe(`${packet(1)} ${packet(2)}`);
	});

	it('lets QoS 0 go when it is sent, or when it was begun and the connection broke', () => {
		const outbox = makeOutbox(64, 4);
		put(outbox, 0, 0, 'x');
		put(outbox, 1);
		sendAll(outbox);
		expect(outbox.count).toBe(1);
		put(outbox, 0, 0, 'y');
		put(outbox, 0, 0, 'z');
		outbox.wrote(2);
		outbox.rewind();
		expect(all(outbox)).toBe(`${packet(1, 0x3a)} ${show(hex`30 04 00 01 'a' 'z'`)}`);
	});

	it('ignores an acknowledgement of what was not sent whole, of another QoS, or twice', () => {
		const outbox = makeOutbox(64, 4);
		put(outbox, 1);
		put(outbox, 2, 2);
		outbox.wrote(8);
		expect(outbox.acknowledge(1, 1)).toBe(false);
		outbox.wrote(1 + 9);
		expect(outbox.acknowledge(1, 2)).toBe(false);
		expect(outbox.acknowledge(2, 1)).toBe(false);
		expect(outbox.acknowledge(3, 1)).toBe(false);
		expect(outbox.acknowledge(1, 1)).toBe(true);
		expect(outbox.acknowledge(1, 1)).toBe(false);
		expect(outbox.acknowledge(2, 2)).toBe(true);
	});

	it('keeps the message that is going out whole when one before it is acknowledged', () => {
		const outbox = makeOutbox(64, 4);
		[1, 2, 3].forEach((id) => put(outbox, id));
		outbox.wrote(9 + 4);
		outbox.acknowledge(1, 1);
		expect(outbox.begun).toBe(true);
		expect(all(outbox)).toBe(`${packet(2).slice(4 * 3)} ${packet(3)}`);
	});

	it('begins no more messages of QoS 1 and 2 than the quota, but finishes what it began', () => {
		const outbox = makeOutbox(64, 4);
		[1, 2, 3].forEach((id) => put(outbox, id));
		expect(all(outbox, 2)).toBe(`${packet(1)} ${packet(2)}`);
		expect(all(outbox, 0)).toBe('');
		outbox.wrote(3);
		expect(all(outbox, 0)).toBe(packet(1).slice(9));
		expect(all(outbox, -1)).toBe(packet(1).slice(9));
	});

	it('sends QoS 0 whatever the quota, unless it is told to begin nothing', () => {
		const outbox = makeOutbox(64, 4);
		put(outbox, 0, 0, 'x');
		put(outbox, 1);
		expect(all(outbox, 0)).toBe(show(hex`30 04 00 01 'a' 'x'`));
		expect(all(outbox, -1)).toBe('');
	});

	it('names the oldest message only while it is on its way', () => {
		const outbox = makeOutbox(64, 4);
		put(outbox, 5);
		expect(outbox.headId).toBe(0);
		outbox.wrote(1);
		expect(outbox.headId).toBe(5);
	});

	it('takes no more messages than agreed, whatever their size', () => {
		const outbox = makeOutbox(200, 2);
		expect([put(outbox, 1), put(outbox, 2), put(outbox, 3)]).toEqual([true, true, false]);
		expect(outbox.room(A)).toBe(-1);
	});

	it('knows exactly how long a payload may be', () => {
		fc.assert(fc.property(fc.integer({ min: 16, max: 700 }), fc.nat(40), (size, topicLength) => {
			const topic = topicName('a'.repeat(topicLength + 1));
			const room = makeOutbox(size, 1).room(topic);
			const fits = (length: number) => putBytes(makeOutbox(size, 1), topic, new Uint8Array(length), 1, 1);
			if (room >= 0) expect(fits(room)).toBe(true);
			expect(fits(room + 1)).toBe(false);
		}));
	});

	it('holds its invariants against a simple model, whatever is done to it', () => {
		const step = fc.oneof(
			fc.record({ put: fc.nat(2), size: fc.nat(12) }), fc.record({ write: fc.integer({ min: 1, max: 30 }) }),
			fc.record({ ack: fc.nat(8) }), fc.constant({ rewind: true }),
		);
		fc.assert(fc.property(fc.array(step, { maxLength: 80 }), (steps) => compare(steps)), { numRuns: 400 });
	});
});

interface Entry { id: number; qos: number; bytes: number[]; sent: number }

/** The same outbox as a list of objects. */
function compare(steps: readonly Record<string, unknown>[]): void {
	const outbox = makeOutbox(60, 5);
	let model: Entry[] = [];
	let lastId = 0;
	for (const step of steps) {
		if ('put' in step) {
			const qos = step.put as number;
			const payload = new Uint8Array(step.size as number).fill(++lastId & 0xff);
			const bytes = [...hex`${0x30 | qos << 1} ${3 + (qos ? 2 : 0) + payload.length} 00 01 'a' ${qos ? hex`${lastId >> 8} ${lastId & 255}` : ''} ${payload}`];
			const used = model.reduce((sum, each) => sum + each.bytes.length, 0);
			const expected = model.length < 5 && used + bytes.length <= 60;
			expect(putBytes(outbox, A, payload, qos, qos ? lastId : 0)).toBe(expected);
			if (expected) model.push({ id: qos ? lastId : 0, qos, bytes, sent: 0 });
		} else if ('write' in step) {
			const given = outbox.peek(step.write as number, 100);
			const waiting = model.flatMap((each) => each.bytes.slice(each.sent)).slice(0, step.write as number);
			expect([...given ?? []]).toEqual(waiting);
			outbox.wrote(waiting.length);
			let count = waiting.length;
			for (const each of model) { const part = Math.min(count, each.bytes.length - each.sent); each.sent += part; count -= part; }
			model = model.filter((each) => each.qos > 0 || each.sent < each.bytes.length);
		} else if ('ack' in step) {
			const target = model[step.ack as number];
			const expected = target !== undefined && target.qos > 0 && target.sent === target.bytes.length;
			if (target) expect(outbox.acknowledge(target.id, target.qos || 1)).toBe(expected);
			if (expected) model = model.filter((each) => each !== target);
		} else {
			outbox.rewind();
			model = model.filter((each) => each.qos > 0 || each.sent === 0);
			for (const each of model) { if (each.sent > 0) each.bytes[0] |= 8; each.sent = 0; }
		}
		expect(outbox.count).toBe(model.length);
		expect(outbox.inFlight).toBe(model.filter((each) => each.qos > 0 && each.sent > 0).length);
	}
}
