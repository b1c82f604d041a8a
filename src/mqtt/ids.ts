// SPDX-License-Identifier: MIT
// Two short lists of packet ids, each in the order they came: A of one length, B behind it.
//
// Rule: an id is in a list once at most; no list grows beyond its maximum. They share an array, since an array costs more
// than what is in it.

import { assert } from '../assert.js';

export const enum List { A, B }

export class Ids {
	/** Of each list its count, then its ids. */
	readonly #ids: Uint16Array;
	readonly #startOfB: number;

	/** The array has two elements more than the lists can be long together. */
	constructor(ids: Uint16Array, maxA: number) {
		this.#ids = ids;
		this.#startOfB = 1 + maxA;
	}

	count(list: List): number { return this.#ids[this.start(list)]; }

	full(list: List): boolean {
		const max = list === List.A ? this.#startOfB - 1 : this.#ids.length - this.#startOfB - 1;
		return this.count(list) === max;
	}

	at(list: List, index: number): number { return this.#ids[this.start(list) + 1 + index]; }

	/** -1 if it is not there. */
	indexOf(list: List, id: number): number {
		const count = this.count(list);
		for (let i = 0; i < count; i++) if (this.at(list, i) === id) return i;
		return -1;
	}

	add(list: List, id: number): void {
		assert(!this.full(list), 'A list of packet ids is full.');
		const start = this.start(list);
		this.#ids[start + ++this.#ids[start]] = id;
	}

	removeAt(list: List, index: number): void {
		const start = this.start(list);
		const at = start + 1 + index;
		this.#ids.copyWithin(at, at + 1, start + 1 + this.#ids[start]--);
	}

	clear(list: List): void { this.#ids[this.start(list)] = 0; }

	private start(list: List): number { return list === List.A ? 0 : this.#startOfB; }
}
Object.freeze(Ids.prototype);
