// SPDX-License-Identifier: MIT
// What is printed beside each pin of the boards, and what it must not be used for: for the command line, the drawings and
// the tests. No chip carries it. Imports nothing.
//
// Rule: the order of each column is that of the board with its USB socket at the bottom, from the top down. A pin that no
// board file offers to a part says here why not; a test holds the two together.
// Sources: Espressif, ESP8266EX datasheet §2 and hardware design guidelines ("Strapping pins"); ESP32-DevKitC V4 and
// ESP32-C3-DevKitM-1 user guides, "Header Block"; ESP32 and ESP32-C3 datasheets, "Strapping Pins".

export interface BoardPin {
	/** As it is printed; on some boards with "IO", "G" or "P" before the number. */
	readonly label: string;
	/** -1: supply, ground, reset. */
	readonly gpio: number;
	/** Why no part may be on it; '' if one may. */
	readonly not: string;
}

export interface BoardPins {
	readonly title: string;
	readonly left: readonly BoardPin[];
	readonly right: readonly BoardPin[];
	readonly button: string;
	/** What else to beware of, each a sentence. */
	readonly warnings: readonly string[];
}

const pin = (label: string, gpio = -1, not = ''): BoardPin => Object.freeze({ label, gpio, not });
const same = (...gpios: readonly number[]): readonly BoardPin[] => gpios.map((gpio) => pin(`${gpio | 0}`, gpio));
const FLASH = 'the flash chip is on it';
const BUTTON = 'the button is on it, and low at the start means the boot loader';
const LED = 'the LED is on it, and it must be high at the start';
const OUT = 'the serial line goes out on it';
const IN = 'the serial line comes in on it';
const DATA = 'it is the data line of I2C';
const CLOCK = 'it is the clock line of I2C';
const LOW = 'it must be low at the start';
const INPUT = 'it is an input only';
const LEVEL = 'its level at the start counts';
const SLOW = 'it has no interrupts and no pull-up';
const USB = 'it is a line of USB';

export const PINS: Readonly<Record<'nodemcu' | 'd1mini' | 'esp32' | 'esp32c3', BoardPins>> = Object.freeze({
	nodemcu: Object.freeze({
		title: 'NodeMCU 1.0 (ESP-12E)',
		left: Object.freeze([
			pin('A0', 17), pin('RSV'), pin('RSV'), pin('SD3', 10, FLASH), pin('SD2', 9, FLASH), pin('SD1', 8, FLASH), pin('CMD', 11, FLASH),
			pin('SD0', 7, FLASH), pin('CLK', 6, FLASH), pin('GND'), pin('3V3'), pin('EN'), pin('RST'), pin('GND'), pin('VIN'),
		]),
		right: Object.freeze([
			pin('D0', 16, SLOW), pin('D1', 5, CLOCK), pin('D2', 4, DATA), pin('D3', 0, BUTTON), pin('D4', 2, LED), pin('3V3'), pin('GND'),
			pin('D5', 14), pin('D6', 12), pin('D7', 13), pin('D8', 15, LOW), pin('RX', 3, IN), pin('TX', 1, OUT), pin('GND'), pin('3V3'),
		]),
		button: 'FLASH',
		warnings: Object.freeze([
			'A0 takes 3.3 V on this board; a bare ESP-12 takes 1.0 V there.',
			'On the wide LoLin v3 the two pins below A0 are GND and VU, which has 5 V.',
			'The pins are made for 3.3 V: supply breakouts from 3V3, not from VIN.',
		]),
	}),
	d1mini: Object.freeze({
		title: 'Wemos D1 mini',
		left: Object.freeze([
			pin('RST'), pin('A0', 17), pin('D0', 16, SLOW), pin('D5', 14), pin('D6', 12), pin('D7', 13), pin('D8', 15, LOW), pin('3V3'),
		]),
		right: Object.freeze([
			pin('TX', 1, OUT), pin('RX', 3, IN), pin('D1', 5, CLOCK), pin('D2', 4, DATA), pin('D3', 0, BUTTON), pin('D4', 2, LED), pin('GND'), pin('5V'),
		]),
		/** It has none but RST: one between D3 and GND does. */
		button: '',
		warnings: Object.freeze(['A0 takes 3.3 V; on clones without the divider 1.0 V.', 'The pins are made for 3.3 V: supply breakouts from 3V3, not from 5V.']),
	}),
	esp32: Object.freeze({
		title: 'ESP32-DevKitC V4 or NodeMCU-32S',
		left: Object.freeze([
			pin('3V3'), pin('EN'), pin('VP', 36, INPUT), pin('VN', 39, INPUT), pin('34', 34, INPUT), pin('35', 35, INPUT), ...same(32, 33, 25, 26, 27, 14),
			pin('12', 12, LOW), pin('GND'), ...same(13), pin('D2', 9, FLASH), pin('D3', 10, FLASH), pin('CMD', 11, FLASH), pin('5V'),
		]),
		right: Object.freeze([
			pin('GND'), ...same(23), pin('22', 22, CLOCK), pin('TX', 1, OUT), pin('RX', 3, IN), pin('21', 21, DATA), pin('GND'), ...same(19, 18),
			pin('5', 5, LEVEL), ...same(17, 16, 4), pin('0', 0, BUTTON), pin('2', 2, 'the LED is on it, and it must be low or open at the start'),
			pin('15', 15, LEVEL), pin('D1', 8, FLASH), pin('D0', 7, FLASH), pin('CLK', 6, FLASH),
		]),
		button: 'BOOT',
		warnings: Object.freeze(['Analog inputs measure from 0.15 V to 2.45 V.', 'The pins are made for 3.3 V: supply breakouts from 3V3, not from 5V.']),
	}),
	esp32c3: Object.freeze({
		title: 'ESP32-C3-DevKitM-1',
		left: Object.freeze([
			pin('GND'), pin('3V3'), pin('3V3'), pin('2', 2, 'it must be high at the start'), ...same(3), pin('GND'), pin('RST'), pin('GND'), ...same(0, 1, 10),
			pin('GND'), pin('5V'), pin('5V'), pin('GND'),
		]),
		right: Object.freeze([
			pin('GND'), pin('TX', 21, OUT), pin('RX', 20, IN), pin('GND'), pin('9', 9, BUTTON), pin('8', 8, LED), pin('GND'), ...same(7), pin('6', 6, CLOCK),
			pin('5', 5, DATA), ...same(4), pin('GND'), pin('18', 18, USB), pin('19', 19, USB), pin('GND'),
		]),
		button: 'BOOT',
		warnings: Object.freeze(['Analog inputs measure from 0.15 V to 2.45 V.', 'The pins are made for 3.3 V: supply breakouts from 3V3, not from 5V.']),
	}),
});
