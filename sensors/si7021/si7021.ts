// SPDX-License-Identifier: MIT
// Silicon Labs Si7021 (Si7020, Si7013), TE HTU21D and Sensirion SHT21: temperature and relative humidity over I2C.
//
// Rule: humidity, then temperature as a measurement of its own: all of them know these two commands, and both answers bear
// a check sum. The Si7021's short way to the temperature (E0) has none, so it is not used. No command holds the bus. Each
// wait is that of the slowest of them.
// Invariant: values are written only when the check sums of both words are right.
// Si7021 -40 to 125 °C, ±0.4 °C, 0 to 100 %, ±3 %; HTU21D ±0.3 °C, ±2 %; steps of 0.011 °C and 0.03 %; 116 ms.
// Datasheets Si7021-A20 §5.1 (commands, check sum, conversion), §5.5 (identity), HTU21D(F) pages 10 to 15.

import type { Millis, Sensor } from '../../src/common/ports.js';
import { ask, I2CPart, isChecked, type I2CPartOptions } from '../i2c-part.js';
import type { I2CBus } from '../io.js';

const enum Const {
	NAME = 'Si7021 or HTU21D',
	ADDRESS = 0x40,
	MEASURE_HUMIDITY = 0xf5,
	MEASURE_TEMPERATURE = 0xf3,
	/** Second part of the serial number; it begins with what the part is. */
	SERIAL_NUMBER = 0xfcc9,
	READ_USER_REGISTER = 0xe7,
	SI7013 = 0x0d,
	SI7020 = 0x14,
	SI7021 = 0x15,
	/** Si7021: 80 ms at most from power-on to the first answer. */
	WAKING_MS = 80,
	/** Si7021: 22.8 ms, HTU21D: 16 ms, SHT21: 29 ms. */
	HUMIDITY_MS = 30,
	/** Si7021: 10.8 ms, HTU21D: 50 ms, SHT21: 85 ms. */
	TEMPERATURE_MS = 86,
	RESULT_BYTES = 3,
	SERIAL_BYTES = 6,
	CRC_INITIAL = 0,
	/** The two lowest bits say what was measured. */
	RAW_MASK = 0xfffc,
	RAW_SPAN = 0x1_0000,
	MILLI_C_SPAN = 175_720,
	MILLI_C_LOWEST = -46_850,
	MILLI_RH_SPAN = 125_000,
	MILLI_RH_LOWEST = -6_000,
	MILLI_RH_MAX = 100_000,
}

/** In place of a humidity while there is none. */
const enum Stage {
	Waking = -2,
	Humidity = -1,
}

export class Si7021 extends I2CPart implements Sensor {
	/** What was measured first, in milli-units, or a Stage. */
	private humidity: number = Stage.Waking;

	constructor(options: I2CPartOptions) {
		super(options, Const.ADDRESS, Const.RESULT_BYTES);
	}

	/** Silence may be its power-up: collect() tries once more. */
	start(): Millis {
		this.humidity = Stage.Humidity;
		if (this.reaches(Const.MEASURE_HUMIDITY, 1)) return Const.HUMIDITY_MS;
		this.humidity = Stage.Waking;
		return Const.WAKING_MS;
	}

	/** RH [%] = -6 + 125 · S / 2^16, cropped to 0 to 100; T [°C] = -46.85 + 175.72 · S / 2^16. */
	collect(values: Int32Array, at: number): Millis {
		if (this.humidity === Stage.Waking) {
			this.send(Const.NAME, Const.MEASURE_HUMIDITY, 1);
			this.humidity = Stage.Humidity;
			return Const.HUMIDITY_MS;
		}
		this.receive(Const.NAME, Const.RESULT_BYTES);
		const raw = this.word(Const.NAME, 0, Const.CRC_INITIAL) & Const.RAW_MASK;
		if (this.humidity === Stage.Humidity) {
			const milliRh = Const.MILLI_RH_LOWEST + Math.round((Const.MILLI_RH_SPAN * raw) / Const.RAW_SPAN);
			this.humidity = Math.min(Math.max(milliRh, 0), Const.MILLI_RH_MAX);
			this.send(Const.NAME, Const.MEASURE_TEMPERATURE, 1);
			return Const.TEMPERATURE_MS;
		}
		values[at] = Const.MILLI_C_LOWEST + Math.round((Const.MILLI_C_SPAN * raw) / Const.RAW_SPAN);
		values[at + 1] = this.humidity;
		return 0;
	}
}

/** Si7021, Si7020 and Si7013 say so. */
export const identify = (bus: I2CBus): boolean => {
	const serial = new Uint8Array(Const.SERIAL_BYTES);
	if (!ask(bus, serial, Const.SERIAL_NUMBER, 2) || !isChecked(serial, Const.CRC_INITIAL)) return false;
	return serial[0] === Const.SI7021 || serial[0] === Const.SI7020 || serial[0] === Const.SI7013;
};

/** HTU21D and SHT21 have the same registers, and another serial number or none. */
export const identifyHTU21D = (bus: I2CBus): boolean =>
	!identify(bus) && ask(bus, new Uint8Array(1), Const.READ_USER_REGISTER, 1);
