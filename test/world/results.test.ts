import { describe, expect, it } from 'vitest';
import type { Packet } from 'mqtt-packet';
import { ResultsJudge } from '../../simulator/campaign/results.js';

function setUp() {
	const judge = new ResultsJudge(() => 5_000);
	const hear = (id: string, messageId: number, more: object = {}) =>
		judge.packet({ cmd: 'publish', topic: 'telltale/n/set/sample', payload: Buffer.from(JSON.stringify({ id })), qos: 1, retain: false, dup: false, messageId, ...more } as Packet, false, 'n');
	const acknowledge = (messageId: number, cmd = 'puback') => judge.packet({ cmd, messageId } as Packet, true, 'n');
	const greet = (protocolVersion: 4 | 5) => judge.packet({ cmd: 'connect', protocolVersion } as Packet, true, 'n');
	const verdict = () => (judge.conclude(), judge.violations);
	return { judge, hear, acknowledge, greet, verdict };
}

describe('the judge of answers', () => {
	it('misses the answer to a command that was acknowledged, whatever its QoS', () => {
		const { judge, hear, acknowledge, verdict } = setUp();
		for (const [id, at] of [['a', 1], ['b', 2], ['c', 3]] as const) hear(id, at);
		acknowledge(1);
		acknowledge(2, 'pubrec');
		judge.result('{"id":"b"}');
		expect(verdict()).toEqual(['n acknowledged command "a" at 5.0 s and never answered it']);
	});

	it('is content where the answer came before the acknowledgement', () => {
		const { judge, hear, acknowledge, verdict } = setUp();
		hear('a', 1);
		judge.result('{"id":"a"}');
		acknowledge(1);
		expect(verdict()).toEqual([]);
	});

	it('asks for nothing for retained commands, other topics, and what has no id', () => {
		const { hear, acknowledge, verdict } = setUp();
		hear('a', 1, { retain: true });
		hear('b', 2, { topic: 'telltale/n/status' });
		hear('c', 3, { payload: Buffer.from('{}') });
		for (const id of [1, 2, 3]) acknowledge(id);
		expect(verdict()).toEqual([]);
	});

	it('counts what the node said with QoS 0, which may be lost with its connection', () => {
		const { judge, hear, acknowledge, verdict } = setUp();
		for (const [id, at] of [['a', 1], ['b', 2]] as const) hear(id, at);
		for (const [id, qos] of [['a', 0], ['b', 1]] as const) judge.packet({ cmd: 'publish', topic: 'telltale/n/result', payload: Buffer.from(JSON.stringify({ id, ok: false })), qos } as Packet, true, 'n');
		acknowledge(1);
		acknowledge(2);
		expect(verdict()).toHaveLength(1);
	});

	it('forgives what a boot or the other version of MQTT left unanswered', () => {
		const { judge, hear, acknowledge, greet, verdict } = setUp();
		greet(5);
		hear('a', 1);
		acknowledge(1);
		judge.forgive('n');
		hear('b', 2);
		acknowledge(2);
		greet(4);
		hear('c', 3);
		acknowledge(3);
		greet(4);
		expect(verdict()).toEqual(['n acknowledged command "c" at 5.0 s and never answered it']);
	});
});
