// The readings of one boot of one node: which numbers came, which are missing, which came twice and differ.
//
// Rule: memory is bounded whatever comes. Beyond RANGES_MAX holes the lowest is counted and closed for good;
// values are compared for the RECENT_MAX numbers that were heard last, and by a 32-bit digest.
// A number that a node can hardly have come to is believed when the next one follows it: one forged message makes no millions of missing ones.

import type { Reading } from './payload.js';
import { Ranges, type Range } from './ranges.js';

/** `dropped`: the node gave the reading up, and says so in its place. `implausible`: not counted, unless the next one bears it out. */
export type Verdict = 'new' | 'duplicate' | 'conflict' | 'dropped' | 'implausible';

export const RANGES_MAX = 512;
/** Duplicates come within the seconds of a resent packet: this is over an hour at one reading in ten seconds. */
export const RECENT_MAX = 512;
/** So far from what is known, and so much further for each second since it was heard, a number is believed at once: a node takes one reading a second, and those that it is told to. */
export const LEAP_MAX = 1_000;
const LEAP_PER_SECOND = 10;

export class BootLog {
	readonly name: string;
	/** Its first number was 1, and we were there. */
	begunInSight: boolean;
	received = 0;
	/** Numbers that the node says it had to drop, and that had not come by then. */
	dropped = 0;
	readonly #heard = new Ranges();
	/** What was heard, what the node dropped, and what passed while the watcher was cut off. */
	readonly #accounted = new Ranges();
	/** Of these, what passed while the watcher was cut off, and neither came nor was said to be dropped since. */
	readonly #passed = new Ranges();
	#passedClosed = 0;
	readonly #recent = new Recent();
	#lowestLive = Infinity;
	#closed = 0;
	#expected = 0;
	/** When the last number was heard, in the caller's milliseconds. */
	#heardAt = 0;
	/** One that was far from all that is known; 0: none. */
	#suspect = 0;
	#suspectReading: Reading | undefined;
	/** The suspect, where the one before us bears it out. */
	borneOut: Reading | undefined;

	constructor(name: string, begunInSight: boolean) {
		this.name = name;
		this.begunInSight = begunInSight;
	}

	get heardLive(): boolean {
		return this.#lowestLive !== Infinity;
	}

	get highest(): number {
		return this.#accounted.span?.to ?? 0;
	}

	/** `at`: when it came. To be asked before anything is done with the reading. */
	isPlausible(reading: Reading, late: boolean, at: number): boolean {
		const { seq } = reading;
		const { span } = this.#heard;
		this.borneOut = undefined;
		const leap = LEAP_MAX + Math.max(0, at - this.#heardAt) * (LEAP_PER_SECOND / 1_000);
		// Live ones go up. Late ones may be from long ago, where a live one says how far the node is; else they go up too, from the oldest on.
		const lowest = !span || (late && this.heardLive) ? 0 : (late ? span.from : span.to) - leap;
		const isNear = !span || (seq <= this.highest + leap && seq >= lowest);
		if (!isNear && !this.#isBorneOut(reading, late, span)) return false;
		this.#heardAt = at;
		if (!late) [this.#suspect, this.#suspectReading] = [0, undefined];
		return true;
	}

	/** Whether the one that was not believed before is just below. Late ones are not believed above what is known: the node would have said so live. */
	#isBorneOut(reading: Reading, late: boolean, span: Range): boolean {
		const { seq } = reading;
		if (late && seq > span.to) return false;
		const isNext = this.#suspect > 0 && seq > this.#suspect && seq <= this.#suspect + LEAP_MAX;
		if (!isNext) [this.#suspect, this.#suspectReading] = [seq, reading];
		else this.#believe(span);
		return isNext;
	}

	/** The suspect was the node. What was heard far above it was not. */
	#believe({ to }: Range): void {
		if (this.#suspect < to) this.#beginAnew();
		this.#hear(this.#suspect);
		this.borneOut = this.#suspectReading;
	}

	/** What was heard before was far above all that the node says now: it was not the node. */
	#beginAnew(): void {
		this.#heard.clear();
		this.#accounted.clear();
		this.#passed.clear();
		this.#lowestLive = Infinity;
		this.#closed = this.#passedClosed = 0;
		this.begunInSight = false;
	}

	take(reading: Reading, late: boolean): Verdict {
		if (!late) this.#lowestLive = Math.min(this.#lowestLive, reading.seq);
		if (reading.dropped?.to === reading.seq) return 'dropped';
		const differs = this.#recent.differs(reading);
		if (this.#heard.has(reading.seq)) return differs ? 'conflict' : 'duplicate';
		this.#hear(reading.seq);
		return 'new';
	}

	#hear(seq: number): void {
		this.received++;
		this.#heard.add(seq);
		this.#accounted.add(seq);
		this.#passed.removeRange(seq, seq);
		while (this.#heard.count > RANGES_MAX) this.#heard.closeLowest();
		while (this.#accounted.count > RANGES_MAX) this.#closeLowestGap();
	}

	/** The node says that it gave these up. Before take(): they did not pass. */
	drop({ from, to }: Range): void {
		this.dropped += this.#passed.removeRange(from, to);
		for (const hole of this.#accounted.holes(from, to)) this.dropped += hole.to - hole.from + 1;
		this.#accounted.addRange(from, to);
	}

	/** What is not accounted for of these passed while the watcher was cut off. */
	excuse(from: number, to: number): void {
		for (const hole of this.#accounted.holes(from, to)) this.#passed.addRange(hole.from, hole.to);
		while (this.#passed.count > RANGES_MAX) this.#closeLowestPassed();
		this.#accounted.addRange(from, to);
	}

	get passed(): number {
		return this.#passed.size + this.#passedClosed;
	}

	/** The node is known to have taken so many, from 1 on. */
	expect(count: number): void {
		this.begunInSight = true;
		this.#expected = count;
	}

	gaps(): Range[] {
		return this.#accounted.holes(this.#from(), Math.max(this.highest, this.#expected));
	}

	get missing(): number {
		let missing = this.#closed;
		for (const gap of this.gaps()) missing += gap.to - gap.from + 1;
		return missing;
	}

	/** Where counting begins: nobody who comes in the middle knows whether the numbers before were delivered to others. */
	#from(): number {
		if (this.begunInSight) return 1;
		return this.heardLive ? this.#lowestLive : (this.#heard.span?.from ?? 1);
	}

	#closeLowestPassed(): void {
		const { from } = this.#passed.span!;
		const hole = this.#passed.closeLowest()!;
		this.#passed.removeRange(from, hole.to);
		this.#passedClosed += hole.from - from;
	}

	#closeLowestGap(): void {
		const hole = this.#accounted.closeLowest();
		if (hole && hole.to >= this.#from()) this.#closed += hole.to - Math.max(hole.from, this.#from()) + 1;
	}
}

/** Digests of the readings heard last, to tell a duplicate from a contradiction. Its tables are made with the first reading. */
class Recent {
	readonly #seqs = new Float64Array(RECENT_MAX);
	readonly #times = new Float64Array(RECENT_MAX);
	readonly #digests = new Int32Array(RECENT_MAX);

	/** Whether this number was heard with other values or another time. Notes it if it was not heard. */
	differs(reading: Reading): boolean {
		const at = reading.seq % RECENT_MAX;
		const digest = digestOf(reading);
		const time = reading.time ?? 0;
		if (this.#seqs[at] === reading.seq) {
			const known = this.#times[at]!;
			if (!known) this.#times[at] = time;
			return this.#digests[at] !== digest || (known !== 0 && time !== 0 && known !== time);
		}
		// A late reading from long ago does not displace a recent one.
		if (this.#seqs[at]! > reading.seq) return false;
		this.#seqs[at] = reading.seq;
		this.#times[at] = time;
		this.#digests[at] = digest;
		return false;
	}
}

/** FNV-1a over the values by name, whatever their order. */
function digestOf(reading: Reading): number {
	let hash = 0x811c_9dc5;
	for (const name of Object.keys(reading.values).sort()) {
		for (const character of `${name}=${reading.values[name]};`) hash = Math.imul(hash ^ character.charCodeAt(0), 0x0100_0193);
	}
	return hash | 0;
}
