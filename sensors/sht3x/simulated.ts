// SPDX-License-Identifier: MIT
// The twin of an SHT30, SHT31 or SHT35: single shots, status and resets in the part's own bytes.
//
// Rule: what the part does not acknowledge is not acknowledged: commands while it is busy, a read with nothing to be read
// or, without clock stretching, before its time.
// Datasheet SHT3x-DIS (December 2022): table 4 (how long a measurement takes), §4.3 to §4.13, table 18 (status).

import type { I2CTwin, MakeTwin, Trouble, TwinWorld } from '../twin.js';

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
	/** What a garbled check sum differs by. */
	GARBLED = 0x5a,
}

/** The longest time that each single shot takes, by its command: high, medium and low, without and with stretching. */
const MEASURE_MS: Readonly<Record<number, number>> = Object.freeze({ 0x2400: 15, 0x240b: 6, 0x2416: 4, 0x2c06: 15, 0x2c0d: 6, 0x2c10: 4 });

export const simulated: MakeTwin = (_row, world, address) => new SimulatedSHT3x(world, address);

class SimulatedSHT3x implements I2CTwin {
	readonly bus = 'i2c';
	readonly address: number;
	trouble: Trouble = 'none';
	measurements = 0;
	private readonly world: TwinWorld;
	private status: number = Status.ResetDetected;
	private busyUntil = 0;
	private stretches = false;
	private pending: 'nothing' | 'measurement' | 'status' = 'nothing';
	private temperature = 0x6666;
	private humidity = 0x8000;

	constructor(world: TwinWorld, address: number) {
		this.world = world;
		this.address = address;
		this.powerUp();
	}

	powerUp(): void {
		this.status = Status.ResetDetected;
		this.pending = 'nothing';
		this.busyUntil = this.world.now() + Const.RESET_MS;
	}

	write(bytes: Uint8Array): boolean {
		if (this.trouble === 'gone' || this.world.now() < this.busyUntil) return false;
		if (bytes.length === 0) return true;
		return bytes.length === 2 && this.command((bytes[0] << 8) | bytes[1]);
	}

	read(count: number): Uint8Array | undefined {
		const { world } = this;
		if (this.trouble === 'gone' || this.pending === 'nothing') return undefined;
		if (world.now() < this.busyUntil) {
			if (!this.stretches) return undefined;
			world.delay(Math.ceil(this.busyUntil - world.now()));
		}
		if (this.pending === 'measurement') this.measure();
		const words = this.pending === 'status' ? [this.status] : [this.temperature, this.humidity];
		this.pending = 'nothing';
		// Nobody drives the line behind the last byte.
		const bytes = new Uint8Array(count).fill(0xff);
		bytes.set(words.flatMap((word) => this.checked(word)).slice(0, count));
		return bytes;
	}

	private command(command: number): boolean {
		if (MEASURE_MS[command]) {
			this.measurements++;
			this.pending = 'measurement';
			this.stretches = command >> 8 === Const.STRETCHES;
			this.busyUntil = this.world.now() + MEASURE_MS[command];
			return true;
		}
		if (command === Command.Status) this.pending = 'status';
		else if (command === Command.ClearStatus) this.status &= Status.Heater;
		else if (command === Command.SoftReset) this.powerUp();
		else if (command === Command.HeaterOn) this.status |= Status.Heater;
		else if (command === Command.HeaterOff) this.status &= ~Status.Heater;
		else if (command === Command.Break) this.pending = 'nothing';
		else return false;
		return true;
	}

	private measure(): void {
		const { random } = this.world;
		if (this.trouble === 'nonsense') {
			this.temperature = random.below(Const.RAW_MAX + 1);
			this.humidity = random.below(Const.RAW_MAX + 1);
		} else if (this.trouble !== 'stuck') {
			const { temperatureC, humidityPct } = this.world.air();
			this.temperature = word((temperatureC + random.gaussian(Const.NOISE_C) + 45) / 175);
			this.humidity = word((humidityPct + random.gaussian(Const.NOISE_PCT)) / 100);
		}
	}

	private checked(value: number): number[] {
		const bytes = [value >> 8, value & 0xff];
		return [...bytes, crc8(bytes) ^ (this.trouble === 'garbled' ? Const.GARBLED : 0)];
	}
}

const word = (share: number): number => Math.min(Math.max(Math.round(share * Const.RAW_MAX), 0), Const.RAW_MAX);

/** Polynomial 0x31, initial value 0xFF (§4.12): the twin's own, so that a mistake in the driver's is seen. */
const crc8 = (bytes: readonly number[]): number => {
	let crc = 0xff;
	for (const byte of bytes) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? ((crc << 1) ^ 0x31) & 0xff : crc << 1;
	}
	return crc;
};
