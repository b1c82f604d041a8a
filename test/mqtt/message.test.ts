// A message made ready has the very bytes that mqtt-packet makes of it.

import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { Message } from '../../src/mqtt/message.js';
import { Protocol5 } from '../../src/mqtt/v5/protocol5.js';
import { topicName } from '../../src/mqtt/codec/topics.js';
import { show } from '../support/bytes.js';

const TOPIC_MAX = 200;
const PAYLOAD_MAX = 300;

const uses = fc.array(fc.record({
	topic: fc.string({ unit: fc.constantFrom('a', '/', 'ä', '€'), minLength: 1, maxLength: 60 }), length: fc.nat(PAYLOAD_MAX), qos: fc.nat(2), retain: fc.boolean(), id: fc.integer({ min: 1, max: 65_535 }),
}), { minLength: 1, maxLength: 8 });

describe.each([[4, undefined], [5, undefined], [5, 3_600]])('in version %i with an expiry of %s s', (version, messageExpirySeconds) => {
	it('is what mqtt-packet makes of it, whatever it was before', () => {
		fc.assert(fc.property(uses, (uses) => {
			const message = new Message(TOPIC_MAX, PAYLOAD_MAX, version === 5 ? new Protocol5({ messageExpirySeconds }) : undefined);
			for (const { topic, length, qos, retain, id } of uses) {
				const name = topicName(topic);
				// Twice: all of it new, and nothing but the length.
				for (const size of [length, Math.floor(length / 2)]) {
					message.to(name, qos, retain).resize(size);
					message.payload.fill(0x61 + qos, 0, size);
					if (qos > 0) message.view.setUint16(message.idAt, id);
					const properties = messageExpirySeconds ? { messageExpiryInterval: messageExpirySeconds } : undefined;
					const expected = generate({ cmd: 'publish', topic, payload: Buffer.alloc(size, 0x61 + qos), qos: qos as 0, retain, dup: false, messageId: id, properties }, { protocolVersion: version } as never);
					expect(show(message.packet)).toBe(show(expected));
				}
			}
		}), { numRuns: 300 });
	});
});

describe('a message', () => {
	const topic = topicName('a/b');

	it('keeps its view while its length is the same', () => {
		const message = new Message(5, 10).to(topic, 0, false);
		message.resize(7);
		const { packet } = message;
		message.to(topic, 0, false);
		expect([message.length, message.packet]).toEqual([7, packet]);
		expect(message.packet).toBe(packet);
	});

	it('keeps no topic that it was told to forget, and goes where it is told next', () => {
		const message = new Message(5, 10).to(topic, 0, false);
		message.resize(3);
		const before = show(message.packet);
		message.forgetTopic();
		expect([message.topic, show(message.packet)]).toEqual([undefined, before]);
		message.to(topic, 0, false).resize(3);
		expect(show(message.packet)).toBe(before);
	});

	it('says in one sentence what it was not made for', () => {
		const message = new Message(5, 10);
		expect(() => message.resize(1)).toThrow('A message has a topic, and no more payload than it was made for.');
		expect(() => message.to(topicName('a/bc'), 1, false)).toThrow('A message takes a topic no longer than it was made for, and a QoS of 0, 1 or 2.');
		expect(() => message.to(topic, 3, false)).toThrow('a QoS of 0, 1 or 2');
		message.to(topic, 2, false);
		for (const length of [11, -20, NaN]) expect(() => message.resize(length), String(length)).toThrow('no more payload');
	});
});
