// SPDX-License-Identifier: MIT
// Readings that wait: a ring of compact records, 15 B for two quantities.
//
// Rule: a reading is stored here before anything of it is sent, and leaves only by acknowledgement; or, when the ring
// is full, as the oldest, and then it is counted and its number is in the named range.
// Records that were taken while the link was up are live and go first; those before `liveAt` are late.
// Invariant: head ≤ late ≤ liveAt ≤ live ≤ tail. Positions count bytes since boot and never wrap; `% bytes.length` is the place.

import { ABSENT, QUANTITY_MAX, type Reading } from './reading.js';
import { assert } from './assert.js';

// Record: flags (state 0-1, time known 2, quantity bits 4-7) · seq u32 · time or uptime u32 · i24 for each quantity present.
const WAITING = 0;
const SENT = 1;
const DONE = 2;
const STATE = 3;
const TIME_KNOWN = 4;
const FIRST_QUANTITY = 4;
const HEADER_BYTES = 9;
const VALUE_BYTES = 3;
/** A clock that is 24 bits of milli-units wide: ±8388.607. */
const VALUE_MAX = 0x7f_ffff;

export class Backlog {
	readonly #ring: Uint8Array;
	#head = 0;
	#late = 0;
	#liveAt = 0;
	#live = 0;
	#tail = 0;
	#count = 0;
	#dropped = 0;
	#droppedFrom = 0;
	#droppedTo = 0;

	constructor(bytesMax: number) {
		this.#ring = new Uint8Array(bytesMax);
	}

	/** Readings stored and not yet acknowledged, sent ones included. */
	get count(): number {
		return this.#count;
	}
	/** Readings that had to make room, since boot. */
	get dropped(): number {
		return this.#dropped;
	}
	/** First and last seq ever dropped; 0 if none. */
	get droppedFrom(): number {
		return this.#droppedFrom;
	}
	get droppedTo(): number {
		return this.#droppedTo;
	}

	put(reading: Reading): void {
		const size = recordSize(reading);
		while (this.#tail + size - this.#head > this.#ring.length) this.#dropOldest();
		let flags = reading.time ? TIME_KNOWN : 0;
		let at = this.#tail + HEADER_BYTES;
		for (let i = 0; i < QUANTITY_MAX; i++) {
			if (reading.values[i] === ABSENT) continue;
			flags |= 1 << (FIRST_QUANTITY + i);
			this.#write(at, clamp(reading.values[i]), VALUE_BYTES);
			at += VALUE_BYTES;
		}
		this.#write(this.#tail, flags, 1);
		this.#write(this.#tail + 1, reading.seq, 4);
		this.#write(this.#tail + 5, reading.time || reading.uptime, 4);
		this.#tail = at;
		this.#count++;
	}

	/** The link is up: what is taken from now on is live, what waits is late. */
	linkUp(): void {
		this.#liveAt = this.#live = this.#tail;
	}

	/** Position of the next live reading to send, or -1. */
	nextLive(): number {
		if (this.#live < this.#head) this.#live = this.#head;
		return this.#live < this.#tail ? this.#live : -1;
	}

	/** Position of the next late reading to send, or -1. Late readings that are on their way already are passed over. */
	nextLate(): number {
		if (this.#late < this.#head) this.#late = this.#head;
		while (this.#late < this.#liveAt && this.#state(this.#late) !== WAITING) this.#late += this.#sizeAt(this.#late);
		return this.#late < this.#liveAt ? this.#late : -1;
	}

	/** Fills `reading` with the record at `position`. */
	read(position: number, reading: Reading): void {
		const flags = this.#ring[position % this.#ring.length];
		const seconds = this.#read(position + 5, 4) >>> 0;
		reading.seq = this.#read(position + 1, 4) >>> 0;
		reading.time = flags & TIME_KNOWN ? seconds : 0;
		reading.uptime = flags & TIME_KNOWN ? 0 : seconds;
		let at = position + HEADER_BYTES;
		for (let i = 0; i < QUANTITY_MAX; i++) {
			const present = flags & (1 << (FIRST_QUANTITY + i));
			reading.values[i] = present ? (this.#read(at, VALUE_BYTES) << 8) >> 8 : ABSENT;
			if (present) at += VALUE_BYTES;
		}
	}

	/** The record at `position` is with the outbox now. */
	sent(position: number): void {
		this.#setState(position, SENT);
		if (position === this.#live) this.#live += this.#sizeAt(position);
	}

	/** The record at `position` was acknowledged. True if it was still here (it may have been dropped meanwhile). */
	acknowledged(position: number): boolean {
		if (position < this.#head) return false;
		assert(this.#state(position) === SENT, 'a record that was not sent cannot be acknowledged');
		this.#setState(position, DONE);
		this.#count--;
		this.#trim();
		return true;
	}

	/** The record at `position` cannot be delivered: it goes, counted as dropped. */
	discard(position: number): void {
		if (position < this.#head) return;
		this.#countDropped(position);
		this.#setState(position, DONE);
		this.#trim();
	}

	/** The record at `position` has to be sent again: the outbox gave it back. */
	returned(position: number): void {
		if (position < this.#head) return;
		this.#setState(position, WAITING);
		if (position < this.#late) this.#late = position;
		if (position >= this.#liveAt && position < this.#live) this.#live = position;
	}

	#dropOldest(): void {
		if (this.#state(this.#head) !== DONE) this.#countDropped(this.#head);
		this.#head += this.#sizeAt(this.#head);
		if (this.#liveAt < this.#head) this.#liveAt = this.#head;
	}

	#countDropped(position: number): void {
		const seq = this.#read(position + 1, 4) >>> 0;
		if (this.#dropped++ === 0 || seq < this.#droppedFrom) this.#droppedFrom = seq;
		if (seq > this.#droppedTo) this.#droppedTo = seq;
		this.#count--;
	}

	#trim(): void {
		while (this.#head < this.#tail && this.#state(this.#head) === DONE) this.#head += this.#sizeAt(this.#head);
	}

	#state(position: number): number {
		return this.#ring[position % this.#ring.length] & STATE;
	}

	#setState(position: number, state: number): void {
		const place = position % this.#ring.length;
		this.#ring[place] = (this.#ring[place] & ~STATE) | state;
	}

	#sizeAt(position: number): number {
		let size = HEADER_BYTES;
		for (let bits = this.#ring[position % this.#ring.length] >> FIRST_QUANTITY; bits; bits >>= 1) {
			if (bits & 1) size += VALUE_BYTES;
		}
		return size;
	}

	#write(position: number, value: number, size: number): void {
		for (let i = 0; i < size; i++) this.#ring[(position + i) % this.#ring.length] = value >> (8 * i);
	}

	#read(position: number, size: number): number {
		let value = 0;
		for (let i = 0; i < size; i++) value |= this.#ring[(position + i) % this.#ring.length] << (8 * i);
		return value;
	}
}

function recordSize(reading: Reading): number {
	let size = HEADER_BYTES;
	for (let i = 0; i < QUANTITY_MAX; i++) if (reading.values[i] !== ABSENT) size += VALUE_BYTES;
	return size;
}

function clamp(value: number): number {
	return value > VALUE_MAX ? VALUE_MAX : value < -VALUE_MAX ? -VALUE_MAX : value;
}
