import { describe, expect, it } from 'vitest';
import { BME280 } from '../../sensors/bme280/bme280.js';
import { simulated } from '../../sensors/bme280/simulated.js';
import { Bus, hex, measure } from '../support/bus.js';
import { steps, TwinBus } from '../support/twin-bus.js';

const bme280 = (bus: Bus) => new BME280({ sensor: { io: bus.I2C, data: 4, clock: 5 } });
const twinned = (row = 'bme280') => {
	const bus = new TwinBus();
	return { bus, twin: bus.wire(simulated, row, 0x76), sensor: new BME280(bus.options()) };
};

const words = (numbers: readonly number[]) => numbers.flatMap((each) => [each & 0xff, (each >> 8) & 0xff]);
/** T1 to T3 and P1 to P9, a byte that means nothing, H1. */
const TRIM = [...words([27_504, 26_435, -1_000, 36_477, -10_685, 3_024, 2_855, 140, -7, 15_500, -14_600, 6_000]), 0, 75];
/** H2 364, H3 0, H4 313, H5 50, H6 30. */
const TRIM_HUMIDITY = hex`6C 01 00 13 29 03 1E`;

function data(temperature: number, pressure: number, humidity: number): number[] {
	const long = (raw: number) => [raw >> 12, (raw >> 4) & 0xff, (raw & 0xf) << 4];
	return [...long(pressure), ...long(temperature), humidity >> 8, humidity & 0xff];
}

/** One measurement; `head` is F3 to F6. */
function script(bytes: readonly number[], { identity = 0x60, trim = TRIM, trimHumidity = TRIM_HUMIDITY, head = hex`00 24 00 00` } = {}): Bus {
	return new Bus().expect(0x76, hex`D0`).respond(0x76, [identity]).expect(0x76, hex`F2 01`).expect(0x76, hex`F4 25`)
		.expect(0x76, hex`E1`).respond(0x76, trimHumidity).expect(0x76, hex`F3`).respond(0x76, [...head, ...bytes])
		.expect(0x76, hex`88`).respond(0x76, trim);
}

describe('BME280', () => {
	it.each([
		[519_888, 415_148, 30_000, [25_082, 55_302, 1_006_533]],
		[519_888, 415_148, 37_000, [25_082, 94_218, 1_006_533]],
		[400_000, 415_148, 26_000, [-12_644, 33_139, 949_163]],
	])('compensates %i, %i and %i as Bosch does', (temperature, pressure, humidity, expected) => {
		const bus = script(data(temperature, pressure, humidity));
		const sensor = bme280(bus);
		expect(measure(sensor, 3, bus)).toEqual(expected);
		expect(bus.waits).toEqual([10]);
		expect(sensor.complaint).toBe('');
		sensor.close();
		bus.finish();
	});

	it('does not hide what lies outside, where Bosch clips it', () => {
		const dry = script(data(519_888, 415_148, 20_000));
		expect(measure(bme280(dry), 3, dry)[1]).toBeLessThan(0);
		const deep = script(data(650_000, 300_000, 33_000));
		const [milliC, milliRh, milliHpa] = measure(bme280(deep), 3, deep);
		expect([milliC, milliRh]).toEqual([65_656, 74_657]);
		expect(milliHpa).toBeGreaterThan(1_100_000);
	});

	it('takes H4 and H5 as signed numbers of 12 bits', () => {
		// F5 2A 03: H4 -166, H5 50; and all ones: H4 -1, H5 -1. With Bosch's formula: 114.36327 % and 56.73718 %.
		const raw = data(519_888, 415_148, 10_000);
		const bus = script(raw, { trimHumidity: hex`6C 01 00 F5 2A 03 1E` });
		expect(measure(bme280(bus), 3, bus)[1]).toBe(114_363);
		const ones = script(raw, { trimHumidity: hex`6C 01 00 FF FF FF 1E` });
		expect(measure(bme280(ones), 3, ones)[1]).toBe(56_737);
	});

	it('follows its twin over the whole range, to half a step', () => {
		const { bus, sensor } = twinned();
		for (const temperatureC of steps(-40, 85, 40)) {
			const share = (temperatureC + 40) / 125;
			bus.air = { temperatureC, humidityPct: 100 * share, pressureHpa: 300 + 800 * ((share * 7) % 1) };
			const [milliC, milliRh, milliHpa] = bus.measure(sensor, 3);
			expect(Math.abs(milliC! - temperatureC * 1_000)).toBeLessThanOrEqual(3.1);
			expect(Math.abs(milliRh! - bus.air.humidityPct * 1_000)).toBeLessThanOrEqual(8);
			expect(Math.abs(milliHpa! - bus.air.pressureHpa * 1_000)).toBeLessThanOrEqual(14);
		}
	});

	it('says what is wrong, and measures again by itself', () => {
		const { bus, twin, sensor } = twinned();
		expect(bus.through('gone', sensor, twin, 3)).toBe('BME280 does not answer: check its wiring and its address.');
	});

	it('names a BMP280 that was sold as one, which has no humidity and gives the rest', () => {
		const { bus, sensor } = twinned('bmp280');
		const [milliC, milliRh, milliHpa] = bus.measure(sensor, 3);
		expect(milliRh).toBe(-0x8000_0000);
		expect([Math.round(milliC! / 100), Math.round(milliHpa! / 100)]).toEqual([210, 10_133]);
		expect(sensor.complaint).toBe('BME280 is a BMP280, sold as one: it has no humidity.');
	});

	it('refuses another part at its address', () => {
		const bus = new Bus().expect(0x76, hex`D0`).respond(0x76, [0x61]);
		expect(() => bme280(bus).start()).toThrow('BME280 says that it is another part (97): check its address.');
	});

	it.each([
		['measures still', data(519_888, 415_148, 30_000), { head: hex`08 25 00 00` }, 'BME280 gives no result'],
		['lost power while measuring', data(0x80000, 0x80000, 0x8000), { head: hex`00 00 00 00` }, 'BME280 gives no result'],
		['skipped temperature', data(0x80000, 415_148, 30_000), {}, 'BME280 gives no result'],
		['skipped pressure', data(519_888, 0x80000, 30_000), {}, 'BME280 gives no result'],
		['skipped humidity', data(519_888, 415_148, 0x8000), {}, 'BME280 gives no result'],
		['has no trim', data(519_888, 415_148, 30_000), { trim: TRIM.map(() => 0) }, 'BME280 sends a trim that cannot be: shorten its wires or check its supply.'],
	])('refuses a part that %s', (_what, bytes, how, sentence) => {
		const bus = script(bytes, how);
		const values = Int32Array.of(7, 7, 7);
		const sensor = bme280(bus);
		bus.wait(sensor.start());
		expect(() => sensor.collect(values, 0)).toThrow(sentence);
		expect([...values]).toEqual([7, 7, 7]);
		sensor.close();
		bus.finish();
	});

	it('measures again after it lost power, and another part in its place by its own trim', () => {
		const { bus, twin, sensor } = twinned();
		bus.now += sensor.start();
		twin.powerUp();
		bus.now += 2;
		expect(() => sensor.collect(new Int32Array(3), 0)).toThrow('lost power while measuring');
		expect(bus.measure(sensor, 3).map((each) => Math.round(each / 100))).toEqual([210, 450, 10_133]);
		bus.twins.pop();
		bus.wire(simulated, 'bmp280', 0x76);
		expect(bus.measure(sensor, 3)[1]).toBe(-0x8000_0000);
	});
});
