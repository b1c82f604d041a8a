// The last readings of each channel, one by one: what a chart of minutes shows, and which of them came late.
//
// Rule: bounded: KEPT of a channel, and CHANNELS channels; the one that was quiet longest goes. In the order of time, whenever they come.

import type { HistoryNews } from '../web/messages.js';

const KEPT = 512;
/** 6.7 KB each. */
const CHANNELS = 2_000;
const LATE = 1;
const SUSPECT = 2;

class Ring {
	readonly times = new Float64Array(KEPT);
	readonly values = new Float32Array(KEPT);
	readonly flags = new Uint8Array(KEPT);
	count = 0;

	add(time: number, value: number, flags: number): void {
		let place = this.count;
		while (place > 0 && this.times[place - 1]! > time) place--;
		if (this.count === KEPT) {
			// Too old to be among the last.
			if (place === 0) return;
			for (const column of [this.times, this.values, this.flags]) column.copyWithin(0, 1, place);
			place--;
		} else {
			for (const column of [this.times, this.values, this.flags]) column.copyWithin(place + 1, place, this.count);
			this.count++;
		}
		[this.times[place], this.values[place], this.flags[place]] = [time, value, flags];
	}
}

export class Recent {
	readonly #rings = new Map<string, Ring>();
	readonly #channelsMax: number;

	constructor(channelsMax = CHANNELS) {
		this.#channelsMax = channelsMax;
	}

	add(node: string, channel: string, time: number, value: number, isLate: boolean, isSuspect: boolean): void {
		const key = keyOf(node, channel);
		const ring = this.#rings.get(key) ?? new Ring();
		this.#rings.delete(key);
		this.#rings.set(key, ring);
		ring.add(time, value, (isLate ? LATE : 0) | (isSuspect ? SUSPECT : 0));
		if (this.#rings.size > this.#channelsMax) this.#rings.delete(this.#rings.keys().next().value!);
	}

	/** Each reading of that time; undefined where they do not reach back so far, or are more than pixels. */
	read(node: string, channel: string, from: number, to: number, pixels: number): HistoryNews | undefined {
		const ring = this.#rings.get(keyOf(node, channel));
		if (!ring || (ring.count === KEPT && ring.times[0]! > from)) return undefined;
		const places = [...ring.times.subarray(0, ring.count).keys()].filter((place) => ring.times[place]! >= from && ring.times[place]! <= to);
		if (places.length > pixels) return undefined;
		const values = places.map((place) => rounded(ring.values[place]!));
		const flagged = (flag: number) => places.flatMap((place, index) => (ring.flags[place]! & flag ? [index] : []));
		return { time: places.map((place) => ring.times[place]!), seconds: 0, least: values, most: values, mean: values, late: flagged(LATE), suspect: flagged(SUSPECT) };
	}
}

/** As nodes send them: thousandths. */
export function rounded(value: number): number {
	return Math.round(value * 1_000) / 1_000;
}

function keyOf(node: string, channel: string): string {
	return `${node}\n${channel}`;
}
