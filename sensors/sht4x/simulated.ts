// SPDX-License-Identifier: MIT
// The twin of an SHT40, SHT41 or SHT45: one byte each command, nothing acknowledged while it measures.
//
// Rule: what the part does not acknowledge is not acknowledged: anything while it is busy, a read with nothing to be read,
// commands of other parts.
// Datasheet SHT4x: §3.1 (timing), §4.5 (commands), §4.6 (conversion).

import type { MakeTwin } from '../twin.js';
import { powered, SimulatedWords } from '../twin-i2c.js';

const enum Command {
	High = 0xfd,
	Medium = 0xf6,
	Low = 0xe0,
	SerialNumber = 0x89,
	Reset = 0x94,
}

const enum Const {
	HIGH_MS = 8.3,
	MEDIUM_MS = 4.5,
	LOW_MS = 1.6,
	RESET_MS = 1,
	RAW_MAX = 0xffff,
	SERIAL_HIGH = 0x0f3a,
	SERIAL_LOW = 0x91c4,
	/** Repeatability at high. */
	NOISE_C = 0.01,
	NOISE_PCT = 0.03,
}

class SimulatedSHT4x extends SimulatedWords {
	protected reset(): void {
		this.words = [];
		this.busyFor(Const.RESET_MS);
	}

	protected hear(bytes: Uint8Array): boolean {
		if (this.isBusy) return false;
		if (bytes.length === 0) return true;
		const command = bytes.length === 1 ? bytes[0] : -1;
		this.words = [];
		if (command === Command.High) this.measure(Const.HIGH_MS);
		else if (command === Command.Medium) this.measure(Const.MEDIUM_MS);
		else if (command === Command.Low) this.measure(Const.LOW_MS);
		else if (command === Command.SerialNumber) this.words = [Const.SERIAL_HIGH, Const.SERIAL_LOW];
		else if (command === Command.Reset) this.reset();
		else return false;
		return true;
	}

	protected raw(): readonly number[] {
		const [temperatureC, humidityPct] = this.air(Const.NOISE_C, Const.NOISE_PCT);
		return [(temperatureC + 45) / 175 * Const.RAW_MAX, (humidityPct + 6) / 125 * Const.RAW_MAX];
	}
}

export const simulated: MakeTwin = (_row, world, address) => powered(new SimulatedSHT4x(world, address));
