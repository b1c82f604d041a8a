// BER as the SDK's TLS reads it: with trust in whoever wrote it.
//
// Rule: as little is checked as there: lengths may lead anywhere, a number may be negative.

export class Ber {
	readonly #bytes: Uint8Array;
	#at = 0;

	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
	}

	get left(): number {
		return this.#bytes.length - this.#at;
	}

	peek(): number {
		return this.#bytes[this.#at];
	}

	tag(): number {
		return this.#bytes[this.#at++];
	}

	length(): number {
		const first = this.#bytes[this.#at++];
		if (first < 128) return first;
		let length = 0;
		for (let count = first & 127; count > 0; count--) length = (length << 8) | this.#bytes[this.#at++];
		return length;
	}

	skip(): void {
		this.content();
	}

	/** The content of the next element, whatever it is. */
	content(): Uint8Array {
		this.tag();
		const length = this.length();
		this.#at += length;
		return this.#bytes.subarray(this.#at - length, this.#at);
	}

	expect(tag: number, what: string): Uint8Array {
		if (this.peek() !== tag) throw new Error(`BER: not ${what}`);
		return this.content();
	}

	sequence(): Ber {
		return new Ber(this.expect(0x30, 'a sequence'));
	}

	integer(): bigint {
		const bytes = this.expect(2, 'an integer');
		let value = 0n;
		for (let i = 0; i < bytes.length; i++) value = value * 256n + BigInt(bytes[i]);
		return bytes[0] & 0x80 ? value - 256n ** BigInt(bytes.length) : value;
	}

	objectId(): string {
		return this.expect(6, 'an object identifier').join('.');
	}

	/** Odd bits are not as in the SDK, which shifts each byte: nothing signs such. */
	bits(): Uint8Array {
		return this.expect(3, 'a bit string').subarray(1);
	}
}

export function numberOf(bytes: Uint8Array): bigint {
	let value = 0n;
	for (let i = 0; i < bytes.length; i++) value = value * 256n + BigInt(bytes[i]);
	return value;
}
