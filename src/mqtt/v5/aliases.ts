// SPDX-License-Identifier: MIT
// Topic aliases of MQTT 5.0: a topic that is published to often goes out as a number.
//
// Rule: messages are stored with their whole topic, since an alias dies with its connection. The short form is written
// anew each time a message is sent. The first topics that are published to get the aliases. MQTT 5.0 §3.3.2.3.4

import { Property } from './properties.js';
import type { AliasWriter } from '../state/bounds.js';
import { isSame } from '../codec/topics.js';
import { readUint16, writeUint16 } from '../codec/wire.js';

export class Aliases implements AliasWriter {
	private readonly max: number;
	/** Index + 1 is the alias. */
	private readonly topics: Uint8Array[] = [];
	/** How many the broker allows on this connection, and which ones it knows, as bits. */
	private allowed = 0;
	private told = 0;
	left = 0;
	passing = 0;

	/** At most 30. */
	constructor(max: number) {
		this.max = Math.min(max, 30);
	}

	/** A new connection, or the broker's maximum for it. */
	allow(max: number): void {
		this.allowed = Math.min(max, this.max);
		this.told = this.left = 0;
	}

	/** Whether the broker takes none. */
	get none(): boolean { return this.allowed === 0; }

	/** A topic that is published to: from now on worth an alias, if there is one left. */
	note(topic: Uint8Array): void {
		const topics = this.topics;
		if (topics.length === this.max) return;
		for (let i = 0; i < topics.length; i++) if (topics[i] === topic) return;
		topics.push(topic);
	}

	/**
	 * Writes the PUBLISH packet bytes[at] to bytes[at + size - 1] anew with a topic alias, the topic left out if the
	 * broker knows it. Returns its size, or 0 if it has none or takes more than `max`: then it goes out as it is.
	 */
	write(bytes: Uint8Array, at: number, size: number, into: Uint8Array, to: number, max: number): number {
		if (this.allowed === 0) return 0;
		const lengthAt = at + 1;
		let topicAt = lengthAt;
		while (bytes[topicAt++] >= 0x80) {}
		const topicEnd = topicAt + 2 + readUint16(bytes, topicAt);
		const alias = this.aliasOf(bytes, topicAt, topicEnd);
		if (alias === 0) return 0;
		const told = (this.told & 1 << alias) !== 0;
		const length = at + size - topicAt + 3 - (told ? topicEnd - topicAt - 2 : 0);
		if (length + 3 > max || length >= 0x4000) return 0;
		this.told |= 1 << alias;
		this.left = this.writeAliased(bytes, at, topicAt, topicEnd, at + size, into, to, length, alias, told) - to;
		return this.left;
	}

	private aliasOf(bytes: Uint8Array, at: number, end: number): number {
		for (let i = 0; i < this.topics.length && i < this.allowed; i++) {
			if (isSame(bytes, at, end, this.topics[i])) return i + 1;
		}
		return 0;
	}

	private writeAliased(bytes: Uint8Array, at: number, topicAt: number, topicEnd: number, end: number, into: Uint8Array,
		to: number, length: number, alias: number, told: boolean): number {
		const idEnd = topicEnd + ((bytes[at] & 6) > 0 ? 2 : 0);
		into[to++] = bytes[at];
		if (length >= 0x80) {
			into[to++] = length & 0x7f | 0x80;
			into[to++] = length >> 7;
		} else into[to++] = length;
		if (told) to = writeUint16(into, to, 0);
		else to = copy(bytes, topicAt, topicEnd, into, to);
		to = copy(bytes, topicEnd, idEnd, into, to);
		into[to++] = bytes[idEnd] + 3;
		into[to++] = Property.TopicAlias;
		to = writeUint16(into, to, alias);
		return copy(bytes, idEnd + 1, end, into, to);
	}
}
Object.freeze(Aliases.prototype);

const copy = (bytes: Uint8Array, from: number, end: number, into: Uint8Array, to: number): number => {
	for (; from < end; from++) into[to++] = bytes[from];
	return to;
};
