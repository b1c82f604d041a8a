import { Patience } from '../../src/mqtt/options.js';
import { describe, expect, it } from 'vitest';
import { hex } from '../support/bytes.js';
import { Bench, subscribed } from './bench.js';

describe('after a connection is lost, with the session present', () => {
	it('unacknowledged messages are sent again with DUP and their ids, in order, before new ones', () => {
		const bench = new Bench().connect();
		[1, 2, 3].forEach((n) => bench.publish('a', `${n}`, n === 2 ? 2 : 1));
		bench.sentBytes();
		bench.receive(hex`40 02 0001`);
		bench.session.lost();
		bench.publish('a', 'new');
		bench.connect(true);
		expect(bench.sent()).toEqual(['publish a "2" q2 dup #2', 'publish a "3" q1 dup #3', 'publish a "new" q1 #4']);
	});

	it('PUBREL, not PUBLISH, follows a PUBREC, in the order of PUBREC', () => {
		const bench = new Bench().connect();
		[1, 2, 3].forEach((n) => bench.publish('a', `${n}`, 2));
		bench.sentBytes();
		bench.receive(hex`50 02 0003 50 02 0001`);
		bench.reconnect(true);
		expect(bench.sent()).toEqual(['pubrel #3', 'pubrel #1', 'publish a "2" q2 dup #2']);
		bench.told();
		bench.receive(hex`70 02 0001 70 02 0003`);
		expect(bench.told()).toEqual(['acknowledged 1', 'acknowledged 3']);
	});

	it('a PUBREL that was sent already is sent again', () => {
		const bench = new Bench().connect();
		bench.publish('a', '1', 2);
		bench.sentBytes();
		bench.receive(hex`50 02 0001`);
		expect(bench.sent()).toEqual(['pubrel #1']);
		bench.reconnect(true);
		expect(bench.sent()).toEqual(['pubrel #1']);
	});

	it('more PUBRELs than fit the buffer all go out', () => {
		const bench = new Bench({ controlBytes: 16, inFlightMax: 8 }).connect();
		for (let n = 1; n <= 8; n++) bench.publish('a', '', 2);
		bench.sentBytes();
		for (let n = 1; n <= 8; n++) bench.receive(hex`50 02 00 ${n}`);
		bench.reconnect(true);
		expect(bench.sent(3)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => `pubrel #${n}`));
	});

	it('a message that was cut off is sent again whole', () => {
		for (let cut = 1; cut < 20; cut++) {
			const bench = new Bench().connect();
			bench.publish('a', 'one');
			bench.publish('a', 'two');
			bench.session.wrote(bench.session.peek(cut)!.length, bench.now);
			bench.reconnect(true);
			expect(bench.sent()).toEqual(['publish a "one" q1 dup #1', `publish a "two" q1${cut > 10 ? ' dup' : ''} #2`]);
		}
	});

	it('nothing is sent again on the same connection', () => {
		const bench = new Bench({ ackTimeoutMs: 0 }).connect();
		bench.publish('a', '1');
		bench.sentBytes();
		for (let n = 0; n < 20; n++) {
			bench.at(bench.now + 5_000);
			bench.sent().forEach((line) => expect(line).toBe('pingreq'));
			bench.receive(hex`d0 00`);
		}
	});

	it('half a packet that had arrived is forgotten', () => {
		const bench = new Bench().connect();
		bench.receive(hex`30 07 0003 'a'`);
		bench.reconnect(true);
		bench.told();
		bench.receive(hex`30 03 0001 'z'`);
		expect(bench.told()).toEqual(['message z "" 0']);
	});
});

describe('after the broker lost the session', () => {
	it('unacknowledged messages are new ones: same order, no DUP', () => {
		const bench = new Bench().connect();
		[1, 2, 3].forEach((n) => bench.publish('a', `${n}`, n === 2 ? 2 : 1));
		bench.sentBytes();
		bench.reconnect(false);
		expect(bench.sent()).toEqual(['publish a "1" q1 #1', 'publish a "2" q2 #2', 'publish a "3" q1 #3']);
	});

	it('messages that the broker had received are its own: told as acknowledged, not released', () => {
		const bench = new Bench().connect();
		bench.publish('a', '1', 2);
		bench.sentBytes();
		bench.receive(hex`50 02 0001`);
		bench.told();
		bench.reconnect(false);
		expect(bench.told()).toEqual(['connected new', 'acknowledged 1']);
		expect(bench.sent()).toEqual([]);
		expect(bench.session.pending).toBe(0);
	});

	it('a clean session is always such a one', () => {
		const bench = new Bench({ clean: true }).connect();
		bench.publish('a', '1');
		bench.sentBytes();
		bench.reconnect(false);
		expect(bench.sent()).toEqual(['publish a "1" q1 #1']);
	});
});

describe('forget()', () => {
	it('drops messages and QoS 2 state, and keeps the filters', () => {
		const bench = new Bench().connect();
		bench.session.subscribe('s', 1);
		bench.publish('a', '1', 2);
		bench.publish('a', '2', 1);
		bench.sentBytes();
		bench.receive(hex`50 02 0002 34 05 0001 'a' 0007`);
		bench.session.lost();
		bench.session.forget();
		expect([bench.session.pending, bench.session.inFlight]).toEqual([0, 0]);
		bench.connect(false);
		expect(bench.sent()).toEqual(['subscribe s q1 #1']);
		bench.told();
		bench.receive(hex`3c 05 0001 'a' 0007`);
		expect(bench.told()).toEqual(['message a "" 2d']);
	});

	it('leaves a session that publishes as before', () => {
		const bench = new Bench().connect();
		bench.session.lost();
		bench.session.forget();
		bench.connect();
		bench.publish('t', 'new');
		expect(bench.sent()).toEqual(['publish t "new" q1 #1']);
	});

	it('is a bug in the middle of a connection', () => expect(() => new Bench().connect().session.forget()).toThrow('forget()'));
});

/** The broker hangs up neither at once nor for a while. */
const stay = (bench: Bench): void => void bench.at(bench.now + Patience.HOLD_MS);

describe('after a CONNECT that was not answered', () => {
	it('filters are asked for again, even if the session is present: the broker may have begun it unheard', () => {
		const bench = new Bench().connect();
		bench.session.subscribe('s', 1);
		bench.sentBytes();
		bench.receive(hex`90 03 0001 01`);
		bench.reconnect(true);
		expect(bench.sent()).toEqual([]);
		bench.session.lost();
		bench.session.start(bench.now);
		bench.sentBytes();
		bench.reconnect(true);
		expect(bench.sent()).toEqual(['subscribe s q1 #2']);
		bench.receive(hex`90 03 0002 01`);
		bench.reconnect(true);
		expect(bench.sent()).toEqual([]);
	});
});

it('when the broker has lost the session, and with it the PUBREL that it was owed, no answer is awaited', () => {
	const bench = new Bench({ ackTimeoutMs: 5_000, keepAliveMs: 0 }).connect();
	bench.publish('a', 'x', 2);
	bench.sentBytes();
	bench.receive(hex`50 02 0001`);
	bench.reconnect(false);
	expect(bench.told()).toContain('acknowledged 1');
	expect(bench.at(bench.now + 60_000)).toBe(Infinity);
	expect(bench.session.connected).toBe(true);
});

describe('renewFilters()', () => {
	it('has filters asked for again on the next connection, even if the session is present, and only on that', () => {
		const bench = subscribed();
		bench.session.lost();
		bench.session.renewFilters();
		bench.connect(true);
		expect(bench.sent()).toEqual(['subscribe a q1 #3', 'subscribe b q0 #4']);
		bench.receive(hex`90 03 0003 01 90 03 0004 00`);
		bench.reconnect(true);
		expect(bench.sent()).toEqual([]);
	});

	it('goes on until they are answered, and asks for none twice', () => {
		const bench = subscribed();
		bench.session.lost();
		bench.session.renewFilters();
		bench.connect(true);
		bench.sentBytes();
		bench.receive(hex`90 03 0003 01`);
		bench.reconnect(true);
		expect(bench.sent()).toEqual(['subscribe b q0 #4']);
		bench.session.renewFilters();
		expect(bench.sent()).toEqual(['subscribe a q1 #5']);
	});

	it('asks for none that the broker granted on this connection', () => {
		const bench = subscribed();
		bench.session.renewFilters();
		expect(bench.sent()).toEqual([]);
		bench.reconnect(true);
		bench.session.renewFilters();
		expect(bench.sent()).toEqual(['subscribe a q1 #3', 'subscribe b q0 #4']);
	});

	it('leaves a filter that is to be left', () => {
		const bench = subscribed();
		bench.session.unsubscribe('a');
		bench.session.lost();
		bench.session.renewFilters();
		bench.connect(true);
		expect(bench.sent()).toEqual(['unsubscribe a #3', 'subscribe b q0 #4']);
	});
});

describe('a message that makes the broker hang up', () => {
	/** The broker acknowledges all but the message with that text, at which it hangs up. */
	function poisoned(bench: Bench, poison: string, rounds: number, byBroker = true): string[] {
		const seen: string[] = [];
		for (let round = 0; round < rounds; round++) {
			bench.session.lost(byBroker && round > 0);
			bench.connect(true);
			stay(bench);
			for (let more = true; more;) {
				more = false;
				for (const line of bench.sent()) {
					if (line.includes(poison)) { more = false; break; }
					more = true;
					seen.push(line.match(/"(.*)"/)![1]);
					const id = Number(line.match(/#(\d+)/)![1]);
					bench.receive(hex`40 02 ${id >> 8} ${id & 255}`);
				}
			}
		}
		return seen;
	}

	it('is set aside after three hang-ups in a row, and the others flow', () => {
		const bench = new Bench();
		['a', 'POISON', 'b', 'c'].forEach((text) => bench.publish('t', text));
		expect(poisoned(bench, 'POISON', 5)).toEqual(['a', 'b', 'c']);
		expect(bench.told().filter((line) => line.startsWith('aside'))).toEqual(['aside 2']);
		expect(bench.session.pending).toBe(0);
	});

	it('goes alone while it is suspected, so that no innocent one is sent aside', () => {
		const bench = new Bench().connect();
		['POISON', 'b'].forEach((text) => bench.publish('t', text));
		expect(bench.sent()).toHaveLength(2);
		bench.reconnect(true, true);
		expect(bench.sent()).toEqual(['publish t "POISON" q1 dup #1']);
		bench.receive(hex`40 02 0001`);
		expect(bench.sent()).toEqual(['publish t "b" q1 dup #2']);
	});

	it('is not suspected for what the network did', () => {
		const bench = new Bench();
		bench.publish('t', 'POISON');
		poisoned(bench, 'POISON', 10, false);
		expect(bench.told().filter((line) => line.startsWith('aside'))).toEqual([]);
		expect(bench.session.pending).toBe(1);
	});

	it('is not suspected if it was not on its way, or if something was acknowledged in between', () => {
		const bench = new Bench().connect();
		bench.publish('t', 'x');
		for (let n = 0; n < 5; n++) bench.reconnect(true, true);
		expect(bench.session.pending).toBe(1);
		for (let n = 0; n < 2; n++) { bench.sentBytes(); bench.reconnect(true, true); stay(bench); }
		bench.sentBytes();
		bench.receive(hex`40 02 0001`);
		bench.publish('t', 'y');
		bench.sentBytes();
		bench.reconnect(true, true);
		expect(bench.session.pending).toBe(1);
	});

	it('goes for the last time only when the broker has stayed for two seconds without it, or since its last answer', () => {
		const bench = new Bench().connect();
		bench.publish('t', 'POISON');
		bench.sentBytes();
		bench.reconnect(false, true);
		bench.session.subscribe('s', 1);
		bench.sentBytes();
		bench.reconnect(false, true);
		expect(bench.sent()).toEqual(['subscribe s q1 #2']);
		bench.at(bench.now + 1_500);
		bench.receive(hex`90 03 0002 01`);
		expect(bench.at(bench.now + 1_999)).toBe(bench.now + 1);
		expect(bench.sent()).toEqual([]);
		bench.at(bench.now + 1);
		expect(bench.sent()).toEqual(['publish t "POISON" q1 #1']);
	});

	it('is cleared by a broker that hangs up without it, however often', () => {
		const bench = new Bench().connect();
		bench.publish('t', 'innocent');
		for (let n = 0; n < 100; n++) { bench.sentBytes(); bench.reconnect(true, true); }
		expect(bench.session.pending).toBe(1);
		stay(bench);
		expect(bench.sent()).toEqual(['publish t "innocent" q1 dup #1']);
	});

	it('takes twice as many hang-ups as the one before if nothing was acknowledged in between', () => {
		const bench = new Bench({ messagesMax: 9 }).connect();
		for (let n = 0; n < 7; n++) bench.publish('t', 'POISON');
		const gone: number[] = [];
		for (let hangUps = 1; hangUps <= 150; hangUps++) {
			stay(bench);
			bench.sentBytes();
			bench.reconnect(true, true);
			if (bench.told().some((line) => line.startsWith('aside'))) gone.push(hangUps);
		}
		expect(gone).toEqual([3, 9, 21, 45, 93, 141]);
		stay(bench);
		bench.sentBytes();
		bench.receive(hex`40 02 0007`);
		bench.publish('t', 'POISON');
		for (let n = 0; n < 3; n++) { stay(bench); bench.sentBytes(); bench.reconnect(true, true); }
		expect(bench.told().filter((line) => line.startsWith('aside'))).toEqual(['aside 8']);
	});

	it('is never set aside if that is not wanted', () => {
		const bench = new Bench({ hangUpsMax: 0 });
		bench.publish('t', 'POISON');
		poisoned(bench, 'POISON', 10);
		expect(bench.session.pending).toBe(1);
	});
});
