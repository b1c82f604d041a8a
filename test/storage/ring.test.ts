import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ring } from '../../src/storage/ring.js';
import { Limit } from '../../src/common/limits.js';
import { Reading, Value } from '../../src/readings/reading.js';

function reading(seq: number, temperature = 20_000 + seq, humidity = 40_000 - seq): Reading {
	const made = new Reading();
	made.seq = seq;
	made.time = 1_795_000_000 + seq;
	made.numbers[0] = temperature;
	made.numbers[1] = humidity;
	return made;
}

const seqAt = (backlog: Ring, position: number) => {
	const made = new Reading();
	backlog.read(position, made);
	return made.seq;
};

/** Sends and acknowledges all there is, live first; the seqs in the order in which they went. */
function drain(backlog: Ring): number[] {
	const seqs: number[] = [];
	for (;;) {
		let position = backlog.nextLive();
		if (position < 0) position = backlog.nextLate();
		if (position < 0) return seqs;
		seqs.push(seqAt(backlog, position));
		backlog.sent(position);
		backlog.acknowledged(position);
	}
}

describe('the ring of waiting readings', () => {
	it('offers a reading again that is called back, late or live, when delivery has passed it', () => {
		const backlog = new Ring(Limit.RING_BYTES);
		for (let seq = 1; seq <= 4; seq++) backlog.put(reading(seq));
		backlog.linkUp();
		for (let seq = 5; seq <= 6; seq++) backlog.put(reading(seq));
		const places: number[] = [];
		for (let position = backlog.nextLive(); position >= 0; position = backlog.nextLive()) {
			places.push(position);
			backlog.sent(position);
		}
		for (let position = backlog.nextLate(); position >= 0; position = backlog.nextLate()) {
			places.push(position);
			backlog.sent(position);
		}
		expect(places.map((place) => seqAt(backlog, place))).toEqual([5, 6, 1, 2, 3, 4]);
		// Seq 2 and 6; the link came back meanwhile, so that all of them are late.
		for (const place of [places[3], places[1]]) backlog.recall(place);
		backlog.linkUp();
		expect(drain(backlog)).toEqual([2, 6]);
		for (const place of [places[0], places[2], places[4], places[5]]) backlog.acknowledged(place);
		expect(backlog.count).toBe(0);
	});

	it('gives back what was put in, to the last digit', () => {
		fc.assert(fc.property(
			fc.integer({ min: 1, max: 0xffff_ffff }), fc.integer({ min: -60_000, max: 160_000 }), fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: Value.ABSENT }),
			fc.integer({ min: 0, max: 0xffff_ffff }), fc.boolean(), (seq, temperature, humidity, seconds, known) => {
				const backlog = new Ring(64);
				const made = reading(seq, temperature, humidity);
				made.time = known ? seconds + 1 : 0;
				made.uptime = known ? 0 : seconds;
				if (made.time > 0xffff_ffff) return;
				backlog.put(made);
				backlog.linkUp();
				const back = new Reading();
				backlog.read(backlog.nextLate(), back);
				expect(back).toEqual(made);
			}));
	});

	it('holds 256 readings of two quantities and more', () => {
		const backlog = new Ring(Limit.RING_BYTES);
		for (let seq = 1; seq <= 256; seq++) backlog.put(reading(seq));
		expect(backlog.count).toBe(256);
		expect(backlog.dropped).toBe(0);
	});

	it('sends live readings before the late ones', () => {
		const backlog = new Ring(256);
		backlog.put(reading(1));
		backlog.put(reading(2));
		backlog.linkUp();
		backlog.put(reading(3));
		expect(drain(backlog)).toEqual([3, 1, 2]);
		expect(backlog.count).toBe(0);
	});

	it('makes late what was live and not sent when the link went', () => {
		const backlog = new Ring(256);
		backlog.linkUp();
		backlog.put(reading(1));
		expect(backlog.nextLive()).toBeGreaterThanOrEqual(0);
		backlog.linkUp();
		expect(backlog.nextLive()).toBe(-1);
		expect(drain(backlog)).toEqual([1]);
	});

	it('does not send again what is on its way when the link comes back', () => {
		const backlog = new Ring(256);
		backlog.linkUp();
		backlog.put(reading(1));
		backlog.put(reading(2));
		const first = backlog.nextLive();
		backlog.sent(first);
		backlog.linkUp();
		expect(drain(backlog)).toEqual([2]);
		expect(backlog.count).toBe(1);
		backlog.acknowledged(first);
		expect(backlog.count).toBe(0);
	});

	it('names what it had to drop, the oldest, and only once it is full', () => {
		const backlog = new Ring(15 * 4);
		for (let seq = 1; seq <= 7; seq++) backlog.put(reading(seq));
		expect([backlog.dropped, backlog.unreportedFrom, backlog.unreportedTo]).toEqual([3, 1, 3]);
		backlog.linkUp();
		expect(drain(backlog)).toEqual([4, 5, 6, 7]);
	});

	it('does not count an acknowledged reading as dropped', () => {
		const backlog = new Ring(15 * 3);
		for (let seq = 1; seq <= 3; seq++) backlog.put(reading(seq));
		backlog.linkUp();
		const first = backlog.nextLate();
		backlog.sent(first);
		const second = backlog.nextLate();
		backlog.sent(second);
		// The second is acknowledged first: it keeps its place until the first has gone.
		backlog.acknowledged(second);
		backlog.put(reading(4));
		expect([backlog.dropped, backlog.unreportedTo]).toEqual([1, 1]);
		expect(backlog.acknowledged(first)).toBe(false);
		backlog.put(reading(5));
		expect(backlog.dropped).toBe(1);
	});

	it('counts a reading that is set aside as dropped', () => {
		const backlog = new Ring(256);
		backlog.put(reading(8));
		backlog.linkUp();
		const position = backlog.nextLate();
		backlog.sent(position);
		backlog.discard(position);
		expect([backlog.count, backlog.dropped, backlog.unreportedFrom, backlog.unreportedTo]).toEqual([0, 1, 8, 8]);
		expect(drain(backlog)).toEqual([]);
	});

	it('forgets the range of those dropped when it was told, but not what was dropped since', () => {
		const backlog = new Ring(15 * 2);
		for (let seq = 1; seq <= 4; seq++) backlog.put(reading(seq));
		expect([backlog.unreportedFrom, backlog.unreportedTo]).toEqual([1, 2]);
		backlog.put(reading(5));
		backlog.reported(2);
		expect([backlog.unreportedFrom, backlog.unreportedTo]).toEqual([3, 3]);
		backlog.reported(3);
		expect([backlog.dropped, backlog.unreportedFrom, backlog.unreportedTo]).toEqual([3, 0, 0]);
	});

	it('gives up its oldest to flash without counting it as dropped, sent ones too', () => {
		const backlog = new Ring(15 * 4);
		for (let seq = 1; seq <= 3; seq++) backlog.put(reading(seq));
		backlog.linkUp();
		backlog.sent(backlog.nextLate());
		expect([backlog.count, backlog.fillsUp]).toEqual([3, false]);
		backlog.put(reading(4));
		expect(backlog.fillsUp).toBe(true);
		expect(seqAt(backlog, backlog.oldest())).toBe(1);
		backlog.moved(backlog.oldest());
		expect(seqAt(backlog, backlog.oldest())).toBe(2);
		backlog.moved(backlog.oldest());
		expect([backlog.count, backlog.dropped, drain(backlog)]).toEqual([2, 0, [4, 3]]);
		expect(backlog.oldest()).toBe(-1);
	});

	it('accounts for every reading whatever the order of events', () => {
		const event = fc.oneof(
			fc.record({ put: fc.boolean() }), fc.constant({ link: true }), fc.constant({ send: true }), fc.record({ acknowledge: fc.nat() }));
		fc.assert(fc.property(fc.array(event, { maxLength: 300 }), fc.integer({ min: 2, max: 9 }), (events, capacity) => {
			const backlog = new Ring(15 * capacity + 3);
			let put = 0;
			const delivered = new Set<number>();
			const flying: { position: number; seq: number }[] = [];
			for (const each of events) {
				if ('put' in each) backlog.put(reading(++put, 20_000, each.put ? 1 : Value.ABSENT));
				else if ('link' in each) backlog.linkUp();
				else if ('send' in each) {
					let position = backlog.nextLive();
					if (position < 0) position = backlog.nextLate();
					if (position < 0) continue;
					const seq = seqAt(backlog, position);
					expect(flying.some((other) => other.seq === seq)).toBe(false);
					flying.push({ position, seq });
					backlog.sent(position);
				} else if (flying.length) {
					const [{ position, seq }] = flying.splice(each.acknowledge % flying.length, 1) as [{ position: number; seq: number }];
					if (backlog.acknowledged(position)) delivered.add(seq);
				}
				expect(delivered.size + backlog.count + backlog.dropped).toBe(put);
			}
			backlog.linkUp();
			for (const { position, seq } of flying) if (backlog.acknowledged(position)) delivered.add(seq);
			for (const seq of drain(backlog)) delivered.add(seq);
			for (let seq = 1; seq <= put; seq++) {
				expect(delivered.has(seq) || (seq >= backlog.unreportedFrom && seq <= backlog.unreportedTo)).toBe(true);
			}
		}), { numRuns: 300 });
	});
});
