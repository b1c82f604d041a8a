import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { board as esp32 } from '../../hardware/esp32.js';
import { HIH4030 } from '../../sensors/hih4030/hih4030.js';
import { measure, Pin } from '../support/bus.js';

/** Without a divider and at one count a millivolt, so that the numbers of the datasheet can be read off. */
function plain(...counts: (number | undefined)[]): { pin: Pin; sensor: HIH4030 } {
	const pin = new Pin(13, ...counts);
	const sensor = new HIH4030({ sensor: { io: pin.Analog, pin: 35 }, fullScaleMv: 8_191, bits: 13, supplyMv: 5_000, upperOhm: 0, lowerOhm: 100_000, ratioAtZero: 0.16, ratioPerRh: 0.0062 });
	return { pin, sensor };
}

const onEsp32 = (pin: Pin) =>
	new HIH4030({ sensor: { io: pin.Analog, pin: 35 }, ...esp32.analog, supplyMv: 5_000, upperOhm: 100_000, lowerOhm: 100_000, ratioAtZero: 0.16, ratioPerRh: 0.0062 });

describe('HIH4030', () => {
	it.each([
		// Table 1 at 5 V and 25 °C: 0.16 × 5 V = 800 mV at 0 %, 31 mV more a percent; the compensation at 25 °C is 1.0006.
		[800, 0], [2_350, 49_970], [3_900, 99_940],
	])('makes %i mV at 5 V into a relative humidity of %i thousandths of a percent at 25 °C', (mv, milliRh) => {
		expect(measure(plain(mv).sensor, 1)).toEqual([milliRh]);
	});

	it.each([
		// 50 / (1.0546 - 0.00216 T)
		[0, 47_411], [25_000, 49_970], [50_000, 52_821], [85_000, 57_405], [-40_000, 43_821],
	])('compensates for %i m°C', (milliC, milliRh) => {
		const { sensor } = plain(2_350);
		sensor.compensate(milliC);
		expect(measure(sensor, 1)).toEqual([milliRh]);
	});

	it('keeps within 0 and 100 % what lies outside by the part\'s own tolerance', () => {
		const { sensor } = plain(700, 4_000);
		expect(measure(sensor, 1)).toEqual([0]);
		expect(measure(sensor, 1)).toEqual([100_000]);
	});

	it.each([
		[0, 'HIH gives less than it can: check its supply, its output and its divider.'],
		[5_000, 'HIH gives more than it can: check its divider and that its ground is connected.'],
		[undefined, 'HIH cannot be read: the analog conversion failed.'],
	])('refuses a count of %s and writes nothing', (count, sentence) => {
		const { sensor } = plain(count, 2_350);
		const values = Int32Array.of(7);
		expect(() => sensor.collect(values, 0)).toThrow(sentence);
		expect([...values]).toEqual([7]);
		sensor.collect(values, 0);
		expect([...values], 'and goes on').toEqual([49_970]);
	});

	it('refuses an input of the ESP32 that is shorted or without divider', () => {
		const pin = new Pin(12, Math.floor((142 * 4095) / 2450), 4095);
		const sensor = onEsp32(pin);
		expect(() => measure(sensor, 1)).toThrow('less than it can');
		expect(() => measure(sensor, 1)).toThrow('more than it can');
	});

	it('needs no time, makes one conversion for each collect and gives the pin back', () => {
		const { pin, sensor } = plain(2_350);
		expect(sensor.start()).toBe(0);
		sensor.collect(new Int32Array(1), 0);
		expect(pin.reads).toBe(1);
		sensor.close();
		expect(pin.open).toBe(0);
	});

	it('comes back within half a count of every humidity, at every temperature, behind a divider', () => {
		const countMv = esp32.analog.fullScaleMv / (2 ** esp32.analog.bits - 1);
		const stepMilliRh = ((countMv * 2) / 5_000 / 0.0062) * 1_000;
		fc.assert(
			fc.property(fc.double({ min: 0, max: 100, noNaN: true }), fc.integer({ min: -20_000, max: 60_000 }), (rh, milliC) => {
				const divisor = 1.0546 - 0.00216 * (milliC / 1_000);
				const pinMv = (5_000 * (0.0062 * rh * divisor + 0.16)) / 2;
				const pin = new Pin(12, Math.round(pinMv / countMv));
				const sensor = onEsp32(pin);
				sensor.compensate(milliC);
				const [milliRh] = measure(sensor, 1);
				return Math.abs(milliRh! - rh * 1_000) <= stepMilliRh / 2 / divisor + 0.5;
			}),
			{ seed: 4030 },
		);
	});
});
