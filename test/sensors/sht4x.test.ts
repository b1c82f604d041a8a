import { describe, expect, it } from 'vitest';
import { simulated } from '../../sensors/sht4x/simulated.js';
import { SHT4x } from '../../sensors/sht4x/sht4x.js';
import { Bus, hex, measure } from '../support/bus.js';
import { steps, TwinBus } from '../support/twin-bus.js';

const PINS = { data: 4, clock: 5 };
const sht4x = (bus: Bus) => new SHT4x({ sensor: { io: bus.I2C, ...PINS } });
const twinned = () => {
	const bus = new TwinBus();
	return { bus, twin: bus.wire(simulated, 'sht4x', 0x44), sensor: new SHT4x(bus.options()) };
};

describe('SHT4x', () => {
	it('measures in the bytes of the datasheet: FD, 10 ms, six bytes', () => {
		// 0xBEEF is the datasheet's word: -45 + 175 × 48879 / 65535 = 85.523 °C, -6 + 125 × 48879 / 65535 = 87.231 %.
		const bus = new Bus().expect(0x44, hex`FD`).respond(0x44, hex`BE EF 92 BE EF 92`, 8.3);
		const sensor = sht4x(bus);
		expect(measure(sensor, 2, bus)).toEqual([85_523, 87_231]);
		expect(bus.waits).toEqual([10]);
		sensor.close();
		bus.finish();
	});

	it.each([
		['less than 0 %', hex`66 66 93 00 00 81`, 0],
		['more than 100 %', hex`66 66 93 FF FF AC`, 100_000],
	])('crops %s, as the datasheet wants it', (_what, bytes, milliRh) => {
		const bus = new Bus().expect(0x44, hex`FD`).respond(0x44, bytes);
		expect(measure(sht4x(bus), 2, bus)).toEqual([25_000, milliRh]);
	});

	it('asks for 100 kHz and address 0x44 unless it is told otherwise', () => {
		const bus = new Bus();
		sht4x(bus);
		new SHT4x({ sensor: { io: bus.I2C, ...PINS, hz: 400_000, address: 0x46 } });
		expect(bus.made.map(({ hz, address }) => [hz, address])).toEqual([[100_000, 0x44], [400_000, 0x46]]);
	});

	it('follows its twin over the whole range, to half a step', () => {
		const { bus, sensor } = twinned();
		for (const temperatureC of steps(-40, 125, 40)) {
			bus.air = { temperatureC, humidityPct: (temperatureC + 40) / 1.65, pressureHpa: 1_000 };
			const [milliC, milliRh] = bus.measure(sensor);
			expect(Math.abs(milliC! - temperatureC * 1_000)).toBeLessThanOrEqual(175_000 / 65_535 / 2 + 0.5);
			expect(Math.abs(milliRh! - bus.air.humidityPct * 1_000)).toBeLessThanOrEqual(125_000 / 65_535 / 2 + 0.5);
		}
	});

	it('says what is wrong, and measures again by itself', () => {
		const { bus, twin, sensor } = twinned();
		expect(bus.through('gone', sensor, twin)).toBe('SHT4x does not answer: check its wiring and its address.');
		expect(bus.through('garbled', sensor, twin)).toBe('SHT4x sends a wrong check sum: shorten its wires or check its pull-ups.');
	});

	it('says so when it lost power while measuring, or is asked too early', () => {
		const { bus, twin, sensor } = twinned();
		const values = Int32Array.of(7, 7);
		sensor.start();
		bus.now += 8;
		expect(() => sensor.collect(values, 0)).toThrow('SHT4x gives no result: it was not started, or lost power while measuring.');
		bus.now += 2;
		twin.powerUp();
		bus.now += 2;
		expect(() => sensor.collect(values, 0)).toThrow('SHT4x gives no result');
		expect([...values]).toEqual([7, 7]);
		expect(bus.complaint(sensor)).toBe('');
	});
});
