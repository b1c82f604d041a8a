// SPDX-License-Identifier: MIT
// Aosong AM2320 and AM2321: temperature and relative humidity over I2C.
//
// Rule: the part answers with what it measured when it was asked before, so it is asked twice, 2 s apart, and the first
// answer is thrown away. It sleeps, is woken by its address, and sleeps again 3 ms later: where the loop came too late, it
// is woken anew, twenty times at most.
// Invariant: values are written only from an answer of the right form with the right check sum.
// -40 to 80 °C, ±0.5 °C; 0 to 99.9 %, ±3 %; steps of 0.1 °C and 0.1 %; 2.01 s. 100 kHz at most.
// Datasheet AM2320: §7.1 (timing), §8.2 (I2C: wake, read, answer, check sum), table 9 (registers).

import type { Millis, Sensor } from '../../src/common/ports.js';
import { ask, I2CPart, transmit, type I2CPartOptions } from '../i2c-part.js';
import type { I2CBus, Pause } from '../io.js';

const enum Const {
	NAME = 'AM2320',
	ADDRESS = 0x5c,
	/** Function 3 from register 0 on, four of them. */
	READ_REGISTERS = 0x030004,
	/** What each answer begins with: the function and how many bytes follow. */
	ANSWER = 0x0304,
	/** 0.8 ms at least, 3 ms at most. */
	WAKING_MS = 1,
	/** 1.5 ms at least. */
	ANSWERING_MS = 2,
	/** From one measurement to the next, at least. */
	PAUSE_MS = 2_000,
	HUMIDITY_AT = 2,
	TEMPERATURE_AT = 4,
	RESULT_BYTES = 8,
	CRC_INITIAL = 0xffff,
	CRC_POLYNOMIAL = 0xa001,
	/** It has not measured yet. */
	NOTHING = 0xffff,
	MINUS = 0x8000,
	/** The part says tenths. */
	MILLI = 100,
}

/** What collect() has to do, and from Retry on the same again: each retry adds as much. */
const enum Step {
	Ask,
	Discard,
	WakeAgain,
	AskAgain,
	Take,
	Retry = 8,
	LastRetry = 20 * Retry,
}

export class AM2320 extends I2CPart implements Sensor {
	private step = Step.Ask;

	constructor(options: I2CPartOptions) {
		super(options, Const.ADDRESS, Const.RESULT_BYTES);
	}

	start(): Millis {
		this.step = Step.Ask;
		return this.wake();
	}

	collect(values: Int32Array, at: number): Millis {
		const { bytes } = this;
		switch (this.step++ % Step.Retry) {
			case Step.Ask:
			case Step.AskAgain:
				return this.reaches(Const.READ_REGISTERS, 3) ? Const.ANSWERING_MS : this.retry(1);
			case Step.Discard:
				return this.hears(Const.RESULT_BYTES) ? Const.PAUSE_MS : this.retry(2);
			case Step.WakeAgain:
				return this.wake();
			default:
				if (!this.hears(Const.RESULT_BYTES)) return this.retry(2);
		}
		this.check(Const.NAME, isRight(bytes));
		const humidity = (bytes[Const.HUMIDITY_AT] << 8) | bytes[Const.HUMIDITY_AT + 1];
		const raw = (bytes[Const.TEMPERATURE_AT] << 8) | bytes[Const.TEMPERATURE_AT + 1];
		if (humidity === Const.NOTHING || raw === Const.NOTHING) throw new Error('AM2320 has not measured: check its supply.');
		values[at] = (raw & Const.MINUS ? Const.MINUS - raw : raw) * Const.MILLI;
		values[at + 1] = humidity * Const.MILLI;
		return 0;
	}

	/** Its address is all that it hears, and it does not acknowledge even that. */
	private wake(): Millis {
		this.reaches(0, 0);
		return Const.WAKING_MS;
	}

	/** It fell asleep before the loop came: it is woken, and asked again as `back` steps before. */
	private retry(back: number): Millis {
		this.step += Step.Retry - back;
		this.expectAnswer(Const.NAME, this.step < Step.LastRetry);
		return this.wake();
	}
}

/** Whether it is an answer with its check sum, the CRC-16 of Modbus, low byte first. */
const isRight = (bytes: Uint8Array): boolean => {
	let crc: number = Const.CRC_INITIAL;
	for (let at = 0; at < Const.RESULT_BYTES; at++) {
		crc ^= bytes[at];
		for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ Const.CRC_POLYNOMIAL : crc >> 1;
	}
	return crc === 0 && ((bytes[0] << 8) | bytes[1]) === Const.ANSWER;
};

export const identify = (bus: I2CBus, pause: Pause): boolean => {
	const bytes = new Uint8Array(Const.RESULT_BYTES);
	ask(bus, bytes, 0, 0);
	pause(Const.WAKING_MS);
	try {
		transmit(bus, bytes, Const.READ_REGISTERS, 3);
		pause(Const.ANSWERING_MS);
		bus.read(bytes);
	} catch {
		return false;
	}
	return isRight(bytes);
};
