// SPDX-License-Identifier: MIT
// The topic of the last message: while the same one comes again, it need not be checked again.
//
// Rule: a topic that was right is right as long as no byte of it differs. It is kept, its length in two bytes in front, as numbers of eight bytes
// (binary64), of which XS compares two in less time than it reads one byte of an array. In a plain topic (topics.ts) every byte lies between 0x2c
// and 0x7f, and the length in front is not 0: so none of these numbers is NaN, infinite or 0, and equal numbers are equal bytes.

/** Of a topic with its length: what two numbers fill, three and four. */
const enum Size { Two = 16, Three = 24, Four = 32 }

/** Where topics end for which three numbers are enough, in a PUBLISH with a head of two bytes. */
export const enum End { OfThree = 2 + Size.Three }

export class KnownTopic {
	/** What viewOf() was asked last. */
	bytes: Uint8Array | undefined;
	view: DataView | undefined;
	/** Where the topic ends in a PUBLISH with a head of two bytes; Infinity: none is known. */
	end = Infinity;
	/** Its first two numbers, the third if it is longer than three, and the one that ends with it. */
	first = 0;
	second = 0;
	third = 0;
	last = 0;
	/** The end of the topic before that was not known. */
	private seen = 0;

	/** A view of those bytes by words, made anew only if they are others than the last time. */
	viewOf(bytes: Uint8Array): DataView {
		if (this.bytes === bytes) return this.view!;
		this.bytes = bytes;
		return this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	}

	/** A plain topic, from `at`, where its length is, to `end`: known when it comes the second time in a row, as its end tells. */
	meet(view: DataView, at: number, end: number): void {
		const last = view.getFloat64(end - 8);
		if (last === this.seen) this.learn(view, at, end);
		this.seen = last;
	}

	private learn(view: DataView, at: number, end: number): void {
		const size = end - at;
		if (size < Size.Two || size > Size.Four) return;
		this.end = 2 + size;
		this.first = view.getFloat64(at);
		this.second = view.getFloat64(at + 8);
		if (size > Size.Three) this.third = view.getFloat64(at + 16);
		this.last = view.getFloat64(end - 8);
	}
}
Object.freeze(KnownTopic.prototype);
