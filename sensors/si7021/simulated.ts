// SPDX-License-Identifier: MIT
// The twins of an Si7021 and of an HTU21D: the same commands, other times, other serial numbers.
//
// Rule: what the part does not acknowledge is not acknowledged: anything before it is awake, a read while it measures or
// with nothing to be read. Commands that hold the bus are not built: no driver here may send them.
// Datasheets Si7021-A20: table 2 (times), §5.1 to §5.5 (commands, registers, identity); HTU21D(F): pages 5, 10 to 15.

import type { MakeTwin, TwinWorld } from '../twin.js';
import { powered, SimulatedI2C } from '../twin-i2c.js';

const enum Command {
	Humidity = 0xf5,
	Temperature = 0xf3,
	/** Si7021: of the humidity before; no check sum. */
	TemperatureBefore = 0xe0,
	UserRegister = 0xe7,
	SerialFirst = 0xfa0f,
	SerialSecond = 0xfcc9,
	Reset = 0xfe,
}

/** What the two differ in. */
interface Kind {
	readonly wakingMs: number;
	readonly humidityMs: number;
	readonly temperatureMs: number;
	readonly userRegister: number;
	readonly serialSecond: readonly number[];
	readonly hasTemperatureBefore: boolean;
}

const KINDS: Readonly<Record<string, Kind>> = Object.freeze({
	// Humidity and the temperature that it needs.
	si7021: { wakingMs: 80, humidityMs: 22.8, temperatureMs: 10.8, userRegister: 0x3a, serialSecond: [0x15ff, 0xb5ff], hasTemperatureBefore: true },
	htu21d: { wakingMs: 15, humidityMs: 16, temperatureMs: 50, userRegister: 0x02, serialSecond: [0x3200, 0x4a7d], hasTemperatureBefore: false },
});

const enum Const {
	RESET_MS = 15,
	RAW_SPAN = 0x1_0000,
	RAW_MASK = 0xfffc,
	/** What the two lowest bits say. */
	IS_HUMIDITY = 0b10,
	CRC_INITIAL = 0,
	/** Repeatability. */
	NOISE_C = 0.01,
	NOISE_PCT = 0.03,
}

class SimulatedSi7021 extends SimulatedI2C {
	private readonly kind: Kind;
	private answer: readonly number[] = [];
	private rawTemperature = 0;

	constructor(world: TwinWorld, address: number, kind: Kind) {
		super(world, address);
		this.kind = kind;
	}

	protected reset(): void {
		this.answer = [];
		this.busyFor(this.kind.wakingMs);
	}

	protected hear(bytes: Uint8Array): boolean {
		const { kind } = this;
		if (this.isBusy) return false;
		if (bytes.length === 0) return true;
		this.answer = [];
		const command = bytes.length === 1 ? bytes[0] : bytes.length === 2 ? (bytes[0] << 8) | bytes[1] : -1;
		if (command === Command.Humidity) this.measure(true, kind.humidityMs);
		else if (command === Command.Temperature) this.measure(false, kind.temperatureMs);
		else if (command === Command.UserRegister) this.answer = [kind.userRegister];
		else if (command === Command.SerialFirst) this.answer = [0x9d, 0x2f, 0xc1, 0x70];
		else if (command === Command.SerialSecond) this.answer = kind.serialSecond.flatMap((word) => this.word(word, Const.CRC_INITIAL));
		else if (command === Command.TemperatureBefore && kind.hasTemperatureBefore) this.answer = [this.rawTemperature >> 8, this.rawTemperature & 0xff];
		else if (command === Command.Reset) this.busyFor(Const.RESET_MS);
		else return false;
		return true;
	}

	protected say(): readonly number[] | undefined {
		const { answer } = this;
		if (this.isBusy || !answer.length) return undefined;
		this.answer = [];
		return answer;
	}

	private measure(isHumidity: boolean, ms: number): void {
		const [temperatureC, humidityPct] = this.air(Const.NOISE_C, Const.NOISE_PCT);
		// Each reading is a measurement of humidity and one of temperature.
		if (isHumidity) this.measurements++;
		this.busyFor(ms);
		const [temperature, humidity] = this.measured([
			(temperatureC + 46.85) / 175.72 * Const.RAW_SPAN,
			(humidityPct + 6) / 125 * Const.RAW_SPAN,
		], Const.RAW_SPAN);
		this.rawTemperature = temperature & Const.RAW_MASK;
		const raw = isHumidity ? (humidity & Const.RAW_MASK) | Const.IS_HUMIDITY : this.rawTemperature;
		this.answer = this.word(raw, Const.CRC_INITIAL);
	}
}

export const simulated: MakeTwin = (row, world, address) => powered(new SimulatedSi7021(world, address, KINDS[row]));
