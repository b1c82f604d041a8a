// SPDX-License-Identifier: MIT
// The twin of an SHTC3: asleep it hears one command, awake it measures once each time that it is told.
//
// Rule: what the part does not acknowledge is not acknowledged: all but its wake-up call while it sleeps, commands while it
// is busy, a read before there is something to be read.
// Datasheet SHTC3: §3 (timing), §5 (commands, conversion).

import type { MakeTwin } from '../twin.js';
import { powered, SimulatedWords } from '../twin-i2c.js';

const enum Command {
	Wake = 0x3517,
	Sleep = 0xb098,
	/** Temperature first, without clock stretching: normal and low power. */
	Measure = 0x7866,
	MeasureLowPower = 0x609c,
	Identity = 0xefc8,
	Reset = 0x805d,
}

const enum Const {
	WAKING_MS = 0.24,
	MEASURING_MS = 12.1,
	LOW_POWER_MS = 0.8,
	IDENTITY = 0x0887,
	RAW_SPAN = 0x1_0000,
	/** Repeatability. */
	NOISE_C = 0.03,
	NOISE_PCT = 0.03,
}

class SimulatedSHTC3 extends SimulatedWords {
	private isAsleep = false;

	protected reset(): void {
		this.isAsleep = false;
		this.words = [];
		this.busyFor(Const.WAKING_MS);
	}

	protected hear(bytes: Uint8Array): boolean {
		const command = bytes.length === 2 ? (bytes[0] << 8) | bytes[1] : 0;
		if (this.isBusy || (this.isAsleep && command !== Command.Wake)) return false;
		if (bytes.length === 0) return true;
		this.words = [];
		if (command === Command.Wake) {
			if (this.isAsleep) this.busyFor(Const.WAKING_MS);
			this.isAsleep = false;
		} else if (command === Command.Sleep) this.isAsleep = true;
		else if (command === Command.Measure) this.measure(Const.MEASURING_MS);
		else if (command === Command.MeasureLowPower) this.measure(Const.LOW_POWER_MS);
		else if (command === Command.Identity) this.words = [Const.IDENTITY];
		else if (command === Command.Reset) this.reset();
		else return false;
		return true;
	}

	protected override say(): readonly number[] | undefined {
		return this.isAsleep ? undefined : super.say();
	}

	protected raw(): readonly number[] {
		const [temperatureC, humidityPct] = this.air(Const.NOISE_C, Const.NOISE_PCT);
		return [(temperatureC + 45) / 175 * Const.RAW_SPAN, humidityPct / 100 * Const.RAW_SPAN];
	}
}

export const simulated: MakeTwin = (_row, world, address) => powered(new SimulatedSHTC3(world, address));
