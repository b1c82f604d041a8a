import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { board as esp32 } from '../../hardware/esp32.js';
import { board as nodemcu } from '../../hardware/nodemcu.js';
import { TMP36 } from '../../sensors/tmp36/tmp36.js';
import { measure, Pin } from '../support/bus.js';

/** A pin of whole millivolts: a count is one. */
function inMillivolts(...counts: (number | undefined)[]): { pin: Pin; sensor: TMP36 } {
	const pin = new Pin(12, ...counts);
	return { pin, sensor: new TMP36({ sensor: { io: pin.Analog, pin: 34 }, fullScaleMv: 4_095, bits: 12 }) };
}

describe('TMP36', () => {
	it.each([
		// Datasheet: 750 mV at 25 °C (table 1), 10 mV/°C, 100 mV to 2000 mV for -40 °C to 150 °C.
		[750, 25_000], [500, 0], [100, -40_000], [1_750, 125_000], [2_000, 150_000], [499, -100], [501, 100],
	])('makes %i mV into %i m°C', (mv, milliC) => {
		expect(measure(inMillivolts(mv).sensor, 1)).toEqual([milliC]);
	});

	it.each([
		['nodemcu', 240, 25_000],
		// One count is 3.125 mV, 0.3125 °C: 312.5 m°C, rounded once.
		['nodemcu', 241, 25_313],
		['nodemcu', 32, -40_000],
		['nodemcu', 640, 150_000],
		// The SDK gives 750 mV as the count 750 × 4095 / 2450, cut to 1253.
		['esp32', 1_253, 24_966],
	])('reads the counts of %s: %i is %i m°C', (name, count, milliC) => {
		const board = name === 'esp32' ? esp32 : nodemcu;
		const pin = new Pin(board.analog.bits, count);
		const sensor = new TMP36({ sensor: { io: pin.Analog, pin: board.analog.pin }, ...board.analog });
		expect(measure(sensor, 1)).toEqual([milliC]);
	});

	it('needs no time and makes one conversion for each collect', () => {
		const { pin, sensor } = inMillivolts(750, 751, 752);
		expect(sensor.start()).toBe(0);
		expect(pin.reads).toBe(0);
		const values = new Int32Array(3);
		for (let at = 0; at < 3; at++) sensor.collect(values, at);
		expect(pin.reads).toBe(3);
		expect([...values]).toEqual([25_000, 25_100, 25_200]);
	});

	it('writes where it is told and nowhere else', () => {
		const values = Int32Array.of(7, 7, 7);
		inMillivolts(600).sensor.collect(values, 1);
		expect([...values]).toEqual([7, 10_000, 7]);
	});

	it.each([
		[99, 'TMP36 gives 99 mV, less than it can: check its pins 1 (3V3) and 2 (analog input).'],
		[0, 'TMP36 gives 0 mV, less than it can: check its pins 1 (3V3) and 2 (analog input).'],
		[2_001, 'TMP36 gives 2001 mV, more than it can: check that pin 3 is at GND.'],
		[4_095, 'TMP36 gives 4095 mV, more than it can: check that pin 3 is at GND.'],
		[undefined, 'TMP36 cannot be read: the analog conversion failed.'],
	])('refuses a count of %s and writes nothing', (count, sentence) => {
		const { sensor } = inMillivolts(count, 750);
		const values = Int32Array.of(7);
		expect(() => sensor.collect(values, 0)).toThrow(sentence);
		expect([...values]).toEqual([7]);
		sensor.collect(values, 0);
		expect([...values], 'and goes on').toEqual([25_000]);
	});

	it('does not take a shorted input of the ESP32, which reads as 142 mV, for -35.8 °C', () => {
		const count = Math.floor((142 * 4095) / 2450);
		const pin = new Pin(12, count);
		const sensor = new TMP36({ sensor: { io: pin.Analog, pin: 34 }, ...esp32.analog });
		expect(() => measure(sensor, 1)).toThrow('less than it can');
	});

	it.each([nodemcu, esp32])('refuses an input tied to 3V3 on $name, where it reads as full scale', (board) => {
		const pin = new Pin(board.analog.bits, 2 ** board.analog.bits - 1);
		const sensor = new TMP36({ sensor: { io: pin.Analog, pin: 0 }, ...board.analog });
		expect(() => measure(sensor, 1)).toThrow('more than it can');
	});

	it('gives the pin back when it is closed', () => {
		const { pin, sensor } = inMillivolts();
		sensor.close();
		expect(pin.open).toBe(0);
	});

	it.each([nodemcu, esp32])('comes back within half a count of every temperature on $name', (board) => {
		const { bits, fullScaleMv, lowestMv } = board.analog;
		const countMv = fullScaleMv / (2 ** bits - 1);
		const lowest = Math.max(-40, (lowestMv - 500) / 10 + 1);
		fc.assert(
			fc.property(fc.double({ min: lowest, max: 125, noNaN: true }), (celsius) => {
				const pin = new Pin(bits, Math.round((500 + celsius * 10) / countMv));
				const sensor = new TMP36({ sensor: { io: pin.Analog, pin: 0 }, ...board.analog });
				const [milliC] = measure(sensor, 1);
				return Math.abs(milliC! - celsius * 1_000) <= (countMv / 2) * 100 + 0.5;
			}),
			{ seed: 36 },
		);
	});
});
