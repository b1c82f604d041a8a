import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Search } from '../../src/storage/sector-search.js';
import { Limit } from '../../src/common/limits.js';
import { Value } from '../../src/readings/reading.js';
import { journalFlash } from '../support/flash.js';
import { checkTrue, namedBy, name, Shelf, type Delivered } from '../support/shelf.js';

/** The broker will not have the next one. */
function setAside(shelf: Shelf): void {
	shelf.sent(0, shelf.next());
	shelf.discard(0);
	shelf.settle();
}

describe('readings that wait', () => {
	it('are all saved before a restart that was asked for, those on their way included', () => {
		const shelf = new Shelf(journalFlash(8), 15 * 40).start().settle().connect();
		for (let i = 0; i < 15; i++) shelf.take();
		shelf.sent(0, shelf.waiting.nextLive());
		shelf.sent(1, shelf.waiting.nextLive());
		shelf.acknowledged(0);
		shelf.waiting.save();
		expect(shelf.start().settle().connect().deliver().map(({ seq }) => seq)).toEqual([...Array(14).keys()].map((k) => k + 2));
	});

	it('are saved also when the restart comes before the flash was looked through', () => {
		const shelf = new Shelf(journalFlash(300)).start();
		for (let i = 0; i < 5; i++) shelf.take();
		shelf.waiting.save();
		expect(shelf.start().settle().connect().deliver().length).toBe(5);
	});

	it('without flash wait in RAM; what had to make room is named by the first that is sent, and by no other', () => {
		const shelf = new Shelf(journalFlash(Limit.JOURNAL_SECTORS_MIN - 1), 15 * 4).start().fill(9).connect();
		shelf.take();
		const { waiting } = shelf;
		shelf.sent(0, waiting.nextLive());
		const first = shelf.look(waiting.nextLate());
		expect(first.dropped).toBeUndefined();
		shelf.acknowledged(0);
		expect(shelf.deliver().every(({ dropped }) => !dropped)).toBe(true);
	});

	it('move to flash while the link is up when nothing is acknowledged for a minute, and outlive a power cut then', () => {
		const shelf = new Shelf(journalFlash(8)).start().settle().connect();
		shelf.take();
		shelf.sent(0, shelf.waiting.nextLive());
		shelf.settle();
		shelf.clock.time += 59_000;
		shelf.settle();
		expect(shelf.waiting.journal!.written).toBe(0);
		shelf.clock.time += 1_000;
		shelf.fill(2);
		expect(shelf.waiting.journal!.written).toBe(3);
		expect(shelf.start().settle().connect().deliver().map(({ seq }) => seq)).toEqual([1, 2, 3]);
	});

	it('move to flash while the link is up when the ring fills, however slowly the broker acknowledges', () => {
		const shelf = new Shelf(journalFlash(8), 15 * 8).start().settle().connect();
		let sent = 0;
		for (let k = 0; k < 40; k++) {
			shelf.take();
			if (shelf.inFlight.hasRoom) shelf.sent(sent++, shelf.waiting.nextLive());
			shelf.settle();
			shelf.clock.time += 1_000;
			if (k % 4 === 3) shelf.acknowledged((k - 3) / 4);
		}
		shelf.settle();
		expect([shelf.waiting.dropped, shelf.waiting.delivered, shelf.waiting.count]).toEqual([0, 10, 30]);
	});

	it('that are suspected stay so when they move to flash, with the session or not, until they are answered', () => {
		const shelf = new Shelf(journalFlash(8)).start().settle().connect();
		const { inFlight, waiting } = shelf;
		const strike = (passed: boolean): number => {
			const message = inFlight.find(1);
			const strikes = inFlight.strike(message, passed, false);
			inFlight.take(1);
			waiting.recall(message);
			return strikes;
		};
		shelf.take();
		waiting.sent(1, waiting.nextLive());
		expect(strike(false)).toBe(0);
		shelf.clock.time += 60_000;
		shelf.settle();
		shelf.clock.time += 60_000;
		shelf.settle();
		expect(waiting.journal!.own).toBe(1);
		waiting.sent(1, shelf.next());
		expect(strike(true)).toBe(1);
		shelf.settle();
		waiting.sent(1, shelf.next());
		inFlight.clear(inFlight.find(1));
		expect(strike(true)).toBe(0);
	});

	it('that are acknowledged in time never touch the flash while the link is up', () => {
		const shelf = new Shelf(journalFlash(8)).start().settle().connect();
		const { steps } = shelf.flash;
		for (let k = 0; k < 20; k++) {
			shelf.clock.time += 300_000;
			shelf.take();
			shelf.sent(k, shelf.waiting.nextLive());
			shelf.settle();
			shelf.clock.time += 40_000;
			shelf.settle();
			shelf.acknowledged(k);
			shelf.settle();
		}
		expect([shelf.flash.steps, shelf.waiting.delivered]).toEqual([steps, 20]);
	});

	it('name again what was dropped when the one that named it was set aside', () => {
		const shelf = new Shelf(journalFlash(1), 15 * 4).start().fill(6).connect();
		const place = shelf.next();
		expect(shelf.look(place).dropped).toEqual([1, 2]);
		shelf.sent(5, place);
		shelf.discard(5);
		expect(shelf.look(shelf.next()).dropped).toEqual([1, 3]);
		expect([shelf.waiting.count, shelf.waiting.dropped]).toEqual([3, 3]);
	});

	it('in flash that are set aside are counted as dropped, and in their turn name themselves, also after a restart', () => {
		const shelf = new Shelf(journalFlash(8)).start().fill(4).connect();
		setAside(shelf);
		expect([shelf.waiting.count, shelf.waiting.dropped, shelf.waiting.journal!.dropped]).toEqual([3, 1, 1]);
		const delivered = shelf.start().settle().connect().deliver();
		expect(delivered.map(({ seq, dropped }) => [seq, dropped])).toEqual([[1, [1, 1]], [2, undefined], [3, undefined], [4, undefined]]);
		expect([delivered[0].temperature, delivered[0].humidity]).toEqual([Value.ABSENT, Value.ABSENT]);
		expect([shelf.waiting.deliveredEarlier, shelf.waiting.journal!.droppedEarlier]).toEqual([3, 0]);
		expect(shelf.start().settle().connect().deliver()).toEqual([]);
	});

	it('in flash that are set aside name those, too, that they would have named', () => {
		const shelf = new Shelf(journalFlash(1_000), 15 * 4).start();
		for (let i = 0; i < 7; i++) shelf.take();
		shelf.settle().connect();
		expect(shelf.look(shelf.next())).toMatchObject({ seq: 4, dropped: [1, 3] });
		setAside(shelf);
		expect(shelf.look(shelf.next())).toMatchObject({ seq: 4, dropped: [1, 4], temperature: Value.ABSENT });
		expect(shelf.deliver().map(({ seq }) => seq)).toEqual([4, 5, 6, 7]);
		expect([shelf.waiting.delivered, shelf.waiting.dropped, shelf.waiting.count]).toEqual([3, 4, 0]);
	});

	it('in flash that are set aside are not passed over when the next one is sent in the same turn', () => {
		const shelf = new Shelf(journalFlash(8)).start().fill(3).connect();
		shelf.sent(15, shelf.next());
		const second = shelf.next();
		shelf.discard(15);
		shelf.look(second);
		shelf.sent(15, second);
		expect(shelf.deliver().map(({ seq, dropped }) => [seq, dropped])).toEqual([[1, [1, 1]], [3, undefined]]);
	});

	it('in flash of an earlier boot are set aside and named like any other', () => {
		const shelf = new Shelf(journalFlash(8)).start().fill(2).start().settle().connect();
		setAside(shelf);
		expect(shelf.waiting.journal!.droppedEarlier).toBe(1);
		expect(shelf.deliver().map(({ boot, seq, dropped }) => [boot, seq, dropped])).toEqual([[1, 1, [1, 1]], [1, 2, undefined]]);
		expect([shelf.waiting.deliveredEarlier, shelf.waiting.dropped]).toEqual([1, 0]);
	});

	it('in flash of which not even the number is taken are counted once, and named by a later one', () => {
		const shelf = new Shelf(journalFlash(8)).start().fill(2).connect();
		setAside(shelf);
		setAside(shelf);
		shelf.take();
		expect(shelf.deliver().map(({ seq }) => seq)).toEqual([2]);
		expect(shelf.look(shelf.waiting.nextLive())).toMatchObject({ seq: 3, dropped: [1, 1] });
		expect([shelf.waiting.delivered, shelf.waiting.dropped, shelf.waiting.count]).toEqual([1, 1, 1]);
	});

	it('in flash that has failed are named by a later one when they are set aside, and nothing is sent twice for it', () => {
		for (let seed = 1; seed <= 8; seed++) {
			const flash = journalFlash(8, 256, seed);
			const shelf = new Shelf(flash).start().fill(4).connect();
			flash.fails = () => true;
			shelf.deliver(2);
			setAside(shelf);
			flash.fails = () => false;
			expect([shelf.waiting.count, shelf.waiting.delivered, shelf.waiting.dropped]).toEqual([1, 2, 1]);
			shelf.take();
			expect(shelf.deliver().map((one) => one.seq)).toEqual([4]);
			expect(shelf.look(shelf.waiting.nextLive())).toMatchObject({ seq: 5, dropped: [3, 3] });
			expect([shelf.waiting.count, shelf.waiting.delivered]).toEqual([1, 3]);
		}
	});

	it('dropped out of turn are named by one that was taken after them, never by an older one', () => {
		const shelf = new Shelf(journalFlash(1), 15 * 8).start().fill(2).connect();
		shelf.take();
		const { waiting } = shelf;
		shelf.sent(0, waiting.nextLive());
		shelf.discard(0);
		const late = waiting.nextLate();
		expect([shelf.look(late).seq, shelf.look(late).dropped]).toEqual([1, undefined]);
		shelf.sent(1, late);
		shelf.acknowledged(1);
		shelf.take();
		const live = waiting.nextLive();
		expect([shelf.look(live).seq, shelf.look(live).dropped]).toEqual([4, [3, 3]]);
	});

	it('are delivered all the same when the session that held them is given up, from RAM and from flash', () => {
		const shelf = new Shelf(journalFlash(8)).start().fill(3).connect();
		const { waiting } = shelf;
		for (let i = 0; i < 2; i++) shelf.sent(i, shelf.next());
		for (let i = 0; i < 2; i++) shelf.take();
		for (let i = 2; i < 4; i++) shelf.sent(i, waiting.nextLive());
		for (let i = 0; i < 4; i++) shelf.recall(i);
		waiting.linkDown(shelf.clock.time);
		expect(shelf.connect().deliver().map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
		shelf.settle();
		expect([waiting.count, waiting.delivered]).toEqual([0, 5]);
	});

	it('moved to flash while on their way are counted once, though flash fails to note that they were acknowledged', () => {
		const flash = journalFlash(8);
		const shelf = new Shelf(flash).start().settle().connect();
		for (let i = 0; i < 3; i++) shelf.take();
		const { waiting } = shelf;
		for (let i = 0; i < 3; i++) shelf.sent(i, waiting.nextLive());
		shelf.disconnect().settle().connect();
		flash.fails = () => true;
		for (let i = 0; i < 3; i++) shelf.acknowledged(i);
		shelf.settle();
		expect(waiting.count + waiting.delivered + waiting.dropped).toBe(3);
		flash.fails = () => false;
		shelf.deliver();
		expect([waiting.count, waiting.delivered, waiting.dropped]).toEqual([0, 3, 0]);
	});

	it('set aside just before one that is on its way are still to be named when that one has moved to flash', () => {
		const shelf = new Shelf(journalFlash(8)).start().settle().connect();
		for (let i = 0; i < 2; i++) {
			shelf.take();
			shelf.sent(i, shelf.waiting.nextLive());
		}
		shelf.discard(0);
		shelf.disconnect().settle().connect();
		expect(shelf.waiting.journal!.written).toBe(1);
		shelf.acknowledged(1);
		shelf.take();
		expect(shelf.look(shelf.waiting.nextLive()).dropped).toEqual([1, 1]);
	});

	it('keep the time that they were sent with, whatever the date is when they move to flash', () => {
		const shelf = new Shelf(journalFlash(8)).start().settle().connect();
		shelf.take();
		shelf.clock.time += 600;
		shelf.clock.unix = 1_795_000_000.7;
		const place = shelf.waiting.nextLive();
		const { time } = shelf.look(place);
		expect(time).toBeGreaterThan(1_795_000_000);
		shelf.sent(0, place);
		shelf.disconnect();
		shelf.clock.time += 500;
		shelf.clock.unix += 1.4;
		shelf.settle();
		expect(shelf.waiting.journal!.written).toBe(1);
		expect(shelf.start().settle().connect().deliver().map((one) => one.time)).toEqual([time]);
	});

	it('in flash without a date keep the time that they were sent with, whatever the date is when they are sent again', () => {
		const shelf = new Shelf(journalFlash(8)).start().fill(6).connect();
		shelf.clock.unix = 1_795_000_000.7;
		const send = (message: number): Delivered => {
			const place = shelf.next();
			const one = shelf.look(place);
			shelf.sent(message, place);
			return one;
		};
		const first = [send(0), send(1), send(2)];
		shelf.acknowledged(1);
		shelf.settle();
		shelf.recall(0);
		shelf.recall(2);
		shelf.clock.unix += 1.4;
		const again = [send(3), send(4)];
		expect(again).toEqual([first[0], first[2]]);
		shelf.acknowledged(3);
		shelf.acknowledged(4);
		shelf.settle();
		expect(shelf.deliver().map(({ time, uptime }) => time - uptime)).toEqual([4, 5, 6].map(() => first[0]!.time - first[0]!.uptime));
	});

	it('in flash without a date go by the newest date, as long as none that was sent can come again', () => {
		const shelf = new Shelf(journalFlash(8)).start().fill(4).connect();
		shelf.clock.unix = 2_000_000_000;
		const [wrong] = shelf.deliver(1);
		expect(wrong!.time).toBe(2_000_000_301);
		shelf.clock.unix = 1_795_000_000;
		expect(shelf.deliver().map(({ seq, time }) => [seq, time])).toEqual([2, 3, 4].map((seq) => [seq, 1_795_000_300 + seq]));
	});

	it('of the boot before, without a date, keep the time that they were sent with there', () => {
		const shelf = new Shelf(journalFlash(8)).start().fill(2).connect();
		shelf.clock.unix = 1_795_000_000.7;
		const place = shelf.next();
		const { time } = shelf.look(place);
		shelf.sent(0, place);
		expect(shelf.waiting.settled).toBe(false);
		const { datedFrom } = shelf.waiting;
		shelf.clock.uptimeBefore = 300;
		shelf.clock.earlierBoots = 1;
		shelf.clock.unix -= 301.4;
		shelf.start().waiting.datedFrom = -datedFrom;
		shelf.fill(1).connect();
		expect(shelf.deliver().map((one) => [one.boot, one.seq, one.time])).toEqual([[1, 1, time], [1, 2, time + 1], [2, 1, expect.any(Number)]]);
	});

	it('carry what the ring had to drop into flash, as the range before the oldest', () => {
		const flash = journalFlash(1_000);
		const shelf = new Shelf(flash, 15 * 4).start();
		// The flash is still being looked through.
		for (let i = 0; i < 7; i++) shelf.take();
		shelf.settle();
		const delivered = shelf.start().settle().connect().deliver();
		expect(delivered.map(({ seq }) => seq)).toEqual([4, 5, 6, 7]);
		expect(delivered[0]!.dropped).toEqual([1, 3]);
	});

	it('add up whatever happens: taken are delivered, waiting or dropped; each that was dropped is named', () => {
		const event = fc.oneof(
			{ weight: 8, arbitrary: fc.constant('take' as const) }, { weight: 8, arbitrary: fc.constant('send' as const) }, { weight: 8, arbitrary: fc.constant('land' as const) },
			{ weight: 2, arbitrary: fc.constant('up' as const) }, { weight: 2, arbitrary: fc.constant('down' as const) }, { weight: 5, arbitrary: fc.constant('turn' as const) },
			{ weight: 1, arbitrary: fc.constant('settle' as const) }, { weight: 1, arbitrary: fc.constant('many' as const) },
		);
		fc.assert(fc.property(fc.array(event, { maxLength: 250 }), fc.integer({ min: Limit.JOURNAL_SECTORS_MIN, max: 9 }), (events, sectors) => {
			const shelf = new Shelf(journalFlash(sectors)).start();
			const flying: { message: number; one: Delivered }[] = [];
			const landed: Delivered[] = [];
			let online = false;
			const happen: Record<(typeof events)[number], () => void> = {
				take: () => void shelf.take(),
				many: () => void shelf.fill(60),
				send: () => {
					const message = [...Array(Limit.MESSAGES_MAX).keys()].find((index) => flying.every((other) => other.message !== index));
					if (!online || message === undefined) return;
					let place = shelf.waiting.nextLive();
					if (place === Search.NONE) place = shelf.waiting.nextLate();
					if (place === Search.NONE || place === -2) return;
					const one = shelf.look(place);
					expect(flying.some((other) => name(other.one) === name(one))).toBe(false);
					flying.push({ message, one });
					shelf.sent(message, place);
				},
				land: () => {
					if (!online || !flying.length) return;
					const { message, one } = flying.splice(flying.length >> 1, 1)[0]!;
					landed.push(one);
					shelf.acknowledged(message);
				},
				up: () => {
					if (!online) shelf.connect();
					online = true;
				},
				down: () => {
					if (online) shelf.disconnect();
					online = false;
				},
				turn: () => void shelf.waiting.poll(shelf.clock.time),
				settle: () => void shelf.settle(),
			};
			for (const each of events) {
				happen[each]();
				const { waiting } = shelf;
				expect(waiting.delivered + waiting.count + waiting.dropped).toBe(shelf.seq);
			}
			happen.up();
			while (flying.length) happen.land();
			landed.push(...shelf.deliver(Infinity, undefined, 1));
			// One more, for what was dropped last to be named by.
			for (let k = 0; k < 2; k++) {
				shelf.take();
				for (let place; (place = shelf.waiting.nextLive()) !== Search.NONE; ) {
					landed.push(shelf.look(place));
					shelf.sent(0, place);
					shelf.acknowledged(0);
				}
			}
			for (const one of landed) checkTrue([one]);
			expect(shelf.waiting.count).toBe(0);
			const known = new Set([...landed.map(name), ...namedBy(landed)]);
			for (let seq = 1; seq <= shelf.seq; seq++) expect(known.has(`1/${seq}`), `1/${seq}`).toBe(true);
		}), { seed: 77, numRuns: 300 });
	});
});
