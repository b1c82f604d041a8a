// A topic that has come before is not checked again; one that differs from it in a single byte is.

import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/mqtt/fault.js';
import { Bench, connected5 } from './bench.js';

const TOPIC = 'telltale/kitchen/set/interval/of/x';

/** One array for all that comes, as an application has it. */
const arrived = new Uint8Array(128);

function receive(bench: Bench, topic: string, payload: string, first = 0x30): void {
	const body = Buffer.from(`\0\0${topic}${bench.version === 5 ? '\0' : ''}${payload}`, 'latin1');
	body[1] = topic.length;
	arrived.set([first, body.length, ...body]);
	bench.session.receive(arrived, 0, 2 + body.length, bench.now);
}

/** Connected, and the topic has come so often that it is known. */
function knowing(topic: string, version = 4): Bench {
	const bench = version === 5 ? connected5() : new Bench().connect();
	for (let i = 0; i < 3; i++) receive(bench, topic, 'x');
	expect(bench.told().slice(-3)).toEqual(new Array(3).fill(`message ${topic} "x" 0`));
	return bench;
}

describe.each([4, 5])('a known topic in version %i', (version) => {
	it.each([4, 13, 14, 15, 21, 22, 23, 29, 30, 31, 34])('of %i bytes is told with each payload, retained or not', (length) => {
		const topic = TOPIC.slice(0, length);
		const bench = knowing(topic, version);
		receive(bench, topic, '');
		receive(bench, topic, 'longer', 0x31);
		expect(bench.told()).toEqual([`message ${topic} "" 0`, `message ${topic} "longer" 0r`]);
	});

	it.each([14, 22, 23, 30, 31])('of %i bytes is not taken for another of that length, which may be none', (length) => {
		const topic = TOPIC.slice(0, length);
		for (let at = 0; at < length; at++) {
			for (const other of ['#', '\xff', 'Q']) {
				const bench = knowing(topic, version);
				const changed = topic.slice(0, at) + other + topic.slice(at + 1);
				receive(bench, changed, 'x');
				bench.sentBytes();
				const fault = other === '#' ? Fault.BadTopic : Fault.BadText;
				expect(bench.told()).toEqual([other === 'Q' ? `message ${changed} "x" 0` : `closed ${fault} 48`]);
			}
		}
	});

	it('is not taken for a shorter or a longer one that begins alike', () => {
		for (const length of [14, 20, 22]) {
			const bench = knowing(TOPIC.slice(0, 21), version);
			receive(bench, TOPIC.slice(0, length), TOPIC.slice(length));
			expect(bench.told()).toEqual([`message ${TOPIC.slice(0, length)} "${TOPIC.slice(length)}" 0`]);
		}
	});
});
