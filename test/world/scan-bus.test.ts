// The command `scan` in a whole node on the chip's engine: parts in use go on measuring, and others are found.
import { describe, expect, it } from 'vitest';
import { MINUTE, SECOND, stage, type Stage } from './stage.js';

const result = (set: Stage) => JSON.parse(set.texts('result').at(-1) ?? '{}') as Record<string, unknown>;

describe('a scan of the bus', () => {
	it('finds what is on it beside what measures, which misses no reading, again and again', async () => {
		// So they are wired; afterwards the node is told of one of them alone, by the wrong name.
		const sensors = '[{"part":"tmp36"},{"part":"sht4x"},{"part":"shtc3","name":"a"},{"part":"am2320","name":"b"},{"part":"bme280","name":"c","intervalMs":1000},{"part":"aht20","name":"d"}]';
		const set = await stage({ engine: 'xs', seed: 'scan-bus', settings: { sensors, intervalMs: 4_000 } });
		await set.until(() => set.isOnline() && set.readings().length > 12, MINUTE);
		for (let i = 0; i < 10; i++) {
			await set.run(370);
			set.simulation.broker.publish('telltale/porch/set/scan', JSON.stringify({ id: `s${i}` }), { qos: 1 });
		}
		await set.until(() => result(set)['id'] === 's9', 30 * SECOND);
		const found = { 56: 'aht20', 68: 'sht4x', 92: 'am2320', 112: 'shtc3', 118: 'bme280' };
		const parts = { tmp36: 'ok', sht4x: 'ok', a: 'ok', b: 'ok', c: 'ok', d: 'ok' };
		expect(result(set)).toEqual({ id: 's9', name: 'scan', ok: true, found, parts });
		expect(set.texts('result').length).toBe(10);
		await set.run(70 * SECOND);
		expect([set.health(), set.heard(/^sensor /)]).toMatchObject([{ sensorErrors: 0 }, undefined]);
		expect(set.readings().map(({ seq }) => seq)).toEqual(set.readings().map((_each, i) => i + 1));

		set.simulation.broker.publish('telltale/porch/set/config', JSON.stringify({ value: { sensors: 'sht3x' } }), { qos: 1 });
		await set.until(() => set.node.counts.boots === 2 && set.isOnline(), 2 * MINUTE);
		await set.until(() => set.heard(/sensor sht3x: SHT3x does not/) !== undefined, MINUTE);
		set.simulation.broker.publish('telltale/porch/set/scan', '{"id":"t"}', { qos: 1 });
		await set.until(() => result(set)['id'] === 't', 10 * SECOND);
		expect(result(set)).toEqual({ id: 't', name: 'scan', ok: true, found, parts: { sht3x: 'no answer' } });
		set.node.send(new TextEncoder().encode('scan\n'));
		await set.until(() => set.heard(/^scan: \{"found":\{"56":"aht20",.*\},"parts":\{"sht3x":"no answer"\}\}$/) !== undefined, 10 * SECOND);
		expect(set.node.counts.faults).toBe(0);
	});
});
