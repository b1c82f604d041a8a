import { describe, expect, it } from 'vitest';
import { simulated } from '../../sensors/si7021/simulated.js';
import { Si7021 } from '../../sensors/si7021/si7021.js';
import { Bus, hex, measure } from '../support/bus.js';
import { steps, TwinBus } from '../support/twin-bus.js';

const NOBODY = 'Si7021 or HTU21D does not answer: check its wiring and its address.';
const twinned = (row: string) => {
	const bus = new TwinBus();
	return { bus, twin: bus.wire(simulated, row, 0x40), sensor: new Si7021(bus.options()) };
};

describe('Si7021', () => {
	it('measures in the bytes of the HTU21D datasheet, humidity first', () => {
		// 0x683A with 7C is 24.686 °C; 0x4E85 with 6B is 32.338 % once the two lowest bits are away.
		const bus = new Bus().expect(0x40, hex`F5`).respond(0x40, hex`4E 85 6B`, 29).expect(0x40, hex`F3`).respond(0x40, hex`68 3A 7C`, 85);
		const sensor = new Si7021({ sensor: { io: bus.I2C, data: 4, clock: 5 } });
		expect(measure(sensor, 2, bus)).toEqual([24_686, 32_338]);
		expect(bus.waits).toEqual([30, 86]);
		sensor.close();
		bus.finish();
	});

	it.each([
		['below 0 %', hex`00 02 62`, 0],
		['above 100 %', hex`FF FE 1C`, 100_000],
	])('crops what is %s', (_what, bytes, milliRh) => {
		const bus = new Bus().expect(0x40, hex`F5`).respond(0x40, bytes).expect(0x40, hex`F3`).respond(0x40, hex`68 3A 7C`);
		expect(measure(new Si7021({ sensor: { io: bus.I2C, data: 4, clock: 5 } }), 2, bus)).toEqual([24_686, milliRh]);
	});

	it.each(['si7021', 'htu21d'])('follows the twin of an %s over the whole range, to half a step', (row) => {
		const { bus, sensor } = twinned(row);
		for (const temperatureC of steps(-40, 125, 40)) {
			bus.air = { temperatureC, humidityPct: (temperatureC + 40) / 1.65, pressureHpa: 1_000 };
			const [milliC, milliRh] = bus.measure(sensor);
			// The last bits that are masked away are worth up to three steps of 16 bits.
			expect(Math.abs(milliC! - temperatureC * 1_000)).toBeLessThanOrEqual(175_720 / 65_536 * 3.5 + 0.5);
			expect(Math.abs(milliRh! - bus.air.humidityPct * 1_000)).toBeLessThanOrEqual(125_000 / 65_536 * 3.5 + 0.5);
		}
	});

	it.each(['si7021', 'htu21d'])('says what is wrong with an %s, and measures again by itself', (row) => {
		const { bus, twin, sensor } = twinned(row);
		expect(bus.through('gone', sensor, twin)).toBe(NOBODY);
		expect(bus.through('garbled', sensor, twin)).toBe('Si7021 or HTU21D sends a wrong check sum: shorten its wires or check its pull-ups.');
	});

	it.each(['si7021', 'htu21d'])('waits for an %s whose supply has just come', (row) => {
		const { bus, twin, sensor } = twinned(row);
		twin.powerUp();
		expect(bus.complaint(sensor)).toBe('');
		expect(bus.waitedMs).toBe(80 + 30 + 86);
	});

	it('begins anew after it lost power between humidity and temperature', () => {
		const { bus, twin, sensor } = twinned('htu21d');
		const values = Int32Array.of(7, 7);
		bus.now += sensor.start();
		bus.now += sensor.collect(values, 0);
		twin.powerUp();
		bus.now += 20;
		expect(() => sensor.collect(values, 0)).toThrow('Si7021 or HTU21D gives no result');
		expect([...values]).toEqual([7, 7]);
		expect(bus.complaint(sensor)).toBe('');
	});

	it('takes a temperature of an HTU21D for what it is although the humidity before was refused', () => {
		const { bus, twin, sensor } = twinned('htu21d');
		twin.trouble = 'garbled';
		bus.complaint(sensor);
		twin.trouble = 'none';
		bus.air = { temperatureC: -20, humidityPct: 80, pressureHpa: 1_000 };
		const [milliC, milliRh] = bus.measure(sensor);
		expect([Math.round(milliC! / 100), Math.round(milliRh! / 100)]).toEqual([-200, 800]);
	});
});
