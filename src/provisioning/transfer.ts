// SPDX-License-Identifier: MIT
// What is too long for one packet, piece by piece, under command numbers of our own: a command of the node comes in, its
// result goes out. docs/serial.md has the packets.
//
// Rule: each piece says where it belongs, and each answer how far it has come. So a piece that was lost is sent again,
// one that comes twice changes nothing, and what is whole is carried out once.

import { crc32 } from '../storage/crc32.js';
import { TransferId, TransferKind, TransferState } from './transfer-packets.js';
import type { Millis } from '../common/ports.js';
import type { Text } from '../common/text.js';

const enum Limit {
	/** Before the bytes of a piece. */
	PieceHead = 6,
	Sum = 4,
	/** A name, a space and a payload of 380 B. */
	Command = 420,
	/** Of an answer in one packet: what is left of 100 B. */
	AnswerPiece = 80,
	/** Then nobody asks for the answer any more. */
	LingerMs = 30_000,
}
const enum Code {
	Space = 0x20,
}

export class Transfer {
	/** It is whole: to be carried out, once. */
	asked = false;
	/** Undefined before the first piece, and when it has been carried out. */
	bytes: Uint8Array | undefined;
	answer: Uint8Array | undefined;
	/** To be forgotten by then. */
	endsAt: Millis;
	/** TransferId.Problem: none yet. */
	protected id = TransferId.Problem;
	protected received = 0;
	protected total = 0;

	constructor(now: Millis) {
		this.endsAt = now + Limit.LingerMs;
	}

	spokenOf(now: Millis): void {
		this.endsAt = now + Limit.LingerMs;
	}

	/**
	 * A piece: kind u8, id u8, bytes of all of it u16, offset u16, then its bytes. The reply is put into `into`. False:
	 * it cannot be one.
	 */
	put(bytes: Uint8Array, from: number, to: number, into: Text): boolean {
		const at = from + Limit.PieceHead;
		if (at >= to || bytes[from + 1] === TransferId.Problem) return false;
		const id = bytes[from + 1];
		const total = bytes[from + 2] << 8 | bytes[from + 3];
		const offset = bytes[from + 4] << 8 | bytes[from + 5];
		if (!this.takes(bytes[from], total) || offset + to - at > total) return false;
		let state = TransferState.Good;
		if (id !== this.id && offset === 0) this.begin(bytes[from], id, total);
		if (id !== this.id || total !== this.total) state = TransferState.Unknown;
		else if (offset === this.received) state = this.take(bytes, at, to);
		writeUint16(into.byte(4).byte(id).byte(state), state === TransferState.Good ? this.received : 0);
		return true;
	}

	/**
	 * Asks for the answer: id u8, offset u16. So much of it as one packet takes is put into `into`: id u8, state u8, and
	 * where that is good bytes of all of it u16, offset u16, and its bytes. False: it cannot be such a question.
	 */
	get(bytes: Uint8Array, from: number, to: number, into: Text): boolean {
		if (to - from !== 3) return false;
		const id = bytes[from];
		const offset = bytes[from + 1] << 8 | bytes[from + 2];
		if (id === this.id && this.answer) writeAnswer(id, this.answer, offset, into);
		else into.byte(2).byte(id).byte(id === this.id && (this.bytes || this.asked) ? TransferState.Pending : TransferState.Unknown);
		return true;
	}

	/** Some of it is missing. */
	get partial(): boolean {
		return this.bytes !== undefined && !this.asked;
	}

	/** Does what is asked for, where that is no command; else false. */
	work(): boolean {
		return false;
	}

	/** Of what is whole: where its name ends. */
	get nameEnd(): number {
		const { bytes, textEnd } = this;
		let at = 0;
		while (at < textEnd && bytes![at] !== Code.Space) at++;
		return at;
	}

	/** And the end of its payload. */
	get textEnd(): number {
		return this.total - Limit.Sum;
	}

	/** It was carried out, with this result. */
	answered(answer: Uint8Array): void {
		this.asked = false;
		this.bytes = undefined;
		this.answer = answer;
	}

	/** So much of that kind. */
	protected takes(kind: TransferKind, total: number): boolean {
		return kind === TransferKind.Command && total > Limit.Sum && total <= Limit.Command + Limit.Sum;
	}

	protected begin(_kind: TransferKind, id: number, total: number): void {
		this.id = id;
		this.total = total;
		this.received = 0;
		this.asked = false;
		this.answer = undefined;
		this.bytes = new Uint8Array(total);
	}

	protected take(bytes: Uint8Array, from: number, to: number): TransferState {
		this.bytes!.set(bytes.subarray(from, to), this.received);
		this.received += to - from;
		if (this.received < this.total) return TransferState.Good;
		const end = this.textEnd;
		const sum = crc32(this.bytes!, 0, end);
		for (let i = 0; i < Limit.Sum; i++) {
			if (this.bytes![end + i] === (sum >>> (24 - 8 * i) & 0xff)) continue;
			return this.damaged();
		}
		this.asked = true;
		return TransferState.Good;
	}

	/** It has to come again. */
	protected damaged(): TransferState {
		this.id = TransferId.Problem;
		this.bytes = undefined;
		return TransferState.Damaged;
	}
}

/** A piece of an answer, as one string of a result. */
const writeAnswer = (id: number, answer: Uint8Array, offset: number, into: Text): void => {
	const end = Math.min(answer.length, offset + Limit.AnswerPiece);
	const from = Math.min(offset, end);
	writeUint16(writeUint16(into.byte(6 + end - from).byte(id).byte(TransferState.Good), answer.length), from).copy(answer, from, end);
};

const writeUint16 = (into: Text, value: number): Text => into.byte(value >> 8).byte(value & 0xff);
