import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/mqtt/codec/fault.js';
import { topicName } from '../../src/mqtt/codec/topics.js';
import { hex, show } from '../support/bytes.js';
import { Bench } from './bench.js';

function connected(options = {}): Bench {
	const bench = new Bench(options).connect();
	bench.told();
	return bench;
}

describe('QoS 0 out', () => {
	it('has no packet id and no DUP, is sent once, and needs no answer', () => {
		const bench = connected();
		expect(bench.publish('a/b', 'hi', 0)).toBe(0);
		expect(show(bench.sentBytes())).toBe(show(hex`30 07 0003 'a/b' 'hi'`));
		expect([bench.session.pending, bench.session.inFlight]).toEqual([0, 0]);
		bench.reconnect(true);
		expect(bench.sent()).toEqual([]);
	});
});

describe('QoS 1 out', () => {
	it('is stored until PUBACK', () => {
		const bench = connected();
		expect(bench.publish('a/b', 'hi')).toBe(1);
		expect(show(bench.sentBytes())).toBe(show(hex`32 09 0003 'a/b' 0001 'hi'`));
		expect([bench.session.pending, bench.session.inFlight]).toEqual([1, 1]);
		bench.receive(hex`40 02 00 01`);
		expect(bench.told()).toEqual(['acknowledged 1']);
		expect([bench.session.pending, bench.session.inFlight]).toEqual([0, 0]);
	});

	it('can be acknowledged in any order, and twice', () => {
		const bench = connected();
		[1, 2, 3].forEach((n) => bench.publish('a', `${n}`));
		bench.sentBytes();
		bench.receive(hex`40 02 00 03 40 02 00 01 40 02 00 03 40 02 00 02 40 02 00 63`);
		expect(bench.told()).toEqual(['acknowledged 3', 'acknowledged 1', 'acknowledged 2']);
	});

	it('is not acknowledged by PUBREC or PUBCOMP', () => {
		const bench = connected();
		bench.publish('a', '1');
		bench.sentBytes();
		bench.receive(hex`50 02 00 01 70 02 00 01`);
		expect(bench.told()).toEqual([]);
		expect(bench.sent()).toEqual([]);
		expect(bench.session.inFlight).toBe(1);
	});

	it('carries RETAIN, and an empty payload', () => {
		const bench = connected();
		bench.publish('a', '', 1, true);
		expect(show(bench.sentBytes())).toBe(show(hex`33 05 0001 'a' 0001`));
	});

	it('keeps within the window, and goes on when there is room in it', () => {
		const bench = connected({ inFlightMax: 2 });
		[1, 2, 3].forEach((n) => bench.publish('a', `${n}`));
		expect(bench.sent()).toEqual(['publish a "1" q1 #1', 'publish a "2" q1 #2']);
		bench.receive(hex`40 02 00 01`);
		expect(bench.sent()).toEqual(['publish a "3" q1 #3']);
	});

	it('is refused without a trace when there is no room', () => {
		const bench = connected({ outboxBytes: 32 });
		expect(bench.publish('a', 'x'.repeat(bench.session.room(topicName('a'))))).toBe(1);
		expect(bench.session.room(topicName('a'))).toBe(-1);
		expect(bench.publish('a', '')).toBe(-1);
		bench.sentBytes();
		bench.receive(hex`40 02 00 01`);
		expect(bench.publish('a', 'again')).toBe(2);
	});

	it('ends the connection when an acknowledgement has id 0', () => {
		for (const first of [0x40, 0x50, 0x62, 0x70]) {
			const bench = connected();
			bench.receive(hex`${first} 02 00 00`);
			expect(bench.told()).toEqual([`closed ${Fault.BadPacketId} ${first}`]);
		}
	});

	it('takes ids from 1 to 65535, never 0, never one in use', () => {
		const bench = connected({ lastPacketId: 0xfffa, clean: true });
		const stuck = bench.publish('a', 'stuck');
		bench.sentBytes();
		const used = new Set<number>();
		for (let n = 0; n < 70_000; n++) {
			const id = bench.publish('a', '');
			used.add(id);
			bench.sentBytes();
			bench.receive(hex`40 02 ${id >> 8} ${id & 255}`);
		}
		expect(used.size).toBe(0xffff - 1);
		expect(used).not.toContain(stuck);
		expect([Math.min(...used), Math.max(...used)]).toEqual([1, 0xffff]);
		expect(bench.session.pending).toBe(1);
	});
});

describe('QoS 2 out', () => {
	it('goes PUBLISH, PUBREC, PUBREL, PUBCOMP', () => {
		const bench = connected();
		bench.publish('a', 'x', 2);
		expect(show(bench.sentBytes())).toBe(show(hex`34 06 0001 'a' 0001 'x'`));
		bench.receive(hex`50 02 00 01`);
		expect(bench.told()).toEqual([]);
		expect(show(bench.sentBytes())).toBe('62 02 00 01');
		expect(bench.session.inFlight).toBe(1);
		bench.receive(hex`70 02 00 01`);
		expect(bench.told()).toEqual(['acknowledged 1']);
		expect(bench.session.pending).toBe(0);
	});

	it('answers a second PUBREC with PUBREL, and ignores a second PUBCOMP', () => {
		const bench = connected();
		bench.publish('a', 'x', 2);
		bench.sentBytes();
		bench.receive(hex`50 02 00 01`);
		expect(bench.sent()).toEqual(['pubrel #1']);
		bench.receive(hex`50 02 00 01`);
		expect(bench.sent()).toEqual(['pubrel #1']);
		bench.receive(hex`70 02 00 01 70 02 00 01`);
		expect(bench.told()).toEqual(['acknowledged 1']);
	});

	it('does not advance by the wrong acknowledgement, in any state', () => {
		const states = {
			'not sent': () => {}, 'sent': (bench: Bench) => bench.sentBytes(),
			'received': (bench: Bench) => { bench.sentBytes(); bench.receive(hex`50 02 00 01`); },
			'released': (bench: Bench) => { bench.sentBytes(); bench.receive(hex`50 02 00 01`); bench.sentBytes(); },
		};
		const right: Record<string, number[]> = { 'not sent': [], 'sent': [0x50], 'received': [], 'released': [0x70] };
		for (const [name, reach] of Object.entries(states)) {
			for (const first of [0x40, 0x50, 0x70]) {
				if (right[name].includes(first)) continue;
				const bench = connected();
				bench.publish('a', 'x', 2);
				reach(bench);
				const { pending, inFlight } = bench.session;
				bench.receive(hex`${first} 02 00 01`);
				expect(bench.told(), `${name}, ${first.toString(16)}`).toEqual([]);
				expect([bench.session.pending, bench.session.inFlight]).toEqual([pending, inFlight]);
			}
		}
	});

	it('sends PUBREL in the order of PUBREC', () => {
		const bench = connected();
		[1, 2, 3].forEach(() => bench.publish('a', 'x', 2));
		bench.sentBytes();
		bench.receive(hex`50 02 00 03 50 02 00 01 50 02 00 02`);
		expect(bench.sent()).toEqual(['pubrel #3', 'pubrel #1', 'pubrel #2']);
	});

	it('counts in the window until PUBCOMP', () => {
		const bench = connected({ inFlightMax: 1 });
		bench.publish('a', '1', 2);
		bench.publish('a', '2', 2);
		expect(bench.sent()).toHaveLength(1);
		bench.receive(hex`50 02 00 01`);
		expect(bench.sent()).toEqual(['pubrel #1']);
		bench.receive(hex`70 02 00 01`);
		expect(bench.sent()).toEqual(['publish a "2" q2 #2']);
	});
});

describe('a message that is published before there is a connection', () => {
	it('waits for CONNACK', () => {
		const bench = new Bench();
		bench.publish('a', '1');
		bench.session.start(0);
		expect(bench.sent()).toEqual(['connect node1']);
		bench.receive(hex`20 02 00 00`);
		expect(bench.sent()).toEqual(['publish a "1" q1 #1']);
	});

	it('follows CONNECT at once if that is wanted, and a refused CONNECT loses none', () => {
		const bench = new Bench({ publishBeforeConnack: true });
		bench.publish('a', '1');
		bench.session.start(0);
		expect(bench.sent()).toEqual(['connect node1', 'publish a "1" q1 #1']);
		bench.receive(hex`20 02 00 03`);
		bench.session.lost();
		expect(bench.session.pending).toBe(1);
		bench.connect();
		expect(bench.sent()).toEqual(['publish a "1" q1 #1']);
	});

	it('is acknowledged after CONNACK like any other', () => {
		const bench = new Bench({ publishBeforeConnack: true });
		bench.publish('a', '1');
		bench.session.start(0);
		bench.sentBytes();
		bench.receive(hex`20 02 00 00 40 02 00 01`);
		expect(bench.told()).toEqual(['connected new', 'acknowledged 1']);
		expect(bench.sent()).toEqual([]);
	});

	it('is not sent early if something must be sent again first', () => {
		const bench = new Bench({ publishBeforeConnack: true }).connect();
		bench.publish('a', '1');
		bench.sentBytes();
		bench.session.lost();
		bench.session.start(0);
		expect(bench.sent()).toEqual(['connect node1']);
		bench.receive(hex`20 02 01 00`);
		expect(bench.sent()).toEqual(['publish a "1" q1 dup #1']);
	});
});

describe('partial writes', () => {
	it('of any size give the same bytes, and never cut a packet with another', () => {
		for (let step = 1; step < 40; step++) {
			const bench = connected();
			[0, 1, 2].forEach((qos) => bench.publish('topic', `payload ${qos}`, qos));
			bench.session.subscribe('s/#', 1);
			expect(bench.sent(step), `${step} bytes at a time`).toEqual([
				'subscribe s/# q1 #3', 'publish topic "payload 0" q0', 'publish topic "payload 1" q1 #1', 'publish topic "payload 2" q2 #2',
			]);
		}
	});

	it('finish the message that was begun before PINGREQ, PUBACK and SUBSCRIBE, which then go before the next message', () => {
		const bench = connected();
		bench.publish('topic', 'one');
		bench.publish('topic', 'two');
		const begun = bench.session.peek(4)!.slice();
		bench.session.wrote(4, bench.now);
		bench.session.subscribe('s', 0);
		bench.receive(hex`32 05 0001 'a' 0009`);
		bench.at(bench.now + 27_000);
		const rest = bench.sentBytes(3);
		expect(show(begun)).toBe(show(hex`32 0c 00 05`));
		expect(show(rest)).toBe(show(hex`'topic' 0001 'one' 40 02 00 09 c0 00 82 06 0003 0001 's' 00 32 0c 0005 'topic' 0002 'two'`));
	});

	it('are counted to what was offered, even if something was queued in between', () => {
		const bench = connected();
		bench.publish('topic', 'one');
		const offered = bench.session.peek(100)!.slice();
		bench.receive(hex`32 05 0001 'a' 0009`);
		bench.session.wrote(offered.length, bench.now);
		expect(bench.sent()).toEqual(['puback #9']);
		expect(bench.session.inFlight).toBe(1);
	});

	it('of nothing change nothing', () => {
		const bench = connected();
		bench.publish('a', 'x');
		expect(bench.session.peek(0)).toBeUndefined();
		bench.session.wrote(0, bench.now);
		expect(bench.sent()).toEqual(['publish a "x" q1 #1']);
	});
});
