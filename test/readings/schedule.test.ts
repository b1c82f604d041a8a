import { describe, expect, it } from 'vitest';
import { jitterOf, restOf } from '../../src/readings/schedule.js';
import { FakeClock } from '../support/fakes.js';
import { connected, row } from '../support/parts.js';

const SHT3X = row('sht3x', ['temperature']);
const made = (policy: object) => connected({ row: SHT3X, ...policy })[0]!;

function rest(policy: object, unix: number): number {
	const clock = new FakeClock();
	clock.unix = unix;
	return restOf(made(policy), 10_000, clock);
}

describe('the next turn of a part', () => {
	it('comes after its own interval, or the node\'s', () => {
		expect([rest({}, 1_795_000_003), rest({ intervalMs: 60_000 }, 1_795_000_003)]).toEqual([10_000, 60_000]);
	});

	it('that is aligned comes at a whole multiple by the date, once that is known', () => {
		expect(rest({ align: true, intervalMs: 60_000 }, 0)).toBe(60_000);
		expect(rest({ align: true, intervalMs: 60_000 }, 1_795_000_020)).toBe(60_000);
		expect(rest({ align: true, intervalMs: 60_000 }, 1_795_000_035)).toBe(45_000);
		expect(rest({ align: true }, 1_795_000_003)).toBe(7_000);
	});

	it('that is aligned is not the one that just came, if the clock was a second fast', () => {
		expect(rest({ align: true, intervalMs: 60_000 }, 1_795_000_079)).toBe(61_000);
		expect(rest({ align: true, intervalMs: 1_000 }, 1_795_000_079)).toBe(1_000);
	});
});

describe('the jitter of a turn', () => {
	const jitters = (policy: object, seed: number) => [...Array(2_000).keys()].map((k) => jitterOf(made(policy), 1_000_000 + k * 10_000, seed));

	it('is none unless the part has some', () => {
		expect(new Set(jitters({}, 7))).toEqual(new Set([0]));
	});

	it('lies evenly from 0 to what the part allows, and is another for another seed', () => {
		const all = jitters({ jitterMs: 99 }, 7);
		const counts = Array<number>(10).fill(0);
		for (const each of all) counts[Math.floor(each / 10)]!++;
		expect(Math.min(...all)).toBe(0);
		expect(Math.max(...all)).toBe(99);
		for (const count of counts) expect(Math.abs(count - 200)).toBeLessThan(60);
		expect(jitters({ jitterMs: 99 }, 8).filter((each, k) => each === all[k]).length).toBeLessThan(60);
	});
});
