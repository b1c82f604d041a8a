// SPDX-License-Identifier: MIT
// Commands that were heard on <base>/set/<name> or <root>/all/set/<name> and are not carried out yet, as their bytes came.
//
// Rule: memory is taken while something waits, and no longer; when nothing does, one piece from the socket finds room
// for all that it completes. What finds no room is answered at once. Retained commands are ignored: they would be
// repeated with every subscription.
// An entry: length of the name and of the payload, two bytes each, then both. The highest bit of all says that it was
// said to all nodes, the next that it is under way.

import { isWord } from './json.js';
import { Limit } from '../common/limits.js';
import type { Log } from '../common/ports.js';
import type { Answers, Subscription } from './publications.js';
import { writeResult } from './result.js';

const enum Const {
	HEAD_BYTES = 4,
	NAME_SHOWN_MAX = 40,
}

/** Of the first byte. */
const enum Flag {
	Everyone = 0x80,
	UnderWay = 0x40,
	Both = Everyone | UnderWay,
}
const BUSY = 'busy: too many commands at once, send it again later';
export const ENDING = 'the node is about to stop or restart';
/** The one that may come without a payload. */
export const SAMPLE = 'sample';

export class CommandQueue implements Subscription {
	/** The first entry begins at 0. Undefined while nothing waits. */
	bytes: Uint8Array | undefined;
	/** Nothing is taken in any more: the node ends. */
	closed = false;
	private readonly log: Log;
	private end = 0;

	constructor(log: Log) {
		this.log = log;
	}

	get leaf(): string {
		return 'set/+';
	}

	/** All that one piece from the socket completes will be kept: nothing waits, and nothing is refused. */
	get idle(): boolean {
		return this.end === 0 && !this.closed;
	}

	get empty(): boolean {
		return this.end === 0;
	}

	/** Of the first one: where its name lies, up to its payload, and where that ends. */
	get nameAt(): number {
		return Const.HEAD_BYTES;
	}
	get payloadAt(): number {
		return Const.HEAD_BYTES + this.lengthAt(0);
	}
	get payloadEnd(): number {
		return this.payloadAt + this.lengthAt(2);
	}
	get toEveryone(): boolean {
		return (this.bytes![0] & Flag.Everyone) > 0;
	}

	/** The first one takes more than a turn: whoever carries it out says when. */
	get underWay(): boolean {
		return this.bytes !== undefined && (this.bytes[0] & Flag.UnderWay) > 0;
	}
	begun(): void {
		this.bytes![0] |= Flag.UnderWay;
	}

	received(
		bytes: Uint8Array, nameAt: number, nameEnd: number, payloadAt: number, payloadEnd: number, retained: boolean, everyone: boolean, answers: Answers,
	): void {
		// An empty payload is how a retained command is cleared: nothing was asked.
		if (payloadAt === payloadEnd && (retained || !isWord(bytes, nameAt, nameEnd, SAMPLE))) return this.ignored('an empty message on', bytes, nameAt, nameEnd);
		if (retained) return this.ignored('a retained command (send it without the retain flag) on', bytes, nameAt, nameEnd);
		if (!this.closed && this.put(bytes, nameAt, nameEnd, payloadAt, payloadEnd, everyone)) return;
		writeResult(answers.beginAnswer(), bytes, nameAt, nameEnd, payloadAt, payloadEnd, this.closed ? ENDING : BUSY);
		answers.answer(0, 0);
	}

	/** The first one is done. */
	shift(): void {
		const size = this.payloadEnd;
		this.end -= size;
		if (this.end === 0) this.bytes = undefined;
		else this.bytes!.copyWithin(0, size, size + this.end);
	}

	/** False: there is no room for it. */
	private put(bytes: Uint8Array, nameAt: number, nameEnd: number, payloadAt: number, payloadEnd: number, everyone: boolean): boolean {
		const nameBytes = nameEnd - nameAt;
		const payloadBytes = payloadEnd - payloadAt;
		const at = this.end;
		const end = at + Const.HEAD_BYTES + nameBytes + payloadBytes;
		if (end > Limit.COMMANDS_BYTES) return false;
		const queue = (this.bytes ??= new Uint8Array(Limit.COMMANDS_BYTES));
		queue[at] = nameBytes >> 8 | (everyone ? Flag.Everyone : 0);
		queue[at + 1] = nameBytes;
		queue[at + 2] = payloadBytes >> 8;
		queue[at + 3] = payloadBytes;
		queue.set(bytes.subarray(nameAt, nameEnd), at + Const.HEAD_BYTES);
		queue.set(bytes.subarray(payloadAt, payloadEnd), at + Const.HEAD_BYTES + nameBytes);
		this.end = end;
		return true;
	}

	private ignored(what: string, bytes: Uint8Array, nameAt: number, nameEnd: number): void {
		let name = '';
		for (let i = nameAt; i < nameEnd && i < nameAt + Const.NAME_SHOWN_MAX; i++) name += String.fromCharCode(bytes[i]);
		this.log.line(`${what} set/${name} is ignored`);
	}

	private lengthAt(at: number): number {
		return (this.bytes![at] & ~Flag.Both) << 8 | this.bytes![at + 1];
	}
}
