// SPDX-License-Identifier: MIT
// Values of settings as a sentence shows them, whatever they are.
//
// Rule: what comes from outside is shown short, and without what can be neither typed nor seen.

import { Text } from '../common/text.js';
import { isControl } from './characters.js';

const enum Const {
	/** Characters of a value that a sentence shows. */
	SHOWN_MAX = 58,
	DIGITS_MAX = 1_000_000_000_000,
}

/**
 * No setting is an object or a list. Digits are our own: the engine's may need the system's heap, and restart the chip
 * when that is empty.
 */
export const spelled = (value: unknown): string => {
	switch (typeof value) {
		case 'string':
			return value;
		case 'number':
			return digits(value);
		case 'boolean':
			return value ? 'true' : 'false';
		case 'object':
			return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object';
	}
	return 'undefined';
};

/** To thousandths. */
const digits = (value: number): string => {
	if (!(value > -Const.DIGITS_MAX && value < Const.DIGITS_MAX)) return 'a number beyond all bounds';
	const { bytes, length } = new Text(new Uint8Array(24)).milli(Math.round(value * 1_000));
	let ascii = '';
	for (let i = 0; i < length; i++) ascii += String.fromCharCode(bytes[i]);
	return ascii;
};

/** In a sentence: cut where it is long, and without control characters, which can be neither typed nor seen. */
export const quoted = (text: string): string => {
	let plain = '';
	for (let i = 0; i < text.length && i < Const.SHOWN_MAX; i++) plain += isControl(text.charCodeAt(i)) ? '?' : text.charAt(i);
	return text.length > Const.SHOWN_MAX ? `"${plain}…` : `"${plain}"`;
};
