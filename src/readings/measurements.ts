// SPDX-License-Identifier: MIT
// What the parts measured, and what to think of it.
//
// Rule: what a part says is judged channel by channel (quality.ts). A part that fails leaves its channels out, says so once,
// and says once that it is back; one that fails again and again has its supply cycled, where it has one. Of a part with
// a dead band, what is as it was is left out until its heartbeat is due.
// All numbers are in one array, since on XS each array takes 120 B beside its elements, and each field 16 B. Points in time
// are kept as 32 bits of milliseconds, and compared by their difference. Of all sentences one is kept, that of the part that health
// names: eight parts that are all gone would take 600 B.

import type { Clock, Log, Millis, Part } from '../common/ports.js';
import { Limit } from '../common/limits.js';
import { EMPTY } from '../common/text.js';
import { corrected } from './calibration.js';
import { channelCount, channelsOf, firstOf, givesOne, quantityOf } from './channels.js';
import { convert } from './conversions.js';
import { DOUBTS, judge, Quality, qualityOfError, timesOf, troubleOf } from './quality.js';
import { QUANTITIES, Quantity, QUANTITY_MAXIMA, QUANTITY_MINIMA, Value } from './reading.js';
import { countOf, meanOf, sigmaOf, takeIn } from './statistics.js';

/** Where things lie in the sampler's numbers: these, then those of each part, of each channel, what a part collects, and the conversions. */
export const enum At {
	/** 1 within a turn. */
	Measuring,
	/** When it began. */
	Began,
	/** 1: all parts are due, whatever their turn. */
	Now,
	/** Of the jitter. */
	Seed,
	Spread,
	/** Of which part `complaint` is. */
	Whose,
	/** Failures since boot. */
	Errors,
	/** Milliseconds between readings, for parts without an interval of their own. */
	Interval,
	/** Of an analog part without a number of its own. */
	Conversions,
	Parts,
}

/** Of a part. */
export const enum Of {
	/** Its turn, without jitter. */
	Due,
	/** When it is to be collected, or its supply comes back. */
	Ready,
	/** When it has failed, if it has not answered by then. */
	End,
	/** Failures in a row, and the bits below. */
	State,
	/** When a reading of it was kept last. */
	Kept,
	/** On I2C; -1: it is not. */
	Address,
	/** What it complains of, as troubleOf() has it, so that it is told once; 0: nothing. */
	Trouble,
	Words,
}

/** Of a channel. */
export const enum Its {
	Offset,
	/** The last value as it was measured; ABSENT: its part failed. */
	Measured,
	/** Of this turn, for a reading; ABSENT: none. */
	Value,
	/** The last value that a reading had. */
	Kept,
	/** How often in a row it measured the same, from TIMES_BITS on what to think of it, from TAKEN_BITS on of how many Taken is. */
	Times,
	/** By how many 2^-20 its gain is off 1. */
	Gain,
	/** Of the last readings: statistics.ts. */
	Taken,
	Words = Taken + 4,
}

export const enum State {
	FAILURES = 0xff,
	STARTED = 0x100,
	/** Its supply is off for a moment. */
	OFF = 0x200,
	/** From this bit on: the quality of its last measurement. */
	QUALITY = 16,
	/** Of a channel's Times. */
	TIMES = 0xff,
	TIMES_BITS = 8,
	DOUBT = 0xff,
	TAKEN_BITS = 16,
}

const WORDLESS = 'fails without a word';
const AGAIN = 'answers again';
const TRUSTED = 'its values can be trusted again';

export abstract class Measurements {
	readonly parts: readonly Part[];
	protected readonly clock: Clock;
	protected readonly log: Log;
	protected readonly numbers: Int32Array;
	/** Of the part that health names. Seldom there, so that it takes no memory. */
	private declare complaint?: string;

	/** `conversions` of an analog part make one value, unless it has its own number. */
	constructor(parts: readonly Part[], conversions: number, clock: Clock, log: Log) {
		this.parts = parts;
		this.clock = clock;
		this.log = log;
		let most = 0;
		for (let i = 0; i < parts.length; i++) if (parts[i].row.analog) most = Math.max(most, parts[i].conversions ?? conversions);
		this.numbers = new Int32Array(this.collectAt + Quantity.MAX + most);
		this.numbers[At.Conversions] = conversions;
		for (let i = 0; i < parts.length; i++) {
			this.forget(parts[i]);
			this.absent(parts[i], Its.Kept);
		}
	}

	/** Of each value of this channel (calibration.ts). */
	setCorrection(channel: number, offset: number, gain: number): void {
		const at = this.channelAt(channel);
		this.numbers[at + Its.Offset] = offset;
		this.numbers[at + Its.Gain] = gain;
	}

	/** How many of the last readings of this channel mean() and sigma() are of, as they were measured; those out of range do not count. */
	count(channel: number): number {
		return countOf(this.taken(channel));
	}

	/** In milli-units, with fractions. */
	mean(channel: number): number {
		return meanOf(this.numbers, this.channelAt(channel) + Its.Taken, this.taken(channel));
	}

	sigma(channel: number): number {
		return sigmaOf(this.numbers, this.channelAt(channel) + Its.Taken, this.taken(channel));
	}

	private taken(channel: number): number {
		return this.numbers[this.channelAt(channel) + Its.Times] >> State.TAKEN_BITS;
	}

	/** The last value of this channel, as it was measured, before offset and limits; ABSENT if its part failed, or has not measured yet. */
	last(channel: number): number {
		return this.numbers[this.channelAt(channel) + Its.Measured];
	}

	/** Highest less lowest conversion of the last analog measurement, in milli-units. */
	get spread(): number {
		return this.numbers[At.Spread];
	}

	/** Failures of parts since boot. */
	get sensorErrors(): number {
		return this.numbers[At.Errors];
	}

	/** What to think of that part's last measurement. */
	quality(index: number): Quality {
		return this.numbers[this.partAt(index) + Of.State] >> State.QUALITY;
	}

	/** By part: where each is on I2C, or -1. */
	noteAddresses(addresses: readonly number[]): void {
		for (let i = 0; i < addresses.length; i++) this.numbers[this.partAt(i) + Of.Address] = addresses[i];
	}

	/** The index of the part at that address on I2C; -1: none is. */
	indexAt(address: number): number {
		for (let i = 0; i < this.parts.length; i++) if (this.numbers[this.partAt(i) + Of.Address] === address) return i;
		return -1;
	}

	/** It measures, or is without its supply for a moment. */
	isBusy(index: number): boolean {
		return (this.numbers[this.partAt(index) + Of.State] & (State.STARTED | State.OFF)) > 0;
	}

	/** It has measured, or failed. */
	isJudged(index: number): boolean {
		return this.quality(index) !== Quality.Ok || this.last(firstOf(this.parts[index])) !== Value.ABSENT;
	}

	/** The first part that does not answer, or else the first whose values are doubtful; -1 while there is none. */
	get failing(): number {
		let doubtful = -1;
		for (let i = this.parts.length - 1; i >= 0; i--) if (this.quality(i) !== Quality.Ok) doubtful = i;
		for (let i = 0; i < this.parts.length; i++) if (this.numbers[this.partAt(i) + Of.Trouble] !== 0) return i;
		return doubtful;
	}

	/** Why, in a sentence; its own, once it has failed again since it is the first that fails. */
	why(index: number): string {
		return this.numbers[At.Whose] === index && this.complaint || DOUBTS[this.quality(index)];
	}

	protected measure(part: Part): Millis {
		const { sensor, row, conversions } = part;
		const at = this.collectAt;
		if (sensor.compensate) {
			const air = this.temperature;
			if (air !== Value.ABSENT) sensor.compensate(air);
		}
		if (!row.analog) return sensor.collect(this.numbers, at);
		this.numbers[At.Spread] = convert(sensor, conversions ?? this.numbers[At.Conversions], this.numbers, at, at + Quantity.MAX);
		return 0;
	}

	/** Of the first part that has measured one without doubt, with its offset; ABSENT: none has. */
	private get temperature(): number {
		for (let i = 0; i < this.parts.length; i++) {
			const part = this.parts[i];
			const { quantities } = part.row;
			for (let k = 0, channel = firstOf(part); k < quantities.length; k++) {
				if (!givesOne(part, k)) continue;
				const at = this.channelAt(channel++);
				const measured = this.numbers[at + Its.Measured];
				const isDoubtful = this.numbers[at + Its.Times] >> State.TIMES_BITS & State.DOUBT;
				if (quantities[k] === QUANTITIES[Quantity.TEMPERATURE] && measured !== Value.ABSENT && !isDoubtful) return this.correct(at, measured);
			}
		}
		return Value.ABSENT;
	}

	/** What was collected, channel by channel. */
	protected judgeAll(index: number, now: Millis): void {
		const { numbers } = this;
		const part = this.parts[index];
		const { row } = part;
		let worst = Quality.Ok;
		for (let k = 0, channel = firstOf(part); k < row.quantities.length; k++) {
			if (!givesOne(part, k)) continue;
			const at = this.channelAt(channel++);
			const quantity = quantityOf(part, k);
			const measured = numbers[this.collectAt + k];
			if (measured === Value.ABSENT) {
				numbers[at + Its.Measured] = numbers[at + Its.Value] = measured;
				numbers[at + Its.Times] &= ~0 << State.TAKEN_BITS;
				worst = Quality.NoAnswer;
				continue;
			}
			const times = timesOf(measured, numbers[at + Its.Measured], numbers[at + Its.Times] & State.TIMES);
			const quality = judge(row, k, quantity, measured, times, numbers[At.Spread]);
			numbers[at + Its.Measured] = measured;
			let taken = numbers[at + Its.Times] >> State.TAKEN_BITS;
			if (quality !== Quality.OutOfRange) taken = takeIn(numbers, at + Its.Taken, taken, measured);
			numbers[at + Its.Times] = times | quality << State.TIMES_BITS | taken << State.TAKEN_BITS;
			numbers[at + Its.Value] = within(this.correct(at, measured), QUANTITY_MINIMA[quantity], QUANTITY_MAXIMA[quantity]);
			if (quality > worst) worst = quality;
		}
		const before = this.quality(index);
		numbers[this.partAt(index) + Of.State] = worst << State.QUALITY;
		const complaint = part.sensor.complaint ?? EMPTY;
		if (this.note(index, complaint)) this.tell(part, complaint || AGAIN);
		else if (worst !== before) this.tell(part, DOUBTS[worst] || TRUSTED);
		if (part.deadBand) this.thin(index, now, worst !== before);
	}

	private correct(at: number, measured: number): number {
		return corrected(measured, this.numbers[at + Its.Offset], this.numbers[at + Its.Gain]);
	}

	/** Of a part with a dead band: leaves out what is as it was when it was kept last. */
	private thin(index: number, now: Millis, isNews: boolean): void {
		const { numbers } = this;
		const part = this.parts[index];
		const kept = this.partAt(index) + Of.Kept;
		if (now - numbers[kept] >>> 0 >= (part.heartbeatMs ?? Limit.HEARTBEAT_MS)) isNews = true;
		for (let channel = firstOf(part), end = channel + channelsOf(part); channel < end; channel++) {
			const at = this.channelAt(channel);
			if (Math.abs(numbers[at + Its.Value] - numbers[at + Its.Kept]) >= part.deadBand!) isNews = true;
		}
		if (isNews) numbers[kept] = now;
		else this.absent(part, Its.Value);
	}

	protected complain(index: number, error: unknown, now: Millis): void {
		const { numbers } = this;
		const part = this.parts[index];
		const at = this.partAt(index);
		const sentence = error instanceof Error ? error.message : WORDLESS;
		const failures = ((numbers[at + Of.State] & State.FAILURES) + 1) % Limit.FAILURES_MAX;
		numbers[at + Of.State] = failures | qualityOfError(sentence) << State.QUALITY;
		numbers[At.Errors]++;
		this.forget(part);
		if (part.power && failures === 0) {
			part.power.write(0);
			numbers[at + Of.State] |= State.OFF;
			numbers[at + Of.Ready] = now + Limit.POWER_OFF_MS;
		}
		if (this.note(index, sentence)) this.tell(part, sentence);
	}

	/** What the part complains of from now on, '' for nothing. True: it is another trouble than before. */
	private note(index: number, complaint: string): boolean {
		const { numbers } = this;
		const at = this.partAt(index) + Of.Trouble;
		const trouble = troubleOf(complaint);
		const isNews = numbers[at] !== trouble;
		numbers[at] = trouble;
		if (trouble !== 0 && this.failing === index) {
			numbers[At.Whose] = index;
			this.complaint = complaint;
		} else if (numbers[At.Whose] === index) delete this.complaint;
		return isNews;
	}

	protected powerOn(index: number, now: Millis): void {
		const at = this.partAt(index);
		if ((this.numbers[at + Of.Ready] - now | 0) > 0) return;
		this.parts[index].power!.write(1);
		this.numbers[at + Of.State] &= ~State.OFF;
	}

	private tell({ name }: Part, sentence: string): void {
		this.log.line(`sensor ${name}: ${sentence}`);
	}

	private forget(part: Part): void {
		this.absent(part, Its.Measured);
		this.absent(part, Its.Value);
	}

	protected absent(part: Part, word: Its): void {
		for (let channel = firstOf(part), end = channel + channelsOf(part); channel < end; channel++) this.numbers[this.channelAt(channel) + word] = Value.ABSENT;
	}

	protected partAt(index: number): number {
		return At.Parts + index * Of.Words;
	}

	protected channelAt(channel: number): number {
		return this.partAt(this.parts.length) + channel * Its.Words;
	}

	/** Where a part collects to; its conversions follow. */
	protected get collectAt(): number {
		return this.channelAt(channelCount(this.parts));
	}
}

const within = (value: number, min: number, max: number): number => value < min ? min : value > max ? max : value;
