// The chip's analog-to-digital converter, with what the parts on its pins give.
//
// Rule: as the SDK reads it. ESP8266: one instance, 10 bits of 1.0 V behind the board's divider. ESP32: 12 bits of which the
// SDK makes millivolts x 4095 / full scale of the attenuation.

import { DeviceError, type Chip, type Device } from './chip.js';
import type { Parts } from './parts.js';

/** NodeMCU: 220 kOhm over 100 kOhm. */
const DIVIDER = 100 / (220 + 100);
/** The ESP8266 specification speaks of noise of a few counts with Wi-Fi on; 1 count is 3.1 mV at the pin. */
const NOISE_MV = 4;
/** Measured by many on ESP32 boards without extra capacitors; and what its calibration gives at the low end. */
const ESP32_NOISE_MV = 6;
const ESP32_FLOOR_MV = 142;
const ESP32_PINS = new Set([36, 37, 38, 39, 32, 33, 34, 35, 4, 0, 2, 15, 13, 12, 14, 27, 25, 26]);
const FULL_SCALE_MV: Readonly<Record<number, number>> = { 0: 950, 2.5: 1_250, 6: 1_750, 12: 2_450 };

export class AnalogDevice implements Device {
	readonly operations = {
		'analog.open': (pin: number | null, calibrated: boolean, attenuation: number) => this.#open(pin, calibrated, attenuation),
		'analog.read': (pin: number) => this.#read(pin),
		'analog.close': (pin: number) => void this.#instances.delete(pin),
	};
	readonly #chip: Chip;
	readonly #onlyPin: number;
	readonly #parts: Parts;
	readonly #instances = new Map<number, { calibrated: boolean; fullScaleMv: number }>();

	/** `onlyPin`: what an ESP8266's input is called, which takes no notice of the number. */
	constructor(chip: Chip, onlyPin: number, parts: Parts) {
		this.#chip = chip;
		this.#onlyPin = onlyPin;
		this.#parts = parts;
	}

	#open(pin: number | null, calibrated: boolean, attenuation: number): number {
		if (this.#chip.name === 'ESP8266') pin = this.#onlyPin;
		if (pin === null || (this.#chip.name === 'ESP32' && !ESP32_PINS.has(pin))) throw new DeviceError('not analog pin', 'RangeError');
		if (this.#instances.has(pin)) throw new DeviceError('in use', this.#chip.name === 'ESP32' ? 'RangeError' : 'Error');
		const fullScaleMv = FULL_SCALE_MV[attenuation];
		if (!fullScaleMv) throw new DeviceError('bad attenuation', 'RangeError');
		this.#instances.set(pin, { calibrated, fullScaleMv });
		return pin;
	}

	#read(pin: number): number {
		if (this.#chip.name === 'ESP8266') {
			const atChipMv = (this.#parts.millivolts(this.#onlyPin) + this.#chip.random.gaussian(NOISE_MV)) * DIVIDER;
			return clamp(Math.floor((atChipMv / 1_000) * 1_024), 1_023);
		}
		const { calibrated, fullScaleMv } = this.#instances.get(pin)!;
		const mv = Math.round(Math.max(ESP32_FLOOR_MV, this.#parts.millivolts(pin) + this.#chip.random.gaussian(ESP32_NOISE_MV)));
		// Uncalibrated counts are of the converter's own 3.1 V or so at 12 dB.
		return clamp(Math.trunc((mv * 4_095) / (calibrated ? fullScaleMv : fullScaleMv * 1.27)), 4_095);
	}
}

function clamp(count: number, max: number): number {
	return Math.min(Math.max(count, 0), max);
}
