// SPDX-License-Identifier: MIT
// When to measure, and what of many conversions to believe.
//
// Rule: start, then collect; never wait. All parts that are due start together: that is a turn. A reading holds what a
// turn gave; what does not fit into one becomes the next, with the same time. A turn ends when all have answered, or have
// failed after MEASURING_MS, or after as long as a slow part's row says. Where another part is due again before, what there
// is goes out, and the slow one comes with a later turn: so no part delays another. A part that fails leaves its channels
// out; a reading without any value is not made, so `seq` has no holes. The first reading waits for the link and the date,
// some seconds at most: one taken at power-on would come late and undated.

import type { Clock, Log, Millis, Part, Pollable } from '../common/ports.js';
import { Limit } from '../common/limits.js';
import { channelCount } from './channels.js';
import { At, Its, Measurements, Of, State } from './measurements.js';
import { Group, List, Value, type Reading } from './reading.js';
import { jitterOf, restOf } from './schedule.js';

export interface ReadingSink {
	/** To be filled for put(). */
	readonly reading: Reading;
	/** What is put now goes out at once. */
	readonly linked: boolean;
	put(): void;
}

const NOT_READY: Error = Object.freeze(new Error('it is not ready in time: check its supply.'));

export class Sampler extends Measurements implements Pollable {
	/** Readings made since boot; the last one's seq. */
	sampled = 0;
	private readonly sink: ReadingSink;

	/** `seed`: of the jitter. Parts may have a number of conversions and an interval of their own. */
	constructor(parts: readonly Part[], conversions: number, intervalMs: Millis, clock: Clock, log: Log, sink: ReadingSink, seed = 0) {
		super(parts, conversions, clock, log);
		this.numbers[At.Interval] = intervalMs;
		this.sink = sink;
		this.numbers[At.Seed] = seed;
	}

	get intervalMs(): Millis {
		return this.numbers[At.Interval];
	}

	/** Parts without an interval of their own are due one new interval from now, or when they would have been without: so nobody can put them off. */
	setIntervalMs(intervalMs: Millis, now: Millis): void {
		this.numbers[At.Interval] = intervalMs;
		for (let i = 0; i < this.parts.length; i++) {
			const rest = restOf(this.parts[i], intervalMs, this.clock);
			const due = this.partAt(i) + Of.Due;
			if ((this.numbers[due] - (now | 0) | 0) > rest) this.numbers[due] = now + rest;
		}
	}

	/** A reading out of turn, as soon as the loop comes round. */
	sampleNow(): void {
		if (this.numbers[At.Measuring] === 0) this.numbers[At.Now] = 1;
	}

	poll(now: Millis): Millis {
		const { numbers } = this;
		const at = this.nextDue(now);
		if (numbers[At.Measuring] === 0) {
			if (now < at) return at;
			if (now < Limit.FIRST_READING_MS && this.sampled === 0 && !(this.sink.linked && this.clock.unixSeconds())) return Limit.FIRST_READING_MS;
			this.begin(now);
		} else if (now >= at) {
			this.putAll(now);
			this.begin(now);
		}
		const rest = this.collectAll(now);
		if (rest > 0) return Math.min(now + rest, this.nextDue(now));
		numbers[At.Measuring] = 0;
		this.putAll(now);
		return this.nextDue(now);
	}

	/** When the next part is due, or has its supply back; NEVER without parts. */
	private nextDue(now: Millis): Millis {
		const { numbers, parts } = this;
		if (numbers[At.Now]) return now;
		let rest = Infinity;
		for (let i = 0; i < parts.length; i++) {
			const at = this.partAt(i);
			const dueIn = numbers[at + Of.State] & State.OFF ? numbers[at + Of.Ready] - now | 0 : this.dueIn(i, now);
			if (dueIn < rest) rest = dueIn;
		}
		return now + (rest > 0 ? rest : 0);
	}

	private dueIn(index: number, now: Millis): Millis {
		const due = this.numbers[this.partAt(index) + Of.Due];
		return due + jitterOf(this.parts[index], due, this.numbers[At.Seed]) - now | 0;
	}

	/** Starts all that is due. */
	private begin(now: Millis): void {
		const { numbers, parts } = this;
		numbers[At.Measuring] = 1;
		numbers[At.Began] = now;
		for (let i = 0; i < parts.length; i++) {
			this.absent(parts[i], Its.Value);
			if (this.dueIn(i, now) <= 0 || numbers[At.Now] && !this.rests(i, now)) this.start(i, now);
			// It is started in its next turn.
			if (numbers[this.partAt(i) + Of.State] & State.OFF) this.powerOn(i, now);
		}
		numbers[At.Now] = 0;
	}

	/** It was started not long ago, and wants its rest: it is left out of a reading out of turn. */
	private rests(index: number, now: Millis): boolean {
		const part = this.parts[index];
		const { restMs } = part.row;
		return restMs !== undefined && this.sampled > 0 && this.dueIn(index, now) > restOf(part, this.intervalMs, this.clock) - restMs;
	}

	private start(index: number, now: Millis): void {
		const { numbers } = this;
		const part = this.parts[index];
		const at = this.partAt(index);
		const rest = restOf(part, this.intervalMs, this.clock);
		// In step with the first reading; a loop that came too late for a whole interval does not catch up in a burst.
		const due = (this.sampled === 0 || numbers[At.Now] || part.align ? now | 0 : numbers[at + Of.Due]) + rest | 0;
		const ahead = due - now | 0;
		numbers[at + Of.Due] = ahead <= 0 || ahead > rest ? now + rest : due;
		if (numbers[at + Of.State] & (State.OFF | State.STARTED)) return;
		try {
			const waitMs = part.sensor.start();
			// From when it was started, not from when the turn began; and a tick more, since "now" may be nearly over.
			numbers[at + Of.Ready] = waitMs ? this.clock.now() + waitMs + 1 : now;
			numbers[at + Of.State] |= State.STARTED;
			numbers[at + Of.End] = now + (part.row.patienceMs ?? Limit.MEASURING_MS);
		} catch (error) {
			this.complain(index, error, now);
		}
	}

	/** Collects what is ready. Returns how long until something else is; 0: the turn is over. */
	private collectAll(now: Millis): Millis {
		const { numbers } = this;
		let rest = 0;
		for (let i = 0; i < this.parts.length; i++) {
			const at = this.partAt(i);
			if ((numbers[at + Of.State] & State.STARTED) === 0) continue;
			const left = numbers[at + Of.End] - now | 0;
			let wait = numbers[at + Of.Ready] - now | 0;
			if (wait <= 0) wait = this.collect(i, now);
			if (wait > 0 && left <= 0) {
				this.complain(i, NOT_READY, now);
				wait = 0;
			}
			if (wait > left) wait = left;
			if (wait > 0 && (rest === 0 || wait < rest)) rest = wait;
		}
		return rest;
	}

	/** Returns how long until it is to be asked again; 0: it has answered, or failed. */
	private collect(index: number, now: Millis): Millis {
		const { numbers } = this;
		const part = this.parts[index];
		try {
			const again = this.measure(part);
			if (again > 0) {
				const ready = this.clock.now() + again + 1 | 0;
				numbers[this.partAt(index) + Of.Ready] = ready;
				return ready - now | 0;
			}
			this.judgeAll(index, now);
		} catch (error) {
			this.complain(index, error, now);
		}
		return 0;
	}

	/** Of each group that has a value one reading, taken when the turn began. */
	private putAll(now: Millis): void {
		const { reading } = this.sink;
		const late = Math.floor((now - this.numbers[At.Began] | 0) / 1_000);
		const uptime = this.clock.uptime() - late;
		const unix = this.clock.unixSeconds();
		const time = unix && unix - late;
		const count = channelCount(this.parts);
		for (let group = 0; group * Group.VALUES < count; group++) {
			this.fill(reading, group, count);
			if (reading.isEmpty) continue;
			reading.boot = reading.droppedFrom = reading.droppedTo = 0;
			reading.list = List.Present;
			reading.group = group;
			reading.seq = ++this.sampled;
			reading.uptime = uptime;
			reading.time = time;
			this.sink.put();
		}
	}

	private fill(reading: Reading, group: number, count: number): void {
		reading.empty();
		for (let i = 0, channel = group * Group.VALUES; i < Group.VALUES && channel < count; i++, channel++) {
			const at = this.channelAt(channel);
			const value = this.numbers[at + Its.Value];
			if (value === Value.ABSENT) continue;
			reading.numbers[i] = this.numbers[at + Its.Kept] = value;
			if (this.numbers[at + Its.Times] >> State.TIMES_BITS & State.DOUBT) reading.suspects |= 1 << i;
		}
	}

}
