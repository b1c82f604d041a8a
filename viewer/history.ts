// What the channels of all nodes measured, at four resolutions: from minutes to two months, in bounded memory.
//
// Rule: a value goes into the bucket of each level that its own time falls into, whenever it comes. A bucket is overwritten by a later one
// at its place, and too old a value finds no place. Memory is taken in pages as values come; beyond PAGES_MAX pages the
// history of the channel that was quiet longest goes.

import { Reducer, type Bucket } from './reducer.js';

interface Level {
	/** Seconds of one bucket. */
	readonly width: number;
	readonly buckets: number;
}

/** An hour, a day, a week, eight weeks. The first holds each reading of its own at one in ten seconds. */
export const LEVELS: readonly Level[] = [{ width: 10, buckets: 384 }, { width: 60, buckets: 1_472 }, { width: 900, buckets: 704 }, { width: 10_800, buckets: 448 }];
const PAGE_BUCKETS = 64;
/** Number of the bucket, least, most, mean, count, count of suspects. */
const FIELDS = 6;
/** 1.5 KB each: 60 MB, which is 850 channels that are known for two months. */
export const PAGES_MAX = 40_000;
/** A node's clock may be so far ahead of ours; what is beyond is no date. */
const AHEAD_SECONDS = 3_600;

interface Page {
	readonly numbers: Int32Array;
	readonly values: Float32Array;
}

class ChannelHistory {
	readonly #levels: (Page | undefined)[][] = LEVELS.map(() => []);
	pages = 0;

	/** Which levels have no room for it yet is seen by `pages`. */
	add(time: number, value: number, isSuspect: boolean): void {
		for (const [index, { width, buckets }] of LEVELS.entries()) {
			const number = Math.floor(time / width);
			const slot = number % buckets;
			const page = this.#page(index, slot);
			const at = (slot % PAGE_BUCKETS) * FIELDS;
			if (page.numbers[at]! > number) continue;
			if (page.numbers[at] !== number) begin(page, at, number, value);
			const count = ++page.numbers[at + 4]!;
			page.values[at + 1] = Math.min(page.values[at + 1]!, value);
			page.values[at + 2] = Math.max(page.values[at + 2]!, value);
			page.values[at + 3]! += (value - page.values[at + 3]!) / count;
			if (isSuspect) page.numbers[at + 5]!++;
		}
	}

	#page(level: number, slot: number): Page {
		const place = Math.floor(slot / PAGE_BUCKETS);
		const known = this.#levels[level]![place];
		if (known) return known;
		this.pages++;
		const buffer = new ArrayBuffer(PAGE_BUCKETS * FIELDS * 4);
		return (this.#levels[level]![place] = { numbers: new Int32Array(buffer), values: new Float32Array(buffer) });
	}

	read(level: number, reducer: Reducer): void {
		const { width } = LEVELS[level]!;
		const [first, last] = [Math.floor(reducer.from / width), Math.floor(reducer.to / width)];
		for (const page of this.#levels[level]!) {
			if (!page) continue;
			const { numbers, values } = page;
			for (let at = 0; at < numbers.length; at += FIELDS) {
				const number = numbers[at]!;
				if (!numbers[at + 4] || number < first || number > last) continue;
				reducer.merge(Math.max(number * width, reducer.from), values[at + 1]!, values[at + 2]!, values[at + 3]!, numbers[at + 4]!, numbers[at + 5]!);
			}
		}
	}
}

function begin({ numbers, values }: Page, at: number, number: number, value: number): void {
	numbers[at] = number;
	values[at + 1] = values[at + 2] = value;
	values[at + 3] = 0;
	numbers[at + 4] = numbers[at + 5] = 0;
}

export class History {
	/** The one that was quiet longest is the first. */
	readonly #channels = new Map<string, ChannelHistory>();
	readonly #pagesMax: number;
	#pages = 0;

	constructor(pagesMax = PAGES_MAX) {
		this.#pagesMax = pagesMax;
	}

	get bytes(): number {
		return this.#pages * PAGE_BUCKETS * FIELDS * 4;
	}

	/** `time`: when it was taken, and `now`: Unix seconds. False where it has no place, since its date cannot be right. */
	add(node: string, channel: string, time: number, value: number, isSuspect: boolean, now: number): boolean {
		if (!(time >= 0 && time <= now + AHEAD_SECONDS)) return false;
		const key = keyOf(node, channel);
		const history = this.#channels.get(key) ?? new ChannelHistory();
		this.#channels.delete(key);
		this.#channels.set(key, history);
		this.#pages -= history.pages;
		history.add(time, value, isSuspect);
		this.#pages += history.pages;
		while (this.#pages > this.#pagesMax && this.#channels.size > 1) this.#forget();
		return true;
	}

	#forget(): void {
		const [key, history] = this.#channels.entries().next().value!;
		this.#channels.delete(key);
		this.#pages -= history.pages;
	}

	/** `now`: Unix seconds. Of the finest level that reaches back so far and has no more buckets than pixels. */
	read(node: string, channel: string, from: number, to: number, pixels: number, now: number): Bucket[] {
		const level = levelFor(from, (to - from) / pixels, now);
		const reducer = new Reducer(from, to, pixels, LEVELS[level]!.width);
		this.#channels.get(keyOf(node, channel))?.read(level, reducer);
		return reducer.buckets();
	}
}

/** `seconds`: of a pixel. */
export function levelFor(from: number, seconds: number, now: number): number {
	let level = LEVELS.findIndex(({ width, buckets }) => from >= now - width * buckets);
	if (level < 0) level = LEVELS.length - 1;
	while (level + 1 < LEVELS.length && LEVELS[level + 1]!.width <= seconds) level++;
	return level;
}

function keyOf(node: string, channel: string): string {
	return `${node}\n${channel}`;
}
