// SPDX-License-Identifier: MIT
// Whether the characters of a setting are allowed.
//
// Rule: plain loops. Regular expressions alone cost the image 33 KB of flash and 0.5 KB of RAM (docs/budget.md).

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const DIGITS = '0123456789';

/** Whether `text` is made of characters of `allowed` alone. */
const only = (text: string, allowed: string): boolean => {
	for (let i = 0; i < text.length; i++) if (allowed.indexOf(text.charAt(i)) < 0) return false;
	return true;
};

export const isName = (text: string): boolean => only(text, `${LOWER}${DIGITS}-`) && text.charAt(0) !== '-';

/** No control characters: they can be neither typed nor seen (and MQTT 3.1.1 §1.5.3 forbids NUL). */
export const isPrintable = (text: string): boolean => {
	for (let i = 0; i < text.length; i++) if (isControl(text.charCodeAt(i))) return false;
	return true;
};

export const isControl = (code: number): boolean => code < 0x20 || (code >= 0x7f && code < 0xa0);

export const isHost = (text: string): boolean => {
	const ends = `${LOWER}${UPPER}${DIGITS}`;
	return only(text, `${ends}.-_`) && only(text.charAt(0) + text.charAt(text.length - 1), ends);
};

export const isClientId = (text: string): boolean => only(text, `${LOWER}${UPPER}${DIGITS}_-`);

/** Levels of plain characters, none empty: no wildcard (MQTT 3.1.1 §4.7.1), no leading "$" (§4.7.2). */
export const isBase = (text: string): boolean => {
	return only(text, `${LOWER}${UPPER}${DIGITS}_.-/`) && `/${text}/`.indexOf('//') < 0;
};

/** ASCII without control characters: what it says is asked of src/parts/. */
export const isList = (text: string): boolean => {
	for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20 || text.charCodeAt(i) > 0x7e) return false;
	return true;
};

/** WPA: 8 to 63 printable ASCII characters, or the key itself in hexadecimal. */
export const isPassphrase = (text: string): boolean => {
	if (text.length === 64) return only(text, `${DIGITS}abcdefABCDEF`);
	for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x7f) return false;
	return text.length >= 8 && isPrintable(text);
};
