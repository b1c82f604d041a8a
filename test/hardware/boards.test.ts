import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { board as d1mini } from '../../hardware/d1mini.js';
import { board as esp32 } from '../../hardware/esp32.js';
import { board as esp32c3 } from '../../hardware/esp32c3.js';
import { board as nodemcu } from '../../hardware/nodemcu.js';
import { PINS } from '../../hardware/pins.js';

const BOARDS = { nodemcu, d1mini, esp32, esp32c3 };
/** ESP32: the inputs of ADC1, the converter that works beside Wi-Fi. */
const ESP32_ADC1 = [36, 37, 38, 39, 32, 33, 34, 35];
const pinsOf = (name: keyof typeof PINS) => [...PINS[name].left, ...PINS[name].right].filter(({ gpio }) => gpio >= 0);
const labelled = (name: keyof typeof PINS, label: string) => pinsOf(name).find((each) => each.label === label)!.gpio;

describe('the boards', () => {
	it('have the same names for their constants', () => {
		const shape = (value: object): unknown => Object.entries(value).map(([key, each]) => (each && typeof each === 'object' && !Array.isArray(each) ? [key, shape(each)] : key));
		for (const board of Object.values(BOARDS)) expect(shape(board)).toEqual(shape(nodemcu));
	});

	it.each(Object.values(BOARDS))('are frozen: $name', (board) => {
		expect([board, board.analog, board.analog.further, board.i2c, board.digital, board.outputs].every(Object.isFrozen)).toBe(true);
	});

	it.each(Object.keys(BOARDS))('import nothing: %s', (name) => {
		const source = readFileSync(new URL(`../../hardware/${name}.ts`, import.meta.url), 'utf8');
		expect(source).not.toMatch(/^\s*import\b/m);
		expect(source).toContain(`name: '${name}'`);
	});

	it.each(Object.entries(BOARDS))('offer to parts what they do not need themselves: %s', (name, { analog, i2c, led, button, digital, outputs, serial }) => {
		const own = [i2c.data, i2c.clock, led.pin, button.pin, serial.transmit, serial.receive];
		const offered = [analog.pin, ...analog.further, ...digital, ...outputs];
		expect(new Set([...own, ...offered]).size, 'each pin once').toBe(own.length + offered.length);
		const pins = pinsOf(name as keyof typeof PINS);
		expect(new Set(pins.map(({ gpio }) => gpio)).size, 'each GPIO is printed once').toBe(pins.length);
		for (const gpio of [...own, ...offered]) expect(pins.map((each) => each.gpio), `GPIO ${gpio} is on the board`).toContain(gpio);
		for (const gpio of own) expect(pins.find((each) => each.gpio === gpio)!.not, `GPIO ${gpio}`).not.toBe('');
	});

	it.each(Object.entries(BOARDS))('have a reason for each pin that they do not offer, and for no other: %s', (name, { analog, digital, outputs }) => {
		const inputs = [analog.pin, ...analog.further];
		for (const { gpio, not } of pinsOf(name as keyof typeof PINS)) {
			if (digital.some((each) => each === gpio)) expect(not, `GPIO ${gpio}`).toBe('');
			else if (outputs.some((each) => each === gpio)) expect(not, `GPIO ${gpio}`).toContain('no interrupts');
			else if (inputs.includes(gpio)) expect(['', 'it is an input only'], `GPIO ${gpio}`).toContain(not);
			else expect(not, `GPIO ${gpio}`).not.toBe('');
		}
	});
});

describe('nodemcu', () => {
	it('has I2C, its LED and its button where the board says, both active low', () => {
		expect([nodemcu.i2c.data, nodemcu.i2c.clock, nodemcu.led.pin, nodemcu.button.pin]).toEqual(['D2', 'D1', 'D4', 'D3'].map((label) => labelled('nodemcu', label)));
		expect([nodemcu.led.activeLow, nodemcu.button.activeLow]).toEqual([true, true]);
	});

	it('is what a D1 mini runs: all is the same but the name', () => {
		expect({ ...d1mini, name: nodemcu.name }).toEqual(nodemcu);
	});

	it('counts in 1/1024 V behind a divider of 220 kΩ and 100 kΩ', () => {
		const countMv = (1_000 / 1_024) * ((220 + 100) / 100);
		expect(nodemcu.analog.fullScaleMv / (2 ** nodemcu.analog.bits - 1)).toBe(countMv);
	});

	it('has one analog input', () => {
		expect(nodemcu.analog.further).toEqual([]);
	});
});

describe('esp32', () => {
	it('measures on ADC1, at each pin once', () => {
		const inputs = [esp32.analog.pin, ...esp32.analog.further];
		for (const pin of inputs) expect(ESP32_ADC1).toContain(pin);
		expect(new Set(inputs).size).toBe(inputs.length);
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
