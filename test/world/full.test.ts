// A NodeMCU with as many parts and channels as its settings may name, on the chip's engine and in its memory: it lives through all that takes
// most of it at once. What does not fit ends the boot with "out of memory", which is a fault.
import { describe, expect, it } from 'vitest';
import { board } from '../../hardware/nodemcu.js';
import { sensorsProblem } from '../../src/parts/parts.js';
import { MINUTE, SECOND, stage } from './stage.js';

const own = { intervalMs: 5_000, deadBand: 1, jitterMs: 9 };
/** Eight entries and twelve channels, in an image. The eighth part gives nothing: no board of this chip has so many analog inputs. A new list may not have such. */
const FIRST = JSON.stringify([
	{ part: 'adc', conversions: 64, ...own, gain: 2 }, { part: 'sht3x', ...own }, { part: 'bme280', ...own }, { part: 'dht22', name: 'a', pin: 14, powerPin: 13, ...own },
	{ part: 'dht11', name: 'b', pin: 12, powerPin: 16, ...own }, { part: 'sht3x', name: 'c', address: 69 }, { part: 'si7021', name: 'd' }, { part: 'am2320' },
]);
const SECOND_LIST = [
	{ part: 'adc' }, { part: 'sht4x', address: 70 }, { part: 'bme280', address: 119 }, { part: 'sht3x', address: 69, name: 'newn1' }, { part: 'aht20', name: 'newn2' },
	{ part: 'dht22', pin: 12, name: 'newn3' }, { part: 'am2320', name: 'newn4' },
];
/** As long as they may be. */
const LONG = { node: 'n'.repeat(23), user: 'u'.repeat(64), password: 'p'.repeat(64), base: `${'b/'.repeat(19)}bb`, clientId: 'c'.repeat(60), passphrase: 'f'.repeat(64) };

interface Result {
	readonly id: string;
	readonly ok: boolean;
	readonly trial?: number;
	readonly error?: string;
}

describe.each([4, 5])('a NodeMCU with eight entries and twelve channels, protocol %s', (protocol) => {
	it('measures, delivers late, scans, calibrates, refuses a list, tries another in vain, and takes it, all in its memory', async () => {
		expect([FIRST, JSON.stringify(SECOND_LIST)].map((list) => sensorsProblem(list, board))).toEqual(['', '']);
		const air = (ms: number) => ({ temperatureC: 20 + ms / 100_000, humidityPct: 45 + ms / 200_000, pressureHpa: 1_000 });
		const set = await stage({ engine: 'xs', seed: 'full', world: { at: air }, settings: { ...LONG, ssid: 'simulated', intervalMs: 1_000, protocol, sensors: FIRST } });
		const { broker } = set.simulation;
		const { node } = set;
		const results = () => set.texts('result').map((text) => JSON.parse(text) as Result);
		const command = async (name: string, id: string, value?: unknown): Promise<Result> => {
			broker.publish(`${LONG.base}/set/${name}`, JSON.stringify({ id, value }), { qos: 1 });
			await set.until(() => results().some((each) => each.id === id), 20 * SECOND);
			return results().find((each) => each.id === id)!;
		};
		const trouble = (what: 'gone' | 'none') => node.parts.names.forEach((name) => (node.part(name).trouble = what));
		await set.until(() => set.readings().length > 8, MINUTE);
		expect(Object.keys(JSON.parse(set.texts('channels').at(-1)!) as object)).toHaveLength(12);
		trouble('gone');
		await set.run(20 * SECOND);
		expect(await command('scan', 's'.repeat(90))).toMatchObject({ ok: true });
		trouble('none');
		set.simulation.world.accessPoint.up = false;
		await set.run(100 * SECOND);
		for (let i = 0; i < 20; i++) broker.publish(`${LONG.base}/set/identify`, JSON.stringify({ id: `${'i'.repeat(80)}${i}` }), { qos: 1 });
		set.simulation.world.accessPoint.up = true;
		await set.until(() => set.texts('backlog').length > 0, 2 * MINUTE);
		// Late readings are on their way meanwhile.
		expect(await command('interval', 'i', 1_001)).toMatchObject({ ok: true });
		expect(await command('noise', 'n'.repeat(90))).toMatchObject({ ok: true });
		expect(await command('config', 'wrong', { sensors: [...SECOND_LIST, { part: 'sht3x', address: 1 }] })).toMatchObject({ ok: false, error: expect.stringContaining('entry 8') });
		const references = { a_temperature: 21, b_temperature: 21, c_temperature: 21, d_temperature: 21, a_humidity: 46, b_humidity: 46, c_humidity: 46, d_humidity: 46 };
		expect(await command('calibrate', 'c', references)).toMatchObject({ ok: true });
		expect(node.counts).toMatchObject({ boots: 1, faults: 0 });

		expect(await command('config', 'vain', { sensors: SECOND_LIST, host: 'nobody.test' })).toMatchObject({ ok: true, trial: 3 });
		await set.until(() => set.heard(/^settings number 3 do not work/) !== undefined, 4 * MINUTE);
		await set.until(() => node.counts.boots === 3 && set.texts('info').at(-1)!.includes('"failed"'), 2 * MINUTE);
		// Settings are taken from the broker once a minute.
		await set.run(MINUTE);
		expect(await command('config', 'taken', { sensors: SECOND_LIST })).toMatchObject({ ok: true, trial: 4 });
		await set.until(() => set.heard(/^settings number 4 work/) !== undefined, 4 * MINUTE);
		await set.until(() => Object.keys(JSON.parse(set.texts('channels').at(-1)!) as object).includes('newn4_humidity'), MINUTE);
		await set.run(20 * SECOND);
		expect(node.counts).toMatchObject({ boots: 4, faults: 0 });
	});
});
