// SPDX-License-Identifier: MIT
// When to measure, and what of many conversions to believe.
//
// Rule: start, then collect; never wait. All parts start together, the slowest decides when they are collected, and one
// reading holds them all. A part that fails leaves its quantity out; a reading without any value is not made, so `seq` has no holes.
// Analog parts are read n times in a burst, after one conversion to warm up; the mean of the middle half of them counts
// (docs/decisions/0003-middle-half.md): as deaf to spikes as the median, and finer than one step of the converter.

import type { Clock, Log, Millis, Pollable, Sensor } from './ports.js';
import { ABSENT, QUANTITY_MAX, QUANTITY_MAXIMA, QUANTITY_MINIMA, Reading, TEMPERATURE } from './reading.js';

/** A part as the sampler sees it: which values of a reading it fills. */
export interface Part {
	readonly name: string;
	readonly sensor: Sensor & Compensated;
	/** Indexes into QUANTITIES, one for each value that sensor.collect() writes. */
	readonly quantities: readonly number[];
	/** Conversions for one reading; 1 for digital parts. */
	readonly conversions: number;
}

/** A part whose values depend on the air's temperature is told it before it collects. */
export interface Compensated {
	compensate?(temperatureMilliC: number): void;
}

export interface ReadingSink {
	put(reading: Reading): void;
}

const enum Stage {
	Idle,
	Measuring,
}

export class Sampler implements Pollable {
	/** Readings made since boot; the last one's seq. */
	sampled = 0;
	sensorErrors = 0;
	/** Highest less lowest conversion of the last analog measurement, in milli-units. */
	spread = 0;
	readonly offsets = new Int32Array(QUANTITY_MAX);

	/** The last values as they were measured, before offset and limits; what the last reading does not have is of an earlier one. */
	readonly #measured = new Int32Array(QUANTITY_MAX);
	readonly #parts: readonly Part[];
	readonly #clock: Clock;
	readonly #log: Log;
	readonly #sink: ReadingSink;
	readonly #reading = new Reading();
	readonly #values = new Int32Array(QUANTITY_MAX);
	readonly #conversions: Int32Array;
	/** The last error of each part, so that a lasting one is told once. */
	readonly #complaints: string[] = [];
	#stage: Stage = Stage.Idle;
	#failed = 0;
	#intervalMs: Millis;
	#dueAt: Millis = 0;
	#readyAt: Millis = 0;

	constructor(parts: readonly Part[], intervalMs: Millis, clock: Clock, log: Log, sink: ReadingSink) {
		this.#parts = parts;
		this.#intervalMs = intervalMs;
		this.#clock = clock;
		this.#log = log;
		this.#sink = sink;
		let conversionsMax = 1;
		for (const part of parts) {
			this.#complaints.push('');
			if (part.conversions > conversionsMax) conversionsMax = part.conversions;
		}
		this.#conversions = new Int32Array(conversionsMax);
	}

	get intervalMs(): Millis {
		return this.#intervalMs;
	}

	/** The next reading comes one new interval from now, or when it would have come without: so nobody can put it off again and again. */
	setIntervalMs(intervalMs: Millis, now: Millis): void {
		this.#intervalMs = intervalMs;
		if (this.#dueAt > now + intervalMs) this.#dueAt = now + intervalMs;
	}

	/** The last value of the quantity with this index, as it was measured; ABSENT if the last reading has none. */
	last(quantity: number): number {
		return this.#reading.values[quantity] === ABSENT ? ABSENT : this.#measured[quantity];
	}

	/** A reading out of turn, as soon as the loop comes round. */
	sampleNow(now: Millis): void {
		if (this.#stage === Stage.Idle) this.#dueAt = now;
	}

	poll(now: Millis): Millis {
		if (this.#stage === Stage.Idle) {
			if (now < this.#dueAt) return this.#dueAt;
			this.start(now);
		}
		if (now < this.#readyAt) return this.#readyAt;
		this.collect(now);
		this.#stage = Stage.Idle;
		return this.#dueAt;
	}

	private start(now: Millis): void {
		this.#failed = 0;
		this.#readyAt = now;
		for (let i = 0; i < this.#parts.length; i++) {
			try {
				const waitMs = this.#parts[i].sensor.start();
				// From when it was started, not from when the turn began; and a tick more, since "now" may be nearly over.
				const readyAt = waitMs ? this.#clock.now() + waitMs + 1 : now;
				if (readyAt > this.#readyAt) this.#readyAt = readyAt;
			} catch (error) {
				this.complain(i, error);
			}
		}
		this.#stage = Stage.Measuring;
		// In step with the first reading; a loop that came too late for a whole interval does not catch up in a burst.
		this.#dueAt += this.#intervalMs;
		if (this.#dueAt <= now || this.#dueAt > now + this.#intervalMs) this.#dueAt = now + this.#intervalMs;
	}

	private collect(now: Millis): void {
		const reading = this.#reading;
		reading.values.fill(ABSENT);
		for (let i = 0; i < this.#parts.length; i++) {
			if (this.#failed & (1 << i)) continue;
			try {
				this.measure(this.#parts[i]);
				this.recovered(i);
			} catch (error) {
				this.complain(i, error);
			}
		}
		let empty = true;
		for (let i = 0; i < QUANTITY_MAX; i++) if (reading.values[i] !== ABSENT) empty = false;
		if (empty) return;
		reading.seq = ++this.sampled;
		reading.uptime = Math.floor(now / 1000);
		reading.time = this.#clock.unixSeconds();
		this.#sink.put(reading);
	}

	private measure(part: Part): void {
		const temperature = this.#reading.values[TEMPERATURE];
		if (temperature !== ABSENT) part.sensor.compensate?.(temperature);
		if (part.conversions > 1) this.convert(part);
		else part.sensor.collect(this.#values, 0);
		for (let i = 0; i < part.quantities.length; i++) {
			const quantity = part.quantities[i];
			this.#measured[quantity] = this.#values[i];
			this.#reading.values[quantity] = within(this.#values[i] + this.offsets[quantity], QUANTITY_MINIMA[quantity], QUANTITY_MAXIMA[quantity]);
		}
	}

	/** Fills the first value with the mean of the middle half of the conversions. */
	private convert(part: Part): void {
		const sorted = this.#conversions;
		const count = part.conversions;
		part.sensor.collect(this.#values, 0);
		for (let i = 0; i < count; i++) {
			part.sensor.start();
			part.sensor.collect(this.#values, 0);
			insert(sorted, i, this.#values[0]);
		}
		this.spread = sorted[count - 1] - sorted[0];
		this.#values[0] = middleHalf(sorted, count);
	}

	private complain(index: number, error: unknown): void {
		this.#failed |= 1 << index;
		this.sensorErrors++;
		const sentence = error instanceof Error ? error.message : String(error);
		if (sentence === this.#complaints[index]) return;
		this.#complaints[index] = sentence;
		this.#log.line(`sensor ${this.#parts[index].name}: ${sentence}`);
	}

	private recovered(index: number): void {
		if (this.#complaints[index] === '') return;
		this.#complaints[index] = '';
		this.#log.line(`sensor ${this.#parts[index].name}: answers again`);
	}
}

function within(value: number, min: number, max: number): number {
	return value < min ? min : value > max ? max : value;
}

/** Puts `value` into the ascending first `count` places. */
function insert(sorted: Int32Array, count: number, value: number): void {
	let at = count;
	for (; at > 0 && sorted[at - 1] > value; at--) sorted[at] = sorted[at - 1];
	sorted[at] = value;
}

/** The mean of the middle half of ascending values, rounded to a whole number. */
export function middleHalf(sorted: Int32Array, count: number): number {
	const outside = Math.floor(count / 4);
	let sum = 0;
	for (let i = outside; i < count - outside; i++) sum += sorted[i];
	return Math.round(sum / (count - 2 * outside));
}
