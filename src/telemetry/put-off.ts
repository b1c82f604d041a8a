// SPDX-License-Identifier: MIT
// Which kinds of messages the broker seems to forbid, since it hung up while one of them was the first that it had not answered.
//
// Rule: the second time in a row a kind is put off: left out for a minute, then for twice as long each time, 16 minutes at the most. When the
// time is over all kinds may go again, and one hang-up is enough. What is answered is cleared. All of it is one number, since a field takes 16 B
// on XS: from bit 0 kinds that are suspected, from bit 8 those that are put off, from bit 16 how often something was. Readings are never put off.

import type { Millis } from '../common/ports.js';

const enum Const {
	KINDS = 0xff,
	OFF = 8,
	COUNT = 16,
	COUNT_MAX = 5,
	PUT_OFF_MS = 60_000,
}

/** The broker hung up on one of these kinds. */
export const blame = (state: number, kinds: number): number => {
	const again = state & kinds & Const.KINDS;
	const next = state & ~Const.KINDS | kinds | again << Const.OFF;
	return again && countOf(next) < Const.COUNT_MAX ? next + (1 << Const.COUNT) : next;
};

/** The broker took one of that kind. */
export const clear = (state: number, kind: number): number => {
	const next = state & ~kind;
	return next & (Const.KINDS | Const.KINDS << Const.OFF) ? next : 0;
};

/** The time is over. */
export const retry = (state: number): number => state & ~(Const.KINDS << Const.OFF);

/** The kinds of which one hang-up more would show that they are forbidden. */
export const suspects = (state: number): number => state & Const.KINDS;

/** The kinds that are left out. */
export const kindsOff = (state: number): number => state >> Const.OFF & Const.KINDS;

/** For how long, from the last hang-up on. */
export const putOffMs = (state: number): Millis => Const.PUT_OFF_MS << countOf(state) - 1;

const countOf = (state: number): number => state >> Const.COUNT;
