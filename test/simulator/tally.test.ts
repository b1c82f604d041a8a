// How many readings a node has taken, by its parts alone.

import { describe, expect, it } from 'vitest';
import { board } from '../../hardware/nodemcu.js';
import { Tally } from '../../simulator/board/tally.js';
import { startVirtualSimulation } from '../../simulator/virtual.js';
import { steadyWeather } from '../../simulator/world/weather.js';

const A0 = `pin ${board.analog.pin}`;
const counted = (sensors: string, heard: readonly (readonly [place: string, ms: number])[]) => {
	const tally = new Tally(sensors, board);
	for (const [place, ms] of heard) tally.heard(place, ms);
	return [tally.least, tally.most];
};
const each = (times: readonly number[], ...places: readonly (readonly [place: string, laterMs: number])[]) =>
	times.flatMap((ms) => places.map(([place, laterMs]) => [place, ms + laterMs] as const));

describe('the tally of readings', () => {
	it('is one a turn for parts that share a group, however often each is asked in it', () => {
		expect(counted('tmp36,sht3x', each([0, 2_000, 4_000], [A0, 0], [A0, 0], ['i2c 68', 17]))).toEqual([3, 6]);
		expect(counted('htu21d', each([0, 2_000], ['i2c 64', 16], ['i2c 64', 66]))).toEqual([2, 4]);
		// It is asked twice, 2 s apart.
		expect(counted('am2320', each([0, 10_000], ['i2c 92', 3], ['i2c 92', 2_006]))).toEqual([2, 4]);
	});

	it('has one for each group that a part has a channel in', () => {
		expect(counted('[{"part":"sht3x"},{"part":"sht3x","name":"attic","address":69}]', each([0, 2_000], ['i2c 68', 16], ['i2c 69', 16]))).toEqual([4, 6]);
	});

	it('takes a turn for over when all have given a result, or one of them begins another', () => {
		expect(counted('tmp36,sht3x', each([0], [A0, 0]))).toEqual([0, 1]);
		expect(counted('tmp36,sht3x', each([0, 2_000], [A0, 0]))).toEqual([1, 2]);
		expect(counted('[{"part":"tmp36"},{"part":"sht3x","intervalMs":60000}]', [[A0, 0], ['i2c 68', 16], [A0, 2_000]])).toEqual([2, 3]);
	});

	it('promises nothing of a part with a dead band, nor of a place where nobody is', () => {
		expect(counted('[{"part":"tmp36","deadBand":0.5}]', each([0, 2_000], [A0, 0]))).toEqual([0, 2]);
		expect(counted('tmp36', each([0, 2_000], ['i2c 68', 0]))).toEqual([0, 0]);
		expect(counted('nose', each([0, 2_000], [A0, 0]))).toEqual([0, 0]);
	});

	it('is what a node of many parts numbers, with intervals of their own', async () => {
		let [boot, least, most] = ['', 0, 0];
		const simulation = await startVirtualSimulation({
			engine: 'node', seed: 'tally', world: steadyWeather({ temperatureC: 21, humidityPct: 45 }),
			settings: { intervalMs: 2_000, sensors: '[{"part":"tmp36"},{"part":"bme280"},{"part":"htu21d","name":"shed"},{"part":"sht3x","name":"attic"},{"part":"am2320","name":"slow","intervalMs":10000}]' },
			onMeasured: (_node, name, low, high) => void ([boot, least, most] = [name, low, high]),
		});
		await simulation.run(60_000);
		simulation.end();
		const seqs = simulation.broker.published.filter(({ topic }) => /\/(readings|backlog)$/.test(topic)).map(({ payload }) => JSON.parse(payload.toString()));
		const numbers = seqs.filter((each) => String(each.boot) === boot).map(({ seq }) => seq as number);
		const last = Math.max(...numbers);
		expect(last).toBeGreaterThan(80);
		// The last turn may not be over, and one whose parts do not all answer.
		expect(last - least).toBeGreaterThanOrEqual(0);
		expect(last - least).toBeLessThanOrEqual(8);
		expect(most).toBeGreaterThanOrEqual(last);
	});
});
