// SPDX-License-Identifier: MIT
// Commands that were heard and are not carried out yet, as their bytes came.
//
// Rule: memory is taken while something waits, and no longer; when nothing does, one piece from the socket finds room for all that it completes.
// An entry: length of the name and of the payload, two bytes each, then both.

import { COMMANDS_BYTES } from './limits.js';

const HEAD_BYTES = 4;

export class CommandQueue {
	/** The first entry begins at 0. Undefined while nothing waits. */
	bytes: Uint8Array | undefined;
	private end = 0;

	get empty(): boolean {
		return this.end === 0;
	}

	/** Of the first one: where its name lies, up to its payload, and where that ends. */
	get nameAt(): number {
		return HEAD_BYTES;
	}
	get payloadAt(): number {
		return HEAD_BYTES + this.lengthAt(0);
	}
	get payloadEnd(): number {
		return this.payloadAt + this.lengthAt(2);
	}

	/** False: there is no room for it. */
	put(bytes: Uint8Array, nameAt: number, nameEnd: number, payloadAt: number, payloadEnd: number): boolean {
		const nameBytes = nameEnd - nameAt;
		const payloadBytes = payloadEnd - payloadAt;
		const at = this.end;
		const end = at + HEAD_BYTES + nameBytes + payloadBytes;
		if (end > COMMANDS_BYTES) return false;
		const queue = (this.bytes ??= new Uint8Array(COMMANDS_BYTES));
		queue[at] = nameBytes >> 8;
		queue[at + 1] = nameBytes;
		queue[at + 2] = payloadBytes >> 8;
		queue[at + 3] = payloadBytes;
		queue.set(bytes.subarray(nameAt, nameEnd), at + HEAD_BYTES);
		queue.set(bytes.subarray(payloadAt, payloadEnd), at + HEAD_BYTES + nameBytes);
		this.end = end;
		return true;
	}

	/** The first one is done. */
	shift(): void {
		const size = this.payloadEnd;
		this.end -= size;
		if (this.end === 0) this.bytes = undefined;
		else this.bytes!.copyWithin(0, size, size + this.end);
	}

	private lengthAt(at: number): number {
		return this.bytes![at] << 8 | this.bytes![at + 1];
	}
}
