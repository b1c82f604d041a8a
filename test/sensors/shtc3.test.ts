import { describe, expect, it } from 'vitest';
import { simulated } from '../../sensors/shtc3/simulated.js';
import { SHTC3 } from '../../sensors/shtc3/shtc3.js';
import { Bus, hex, measure } from '../support/bus.js';
import { steps, TwinBus } from '../support/twin-bus.js';

const shtc3 = (bus: Bus) => new SHTC3({ sensor: { io: bus.I2C, data: 4, clock: 5 } });
const twinned = () => {
	const bus = new TwinBus();
	return { bus, twin: bus.wire(simulated, 'shtc3', 0x70), sensor: new SHTC3(bus.options()) };
};

describe('SHTC3', () => {
	it('wakes, measures, reads and sleeps in the bytes of the datasheet', () => {
		// -45 + 175 × 48879 / 65536 = 85.521 °C, 100 × 48879 / 65536 = 74.583 %.
		const bus = new Bus().expect(0x70, hex`35 17`).expect(0x70, hex`78 66`).respond(0x70, hex`BE EF 92 BE EF 92`, 12.1).expect(0x70, hex`B0 98`);
		const sensor = shtc3(bus);
		expect(measure(sensor, 2, bus)).toEqual([85_521, 74_583]);
		expect(bus.waits).toEqual([1, 15]);
		sensor.close();
		bus.finish();
	});

	it('follows its twin over the whole range, to half a step', () => {
		const { bus, sensor } = twinned();
		for (const temperatureC of steps(-40, 125, 40)) {
			bus.air = { temperatureC, humidityPct: Math.min((temperatureC + 40) / 1.65, 99.99), pressureHpa: 1_000 };
			const [milliC, milliRh] = bus.measure(sensor);
			expect(Math.abs(milliC! - temperatureC * 1_000)).toBeLessThanOrEqual(175_000 / 65_536 / 2 + 0.5);
			expect(Math.abs(milliRh! - bus.air.humidityPct * 1_000)).toBeLessThanOrEqual(100_000 / 65_536 / 2 + 0.5);
		}
	});

	it('leaves the part asleep, where it hears nothing but its wake-up call', () => {
		const { bus, twin, sensor } = twinned();
		bus.measure(sensor);
		expect(twin.write(Uint8Array.of(0x78, 0x66))).toBe(false);
		expect(bus.complaint(sensor)).toBe('');
	});

	it('says what is wrong, and measures again by itself', () => {
		const { bus, twin, sensor } = twinned();
		expect(bus.through('gone', sensor, twin)).toBe('SHTC3 does not answer: check its wiring and its address.');
		expect(bus.through('garbled', sensor, twin)).toBe('SHTC3 sends a wrong check sum: shorten its wires or check its pull-ups.');
	});

	it('measures although the part missed that it should sleep', () => {
		const { bus, twin, sensor } = twinned();
		twin.trouble = 'garbled';
		bus.complaint(sensor);
		twin.trouble = 'none';
		expect(twin.write(Uint8Array.of())).toBe(true);
		expect(bus.complaint(sensor)).toBe('');
	});

	it('begins anew after it lost power at any step', () => {
		for (const lost of [0, 1]) {
			const { bus, twin, sensor } = twinned();
			const values = Int32Array.of(7, 7);
			bus.now += sensor.start();
			if (lost) bus.now += sensor.collect(values, 0);
			twin.powerUp();
			if (lost) bus.now += 1;
			expect(() => sensor.collect(values, 0)).toThrow(lost ? 'SHTC3 gives no result' : 'SHTC3 does not answer');
			expect([...values]).toEqual([7, 7]);
			bus.now += 1;
			expect(bus.complaint(sensor)).toBe('');
		}
	});
});
