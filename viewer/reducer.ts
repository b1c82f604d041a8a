// Many values as few: what a chart of so many pixels can show of them.
//
// Rule: each pixel has the least, the most and the mean of its values, whatever their order; a pixel without values is absent, so that a
// gap is seen as one.

export interface Bucket {
	/** Where it begins, Unix seconds. */
	readonly time: number;
	/** How long it is. */
	readonly seconds: number;
	readonly least: number;
	readonly most: number;
	readonly mean: number;
	/** How many values, and how many of them the node doubted. */
	readonly count: number;
	readonly suspect: number;
}

/** More is no screen. */
export const PIXELS_MAX = 10_000;

export class Reducer {
	readonly from: number;
	readonly to: number;
	readonly #width: number;
	readonly #buckets: ({ least: number; most: number; sum: number; count: number; suspect: number } | undefined)[];

	/** `from`, `to`: Unix seconds, the first included. `seconds`: a bucket is no shorter. */
	constructor(from: number, to: number, pixels: number, seconds = 0) {
		if (!(Number.isFinite(from) && Number.isFinite(to) && to > from)) throw new RangeError('A chart is from a time to a later one, in Unix seconds.');
		const count = Math.max(1, Math.min(PIXELS_MAX, Math.floor(pixels) || 1));
		this.#width = Math.max((to - from) / count, seconds);
		// Buckets begin at multiples of their width, so that a chart that moves on does not flicker.
		this.from = Math.floor(from / this.#width) * this.#width;
		this.to = to;
		this.#buckets = new Array(Math.min(count + 1, Math.ceil((to - this.from) / this.#width)));
	}

	add(time: number, value: number, isSuspect = false): void {
		this.merge(time, value, value, value, 1, isSuspect ? 1 : 0);
	}

	/** Several at once, which began at that time. */
	merge(time: number, least: number, most: number, mean: number, count: number, suspect: number): void {
		const at = Math.floor((time - this.from) / this.#width);
		if (!(at >= 0 && at < this.#buckets.length)) return;
		const known = (this.#buckets[at] ??= { least, most, sum: 0, count: 0, suspect: 0 });
		known.least = Math.min(known.least, least);
		known.most = Math.max(known.most, most);
		known.sum += mean * count;
		known.count += count;
		known.suspect += suspect;
	}

	buckets(): Bucket[] {
		return this.#buckets.flatMap((bucket, index) => {
			if (!bucket) return [];
			const { least, most, sum, count, suspect } = bucket;
			return { time: this.from + index * this.#width, seconds: this.#width, least, most, mean: sum / count, count, suspect };
		});
	}
}
