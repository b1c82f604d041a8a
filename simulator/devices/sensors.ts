// The parts that are connected: a TMP36 on the analog pin and an SHT3x on the bus.
//
// Rule: they are told what the air is like and answer in volts and bytes, with their own noise; each can go wrong.
// TMP35/36/37 datasheet, table 4; SHT3x-DIS datasheet (December 2022), sections 4.1 to 4.14.

import type { Air } from '../world/weather.js';
import type { Random } from '../world/random.js';
import type { Chip } from './chip.js';
import type { Part } from './i2c.js';

/** How a part misbehaves. Stuck: repeats what it said last. Nonsense: anything. Gone: unplugged. Garbled: wrong check sums (SHT3x). */
export type Trouble = 'none' | 'stuck' | 'nonsense' | 'gone' | 'garbled';

export type AirNow = () => Air;

export class Tmp36 {
	trouble: Trouble = 'none';
	/** The part's own error in degrees Celsius; 1 typically, 2 at most at 25 degrees. */
	errorC = 0;
	readonly #air: AirNow;
	readonly #random: Random;
	#lastMv = 750;

	constructor(air: AirNow, random: Random) {
		this.#air = air;
		this.#random = random;
	}

	/** Millivolts on its output. */
	millivolts(): number {
		if (this.trouble === 'stuck') return this.#lastMv;
		if (this.trouble === 'nonsense') return this.#random.between(0, 3_300);
		// An open input of the divider is pulled to ground.
		if (this.trouble === 'gone') return 0;
		const celsius = Math.min(Math.max(this.#air().temperatureC + this.errorC, -40), 125);
		this.#lastMv = 750 + 10 * (celsius - 25);
		return this.#lastMv;
	}
}

/** Single shots by command: the longest time each takes (table 4), with and without clock stretching. */
const MEASURE_MS: Readonly<Record<number, number>> = { 0x2400: 15, 0x240b: 6, 0x2416: 4, 0x2c06: 15, 0x2c0d: 6, 0x2c10: 4 };
const STRETCHES = 0x2c;
const STATUS = 0xf32d;
const CLEAR_STATUS = 0x3041;
const SOFT_RESET = 0x30a2;
const BREAK = 0x3093;
const HEATER_ON = 0x306d;
const HEATER_OFF = 0x3066;
const RESET_MS = 1.5;
/** Status bits (table 18). */
const RESET_DETECTED = 0x0010;
const HEATER = 0x2000;

export class Sht3x implements Part {
	readonly address: number;
	trouble: Trouble = 'none';
	/** Measurements that were begun since it was made. */
	measurements = 0;
	readonly #air: AirNow;
	readonly #random: Random;
	#status = RESET_DETECTED;
	#busyUntil = 0;
	#stretches = false;
	#pending: 'nothing' | 'measurement' | 'status' = 'nothing';
	#words: [temperature: number, humidity: number] = [0x6666, 0x8000];

	constructor(air: AirNow, random: Random, address = 0x44) {
		this.#air = air;
		this.#random = random;
		this.address = address;
	}

	powerUp(nowMs: number): void {
		this.#status = RESET_DETECTED;
		this.#pending = 'nothing';
		this.#busyUntil = nowMs + RESET_MS;
	}

	write(bytes: Uint8Array, chip: Chip): boolean {
		if (this.trouble === 'gone' || chip.now() < this.#busyUntil) return false;
		if (bytes.length === 0) return true;
		if (bytes.length !== 2) return false;
		return this.#command((bytes[0] << 8) | bytes[1], chip);
	}

	read(count: number, chip: Chip): Uint8Array | undefined {
		if (this.trouble === 'gone' || this.#pending === 'nothing') return undefined;
		if (chip.now() < this.#busyUntil) {
			if (!this.#stretches) return undefined;
			chip.delay(Math.ceil(this.#busyUntil - chip.now()));
		}
		const words = this.#pending === 'status' ? [this.#status] : this.#measured();
		this.#pending = 'nothing';
		const bytes = new Uint8Array(count).fill(0xff);
		bytes.set(words.flatMap((word) => this.#checked(word)).slice(0, count));
		return bytes;
	}

	#command(command: number, chip: Chip): boolean {
		const measureMs = MEASURE_MS[command];
		if (measureMs) {
			this.measurements++;
			this.#pending = 'measurement';
			this.#stretches = command >> 8 === STRETCHES;
			this.#busyUntil = chip.now() + measureMs;
			return true;
		}
		switch (command) {
			case STATUS:
				this.#pending = 'status';
				return true;
			case CLEAR_STATUS:
				this.#status &= HEATER;
				return true;
			case SOFT_RESET:
				this.powerUp(chip.now());
				return true;
			case HEATER_ON:
				this.#status |= HEATER;
				return true;
			case HEATER_OFF:
				this.#status &= ~HEATER;
				return true;
			case BREAK:
				this.#pending = 'nothing';
				return true;
			default:
				return false;
		}
	}

	#measured(): number[] {
		if (this.trouble === 'nonsense') this.#words = [this.#random.below(0x1_0000), this.#random.below(0x1_0000)];
		else if (this.trouble !== 'stuck') {
			const { temperatureC, humidityPct } = this.#air();
			const celsius = temperatureC + this.#random.gaussian(0.02);
			const percent = humidityPct + this.#random.gaussian(0.05);
			this.#words = [word((celsius + 45) / 175), word(percent / 100)];
		}
		return [...this.#words];
	}

	#checked(value: number): number[] {
		const bytes = [value >> 8, value & 0xff];
		return [...bytes, crc8(bytes) ^ (this.trouble === 'garbled' ? 0x5a : 0)];
	}
}

function word(part: number): number {
	return Math.min(Math.max(Math.round(part * 0xffff), 0), 0xffff);
}

/** Polynomial 0x31, initial value 0xFF (section 4.12). */
export function crc8(bytes: readonly number[]): number {
	let crc = 0xff;
	for (const byte of bytes) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? ((crc << 1) ^ 0x31) & 0xff : crc << 1;
	}
	return crc;
}
