// SPDX-License-Identifier: MIT
// Improv over serial, in every mode: begins a conversation when a packet comes, and forgets it when nothing is under way.
//
// Rule: as long as nobody talks, nothing is kept but these few fields. A command is carried out between conversations,
// where stack and memory are least in use.

import { NEVER, type Log, type Millis, type PacketLine, type Pollable } from '../common/ports.js';
import { Text } from '../common/text.js';
import { Limit } from '../common/limits.js';
import { LATER, type Report } from '../telemetry/report.js';
import { writeResult } from '../telemetry/result.js';
import { Conversation, type ConversationHost, type Joiner } from './conversation.js';
import { PacketReader } from './improv-codec.js';
import { Transfer } from './transfer.js';

export type { Joiner };

/** Begins what takes more than commands. An object, not a function: one that is made at run time takes four times as much. */
export interface ParcelMaker {
	begin(now: Millis): Transfer;
}

export abstract class Improv implements Pollable, ConversationHost {
	readonly line: PacketLine & Log;
	/** A command that comes, or its answer; forgotten when it was not spoken of for a while. */
	parcel: Transfer | undefined;
	/** Where more than commands comes in: makes what takes it. */
	declare maker?: ParcelMaker;
	private talk: Conversation | undefined;

	constructor(line: PacketLine & Log) {
		this.line = line;
		line.sink = new PacketReader();
	}

	get reader(): PacketReader {
		return this.line.sink as PacketReader;
	}

	poll(now: Millis): Millis {
		if (this.talk || this.reader.busy) {
			const at = (this.talk ??= new Conversation(this)).poll(now);
			if (at !== NEVER) return at;
			this.talk = undefined;
		}
		if (this.parcel?.asked && !this.carryOut(this.parcel)) return now;
		if (this.parcel && now >= this.parcel.endsAt) this.parcel = undefined;
		return this.parcel?.endsAt ?? NEVER;
	}

	newParcel(now: Millis): Transfer {
		return this.maker ? this.maker.begin(now) : new Transfer(now);
	}

	/** False: it is under way. */
	private carryOut(parcel: Transfer): boolean {
		if (parcel.work()) return true;
		const bytes = parcel.bytes!;
		const { nameEnd, textEnd } = parcel;
		const problem = this.obey(bytes, 0, nameEnd, textEnd);
		if (problem === LATER) return false;
		const result = new Text(new Uint8Array(Limit.RESULT_MAX));
		writeResult(result, bytes, 0, nameEnd, nameEnd, textEnd, problem, problem ? 0 : this.proposed, this.report());
		// A copy: what the result might have needed is free again.
		parcel.answered(result.bytes.slice(0, result.length));
		return true;
	}

	abstract readonly chip: string;

	abstract readonly node: string;

	/** The number of settings that are on trial from the next boot on; 0: none are. */
	protected abstract readonly proposed: number;

	abstract begin(): Joiner;

	/** What the command that was carried out last has to say. */
	protected report(): Report | undefined {
		return undefined;
	}

	/** Carries a command out, its name in bytes[nameAt] up to its payload: '' or why not, in a sentence; or LATER. */
	protected abstract obey(bytes: Uint8Array, nameAt: number, payloadAt: number, payloadEnd: number): string;
}
