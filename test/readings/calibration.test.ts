import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyCalibration, corrected, gainOf, isCalibration, offsetOf, Points, pointsOf, withPoints } from '../../src/readings/calibration.js';
import { FIELDS, fieldProblem } from '../../src/settings/settings.js';
import { connected, FakeSensor, row } from '../support/parts.js';

const sensor = new FakeSensor(() => [0]);

describe('the text of a calibration', () => {
	it.each(['temperature=21300:21456', 'temperature=-1:-2', 'a_temperature=0:1,outside-b_humidity=33000:30250:75300:70110'])('can be %j', (text) => {
		expect(isCalibration(text)).toBe(true);
	});

	it.each([
		',', 'temperature', 'temperature=', 'temperature=1', 'temperature=1:', '=1:2', 'temperature=1:2:3', 'temperature=1:2:3:4:5', 'temperature=1:2,', ',temperature=1:2', 'temperature=1.5:2',
		'temperature=+1:2', 'temperature=--1:2', 'temperature=4000001:0', 'temperature=99999999999:0', 'Temperature=1:2', 'temp erature=1:2', 'temperature=1e3:2', 'a=b=1:2', 'temperature=0:5:10:5',
		'temperature=0:0:31000:10000', 'temperature=0:0:4000:10000', '\u00e9=1:2',
	])('cannot be %j', (text) => {
		expect(isCalibration(text)).toBe(false);
		const field = FIELDS.find(({ key }) => key === 'calibration')!;
		expect(fieldProblem(field, text)).toMatch(/^calibration is ".*"; it must be at most 600 bytes, as temperature=21300:21456/u);
	});

	it('keeps one entry a channel, whatever is put in and taken out, and every other as it is', () => {
		const name = fc.constantFrom('temperature', 'humidity', 'a_temperature', 'temperature_', 'outside-2_humidity');
		const point = fc.integer({ min: -60_000, max: 160_000 });
		fc.assert(fc.property(fc.array(fc.tuple(name, fc.array(point, { minLength: 4, maxLength: 4 }), fc.constantFrom(0, 2, 4)), { maxLength: 20 }), (steps) => {
			const model = new Map<string, number[]>();
			let text = '';
			for (const [key, points, count] of steps) {
				if (gainOf(Int32Array.from(points), count) === undefined) continue;
				text = withPoints(text, key, Int32Array.from(points), count);
				model.delete(key);
				if (count) model.set(key, points.slice(0, count));
				expect(text === '' || isCalibration(text), text).toBe(true);
				for (const each of ['temperature', 'humidity', 'a_temperature', 'temperature_', 'outside-2_humidity']) {
					const read = new Int32Array(Points.TWO);
					expect([...read.subarray(0, pointsOf(text, each, read))]).toEqual([...read.subarray(0, 0), ...(model.get(each) ?? [])]);
				}
			}
		}));
	});

	it('makes each point come out as its reference, to a thousandth', () => {
		const point = fc.integer({ min: -60_000, max: 160_000 });
		fc.assert(fc.property(point, point, point, point, (...four) => {
			const points = Int32Array.from(four);
			const gain = gainOf(points, Points.TWO);
			fc.pre(gain !== undefined);
			const offset = offsetOf(points, gain!);
			expect(corrected(points[1]!, offset, gain!)).toBe(points[0]);
			expect(Math.abs(corrected(points[3]!, offset, gain!) - points[2]!)).toBeLessThanOrEqual(1);
		}));
	});

	it('is applied by the names of channels; offsets hold for those without an entry that are called by their quantity', () => {
		const parts = connected({ row: row('tmp36', ['temperature']), sensor }, { row: row('sht3x', ['temperature', 'humidity']), sensor, name: 'outside' }, { row: row('hih4030', ['humidity']), sensor });
		const set: number[][] = [];
		const to = { parts, setCorrection: (...each: number[]) => void set.push(each) };
		applyCalibration('outside_temperature=20000:20500,gone_humidity=1:2', to, [300, -700]);
		expect(set.splice(0)).toEqual([[0, 300, 0], [1, -500, 0], [2, 0, 0], [3, -700, 0]]);
		applyCalibration('temperature=0:1000:40000:39000,humidity=1:1', to, [300, -700]);
		expect(set).toEqual([[0, -1_053, 55_188], [1, 0, 0], [2, 0, 0], [3, 0, 0]]);
	});
});
