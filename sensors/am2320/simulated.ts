// SPDX-License-Identifier: MIT
// The twin of an AM2320: asleep but for 3 ms after it was spoken to, and one measurement behind.
//
// Rule: an address that finds it asleep wakes it and is not acknowledged. Each request is answered with the measurement
// before, and begins another if 2 s have passed since the last began.
// Datasheet AM2320: §7.1 (timing), §8.2 (wake, read, answer, check sum), table 9 (registers).

import type { MakeTwin } from '../twin.js';
import { powered, SimulatedI2C } from '../twin-i2c.js';

const enum Const {
	READ_REGISTERS = 0x03,
	REGISTERS = 4,
	/** From the address that wakes it until it hears, and until it sleeps again. */
	WAKING_MS = 0.8,
	AWAKE_MS = 3,
	/** From a request to its answer. */
	ANSWERING_MS = 1.5,
	/** From power-on to the first request. */
	SETTLING_MS = 1_000,
	MEASURING_MS = 2_000,
	NOTHING = 0xffff,
	MINUS = 0x8000,
	CRC_INITIAL = 0xffff,
	CRC_POLYNOMIAL = 0xa001,
	RAW_SPAN = 0x1_0000,
	/** Below its step. */
	NOISE_C = 0.03,
	NOISE_PCT = 0.03,
}

class SimulatedAM2320 extends SimulatedI2C {
	private sleepsAt = 0;
	private hearsAt = 0;
	private answersAt = 0;
	private answer: readonly number[] = [];
	private registers: readonly number[] = [Const.NOTHING, Const.NOTHING];
	private measuredAt = -Infinity;

	protected reset(): void {
		this.sleepsAt = this.hearsAt = this.answersAt = 0;
		this.answer = [];
		this.registers = [Const.NOTHING, Const.NOTHING];
		this.measuredAt = -Infinity;
		this.busyFor(Const.SETTLING_MS);
	}

	protected hear(bytes: Uint8Array): boolean {
		const now = this.world.now();
		if (this.isBusy) return false;
		if (now > this.sleepsAt) {
			this.hearsAt = now + Const.WAKING_MS;
			this.sleepsAt = now + Const.AWAKE_MS;
			return false;
		}
		if (now < this.hearsAt) return false;
		if (bytes.length === 0) return true;
		if (bytes.length !== 3 || bytes[0] !== Const.READ_REGISTERS || bytes[1] !== 0 || bytes[2] !== Const.REGISTERS) return false;
		this.sleepsAt = now + Const.AWAKE_MS;
		this.answersAt = now + Const.ANSWERING_MS;
		this.answer = this.framed();
		if (now - this.measuredAt >= Const.MEASURING_MS) this.measure(now);
		return true;
	}

	protected say(): readonly number[] | undefined {
		const now = this.world.now();
		const { answer } = this;
		if (this.isBusy || now > this.sleepsAt || now < this.answersAt || !answer.length) return undefined;
		this.answer = [];
		return answer;
	}

	private framed(): number[] {
		const bytes = [Const.READ_REGISTERS, Const.REGISTERS, ...this.registers.flatMap((each) => [each >> 8, each & 0xff])];
		const crc = crc16(bytes);
		return [...bytes, this.sum(crc & 0xff), crc >> 8];
	}

	private measure(now: number): void {
		const [temperatureC, humidityPct] = this.air(Const.NOISE_C, Const.NOISE_PCT);
		this.measurements++;
		this.measuredAt = now;
		const tenths = Math.round(temperatureC * 10);
		this.registers = this.measured([
			Math.min(humidityPct * 10, 999),
			tenths < 0 ? Const.MINUS - tenths : tenths,
		], Const.RAW_SPAN);
	}
}

/** CRC-16 of Modbus. */
const crc16 = (bytes: readonly number[]): number => {
	let crc = Const.CRC_INITIAL;
	for (const byte of bytes) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ Const.CRC_POLYNOMIAL : crc >> 1;
	}
	return crc;
};

export const simulated: MakeTwin = (_row, world, address) => powered(new SimulatedAM2320(world, address));
