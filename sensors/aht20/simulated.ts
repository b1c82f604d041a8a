// SPDX-License-Identifier: MIT
// The twins of an AHT10 and of an AHT20 or DHT20: a status, a calibration that power loss undoes, 20 bits each.
//
// Rule: a read gives the status first and then the last result, whatever was asked for before. Uncalibrated it measures,
// and measures wrong. An AHT20 acknowledges no E1, an AHT10 no BE and no registers.
// Datasheets AHT10 and AHT20: §5.3, §5.4 (commands, status, registers 1B, 1C, 1E), §6 (conversion).

import type { MakeTwin, TwinWorld } from '../twin.js';
import { crc8Of, powered, SimulatedI2C } from '../twin-i2c.js';

const enum Command {
	CalibrateAHT10 = 0xe1,
	CalibrateAHT20 = 0xbe,
	Measure = 0xac,
	Reset = 0xba,
	WriteRegister = 0xb0,
}

const enum Const {
	WAKING_MS = 40,
	RESET_MS = 20,
	CALIBRATING_MS = 10,
	MEASURING_MS = 75,
	BUSY = 0x80,
	CALIBRATED = 0x08,
	/** With the above, what an AHT20 shows when its registers are right. */
	REGISTERS = 0x10,
	RAW_SPAN = 0x10_0000,
	CRC_INITIAL = 0xff,
	/** What an uncalibrated part is wrong by. */
	UNCALIBRATED_C = 12,
	/** Noise: AHT20 datasheet, table 1. */
	NOISE_C = 0.01,
	NOISE_PCT = 0.024,
}

const REGISTERS = Object.freeze([0x1b, 0x1c, 0x1e]);

/** What a register holds before anybody wrote it. */
const held = (index: number): readonly number[] => [0x40 + index, 0x60 + index];

export class SimulatedAHT extends SimulatedI2C {
	/** What it comes up with: a part as new is calibrated, others are not. */
	statusAtPowerUp: number;
	private readonly isAHT20: boolean;
	private status = 0;
	private result: readonly number[] = [0, 0, 0, 0, 0];
	private isMeasuring = false;
	/** A register that was asked for, -1 for none. */
	private asked = -1;
	private rewritten: boolean[] = [];

	constructor(world: TwinWorld, address: number, isAHT20: boolean) {
		super(world, address);
		this.isAHT20 = isAHT20;
		this.statusAtPowerUp = isAHT20 ? Const.CALIBRATED | Const.REGISTERS : 0;
	}

	protected reset(): void {
		this.status = this.statusAtPowerUp;
		this.result = [0, 0, 0, 0, 0];
		this.isMeasuring = false;
		this.asked = -1;
		this.rewritten = [];
		this.busyFor(Const.WAKING_MS);
	}

	protected hear(bytes: Uint8Array): boolean {
		// While it measures it is there, and says so.
		if (this.isBusy) return this.isMeasuring && bytes.length === 0;
		if (bytes.length === 0) return true;
		this.asked = -1;
		const [command] = bytes;
		if (command === Command.Measure) return bytes.length === 3 && this.measure();
		if (command === Command.Reset) return this.restart();
		const calibrate = this.isAHT20 ? Command.CalibrateAHT20 : Command.CalibrateAHT10;
		// BE is also where the third register is written.
		if (command === calibrate && bytes[1] === 0x08 && bytes[2] === 0x00) return this.calibrate();
		return this.isAHT20 && bytes.length === 3 && this.register(command, bytes);
	}

	protected say(): readonly number[] | undefined {
		if (this.isBusy && !this.isMeasuring) return undefined;
		if (!this.isBusy) this.isMeasuring = false;
		const status = this.status | (this.isMeasuring ? Const.BUSY : 0);
		if (this.asked >= 0) return [status, ...held(this.asked)];
		const bytes = [status, ...this.result];
		return this.isAHT20 ? [...bytes, this.sum(crc8Of(bytes, Const.CRC_INITIAL))] : bytes;
	}

	private restart(): boolean {
		this.reset();
		this.busyFor(Const.RESET_MS);
		return true;
	}

	private calibrate(): boolean {
		this.busyFor(Const.CALIBRATING_MS);
		this.status |= Const.CALIBRATED;
		return true;
	}

	/** Each is asked for with 00 00, and comes back with its number on B0 and with what it held. */
	private register(command: number, bytes: Uint8Array): boolean {
		const index = REGISTERS.indexOf(command);
		if (index >= 0) {
			this.asked = index;
			return true;
		}
		const written = REGISTERS.findIndex((each) => (Command.WriteRegister | each) === command);
		if (written < 0) return false;
		if (bytes[1] === held(written)[0] && bytes[2] === held(written)[1]) this.rewritten[written] = true;
		if (REGISTERS.every((_each, at) => this.rewritten[at])) this.status |= Const.REGISTERS | Const.CALIBRATED;
		return true;
	}

	private measure(): boolean {
		const [temperatureC, humidityPct] = this.air(Const.NOISE_C, Const.NOISE_PCT);
		this.measurements++;
		this.isMeasuring = true;
		this.busyFor(Const.MEASURING_MS);
		const wrong = this.status & Const.CALIBRATED ? 0 : Const.UNCALIBRATED_C;
		const [temperature, humidity] = this.measured([
			(temperatureC + wrong + 50) / 200 * Const.RAW_SPAN,
			Math.max(humidityPct / 100 * Const.RAW_SPAN, 1),
		], Const.RAW_SPAN);
		this.result = [humidity >> 12, (humidity >> 4) & 0xff, ((humidity & 0xf) << 4) | (temperature >> 16), (temperature >> 8) & 0xff, temperature & 0xff];
		return true;
	}
}

export const simulated: MakeTwin = (row, world, address) => powered(new SimulatedAHT(world, address, row === 'aht20'));
