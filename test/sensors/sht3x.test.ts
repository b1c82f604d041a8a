import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc8 } from '../../sensors/crc8.js';
import { SHT3x } from '../../sensors/sht3x/sht3x.js';
import { simulated } from '../../sensors/sht3x/simulated.js';
import { Bus, hex, measure } from '../support/bus.js';
import { steps, TwinBus } from '../support/twin-bus.js';

const PINS = { data: 4, clock: 5 };

function sht3x(bus: Bus, options: { address?: number } = {}): SHT3x {
	return new SHT3x({ sensor: { io: bus.I2C, ...PINS, ...options } });
}

/** Both words with their check sums, as the part sends them. */
function result(temperature: number, humidity: number): number[] {
	return [temperature, humidity].flatMap((word) => {
		const bytes = [word >> 8, word & 0xff];
		return [...bytes, crc8(Uint8Array.from(bytes), 0, 2, 0xff)];
	});
}

describe('SHT3x', () => {
	it('measures in the bytes of the datasheet: 0x2400, 16 ms, six bytes', () => {
		// 0xBEEF with 0x92 is the datasheet's own word; -45 + 175 × 48879 / 65535 = 85.523 °C, 100 × 48879 / 65535 = 74.585 %.
		const bus = new Bus().expect(0x44, hex`24 00`).respond(0x44, hex`BE EF 92 BE EF 92`, 15.5);
		const sensor = sht3x(bus);
		expect(measure(sensor, 2, bus)).toEqual([85_523, 74_585]);
		expect(bus.waits).toEqual([16]);
		sensor.close();
		bus.finish();
	});

	it.each([
		[0x0000, 0x0000, -45_000, 0],
		[0xffff, 0xffff, 130_000, 100_000],
		// -45 + 175 × 0x6666 / 65535 = 25 °C and 0x8000 / 65535 = 50.001 %.
		[0x6666, 0x8000, 25_000, 50_001],
	])('converts %i and %i by the formulae of §4.13', (temperature, humidity, milliC, milliRh) => {
		const bus = new Bus().expect(0x44, hex`24 00`).respond(0x44, result(temperature, humidity));
		expect(measure(sht3x(bus), 2, bus)).toEqual([milliC, milliRh]);
	});

	it('asks the bus for 100 kHz and address 0x44 unless it is told otherwise', () => {
		const bus = new Bus();
		sht3x(bus);
		sht3x(bus, { address: 0x45 });
		new SHT3x({ sensor: { io: bus.I2C, data: 21, clock: 22, hz: 400_000 } });
		expect(bus.made.map(({ hz, address }) => [hz, address])).toEqual([[100_000, 0x44], [100_000, 0x45], [400_000, 0x44]]);
	});

	it('writes both from the place on that it is told', () => {
		const bus = new Bus().expect(0x44, hex`24 00`).respond(0x44, result(0x6666, 0x8000));
		const values = Int32Array.of(7, 7, 7, 7);
		const sensor = sht3x(bus);
		bus.wait(sensor.start());
		sensor.collect(values, 1);
		expect([...values]).toEqual([7, 25_000, 50_001, 7]);
	});

	it('measures again and again with the same buffers', () => {
		const bus = new Bus();
		for (const word of [0x1111, 0x2222]) bus.expect(0x45, hex`24 00`).respond(0x45, result(word, word), 15.5);
		const sensor = sht3x(bus, { address: 0x45 });
		expect(measure(sensor, 2, bus)).toEqual([-33_333, 6_667]);
		expect(measure(sensor, 2, bus)).toEqual([-21_667, 13_333]);
		sensor.close();
		bus.finish();
	});

	it('says so when nobody answers', () => {
		const bus = new Bus().refuse(0x44, hex`24 00`);
		expect(() => sht3x(bus).start()).toThrow('SHT3x does not answer: check its wiring and its address.');
	});

	it('says so when it is collected too early', () => {
		const bus = new Bus().expect(0x44, hex`24 00`).respond(0x44, result(1, 1), 15.5);
		const sensor = sht3x(bus);
		sensor.start();
		bus.wait(15);
		expect(() => sensor.collect(new Int32Array(2), 0)).toThrow('SHT3x gives no result');
	});

	it.each([0, 1, 2, 3, 4, 5])('refuses a wrong bit in byte %i and writes nothing', (wrong) => {
		const bytes = result(0x6666, 0x8000);
		bytes[wrong]! ^= 0x10;
		const bus = new Bus().expect(0x44, hex`24 00`).respond(0x44, bytes);
		const sensor = sht3x(bus);
		const values = Int32Array.of(7, 7);
		sensor.start();
		expect(() => sensor.collect(values, 0)).toThrow('SHT3x sends a wrong check sum');
		expect([...values]).toEqual([7, 7]);
	});

	it('comes back within half a step of every temperature and humidity', () => {
		fc.assert(
			fc.property(fc.double({ min: -40, max: 125, noNaN: true }), fc.double({ min: 0, max: 100, noNaN: true }), (celsius, rh) => {
				const words = result(Math.round(((celsius + 45) / 175) * 65_535), Math.round((rh / 100) * 65_535));
				const bus = new Bus().expect(0x44, hex`24 00`).respond(0x44, words, 15.5);
				const [milliC, milliRh] = measure(sht3x(bus), 2, bus);
				return Math.abs(milliC! - celsius * 1_000) <= 175_000 / 65_535 / 2 + 0.5 && Math.abs(milliRh! - rh * 1_000) <= 100_000 / 65_535 / 2 + 0.5;
			}),
			{ seed: 3 },
		);
	});
});

describe('SHT3x and its twin', () => {
	const twinned = () => {
		const bus = new TwinBus();
		return { bus, twin: bus.wire(simulated, 'sht3x', 0x45), sensor: new SHT3x(bus.options(0x45)) };
	};

	it('say the same over the whole range, to half a step', () => {
		const { bus, sensor } = twinned();
		for (const temperatureC of steps(-40, 125, 40)) {
			bus.air = { temperatureC, humidityPct: (temperatureC + 40) / 1.65, pressureHpa: 1_000 };
			const [milliC, milliRh] = bus.measure(sensor);
			expect(Math.abs(milliC! - temperatureC * 1_000)).toBeLessThanOrEqual(175_000 / 65_535 / 2 + 0.5);
			expect(Math.abs(milliRh! - bus.air.humidityPct * 1_000)).toBeLessThanOrEqual(100_000 / 65_535 / 2 + 0.5);
		}
	});

	it('come together again after each trouble', () => {
		const { bus, twin, sensor } = twinned();
		expect(bus.through('gone', sensor, twin)).toBe('SHT3x does not answer: check its wiring and its address.');
		expect(bus.through('garbled', sensor, twin)).toBe('SHT3x sends a wrong check sum: shorten its wires or check its pull-ups.');
	});
});

describe('the bus of the tests', () => {
	it.each<[string, (bus: Bus, sensor: SHT3x) => void]>([
		['a missing read', (bus, sensor) => { bus.expect(0x44, hex`24 00`).respond(0x44, result(1, 1)); sensor.start(); }],
		['an extra write', (bus, sensor) => { bus.expect(0x44, hex`24 00`); sensor.start(); sensor.start(); }],
		['a wrong byte', (bus, sensor) => { bus.expect(0x44, hex`24 0B`); sensor.start(); }],
		['a missing byte', (bus, sensor) => { bus.expect(0x44, hex`24`); sensor.start(); }],
		['a wrong address', (bus, sensor) => { bus.expect(0x45, hex`24 00`); sensor.start(); }],
		['a wrong order', (bus, sensor) => { bus.respond(0x44, result(1, 1)).expect(0x44, hex`24 00`); sensor.start(); }],
		['a longer read', (bus, sensor) => { bus.expect(0x44, hex`24 00`).respond(0x44, hex`00 00 00`); measure(sensor, 2, bus); }],
		['a bus left open', () => {}],
	])('fails at %s', (name, run) => {
		const bus = new Bus();
		const sensor = sht3x(bus);
		try {
			run(bus, sensor);
		} catch {
			// The driver's own sentence; what counts is that the bus has not forgotten.
		}
		if (name !== 'a bus left open') sensor.close();
		expect(() => bus.finish()).toThrow('The bus saw');
	});
});
