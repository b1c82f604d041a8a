// What a broker of 5.0 has not, or answers as no standard knows: the session goes on without it.

import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/mqtt/codec/fault.js';
import { Patience } from '../../../src/mqtt/options.js';
import { hex } from '../../support/bytes.js';
import { Bench5 } from '../bench.js';

const NO_WILDCARDS = hex`20 05 00 00 02 28 00`;
const NO_SHARED = hex`20 05 00 00 02 2a 00`;

function greeted(connack: Uint8Array, ...filters: string[]): Bench5 {
	const bench = new Bench5({ keepAliveMs: 0 });
	for (const filter of filters) bench.session.subscribe(filter, 1);
	bench.session.start(bench.now);
	bench.sentBytes();
	bench.receive(connack);
	return bench;
}

describe('a broker without', () => {
	it('wildcards is not asked for them, and is asked for the rest', () => {
		const bench = greeted(NO_WILDCARDS, 'a/b', 'a/+', '#', '$share/n/a');
		expect(bench.told()).toEqual(['connected new', 'subscribed 2 1 162', 'subscribed 3 2 162']);
		expect(bench.sent()).toEqual(['subscribe a/b q1 #1', 'subscribe $share/n/a q1 #4']);
	});

	it('shared subscriptions likewise', () => {
		const bench = greeted(NO_SHARED, '$share/n/a', 'a/+');
		expect(bench.told()).toEqual(['connected new', 'subscribed 1 0 158']);
		expect(bench.sent()).toEqual(['subscribe a/+ q1 #2']);
	});

	it('wildcards is not asked for them later either, whoever asks; and another connection may have them', () => {
		const bench = greeted(NO_WILDCARDS, 'a/+');
		bench.session.subscribe('b/+', 1);
		bench.session.renewFilters();
		for (let minute = 1; minute < 100; minute++) {
			bench.at(bench.now + 60_000);
			expect(bench.sent()).toEqual([]);
		}
		bench.reconnect(false);
		expect(bench.sent().map((line) => line.replace(/ #.*/, ''))).toEqual(['subscribe a/+ q1', 'subscribe b/+ q1']);
	});
});

describe('UNSUBACK', () => {
	it('that refuses, or has an unknown code, leaves the filter off the list', () => {
		for (const code of [0x80, 0x87, 0x05]) {
			const bench = greeted(hex`20 03 00 00 00`, 'a');
			bench.sentBytes();
			bench.receive(hex`90 04 0001 00 01`);
			bench.session.unsubscribe('a');
			bench.sentBytes();
			bench.told();
			bench.receive(hex`b0 04 0002 00 ${code}`);
			if (code >= 0x80) expect(bench.told()).toEqual(['unsubscribed 2']);
			bench.reconnect(false);
			expect(bench.sent()).toEqual([]);
		}
	});
});

describe('an answer that no standard knows', () => {
	it('three times in a row to the same message has that message set aside, and the others flow', () => {
		const bench = greeted(hex`20 03 00 00 00`);
		bench.publish('a', 'odd');
		bench.publish('a', 'good');
		const gone: string[] = [];
		for (let n = 0; n < 4; n++) {
			bench.at(bench.now + Patience.HOLD_MS);
			for (const line of bench.sent()) {
				if (!line.startsWith('publish')) continue;
				const id = Number(line.split('#')[1]);
				bench.receive(line.includes('odd') ? hex`40 03 00 ${id} 01` : hex`40 02 00 ${id}`);
				if (!bench.session.connected) break;
			}
			bench.sentBytes();
			gone.push(...bench.told().filter((line) => /aside|acknowledged/.test(line)));
			if (bench.session.running) break;
			bench.reconnect(true);
		}
		gone.push(...bench.told().filter((line) => /aside|acknowledged/.test(line)));
		bench.at(bench.now + Patience.HOLD_MS);
		expect(gone).toContain('aside 1');
		expect(bench.session.pending).toBeLessThanOrEqual(1);
	});

	it('in CONNACK ends the attempt as broken, not as refused; a refusal in the words of 3.1.1 names the version', () => {
		const closed = (connack: Uint8Array) => greeted(connack).told();
		expect(closed(hex`20 03 00 a3 00`)).toEqual([`closed ${Fault.BadCode} 163`]);
		expect(closed(hex`20 02 00 03`)).toEqual([`closed ${Fault.ProtocolVersion} 3`]);
		expect(closed(hex`20 03 00 97 00`)).toEqual([`closed ${Fault.Refused} 151`]);
		expect(closed(hex`20 02 00 97`)).toEqual([`closed ${Fault.Refused} 151`]);
	});
});
