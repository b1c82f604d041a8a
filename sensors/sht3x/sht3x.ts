// SPDX-License-Identifier: MIT
// Sensirion SHT30, SHT31 and SHT35 (SHT3x-DIS): temperature and relative humidity over I2C.
//
// Rule: single shots only, so that the part sleeps in between, and without clock stretching, so that a part that hangs
// cannot hold the bus. Nothing here waits: start() says how long the measurement takes.
// Invariant: values are written only when the check sums of both words are right.
// Datasheet SHT3x-DIS: §2.2 (timing), §4.3 (single shot), §4.4 (read-out), §4.12 (CRC), §4.13 (conversion).

import type { Millis, Sensor } from '../../src/common/ports.js';
import { crc8 } from '../crc8.js';
import type { I2CBus, I2CClass, I2COptions } from '../io.js';

export const enum Address {
	/** ADDR low, as most breakouts have it. */
	LOW = 0x44,
	/** ADDR high. */
	HIGH = 0x45,
}

const enum Const {
	/** High repeatability, no clock stretching (§4.3). */
	SINGLE_SHOT = 0x2400,
	/** 15.5 ms at most at the lowest supply, 15 ms from 2.4 V on: at 3.3 V even a clock of whole ms is not early. */
	MEASURING_MS = 16,
	/** Two bytes and a check sum for temperature, the same for humidity. */
	WORD_BYTES = 2,
	HUMIDITY_AT = WORD_BYTES + 1,
	RESULT_BYTES = 2 * (WORD_BYTES + 1),

	RAW_MAX = 0xffff,
	MILLI_C_SPAN = 175_000,
	MILLI_C_LOWEST = -45_000,
	MILLI_RH_SPAN = 100_000,
}

export interface SHT3xOptions {
	readonly sensor: Omit<I2COptions, 'hz' | 'address'> & Partial<I2COptions> & { readonly io: I2CClass };
}

export class SHT3x implements Sensor {
	private readonly io: I2CBus;
	/** The command goes out from where its result comes in: on XS an array takes 120 B beside its bytes. */
	private readonly bytes = new Uint8Array(Const.RESULT_BYTES);

	constructor(options: SHT3xOptions) {
		this.io = new options.sensor.io({ hz: 100_000, address: Address.LOW, ...options.sensor });
	}

	start(): Millis {
		const { bytes } = this;
		bytes[0] = Const.SINGLE_SHOT >> 8;
		bytes[1] = Const.SINGLE_SHOT & 0xff;
		try {
			this.io.write(bytes.subarray(0, Const.WORD_BYTES));
		} catch {
			throw new Error('SHT3x does not answer: check its wiring and its address.');
		}
		return Const.MEASURING_MS;
	}

	collect(values: Int32Array, at: number): Millis {
		try {
			this.io.read(this.bytes);
		} catch {
			throw new Error('SHT3x gives no result: it was not started, or lost power while measuring.');
		}
		this.check(0);
		this.check(Const.HUMIDITY_AT);
		values[at] = milliC(this.word(0));
		values[at + 1] = milliRh(this.word(Const.HUMIDITY_AT));
		return 0;
	}

	close(): void {
		this.io.close();
	}

	private word(at: number): number {
		return (this.bytes[at] << 8) | this.bytes[at + 1];
	}

	private check(at: number): void {
		if (crc8(this.bytes, at, Const.WORD_BYTES) !== this.bytes[at + Const.WORD_BYTES]) {
			throw new Error('SHT3x sends a wrong check sum: shorten its wires or check its pull-ups.');
		}
	}
}

/** T [°C] = -45 + 175 · S / (2^16 - 1) (§4.13). */
const milliC = (raw: number): number => Const.MILLI_C_LOWEST + Math.round((Const.MILLI_C_SPAN * raw) / Const.RAW_MAX);

/** RH [%] = 100 · S / (2^16 - 1) (§4.13). */
const milliRh = (raw: number): number => Math.round((Const.MILLI_RH_SPAN * raw) / Const.RAW_MAX);
