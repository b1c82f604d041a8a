import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { absoluteHumidity, dewPoint, derived } from '../../viewer/air.js';
import { History, LEVELS, levelFor } from '../../viewer/history.js';
import { Reducer } from '../../viewer/reducer.js';

const NOW = 1_795_000_000;
const DAY = 86_400;

describe('History in memory', () => {
	it('has least, most and mean of each pixel, whatever order the values come in', () => {
		const values = fc.array(fc.record({ time: fc.integer({ min: NOW - 3_000, max: NOW }), value: fc.integer({ min: -40, max: 85 }) }), { minLength: 1, maxLength: 200 });
		fc.assert(fc.property(values, fc.integer({ min: 1, max: 50 }), (all, pixels) => {
			const history = new History();
			for (const { time, value } of all) history.add('cellar', 'temperature', time, value, value > 50, NOW);
			const buckets = history.read('cellar', 'temperature', NOW - 3_000, NOW + 10, pixels, NOW);
			expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(all.length);
			expect(buckets.reduce((sum, { suspect }) => sum + suspect, 0)).toBe(all.filter(({ value }) => value > 50).length);
			expect(Math.min(...buckets.map(({ least }) => least))).toBe(Math.min(...all.map(({ value }) => value)));
			expect(Math.max(...buckets.map(({ most }) => most))).toBe(Math.max(...all.map(({ value }) => value)));
			const mean = buckets.reduce((sum, bucket) => sum + bucket.mean * bucket.count, 0) / all.length;
			expect(mean).toBeCloseTo(all.reduce((sum, { value }) => sum + value, 0) / all.length, 3);
			expect(buckets.length).toBeLessThanOrEqual(pixels + 1);
			expect([...buckets].sort((one, other) => one.time - other.time)).toEqual(buckets);
		}), { numRuns: 50 });
	});

	it('leaves a gap where nothing was measured', () => {
		const history = new History();
		for (let t = 0; t < 600; t += 10) if (t < 200 || t >= 400) history.add('cellar', 'temperature', NOW - 600 + t, 20, false, NOW);
		const times = history.read('cellar', 'temperature', NOW - 600, NOW, 60, NOW).map(({ time }) => time - (NOW - 600));
		expect(times).toHaveLength(40);
		expect(times.filter((time) => time >= 200 && time < 400)).toEqual([]);
	});

	it('keeps two months of a reading a minute, coarser the longer ago', () => {
		const history = new History();
		for (let t = NOW - 60 * DAY; t < NOW; t += 60) history.add('cellar', 'temperature', t, (t % 7_200) / 100, false, NOW);
		for (const [days, seconds] of [[0.04, 60], [0.9, 120], [6, 900], [50, 10_800]] as const) {
			const buckets = history.read('cellar', 'temperature', NOW - days * DAY, NOW, 700, NOW);
			expect(buckets.length, `${days} days`).toBeGreaterThan(days * DAY / seconds * 0.9 - 1);
			expect(buckets.reduce((sum, { count }) => sum + count, 0), `${days} days`).toBeGreaterThan(days * DAY / 60 * 0.98 - 2);
			if (days > 0.5) expect(Math.max(...buckets.map(({ most }) => most))).toBeCloseTo(71.4, 0);
		}
		expect(history.bytes).toBeLessThan(80_000);
	});

	it('gives dates of the future no place, so that a forged one costs nothing that is there', () => {
		const history = new History();
		history.add('cellar', 'temperature', NOW, 20, false, NOW);
		expect([NOW + 1e9, Infinity, NaN, -1, NOW + DAY].map((time) => history.add('cellar', 'temperature', time, 99, false, NOW))).toEqual(Array(5).fill(false));
		expect(history.read('cellar', 'temperature', NOW - 3_600, NOW + 60, 100, NOW)).toMatchObject([{ least: 20, most: 20, count: 1 }]);
	});

	it('forgets the channel that was quiet longest where memory ends', () => {
		const history = new History(40);
		for (let k = 0; k < 100; k++) history.add(`n${k}`, 'temperature', NOW, k, false, NOW);
		expect(history.bytes).toBeLessThanOrEqual(40 * 1_536);
		const has = (k: number) => history.read(`n${k}`, 'temperature', NOW - 60, NOW + 10, 10, NOW).length > 0;
		expect([has(0), has(89), has(90), has(99)]).toEqual([false, false, true, true]);
	});

	it('takes the finest level that reaches back so far and is no finer than the pixels', () => {
		const at = (ago: number, pixels: number) => LEVELS[levelFor(NOW - ago, ago / pixels, NOW)]!.width;
		expect([at(600, 600), at(3_600, 800), at(3_600, 20), at(DAY, 800), at(7 * DAY, 800), at(30 * DAY, 800), at(400 * DAY, 800)]).toEqual([10, 10, 60, 60, 900, 10_800, 10_800]);
	});

	it('asks for a time before another', () => {
		for (const [from, to] of [[5, 5], [NaN, 5], [0, Infinity]] as const) expect(() => new Reducer(from, to, 10)).toThrow(RangeError);
		expect(new Reducer(0, 10, 1e12).buckets()).toEqual([]);
		expect(new Reducer(0, 10, NaN).buckets()).toEqual([]);
	});
});

describe('Humid air', () => {
	// From the tables of the Smithsonian and of DIN 4108.
	it.each([[20, 50, 9.3, 8.65], [25, 60, 16.7, 13.8], [0, 100, 0, 4.85], [-10, 80, -12.8, 1.9], [30, 90, 28.2, 27.3]])('at %d °C and %d percent has its dew point at %d °C and %d g/m³', (celsius, percent, dew, grams) => {
		expect(Math.abs(dewPoint(celsius, percent)! - dew)).toBeLessThan(0.2);
		expect(Math.abs(absoluteHumidity(celsius, percent)! - grams)).toBeLessThan(0.2);
	});

	it('has none where the values are none of air', () => {
		for (const [celsius, percent] of [[20, 0], [20, -5], [-273, 50], [1e7, 50], [20, 1e7]] as const) expect([dewPoint(celsius, percent), absoluteHumidity(celsius, percent)]).toEqual([undefined, undefined]);
		expect(derived({ humidity: 50, outside_temperature: 5, inside_humidity: 40 })).toEqual([]);
	});
});
