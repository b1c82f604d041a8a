// SPDX-License-Identifier: MIT
// The topic filters that the session wants, and how far the broker has been told.
//
// Rule: the list outlives connections. Each filter is asked for in a SUBSCRIBE of its own, when it is new and when the broker
// has lost the session; never again otherwise. A request without an answer is made again on the next connection.
// Stored: packet id, wish, then as in the packet two bytes of length, the filter, the options byte. MQTT 3.1.1 §3.8 to §3.11

import { assert } from '../assert.js';
import { HEAD_MAX, Packet, writeRequestHead } from './packets.js';
import { encodeText, isSame, isTopicFilter, isTopicName } from './topics.js';
import { readUint16, writeBytes, writeUint16 } from './wire.js';

/** Bytes of packet id and wish. */
const OWN = 3;

export const enum Wish {
	/** Nothing to be done. */
	None,
	/** SUBSCRIBE is to be sent, or was sent. */
	Ask,
	Asked,
	/** UNSUBSCRIBE is to be sent, or was sent. */
	Leave,
	Left,
}

export class Filters {
	readonly #bytes: Uint8Array;
	readonly #max: number;
	readonly #sizeMax: number;
	readonly #is5: boolean;
	#count = 0;
	#used = 0;

	/** `requestMax`: the largest SUBSCRIBE packet that can be sent. */
	constructor(bytes: Uint8Array, max: number, requestMax: number, is5 = false) {
		this.#is5 = is5;
		this.#bytes = bytes;
		this.#max = max;
		this.#sizeMax = requestMax - HEAD_MAX - 1;
	}

	/** Requests that await an answer. */
	get awaited(): number {
		let count = 0;
		for (let i = 0; i < this.#count; i++) if (this.awaits(i)) count++;
		return count;
	}

	/** Index of the request with that id that awaits an answer of that kind, or -1. */
	indexOf(id: number, wish: Wish): number {
		for (let i = 0; i < this.#count; i++) if (this.id(i) === id && this.wish(i) === wish) return i;
		return -1;
	}

	/** Whether the id belongs to a request that is not answered. */
	has(id: number): boolean {
		for (let i = 0; i < this.#count; i++) if (this.id(i) === id && this.wish(i) !== Wish.None) return true;
		return false;
	}

	/** Index of the first filter with that wish, or -1. */
	first(wish: Wish): number {
		for (let i = 0; i < this.#count; i++) if (this.wish(i) === wish) return i;
		return -1;
	}

	/** 0: none yet. */
	id(index: number): number { return readUint16(this.#bytes, this.offset(index)); }

	/** Whether so many filters more, of so many bytes together, have room. */
	fits(count: number, size: number): boolean { return this.#count + count <= this.#max && this.#used + 3 * count + size <= this.#bytes.length; }

	/** What is wished of the filter; -1 if it is not on the list. */
	wishOf(filter: Uint8Array): Wish | -1 {
		const index = this.find(filter);
		return index < 0 ? -1 : this.wish(index);
	}

	/** Notes that the filter is wanted. Returns the id of the request, or -1 if it has no room or awaits an answer. */
	add(filter: string, options: number, id: number): number {
		const bytes = encodeText(filter);
		assert(isTopicFilter(bytes, 0, bytes.length), `"${filter}" is no topic filter: "#" ends it, "+" and "#" fill their level.`);
		assert(options >= 0 && options < (this.#is5 ? 0x30 : 3) && (options & 3) < 3, 'The QoS of a subscription is 0, 1 or 2.');
		if (this.#is5) checkShared(filter, bytes, options);
		let index = this.find(bytes);
		if (index >= 0 && this.awaits(index)) return -1;
		if (index < 0) index = this.append(bytes);
		if (index < 0) return -1;
		this.#bytes[this.offset(index + 1) - 1] = options;
		this.setId(index, id);
		this.setWish(index, Wish.Ask);
		return id;
	}

	/** Notes that the filter is not wanted any more. Returns the id of the request, or -1. */
	leave(filter: string, id: number): number {
		const index = this.find(encodeText(filter));
		if (index < 0 || this.awaits(index)) return -1;
		this.setId(index, id);
		this.setWish(index, Wish.Leave);
		return id;
	}

	/** The request is answered: a filter that was asked for stays. */
	answered(index: number): void { this.setWish(index, Wish.None); }

	remove(index: number): void {
		const at = this.offset(index);
		const next = this.offset(index + 1);
		this.#bytes.copyWithin(at, next, this.#used);
		this.#used -= next - at;
		this.#count--;
	}

	/** The broker knows none of them: all are to be asked for. */
	renew(): void {
		for (let i = 0; i < this.#count; i++) {
			if (this.wish(i) !== Wish.None) continue;
			this.setId(i, 0);
			this.setWish(i, Wish.Ask);
		}
	}

	/** No answer can come any more: requests are to be made again. */
	lost(): void {
		for (let i = 0; i < this.#count; i++) if (this.awaits(i)) this.setWish(i, this.wish(i) - 1);
	}

	/** Index of the first request to be made, or -1. */
	waiting(): number {
		for (let i = 0; i < this.#count; i++) if ((this.wish(i) & 1) === 1) return i;
		return -1;
	}

	/** The largest request that may have to be made. */
	get largest(): number {
		let size = 0;
		for (let i = 0; i < this.#count; i++) size = Math.max(size, this.requestSize(i));
		return size;
	}

	/** At most that many bytes are written by write(). */
	requestSize(index: number): number {
		return HEAD_MAX + 1 + this.offset(index + 1) - this.offset(index) - OWN;
	}

	/** Writes the SUBSCRIBE or UNSUBSCRIBE that is waiting, under that id. */
	write(index: number, bytes: Uint8Array, at: number, id: number): number {
		const asks = this.wish(index) === Wish.Ask;
		const from = this.offset(index) + OWN;
		const size = this.offset(index + 1) - from - (asks ? 0 : 1);
		this.setId(index, id);
		this.setWish(index, this.wish(index) + 1);
		at = writeRequestHead(bytes, at, asks ? Packet.Subscribe : Packet.Unsubscribe, id, size, this.#is5);
		for (let i = 0; i < size; i++) bytes[at + i] = this.#bytes[from + i];
		return at + size;
	}

	private append(filter: Uint8Array): number {
		const size = OWN + 2 + filter.length + 1;
		if (this.#count === this.#max || this.#used + size > this.#bytes.length || size - OWN > this.#sizeMax) return -1;
		const at = writeUint16(this.#bytes, this.#used + OWN, filter.length);
		writeBytes(this.#bytes, at, filter, filter.length);
		this.#used += size;
		return this.#count++;
	}

	private find(filter: Uint8Array): number {
		for (let i = 0; i < this.#count; i++) {
			const at = this.offset(i) + OWN + 2;
			if (isSame(this.#bytes, at, this.offset(i + 1) - 1, filter)) return i;
		}
		return -1;
	}

	private awaits(index: number): boolean {
		return this.wish(index) === Wish.Asked || this.wish(index) === Wish.Left;
	}

	private wish(index: number): Wish { return this.#bytes[this.offset(index) + 2]; }

	private setWish(index: number, wish: Wish): void { this.#bytes[this.offset(index) + 2] = wish; }

	private setId(index: number, id: number): void { writeUint16(this.#bytes, this.offset(index), id); }

	private offset(index: number): number {
		let at = 0;
		for (let i = 0; i < index; i++) at += OWN + 3 + readUint16(this.#bytes, at + OWN);
		return at;
	}
}
Object.freeze(Filters.prototype);

/** "$share/name/filter" has a name without wildcards and a filter, and no No Local (MQTT 5.0 §4.8.2-1, -2, §3.8.3-4). */
function checkShared(filter: string, bytes: Uint8Array, options: number): void {
	if (filter.slice(0, 7) !== '$share/') return;
	let end = 7;
	while (end < bytes.length && bytes[end] !== 0x2f) end++;
	assert(isTopicName(bytes, 7, end) && end + 1 < bytes.length, `"${filter}" shares nothing: it is "$share/", a name, "/" and a filter.`);
	assert((options & 4) === 0, 'A shared subscription cannot have No Local.');
}
