import { describe, expect, it } from 'vitest';
import { Reading, Value } from '../../src/readings/reading.js';
import { middleHalf } from '../../src/readings/conversions.js';
import { Sampler } from '../../src/readings/sampler.js';
import { FakeClock, FakeLog, random } from '../support/fakes.js';
import { connected, FakeSensor, row } from '../support/parts.js';

interface Taken {
	seq: number;
	uptime: number;
	time: number;
	temperature: number;
	humidity: number;
}

function setUp(made: Parameters<typeof connected>, intervalMs = 10_000, conversions = 15) {
	const clock = new FakeClock();
	clock.unix = 1_795_000_000;
	const log = new FakeLog();
	const taken: Taken[] = [];
	const reading = new Reading();
	const put = () => {
		const { seq, uptime, time, numbers } = reading;
		taken.push({ seq, uptime, time, temperature: numbers[0], humidity: numbers[1] });
	};
	const sink = { reading, put, linked: true };
	const parts = connected(...made);
	const sampler = new Sampler(parts, conversions, intervalMs, clock, log, sink);
	/** Polls as the loop would, from wake to wake, until `end`. */
	const runTo = (end: number) => {
		for (;;) {
			const at = sampler.poll(clock.time);
			if (at > end) break;
			clock.time = Math.max(at, clock.time + 1);
		}
		clock.time = end;
	};
	return { clock, log, taken, sampler, sink, runTo };
}

const analog = (sensor: FakeSensor) => ({ sensor, row: row('tmp36', ['temperature'], { analog: true }) });
const digital = (sensor: FakeSensor) => ({ sensor, row: row('sht3x', ['humidity']) });

describe('the sampler', () => {
	it('takes one reading an interval, numbered from 1, in step with the first', () => {
		const { taken, runTo } = setUp([analog(new FakeSensor(() => [21_000]))]);
		runTo(35_000);
		expect(taken.map(({ seq, uptime }) => [seq, uptime])).toEqual([[1, 0], [2, 10], [3, 20], [4, 30]]);
	});

	it('waits for the slowest part without blocking and puts all values into one reading', () => {
		const slow = new FakeSensor(() => [45_000], 16);
		const { clock, taken, sampler } = setUp([analog(new FakeSensor(() => [21_000])), digital(slow)]);
		expect(sampler.poll(0)).toBe(17);
		clock.time = 16;
		expect(sampler.poll(16)).toBe(17);
		expect(taken).toEqual([]);
		sampler.poll(17);
		expect(taken).toEqual([{ seq: 1, uptime: 0, time: 1_795_000_000, temperature: 21_000, humidity: 45_000 }]);
	});

	it('counts a part\'s time from when it was started, however long the turn had been going on', () => {
		const slow = new FakeSensor(() => [45_000], 16);
		const set = setUp([digital(slow)]);
		slow.start = () => ((set.clock.time += 5), 16);
		expect(set.sampler.poll(0)).toBe(22);
	});

	it('is deaf to spikes and finer than one step of the converter', () => {
		const next = random(3);
		const step = 312;
		const truth = 21_100;
		// Noise of about a step, quantised, and every seventh conversion a spike.
		let count = 0;
		const sensor = new FakeSensor(() => [++count % 7 === 0 ? 90_000 : Math.round((truth + (next() - 0.5) * 2 * step) / step) * step]);
		const { taken, runTo } = setUp([analog(sensor)], 1_000, 31);
		runTo(50_000);
		const mean = taken.reduce((sum, each) => sum + each.temperature, 0) / taken.length;
		expect(Math.abs(mean - truth)).toBeLessThan(step / 4);
		for (const { temperature } of taken) expect(Math.abs(temperature - truth)).toBeLessThan(step);
	});

	it('leaves out the quantity of a part that fails, says so once, and says when it is back', () => {
		const humidity = new FakeSensor(() => [45_000]);
		const { taken, log, sampler, runTo } = setUp([analog(new FakeSensor(() => [21_000])), digital(humidity)], 1_000);
		humidity.fault = 'no answer';
		runTo(2_500);
		humidity.fault = '';
		runTo(4_500);
		expect(taken.map((each) => each.humidity)).toEqual([Value.ABSENT, Value.ABSENT, Value.ABSENT, 45_000, 45_000]);
		expect(log.lines).toEqual(['sensor sht3x: no answer', 'sensor sht3x: answers again']);
		expect(sampler.failing).toBe(-1);
		humidity.fault = 'no answer';
		runTo(5_500);
		expect([sampler.failing, sampler.why(sampler.failing)]).toEqual([1, 'no answer']);
		expect(sampler.sensorErrors).toBe(4);
	});

	it('makes no reading, and no hole in the numbers, while nothing can be measured', () => {
		const sensor = new FakeSensor(() => [21_000]);
		const { taken, sampler, runTo } = setUp([analog(sensor)], 1_000);
		runTo(500);
		sensor.fault = 'open input';
		runTo(3_500);
		sensor.fault = '';
		runTo(4_500);
		expect(taken.map((each) => each.seq)).toEqual([1, 2]);
		expect(sampler.sampled).toBe(2);
	});

	it('adds the offsets and never reports more than 100 % humidity', () => {
		const { taken, sampler, runTo } = setUp([analog(new FakeSensor(() => [21_000])), digital(new FakeSensor(() => [99_800]))]);
		sampler.setOffset(0, -300);
		sampler.setOffset(1, 500);
		runTo(1);
		expect([taken[0].temperature, taken[0].humidity]).toEqual([20_700, 100_000]);
	});

	it('knows the last value as it was measured, whatever its offset and limits have made of it', () => {
		const { taken, sampler, runTo } = setUp([analog(new FakeSensor(() => [21_000])), digital(new FakeSensor(() => [8_000]))]);
		sampler.setOffset(1, -9_000);
		runTo(1);
		expect([taken[0].humidity, sampler.last(1), sampler.last(0)]).toEqual([0, 8_000, 21_000]);
	});

	it('tells the temperature to the parts after it', () => {
		const humidity = new FakeSensor(() => [45_000]);
		const { runTo } = setUp([analog(new FakeSensor(() => [21_000])), digital(humidity)]);
		runTo(1);
		expect(humidity.told).toEqual([21_000]);
	});

	it('does not catch up in a burst after the loop was late', () => {
		const { clock, taken, sampler } = setUp([analog(new FakeSensor(() => [21_000]))], 1_000);
		sampler.poll(0);
		clock.time = 60_000;
		expect(sampler.poll(60_000)).toBe(61_000);
		expect(sampler.poll(60_001)).toBe(61_000);
		expect(taken.length).toBe(2);
	});

	it('takes a reading out of turn when asked', () => {
		const { clock, taken, sampler } = setUp([analog(new FakeSensor(() => [21_000]))]);
		sampler.poll(0);
		clock.time = 3_000;
		sampler.sampleNow();
		sampler.poll(3_000);
		expect(taken.map((each) => each.uptime)).toEqual([0, 3]);
	});

	it('keeps to a new interval from the moment it is set', () => {
		const { taken, sampler, runTo } = setUp([analog(new FakeSensor(() => [21_000]))]);
		runTo(4_000);
		sampler.setIntervalMs(2_000, 4_000);
		runTo(9_000);
		expect(taken.map((each) => each.uptime)).toEqual([0, 6, 8]);
	});

	it('stamps readings with the date once it is known', () => {
		const { clock, taken, runTo } = setUp([analog(new FakeSensor(() => [21_000]))], 1_000);
		clock.unix = 0;
		runTo(6_500);
		clock.unix = 1_795_000_000;
		runTo(7_500);
		expect(taken.map((each) => each.time)).toEqual([0, 0, 1_795_000_007]);
	});

	it.each([['the link', 'linked'], ['the date', 'unix']])('waits with the first reading for %s, and goes on in step with it', (_what, awaited) => {
		const { clock, taken, sink, sampler, runTo } = setUp([analog(new FakeSensor(() => [21_000]))], 2_000);
		if (awaited === 'linked') sink.linked = false;
		else clock.unix = 0;
		runTo(3_300);
		expect(taken).toEqual([]);
		sink.linked = true;
		clock.unix = 1_795_000_000;
		sampler.poll(clock.time);
		expect(taken).toHaveLength(1);
		sink.linked = false;
		runTo(7_400);
		expect(taken.map(({ seq, uptime }) => [seq, uptime])).toEqual([[1, 3], [2, 5], [3, 7]]);
	});

	it('waits with it for five seconds at the most', () => {
		const { taken, sink, runTo } = setUp([analog(new FakeSensor(() => [21_000]))], 60_000);
		sink.linked = false;
		runTo(4_999);
		expect(taken).toEqual([]);
		runTo(70_000);
		expect(taken.map(({ seq, uptime }) => [seq, uptime])).toEqual([[1, 5], [2, 65]]);
	});
});

describe('the mean of the middle half', () => {
	it.each([
		[[5], 5], [[1, 3], 2], [[1, 2, 900], 301], [[0, 10, 20, 1000], 15], [[-9, 1, 2, 3, 4, 5, 6, 99], 4],
	])('of %j is %i', (values, expected) => {
		expect(middleHalf(Int32Array.from(values), 0, values.length)).toBe(expected);
	});
});
