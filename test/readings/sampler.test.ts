import { describe, expect, it } from 'vitest';
import { Group, Reading, Value } from '../../src/readings/reading.js';
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
		sampler.setCorrection(0, -300, 0);
		sampler.setCorrection(1, 500, 0);
		runTo(1);
		expect([taken[0].temperature, taken[0].humidity]).toEqual([20_700, 100_000]);
	});

	it('knows the last value as it was measured, whatever its offset and limits have made of it', () => {
		const { taken, sampler, runTo } = setUp([analog(new FakeSensor(() => [21_000])), digital(new FakeSensor(() => [8_000]))]);
		sampler.setCorrection(1, -9_000, 0);
		runTo(1);
		expect([taken[0].humidity, sampler.last(1), sampler.last(0)]).toEqual([0, 8_000, 21_000]);
	});

	it('tells the temperature to the parts after it', () => {
		const humidity = new FakeSensor(() => [45_000]);
		const { sampler, runTo } = setUp([analog(new FakeSensor(() => [21_000])), digital(humidity)]);
		sampler.setCorrection(0, -300, 0);
		runTo(1);
		expect(humidity.told).toEqual([20_700]);
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

/** One fake part for each policy, all quick. */
function several(policies: readonly object[], intervalMs = 10_000) {
	const clock = new FakeClock();
	clock.unix = 1_795_000_000;
	const reading = new Reading();
	const taken: { seq: number; time: number; at: number; group: number; values: (number | undefined)[] }[] = [];
	const put = () => void taken.push({
		seq: reading.seq, time: reading.time, at: clock.time, group: reading.group,
		values: [...reading.numbers.subarray(0, Group.VALUES)].map((each) => (each === Value.ABSENT ? undefined : each)),
	});
	const sensors = policies.map((_each, k) => new FakeSensor(() => [k, 10 * k]));
	const parts = connected(...policies.map((policy, k) => ({ row: row(`part${k}`, ['temperature', 'humidity']), name: `name-${k}`, sensor: sensors[k], ...policy })));
	const sampler = new Sampler(parts, 1, intervalMs, clock, new FakeLog(), { reading, put, linked: true }, 7);
	const runTo = (end: number) => {
		for (let at = sampler.poll(clock.time); at <= end; at = sampler.poll(clock.time)) clock.time = Math.max(at, clock.time + 1);
		clock.time = end;
	};
	return { clock, taken, sensors, sampler, runTo };
}

describe('parts with policies of their own', () => {
	it('are read at their own intervals, and those due together are in one reading', () => {
		const { taken, runTo } = several([{ intervalMs: 2_000, gives: 0b01 }, { intervalMs: 5_000, gives: 0b01 }, { gives: 0b01 }]);
		runTo(10_500);
		expect(taken.map(({ seq, at, values }) => [seq, at, ...values])).toEqual([
			[1, 0, 0, 1, 2], [2, 2_000, 0, undefined, undefined], [3, 4_000, 0, undefined, undefined], [4, 5_000, undefined, 1, undefined],
			[5, 6_000, 0, undefined, undefined], [6, 8_000, 0, undefined, undefined], [7, 10_000, 0, 1, 2],
		]);
	});

	it('of more channels than a reading holds make several, with numbers that follow and the same time', () => {
		const { taken, runTo } = several(Array(6).fill({}));
		runTo(10_500);
		expect(taken.map(({ seq, group, values }) => [seq, group, ...values])).toEqual([1, 5].flatMap((seq) => [
			[seq, 0, 0, 0, 1], [seq + 1, 1, 10, 2, 20], [seq + 2, 2, 3, 30, 4], [seq + 3, 3, 40, 5, 50],
		]));
		expect(new Set(taken.slice(0, 4).map(({ time }) => time)).size).toBe(1);
	});

	it('of which no channel of a group is due, or none answers, make no reading of that group', () => {
		const { taken, sensors, runTo } = several([{ intervalMs: 2_000 }, { gives: 0b01 }, {}]);
		sensors[2]!.fault = 'no answer';
		runTo(3_000);
		expect(taken.map(({ seq, group, values }) => [seq, group, ...values])).toEqual([[1, 0, 0, 0, 1], [2, 0, 0, 0, undefined]]);
	});

	it('that ask for more time get it, up to half a second, and then have failed without holding up the others', () => {
		const { taken, sensors, sampler, runTo } = several([{ gives: 0b01 }, { gives: 0b01 }], 1_000);
		sensors[1]!.waitMs = 15;
		sensors[1]!.again = [20, 30];
		runTo(500);
		expect(taken.map(({ at, values }) => [at, ...values])).toEqual([[68, 0, 1, undefined]]);
		sensors[1]!.again = Array(1_000).fill(40);
		runTo(4_900);
		expect(taken.slice(1).map(({ at, values }) => [at, ...values])).toEqual([1_500, 2_500, 3_500, 4_500].map((at) => [at, 0, undefined, undefined]));
		expect([sampler.failing, sampler.why(1)]).toEqual([1, 'it is not ready in time: check its supply.']);
		sensors[1]!.again = [];
		runTo(5_900);
		expect(taken.at(-1)!.values).toEqual([0, 1, undefined]);
	});

	it('that are slow by their row have as long as it says, once in a turn of theirs', () => {
		const slow = new FakeSensor(() => [45_000]);
		const { taken, log, runTo } = setUp([analog(new FakeSensor(() => [21_000])), { sensor: slow, row: row('am2320', ['humidity'], { patienceMs: 2_500 }) }]);
		slow.again = [2_000, 5];
		runTo(3_000);
		expect(taken.map(({ temperature, humidity }) => [temperature, humidity])).toEqual([[21_000, 45_000]]);
		slow.again = Array(1_000).fill(100);
		runTo(13_000);
		expect([taken[1]!.humidity, log.lines]).toEqual([Value.ABSENT, ['sensor am2320: it is not ready in time: check its supply.']]);
	});

	it('that are slow hold up nobody: what is due again meanwhile goes out with its own time, and they come with a later turn', () => {
		const slow = new FakeSensor(() => [45_000]);
		const { taken, sampler, runTo } = setUp([
			{ ...analog(new FakeSensor(() => [21_000])), intervalMs: 1_000 },
			{ sensor: slow, row: row('am2320', ['humidity'], { patienceMs: 2_500 }), intervalMs: 5_000 },
		]);
		for (let turn = 0; turn < 3; turn++) {
			slow.again = [2_000, 5];
			runTo(turn * 5_000 + 4_900);
		}
		expect(taken.map(({ seq, uptime, time, temperature, humidity }) => [seq, uptime, time - 1_795_000_000, temperature, humidity])).toEqual(
			[...Array(15).keys()].map((k) => [k + 1, k, k, 21_000, k % 5 === 2 ? 45_000 : Value.ABSENT]));
		slow.again = Array(1_000).fill(100);
		runTo(19_900);
		expect([taken.slice(15).map(({ uptime }) => uptime), sampler.failing]).toEqual([[15, 16, 17, 18, 19], 1]);
		expect(slow.started).toBe(4);
	});

	it('that are slower than their interval are not started anew before they have answered', () => {
		const slow = new FakeSensor(() => [45_000]);
		const { taken, runTo } = setUp([{ sensor: slow, row: row('am2320', ['humidity'], { patienceMs: 2_500 }), intervalMs: 1_000 }]);
		for (let turn = 0; turn < 4; turn++) {
			slow.again = [1_400];
			runTo(turn * 2_000 + 1_900);
		}
		// Its only channel is the first.
		expect([slow.started, taken.map(({ seq, temperature }) => [seq, temperature])]).toEqual([4, [1, 2, 3, 4].map((seq) => [seq, 45_000])]);
	});

	it('that cannot give one of their channels say why, once, and go on with the others', () => {
		const sensor = Object.assign(new FakeSensor(() => [21_000, Value.ABSENT]), { complaint: 'it has no humidity' });
		const { taken, log, sampler, runTo } = setUp([{ sensor, row: row('bme280', ['temperature', 'humidity']) }], 1_000);
		sampler.setCorrection(1, -500, 0);
		runTo(2_500);
		expect(taken.map(({ temperature, humidity }) => [temperature, humidity])).toEqual(Array(3).fill([21_000, Value.ABSENT]));
		expect(log.lines).toEqual(['sensor bme280: it has no humidity']);
		expect([sampler.failing, sampler.why(0), sampler.last(1)]).toEqual([0, 'it has no humidity', Value.ABSENT]);
		sensor.complaint = '';
		sensor.values = () => [21_000, 45_000];
		runTo(3_500);
		expect([taken.at(-1)!.humidity, sampler.failing, log.lines[1]]).toEqual([44_500, -1, 'sensor bme280: answers again']);
	});

	it('aligned to the clock are read at its whole minutes, from the first one after the date is known', () => {
		const { clock, taken, runTo } = several([{ intervalMs: 60_000, align: true }]);
		clock.unix = 0;
		runTo(30_000);
		// It is 17 s and a half past a minute.
		clock.unix = 1_794_999_960 + 17.5 - 30;
		runTo(400_000);
		expect(taken.slice(2).map(({ time }) => time % 60)).toEqual(Array(taken.length - 2).fill(0));
		expect(taken.length).toBeGreaterThan(6);
	});

	it('with jitter are read up to so much later, and in step all the same', () => {
		const { taken, runTo } = several([{ jitterMs: 4_000 }]);
		runTo(1_000_500);
		const late = taken.map(({ at }) => at % 10_000);
		expect(taken.length).toBeGreaterThanOrEqual(100);
		expect(Math.max(...late)).toBeGreaterThan(3_000);
		expect(Math.max(...late)).toBeLessThanOrEqual(8_000);
		expect(new Set(late).size).toBeGreaterThan(80);
		const base = taken[0]!.at;
		taken.forEach(({ at }, k) => expect(at - base - k * 10_000, `${k}`).toBeLessThanOrEqual(4_000));
		taken.forEach(({ at }, k) => expect(at - base - k * 10_000, `${k}`).toBeGreaterThanOrEqual(-4_000));
	});

	it('are not put off by settings that are sent again and again, nor changed where the interval is their own', () => {
		const { taken, sampler, clock, runTo } = several([{ gives: 0b01 }, { intervalMs: 3_000, gives: 0b01 }]);
		for (let second = 1; second <= 40; second++) {
			sampler.setIntervalMs(10_000, clock.time);
			runTo(second * 1_000);
		}
		expect(taken.filter(({ values }) => values[0] === 0).map(({ at }) => at)).toEqual([0, 10_000, 20_000, 30_000, 40_000]);
		expect(taken.filter(({ values }) => values[1] === 1).length).toBe(14);
	});

	it('keep their turns for months, when milliseconds are beyond 32 bits', () => {
		const { clock, taken, runTo } = several([{ gives: 0b01 }, { intervalMs: 86_400_000, gives: 0b01 }], 86_400_000 / 2);
		runTo(60 * 86_400_000);
		expect(clock.time).toBeGreaterThan(2 ** 32);
		expect(taken.map(({ at }) => at)).toEqual([...Array(121).keys()].map((k) => k * 43_200_000));
	});

	it('all are read out of turn when asked', () => {
		const { taken, sampler, clock, runTo } = several([{ gives: 0b01 }, { intervalMs: 60_000, gives: 0b01 }]);
		runTo(3_000);
		sampler.sampleNow();
		runTo(14_000);
		expect(taken.map(({ at, values }) => [at, ...values.slice(0, 2)])).toEqual([[0, 0, 1], [3_000, 0, 1], [13_000, 0, undefined]]);
		expect(clock.time).toBe(14_000);
	});
});
