// SPDX-License-Identifier: MIT
// DER, the encoding of certificates and signatures, one level at a time.
//
// Rule: reads strictly (definite and shortest lengths, each element ends where its parent says) and throws at anything
// else. Nothing is copied: everything is a view of the bytes that came in. No call goes deeper by itself, so no nesting
// costs stack.

export const enum Tag {
	BOOLEAN = 0x01,
	INTEGER = 0x02,
	BIT_STRING = 0x03,
	OCTET_STRING = 0x04,
	OBJECT_ID = 0x06,
	SEQUENCE = 0x30,
}

/** The elements of one level of DER, one after the other. */
export class Der {
	tag = 0;
	/** Where the element begins, where its content begins, and where it ends. */
	start = 0;
	from = 0;
	to = 0;
	private readonly bytes: Uint8Array;
	private readonly end: number;

	constructor(bytes: Uint8Array, from = 0, end = bytes.length) {
		this.bytes = bytes;
		this.end = end;
		this.to = from;
	}

	/** Goes to the next element; false at the end of the level. */
	next(): boolean {
		const { bytes, end } = this;
		let at = this.to;
		if (at === end) return false;
		if (at + 2 > end) throw new Error('DER is cut off');
		this.start = at;
		this.tag = bytes[at++];
		let length = bytes[at++];
		if (length > 0x80 && length <= 0x83) {
			let count = length - 0x80;
			if (at + count > end) throw new Error('DER is cut off');
			const least = count === 1 ? 0x80 : 2 ** (8 * (count - 1));
			for (length = 0; count > 0; count--) length = length * 256 + bytes[at++];
			if (length < least) throw new Error('DER has a length that cannot be');
		} else if (length >= 0x80) throw new Error('DER has a length that cannot be');
		if (at + length > end) throw new Error('DER is cut off');
		this.from = at;
		this.to = at + length;
		return true;
	}

	/** Goes to the next element, which must be a `tag`. */
	expect(tag: number): this {
		if (!this.next() || this.tag !== tag) throw new Error('DER holds something else');
		return this;
	}

	/** There must be no further element. */
	finish(): void {
		if (this.to !== this.end) throw new Error('DER holds something else');
	}

	/** The elements inside this one. */
	inside(): Der {
		return new Der(this.bytes, this.from, this.to);
	}

	/** This element with its tag and length. */
	whole(): Uint8Array {
		return this.bytes.subarray(this.start, this.to);
	}

	content(): Uint8Array {
		return this.bytes.subarray(this.from, this.to);
	}

	/** The bytes of an INTEGER that is not negative, without a zero in front. */
	natural(): Uint8Array {
		const { bytes, from, to } = this;
		const padded = from + 1 < to && bytes[from] === 0;
		if (from === to || bytes[from] > 0x7f || (padded && bytes[from + 1] < 0x80)) throw new Error('DER has a number that cannot be');
		return bytes.subarray(padded ? from + 1 : from, to);
	}

	/** The bytes of a BIT STRING that has no odd bits. */
	bits(): Uint8Array {
		if (this.from === this.to || this.bytes[this.from] !== 0) throw new Error('DER holds something else');
		return this.bytes.subarray(this.from + 1, this.to);
	}
}

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => {
	if (a.length !== b.length) return false;
	for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
	return true;
};

export const latin = (bytes: Uint8Array): string => {
	let text = '';
	for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]);
	return text;
};
