// SPDX-License-Identifier: MIT
// A DHT22 (AM2302) or a DHT11 that is simulated, in pulses.
//
// Rule: it answers only a start signal that is long enough, and only when it has rested: 2 s (DHT22) or 1 s (DHT11) after the
// last answer and after power-up. What it says is what the air was like then. Aosong AM2302, §7; Aosong DHT11, §5.

import type { MakeTwin, PulseTwin, Trouble, TwinWorld } from '../twin.js';

interface Kind {
	/** The shortest start signal that it takes. */
	readonly lowUs: number;
	readonly restMs: number;
	/** Before it pulls the line; and noise, in the units of its values. */
	readonly temperatureSigma: number;
	readonly humiditySigma: number;
	bytes(temperatureC: number, humidityPct: number, encoding: Encoding): number[];
}

/** How a DHT22 writes what is below zero: both are on sale. */
export type Encoding = 'sign' | 'complement';

const DHT22: Kind = {
	lowUs: 800, restMs: 2_000, temperatureSigma: 0.05, humiditySigma: 0.1,
	bytes(temperatureC, humidityPct, encoding) {
		const tenths = Math.round(within(temperatureC, -40, 80) * 10);
		const raw = tenths >= 0 ? tenths : encoding === 'sign' ? 0x8000 | -tenths : tenths & 0xffff;
		const humidity = Math.round(within(humidityPct, 0, 99.9) * 10);
		return [humidity >> 8, humidity & 0xff, raw >> 8, raw & 0xff];
	},
};

/** As they are made since 2022: with tenths, and the sign in the last byte. */
const DHT11: Kind = {
	lowUs: 18_000, restMs: 1_000, temperatureSigma: 0.05, humiditySigma: 0.1,
	bytes(temperatureC, humidityPct) {
		const humidity = Math.round(within(humidityPct, 5, 95) * 10);
		const tenths = Math.round(within(temperatureC, -20, 60) * 10);
		const magnitude = Math.abs(tenths);
		return [Math.floor(humidity / 10), humidity % 10, Math.floor(magnitude / 10), magnitude % 10 | (tenths < 0 ? 0x80 : 0)];
	},
};

const enum Us {
	/** Until it answers, its greeting, before each bit, a bit of 0 and of 1; and what each varies by. */
	PULL = 30,
	GREETING = 80,
	LOW = 50,
	ZERO = 27,
	ONE = 70,
	VARIES = 3,
}

class Dht implements PulseTwin {
	readonly bus = 'pulse';
	trouble: Trouble = 'none';
	encoding: Encoding = 'sign';
	measurements = 0;
	readonly #kind: Kind;
	readonly #world: TwinWorld;
	#readyAt: number;
	#bytes: number[];

	constructor(kind: Kind, world: TwinWorld) {
		this.#kind = kind;
		this.#world = world;
		this.#readyAt = world.now() + kind.restMs;
		this.#bytes = kind.bytes(20, 50, this.encoding);
	}

	powerUp(): void {
		this.#readyAt = this.#world.now() + this.#kind.restMs;
	}

	answer(lowUs: number): readonly number[] {
		const { now } = this.#world;
		if (this.trouble === 'gone' || lowUs < this.#kind.lowUs || now() < this.#readyAt) return [];
		this.measurements++;
		this.#readyAt = now() + this.#kind.restMs;
		const bytes = this.#measured();
		const sum = bytes.reduce((total, byte) => total + byte, 0) & 0xff;
		return this.#pulses([...bytes, this.trouble === 'garbled' ? sum ^ 0x5a : sum]);
	}

	#measured(): number[] {
		const { random, air } = this.#world;
		const { bytes, temperatureSigma, humiditySigma } = this.#kind;
		if (this.trouble === 'stuck') return this.#bytes;
		if (this.trouble === 'nonsense') return [random.below(256), random.below(256), random.below(256), random.below(256)];
		const { temperatureC, humidityPct } = air();
		return (this.#bytes = bytes(temperatureC + random.gaussian(temperatureSigma), humidityPct + random.gaussian(humiditySigma), this.encoding));
	}

	#pulses(bytes: readonly number[]): number[] {
		const { random } = this.#world;
		const about = (us: number): number => us + random.between(-Us.VARIES, Us.VARIES);
		const levels = [about(Us.PULL), about(Us.GREETING), about(Us.GREETING)];
		for (const byte of bytes) {
			for (let bit = 7; bit >= 0; bit--) levels.push(about(Us.LOW), about(byte & (1 << bit) ? Us.ONE : Us.ZERO));
		}
		levels.push(about(Us.LOW));
		return levels;
	}
}

function within(value: number, low: number, high: number): number {
	return Math.min(Math.max(value, low), high);
}

export const simulated: MakeTwin = (row, world) => new Dht(row === 'dht11' ? DHT11 : DHT22, world);
