// SPDX-License-Identifier: MIT
// NodeMCU 1.0 (ESP8266, module ESP-12E): the constants of the board. Imports nothing.
//
// Rule: a number here is true of the board, not of a part; both boards have the same names.
// Wiring: hardware/nodemcu.svg. Accuracy: hardware/accuracy.md.

export const board = Object.freeze({
	name: 'nodemcu',
	chip: 'ESP8266',
	analog: Object.freeze({
		/** The chip has one analog input, TOUT; the SDK ignores the pin. */
		pin: 0,
		/** What is printed beside it on the board. */
		label: 'A0',
		secondPin: -1,
		secondLabel: '',
		bits: 10,
		/**
		 * What the highest count, 1023, stands for. A count is 1/1024 V at the chip (ESP8266 SDK API guide, system_adc_read),
		 * and the board's divider (220 kΩ + 100 kΩ) / 100 kΩ makes that 3.125 mV at A0: 1023 × 3.125 mV.
		 */
		fullScaleMv: 3_196.875,
		/** The converter reads down to 0. */
		lowestMv: 0,
	}),
	/** D2 is SDA, D1 is SCL: the common wiring (the SDK's own default is the reverse). 100 kHz: the bus is bit-banged. */
	i2c: Object.freeze({ data: 4, clock: 5, dataLabel: 'D2', clockLabel: 'D1', hz: 100_000 }),
	/** The blue LED of the module, which is lit while the pin is low. D4. */
	led: Object.freeze({ pin: 2, activeLow: true }),
	/** The button to ground that is called FLASH. Held while the chip starts, it means the chip's own boot loader. D3. */
	button: Object.freeze({ pin: 0, activeLow: true, label: 'FLASH' }),
	/** The USB socket's line: the chip has it on these pins, and the SDK ignores them. */
	serial: Object.freeze({ transmit: 1, receive: 3, port: 0 }),
});
