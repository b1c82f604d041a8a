import { describe, expect, it } from 'vitest';
import { AHT20, Result } from '../../sensors/aht20/aht20.js';
import { simulated, type SimulatedAHT } from '../../sensors/aht20/simulated.js';
import { Bus, hex, measure } from '../support/bus.js';
import { steps, TwinBus } from '../support/twin-bus.js';

const ROWS = [['aht10', 'AHT10', Result.AHT10], ['aht20', 'AHT20', Result.AHT20]] as const;
const driver = (bus: Bus, result: Result) => new AHT20({ sensor: { io: bus.I2C, data: 4, clock: 5 } }, result);
const twinned = (row: string, result: Result) => {
	const bus = new TwinBus();
	return { bus, twin: bus.wire<SimulatedAHT>(simulated, row, 0x38), sensor: new AHT20(bus.options(), result) };
};

describe('AHT20', () => {
	it.each([
		[hex`1C 3B 5E 86 88 B2 D2`, [31_675, 23_191]],
		[hex`1C 5D 10 66 01 D2 93`, [25_089, 36_353]],
	])('measures in the bytes of its datasheet: %j', (bytes, expected) => {
		const bus = new Bus().respond(0x38, hex`1C 00 00 00 00 00 00`).expect(0x38, hex`AC 33 00`).respond(0x38, bytes, 75);
		const sensor = driver(bus, Result.AHT20);
		expect(measure(sensor, 2, bus)).toEqual(expected);
		expect(bus.waits).toEqual([80]);
		sensor.close();
		bus.finish();
	});

	it('calibrates an AHT10 by E1 and believes its six bytes', () => {
		const bus = new Bus().respond(0x38, hex`00 00 00 00 00 00`).expect(0x38, hex`E1 08 00`).respond(0x38, hex`08 00 00 00 00 00`, 10)
			.expect(0x38, hex`AC 33 00`).respond(0x38, hex`08 3B 5E 86 88 B2`, 75);
		const sensor = driver(bus, Result.AHT10);
		expect(measure(sensor, 2, bus)).toEqual([31_675, 23_191]);
		sensor.close();
		bus.finish();
	});

	it('calibrates an AHT20 by BE where it is not, and by its three registers where that does not help', () => {
		const bus = new Bus().respond(0x38, hex`00 00 00 00 00 00 00`).expect(0x38, hex`BE 08 00`).respond(0x38, hex`08 00 00 00 00 00 00`, 10);
		for (const register of [0x1b, 0x1c, 0x1e]) {
			bus.expect(0x38, [register, 0, 0]).respond(0x38, [0x08, 0xaa, register], 5).expect(0x38, [0xb0 | register, 0xaa, register]);
		}
		bus.respond(0x38, hex`18 00 00 00 00 00 00`).expect(0x38, hex`AC 33 00`).respond(0x38, hex`1C 3B 5E 86 88 B2 D2`, 75);
		const sensor = driver(bus, Result.AHT20);
		expect(measure(sensor, 2, bus)).toEqual([31_675, 23_191]);
		sensor.close();
		bus.finish();
	});

	it.each(ROWS)('follows the twin of an %s over the whole range, to half a step', (row, _name, result) => {
		const { bus, sensor } = twinned(row, result);
		for (const temperatureC of steps(-40, 85, 40)) {
			bus.air = { temperatureC, humidityPct: Math.max((temperatureC + 40) / 1.25, 0.01), pressureHpa: 1_000 };
			const [milliC, milliRh] = bus.measure(sensor);
			expect(Math.abs(milliC! - temperatureC * 1_000)).toBeLessThanOrEqual(0.6);
			expect(Math.abs(milliRh! - bus.air.humidityPct * 1_000)).toBeLessThanOrEqual(0.6);
		}
	});

	it.each(ROWS)('calibrates an %s again that lost power since, by itself', (row, _name, result) => {
		const { bus, twin, sensor } = twinned(row, result);
		for (const status of [0x00, 0x08, 0x10, 0x18]) {
			twin.statusAtPowerUp = status;
			twin.powerUp();
			bus.now += 100;
			const [milliC, milliRh] = bus.measure(sensor);
			expect([Math.round(milliC! / 100), Math.round(milliRh! / 100)], `status ${status}`).toEqual([210, 450]);
		}
	});

	it.each(ROWS)('waits for an %s whose supply has just come', (row, _name, result) => {
		const { bus, twin, sensor } = twinned(row, result);
		twin.powerUp();
		expect(bus.measure(sensor).map((each) => Math.round(each / 100))).toEqual([210, 450]);
	});

	it.each(ROWS)('says what is wrong with an %s, and measures again by itself', (row, name, result) => {
		const { bus, twin, sensor } = twinned(row, result);
		expect(bus.through('gone', sensor, twin)).toBe(`${name} does not answer: check its wiring and its address.`);
		if (result === Result.AHT20) expect(bus.through('garbled', sensor, twin)).toBe('AHT20 sends a wrong check sum: shorten its wires or check its pull-ups.');
	});

	it.each([
		['is busy', hex`98 00 00 00 00 00 00`],
		['has a humidity of 0', hex`18 00 00 08 88 B2 00`],
	])('asks again while the part %s, three times in all', (_what, notReady) => {
		for (const after of [1, 2, 3]) {
			const bus = new Bus().respond(0x38, hex`18 00 00 00 00 00 00`).expect(0x38, hex`AC 33 00`);
			for (let i = 0; i < after; i++) bus.respond(0x38, notReady);
			if (after < 3) bus.respond(0x38, hex`1C 3B 5E 86 88 B2 D2`);
			const sensor = driver(bus, Result.AHT20);
			if (after < 3) expect(measure(sensor, 2, bus)).toEqual([31_675, 23_191]);
			else expect(() => measure(sensor, 2, bus)).toThrow('AHT20 does not finish its measurement: check its supply.');
			expect(bus.waits).toEqual([80, 80, 80].slice(0, Math.min(after + 1, 3)));
			sensor.close();
			bus.finish();
		}
	});

	it('says so when a part cannot be calibrated', () => {
		const bus = new Bus().respond(0x38, hex`00 00 00 00 00 00`).expect(0x38, hex`E1 08 00`).respond(0x38, hex`00 00 00 00 00 00`);
		expect(() => measure(driver(bus, Result.AHT10), 2, bus)).toThrow('AHT10 is not calibrated: take its supply away for a moment.');
	});

	it('finds that a part lost power while measuring, and measures again afterwards', () => {
		const { bus, twin, sensor } = twinned('aht20', Result.AHT20);
		bus.now += sensor.start();
		twin.powerUp();
		const values = Int32Array.of(7, 7);
		expect(() => sensor.collect(values, 0)).toThrow('AHT20 gives no result: it was not started, or lost power while measuring.');
		expect([...values]).toEqual([7, 7]);
		bus.now += 40;
		expect(bus.complaint(sensor)).toBe('');
	});
});
