// What the node makes of parts that fail, hang, or say what cannot be: by the sampler, which is made of it.
import { describe, expect, it } from 'vitest';
import type { Part } from '../../src/common/ports.js';
import { Quality } from '../../src/readings/quality.js';
import { Reading, Value } from '../../src/readings/reading.js';
import { Sampler } from '../../src/readings/sampler.js';
import { FakeClock, FakeLog } from '../support/fakes.js';
import { connected, FakeSensor, row } from '../support/parts.js';

const NOISY = row('sht3x', ['temperature', 'humidity'], { noisy: true });

function setUp(...made: Parameters<typeof connected>) {
	const clock = new FakeClock();
	clock.unix = 1_795_000_000;
	const log = new FakeLog();
	const reading = new Reading();
	/** [uptime, first value, second value, suspects] */
	const taken: number[][] = [];
	const put = () => void taken.push([reading.uptime, reading.numbers[0]!, reading.numbers[1]!, reading.suspects]);
	const sampler = new Sampler(connected(...made), 5, 1_000, clock, log, { reading, put, linked: true });
	const runTo = (end: number) => {
		for (let at = sampler.poll(clock.time); at <= end; at = sampler.poll(clock.time)) clock.time = Math.max(at, clock.time + 1);
		clock.time = end;
	};
	return { clock, log, taken, sampler, runTo };
}

/** Noise, so that nothing is stuck. */
function noisy(low = 21_000): FakeSensor {
	let count = 0;
	return new FakeSensor(() => [low + (++count % 2), 45_000 + (count % 3)]);
}

describe('a doubtful value', () => {
	it('that comes 30 times in a row is sent and named as stuck, until it moves', () => {
		let moves = false;
		let count = 0;
		const { taken, log, sampler, runTo } = setUp({ row: NOISY, sensor: new FakeSensor(() => [21_000 + (moves ? ++count % 2 : 0), 45_000 + (++count % 2)]) });
		runTo(28_500);
		expect([taken.length, sampler.failing]).toEqual([29, -1]);
		runTo(29_500);
		expect(taken.at(-1)).toEqual([29, 21_000, expect.any(Number), 0b01]);
		expect([sampler.quality(0), sampler.failing, sampler.why(0)]).toEqual([Quality.Stuck, 0, expect.stringContaining('again and again')]);
		runTo(35_500);
		moves = true;
		runTo(37_500);
		expect(taken.at(-1)![3]).toBe(0);
		expect([sampler.quality(0), sampler.failing]).toEqual([Quality.Ok, -1]);
		expect(log.lines).toEqual([
			'sensor sht3x: it gives the same value again and again: it may hang, or not be connected', 'sensor sht3x: its values can be trusted again',
		]);
	});

	it('beyond its range is sent and named', () => {
		const { taken, sampler, runTo } = setUp({ row: NOISY, sensor: noisy(126_000) });
		runTo(1_500);
		expect(taken).toEqual([[0, 126_001, 45_001, 0b01], [1, 126_000, 45_002, 0b01]]);
		expect(sampler.quality(0)).toBe(Quality.OutOfRange);
	});

	it('of a temperature compensates nobody: the next part\'s does, or what was told last holds', () => {
		let celsius = 21;
		const humidity = new FakeSensor(() => [45_000]);
		const { sampler, runTo } = setUp(
			{ row: row('first', ['temperature']), sensor: new FakeSensor(() => [celsius * 1_000]) }, { row: row('hih4030', ['humidity']), sensor: humidity },
			{ row: row('second', ['temperature']), name: 'second', sensor: new FakeSensor(() => [celsius < 0 ? 300_000 : 23_000]) },
		);
		runTo(500);
		celsius = 126;
		runTo(1_500);
		celsius = -300;
		runTo(3_500);
		// The second one's turn comes behind it.
		expect([humidity.told, sampler.quality(0), sampler.quality(2)]).toEqual([[21_000, 23_000, 23_000], Quality.OutOfRange, Quality.OutOfRange]);
		celsius = 22;
		runTo(4_500);
		expect(humidity.told.at(-1)).toBe(22_000);
	});

	it('is judged as it was measured: an offset that takes it to 100 % makes nothing doubtful', () => {
		const { taken, sampler, runTo } = setUp({ row: row('hih4030', ['humidity']), sensor: new FakeSensor(() => [99_800]) });
		sampler.setCorrection(0, 500, 0);
		runTo(1);
		expect(taken).toEqual([[0, 100_000, Value.ABSENT, 0]]);
	});

	it('from conversions that lie far apart is named, and counts behind a part that does not answer', () => {
		let apart = 0;
		let count = 0;
		const tmp36 = new FakeSensor(() => [21_000 + (++count % 2 ? apart : 0)]);
		const sht3x = noisy();
		const { taken, sampler, runTo } = setUp({ row: row('tmp36', ['temperature'], { analog: true }), sensor: tmp36 }, { row: NOISY, sensor: sht3x, gives: 0b10 });
		apart = 12_000;
		runTo(500);
		expect([taken[0]![3], sampler.failing, sampler.quality(0)]).toEqual([0b01, 0, Quality.Spread]);
		sht3x.fault = 'SHT3x does not answer.';
		runTo(1_500);
		expect([sampler.failing, sampler.why(1)]).toEqual([1, 'SHT3x does not answer.']);
		sht3x.fault = 'SHT3x sends a wrong check sum.';
		runTo(2_500);
		expect([sampler.quality(0), sampler.quality(1)]).toEqual([Quality.Spread, Quality.CheckSum]);
		sht3x.fault = '';
		apart = 0;
		runTo(3_500);
		expect([sampler.failing, taken.at(-1)![3]]).toEqual([-1, 0]);
	});
});

describe('a part that fails', () => {
	it('is told of once, though its sentence has another number each time', () => {
		const sensor = noisy();
		const { log, runTo } = setUp({ row: NOISY, sensor });
		for (let second = 0; second < 20; second++) {
			sensor.fault = `TMP36 gives ${second % 7} mV, less than it can.`;
			runTo(second * 1_000 + 500);
		}
		expect(log.lines.filter((line) => line.includes('less than it can'))).toHaveLength(1);
	});

	it('is the one whose sentence is kept, as the first of those that fail; the next has its own when it fails again', () => {
		const sensors = [noisy(), noisy(), noisy()];
		const { log, sampler, runTo } = setUp(...sensors.map((sensor, k) => ({ row: NOISY, sensor, name: 'abc'[k]! })));
		const failing = () => [sampler.failing, sampler.failing < 0 ? '' : sampler.why(sampler.failing)];
		sensors[2]!.fault = 'c sends a wrong check sum.';
		runTo(500);
		expect(failing()).toEqual([2, 'c sends a wrong check sum.']);
		sensors[1]!.fault = 'b does not answer.';
		runTo(1_500);
		expect([failing(), sampler.why(2)]).toEqual([[1, 'b does not answer.'], 'its answers come garbled: check its wiring']);
		sensors[1]!.fault = 'b gives nothing.';
		runTo(2_500);
		expect(failing()).toEqual([1, 'b gives nothing.']);
		sensors[1]!.fault = '';
		runTo(3_500);
		expect(failing()).toEqual([2, 'its answers come garbled: check its wiring']);
		runTo(4_500);
		expect(failing()).toEqual([2, 'c sends a wrong check sum.']);
		sensors[2]!.fault = '';
		runTo(5_500);
		expect(failing()).toEqual([-1, '']);
		expect(log.lines).toEqual([
			'sensor c: c sends a wrong check sum.', 'sensor b: b does not answer.', 'sensor b: b gives nothing.', 'sensor b: answers again', 'sensor c: answers again',
		]);
	});

	it('never stops the others, whatever it throws', () => {
		const broken = noisy();
		broken.start = () => { throw 'no error at all'; };
		const { taken, log, runTo } = setUp({ row: NOISY, sensor: broken }, { row: row('tmp36', ['temperature']), sensor: noisy(), name: 'desk' });
		runTo(2_500);
		expect(taken.length).toBe(3);
		expect(log.lines).toEqual(['sensor sht3x: fails without a word']);
	});

	it('has its supply cycled after five failures in a row, and again after five more, and comes back without a restart', () => {
		const sensor = noisy();
		const written: number[][] = [];
		const power = { write: (value: number) => void written.push([set.clock.time, value]) };
		const set = setUp({ row: NOISY, sensor, power }, { row: row('tmp36', ['temperature']), sensor: noisy(), name: 'desk' });
		sensor.fault = 'SHT3x does not answer.';
		set.runTo(4_900);
		expect(written).toEqual([[4_000, 0]]);
		const { started } = sensor;
		set.runTo(5_400);
		expect([written, sensor.started]).toEqual([[[4_000, 0], [5_000, 1]], started]);
		set.runTo(15_500);
		expect(written).toEqual([[4_000, 0], [5_000, 1], [10_000, 0], [11_000, 1]]);
		sensor.fault = '';
		set.runTo(16_500);
		expect(set.sampler.failing).toBe(-1);
		set.runTo(60_000);
		expect(written).toHaveLength(4);
		// The other one was there in each turn.
		expect(set.taken.length).toBeGreaterThanOrEqual(61);
		expect(set.log.lines).toEqual(['sensor sht3x: SHT3x does not answer.', 'sensor sht3x: answers again']);
	});

	it('fails five times in a row only: one answer between begins anew', () => {
		const sensor = noisy();
		const written: number[] = [];
		const set = setUp({ row: NOISY, sensor, power: { write: (value: number) => void written.push(value) } });
		for (let second = 0; second < 20; second++) {
			sensor.fault = second % 5 === 4 ? '' : 'SHT3x does not answer.';
			set.runTo(second * 1_000 + 500);
		}
		expect(written).toEqual([]);
	});
});

describe('a dead band', () => {
	const policy = (rest: Partial<Part>) => ({ row: row('sht3x', ['temperature']), deadBand: 100, heartbeatMs: 10_000, ...rest });

	it('leaves out what is as it was, but for a heartbeat', () => {
		let value = 0;
		const { taken, runTo } = setUp(policy({ sensor: new FakeSensor(() => [value]) }));
		runTo(5_500);
		value = 99;
		runTo(6_500);
		value = 100;
		runTo(7_500);
		value = 1;
		runTo(8_500);
		value = 0;
		runTo(30_500);
		expect(taken.map(([uptime, temperature]) => [uptime, temperature])).toEqual([[0, 0], [7, 100], [9, 0], [19, 0], [29, 0]]);
	});

	it('is of one part, and the others are there all the same', () => {
		const { taken, runTo } = setUp(policy({ sensor: new FakeSensor(() => [21_000]) }), { row: row('hih4030', ['humidity']), sensor: new FakeSensor(() => [45_000]) });
		runTo(3_500);
		expect(taken.map(([, temperature, humidity]) => [temperature, humidity])).toEqual([[21_000, 45_000], ...Array(3).fill([Value.ABSENT, 45_000])]);
	});

	it('lets pass what begins or ceases to be doubtful', () => {
		let value = 125_000;
		const { taken, runTo } = setUp(policy({ sensor: new FakeSensor(() => [value]) }));
		runTo(2_500);
		value = 125_001;
		runTo(4_500);
		value = 125_000;
		runTo(6_500);
		expect(taken.map(([uptime, , , suspects]) => [uptime, suspects])).toEqual([[0, 0], [3, 1], [5, 0]]);
	});
});
