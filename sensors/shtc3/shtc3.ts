// SPDX-License-Identifier: MIT
// Sensirion SHTC3: temperature and relative humidity over I2C.
//
// Rule: the part sleeps between measurements and is deaf then but for one command, so each measurement is wake, measure,
// read, sleep. Without clock stretching, so that a part that hangs cannot hold the bus.
// Invariant: values are written only when the check sums of both words are right.
// -40 to 125 °C, ±0.2 °C; 0 to 100 %, ±2 %; steps of 0.003 °C and 0.002 %; 17 ms.
// Datasheet SHTC3: §3 (timing), §5.1 to §5.4 (sleep, wake, measure), §5.9 (identity), §5.10 (check sum), §5.11 (conversion).

import type { Millis, Sensor } from '../../src/common/ports.js';
import { ask, I2CPart, isChecked, type I2CPartOptions } from '../i2c-part.js';
import type { I2CBus, Pause } from '../io.js';

const enum Const {
	NAME = 'SHTC3',
	ADDRESS = 0x70,
	WAKE = 0x3517,
	SLEEP = 0xb098,
	/** Temperature first, normal power, no clock stretching. */
	MEASURE = 0x7866,
	IDENTITY = 0xefc8,
	IDENTITY_MASK = 0x083f,
	IDENTITY_MASKED = 0x0807,
	/** 0.24 ms at most. */
	WAKING_MS = 1,
	/** 12.1 ms at most; Sensirion's own driver waits 14.4. */
	MEASURING_MS = 15,
	HUMIDITY_AT = 3,
	RESULT_BYTES = 6,
	CRC_INITIAL = 0xff,
	RAW_SPAN = 0x1_0000,
	MILLI_C_SPAN = 175_000,
	MILLI_C_LOWEST = -45_000,
	MILLI_RH_SPAN = 100_000,
}

export class SHTC3 extends I2CPart implements Sensor {
	private isMeasuring = false;

	constructor(options: I2CPartOptions) {
		super(options, Const.ADDRESS, Const.RESULT_BYTES);
	}

	start(): Millis {
		this.isMeasuring = false;
		this.send(Const.NAME, Const.WAKE, 2);
		return Const.WAKING_MS;
	}

	/** T [°C] = -45 + 175 · S / 2^16; RH [%] = 100 · S / 2^16 (§5.11). */
	collect(values: Int32Array, at: number): Millis {
		if (!this.isMeasuring) {
			this.send(Const.NAME, Const.MEASURE, 2);
			this.isMeasuring = true;
			return Const.MEASURING_MS;
		}
		this.receive(Const.NAME, Const.RESULT_BYTES);
		const temperature = this.word(Const.NAME, 0, Const.CRC_INITIAL);
		const humidity = this.word(Const.NAME, Const.HUMIDITY_AT, Const.CRC_INITIAL);
		values[at] = Const.MILLI_C_LOWEST + Math.round((Const.MILLI_C_SPAN * temperature) / Const.RAW_SPAN);
		values[at + 1] = Math.round((Const.MILLI_RH_SPAN * humidity) / Const.RAW_SPAN);
		// Sleeping saves current and no more: a part that missed it is measured as well.
		this.reaches(Const.SLEEP, 2);
		return 0;
	}
}

export const identify = (bus: I2CBus, pause: Pause): boolean => {
	const identity = new Uint8Array(3);
	// Nothing to read: what counts is that it wakes.
	ask(bus, identity, Const.WAKE, 2);
	pause(Const.WAKING_MS);
	const isOne = ask(bus, identity, Const.IDENTITY, 2) && isChecked(identity, Const.CRC_INITIAL)
		&& (((identity[0] << 8) | identity[1]) & Const.IDENTITY_MASK) === Const.IDENTITY_MASKED;
	ask(bus, identity, Const.SLEEP, 2);
	return isOne;
};
