// SPDX-License-Identifier: MIT
// ESP32-DevKitC V4 and NodeMCU-32S (module ESP32-WROOM-32): the constants of the board. Imports nothing.
//
// Rule: a number here is true of the board, not of a part; all boards have the same names. What is printed beside a pin, and what
// it must not be used for, is in pins.ts, which no chip carries.
// Wiring: hardware/esp32.svg. Accuracy: hardware/accuracy.md.

export const board = Object.freeze({
	name: 'esp32',
	chip: 'ESP32',
	analog: Object.freeze({
		/** GPIO 34, on ADC1: ADC2 cannot be used while Wi-Fi runs (ESP-IDF, ADC Oneshot Mode, "Hardware Limitations"). */
		pin: 34,
		/** On ADC1 too. */
		further: Object.freeze([35, 32, 33, 36, 39]),
		bits: 12,
		/**
		 * What the highest count, 4095, stands for. The SDK calibrates at its attenuation of 12 dB: read() gives
		 * millivolts × 4095 / 2450, not a raw count (Moddable SDK, modules/io/analog/esp32/_analog.c).
		 */
		fullScaleMv: 2_450,
		/**
		 * At 12 dB the converter measures from 150 mV on (ESP-IDF, "ADC Attenuation"); calibrated, an input at ground
		 * reads as 142 mV.
		 */
		lowestMv: 150,
	}),
	/** The usual pins of Wire and of most tutorials. The SDK's internal pull-ups help those of the breakout. */
	i2c: Object.freeze({ data: 21, clock: 22, hz: 100_000 }),
	/** The blue LED of most such boards (DevKitC V4 has none: one can be wired there). */
	led: Object.freeze({ pin: 2, activeLow: false }),
	/** The button to ground that is called BOOT. Held while the chip starts, it means the chip's own boot loader. */
	button: Object.freeze({ pin: 0, activeLow: true }),
	/** Those that nothing else needs, and that may have any level while the chip starts (pins.ts). */
	digital: Object.freeze([25, 26, 27, 14, 13, 4, 16, 17, 18, 19, 23]),
	outputs: Object.freeze([]),
	/** The USB socket's line; UART 1, since UART 0 belongs to the chip's own console and to the debugger. */
	serial: Object.freeze({ transmit: 1, receive: 3, port: 1 }),
});
