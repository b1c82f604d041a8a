import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { board as esp32 } from '../../hardware/esp32.js';
import { board as nodemcu } from '../../hardware/nodemcu.js';

/** NodeMCU 1.0: what is printed on the board against the chip's GPIO. */
const NODEMCU_GPIO: Readonly<Record<string, number>> = { D0: 16, D1: 5, D2: 4, D3: 0, D4: 2, D5: 14, D6: 12, D7: 13, D8: 15 };
/** ESP32: the inputs of ADC1, the converter that works beside Wi-Fi. */
const ESP32_ADC1 = [36, 37, 38, 39, 32, 33, 34, 35];

describe('the boards', () => {
	it('have the same names for their constants', () => {
		const shape = (value: object): unknown => Object.entries(value).map(([key, each]) => (each && typeof each === 'object' ? [key, shape(each)] : key));
		expect(shape(esp32)).toEqual(shape(nodemcu));
	});

	it.each([nodemcu, esp32])('are frozen: $name', (board) => {
		expect([board, board.analog, board.i2c].every(Object.isFrozen)).toBe(true);
	});

	it.each(['nodemcu', 'esp32'])('import nothing: %s', (name) => {
		const source = readFileSync(new URL(`../../hardware/${name}.ts`, import.meta.url), 'utf8');
		expect(source).not.toMatch(/^\s*import\b/m);
		expect(source).toContain(`name: '${name}'`);
	});
});

describe('nodemcu', () => {
	it('names the GPIOs of the labels that it gives', () => {
		expect(NODEMCU_GPIO[nodemcu.i2c.dataLabel]).toBe(nodemcu.i2c.data);
		expect(NODEMCU_GPIO[nodemcu.i2c.clockLabel]).toBe(nodemcu.i2c.clock);
	});

	it('has its LED on D4 and its button on D3, both active low', () => {
		expect([nodemcu.led.pin, nodemcu.button.pin]).toEqual([NODEMCU_GPIO.D4, NODEMCU_GPIO.D3]);
		expect([nodemcu.led.activeLow, nodemcu.button.activeLow, nodemcu.button.label]).toEqual([true, true, 'FLASH']);
	});

	it('counts in 1/1024 V behind a divider of 220 kΩ and 100 kΩ', () => {
		const countMv = (1_000 / 1_024) * ((220 + 100) / 100);
		expect(nodemcu.analog.fullScaleMv / (2 ** nodemcu.analog.bits - 1)).toBe(countMv);
	});

	it('has one analog input', () => {
		expect(nodemcu.analog.secondPin).toBe(-1);
	});
});

describe('esp32', () => {
	it('measures on ADC1, at two pins', () => {
		expect(ESP32_ADC1).toContain(esp32.analog.pin);
		expect(ESP32_ADC1).toContain(esp32.analog.secondPin);
		expect(esp32.analog.secondPin).not.toBe(esp32.analog.pin);
	});

	it('has the GPIO numbers for labels', () => {
		expect([esp32.analog.label, esp32.analog.secondLabel, esp32.i2c.dataLabel, esp32.i2c.clockLabel]).toEqual(
			[esp32.analog.pin, esp32.analog.secondPin, esp32.i2c.data, esp32.i2c.clock].map(String),
		);
	});

	it('turns the counts of the SDK back into their millivolts, less one at most', () => {
		const { bits, fullScaleMv, lowestMv } = esp32.analog;
		for (let mv = lowestMv; mv <= fullScaleMv; mv++) {
			const count = Math.floor((mv * (2 ** bits - 1)) / fullScaleMv);
			const back = (count * fullScaleMv) / (2 ** bits - 1);
			expect(mv - back).toBeGreaterThanOrEqual(0);
			expect(mv - back).toBeLessThan(0.6);
		}
	});
});
