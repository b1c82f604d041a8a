// SPDX-License-Identifier: MIT
// The fields of a form as browsers send them: application/x-www-form-urlencoded.
//
// Rule: a field that is not there is undefined; one that is no text, or longer than any setting, is one that no setting
// takes. Nothing else can be wrong with one.

import { textOf } from '../common/text.js';
import { isText } from '../mqtt/codec/wire.js';

const enum NotText {
	/** What a field is that holds no well-formed UTF-8, or a NUL, or too much: no setting takes a control character, so it is refused. */
	NoText = '\u0001',
}

const enum Bound {
	/** Of all settings of a form. What is longer would be kept, and would not fit a piece of the page. */
	CharactersMax = 64,
}

const enum Ascii {
	Ampersand = 38,
	Equals = 61,
	Percent = 37,
	Plus = 43,
	Space = 32,
	Digit0 = 48,
	Digit9 = 57,
	LowerA = 97,
	LowerF = 102,
	ToLower = 32,
}

/** The first field of that name, of ASCII. */
export const formValue = (form: Uint8Array, name: string): string | undefined => {
	for (let at = 0; at < form.length; ) {
		let end = at;
		while (end < form.length && form[end] !== Ascii.Ampersand) end++;
		if (isNamed(form, at, end, name)) return decoded(form, at + name.length + 1, end);
		at = end + 1;
	}
	return undefined;
};

const isNamed = (form: Uint8Array, at: number, end: number, name: string): boolean => {
	if (end - at <= name.length || form[at + name.length] !== Ascii.Equals) return false;
	for (let i = 0; i < name.length; i++) if (form[at + i] !== name.charCodeAt(i)) return false;
	return true;
};

const decoded = (form: Uint8Array, from: number, end: number): string => {
	const bytes = new Uint8Array(end - from);
	let length = 0;
	let characters = 0;
	while (from < end) {
		const byte = form[from++];
		const high = byte === Ascii.Percent && from + 1 < end ? hex(form[from]) : -1;
		const low = high < 0 ? -1 : hex(form[from + 1]);
		if (low >= 0) from += 2;
		const value = low >= 0 ? high << 4 | low : byte === Ascii.Plus ? Ascii.Space : byte;
		bytes[length++] = value;
		if ((value & 0xc0) !== 0x80 && ++characters > Bound.CharactersMax) return NotText.NoText;
	}
	return isText(bytes, 0, length) ? textOf(bytes, 0, length) : NotText.NoText;
};

const hex = (digit: number): number => {
	if (digit >= Ascii.Digit0 && digit <= Ascii.Digit9) return digit - Ascii.Digit0;
	digit |= Ascii.ToLower;
	return digit >= Ascii.LowerA && digit <= Ascii.LowerF ? digit - Ascii.LowerA + 10 : -1;
};
