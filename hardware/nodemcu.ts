// SPDX-License-Identifier: MIT
// NodeMCU 1.0 (ESP8266, module ESP-12E): the constants of the board. Imports nothing.
//
// Rule: a number here is true of the board, not of a part; all boards have the same names. What is printed beside a pin,
// and what it must not be used for, is in pins.ts, which no chip carries. A Wemos D1 mini runs this image, too: it has
// the same chip, the same pins and the same divider, and no button but RST.
// Wiring: hardware/nodemcu.svg. Accuracy: hardware/accuracy.md.

export const board = Object.freeze({
	name: 'nodemcu',
	chip: 'ESP8266',
	analog: Object.freeze({
		/** A0. The chip has one analog input, TOUT, which is no GPIO: Arduino counts it as 17, and the SDK ignores the number. */
		pin: 17,
		further: Object.freeze([]),
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
	i2c: Object.freeze({ data: 4, clock: 5, hz: 100_000 }),
	/** The blue LED of the module, which is lit while the pin is low. D4. */
	led: Object.freeze({ pin: 2, activeLow: true }),
	/** The button to ground that is called FLASH. Held while the chip starts, it means the chip's own boot loader. D3. */
	button: Object.freeze({ pin: 0, activeLow: true }),
	/** D5, D6 and D7: all others are taken, or must have a level of their own while the chip starts (hardware/pins.ts). */
	digital: Object.freeze([14, 12, 13]),
	/** D0: it knows no interrupts, and no pull-up. */
	outputs: Object.freeze([16]),
	/** The USB socket's line: the chip has it on these pins, and the SDK ignores them. */
	serial: Object.freeze({ transmit: 1, receive: 3, port: 0 }),
});
