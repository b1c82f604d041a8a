// SPDX-License-Identifier: MIT
// Improv over serial, in every mode: begins a conversation when a packet comes, and forgets it when nothing is under way.
//
// Rule: as long as nobody talks, nothing is kept but these few fields. Commands are carried out here, where the stack is
// lowest.

import { NEVER, type Log, type Millis, type PacketLine, type Pollable } from '../common/ports.js';
import { Text } from '../common/text.js';
import { RESULT_MAX } from '../common/limits.js';
import { writeResult } from '../telemetry/result.js';
import { Conversation, type Joiner } from './conversation.js';
import { PacketReader } from './improv-codec.js';

export type { Joiner };

export abstract class Improv implements Pollable {
	protected readonly line: PacketLine & Log;
	private readonly reader = new PacketReader();
	private talk: Conversation | undefined;

	constructor(line: PacketLine & Log) {
		this.line = line;
		line.sink = this.reader;
	}

	poll(now: Millis): Millis {
		if (!this.talk) {
			if (!this.reader.busy) return NEVER;
			this.talk = new Conversation(this.reader, this.line, this.line, this.chip, this.begin());
		}
		const { transfer } = this.talk;
		if (transfer.asked) {
			const bytes = transfer.bytes!;
			const { nameEnd, textEnd } = transfer;
			const problem = this.obey(bytes, 0, nameEnd, textEnd);
			const result = new Text(new Uint8Array(RESULT_MAX));
			writeResult(result, bytes, 0, nameEnd, nameEnd, textEnd, problem);
			transfer.answered(result.bytes.subarray(0, result.length));
		}
		const at = this.talk.poll(now);
		if (at === NEVER) this.talk = undefined;
		return at;
	}

	protected abstract readonly chip: string;

	/** Who does what is asked for, for one conversation. */
	protected abstract begin(): Joiner;

	/** Carries a command out, its name in bytes[nameAt] up to its payload: '' or why not, in a sentence. */
	protected abstract obey(bytes: Uint8Array, nameAt: number, payloadAt: number, payloadEnd: number): string;
}
