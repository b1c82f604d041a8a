// SPDX-License-Identifier: MIT
// The twin of a BME280, and of a BMP280 that is sold as one: registers, a trim, one forced measurement at a time.
//
// Rule: its raw values are those that the datasheet's formulas lead back from: searched for bit by bit, with formulas of its
// own. A register that is not there is 0; after power-on nothing is measured, and the humidity's setting counts from the
// next word on F4.
// Datasheet BST-BME280: §4.2.3 (trim, compensation), §5.3, §5.4 (registers), §9.1 (time).

import type { MakeTwin, TwinWorld } from '../twin.js';
import { powered, SimulatedI2C } from '../twin-i2c.js';

const enum Register {
	Trim = 0x88,
	TrimH1 = 0xa1,
	Identity = 0xd0,
	Reset = 0xe0,
	TrimHumidity = 0xe1,
	ControlHumidity = 0xf2,
	Status = 0xf3,
	Control = 0xf4,
	Configuration = 0xf5,
	Data = 0xf7,
	End = 0xff,
}

const enum Const {
	RESET = 0xb6,
	WAKING_MS = 2,
	BME280 = 0x60,
	BMP280 = 0x58,
	MODE = 0x03,
	SLEEP = 0,
	/** At ×1 each, at most. */
	MEASURING_MS = 9.3,
	STATUS_MEASURING = 0x08,
	/** At ×1 without filter: of temperature and pressure the lowest four of 20 are 0 (§3.4.2, §3.4.3). */
	BITS = 16,
	RAW_SPAN = 0x10_0000,
	SKIPPED = 0x8_0000,
	/** Table 1 and §3.6, at ×1 without filter. */
	NOISE_C = 0.005,
	NOISE_PCT = 0.02,
	NOISE_HPA = 0.033,
}

/** Of one part: T1 to T3, P1 to P9, H1 to H6. */
const T = Object.freeze([27_504, 26_435, -1_000]);
const P = Object.freeze([36_477, -10_685, 3_024, 2_855, 140, -7, 15_500, -14_600, 6_000]);
const H = Object.freeze([75, 364, 0, 313, 50, 30]);

export class SimulatedBME280 extends SimulatedI2C {
	private readonly identity: number;
	private readonly registers = new Uint8Array(Register.End + 1);
	private pointer = 0;
	/** F2 as it counts. */
	private humidityTimes = 0;

	constructor(world: TwinWorld, address: number, identity: number) {
		super(world, address);
		this.identity = identity;
	}

	protected reset(): void {
		const { registers } = this;
		registers.fill(0);
		registers[Register.Identity] = this.identity;
		[...T, ...P].forEach((each, at) => registers.set([each & 0xff, (each >> 8) & 0xff], Register.Trim + 2 * at));
		if (this.identity === Const.BME280) {
			registers[Register.TrimH1] = H[0];
			const [, h2, h3, h4, h5, h6] = H;
			registers.set([h2 & 0xff, (h2 >> 8) & 0xff, h3, (h4 >> 4) & 0xff, (h4 & 0xf) | ((h5 & 0xf) << 4), (h5 >> 4) & 0xff, h6 & 0xff], Register.TrimHumidity);
		}
		this.pointer = 0;
		this.humidityTimes = 0;
		this.keep(Const.SKIPPED, Const.SKIPPED, Const.SKIPPED >> 4);
		this.busyFor(Const.WAKING_MS);
	}

	protected hear(bytes: Uint8Array): boolean {
		if (this.isWaking) return false;
		if (bytes.length === 0) return true;
		this.settle();
		this.pointer = bytes[0];
		// Pairs of a register and its value.
		for (let at = 0; at + 1 < bytes.length; at += 2) this.set(bytes[at], bytes[at + 1]);
		return true;
	}

	protected say(count: number): readonly number[] | undefined {
		if (this.isWaking) return undefined;
		this.settle();
		const from = this.pointer;
		this.pointer = (from + count) & 0xff;
		return [...this.registers.subarray(from, from + count)];
	}

	/** In the 2 ms after power-on; a measurement leaves it there to be asked. */
	private get isWaking(): boolean {
		return this.isBusy && (this.registers[Register.Control] & Const.MODE) === Const.SLEEP;
	}

	private set(register: number, value: number): void {
		if (register === Register.Reset && value === Const.RESET) this.reset();
		if (register === Register.ControlHumidity || register === Register.Control || register === Register.Configuration) this.registers[register] = value;
		if (register !== Register.Control) return;
		this.humidityTimes = this.registers[Register.ControlHumidity] & 0x07;
		if ((value & Const.MODE) === Const.SLEEP) return;
		this.measurements++;
		this.registers[Register.Status] |= Const.STATUS_MEASURING;
		this.busyFor(Const.MEASURING_MS);
	}

	/** Ends a measurement whose time has come. */
	private settle(): void {
		const { registers, world } = this;
		const { random } = world;
		const control = registers[Register.Control];
		if (this.isBusy || (control & Const.MODE) === Const.SLEEP) return;
		registers[Register.Control] = control & ~Const.MODE;
		registers[Register.Status] = 0;
		const { temperatureC, humidityPct, pressureHpa } = world.air();
		const isBME280 = this.identity === Const.BME280 && this.humidityTimes > 0;
		const warm = searched(true, temperatureC + random.gaussian(Const.NOISE_C), (raw) => celsius(fineOf(raw)));
		const fine = fineOf(warm);
		const [temperature, pressure, humidity] = this.measured([
			warm,
			searched(false, 100 * (pressureHpa + random.gaussian(Const.NOISE_HPA)), (raw) => pascal(fine, raw)),
			searched(true, humidityPct + random.gaussian(Const.NOISE_PCT), (raw) => percent(fine, raw >> 4)),
		], Const.RAW_SPAN);
		const isMeasured = (shift: number): boolean => ((control >> shift) & 0x07) > 0;
		this.keep(isMeasured(5) ? temperature : Const.SKIPPED, isMeasured(2) ? pressure : Const.SKIPPED, isBME280 ? humidity >> 4 : Const.SKIPPED >> 4);
	}

	private keep(temperature: number, pressure: number, humidity: number): void {
		const long = (raw: number): number[] => [raw >> 12, (raw >> 4) & 0xff, 0];
		const short = this.identity === Const.BME280 ? [humidity >> 8, humidity & 0xff] : [0, 0];
		this.registers.set([...long(pressure), ...long(temperature), ...short], Register.Data);
	}
}

/** The raw value that comes nearest, where `value` of it rises or falls. */
const searched = (rises: boolean, wanted: number, value: (raw: number) => number): number => {
	const at = (step: number): number => value(step << 4);
	let step = 0;
	for (let bit = Const.BITS - 1; bit >= 0; bit--) {
		const next = step | (1 << bit);
		if (rises ? at(next) <= wanted : at(next) >= wanted) step = next;
	}
	const above = Math.min(step + 1, 2 ** Const.BITS - 1);
	return (Math.abs(at(above) - wanted) < Math.abs(at(step) - wanted) ? above : step) << 4;
};

const fineOf = (raw: number): number => {
	const first = (raw / 16384 - T[0] / 1024) * T[1];
	const second = (raw / 131072 - T[0] / 8192) * (raw / 131072 - T[0] / 8192) * T[2];
	return first + second;
};

const celsius = (fine: number): number => fine / 5120;

const pascal = (fine: number, raw: number): number => {
	let first = fine / 2 - 64000;
	let second = first * first * P[5] / 32768;
	second += first * P[4] * 2;
	second = second / 4 + P[3] * 65536;
	first = (P[2] * first * first / 524288 + P[1] * first) / 524288;
	first = (1 + first / 32768) * P[0];
	let pressure = 1048576 - raw;
	pressure = (pressure - second / 4096) * 6250 / first;
	first = P[8] * pressure * pressure / 2147483648;
	second = pressure * P[7] / 32768;
	return pressure + (first + second + P[6]) / 16;
};

const percent = (fine: number, raw: number): number => {
	const above = fine - 76800;
	let humidity = (raw - (H[3] * 64 + H[4] / 16384 * above)) * (H[1] / 65536 * (1 + H[5] / 67108864 * above * (1 + H[2] / 67108864 * above)));
	humidity *= 1 - H[0] * humidity / 524288;
	return humidity;
};

export const simulated: MakeTwin = (row, world, address) => powered(new SimulatedBME280(world, address, row === 'bmp280' ? Const.BMP280 : Const.BME280));
