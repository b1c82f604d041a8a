// SPDX-License-Identifier: MIT
// Readings that wait in RAM: a ring of compact records, 15 B for two quantities.
//
// Rule: a reading is stored here before anything of it is sent. It leaves by acknowledgement or into flash. When the
// ring is full the oldest is dropped and counted: the numbers `unreportedFrom` to `unreportedTo` wait to be reported.
// Records that were taken while the link was up are live and go first; those before `liveAt` are late.
// Invariant: head ≤ late ≤ liveAt ≤ live ≤ tail. Positions count bytes since boot and never wrap; the byte lies at `%
// bytes.length`.

import { assert } from '../common/assert.js';
import type { Reading } from '../readings/reading.js';
import { dateRecord, readRecord, recordSize, seqAt, sizeAt, writeRecord } from './record.js';

/** The two bits of a record's flags that are the ring's own. */
const enum State {
	WAITING = 0,
	SENT = 1,
	DONE = 2,
	MASK = 3,
}

export class Ring {
	private readonly bytes: Uint8Array;
	private head = 0;
	private late = 0;
	private liveAt = 0;
	private live = 0;
	private tail = 0;
	/** Readings stored and not yet acknowledged, sent ones included. */
	count = 0;
	/** Readings that had to make room, since boot. */
	dropped = 0;
	/** First and last seq of those dropped that were reported to no subscriber yet; 0 if none. */
	unreportedFrom = 0;
	unreportedTo = 0;

	constructor(bytesMax: number) {
		this.bytes = new Uint8Array(bytesMax);
	}

	/** Less room than a quarter is left. */
	get fillsUp(): boolean {
		return 4 * (this.tail - this.head) > 3 * this.bytes.length;
	}

	put(reading: Reading): void {
		const size = recordSize(reading);
		while (this.tail + size - this.head > this.bytes.length) this.dropOldest();
		this.tail = writeRecord(this.bytes, this.tail, reading);
		this.count++;
	}

	/** The link is up: what is taken from now on is live, what waits is late. */
	linkUp(): void {
		this.liveAt = this.live = this.tail;
	}

	/** Position of the next live reading to send, or -1. */
	nextLive(): number {
		if (this.live < this.head) this.live = this.head;
		return this.live < this.tail ? this.live : -1;
	}

	/** Position of the next late reading to send, or -1. Late readings that are on their way already are passed over. */
	nextLate(): number {
		if (this.late < this.head) this.late = this.head;
		while (this.late < this.liveAt && this.state(this.late) !== State.WAITING) this.late += sizeAt(this.bytes, this.late);
		return this.late < this.liveAt ? this.late : -1;
	}

	/** Whether the reading at `position` was taken before the link was up. */
	isLate(position: number): boolean {
		return position < this.liveAt;
	}

	/** Position of the oldest reading that is not acknowledged, or -1. */
	oldest(): number {
		return this.head < this.tail ? this.head : -1;
	}

	/** Fills `reading` with the record at `position`. */
	read(position: number, reading: Reading): void {
		readRecord(this.bytes, position, reading);
	}

	/** The time of the record at `position` is known now. */
	date(position: number, time: number): void {
		dateRecord(this.bytes, position, time);
	}

	/** The record at `position` is with the outbox now. */
	sent(position: number): void {
		this.setState(position, State.SENT);
		if (position === this.live) this.live += sizeAt(this.bytes, position);
	}

	/** The record at `position` was acknowledged. True if it was still here (it may have been dropped meanwhile). */
	acknowledged(position: number): boolean {
		if (position < this.head) return false;
		assert(this.state(position) === State.SENT, 'a record that was not sent cannot be acknowledged');
		this.setState(position, State.DONE);
		this.count--;
		this.trim();
		return true;
	}

	/** The outbox has lost the record at `position`, or the broker did not take it: it waits again, and is late. */
	recall(position: number): void {
		if (position < this.head) return;
		this.setState(position, State.WAITING);
		if (position < this.late) this.late = position;
		if (position >= this.liveAt) this.liveAt = this.live;
	}

	/** Whether the record at `position` may report those: it was taken after all of them. */
	mayReport(position: number): boolean {
		return this.unreportedFrom !== 0 && seqAt(this.bytes, position) > this.unreportedTo;
	}

	/** The record at `position` cannot be delivered: it goes, counted as dropped. */
	discard(position: number): void {
		if (position < this.head) return;
		this.countDropped(position);
		this.setState(position, State.DONE);
		this.trim();
	}

	/** The record at `position` is kept in flash now: it goes, and is not counted as dropped. */
	moved(position: number): void {
		this.setState(position, State.DONE);
		this.count--;
		this.trim();
	}

	/** A subscriber was told of those dropped up to `seq`, or flash keeps the range. */
	reported(seq: number): void {
		this.unreportedFrom = this.unreportedTo > seq ? seq + 1 : 0;
		if (!this.unreportedFrom) this.unreportedTo = 0;
	}

	/** Numbers that were dropped, here or elsewhere, are to be reported. */
	toReport(from: number, to: number): void {
		if (!this.unreportedFrom || from < this.unreportedFrom) this.unreportedFrom = from;
		if (to > this.unreportedTo) this.unreportedTo = to;
	}

	private dropOldest(): void {
		if (this.state(this.head) !== State.DONE) this.countDropped(this.head);
		this.head += sizeAt(this.bytes, this.head);
		if (this.liveAt < this.head) this.liveAt = this.head;
	}

	private countDropped(position: number): void {
		const seq = seqAt(this.bytes, position);
		this.dropped++;
		this.toReport(seq, seq);
		this.count--;
	}

	private trim(): void {
		while (this.head < this.tail && this.state(this.head) === State.DONE) this.head += sizeAt(this.bytes, this.head);
	}

	private state(position: number): number {
		return this.bytes[position % this.bytes.length] & State.MASK;
	}

	private setState(position: number, state: number): void {
		const at = position % this.bytes.length;
		this.bytes[at] = (this.bytes[at] & ~State.MASK) | state;
	}
}
