// SPDX-License-Identifier: MIT
// Text written digit by digit into one buffer: JSON without JSON objects, no garbage.
//
// Rule: one Text is filled and sent before it is filled again. What does not fit sets `overflowed` and is left out:
// the caller asserts, since every payload has its bound in limits.ts.

const enum Ascii {
	QUOTE = 0x22,
	BACKSLASH = 0x5c,
	ZERO = 0x30,
	MINUS = 0x2d,
	POINT = 0x2e,
}

/** For fields: a text that is written out in a function is copied to RAM each time, this one lies in flash. */
export const EMPTY = '';

export class Text {
	readonly bytes: Uint8Array;
	length = 0;
	overflowed = false;

	/** Into those bytes, as many as there are. */
	constructor(bytes: Uint8Array) {
		this.bytes = bytes;
	}

	clear(): this {
		this.length = 0;
		this.overflowed = false;
		return this;
	}

	/** One byte of the text. */
	byte(value: number): this {
		if (this.length < this.bytes.length) this.bytes[this.length++] = value;
		else this.overflowed = true;
		return this;
	}

	/** ASCII only: names and punctuation of our own. */
	put(ascii: string): this {
		for (let i = 0, length = ascii.length; i < length; i++) this.byte(ascii.charCodeAt(i));
		return this;
	}

	/** The same by the codes of its characters. */
	codes(codes: readonly number[]): this {
		for (let i = 0; i < codes.length; i++) this.byte(codes[i]);
		return this;
	}

	/** Bytes that are text already. */
	copy(bytes: Uint8Array, from: number, to: number): this {
		for (let i = from; i < to; i++) this.byte(bytes[i]);
		return this;
	}

	/** A JSON string of what is UTF-8 already, of which at most `max` bytes, and no character in pieces, are taken. */
	quotedBytes(bytes: Uint8Array, from: number, to: number, max: number): this {
		this.byte(Ascii.QUOTE);
		const end = this.length + max;
		while (from < to) {
			const first = bytes[from];
			const escapes = first < 0x20 ? 6 : first === Ascii.QUOTE || first === Ascii.BACKSLASH ? 2 : 0;
			const size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
			if (this.length + (escapes || size) > end) break;
			if (escapes) this.escaped(first);
			else this.copy(bytes, from, from + size);
			from += size;
		}
		return this.byte(Ascii.QUOTE);
	}

	/** A JSON string of any text, in UTF-8, of which at most `max` bytes, and no character in pieces, are taken. */
	quoted(text: string, max = this.bytes.length): this {
		this.byte(Ascii.QUOTE);
		const end = this.length + max;
		for (const character of text) {
			const before = this.length;
			this.escaped(character.codePointAt(0)!);
			if (this.length <= end) continue;
			this.length = before;
			break;
		}
		return this.byte(Ascii.QUOTE);
	}

	/** Any text in UTF-8, as it is. */
	text(text: string): this {
		for (const character of text) {
			const code = character.codePointAt(0)!;
			if (code < 0x80) this.byte(code);
			else this.utf8(code);
		}
		return this;
	}

	/** A whole number, up to 2^53. */
	whole(value: number): this {
		if (value < 0) {
			this.byte(Ascii.MINUS);
			value = -value;
		}
		return this.digits(value, 1);
	}

	/** Thousandths as a decimal without idle zeros: 21500 is 21.5, -7 is -0.007. */
	milli(value: number): this {
		if (value < 0) {
			this.byte(Ascii.MINUS);
			value = -value;
		}
		const fraction = value % 1000;
		this.digits((value - fraction) / 1000, 1);
		if (fraction === 0) return this;
		this.byte(Ascii.POINT);
		if (fraction % 100 === 0) return this.digits(fraction / 100, 1);
		return fraction % 10 === 0 ? this.digits(fraction / 10, 2) : this.digits(fraction, 3);
	}

	private digits(value: number, countMin: number): this {
		let unit = 1;
		for (let count = 1; count < countMin || value / unit >= 10; count++) unit *= 10;
		for (; unit >= 1; unit /= 10) this.byte(Ascii.ZERO + (Math.floor(value / unit) % 10));
		return this;
	}

	private escaped(code: number): void {
		if (code === Ascii.QUOTE || code === Ascii.BACKSLASH) this.byte(Ascii.BACKSLASH);
		if (code < 0x20) this.put('\\u00').hex(code >> 4).hex(code & 15);
		else if (code < 0x80) this.byte(code);
		else this.utf8(code);
	}

	private hex(digit: number): this {
		this.byte(digit < 10 ? Ascii.ZERO + digit : 0x57 + digit);
		return this;
	}

	/** RFC 3629 §3, from U+0080. Half a surrogate pair has no UTF-8 form; it becomes U+FFFD. */
	private utf8(code: number): void {
		if (code >= 0xd800 && code < 0xe000) code = 0xfffd;
		if (code < 0x800) this.byte(0xc0 | (code >> 6));
		else {
			if (code < 0x1_0000) this.byte(0xe0 | (code >> 12));
			else {
				this.byte(0xf0 | (code >> 18));
				this.byte(0x80 | ((code >> 12) & 63));
			}
			this.byte(0x80 | ((code >> 6) & 63));
		}
		this.byte(0x80 | (code & 63));
	}
}

const enum Const {
	/** Each longer text is made anew: so a long one is made of pieces. */
	PIECE = 24,
}

/** What these bytes of well-formed UTF-8 say. */
export const textOf = (bytes: Uint8Array, at: number, end: number): string => {
	let text = '';
	let piece = '';
	while (at < end) {
		const first = bytes[at++];
		const more = first < 0xc0 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
		let code = more === 0 ? first : first & (0x3f >> more);
		for (let i = 0; i < more; i++) code = (code << 6) | (bytes[at++] & 0x3f);
		piece += String.fromCodePoint(code);
		if (piece.length < Const.PIECE) continue;
		text += piece;
		piece = '';
	}
	return text + piece;
};

/** Of 0 to 9. */
export const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
