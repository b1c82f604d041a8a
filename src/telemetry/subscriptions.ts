// SPDX-License-Identifier: MIT
// What the node asks to hear, as topic filters, and who hears a message that comes.
//
// Rule: a subscription's place in the list is its number everywhere. The first two are the node's own, below its base. The
// third is that of all nodes, below <root>/all, which has the same leaf as the second and the same hearer. What nobody
// asked for is heard by nobody.

import { isWord } from './json.js';
import type { Config } from '../settings/settings.js';
import type { Answers, Subscription } from './publications.js';

/** The number of the subscription of all nodes. */
const enum Index {
	Everyone = 2,
}
const ALL = '/all';
const enum Char {
	Plus = 0x2b,
	Slash = 0x2f,
}

type Places = Pick<Config, 'base' | 'root'>;

export const filterOf = ({ base, root }: Places, subscriptions: readonly Subscription[], index: number): string =>
	`${index === Index.Everyone ? root + ALL : base}/${subscriptions[index].leaf}`;

/** What all of them take in the session: each its text, and 6 bytes. */
export const filterBytes = ({ base, root }: Places): number =>
	2 * base.length + root.length + 3 * 6 + 'status'.length + 'set/+'.length + 'all/set/+'.length + 3;

/** Hands a message to the subscription that its topic belongs to. */
export const deliver = (
	{ base, root }: Places, subscriptions: readonly Subscription[], bytes: Uint8Array, topicAt: number, topicEnd: number,
	payloadAt: number, payloadEnd: number, retained: boolean, answers: Answers,
): void => {
	const allAt = topicAt + root.length;
	const leafAt = topicAt + base.length + 1;
	if (isWord(bytes, topicAt, leafAt - 1, base) && bytes[leafAt - 1] === Char.Slash) {
		for (let i = 0; i < subscriptions.length && i < Index.Everyone; i++) {
			const at = nameAt(subscriptions[i].leaf, bytes, leafAt, topicEnd);
			if (at >= 0) return subscriptions[i].received(bytes, at, topicEnd, payloadAt, payloadEnd, retained, false, answers);
		}
	}
	const behind = allAt + ALL.length;
	if (subscriptions.length <= Index.Everyone || !isWord(bytes, topicAt, allAt, root)) return;
	if (!isWord(bytes, allAt, behind, ALL) || bytes[behind] !== Char.Slash) return;
	const at = nameAt(subscriptions[Index.Everyone].leaf, bytes, behind + 1, topicEnd);
	if (at >= 0) subscriptions[Index.Everyone].received(bytes, at, topicEnd, payloadAt, payloadEnd, retained, true, answers);
};

/**
 * Where that part of the topic begins that the "+" of the leaf stands for; the topic's end if the leaf has none; -1: it
 * is another topic.
 */
export const nameAt = (leaf: string, bytes: Uint8Array, at: number, end: number): number => {
	const wild = leaf.charCodeAt(leaf.length - 1) === Char.Plus;
	const length = wild ? leaf.length - 1 : leaf.length;
	if (wild ? end - at < length : end - at !== length) return -1;
	for (let i = 0; i < length; i++) if (bytes[at + i] !== leaf.charCodeAt(i)) return -1;
	for (let i = at + length; i < end; i++) if (bytes[i] === Char.Slash) return -1;
	return at + length;
};

/** What was heard and waits wakes the loop by itself. */
export const isUnderWay = (subscriptions: readonly Subscription[]): boolean => {
	for (let i = 0; i < subscriptions.length; i++) if (subscriptions[i].underWay) return true;
	return false;
};
