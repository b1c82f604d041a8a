// SPDX-License-Identifier: MIT
// When to measure, and what of many conversions to believe.
//
// Rule: start, then collect; never wait. All parts start together, the slowest decides when they are collected, and one
// reading holds them all. A part that fails leaves its quantity out; a reading without any value is not made, so `seq`
// has no holes. Analog parts are read n times in a burst, after one conversion to warm up. The mean of the middle half
// counts (docs/decisions/0003-middle-half.md): as robust against spikes as the median, and finer than one step of the
// converter. The first reading waits for the link and the date, some seconds at most: one taken at power-on would come
// late and undated.

import type { Clock, Log, Millis, Part, Pollable, Sensor } from '../common/ports.js';
import { Limit } from '../common/limits.js';
import { QUANTITIES, Quantity, QUANTITY_MAXIMA, QUANTITY_MINIMA, Value, type Reading } from './reading.js';

export interface ReadingSink {
	/** To be filled for put(). */
	readonly reading: Reading;
	/** What is put now goes out at once. */
	readonly linked: boolean;
	put(): void;
}

const enum Stage {
	Idle,
	Measuring,
}

/**
 * Where things lie in the sampler's numbers: by quantity its offset, and what the last reading measured; then what a
 * part collects, and the conversions.
 */
const enum At {
	Offsets = 0,
	Measured = Offsets + Quantity.MAX,
	Values = Measured + Quantity.MAX,
	Conversions = Values + Quantity.MAX,
}

export class Sampler implements Pollable {
	/** Readings made since boot; the last one's seq. */
	sampled = 0;
	sensorErrors = 0;
	/** Highest less lowest conversion of the last analog measurement, in milli-units. */
	spread = 0;

	private readonly parts: readonly Part[];
	private readonly conversions: number;
	private readonly clock: Clock;
	private readonly log: Log;
	private readonly sink: ReadingSink;
	/** All numbers in one array, since on XS each array takes 120 B beside its elements. */
	private readonly numbers: Int32Array;
	private stage: Stage = Stage.Idle;
	private failed = 0;
	intervalMs: Millis;
	private dueAt: Millis = 0;
	private readyAt: Millis = 0;

	/** `conversions` of an analog part make one value. */
	constructor(parts: readonly Part[], conversions: number, intervalMs: Millis, clock: Clock, log: Log, sink: ReadingSink) {
		this.parts = parts;
		this.conversions = conversions;
		this.intervalMs = intervalMs;
		this.clock = clock;
		this.log = log;
		this.sink = sink;
		this.numbers = new Int32Array(At.Conversions + conversions);
		this.forget();
	}

	/**
	 * The next reading comes one new interval from now, or when it would have come without: so nobody can put it off
	 * again and again.
	 */
	setIntervalMs(intervalMs: Millis, now: Millis): void {
		this.intervalMs = intervalMs;
		if (this.dueAt > now + intervalMs) this.dueAt = now + intervalMs;
	}

	/** To be added to each value of the quantity with this index. */
	setOffset(quantity: number, offset: number): void {
		this.numbers[At.Offsets + quantity] = offset;
	}

	/**
	 * The last value of the quantity with this index, as it was measured, before offset and limits; ABSENT if the last
	 * reading has none.
	 */
	last(quantity: number): number {
		return this.numbers[At.Measured + quantity];
	}

	/** The first part that does not answer, with its complaint; undefined while all do. */
	get failing(): Part | undefined {
		for (let i = 0; i < this.parts.length; i++) if (this.parts[i].complaint !== '') return this.parts[i];
		return undefined;
	}

	/** A reading out of turn, as soon as the loop comes round. */
	sampleNow(now: Millis): void {
		if (this.stage === Stage.Idle) this.dueAt = now;
	}

	poll(now: Millis): Millis {
		if (this.stage === Stage.Idle) {
			if (now < this.dueAt) return this.dueAt;
			if (now < Limit.FIRST_READING_MS && this.sampled === 0 && !(this.sink.linked && this.clock.unixSeconds())) return Limit.FIRST_READING_MS;
			this.start(now);
		}
		if (now < this.readyAt) return this.readyAt;
		this.collect();
		this.stage = Stage.Idle;
		return this.dueAt;
	}

	private start(now: Millis): void {
		this.failed = 0;
		this.readyAt = now;
		for (let i = 0; i < this.parts.length; i++) {
			try {
				const waitMs = this.parts[i].sensor.start();
				// From when it was started, not from when the turn began; and a tick more, since "now" may be nearly
				// over.
				const readyAt = waitMs ? this.clock.now() + waitMs + 1 : now;
				if (readyAt > this.readyAt) this.readyAt = readyAt;
			} catch (error) {
				this.complain(i, error);
			}
		}
		this.stage = Stage.Measuring;
		// In step with the first reading; a loop that came too late for a whole interval does not catch up in a burst.
		this.dueAt = (this.sampled === 0 ? now : this.dueAt) + this.intervalMs;
		if (this.dueAt <= now || this.dueAt > now + this.intervalMs) this.dueAt = now + this.intervalMs;
	}

	private collect(): void {
		const { reading } = this.sink;
		this.forget();
		reading.values.fill(Value.ABSENT);
		for (let i = 0; i < this.parts.length; i++) {
			if (this.failed & (1 << i)) continue;
			try {
				this.measure(this.parts[i], reading.values);
				this.recovered(i);
			} catch (error) {
				this.complain(i, error);
			}
		}
		if (this.isEmpty(reading)) return;
		reading.boot = 0;
		reading.droppedFrom = reading.droppedTo = 0;
		reading.seq = ++this.sampled;
		reading.uptime = this.clock.uptime();
		reading.time = this.clock.unixSeconds();
		this.sink.put();
	}

	private isEmpty({ values }: Reading): boolean {
		for (let i = 0; i < Quantity.MAX; i++) if (values[i] !== Value.ABSENT) return false;
		return true;
	}

	private forget(): void {
		this.numbers.fill(Value.ABSENT, At.Measured, At.Values);
	}

	private measure({ sensor, gives, row: { quantities, analog } }: Part, values: Int32Array): void {
		const numbers = this.numbers;
		if (values[Quantity.TEMPERATURE] !== Value.ABSENT) sensor.compensate?.(values[Quantity.TEMPERATURE]);
		if (analog) this.convert(sensor);
		else sensor.collect(numbers, At.Values);
		for (let i = 0; i < quantities.length; i++) {
			if ((gives & 1 << i) === 0) continue;
			const quantity = QUANTITIES.indexOf(quantities[i]);
			const measured = numbers[At.Values + i];
			numbers[At.Measured + quantity] = measured;
			values[quantity] = within(measured + numbers[At.Offsets + quantity], QUANTITY_MINIMA[quantity], QUANTITY_MAXIMA[quantity]);
		}
	}

	/** Makes the first value the mean of the middle half of the conversions. */
	private convert(sensor: Sensor): void {
		const numbers = this.numbers;
		const end = At.Conversions + this.conversions;
		sensor.collect(numbers, At.Values);
		for (let at: number = At.Conversions; at < end; at++) {
			sensor.start();
			sensor.collect(numbers, At.Values);
			insert(numbers, At.Conversions, at, numbers[At.Values]);
		}
		this.spread = numbers[end - 1] - numbers[At.Conversions];
		numbers[At.Values] = middleHalf(numbers, At.Conversions, end);
	}

	private complain(index: number, error: unknown): void {
		const part = this.parts[index];
		this.failed |= 1 << index;
		this.sensorErrors++;
		const sentence = error instanceof Error ? error.message : 'fails without a word';
		if (sentence === part.complaint) return;
		part.complaint = sentence;
		this.log.line(`sensor ${part.name}: ${sentence}`);
	}

	private recovered(index: number): void {
		const part = this.parts[index];
		if (part.complaint === '') return;
		part.complaint = '';
		this.log.line(`sensor ${part.name}: answers again`);
	}
}

const within = (value: number, min: number, max: number): number => value < min ? min : value > max ? max : value;

/** Puts `value` among the ascending ones that lie from `from` on, up to `at`. */
const insert = (sorted: Int32Array, from: number, at: number, value: number): void => {
	for (; at > from && sorted[at - 1] > value; at--) sorted[at] = sorted[at - 1];
	sorted[at] = value;
};

/** The mean of the middle half of the ascending values from `from` to `end`, rounded to a whole number. */
export const middleHalf = (sorted: Int32Array, from: number, end: number): number => {
	const outside = Math.floor((end - from) / 4);
	let sum = 0;
	for (let i = from + outside; i < end - outside; i++) sum += sorted[i];
	return Math.round(sum / (end - from - 2 * outside));
};
