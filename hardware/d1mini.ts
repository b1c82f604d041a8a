// SPDX-License-Identifier: MIT
// Wemos D1 mini (ESP8266, module ESP-12F): the constants of the board. Imports nothing.
//
// Rule: it runs the image of the NodeMCU, so all but its name is as in nodemcu.ts, which a test sees to. This file is for
// drawings and for people. Clones without the divider before A0 take 1 V there at most (hardware/README.md).

export const board = Object.freeze({
	name: 'd1mini',
	chip: 'ESP8266',
	/** A0, behind 220 kΩ and 100 kΩ. */
	analog: Object.freeze({ pin: 17, further: Object.freeze([]), bits: 10, fullScaleMv: 3_196.875, lowestMv: 0 }),
	/** D2 is SDA, D1 is SCL. */
	i2c: Object.freeze({ data: 4, clock: 5, hz: 100_000 }),
	/** D4. */
	led: Object.freeze({ pin: 2, activeLow: true }),
	/** D3: the board has no button there. One to ground does. */
	button: Object.freeze({ pin: 0, activeLow: true }),
	digital: Object.freeze([14, 12, 13]),
	outputs: Object.freeze([16]),
	serial: Object.freeze({ transmit: 1, receive: 3, port: 0 }),
});
