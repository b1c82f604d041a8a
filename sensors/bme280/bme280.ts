// SPDX-License-Identifier: MIT
// Bosch BME280: temperature, relative humidity and air pressure over I2C.
//
// Rule: one forced measurement at a time, each quantity once. Nothing that the part sends has a check sum, so its trim is
// read with each measurement: a disturbed bit spoils one reading, and another part may take its place at any time. A
// BMP280, which is sold as one, is named, and gives all but humidity.
// Invariant: values are written only from a measurement that this driver began and that ended.
// -40 to 85 °C, ±1 °C (±0.5 °C at 25); 0 to 100 %, ±3 %; 300 to 1,100 hPa, ±1 hPa; steps of 0.005 °C, 0.01 %, 0.03 hPa; 10 ms.
// Datasheet BST-BME280: §4.2.2 (trim), §5.3, §5.4 (registers), §8.1 (compensation in doubles), §9.1 (time).

import type { Millis, Sensor } from '../../src/common/ports.js';
import { ask, I2CPart, type I2CPartOptions } from '../i2c-part.js';
import type { I2CBus } from '../io.js';

const enum Const {
	NAME = 'BME280',
	/** SDO low; 0x77 with SDO high. */
	ADDRESS = 0x76,
	BME280 = 0x60,
	BMP280 = 0x58,
	/** Registers. */
	IDENTITY = 0xd0,
	TRIM = 0x88,
	TRIM_HUMIDITY = 0xe1,
	STATUS = 0xf3,
	/** Registers with what they are set to; humidity counts from the next word on F4. */
	HUMIDITY_ONCE = 0xf201,
	FORCED_ONCE = 0xf425,
	/** F4 when the measurement has ended: asleep again, the rest as it was set. Power-on clears it. */
	ENDED = 0x24,
	/** 9.3 ms at most. */
	MEASURING_MS = 10,
	/** What a channel has no value for is written so. */
	NO_VALUE = -0x8000_0000,
	/** Raw values of what was not measured. */
	SKIPPED = 0x8_0000,
	SKIPPED_HUMIDITY = 0x8000,
	MILLI = 1_000,
	/** No value of any part is further from 0, in any unit. */
	ABSURD = 1e6,
	/** One pascal is 10 thousandths of a hectopascal. */
	MILLI_HPA = 10,
}

/** Where things lie in the buffer. The trim lies as in the part: words, low byte first. */
const enum At {
	T1 = 0,
	T2 = 2,
	T3 = 4,
	P1 = 6,
	P2 = 8,
	P3 = 10,
	P4 = 12,
	P5 = 14,
	P6 = 16,
	P7 = 18,
	P8 = 20,
	P9 = 22,
	H1 = 25,
	/** Registers E1 to E7. */
	H2 = 26,
	H3 = 28,
	H4 = 29,
	H5 = 30,
	H6 = 32,
	TrimEnd = 33,
	/** Registers F3 to FE. */
	Status = TrimEnd,
	Control = TrimEnd + 1,
	Pressure = TrimEnd + 4,
	Temperature = TrimEnd + 7,
	Humidity = TrimEnd + 10,
	End = TrimEnd + 12,
}

export class BME280 extends I2CPart implements Sensor {
	/** What it says that it is. */
	private identity = 0;

	constructor(options: I2CPartOptions) {
		super(options, Const.ADDRESS, At.End);
	}

	/** What is wrong with it although it gives values. */
	get complaint(): string {
		return this.identity === Const.BMP280 ? 'BME280 is a BMP280, sold as one: it has no humidity.' : '';
	}

	start(): Millis {
		this.fill(Const.IDENTITY, 0, 1);
		this.identity = this.bytes[0];
		if (this.identity !== Const.BME280 && this.identity !== Const.BMP280) {
			throw new Error(`BME280 says that it is another part (${this.identity | 0}): check its address.`);
		}
		this.send(Const.NAME, Const.HUMIDITY_ONCE, 2);
		this.send(Const.NAME, Const.FORCED_ONCE, 2);
		return Const.MEASURING_MS;
	}

	collect(values: Int32Array, at: number): Millis {
		const { bytes } = this;
		const hasHumidity = this.identity === Const.BME280;
		this.fill(Const.TRIM_HUMIDITY, At.H2, At.TrimEnd - At.H2);
		this.fill(Const.STATUS, At.Status, At.End - At.Status);
		// Last, since commands go out by way of its first bytes.
		this.fill(Const.TRIM, At.T1, At.H2 - At.T1);
		this.expectResult(Const.NAME, bytes[At.Control] === Const.ENDED);
		const rawHumidity = (bytes[At.Humidity] << 8) | bytes[At.Humidity + 1];
		const isSkipped = this.raw(At.Temperature) === Const.SKIPPED || this.raw(At.Pressure) === Const.SKIPPED;
		this.expectResult(Const.NAME, !isSkipped && !(hasHumidity && rawHumidity === Const.SKIPPED_HUMIDITY));
		const fine = this.fineTemperature();
		const pascal = this.pascal(fine);
		const percent = hasHumidity ? this.percent(fine, rawHumidity) : 0;
		if (!(Math.abs(pascal) < Const.ABSURD && Math.abs(percent) < Const.ABSURD)) {
			throw new Error('BME280 sends a trim that cannot be: shorten its wires or check its supply.');
		}
		values[at] = Math.round((fine * Const.MILLI) / 5_120);
		values[at + 1] = hasHumidity ? Math.round(percent * Const.MILLI) : Const.NO_VALUE;
		values[at + 2] = Math.round(pascal * Const.MILLI_HPA);
		return 0;
	}

	/** Registers from `first` on, to `at` in the buffer. */
	private fill(first: number, at: number, count: number): void {
		this.send(Const.NAME, first, 1);
		this.receive(Const.NAME, count, at);
	}

	/** Of temperature and pressure: 20 bits. */
	private raw(at: number): number {
		const { bytes } = this;
		return (bytes[at] << 12) | (bytes[at + 1] << 4) | (bytes[at + 2] >> 4);
	}

	private unsigned(at: number): number {
		return this.bytes[at] | (this.bytes[at + 1] << 8);
	}

	private signed(at: number): number {
		return (this.unsigned(at) << 16) >> 16;
	}

	/** In 1/5120 °C. */
	private fineTemperature(): number {
		const difference = this.raw(At.Temperature) / 16_384 - this.unsigned(At.T1) / 1_024;
		return difference * this.signed(At.T2) + (difference / 8) ** 2 * this.signed(At.T3);
	}

	private pascal(fine: number): number {
		const warmth = fine / 2 - 64_000;
		const slope = (this.signed(At.P3) * warmth * warmth / 524_288 + this.signed(At.P2) * warmth) / 524_288;
		const offset = (warmth * warmth * this.signed(At.P6) / 32_768 + warmth * this.signed(At.P5) * 2) / 4 + this.signed(At.P4) * 65_536;
		const scale = (1 + slope / 32_768) * this.unsigned(At.P1);
		const pascal = (1_048_576 - this.raw(At.Pressure) - offset / 4_096) * 6_250 / scale;
		return pascal + (this.signed(At.P9) * pascal * pascal / 2_147_483_648 + pascal * this.signed(At.P8) / 32_768 + this.signed(At.P7)) / 16;
	}

	private percent(fine: number, raw: number): number {
		const { bytes } = this;
		const warmth = fine - 76_800;
		// H4 and H5 are signed numbers of 12 bits, which share a byte.
		const h4 = (bytes[At.H4] << 24 >> 20) | (bytes[At.H5] & 0xf);
		const h5 = (bytes[At.H5 + 1] << 24 >> 20) | (bytes[At.H5] >> 4);
		const spread = 1 + bytes[At.H3] / 67_108_864 * warmth;
		const bend = 1 + (bytes[At.H6] << 24 >> 24) / 67_108_864 * warmth * spread;
		const humidity = (raw - (h4 * 64 + h5 / 16_384 * warmth)) * (this.signed(At.H2) / 65_536) * spread * bend;
		return humidity * (1 - bytes[At.H1] * humidity / 524_288);
	}
}

/** A BMP280 is none: it says 0x58. */
export const identify = (bus: I2CBus): boolean => {
	const identity = new Uint8Array(1);
	return ask(bus, identity, Const.IDENTITY, 1) && identity[0] === Const.BME280;
};
