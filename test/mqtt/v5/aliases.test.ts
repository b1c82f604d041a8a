import { describe, expect, it } from 'vitest';
import { topicName } from '../../../src/mqtt/codec/topics.js';
import { concat, hex } from '../../support/bytes.js';
import { type Bench5, connected5 as connected, decode, encode } from '../bench.js';

describe('topic aliases', () => {
	const A = topicName('telltale/node/readings');
	const publish = (bench: Bench5, payload: string, qos = 1, topic = A) => {
		const bytes = Buffer.from(payload);
		return bench.session.publish(topic, bytes, bytes.length, qos, false);
	};

	it('replace a topic from its second message on', () => {
		const bench = connected({ topicAliasMaximum: 5 });
		publish(bench, 'one');
		publish(bench, 'two');
		publish(bench, 'three', 0);
		const sent = bench.packets();
		expect(sent).toMatchObject([
			{ topic: 'telltale/node/readings', payload: Buffer.from('one'), messageId: 1, properties: { topicAlias: 1 } },
			{ topic: '', payload: Buffer.from('two'), messageId: 2, properties: { topicAlias: 1 } },
			{ topic: '', payload: Buffer.from('three'), qos: 0, properties: { topicAlias: 1 } },
		]);
		bench.receive(hex`40 02 0001 40 02 0002`);
		expect(bench.told()).toEqual(['acknowledged 1', 'acknowledged 2']);
		expect(bench.session.pending).toBe(0);
	});

	it('keep other properties', () => {
		const bench = connected({ topicAliasMaximum: 5 }, {}, { messageExpirySeconds: 7 });
		publish(bench, 'one');
		publish(bench, 'two', 2);
		expect(bench.packets()).toMatchObject([
			{ properties: { topicAlias: 1, messageExpiryInterval: 7 } }, { topic: '', qos: 2, properties: { topicAlias: 1, messageExpiryInterval: 7 } },
		]);
	});

	it('are not used beyond the maximum of the broker, nor of our own', () => {
		const bench = connected({ topicAliasMaximum: 1 });
		publish(bench, 'one', 0);
		publish(bench, 'one', 0, topicName('other'));
		expect(bench.packets()).toMatchObject([{ properties: { topicAlias: 1 } }, { topic: 'other' }]);
		const none = connected({ topicAliasMaximum: 9 }, {}, { aliasesMax: 0 });
		publish(none, 'one', 0);
		publish(none, 'one', 0);
		expect(none.packets().map((packet) => packet.topic)).toEqual(['telltale/node/readings', 'telltale/node/readings']);
	});

	it('die with the connection: a re-send names its topic', () => {
		const bench = connected({ topicAliasMaximum: 5 });
		publish(bench, 'one');
		publish(bench, 'two');
		bench.sentBytes();
		bench.session.lost();
		bench.connect(true);
		expect(bench.packets()).toMatchObject([{ topic: 'telltale/node/readings', dup: true }, { topic: 'telltale/node/readings', dup: true }]);
		bench.session.lost();
		bench.connect(true, { topicAliasMaximum: 5 });
		expect(bench.packets()).toMatchObject([
			{ topic: 'telltale/node/readings', dup: true, properties: { topicAlias: 1 } }, { topic: '', dup: true, properties: { topicAlias: 1 } },
		]);
	});

	it('survive any cut of the writes, and nothing goes in between', () => {
		for (let step = 1; step < 40; step++) {
			const bench = connected({ topicAliasMaximum: 5, receiveMaximum: 2 });
			publish(bench, 'one');
			publish(bench, 'two');
			publish(bench, 'three');
			const parts: Uint8Array[] = [];
			for (let bytes = bench.session.peek(step); bytes; bytes = bench.session.peek(step)) {
				parts.push(bytes.slice());
				bench.session.wrote(bytes.length, bench.now);
				if (parts.length <= 6) bench.receive(encode({ cmd: 'publish', topic: 'd', payload: '', qos: 1, messageId: 500 + parts.length }, 5));
			}
			const packets = decode(concat(parts), 5) as { cmd: string; topic?: string; payload?: Buffer }[];
			expect(packets.filter((packet) => packet.cmd === 'publish').map((packet) => `${packet.topic}:${packet.payload}`), `${step}`)
				.toEqual(['telltale/node/readings:one', ':two']);
			expect(packets.filter((packet) => packet.cmd === 'puback')).toHaveLength(Math.min(6, parts.length));
		}
	});

	it('are left out for a packet that does not fit beside', () => {
		const bench = connected({ topicAliasMaximum: 5 });
		publish(bench, 'x'.repeat(150), 0);
		publish(bench, 'x'.repeat(150), 0);
		expect(bench.packets().map((packet) => packet.topic)).toEqual(['telltale/node/readings', 'telltale/node/readings']);
	});
});
