// SPDX-License-Identifier: MIT
// ESP32 DevKitC / NodeMCU-32S (ESP-WROOM-32): the constants of the board. Imports nothing.
// Wiring: hardware/esp32.svg. Accuracy: hardware/accuracy.md.

export const board = Object.freeze({
	name: 'esp32',
	chip: 'ESP32',
	analog: Object.freeze({
		/** GPIO 34: on ADC1, which keeps working while Wi-Fi runs. */
		pin: 34,
		bits: 12,
		/** Calibrated by the SDK at 12 dB: what read() returns is millivolts × 4095 / 2450, not a raw count. */
		fullScaleMv: 2_450,
	}),
	i2c: Object.freeze({ data: 21, clock: 22, hz: 100_000 }),
});
