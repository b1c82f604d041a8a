// SPDX-License-Identifier: MIT
// Messages that are with the MQTT session: for each its packet id, and where the reading lies that it carries, or which publication it is.
//
// Rule: one table, in one array, since on XS an array takes 120 B beside its elements. An entry is free when it has
// neither packet id nor position. An acknowledgement removes the packet id; the queue (reading-queue.ts) then removes
// the position.

import { Limit } from '../common/limits.js';

export const enum Carried {
	/** What a message carries that carries no reading any more. */
	NOTHING = 0xffff_ffff,
	/** In place of the packet id of a reading that others go before. */
	SET_BACK = 0x2_0000,
	/** In place of the packet id of a reading that goes out with QoS 0. */
	UNACKNOWLEDGED = 0x1_0000,
	/** What it carries when the sector of its reading was given up meanwhile. */
	FORGOTTEN = 0xffff_fffe,
	/** Publication k of the node is the position PUBLICATION - k. */
	PUBLICATION = 0xffff_fffd,
	PUBLICATION_LOWEST = 0xffff_ff00,
}

const enum Const {
	/** Where the reading lies that the broker seems never to take, and how often it was hung up on while others passed. */
	SUSPECT = 2 * Limit.MESSAGES_MAX,
	STRIKES = SUSPECT + 1,
}

export class InFlight {
	/** Packet ids, 0 for none, then as many positions, then the suspect. */
	private readonly entries = new Uint32Array(Const.STRIKES + 1).fill(Carried.NOTHING, Limit.MESSAGES_MAX);

	/** Whether begin() has an entry left. */
	get hasRoom(): boolean {
		return this.free() >= 0;
	}

	/** A message is with the session. Returns its index. MUST NOT be called without room. */
	add(packetId: number, position: number): number {
		const index = this.free();
		this.entries[index] = packetId;
		this.entries[Limit.MESSAGES_MAX + index] = position;
		return index;
	}

	/** The index of the message that was acknowledged, or is lost; it has no packet id any more. -1: there is none. */
	take(packetId: number): number {
		const index = this.find(packetId);
		if (index >= 0) this.entries[index] = 0;
		return index;
	}

	/** The index of the message with that packet id; -1: there is none. */
	find(packetId: number): number {
		for (let i = 0; i < Limit.MESSAGES_MAX; i++) if (this.entries[i] === packetId) return i;
		return -1;
	}

	/** That message is not to be sent any more, and what it carries is not missed. Returns its packet id. */
	giveUp(index: number): number {
		const packetId = this.entries[index];
		this.entries[index] = 0;
		this.setPosition(index, Carried.NOTHING);
		return packetId;
	}

	/** The reading at that index is with nobody, but others go first until it is taken by this id. Returns how many there are. */
	setBack(index: number): number {
		this.entries[index] = Carried.SET_BACK;
		let count = 0;
		for (let i = 0; i < Limit.MESSAGES_MAX; i++) if (this.entries[i] === Carried.SET_BACK) count++;
		return count;
	}

	/**
	 * The broker hung up on the reading at that index, after others had `passed` or not. Returns how often they had since it is the suspect, which
	 * is one reading at a time: another takes its place when others passed, and so the suspect had its turn. `stale`: it had it long ago.
	 */
	strike(index: number, passed: boolean, stale: boolean): number {
		const { entries } = this;
		const position = this.position(index);
		if (stale || entries[Const.SUSPECT] !== position) {
			if (!stale && !passed && entries[Const.SUSPECT] !== Carried.NOTHING) return 0;
			entries[Const.SUSPECT] = position;
			return (entries[Const.STRIKES] = 0);
		}
		return passed ? ++entries[Const.STRIKES] : entries[Const.STRIKES];
	}

	/** The broker answered the reading at that index: it is no suspect. */
	clear(index: number): void {
		if (this.position(index) === this.entries[Const.SUSPECT]) this.entries[Const.SUSPECT] = Carried.NOTHING;
	}

	/** Another broker is to judge. */
	pardon(): void {
		this.entries[Const.SUSPECT] = Carried.NOTHING;
	}

	/** A reading lies elsewhere now, whether it is with the session or not. */
	moved(from: number, to: number): void {
		for (let at = Limit.MESSAGES_MAX; at <= Const.SUSPECT; at++) if (this.entries[at] === from) this.entries[at] = to;
	}

	/** The session has lost all messages. Returns one of them after the other, as take(); then -1. */
	takeAny(): number {
		for (let i = 0; i < Limit.MESSAGES_MAX; i++) if (this.entries[i] > 0) return this.take(this.entries[i]);
		return -1;
	}

	position(index: number): number {
		return this.entries[Limit.MESSAGES_MAX + index];
	}

	setPosition(index: number, position: number): void {
		this.entries[Limit.MESSAGES_MAX + index] = position;
	}

	/** The index of the message that carries what lies there; -1: none does. */
	indexOf(position: number): number {
		const at = this.entries.indexOf(position, Limit.MESSAGES_MAX);
		return at < 0 || at >= Const.SUSPECT ? -1 : at - Limit.MESSAGES_MAX;
	}

	isPublication(index: number): boolean {
		const position = this.position(index);
		return position <= Carried.PUBLICATION && position >= Carried.PUBLICATION_LOWEST;
	}

	private free(): number {
		for (let i = 0; i < Limit.MESSAGES_MAX; i++) if (this.entries[i] === 0 && this.position(i) === Carried.NOTHING) return i;
		return -1;
	}
}
