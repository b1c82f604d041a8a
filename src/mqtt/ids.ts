// SPDX-License-Identifier: MIT
// A short list of packet ids in the order they came.
//
// Rule: an id is in it once at most; the list never grows.

import { assert } from '../assert.js';

export class Ids {
	readonly #ids: Uint16Array;
	#count = 0;

	constructor(max: number) {
		this.#ids = new Uint16Array(max);
	}

	get count(): number { return this.#count; }

	get full(): boolean { return this.#count === this.#ids.length; }

	at(index: number): number { return this.#ids[index]; }

	/** -1 if it is not there. */
	indexOf(id: number): number {
		for (let i = 0; i < this.#count; i++) if (this.#ids[i] === id) return i;
		return -1;
	}

	add(id: number): void {
		assert(!this.full, 'A list of packet ids is full.');
		this.#ids[this.#count++] = id;
	}

	removeAt(index: number): void {
		this.#ids.copyWithin(index, index + 1, this.#count--);
	}

	clear(): void { this.#count = 0; }
}
Object.freeze(Ids.prototype);
