// Calibration in a whole node on the chip's engine: by name, kept over a restart, undone; and the noise of what it measures.
import { describe, expect, it } from 'vitest';
import { MINUTE, SECOND, stage } from './stage.js';

/** Readings of a part that has little noise. */
const FEW = 10;

describe('a node on XS', () => {
	it('is calibrated by the mean of its last readings, by one point and by two, and keeps that over a power cut', async () => {
		let air = { temperatureC: 21, humidityPct: 45, pressureHpa: 1_000 };
		const set = await stage({ engine: 'xs', seed: 'calibrate', world: { at: () => air }, settings: { intervalMs: 1_000, conversions: 1, sensors: '[{"part":"tmp36"},{"part":"sht3x","name":"outside"}]', offsetMilliC: 250 } });
		let count = 0;
		const ask = async (name: string, value?: unknown): Promise<Record<string, unknown>> => {
			const id = `c${++count}`;
			set.simulation.broker.publish(`telltale/porch/set/${name}`, JSON.stringify({ id, value }), { qos: 1 });
			const find = () => set.texts('result').map((text) => JSON.parse(text) as Record<string, unknown>).find((each) => each['id'] === id);
			await set.until(() => find() !== undefined, 10 * SECOND);
			return find()!;
		};
		const mean = async (key: string, count = 40): Promise<number> => {
			const from = set.readings().length;
			await set.until(() => set.readings().length >= from + count, 2 * MINUTE);
			const values = set.readings().slice(from).map((each) => (each as unknown as Record<string, number>)[key]!);
			return values.reduce((sum, each) => sum + each, 0) / values.length;
		};
		await set.until(() => set.isOnline() && set.readings().length > 20, MINUTE);
		expect(await ask('calibrate', { temperature: 23, outside_humidity: 40 })).toMatchObject({ ok: true, spread: { temperature: expect.any(Number), outside_humidity: expect.any(Number) } });
		// One conversion has the noise of the converter: one reading would have put it into the offset.
		expect(Math.abs(await mean('temperature') - 23)).toBeLessThan(0.25);
		expect(Math.abs(await mean('outside_humidity') - 40)).toBeLessThan(0.05);
		expect((await ask('calibrate', { outside_humidity: 44, points: 2 }))['error']).toBe('outside_humidity: the two references must lie further apart');
		expect((await ask('calibrate', { inside: 44 }))['error']).toBe('there is no channel "inside"; there are temperature, outside_temperature, outside_humidity');
		// The other point of two is not to be had in steady air: 45 % cannot be 40 % and 60 %.
		expect((await ask('calibrate', { outside_humidity: 60, points: 2 }))['error']).toBe('outside_humidity: these two points make no gain from 0.5 to 2: check its wiring');
		// In other air it is: 40 % at 45 % and 66 % at 75 % are a gain of 26 / 30; each gain is of its own channel.
		expect(await ask('calibrate', { outside_temperature: 20 })).toMatchObject({ ok: true });
		air = { temperatureC: 31, humidityPct: 75, pressureHpa: 1_000 };
		// What was before is forgotten after sixteen.
		await mean('temperature', 20);
		expect(await ask('calibrate', { outside_humidity: 66, outside_temperature: 33, points: 2 })).toMatchObject({ ok: true, spread: { outside_temperature: expect.any(Number), outside_humidity: expect.any(Number) } });
		air = { temperatureC: 26, humidityPct: 60, pressureHpa: 1_000 };
		set.node.powerCut();
		await set.run(2 * SECOND);
		await set.node.powerOn();
		const from = set.now;
		await set.until(() => set.texts('info', from).length > 0, MINUTE);
		expect(Math.abs(await mean('temperature') - 28)).toBeLessThan(0.25);
		expect(Math.abs(await mean('outside_humidity', FEW) - (40 + 15 * 26 / 30))).toBeLessThan(0.1);
		expect(Math.abs(await mean('outside_temperature', FEW) - (20 + 5 * 1.3))).toBeLessThan(0.05);
		const { noise } = (await ask('noise')) as { noise: Record<string, { sigma: number; counts?: number; bits: number; readings: number }> };
		expect(Object.keys(noise)).toEqual(['temperature', 'outside_temperature', 'outside_humidity']);
		expect([noise['temperature']!.counts! > 0.2, noise['temperature']!.bits < 11, noise['outside_humidity']!.counts, noise['outside_humidity']!.bits > 9]).toEqual([true, true, undefined, true]);

		// Without an entry the setting's own offset holds again.
		expect(await ask('calibrate', { temperature: null, outside_humidity: null })).toMatchObject({ ok: true });
		expect(Math.abs(await mean('temperature') - 26.25)).toBeLessThan(0.25);
		expect(Math.abs(await mean('outside_humidity', FEW) - 60)).toBeLessThan(0.1);
		expect(Math.abs(await mean('outside_temperature', FEW) - (20 + 5 * 1.3))).toBeLessThan(0.05);
		expect(await ask('calibrate', { outside_temperature: null })).toMatchObject({ ok: true });
		expect(Math.abs(await mean('outside_temperature', FEW) - 26)).toBeLessThan(0.05);
		expect([set.node.storage.settings, set.node.counts.faults]).toEqual([{ calibration: '' }, 0]);
	});
});
