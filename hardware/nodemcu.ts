// SPDX-License-Identifier: MIT
// NodeMCU (ESP8266, ESP-12E): the constants of the board. Imports nothing.
// Wiring: hardware/nodemcu.svg. Accuracy: hardware/accuracy.md.

export const board = Object.freeze({
	name: 'nodemcu',
	chip: 'ESP8266',
	analog: Object.freeze({
		/** The chip has one analog input; the SDK ignores the pin. */
		pin: 0,
		bits: 10,
		/** The input itself takes 1.0 V; the board divides by (220 kΩ + 100 kΩ) / 100 kΩ before it. */
		fullScaleMv: 3_200,
	}),
	/** D2 is SDA, D1 is SCL: the common wiring (the SDK's own default is the reverse). */
	i2c: Object.freeze({ data: 4, clock: 5, hz: 100_000 }),
});
