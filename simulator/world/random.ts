// Chance from a seed: the same seed, the same world.

export class Random {
	#a: number;
	#b: number;
	#c: number;
	#d = 1;

	/** `seed` may be any text or number; parts that must not disturb each other fork their own. */
	constructor(seed: string | number) {
		this.#a = hash(`${seed}/a`);
		this.#b = hash(`${seed}/b`);
		this.#c = hash(`${seed}/c`);
		for (let i = 0; i < 12; i++) this.next();
	}

	/** From 0 up to, not including, 1 (sfc32). */
	next(): number {
		const sum = (((this.#a + this.#b) | 0) + this.#d) | 0;
		this.#d = (this.#d + 1) | 0;
		this.#a = this.#b ^ (this.#b >>> 9);
		this.#b = (this.#c + (this.#c << 3)) | 0;
		this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
		return (sum >>> 0) / 0x1_0000_0000;
	}

	below(n: number): number {
		return Math.floor(this.next() * n);
	}

	between(low: number, high: number): number {
		return low + this.next() * (high - low);
	}

	chance(probability: number): boolean {
		return this.next() < probability;
	}

	/** Normal distribution (Box and Muller). */
	gaussian(deviation: number): number {
		return deviation * Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
	}
}

/** FNV-1a. */
export function hash(text: string): number {
	let value = 0x811c9dc5;
	for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
	return value >>> 0;
}
