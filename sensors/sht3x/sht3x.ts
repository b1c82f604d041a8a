// SPDX-License-Identifier: MIT
// Sensirion SHT30, SHT31 and SHT35 (SHT3x-DIS): temperature and relative humidity over I2C.
//
// Rule: single shots only, so that the part sleeps in between, and without clock stretching, so that a part that hangs
// cannot hold the bus. Nothing here waits: start() says how long the measurement takes.
// Invariant: values are written only when the check sums of both words are right.
// -40 to 125 °C, ±0.2 °C; 0 to 100 %, ±2 % (SHT31; SHT30 ±3 %, SHT35 ±1.5 %); steps of 0.003 °C and 0.002 %; 16 ms.
// Datasheet SHT3x-DIS: §2.2 (timing), §4.3 (single shot), §4.4 (read-out), §4.11 (status), §4.12 (CRC), §4.13 (conversion).

import type { Millis, Sensor } from '../../src/common/ports.js';
import { ask, I2CPart, isChecked, type I2CPartOptions } from '../i2c-part.js';
import type { I2CBus } from '../io.js';

export const enum Address {
	/** ADDR low, as most breakouts have it. */
	LOW = 0x44,
	/** ADDR high. */
	HIGH = 0x45,
}

const enum Const {
	NAME = 'SHT3x',
	/** High repeatability, no clock stretching (§4.3). */
	SINGLE_SHOT = 0x2400,
	STATUS = 0xf32d,
	/** 15.5 ms at most at the lowest supply, 15 ms from 2.4 V on: at 3.3 V even a clock of whole ms is not early. */
	MEASURING_MS = 16,
	/** Two bytes and a check sum for temperature, the same for humidity. */
	HUMIDITY_AT = 3,
	RESULT_BYTES = 6,
	CRC_INITIAL = 0xff,
	RAW_MAX = 0xffff,
	MILLI_C_SPAN = 175_000,
	MILLI_C_LOWEST = -45_000,
	MILLI_RH_SPAN = 100_000,
}

export class SHT3x extends I2CPart implements Sensor {
	constructor(options: I2CPartOptions) {
		super(options, Address.LOW, Const.RESULT_BYTES);
	}

	start(): Millis {
		this.send(Const.NAME, Const.SINGLE_SHOT, 2);
		return Const.MEASURING_MS;
	}

	/** T [°C] = -45 + 175 · S / (2^16 - 1); RH [%] = 100 · S / (2^16 - 1) (§4.13). */
	collect(values: Int32Array, at: number): Millis {
		this.receive(Const.NAME, Const.RESULT_BYTES);
		const temperature = this.word(Const.NAME, 0, Const.CRC_INITIAL);
		const humidity = this.word(Const.NAME, Const.HUMIDITY_AT, Const.CRC_INITIAL);
		values[at] = Const.MILLI_C_LOWEST + Math.round((Const.MILLI_C_SPAN * temperature) / Const.RAW_MAX);
		values[at + 1] = Math.round((Const.MILLI_RH_SPAN * humidity) / Const.RAW_MAX);
		return 0;
	}
}

/** An SHT4x, at the same addresses, knows no status. */
export const identify = (bus: I2CBus): boolean => {
	const status = new Uint8Array(3);
	return ask(bus, status, Const.STATUS, 2) && isChecked(status, Const.CRC_INITIAL);
};
