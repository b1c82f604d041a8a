// SPDX-License-Identifier: MIT
// The twin of an SHT30, SHT31 or SHT35: single shots, status and resets in the part's own bytes.
//
// Rule: what the part does not acknowledge is not acknowledged: commands while it is busy, a read with nothing to be read
// or, without clock stretching, before its time.
// Datasheet SHT3x-DIS (December 2022): table 4 (how long a measurement takes), §4.3 to §4.13, table 18 (status).

import type { MakeTwin } from '../twin.js';
import { powered, SimulatedWords } from '../twin-i2c.js';

const enum Command {
	Status = 0xf32d,
	ClearStatus = 0x3041,
	SoftReset = 0x30a2,
	Break = 0x3093,
	HeaterOn = 0x306d,
	HeaterOff = 0x3066,
}

const enum Status {
	ResetDetected = 0x0010,
	Heater = 0x2000,
}

const enum Const {
	RESET_MS = 1.5,
	/** The upper byte of commands that stretch the clock. */
	STRETCHES = 0x2c,
	RAW_MAX = 0xffff,
	/** Repeatability at high. */
	NOISE_C = 0.02,
	NOISE_PCT = 0.05,
}

/** The longest time that each single shot takes, by its command: high, medium and low, without and with stretching. */
const MEASURE_MS: Readonly<Record<number, number>> = Object.freeze({ 0x2400: 15, 0x240b: 6, 0x2416: 4, 0x2c06: 15, 0x2c0d: 6, 0x2c10: 4 });

class SimulatedSHT3x extends SimulatedWords {
	private status: number = Status.ResetDetected;
	private stretches = false;

	protected reset(): void {
		this.status = Status.ResetDetected;
		this.words = [];
		this.busyFor(Const.RESET_MS);
	}

	protected hear(bytes: Uint8Array): boolean {
		if (this.isBusy) return false;
		if (bytes.length === 0) return true;
		return bytes.length === 2 && this.command((bytes[0] << 8) | bytes[1]);
	}

	/** Where it was told to, it holds the bus until it is done. */
	protected override say(): readonly number[] | undefined {
		if (this.isBusy && this.stretches && this.words.length) this.world.delay(Math.ceil(this.busyUntil - this.world.now()));
		return super.say();
	}

	protected raw(): readonly number[] {
		const [temperatureC, humidityPct] = this.air(Const.NOISE_C, Const.NOISE_PCT);
		return [(temperatureC + 45) / 175 * Const.RAW_MAX, humidityPct / 100 * Const.RAW_MAX];
	}

	private command(command: number): boolean {
		if (MEASURE_MS[command]) {
			this.stretches = command >> 8 === Const.STRETCHES;
			this.measure(MEASURE_MS[command]);
			return true;
		}
		if (command === Command.Status) this.words = [this.status];
		else if (command === Command.ClearStatus) this.status &= Status.Heater;
		else if (command === Command.SoftReset) this.reset();
		else if (command === Command.HeaterOn) this.status |= Status.Heater;
		else if (command === Command.HeaterOff) this.status &= ~Status.Heater;
		else if (command === Command.Break) this.words = [];
		else return false;
		return true;
	}
}

export const simulated: MakeTwin = (_row, world, address) => powered(new SimulatedSHT3x(world, address));
