// SPDX-License-Identifier: MIT
// ASAIR AHT10, AHT20 (AHT21) and DHT20: temperature and relative humidity over I2C.
//
// Rule: each measurement begins with a look at the status, so that a part that lost power is calibrated again by itself.
// AHT10 and AHT20 differ in that command and in the check sum, which the AHT10 has not. A part that is not ready is asked
// again, three times at most.
// Invariant: values are written only when the part is calibrated and ready, and its check sum, where it has one, is right.
// AHT20 -40 to 85 °C, ±0.3 °C; 0 to 100 %, ±2 %; steps of 0.0002 °C and 0.0001 %; 80 ms; DHT20 ±0.5 °C, ±3 %.
// Datasheets AHT10 and AHT20: §5.3 (commands), §5.4 (sequence, status, registers 1B, 1C, 1E), §6 (conversion).

import type { Millis, Sensor } from '../../src/common/ports.js';
import { crc8 } from '../crc8.js';
import { I2CPart, transmit, type I2CPartOptions } from '../i2c-part.js';
import type { I2CBus, Pause } from '../io.js';

const enum Const {
	ADDRESS = 0x38,
	MEASURE = 0xac3300,
	CALIBRATE_AHT10 = 0xe10800,
	CALIBRATE_AHT20 = 0xbe0800,
	/** To be written back, one after the other, where the status of an AHT20 is not READY. */
	REGISTER_0 = 0x1b,
	REGISTER_1 = 0x1c,
	REGISTER_2 = 0x1e,
	WRITE_REGISTER = 0xb0,
	REGISTER_BYTES = 3,
	BUSY = 0x80,
	CALIBRATED = 0x08,
	READY = 0x18,
	/** AHT20: 100 ms at most from power-on to the first status. */
	WAKING_MS = 100,
	CALIBRATING_MS = 10,
	MEASURING_MS = 80,
	CRC_INITIAL = 0xff,
	RAW_SPAN = 0x10_0000,
	MILLI_C_SPAN = 200_000,
	MILLI_C_LOWEST = -50_000,
	MILLI_RH_SPAN = 100_000,
}

/** What collect() has to do. */
const enum Step {
	/** The part was silent: it may have been waking. */
	Wake,
	/** It was told to calibrate itself. */
	Calibrated,
	/** Its registers, three steps each. */
	Registers,
	RegistersDone = Registers + 9,
	/** It measures; from then on one more for each time it was not ready. */
	Measuring,
	LastTry = Measuring + 3,
}

/** Bytes of a result; they say which part it is. */
export const enum Result {
	AHT10 = 6,
	/** The check sum comes last. */
	AHT20 = 7,
}

export class AHT20 extends I2CPart implements Sensor {
	private step = Step.Wake;
	private readonly result: Result;
	/** Of the register that is renewed: what is to be written back. */
	private kept = 0;

	constructor(options: I2CPartOptions, result: Result) {
		super(options, Const.ADDRESS, result);
		this.result = result;
	}

	/** Silence may be its power-up: collect() looks once more. */
	start(): Millis {
		this.step = Step.Wake;
		return this.hears(this.result) ? this.begin() : Const.WAKING_MS;
	}

	collect(values: Int32Array, at: number): Millis {
		const { bytes, part, result } = this;
		if (this.step >= Step.Registers && this.step < Step.RegistersDone) return this.renew();
		if (this.step < Step.Measuring) {
			this.expectAnswer(part, this.hears(result));
			return this.begin();
		}
		this.receive(part, result);
		const humidity = (bytes[1] << 12) | (bytes[2] << 4) | (bytes[3] >> 4);
		const temperature = ((bytes[3] & 0xf) << 16) | (bytes[4] << 8) | bytes[5];
		// No air is as dry as 0: it has measured nothing.
		if (bytes[0] & Const.BUSY || humidity === 0) {
			if (++this.step < Step.LastTry) return Const.MEASURING_MS;
			throw new Error(`${part} does not finish its measurement: check its supply.`);
		}
		this.check(part, result < Result.AHT20 || crc8(bytes, 0, Result.AHT20, Const.CRC_INITIAL) === 0);
		values[at] = Const.MILLI_C_LOWEST + Math.round((Const.MILLI_C_SPAN * temperature) / Const.RAW_SPAN);
		values[at + 1] = Math.round((Const.MILLI_RH_SPAN * humidity) / Const.RAW_SPAN);
		return 0;
	}

	private get part(): string {
		return this.result === Result.AHT10 ? 'AHT10' : 'AHT20';
	}

	/** Begins what the status asks for, which is the first byte now: first what was not done yet. */
	private begin(): Millis {
		const { bytes, part, step, result } = this;
		const isCalibrated = bytes[0] & Const.CALIBRATED;
		if (!isCalibrated && step < Step.Calibrated) {
			this.send(part, result === Result.AHT10 ? Const.CALIBRATE_AHT10 : Const.CALIBRATE_AHT20, 3);
			this.step = Step.Calibrated;
			return Const.CALIBRATING_MS;
		}
		if ((bytes[0] & Const.READY) !== Const.READY && step < Step.RegistersDone && result === Result.AHT20) {
			this.step = Step.Registers;
			return this.renew();
		}
		if (!isCalibrated) throw new Error(`${part} is not calibrated: take its supply away for a moment.`);
		this.send(part, Const.MEASURE, 3);
		this.step = Step.Measuring;
		return Const.MEASURING_MS;
	}

	/** A third of what a register needs: asked for, read, written back. */
	private renew(): Millis {
		const { bytes, part } = this;
		const third = (this.step - Step.Registers) % 3;
		const index = (this.step++ - Step.Registers - third) / 3;
		const register = index === 0 ? Const.REGISTER_0 : index === 1 ? Const.REGISTER_1 : Const.REGISTER_2;
		if (third === 0) this.send(part, register << 16, 3);
		else if (third === 2) this.send(part, ((Const.WRITE_REGISTER | register) << 16) | this.kept, 3);
		else {
			this.receive(part, Const.REGISTER_BYTES);
			this.kept = (bytes[1] << 8) | bytes[2];
		}
		return Const.CALIBRATING_MS;
	}
}

/** Measures once, since only a result tells them apart: bytes of that result, 0 without one. */
const resultOf = (bus: I2CBus, pause: Pause): number => {
	const bytes = new Uint8Array(Result.AHT20);
	try {
		transmit(bus, bytes, Const.MEASURE, 3);
		pause(Const.MEASURING_MS);
		bus.read(bytes);
	} catch {
		return 0;
	}
	return crc8(bytes, 0, Result.AHT20, Const.CRC_INITIAL) ? Result.AHT10 : Result.AHT20;
};

export const identify = (bus: I2CBus, pause: Pause): boolean => resultOf(bus, pause) === Result.AHT20;

export const identifyAHT10 = (bus: I2CBus, pause: Pause): boolean => resultOf(bus, pause) === Result.AHT10;
