// SPDX-License-Identifier: MIT
// The channels of a node: each is one quantity of one of its parts, counted through from 0, part by part.
//
// Rule: the channel of a part without a name of its own is called by its quantity, that of a named part
// <name>_<quantity>: so a part that is added renames nothing. What is sent is written without a string.

import type { Part } from '../common/ports.js';
import type { Text } from '../common/text.js';
import { codesOf, QUANTITIES, Quantity, UNITS } from './reading.js';

const enum Ascii {
	QUOTE = 0x22,
	COMMA = 0x2c,
	OPEN_LIST = 0x5b,
	CLOSE_LIST = 0x5d,
	UNDERSCORE = 0x5f,
	OPEN_OBJECT = 0x7b,
	CLOSE_OBJECT = 0x7d,
}
const NAMES: readonly (readonly number[])[] = Object.freeze(QUANTITIES.map(codesOf));
const TO_LIST = codesOf('":[');

/** What a part's `channels` is. `gives`: bit k, the k-th of its row's quantities is a channel. */
export const channelsFrom = (first: number, gives: number): number => first << Quantity.MAX | gives;

/** The index of its first channel. */
export const firstOf = ({ channels }: Part): number => channels >> Quantity.MAX;

/** The k-th of its row's quantities is a channel. */
export const givesOne = ({ channels }: Part, k: number): boolean => (channels >> k & 1) > 0;

/** How many of a part's quantities are channels. */
export const channelsOf = (part: Part): number => {
	let count = 0;
	for (let k = 0; k < Quantity.MAX; k++) if (givesOne(part, k)) count++;
	return count;
};

export const channelCount = (parts: readonly Part[]): number => {
	const last = parts.length - 1;
	return last < 0 ? 0 : firstOf(parts[last]) + channelsOf(parts[last]);
};

/** Whose channel that is. */
export const partOf = (parts: readonly Part[], channel: number): Part => {
	let index = parts.length - 1;
	while (firstOf(parts[index]) > channel) index--;
	return parts[index];
};

/** Which of its row's quantities that channel of a part is. */
export const placeOf = (part: Part, channel: number): number => {
	let left = channel - firstOf(part);
	for (let k = 0; ; k++) if (givesOne(part, k) && left-- === 0) return k;
};

/** The index in QUANTITIES of what the k-th of a part's row is. */
export const quantityOf = ({ row }: Part, k: number): number => QUANTITIES.indexOf(row.quantities[k]);

/** The channel that is called by that quantity alone, by its index; -1: there is none. */
export const channelOf = (parts: readonly Part[], quantity: number): number => {
	for (let i = 0; i < parts.length; i++) {
		const part = parts[i];
		if (part.name !== part.row.name) continue;
		for (let channel = firstOf(part), end = channel + channelsOf(part); channel < end; channel++) {
			if (quantityOf(part, placeOf(part, channel)) === quantity) return channel;
		}
	}
	return -1;
};

export const writeChannelName = (text: Text, parts: readonly Part[], channel: number): void => {
	const part = partOf(parts, channel);
	if (part.name !== part.row.name) text.put(part.name).byte(Ascii.UNDERSCORE);
	text.codes(NAMES[quantityOf(part, placeOf(part, channel))]);
};

/** The same as a string: not for what is sent. */
export const channelName = (parts: readonly Part[], channel: number): string => {
	const part = partOf(parts, channel);
	const quantity = QUANTITIES[quantityOf(part, placeOf(part, channel))];
	return part.name === part.row.name ? quantity : `${part.name}_${quantity}`;
};

/** The publication of docs/topics.md: {"temperature":["°C","tmp36"],"outside_humidity":["%","sht3x"]}. */
export const writeChannels = (text: Text, parts: readonly Part[]): void => {
	text.byte(Ascii.OPEN_OBJECT);
	for (let channel = 0, count = channelCount(parts); channel < count; channel++) {
		const part = partOf(parts, channel);
		text.byte(Ascii.QUOTE);
		writeChannelName(text, parts, channel);
		text.codes(TO_LIST).quoted(UNITS[quantityOf(part, placeOf(part, channel))]).byte(Ascii.COMMA).quoted(part.row.name).byte(Ascii.CLOSE_LIST);
		if (channel + 1 < count) text.byte(Ascii.COMMA);
	}
	text.byte(Ascii.CLOSE_OBJECT);
};
