import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/mqtt/codec/fault.js';
import { hex, show } from '../support/bytes.js';
import { Bench } from './bench.js';

function connected(options = {}): Bench {
	const bench = new Bench({ keepAliveMs: 8_000, pingTimeoutMs: 3_000, ackTimeoutMs: 0, ...options });
	bench.now = 0;
	bench.connect();
	bench.told();
	return bench;
}

/** Lives second by second to the end of `seconds`; returns when PINGREQ went out. */
function live(bench: Bench, seconds: number, each: (second: number) => void): number[] {
	const pings: number[] = [];
	for (let second = 1; second <= seconds; second++) {
		bench.at(second * 1_000);
		each(second);
		for (const line of bench.sent()) {
			if (line !== 'pingreq') continue;
			pings.push(second);
			bench.receive(hex`d0 00`);
		}
	}
	return pings;
}

describe('keep-alive', () => {
	it('sends PINGREQ within the keep-alive time when nothing happens', () => {
		expect(live(connected(), 30, () => {})).toEqual([7, 14, 21, 28]);
	});

	it('sends PINGREQ when only the broker talks', () => {
		expect(live(connected(), 15, () => {}).length).toBe(2);
		const bench = connected();
		expect(live(bench, 15, () => bench.receive(hex`30 03 0001 'a'`))).toEqual([7, 14]);
	});

	it('sends PINGREQ when only we talk and nothing comes back, to see whether the broker lives', () => {
		const bench = connected();
		expect(live(bench, 15, () => bench.publish('a', 'x', 0))).toEqual([7, 14]);
	});

	it('sends none when both talk', () => {
		const bench = connected();
		expect(live(bench, 30, () => { bench.publish('a', 'x', 0); bench.receive(hex`30 03 0001 'a'`); })).toEqual([]);
	});

	it('says when it wants to be called', () => {
		const bench = connected();
		expect(bench.at(1_000)).toBe(7_000);
		expect(bench.at(7_000)).toBe(10_000);
		bench.sentBytes();
		expect(bench.at(7_001)).toBe(10_000);
		bench.receive(hex`d0 00`);
		expect(bench.at(7_002)).toBe(14_000);
	});

	it('gives the broker up when PINGRESP does not come', () => {
		const bench = connected();
		bench.at(7_000);
		expect(show(bench.sentBytes())).toBe('c0 00');
		bench.at(9_999);
		expect(bench.told()).toEqual([]);
		bench.at(10_000);
		expect(bench.told()).toEqual([`closed ${Fault.PingTimeout} 0`]);
	});

	it('gives the broker up within keep-alive and ping time although writes succeed', () => {
		const bench = connected();
		live(bench, 6, () => {});
		for (let second = 7; second <= 11 && bench.session.running; second++) {
			bench.publish('a', 'x', 0);
			bench.at(second * 1_000);
			bench.sentBytes();
		}
		expect(bench.told()).toEqual([`closed ${Fault.PingTimeout} 0`]);
	});

	it('waits longer while bytes arrive, but not for ever', () => {
		const bench = connected();
		bench.at(7_000);
		bench.sentBytes();
		for (let second = 8; second <= 13; second++) {
			bench.at(second * 1_000);
			bench.receive(hex`30 03 0001 'a'`);
		}
		expect(bench.session.running).toBe(true);
		bench.told();
		bench.at(14_000);
		expect(bench.told()).toEqual([`closed ${Fault.PingTimeout} 0`]);
	});

	it('gives up a socket that takes nothing', () => {
		const bench = connected();
		bench.publish('a', 'x', 0);
		bench.at(7_000);
		bench.at(9_999);
		expect(bench.told()).toEqual([]);
		bench.at(10_000);
		expect(bench.told()).toEqual([`closed ${Fault.Stalled} 0`]);
	});

	it('keeps a slow socket that still takes a byte now and then, and puts PINGREQ behind the packet', () => {
		const bench = connected();
		bench.publish('topic', 'a payload of some length', 0);
		let sent = '';
		for (let second = 1; second <= 36; second++) {
			bench.at(second * 1_000);
			const bytes = bench.session.peek(1);
			if (!bytes) continue;
			sent += show(bytes);
			bench.session.wrote(1, bench.now);
		}
		expect(sent).toBe(show(hex`30 1f 0005 'topic' 'a payload of some length' c0 00`).replaceAll(' ', ''));
		expect(bench.session.running).toBe(true);
	});

	it('of 0 sends no PINGREQ and gives nobody up', () => {
		const bench = connected({ keepAliveMs: 0 });
		expect(bench.at(1e9)).toBe(Infinity);
		expect(bench.sent()).toEqual([]);
		expect(bench.session.connected).toBe(true);
	});

	it('begins anew with each connection', () => {
		const bench = connected();
		bench.at(7_000);
		bench.sentBytes();
		bench.now = 60_000;
		bench.reconnect(true);
		expect(bench.at(60_000)).toBe(67_000);
	});

	it('counts from any time, also a large one', () => {
		const bench = new Bench({ keepAliveMs: 8_000 });
		bench.now = 2 ** 53 - 100_000;
		bench.connect();
		expect(bench.at(bench.now)).toBe(bench.now + 7_000);
	});
});

describe('an acknowledgement that does not come', () => {
	it('ends the connection although the broker answers pings', () => {
		const bench = connected({ ackTimeoutMs: 20_000 });
		bench.publish('a', 'x');
		bench.sentBytes();
		live(bench, 19, () => {});
		expect(bench.told()).toEqual([]);
		live(bench, 20, () => {});
		expect(bench.told()).toEqual([`closed ${Fault.AckTimeout} 0`]);
	});

	it('of the oldest message ends the connection although later ones are acknowledged', () => {
		const bench = connected({ ackTimeoutMs: 20_000 });
		bench.publish('a', 'lost');
		bench.sentBytes();
		let id = 1;
		live(bench, 19, () => {
			bench.publish('a', 'x');
			bench.sentBytes();
			bench.receive(Uint8Array.of(0x40, 2, 0, ++id));
		});
		expect(bench.told().filter((line) => line.startsWith('closed'))).toEqual([]);
		live(bench, 20, () => {});
		expect(bench.told()).toEqual([`closed ${Fault.AckTimeout} 0`]);
	});

	it('is awaited anew whenever the oldest is acknowledged', () => {
		const bench = connected({ ackTimeoutMs: 20_000 });
		let id = 0;
		bench.publish('a', 'x');
		for (let tens = 1; tens <= 9; tens++) {
			bench.publish('a', 'x');
			bench.sentBytes();
			live(bench, 10 * tens, () => {});
			bench.receive(Uint8Array.of(0x40, 2, 0, ++id));
		}
		expect(bench.told().filter((line) => line.startsWith('closed'))).toEqual([]);
	});

	it('is not waited for when all are there', () => {
		const bench = connected({ ackTimeoutMs: 20_000 });
		bench.publish('a', 'x');
		bench.sentBytes();
		bench.receive(hex`40 02 0001`);
		live(bench, 60, () => {});
		expect(bench.told()).toEqual(['acknowledged 1']);
	});

	it('may lead to a re-send on the same connection, if that is wanted', () => {
		const bench = connected({ ackTimeoutMs: 5_000, resendOnTimeout: true });
		bench.publish('a', '1');
		bench.publish('a', '2', 2);
		bench.session.subscribe('s', 0);
		bench.sentBytes();
		bench.receive(hex`50 02 0002`);
		bench.sentBytes();
		bench.at(5_000);
		expect(bench.sent()).toEqual(['pubrel #2', 'subscribe s q0 #3', 'publish a "1" q1 dup #1']);
		expect(bench.at(5_000)).toBe(7_000);
		expect(bench.session.running).toBe(true);
	});

	it('is not expected of a message that is still going out', () => {
		const bench = connected({ ackTimeoutMs: 5_000 });
		bench.publish('topic', 'a payload of some length');
		for (let second = 1; second <= 33; second++) {
			bench.at(second * 1_000);
			const bytes = bench.session.peek(1);
			if (bytes) bench.session.wrote(1, bench.now);
			bench.receive(hex`30 03 0001 'a'`);
		}
		expect(bench.told().filter((line) => line.startsWith('closed'))).toEqual([]);
	});
});

describe('an answer at the last moment is no time-out for a handler that calls poll()', () => {
	const ANSWERS: Record<string, [ask: (bench: Bench) => void, answer: Uint8Array]> = {
		puback: [(bench) => bench.publish('a', 'x', 1), hex`40 02 0001`],
		'puback of one that is not the oldest, then of that': [(bench) => { bench.publish('a', 'x', 1); bench.publish('a', 'y', 1); }, hex`40 02 0002 40 02 0001`],
		pubcomp: [(bench) => { bench.publish('a', 'x', 2); bench.sentBytes(); bench.receive(hex`50 02 0001`); }, hex`70 02 0001`],
		suback: [(bench) => bench.session.subscribe('a', 1), hex`90 03 0001 01`],
		unsuback: [(bench) => { bench.session.subscribe('a', 1); bench.sentBytes(); bench.receive(hex`90 03 0001 01`); bench.session.unsubscribe('a'); }, hex`b0 02 0002`],
	};

	it.each(Object.keys(ANSWERS))('%s', (name) => {
		const bench = connected({ keepAliveMs: 0, ackTimeoutMs: 20_000 });
		const [ask, answer] = ANSWERS[name];
		ask(bench);
		bench.sentBytes();
		bench.told();
		let polls = 0;
		bench.recorder.then = () => { polls++; bench.session.poll(bench.now); };
		bench.now = 20_000;
		bench.receive(answer);
		expect(bench.told().filter((line) => line.startsWith('closed'))).toEqual([]);
		expect([polls > 0, bench.session.connected]).toEqual([true, true]);
		expect(bench.at(20_000)).toBe(Infinity);
	});
});
