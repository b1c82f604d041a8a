// SPDX-License-Identifier: MIT
// Sensirion SHT40, SHT41 and SHT45: temperature and relative humidity over I2C.
//
// Rule: one command of one byte a measurement; the part sleeps in between and refuses everything while it measures. The
// commands of its heater (39, 32, 2F, 24, 1E, 15) are never sent.
// Invariant: values are written only when the check sums of both words are right.
// -40 to 125 °C, ±0.2 °C; 0 to 100 %, ±1.8 % (SHT45 ±0.1 °C, ±1 %); steps of 0.003 °C and 0.002 %; 10 ms.
// Datasheet SHT4x: §3.1 (timing), §4.4 (check sum), §4.5 (commands), §4.6 (conversion), §4.7 (serial number).

import type { Millis, Sensor } from '../../src/common/ports.js';
import { ask, I2CPart, isChecked, type I2CPartOptions } from '../i2c-part.js';
import type { I2CBus } from '../io.js';

const enum Const {
	NAME = 'SHT4x',
	/** SHT4x-A and -C; others 0x45 and 0x46. */
	ADDRESS = 0x44,
	/** High repeatability. */
	MEASURE = 0xfd,
	SERIAL_NUMBER = 0x89,
	/** 8.3 ms at most; Sensirion's own driver waits 10. */
	MEASURING_MS = 10,
	HUMIDITY_AT = 3,
	RESULT_BYTES = 6,
	CRC_INITIAL = 0xff,
	RAW_MAX = 0xffff,
	MILLI_C_SPAN = 175_000,
	MILLI_C_LOWEST = -45_000,
	MILLI_RH_SPAN = 125_000,
	MILLI_RH_LOWEST = -6_000,
	MILLI_RH_MAX = 100_000,
}

export class SHT4x extends I2CPart implements Sensor {
	constructor(options: I2CPartOptions) {
		super(options, Const.ADDRESS, Const.RESULT_BYTES);
	}

	start(): Millis {
		this.send(Const.NAME, Const.MEASURE, 1);
		return Const.MEASURING_MS;
	}

	/** T [°C] = -45 + 175 · S / (2^16 - 1); RH [%] = -6 + 125 · S / (2^16 - 1), cropped to 0 to 100 (§4.6). */
	collect(values: Int32Array, at: number): Millis {
		this.receive(Const.NAME, Const.RESULT_BYTES);
		const temperature = this.word(Const.NAME, 0, Const.CRC_INITIAL);
		const humidity = this.word(Const.NAME, Const.HUMIDITY_AT, Const.CRC_INITIAL);
		const milliRh = Const.MILLI_RH_LOWEST + Math.round((Const.MILLI_RH_SPAN * humidity) / Const.RAW_MAX);
		values[at] = Const.MILLI_C_LOWEST + Math.round((Const.MILLI_C_SPAN * temperature) / Const.RAW_MAX);
		values[at + 1] = Math.min(Math.max(milliRh, 0), Const.MILLI_RH_MAX);
		return 0;
	}
}

/** An SHT3x, at the same addresses, has no answer to a command of one byte. */
export const identify = (bus: I2CBus): boolean => {
	const serial = new Uint8Array(Const.RESULT_BYTES);
	return ask(bus, serial, Const.SERIAL_NUMBER, 1) && isChecked(serial, Const.CRC_INITIAL);
};
