// SPDX-License-Identifier: MIT
// Cuts a stream of bytes, however it was cut before, into packets.
//
// Rule: a packet that arrived in one piece is read where it lies; only pieces are copied, into one buffer that never
// grows. A packet larger than the buffer is counted and dropped, whole or in pieces alike; only its packet id is kept,
// for the answer.
// Invariant: have ≤ end while in the body; nothing is allocated by what the peer announces. MQTT 3.1.1 §2.2

import { Fault } from './fault.js';
import { checkFirst, checkLength, Packet } from './packets.js';
import { readUint16 } from './wire.js';

const enum Stage { First, Length, Body, /** Of a message in pieces, all behind the first. */ Rest }

const enum Mode { Version4, Version5, /** Version 4, and messages larger than the buffer come in pieces (flow.ts). */ Pieces }

const enum Const {
	/** In place of an id: a further piece of a message. */
	FURTHER = -1,

	/** From so many bytes on a view, which is 64 bytes of garbage, is cheaper than a loop. */
	VIEW_MIN = 16,
}

export class Framer {
	/** Pieces are put together in its first `size` bytes. Anybody may use those before the first byte of a connection. */
	readonly buffer: Uint8Array;
	readonly size: number;

	/** The first byte of the packet that take() completed, 0 if it completed none; above that byte the fault, if there is one. */
	first = 0;
	/** Its body is bytes[at] to bytes[end - 1]. Before it is complete, `end` is its length. */
	bytes: Uint8Array;
	/** Of `bytes`, by words; made anew where these are others than the last time. */
	view!: DataView;
	at = 0;
	end = 0;
	/** Packet id of a PUBLISH that was let go, or FURTHER. */
	id = 0;

	private mode: Mode;
	private stage = Stage.First;
	private head = 0;
	/** Bytes of the stage that have come; of the rest, that are to come. */
	private have = 0;

	constructor(buffer: Uint8Array, is5 = false, size = buffer.length) {
		this.mode = is5 ? Mode.Version5 : Mode.Version4;
		this.size = size;
		this.buffer = buffer;
		this.bytes = buffer;
		this.look(buffer);
	}

	/** Not 0: the length of a PUBLISH body that was let go; then only `id` is known of it. */
	get oversize(): number {
		const length = this.end - this.at;
		return length > this.size && !this.continued ? length : 0;
	}

	/** Whether short packets are read where they lie, from the next byte on. */
	get between(): boolean { return this.stage === Stage.First && this.size >= 0x7f; }

	/** Whether a packet larger than the buffer is on its way: no other can come before its end. */
	get passesLarge(): boolean { return this.stage === Stage.Rest || this.stage === Stage.Body && this.end > this.size; }

	takePieces(): void { this.mode = Mode.Pieces; }

	/** Whether bytes[at] to bytes[end - 1] are a further piece of the message before. */
	get continued(): boolean { return this.id === Const.FURTHER; }

	/** Bytes of the message that are to come behind this piece. */
	get rest(): number { return this.stage === Stage.Rest ? this.have : 0; }

	/** Not None: the stream makes no sense from here on; below it in `first` is the first byte of the packet at fault. */
	get fault(): Fault { return this.first >> 8; }

	/** A new connection. */
	reset(): void {
		this.stage = Stage.First;
		this.first = 0;
	}

	/** Takes bytes up to the end of one packet, or all of them, and returns the index of the first not taken. */
	take(bytes: Uint8Array, from: number, to: number): number {
		const body = from + 2;
		const length = body <= to ? bytes[from + 1] : 0x80;
		if (this.stage === Stage.First && length < 0x80 && length <= this.size && body + length <= to) return this.whole(bytes, body, length);
		return this.pieces(bytes, from, to);
	}

	/** A short packet in one piece, as nearly all are. */
	private whole(bytes: Uint8Array, at: number, length: number): number {
		const first = bytes[at - 2];
		const is5 = this.mode === Mode.Version5;
		// A message of QoS 0, which needs no look into the tables.
		const fault = first === Packet.Publish && length > 3 ? Fault.None : checkFirst(first, is5) || checkLength(first, length, this.size, is5);
		this.first = fault << 8 | first;
		if (this.bytes !== bytes) this.look(bytes);
		this.at = at;
		this.id = 0;
		return this.end = at + length;
	}

	private look(bytes: Uint8Array): void {
		this.bytes = bytes;
		this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	}

	private pieces(bytes: Uint8Array, from: number, to: number): number {
		this.first = 0;
		while (from < to && this.first === 0) {
			if (this.stage === Stage.Body) from = this.body(bytes, from, to);
			else if (this.stage === Stage.Rest) from = this.further(bytes, from, to);
			else if (this.stage === Stage.Length) this.lengthByte(bytes[from++]);
			else this.firstByte(bytes[from++]);
		}
		return from;
	}

	private firstByte(first: number): void {
		this.head = first;
		this.end = this.have = this.id = 0;
		this.stage = Stage.Length;
		this.check(checkFirst(first, this.mode === Mode.Version5));
	}

	/** At most four, and no more than needed (§2.2.3). */
	private lengthByte(byte: number): void {
		if (byte === 0 && this.have > 0 || byte >= 0x80 && this.have === 3) return this.check(Fault.BadLength);
		this.end |= (byte & 0x7f) << 7 * this.have++;
		if (byte >= 0x80) return;
		this.stage = Stage.Body;
		this.have = 0;
		this.check(checkLength(this.head, this.end, this.size, this.mode === Mode.Version5));
		if (this.end === 0) this.complete(this.buffer, 0);
	}

	private check(fault: Fault): void {
		if (fault !== Fault.None) this.first = fault << 8 | this.head;
	}

	private body(bytes: Uint8Array, from: number, to: number): number {
		const length = this.end;
		let count = Math.min(to - from, length - this.have);
		if (count === length && length <= this.size) {
			this.complete(bytes, from);
			return from + count;
		}
		if (this.mode === Mode.Pieces && length > this.size) count = this.pieceCount(count);
		this.keep(bytes, from, count);
		this.have += count;
		if (this.have === length) this.complete(this.buffer, 0);
		else if (this.mode === Mode.Pieces && this.have === this.size && this.headFits) this.firstPiece();
		return from + count;
	}

	/** The length of its topic is looked at first; then, if that fits, the first piece is a full buffer. */
	private pieceCount(count: number): number {
		if (this.have < 2) return Math.min(count, 2 - this.have);
		return this.headFits ? Math.min(count, this.size - this.have) : count;
	}

	private get headFits(): boolean { return 4 + readUint16(this.buffer, 0) <= this.size; }

	private firstPiece(): void {
		this.have = this.end - this.size;
		this.end = this.size;
		this.complete(this.buffer, 0);
		this.stage = Stage.Rest;
	}

	/** It is shown where it came. */
	private further(bytes: Uint8Array, from: number, to: number): number {
		const count = Math.min(to - from, this.have);
		this.end = count;
		this.complete(bytes, from);
		this.id = Const.FURTHER;
		this.have -= count;
		if (this.have > 0) this.stage = Stage.Rest;
		return from + count;
	}

	private keep(bytes: Uint8Array, from: number, count: number): void {
		const { buffer } = this;
		const have = this.have;
		const fits = Math.min(count, this.size - have);
		if (fits >= Const.VIEW_MIN) buffer.set(bytes.subarray(from, from + fits), have);
		else for (let i = 0; i < fits; i++) buffer[have + i] = bytes[from + i];
		if (this.end > this.size && have + count >= 2) this.keepId(bytes, from, count);
	}

	/** Of a message that is let go, the packet id is picked out as it passes. */
	private keepId(bytes: Uint8Array, from: number, count: number): void {
		if ((this.head & 6) === 0) return;
		const high = 2 + (this.buffer[0] << 8 | this.buffer[1]) - this.have;
		if (high >= 0 && high < count) this.id |= bytes[from + high] << 8;
		if (high + 1 >= 0 && high + 1 < count) this.id |= bytes[from + high + 1];
	}

	private complete(bytes: Uint8Array, at: number): void {
		this.stage = Stage.First;
		this.first |= this.head;
		if (this.bytes !== bytes) this.look(bytes);
		this.at = at;
		this.end += at;
	}
}
Object.freeze(Framer.prototype);
