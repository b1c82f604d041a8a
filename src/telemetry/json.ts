// SPDX-License-Identifier: MIT
// JSON, read where it lies: a table says which members are wanted and of what type, and the reader notes where their
// values begin.
//
// Rule: reading makes no object and no string, and only the numbers that are asked for. One loop does it, without
// recursion. So what comes from outside costs neither stack nor memory, however it is nested. Four levels at most, each
// wanted member once, text in well-formed UTF-8. Names are compared as they stand: one that is written with escapes is
// not known. RFC 8259

import { isDigit } from '../common/text.js';
import { isText } from '../mqtt/codec/wire.js';

export const enum Type {
	Any,
	Text,
	Number,
	/** Text or number. */
	Label,
	Object,
}
const TYPE_NAMES: readonly string[] = Object.freeze(['anything', 'a text', 'a number', 'a text or a number', 'an object']);

/** A member that is wanted: its value's place goes to places[slot]. */
export interface Member {
	readonly key: string;
	readonly type: Type;
	readonly slot: number;
	/** Of an object: what is wanted of it. */
	readonly members?: readonly Member[];
}

export const NO_JSON = 'it is not JSON';

const enum Const {
	LEVELS_MAX = 4,
	SHOWN_MAX = 20,
	DIGITS_MAX = 1e14,
	VALUE_END = 1e12,
	EXPONENT_MAX = 9_999,
}

const TOO_DEEP = `it is nested more than ${Const.LEVELS_MAX} deep`;
const NO_OBJECT = 'it is not an object';

const enum Ascii {
	QUOTE = 0x22,
	PLUS = 0x2b,
	COMMA = 0x2c,
	MINUS = 0x2d,
	POINT = 0x2e,
	ZERO = 0x30,
	NINE = 0x39,
	COLON = 0x3a,
	OPEN_LIST = 0x5b,
	BACKSLASH = 0x5c,
	CLOSE_LIST = 0x5d,
	LOWER_E = 0x65,
	LOWER_F = 0x66,
	LOWER_N = 0x6e,
	LOWER_T = 0x74,
	LOWER_U = 0x75,
	OPEN_OBJECT = 0x7b,
	CLOSE_OBJECT = 0x7d,
}

const enum Expect {
	Value,
	ValueOrEnd,
	Name,
	NameOrEnd,
	/** Comma, end of the list or object, or of all. */
	Rest,
}

/**
 * Notes in `places` (filled with 0 before) where the value of each member of the object from `from` to `to` begins that
 * `members` name. Returns '', or what is wrong, to follow "the payload: ". What was noted up to there is good.
 */
export const readObject = (bytes: Uint8Array, from: number, to: number, members: readonly Member[], places: Uint16Array): string => {
	/** What is wanted on each level that is open. */
	const wanted: (readonly Member[] | undefined)[] = [];
	let lists = 0;
	let member: Member | undefined;
	let expect = Expect.Value;
	for (let at = skipSpace(bytes, from, to); at < to; at = skipSpace(bytes, at, to)) {
		const depth = wanted.length;
		const first = bytes[at];
		const inList = depth > 0 && (lists >> depth & 1) > 0;
		if (depth === 0 && (expect === Expect.Rest || first !== Ascii.OPEN_OBJECT)) return expect === Expect.Rest ? NO_JSON : NO_OBJECT;
		if (first === (inList ? Ascii.CLOSE_LIST : Ascii.CLOSE_OBJECT) && expect !== Expect.Value && expect !== Expect.Name) {
			wanted.length = depth - 1;
			expect = Expect.Rest;
			at++;
		} else if (expect === Expect.Rest) {
			if (first !== Ascii.COMMA) return NO_JSON;
			expect = inList ? Expect.Value : Expect.Name;
			at++;
		} else if (expect >= Expect.Name) {
			const end = endOfText(bytes, at, to);
			const colon = skipSpace(bytes, end < 0 ? to : end, to);
			if (bytes[colon] !== Ascii.COLON || colon >= to) return NO_JSON;
			member = find(wanted[depth - 1], bytes, at + 1, end - 1);
			if (member && places[member.slot] > 0) return `"${member.key}" stands twice`;
			expect = Expect.Value;
			at = colon + 1;
		} else {
			if (member && !suits(member.type, first)) return `"${member.key}" must be ${TYPE_NAMES[member.type]}`;
			const opens = first === Ascii.OPEN_OBJECT || first === Ascii.OPEN_LIST;
			if (opens && depth === Const.LEVELS_MAX) return TOO_DEEP;
			const end = opens ? at + 1 : endOfScalar(bytes, at, to);
			if (end < 0) return NO_JSON;
			if (member) places[member.slot] = at;
			if (opens) {
				wanted.push(depth === 0 ? members : member?.members);
				lists = first === Ascii.OPEN_LIST ? lists | 2 << depth : lists & ~(2 << depth);
				expect = first === Ascii.OPEN_LIST ? Expect.ValueOrEnd : Expect.NameOrEnd;
			} else expect = Expect.Rest;
			member = undefined;
			at = end;
		}
	}
	return expect === Expect.Rest && wanted.length === 0 ? '' : NO_JSON;
};

/** What a value is, for a sentence; a number as it stands, cut where it is long. */
export const describeValue = (bytes: Uint8Array, at: number): string => {
	switch (bytes[at]) {
		case Ascii.QUOTE: return 'a text';
		case Ascii.OPEN_LIST: return 'a list';
		case Ascii.OPEN_OBJECT: return 'an object';
		case Ascii.LOWER_T: return 'true';
		case Ascii.LOWER_F: return 'false';
		case Ascii.LOWER_N: return 'null';
	}
	let text = '';
	for (let end = endOfNumber(bytes, at, bytes.length); at < end; at++) {
		if (text.length === Const.SHOWN_MAX) return `${text}...`;
		text += String.fromCharCode(bytes[at]);
	}
	return text;
};

/**
 * The number that begins there, times 10^decimals; NaN: it is none, or of 10^12 or more. What lies behind the decimals
 * is rounded off, or with `exact` makes it NaN, too. By whole numbers alone: a fraction's digits would take memory
 * beside XS.
 */
export const decimalAt = (bytes: Uint8Array, at: number, decimals: number, exact: boolean): number => {
	const end = endOfNumber(bytes, at, bytes.length);
	if (end < 0) return NaN;
	let value = 0;
	let shift = decimals;
	let fraction = false;
	let cut = false;
	const negative = bytes[at] === Ascii.MINUS;
	for (let i = negative ? at + 1 : at; i < end && (bytes[i] | 0x20) !== Ascii.LOWER_E; i++) {
		if (bytes[i] === Ascii.POINT) fraction = true;
		else if (value < Const.DIGITS_MAX) {
			value = value * 10 + bytes[i] - Ascii.ZERO;
			if (fraction) shift--;
		} else {
			if (bytes[i] !== Ascii.ZERO) cut = true;
			if (!fraction) shift++;
		}
	}
	shift += exponentAt(bytes, at, end);
	let last = 0;
	for (; shift < 0 && (value > 0 || last > 0); shift++) {
		if (last > 0) cut = true;
		last = value % 10;
		value = (value - last) / 10;
	}
	for (; shift > 0 && value > 0 && value < Const.VALUE_END; shift--) value *= 10;
	if (value >= Const.VALUE_END || exact && (cut || last > 0)) return NaN;
	if (last >= 5) value++;
	return negative && value > 0 ? -value : value;
};

/**
 * Where to cut the inside of a quoted text, from `from` to `to`, so that at most `max` bytes stay and no character or
 * escape is broken.
 */
export const cutText = (bytes: Uint8Array, from: number, to: number, max: number): number => {
	let at = from;
	while (at < to) {
		const next = at + characterSize(bytes, at);
		if (next - from > max) break;
		at = next;
	}
	return at;
};

/** Behind the value that begins there, which was read before. */
export const endOfScalar = (bytes: Uint8Array, at: number, to: number): number => {
	switch (bytes[at]) {
		case Ascii.QUOTE: return endOfText(bytes, at, to);
		case Ascii.LOWER_T: return endOfWord(bytes, at, to, 'true');
		case Ascii.LOWER_F: return endOfWord(bytes, at, to, 'false');
		case Ascii.LOWER_N: return endOfWord(bytes, at, to, 'null');
	}
	return endOfNumber(bytes, at, to);
};

/** Behind the white space that begins there. */
export const skipSpace = (bytes: Uint8Array, at: number, to: number): number => {
	while (at < to && (bytes[at] === 0x20 || bytes[at] >= 9 && bytes[at] <= 13 && bytes[at] !== 11 && bytes[at] !== 12)) at++;
	return at;
};

const find = (members: readonly Member[] | undefined, bytes: Uint8Array, from: number, to: number): Member | undefined => {
	if (members) for (let i = 0; i < members.length; i++) if (isWord(bytes, from, to, members[i].key)) return members[i];
	return undefined;
};

const suits = (type: Type, first: number): boolean => {
	const isNumber = first === Ascii.MINUS || isDigit(first);
	switch (type) {
		case Type.Text: return first === Ascii.QUOTE;
		case Type.Number: return isNumber;
		case Type.Label: return isNumber || first === Ascii.QUOTE;
		case Type.Object: return first === Ascii.OPEN_OBJECT;
	}
	return true;
};

/** Whether bytes are those letters of ASCII. */
export const isWord = (bytes: Uint8Array, from: number, to: number, word: string): boolean => {
	if (to - from !== word.length) return false;
	for (let i = 0; i < word.length; i++) if (bytes[from + i] !== word.charCodeAt(i)) return false;
	return true;
};

const endOfWord = (bytes: Uint8Array, at: number, to: number, word: string): number => {
	const end = at + word.length;
	return end <= to && isWord(bytes, at, end, word) ? end : -1;
};

/** -1: there is no text there, or it has no end, or it holds what it must not. */
const endOfText = (bytes: Uint8Array, at: number, to: number): number => {
	if (bytes[at] !== Ascii.QUOTE) return -1;
	for (let i = at + 1; i < to; i++) {
		const code = bytes[i];
		if (code === Ascii.QUOTE) return isText(bytes, at + 1, i) ? i + 1 : -1;
		if (code < 0x20) return -1;
		if (code === Ascii.BACKSLASH && !isEscape(bytes, ++i, to)) return -1;
	}
	return -1;
};

/** What follows a backslash. */
const isEscape = (bytes: Uint8Array, at: number, to: number): boolean => {
	if (at >= to) return false;
	if (bytes[at] !== Ascii.LOWER_U) return '"\\/bfnrt'.indexOf(String.fromCharCode(bytes[at])) >= 0;
	if (at + 4 >= to) return false;
	for (let i = at + 1; i <= at + 4; i++) if (!isDigit(bytes[i]) && !((bytes[i] | 0x20) >= 0x61 && (bytes[i] | 0x20) <= Ascii.LOWER_F)) return false;
	return true;
};

/** Of a character as it stands in a text that was read: two escapes of a surrogate pair are one. */
const characterSize = (bytes: Uint8Array, at: number): number => {
	const first = bytes[at];
	if (first === Ascii.BACKSLASH) {
		if (bytes[at + 1] !== Ascii.LOWER_U) return 2;
		return isSurrogate(bytes, at, 0x38) && bytes[at + 6] === Ascii.BACKSLASH && bytes[at + 7] === Ascii.LOWER_U && isSurrogate(bytes, at + 6, 0x63) ? 12 : 6;
	}
	return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
};

/** Whether the escape is \uD8.. to \uDB.. (`least` "8"), or \uDC.. to \uDF.. ("c"). */
const isSurrogate = (bytes: Uint8Array, at: number, least: number): boolean => {
	const second = isDigit(bytes[at + 3]) ? bytes[at + 3] : bytes[at + 3] | 0x20;
	return (bytes[at + 2] | 0x20) === 0x64 && (least === 0x38 ? second === 0x38 || second === Ascii.NINE || second === 0x61 || second === 0x62 : second >= 0x63);
};

/** -1: there is no number there. */
const endOfNumber = (bytes: Uint8Array, at: number, to: number): number => {
	if (bytes[at] === Ascii.MINUS) at++;
	if (at >= to || !isDigit(bytes[at])) return -1;
	at = bytes[at] === Ascii.ZERO ? at + 1 : skipDigits(bytes, at, to);
	if (at < to && bytes[at] === Ascii.POINT) {
		if (skipDigits(bytes, at + 1, to) === at + 1) return -1;
		at = skipDigits(bytes, at + 1, to);
	}
	if (at >= to || (bytes[at] | 0x20) !== Ascii.LOWER_E) return at;
	if (++at < to && (bytes[at] === Ascii.PLUS || bytes[at] === Ascii.MINUS)) at++;
	const end = skipDigits(bytes, at, to);
	return end === at ? -1 : end;
};

const skipDigits = (bytes: Uint8Array, at: number, to: number): number => {
	while (at < to && isDigit(bytes[at])) at++;
	return at;
};

/** Of the number from `at` to `end`; 0 if it has none. */
const exponentAt = (bytes: Uint8Array, at: number, end: number): number => {
	while (at < end && (bytes[at] | 0x20) !== Ascii.LOWER_E) at++;
	const sign = at + 1 < end && bytes[at + 1] === Ascii.MINUS ? -1 : 1;
	let exponent = 0;
	for (at++; at < end; at++) if (isDigit(bytes[at]) && exponent < Const.EXPONENT_MAX) exponent = exponent * 10 + bytes[at] - Ascii.ZERO;
	return sign * exponent;
};
