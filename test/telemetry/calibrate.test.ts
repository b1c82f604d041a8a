// Calibration and noise by what the command's value says, over a sampler that has measured.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Text } from '../../src/common/text.js';
import { applyCalibration } from '../../src/readings/calibration.js';
import { Reading } from '../../src/readings/reading.js';
import { Sampler } from '../../src/readings/sampler.js';
import { Calibration, Noise } from '../../src/telemetry/calibrate.js';
import { NO_JSON, readObject, Type } from '../../src/telemetry/json.js';
import { FakeClock, FakeLog } from '../support/fakes.js';
import { connected, FakeSensor, row } from '../support/parts.js';

const VALUE = [{ key: 'value', type: Type.Any, slot: 0 }];

function setUp() {
	const air = { t: 21_000, apart: 40, fails: false };
	let count = 0;
	const tmp36 = Object.assign(new FakeSensor(() => {
		if (air.fails) throw new Error('it fails');
		return [air.t + (++count % 2 ? air.apart : -air.apart)];
	}), { perCount: 312.5 });
	const sht3x = new FakeSensor(() => [20_000, 45_000]);
	const parts = connected({ row: row('tmp36', ['temperature'], { minima: [-40_000], maxima: [125_000] }), sensor: tmp36 }, { row: row('sht3x', ['temperature', 'humidity']), sensor: sht3x, name: 'outside' });
	const clock = new FakeClock();
	clock.unix = 1_795_000_000;
	const sampler = new Sampler(parts, 5, 1_000, clock, new FakeLog(), { reading: new Reading(), put() {}, linked: true });
	const run = (readings: number) => {
		const end = clock.time + readings * 1_000;
		for (let at = sampler.poll(clock.time); at < end; at = sampler.poll(clock.time)) clock.time = Math.max(at, clock.time + 1);
		clock.time = end;
	};
	let setting = '';
	/** Why not, or the answer. */
	const calibrate = (value: string): unknown => {
		const [bytes, at] = read(value);
		const calibration = new Calibration(sampler, setting);
		const problem = calibration.read(bytes, at);
		if (problem) return problem;
		applyCalibration((setting = calibration.text), sampler, [0, 0]);
		return written(calibration);
	};
	const noise = (value: string): unknown => {
		const [bytes, at] = value ? read(value) : [new Uint8Array(0), 0] as const;
		const report = new Noise(sampler);
		return report.read(bytes, at) || written(report);
	};
	return { air, sampler, run, calibrate, noise, setting: () => setting, tell: (text: string) => void (setting = text) };
}

function read(value: string): [Uint8Array, number] {
	const bytes = new TextEncoder().encode(`{"value":${value}}`);
	const places = new Uint16Array(1);
	if (readObject(bytes, 0, bytes.length, VALUE, places)) throw new Error(NO_JSON);
	return [bytes, places[0]!];
}

function written(report: { write(text: Text, max: number): void }, max = 300): unknown {
	const text = new Text(new Uint8Array(400));
	report.write(text, max);
	expect([text.overflowed, text.length <= max]).toEqual([false, true]);
	return JSON.parse(`{${new TextDecoder().decode(text.bytes.subarray(1, text.length))}}`);
}

describe('a calibration', () => {
	it('of one point goes by the mean of the last readings, says their spread, and is undone by null', () => {
		const { run, calibrate, setting, sampler } = setUp();
		run(16);
		expect(calibrate('{"temperature":21.5,"outside_humidity":43}')).toEqual({ spread: { temperature: 0.041, outside_humidity: 0 } });
		expect(setting()).toBe('temperature=21500:21000,outside_humidity=43000:45000');
		run(1);
		// What is kept is as it was measured.
		expect(Math.abs(sampler.mean(0) - 21_000)).toBeLessThan(10);
		expect(calibrate('{"temperature":null}')).toEqual({ spread: { temperature: expect.any(Number) } });
		expect(setting()).toBe('outside_humidity=43000:45000');
		expect(calibrate('{"outside_humidity":null,"outside_temperature":null}')).toEqual({ spread: { outside_temperature: 0, outside_humidity: 0 } });
		expect(setting()).toBe('');
	});

	it('of two points makes a gain, from the point before and this one', () => {
		const { air, run, calibrate, setting } = setUp();
		air.apart = 0;
		air.t = 1_000;
		run(16);
		expect(calibrate('{"temperature":0,"points":2}')).toBe('temperature has no first point: calibrate it with one before');
		calibrate('{"temperature":0}');
		air.t = 39_000;
		run(16);
		expect(calibrate('{"points":2,"temperature":40}')).toEqual({ spread: { temperature: 0 } });
		expect(setting()).toBe('temperature=0:1000:40000:39000');
		// A third goes with the later one.
		air.t = 20_000;
		run(16);
		calibrate('{"temperature":20,"points":2}');
		expect(setting()).toBe('temperature=40000:39000:20000:20000');
		expect(calibrate('{"temperature":21,"points":2}')).toBe('temperature: the two references must lie further apart');
		expect(calibrate('{"temperature":28,"points":2}')).toBe('temperature: these two points make no gain from 0.5 to 2: check its wiring');
		calibrate('{"temperature":20.1}');
		expect(setting()).toBe('temperature=20100:20000');
	});

	it.each([
		['{}', 'value must name a channel, as {"temperature":21.3}'], ['{"points":1}', 'value must name a channel, as {"temperature":21.3}'],
		['{"temperature":21,"pressure":1}', 'there is no channel "pressure"; there are temperature, outside_temperature, outside_humidity'],
		['{"temperature":"21"}', 'temperature is a text; no temperature is like that'], ['{"temperature":1e400}', 'temperature is 1e400; no temperature is like that'],
		['{"outside_humidity":101}', 'outside_humidity is 101; no humidity is like that'], ['{"temperature":{}}', 'temperature is an object; no temperature is like that'],
		['{"temperature":true}', 'temperature is true; no temperature is like that'], ['{"temperature":[null]}', 'temperature is a list; no temperature is like that'],
		['{"temperature":21,"temperature":22}', 'temperature stands twice'], ['{"temperature":32}', 'temperature is too far off for an offset: check its wiring'],
		['{"temperature":21,"points":3}', 'points must be 1 or 2'], ['{"temperature":21,"points":null}', 'points must be 1 or 2'], ['{"temperature":21,"points":"2"}', 'points must be 1 or 2'],
		['{"__proto__":21}', 'there is no channel "__proto__"; there are temperature, outside_temperature, outside_humidity'],
		['{"":21}', 'there is no channel ""; there are temperature, outside_temperature, outside_humidity'],
	])('that is wrong changes nothing: %s', (value, sentence) => {
		const { run, calibrate, setting, tell } = setUp();
		run(16);
		tell('outside_humidity=43000:45000');
		expect([calibrate(value), setting()]).toEqual([sentence, 'outside_humidity=43000:45000']);
	});

	it('needs readings, and a part that answers', () => {
		const { air, run, calibrate } = setUp();
		expect(calibrate('{"temperature":21}')).toBe('no temperature is measured now');
		run(4);
		air.fails = true;
		run(1);
		expect(calibrate('{"temperature":21}')).toBe('no temperature is measured now');
		expect(calibrate('{"outside_humidity":45}')).toEqual({ spread: { outside_humidity: 0 } });
	});

	it('never throws, and keeps a text that can be used, whatever the object says', () => {
		const keys = fc.constantFrom('temperature', 'outside_temperature', 'outside_humidity', 'points', 'x', '');
		const values = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -50, max: 150 }), fc.jsonValue({ maxDepth: 2 }));
		const { run, calibrate, setting } = setUp();
		run(16);
		fc.assert(fc.property(fc.dictionary(keys, values), (value) => {
			expect(['string', 'object']).toContain(typeof calibrate(JSON.stringify(value)));
			expect(setting()).toMatch(/^(?:[a-z_]+=-?\d+:-?\d+(?::-?\d+:-?\d+)?(?:,(?!$)|$))*$/);
		}));
	});
});

describe('noise', () => {
	it('is told in units, counts and bits, of one channel or of all', () => {
		const { run, noise } = setUp();
		expect(noise('')).toBe('there are not two readings yet');
		run(16);
		const temperature = { sigma: 0.041, counts: 0.132, bits: 12, readings: 16 };
		expect(noise('"temperature"')).toEqual({ noise: { temperature } });
		// Of what does not move nobody knows how fine it is.
		expect(noise('')).toEqual({ noise: { temperature, outside_temperature: { sigma: 0, readings: 16 }, outside_humidity: { sigma: 0, readings: 16 } } });
		expect(noise('"pressure"')).toBe('there is no channel "pressure"; there are temperature, outside_temperature, outside_humidity');
		expect(noise('5')).toBe('there is no channel "5"; there are temperature, outside_temperature, outside_humidity');
	});

	it('leaves out what has no room, and counts it', () => {
		const { sampler, run } = setUp();
		run(16);
		const report = new Noise(sampler);
		expect(report.read(new Uint8Array(0), 0)).toBe('');
		for (let max = 40; max < 300; max += 7) {
			const { noise, more = 0 } = written(report, max) as { noise: object; more?: number };
			expect(Object.keys(noise).length + more).toBe(3);
		}
	});
});
