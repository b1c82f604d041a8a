// SPDX-License-Identifier: MIT
// ESP32-C3-DevKitM-1 (module ESP32-C3-MINI-1): the constants of the board. Imports nothing.
//
// Rule: as esp32.ts. No image has been built for it here: it would be the SDK's target esp32/esp32c3 with this file as
// telltale/board (hardware/README.md).

export const board = Object.freeze({
	name: 'esp32c3',
	chip: 'ESP32-C3',
	analog: Object.freeze({
		/** All on ADC1; GPIO 2 is one too, but must be high while the chip starts. */
		pin: 0,
		further: Object.freeze([1, 3, 4]),
		bits: 12,
		/** As on the ESP32: the SDK makes counts of its own of calibrated millivolts. */
		fullScaleMv: 2_450,
		lowestMv: 150,
	}),
	/** Neither boot pins nor USB. */
	i2c: Object.freeze({ data: 5, clock: 6, hz: 100_000 }),
	/** An addressable LED, which a level does not light; a plain one on boards of others (SuperMini), lit while the pin is low. */
	led: Object.freeze({ pin: 8, activeLow: true }),
	button: Object.freeze({ pin: 9, activeLow: true }),
	digital: Object.freeze([10, 7]),
	outputs: Object.freeze([]),
	/** The socket with the UART bridge. Boards with the chip's own USB alone need a target with "_cdc". */
	serial: Object.freeze({ transmit: 21, receive: 20, port: 1 }),
});
