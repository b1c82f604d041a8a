import { describe, expect, it } from 'vitest';
import { convert, middleHalf } from '../../src/readings/conversions.js';
import { FakeSensor } from '../support/parts.js';

describe('the mean of the middle half', () => {
	it.each([
		[[5], 5], [[1, 3], 2], [[1, 2, 900], 301], [[0, 10, 20, 1000], 15], [[-9, 1, 2, 3, 4, 5, 6, 99], 4],
	])('of %j is %i', (values, expected) => {
		expect(middleHalf(Int32Array.from(values), 0, values.length)).toBe(expected);
	});
});

describe('a burst of conversions', () => {
	it('leaves out the first, puts the others in order, and says how far they lie apart', () => {
		const said = [999, 30, -10, 20, 900];
		const sensor = new FakeSensor(() => [said.shift()!]);
		const numbers = new Int32Array(8).fill(7);
		expect(convert(sensor, 4, numbers, 1, 3)).toBe(910);
		expect([...numbers]).toEqual([7, 25, 7, -10, 20, 30, 900, 7]);
		expect(sensor.started).toBe(4);
	});
});
