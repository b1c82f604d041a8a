// SPDX-License-Identifier: MIT
// All readings that wait to be acknowledged, in RAM (ring.ts) and in flash (journal.ts): which one is next, and what became of it.
//
// Rule: the oldest first. New readings enter the ring. When nothing is acknowledged for a minute, whether the link is
// down or the broker does not take them, or when the ring fills up, the oldest move to the journal. So all in flash is
// older than all in RAM. The journal is delivered before the ring.
// A position is one in the ring, or stands for a slot in flash (FLASH_HIGHEST less its number). Flash is written in poll() alone:
// acknowledgements come from deep within the session, where the stack has no room for it.
// Invariant: of this boot, readings put = delivered + count + dropped.

import { Ring } from './ring.js';
import type { SlotsInFlight } from './cursor.js';
import { Search } from './sector-search.js';
import { Carried, type InFlight } from './in-flight.js';
import { Boot, Journal } from './journal.js';
import { Limit } from '../common/limits.js';
import { NEVER, type Clock, type Flash, type Log, type Millis, type Part, type Pollable } from '../common/ports.js';
import type { Text } from '../common/text.js';
import { writeChannelName } from '../readings/channels.js';
import { List, Reading, type ChannelNames } from '../readings/reading.js';
import { Slot } from './sector.js';

const enum Const {
	/** Slot k in flash is the position FLASH_HIGHEST - k, below those of publications; the ring reaches FLASH_LOWEST after 9 years of one reading a second. */
	FLASH_HIGHEST = 0xffff_feff,
	FLASH_LOWEST = 0xff00_0000,
	/** Bits of `outcomes`, to be moved by the message's index. */
	ACKNOWLEDGED = 1,
	GIVEN_UP = 0x1_0000,
	BOTH = ACKNOWLEDGED | GIVEN_UP,
	/** Turns of work that a restart waits for; erasures are the longest. */
	SAVE_TURNS_MAX = 40,
}

export class ReadingQueue implements Pollable, SlotsInFlight, ChannelNames {
	/** Readings acknowledged by the broker since boot: of this boot, and of earlier ones. */
	delivered = 0;
	deliveredEarlier = 0;
	/** Readings handed to the session since boot, of whatever boot. */
	handedOver = 0;

	readonly boot: number;
	private readonly clock: Clock;
	private readonly parts: readonly Part[];
	private readonly ring: Ring;
	/** Undefined on a node without one. */
	readonly journal: Journal | undefined;
	/** Holds the positions of the readings that are with the session. */
	private readonly inFlight: InFlight;
	/** Filled anew for whatever is done next: by the sampler for put(), and here for what is sent or moved. */
	readonly reading = new Reading();
	/** What is taken now goes out live. */
	linked = false;
	/** Since when something waits and nothing was acknowledged; NEVER: from the next turn on. */
	private stuckSince: Millis = 0;
	/** The message whose payload reports what the ring dropped, and up to which number. */
	private reportingMessage: number = Search.NONE;
	private reportedTo = 0;
	/** Bit k: message k was acknowledged, and flash shall know; bit 16 + k: it is given up. */
	private outcomes = 0;
	/**
	 * By which readings in flash without a date got one that was said, and stays: the Unix seconds of uptime 0. Negative: so said
	 * the boot before. 0: nothing was said.
	 */
	datedFrom = 0;

	/** `parts`: those whose readings will come. */
	constructor(boot: number, clock: Clock, log: Log, inFlight: InFlight, parts: readonly Part[], flash?: Flash, ringBytes = Limit.RING_BYTES) {
		this.boot = boot;
		this.parts = parts;
		this.inFlight = inFlight;
		this.clock = clock;
		this.ring = new Ring(ringBytes);
		if (flash && flash.sectorCount >= Limit.JOURNAL_SECTORS_MIN) this.journal = new Journal(flash, this, log);
	}

	/** Readings of this boot that are not acknowledged. */
	get count(): number {
		return this.ring.count + (this.journal ? this.journal.own : 0);
	}

	/** Readings of this boot that had to make room. */
	get dropped(): number {
		return this.ring.dropped + (this.journal ? this.journal.dropped : 0);
	}

	/** The reading as it was filled. */
	put(): void {
		if (this.linked && this.count === 0) this.stuckSince = NEVER;
		this.ring.put(this.reading);
	}

	linkUp(): void {
		this.linked = true;
		this.stuckSince = NEVER;
		this.ring.linkUp();
		this.journal?.yieldToDelivery();
	}

	linkDown(now: Millis): void {
		if (this.linked) this.stuckSince = now;
		this.linked = false;
	}

	poll(now: Millis): Millis {
		const journal = this.journal;
		if (!journal) return NEVER;
		if (this.outcomes) this.flushOutcomes();
		if (journal.working) {
			journal.work();
			return now;
		}
		if (this.linked) {
			journal.advance();
			if (journal.found === Search.BUSY) return now;
		}
		if (journal.broken || this.ring.oldest() < 0) return NEVER;
		if (this.stuckSince === NEVER) this.stuckSince = now;
		const at = this.stuckSince + Limit.JOURNAL_AFTER_MS;
		if (now < at && !this.ring.fillsUp) return at;
		this.store();
		return now;
	}

	/** A restart follows at once: all that is in RAM goes to flash, as far as there is room without thinning. True: nothing is left in RAM alone. */
	save(): boolean {
		const journal = this.journal;
		if (journal && this.outcomes) this.flushOutcomes();
		for (let turns = 0; journal && turns < Const.SAVE_TURNS_MAX && !journal.broken && this.ring.oldest() >= 0; turns++) {
			if (journal.working) journal.work();
			else this.store();
		}
		return this.ring.oldest() < 0;
	}

	/** Nothing waits in this sector at the end of flash, and nothing will: it may be used for something else. */
	spares(sector: number): boolean {
		return !this.journal || this.journal.spares(sector);
	}

	/** The position of the next live reading, or NONE. */
	nextLive(): number {
		return this.ring.nextLive();
	}

	/** The position of the next late reading; NONE; or BUSY: ask again in the next turn. */
	nextLate(): number {
		const slot = this.journal ? this.journal.found : Search.NONE;
		if (slot === Search.BUSY) return Search.BUSY;
		return slot === Search.NONE ? this.ring.nextLate() : Const.FLASH_HIGHEST - slot;
	}

	/** The reading at `position`, with its time if that can be known. It is overwritten by the next one. */
	read(position: number): Reading {
		const reading = this.reading;
		if (isInFlash(position)) this.journal!.read(Const.FLASH_HIGHEST - position, reading);
		else {
			this.ring.read(position, reading);
			reading.boot = this.boot;
			reading.list = List.Present;
			const { unreportedFrom, unreportedTo } = this.ring;
			const reports = this.reportingMessage === Search.NONE && this.ring.mayReport(position);
			reading.droppedFrom = reports ? unreportedFrom : 0;
			reading.droppedTo = reports ? unreportedTo : 0;
		}
		if (!reading.time) this.date(position, reading);
		return reading;
	}

	writeName(text: Text, list: number, channel: number): void {
		if (list === List.Present) writeChannelName(text, this.parts, channel);
		else this.journal!.writeName(text, list, channel);
	}

	/** The reading at `position` is with the session, under that packet id. MUST NOT be called while the table of messages is full. */
	sent(packetId: number, position: number): void {
		const { unreportedTo } = this.ring;
		const reports = !isInFlash(position) && this.reportingMessage === Search.NONE && this.ring.mayReport(position);
		const message = this.inFlight.add(packetId, position);
		this.handedOver++;
		if (isInFlash(position)) return this.journal!.sent(Const.FLASH_HIGHEST - position);
		if (reports) {
			this.reportingMessage = message;
			this.reportedTo = unreportedTo;
		}
		this.ring.sent(position);
	}

	/** Whether the reading that is with the session as that message is late, if it was not sent on an earlier link. */
	isLate(message: number): boolean {
		const position = this.inFlight.position(message);
		return isInFlash(position) || this.ring.isLate(position);
	}

	/** The broker has that message. */
	acknowledged(message: number): void {
		const position = this.inFlight.position(message);
		if (this.linked) this.stuckSince = NEVER;
		if (message === this.reportingMessage) {
			this.reportingMessage = Search.NONE;
			this.ring.reported(this.reportedTo);
		}
		if (isInFlash(position)) this.outcomes |= Const.ACKNOWLEDGED << message;
		else {
			this.inFlight.setPosition(message, Carried.NOTHING);
			if (position !== Carried.FORGOTTEN && this.ring.acknowledged(position)) this.delivered++;
		}
	}

	/** That message cannot be delivered: its reading goes, counted as dropped. */
	discard(message: number): void {
		const position = this.inFlight.position(message);
		if (message === this.reportingMessage) this.reportingMessage = Search.NONE;
		if (isInFlash(position)) this.outcomes |= Const.GIVEN_UP << message;
		else {
			this.inFlight.setPosition(message, Carried.NOTHING);
			if (position !== Carried.FORGOTTEN) this.ring.discard(position);
		}
	}

	/** The session that held that message is given up, or the broker turned it down for now: its reading waits again, and is late. */
	recall(message: number): void {
		const position = this.inFlight.position(message);
		if (message === this.reportingMessage) this.reportingMessage = Search.NONE;
		this.inFlight.setPosition(message, Carried.NOTHING);
		if (isInFlash(position)) this.journal!.recall(Const.FLASH_HIGHEST - position);
		else if (position !== Carried.FORGOTTEN) this.ring.recall(position);
	}

	/** What does not name itself is named by a later reading from RAM; of an earlier boot, none can. */
	private giveUp(slot: number): void {
		const reading = this.reading;
		this.journal!.read(slot, reading);
		if (!this.journal!.giveUp(slot) && reading.boot === this.boot) this.ring.toReport(reading.droppedFrom || reading.seq, reading.seq);
	}

	hasSlot(slot: number): boolean {
		return this.inFlight.indexOf(Const.FLASH_HIGHEST - slot) >= 0;
	}

	hasAnyOf(sector: number): boolean {
		for (let i = 0; i < Limit.MESSAGES_MAX; i++) if (this.isFrom(i, sector)) return true;
		return false;
	}

	hasAny(): boolean {
		for (let i = 0; i < Limit.MESSAGES_MAX; i++) if (isInFlash(this.inFlight.position(i))) return true;
		return false;
	}

	forgetSector(sector: number): void {
		for (let i = 0; i < Limit.MESSAGES_MAX; i++) if (this.isFrom(i, sector)) this.inFlight.setPosition(i, Carried.FORGOTTEN);
	}

	private isFrom(message: number, sector: number): boolean {
		const position = this.inFlight.position(message);
		return isInFlash(position) && this.journal!.sectorOf(Const.FLASH_HIGHEST - position) === sector;
	}

	/** Marks in flash what was acknowledged or given up. */
	private flushOutcomes(): void {
		const journal = this.journal!;
		for (let message = 0; this.outcomes; message++) {
			const bits = this.outcomes & (Const.BOTH << message);
			if (!bits) continue;
			this.outcomes &= ~bits;
			const slot = Const.FLASH_HIGHEST - this.inFlight.position(message);
			this.inFlight.setPosition(message, Carried.NOTHING);
			if (bits === Const.ACKNOWLEDGED << message) this.countDelivered(journal.finish(slot));
			else this.giveUp(slot);
		}
	}

	private countDelivered(boot: number): void {
		if (boot === this.boot) this.delivered++;
		else if (boot !== Boot.NOBODY) this.deliveredEarlier++;
	}

	/** Taken before the date was known. If it is known now, uptimes tell how long ago it was; and what was said of it once stays. */
	private date(position: number, reading: Reading): void {
		const unix = this.clock.unixSeconds();
		const bootsAgo = this.boot - reading.boot;
		if (!unix || bootsAgo < 0 || bootsAgo > this.clock.earlierBoots) return;
		const from = unix - this.clock.uptime();
		if (!isInFlash(position)) return this.ring.date(position, reading.time = from + reading.uptime);
		// Flash cannot note it, so all there go by one date until none of them can come again.
		if (this.datedFrom === 0 || this.datedFrom > 0 && this.settled) this.datedFrom = from;
		reading.time = Math.abs(this.datedFrom) + reading.uptime;
	}

	/** Nothing that was sent in this boot can be sent again. */
	get settled(): boolean {
		return this.handedOver === this.delivered + this.deliveredEarlier && !this.journal?.faults;
	}

	/** Moves some of the oldest to flash, or sees to it that there is room. */
	private store(): void {
		const journal = this.journal!;
		if (!journal.ready) return journal.prepare();
		for (let count = 0; count < Limit.JOURNAL_PER_TURN && journal.ready; count++) {
			const position = this.ring.oldest();
			if (position < 0 || !this.move(position)) return;
		}
	}

	private move(position: number): boolean {
		const reading = this.read(position);
		// Flash names what was dropped just before; anything else waits for the next reading that is sent from RAM.
		if (reading.droppedTo !== reading.seq - 1 || reading.seq - reading.droppedFrom > Slot.GAP_MAX) reading.droppedFrom = 0;
		const slot = this.journal!.append(reading, this.parts);
		if (slot === Search.NONE) return false;
		// The payload of one that is on its way may have been written before.
		if (reading.droppedFrom && this.inFlight.indexOf(position) < 0) this.ring.reported(reading.droppedTo);
		this.inFlight.moved(position, Const.FLASH_HIGHEST - slot);
		this.ring.moved(position);
		return true;
	}
}

const isInFlash = (position: number): boolean => position >= Const.FLASH_LOWEST && position <= Const.FLASH_HIGHEST;
