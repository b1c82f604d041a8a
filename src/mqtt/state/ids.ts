// SPDX-License-Identifier: MIT
// Packet ids and counts in one array of 16 bits, since on XS a field costs eight times as much as an element. First
// single values, then two short lists: messages that wait for PUBCOMP, and inbound ones that wait for PUBREL.
//
// Rule: an id is in a list once at most, in the order they came; no list grows beyond its maximum. The first list has
// [At.InFlightMax] places, the second what is left behind it.

import { assert } from '../../common/assert.js';

/** Of a suspected message. */
export const enum Hold {
	/** It may go at once. */
	None,
	/** It waits until the broker is seen to stay without it. */
	Waits,
	/** The broker stayed. */
	Over,
}

/** Single values, by index. */
export const enum At {
	/** The message that was at the head when the broker hung up, 0 if none, and how often in a row. */
	Suspect,
	HangUps,
	/** What becomes of that message on this connection, as a Hold. */
	Held,
	/** How many were set aside since the broker last acknowledged one. */
	SetAside,
	/** 1: CONNECT went out, and no CONNACK was heard. */
	Unheard,
	/** How often the time is doubled that the broker has for an answer. */
	Patience,
	/** Of the releases, how many have had their PUBREL on this connection. */
	Released,
	/** Messages of QoS 1 and 2 that may be in flight on this connection; never more than the option, which is what follows. */
	Limit,
	/** Length of the first list at most. */
	InFlightMax,
	/** Lengths of the lists. */
	PubcompPending,
	Inbound,
	/** Where the first list begins. */
	Lists,
	/** The array has that many elements more than the lists can be long together. */
	Words = At.Lists,
}

/** By the index of its length: the list of messages that wait for PUBCOMP, and of those that wait for PUBREL. */
export type List = At.PubcompPending | At.Inbound;

const startOf = (ids: Uint16Array, list: List): number =>
	list === At.PubcompPending ? At.Lists : At.Lists + ids[At.InFlightMax];

export const isFull = (ids: Uint16Array, list: List): boolean =>
	ids[list] === (list === At.PubcompPending ? ids[At.InFlightMax] : ids.length - startOf(ids, list));

export const idAt = (ids: Uint16Array, list: List, index: number): number => ids[startOf(ids, list) + index];

/** -1 if it is not there. */
export const indexOf = (ids: Uint16Array, list: List, id: number): number => {
	const start = startOf(ids, list);
	const count = ids[list];
	for (let i = 0; i < count; i++) if (ids[start + i] === id) return i;
	return -1;
};

export const add = (ids: Uint16Array, list: List, id: number): void => {
	assert(!isFull(ids, list), 'A list of packet ids is full.');
	ids[startOf(ids, list) + ids[list]++] = id;
};

export const removeAt = (ids: Uint16Array, list: List, index: number): void => {
	const start = startOf(ids, list);
	ids.copyWithin(start + index, start + index + 1, start + ids[list]--);
};
