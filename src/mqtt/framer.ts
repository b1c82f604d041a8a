// SPDX-License-Identifier: MIT
// Cuts a stream of bytes, however it was cut before, into packets.
//
// Rule: a packet that arrived in one piece is read where it lies; only pieces are copied, into one buffer that never grows.
// What is larger than the buffer is counted and let go, whole or in pieces alike, but for its packet id, which is owed an answer.
// Invariant: #have ≤ #length while in the body; nothing is allocated by what the peer announces. MQTT 3.1.1 §2.2

import { Fault } from './fault.js';
import { checkFirst, checkLength } from './packets.js';
import { readUint16 } from './wire.js';

const enum Stage { First, Length, Body }

export class Framer {
	/** Pieces are put together here. Anybody may use it before the first byte of a connection. */
	readonly buffer: Uint8Array;

	/** The first byte of the packet that take() completed, 0 if it completed none. Its body is bytes[at] to bytes[end - 1]. */
	first = 0;
	bytes: Uint8Array;
	at = 0;
	end = 0;
	/** Not 0: the length of a PUBLISH body that was let go; then only `id` is known of it. */
	oversize = 0;
	id = 0;
	/** Messages larger than the buffer come in pieces; see flow.ts. */
	inPieces = false;
	/** Bytes of the message that are still to come behind this piece, and whether there were pieces before it. */
	rest = 0;
	continued = false;
	/** Not None: the stream makes no sense from here on; `first` is the first byte of the packet at fault. */
	fault = Fault.None;

	readonly #is5: boolean;
	#stage = Stage.First;
	#head = 0;
	#length = 0;
	#shift = 0;
	#have = 0;

	constructor(buffer: Uint8Array, is5 = false) {
		this.#is5 = is5;
		this.bytes = this.buffer = buffer;
	}

	/** A new connection. */
	reset(): void {
		this.#stage = Stage.First;
		this.first = 0;
		this.fault = Fault.None;
	}

	/** Takes bytes up to the end of one packet, or all of them, and returns the index of the first not taken. */
	take(bytes: Uint8Array, from: number, to: number): number {
		this.first = 0;
		while (from < to && this.first === 0) {
			if (this.#stage === Stage.Body) from = this.body(bytes, from, to);
			else if (this.#stage === Stage.Length) this.lengthByte(bytes[from++]);
			else this.firstByte(bytes[from++]);
		}
		return from;
	}

	private firstByte(first: number): void {
		this.#head = first;
		this.#length = this.#shift = this.#have = 0;
		this.id = 0;
		this.#stage = Stage.Length;
		this.check(checkFirst(first, this.#is5));
	}

	/** At most four, and no more than needed (§2.2.3). */
	private lengthByte(byte: number): void {
		this.#length |= (byte & 0x7f) << this.#shift;
		if (byte === 0 && this.#shift > 0 || byte >= 0x80 && this.#shift === 21) return this.check(Fault.BadLength);
		this.#shift += 7;
		if (byte >= 0x80) return;
		this.#stage = Stage.Body;
		this.check(checkLength(this.#head, this.#length, this.buffer.length, this.#is5));
		if (this.#length === 0) this.complete(this.buffer, 0);
	}

	private check(fault: Fault): void {
		if (fault === Fault.None) return;
		this.fault = fault;
		this.first = this.#head || 0x100;
	}

	private body(bytes: Uint8Array, from: number, to: number): number {
		const length = this.#length;
		let count = Math.min(to - from, length - this.#have);
		if (count === length && length <= this.buffer.length) {
			this.complete(bytes, from);
			return from + count;
		}
		if (this.inPieces && length > this.buffer.length && this.#have >= 2 && this.headFits) return this.piece(bytes, from, count);
		// Of a message that may come in pieces, the length of its topic is looked at first.
		if (this.inPieces && this.#have < 2) count = Math.min(count, 2 - this.#have);
		this.keep(bytes, from, count);
		this.#have += count;
		if (this.#have === length) this.complete(this.buffer, 0);
		return from + count;
	}

	private get headFits(): boolean { return 4 + readUint16(this.buffer, 0) <= this.buffer.length; }

	/** The first piece is a full buffer, with the topic in it; the others lie where they came. */
	private piece(bytes: Uint8Array, from: number, count: number): number {
		const { buffer } = this;
		const length = this.#length;
		const continued = this.#have >= buffer.length;
		if (!continued) {
			count = Math.min(count, buffer.length - this.#have);
			this.keep(bytes, from, count);
		}
		this.#have += count;
		if (this.#have < buffer.length) return from + count;
		this.show(continued ? bytes : buffer, continued ? from : 0, continued ? from + count : buffer.length);
		this.continued = continued;
		this.rest = length - this.#have;
		if (this.rest === 0) this.#stage = Stage.First;
		return from + count;
	}

	private keep(bytes: Uint8Array, from: number, count: number): void {
		const { buffer } = this;
		const have = this.#have;
		const fits = Math.min(count, buffer.length - have);
		for (let i = 0; i < fits; i++) buffer[have + i] = bytes[from + i];
		if (this.#length > buffer.length && have + count >= 2) this.keepId(bytes, from, count);
	}

	/** Of a message that is let go, the packet id is picked out as it passes. */
	private keepId(bytes: Uint8Array, from: number, count: number): void {
		if ((this.#head & 6) === 0) return;
		const high = 2 + (this.buffer[0] << 8 | this.buffer[1]) - this.#have;
		if (high >= 0 && high < count) this.id |= bytes[from + high] << 8;
		if (high + 1 >= 0 && high + 1 < count) this.id |= bytes[from + high + 1];
	}

	private complete(bytes: Uint8Array, at: number): void {
		this.show(bytes, at, at + this.#length);
		this.oversize = this.#length > this.buffer.length ? this.#length : 0;
		this.#stage = Stage.First;
	}

	private show(bytes: Uint8Array, at: number, end: number): void {
		this.first = this.#head;
		this.bytes = bytes;
		this.at = at;
		this.end = end;
		this.oversize = this.rest = 0;
		this.continued = false;
	}
}
Object.freeze(Framer.prototype);
