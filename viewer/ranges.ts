// A set of whole numbers, kept as the ranges that it is made of.
//
// Rule: ranges are ascending, disjoint and never adjacent, so the holes between them are exactly the numbers that are not in it.
// Its size follows the number of holes, not of members: a node that loses nothing costs one range however long it runs.

export interface Range {
	readonly from: number;
	readonly to: number;
}

export class Ranges {
	/** from, to, from, to … */
	readonly #ends: number[] = [];
	#size = 0;

	/** How many numbers are in it. */
	get size(): number {
		return this.#size;
	}

	get count(): number {
		return this.#ends.length / 2;
	}

	/** Lowest and highest member; undefined if it is empty. */
	get span(): Range | undefined {
		const ends = this.#ends;
		return ends.length ? { from: ends[0]!, to: ends[ends.length - 1]! } : undefined;
	}

	has(value: number): boolean {
		const at = this.#find(value);
		return at < this.#ends.length && this.#ends[at]! <= value;
	}

	/** False if it was in it already. */
	add(value: number): boolean {
		if (this.has(value)) return false;
		this.addRange(value, value);
		return true;
	}

	addRange(from: number, to: number): void {
		if (to < from) return;
		const ends = this.#ends;
		// The first range that touches or follows `from`, and the first that lies wholly beyond `to`.
		const first = this.#find(from - 1);
		let beyond = first;
		let [low, high, covered] = [from, to, 0];
		for (; beyond < ends.length && ends[beyond]! <= to + 1; beyond += 2) {
			low = Math.min(low, ends[beyond]!);
			high = Math.max(high, ends[beyond + 1]!);
			covered += ends[beyond + 1]! - ends[beyond]! + 1;
		}
		ends.splice(first, beyond - first, low, high);
		this.#size += high - low + 1 - covered;
	}

	/** Returns how many of them were in it. */
	removeRange(from: number, to: number): number {
		const ends = this.#ends;
		const first = this.#find(from);
		const rest: number[] = [];
		let beyond = first;
		let removed = 0;
		for (; beyond < ends.length && ends[beyond]! <= to; beyond += 2) {
			const [low, high] = [ends[beyond]!, ends[beyond + 1]!];
			if (low < from) rest.push(low, from - 1);
			if (high > to) rest.push(to + 1, high);
			removed += Math.min(high, to) - Math.max(low, from) + 1;
		}
		ends.splice(first, beyond - first, ...rest);
		this.#size -= removed;
		return removed;
	}

	clear(): void {
		this.#ends.length = 0;
		this.#size = 0;
	}

	/** The numbers between `from` and `to`, both included, that are not in it. */
	holes(from: number, to: number): Range[] {
		const ends = this.#ends;
		const holes: Range[] = [];
		let next = from;
		for (let at = this.#find(from); at < ends.length && ends[at]! <= to; at += 2) {
			if (next < ends[at]!) holes.push({ from: next, to: ends[at]! - 1 });
			next = Math.max(next, ends[at + 1]! + 1);
		}
		if (next <= to) holes.push({ from: next, to });
		return holes;
	}

	/** Fills the lowest hole, so that one range less is kept; returns what was filled. */
	closeLowest(): Range | undefined {
		const ends = this.#ends;
		if (ends.length < 4) return undefined;
		const hole = { from: ends[1]! + 1, to: ends[2]! - 1 };
		this.addRange(hole.from, hole.to);
		return hole;
	}

	/** Takes the lowest range out, so that one less is kept. */
	forgetLowest(): void {
		const ends = this.#ends;
		if (ends.length) this.removeRange(ends[0]!, ends[1]!);
	}

	/** Index of the first range that ends at or after `value`; the last one is tried first, since numbers mostly come in order. */
	#find(value: number): number {
		const ends = this.#ends;
		if (!ends.length || ends[ends.length - 1]! < value) return ends.length;
		let [low, high] = [0, ends.length / 2 - 1];
		while (low < high) {
			const middle = (low + high) >> 1;
			if (ends[2 * middle + 1]! < value) low = middle + 1;
			else high = middle;
		}
		return 2 * low;
	}
}
