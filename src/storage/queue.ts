// SPDX-License-Identifier: MIT
// All readings that wait, in RAM and in flash, behind one face: what comes next, what was acknowledged.
//
// Rule: the oldest first. New readings enter the ring; while the link is down for long, or the ring fills up, they move on into
// the journal, always the oldest, so that all in flash is older than all in RAM. The journal is delivered before the ring.
// A place is a position in the ring or stands for a slot in flash (FLASH less its number). Flash is touched in poll() alone,
// but for reading what is sent: acknowledgements come from deep within the session, where the stack has no room for it.
// Invariant: of this boot, readings put = delivered + count + dropped.

import { Backlog } from './ring.js';
import { BUSY, type Flying } from './reader.js';
import { NONE } from './search.js';
import { GONE, NOTHING, type InFlight } from './in-flight.js';
import { Journal, NOBODY } from './journal.js';
import { BACKLOG_BYTES, JOURNAL_AFTER_MS, JOURNAL_PER_TURN, JOURNAL_SECTORS_MIN, MESSAGES_MAX } from '../common/limits.js';
import { NEVER, type Clock, type Flash, type Log, type Millis, type Pollable } from '../common/ports.js';
import { Reading } from '../readings/reading.js';
import { GAP_MAX } from './sector.js';

/** Slot k in flash is the place FLASH - k, below those of announcements; positions in the ring stay below for 9 years of one reading a second. */
const FLASH = 0xffff_feff;
const FLASH_LOWEST = 0xff00_0000;
/** Bits of what has landed, to be moved by the message's index. */
const ACKNOWLEDGED = 1;
const GIVEN_UP = 0x1_0000;
const BOTH = ACKNOWLEDGED | GIVEN_UP;
/** Turns of work that a restart waits for; erasures are the longest. */
const SAVE_TURNS_MAX = 40;

export class Waiting implements Pollable, Flying {
	/** Readings acknowledged by the broker since boot: of this boot, and of earlier ones. */
	delivered = 0;
	deliveredEarlier = 0;
	/** Readings handed to the session since boot, of whatever boot. */
	handedOver = 0;

	private readonly boot: number;
	private readonly clock: Clock;
	private readonly ring: Backlog;
	/** Undefined on a node without one. */
	readonly journal: Journal | undefined;
	/** Whose positions are the places of readings. */
	private readonly inFlight: InFlight;
	/** Filled anew for whatever is done next: by the sampler for put(), and here for what is sent or moved. */
	readonly reading = new Reading();
	private online = false;
	private offlineSince: Millis = 0;
	/** The message that tells of what the ring dropped, and up to which number. */
	private namer = NONE;
	private namedTo = 0;
	/** Bit k: message k was acknowledged, and flash shall know; bit 16 + k: it is given up. */
	private landed = 0;

	constructor(boot: number, clock: Clock, log: Log, inFlight: InFlight, flash?: Flash, ringBytes = BACKLOG_BYTES) {
		this.boot = boot;
		this.inFlight = inFlight;
		this.clock = clock;
		this.ring = new Backlog(ringBytes);
		if (flash && flash.sectorCount >= JOURNAL_SECTORS_MIN) this.journal = new Journal(flash, boot, this, log);
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
		this.ring.put(this.reading);
	}

	linkUp(): void {
		this.online = true;
		this.ring.linkUp();
		this.journal?.yieldToDelivery();
	}

	linkDown(now: Millis): void {
		if (this.online) this.offlineSince = now;
		this.online = false;
	}

	poll(now: Millis): Millis {
		const journal = this.journal;
		if (!journal) return NEVER;
		if (this.landed) this.note();
		if (journal.working) {
			journal.work();
			return now;
		}
		if (this.online) {
			journal.advance();
			return journal.found === BUSY ? now : NEVER;
		}
		if (journal.broken || this.ring.oldest() < 0) return NEVER;
		const at = this.offlineSince + JOURNAL_AFTER_MS;
		if (now < at && !this.ring.fillsUp) return at;
		this.store();
		return now;
	}

	/** A restart follows at once: all that is in RAM goes to flash, as far as there is room without thinning. True: nothing is left in RAM alone. */
	save(): boolean {
		const journal = this.journal;
		if (journal && this.landed) this.note();
		for (let turns = 0; journal && turns < SAVE_TURNS_MAX && !journal.broken && this.ring.oldest() >= 0; turns++) {
			if (journal.working) journal.work();
			else this.store();
		}
		return this.ring.oldest() < 0;
	}

	/** The place of the next live reading, or NONE. */
	nextLive(): number {
		return this.ring.nextLive();
	}

	/** The place of the next late reading; NONE; or BUSY: ask again in the next turn. */
	nextLate(): number {
		const slot = this.journal ? this.journal.found : NONE;
		if (slot === BUSY) return BUSY;
		return slot === NONE ? this.ring.nextLate() : FLASH - slot;
	}

	/** The reading at `place`, with its time if that can be known. It is overwritten by the next one. */
	read(place: number): Reading {
		const reading = this.reading;
		if (isInFlash(place)) this.journal!.read(FLASH - place, reading);
		else {
			this.ring.read(place, reading);
			reading.boot = this.boot;
			const { unnamedFrom, unnamedTo } = this.ring;
			const tells = this.namer === NONE && this.ring.names(place);
			reading.droppedFrom = tells ? unnamedFrom : 0;
			reading.droppedTo = tells ? unnamedTo : 0;
		}
		if (!reading.time) this.date(place, reading);
		return reading;
	}

	/** The reading at `place` is with the session, under that packet id. MUST NOT be called while the table of messages is full. */
	sent(packetId: number, place: number): void {
		const { unnamedTo } = this.ring;
		const tells = !isInFlash(place) && this.namer === NONE && this.ring.names(place);
		const message = this.inFlight.begin(packetId, place);
		this.handedOver++;
		if (isInFlash(place)) return this.journal!.sent(FLASH - place);
		if (tells) {
			this.namer = message;
			this.namedTo = unnamedTo;
		}
		this.ring.sent(place);
	}

	/** The broker has that message. */
	acknowledged(message: number): void {
		const place = this.inFlight.position(message);
		if (message === this.namer) {
			this.namer = NONE;
			this.ring.named(this.namedTo);
		}
		if (isInFlash(place)) this.landed |= ACKNOWLEDGED << message;
		else {
			this.inFlight.setPosition(message, NOTHING);
			if (place !== GONE && this.ring.acknowledged(place)) this.delivered++;
		}
	}

	/** That message cannot be delivered: its reading goes, counted as dropped. */
	discard(message: number): void {
		const place = this.inFlight.position(message);
		if (message === this.namer) this.namer = NONE;
		if (isInFlash(place)) this.landed |= GIVEN_UP << message;
		else {
			this.inFlight.setPosition(message, NOTHING);
			if (place !== GONE) this.ring.discard(place);
		}
	}

	/** The session that held that message is given up: its reading waits again, and is late. */
	recall(message: number): void {
		const place = this.inFlight.position(message);
		if (message === this.namer) this.namer = NONE;
		this.inFlight.setPosition(message, NOTHING);
		if (isInFlash(place)) this.journal!.recall(FLASH - place);
		else if (place !== GONE) this.ring.recall(place);
	}

	/** What does not name itself is named by a later reading from RAM; of an earlier boot, none can. */
	private giveUp(slot: number): void {
		const reading = this.reading;
		this.journal!.read(slot, reading);
		if (!this.journal!.giveUp(slot) && reading.boot === this.boot) this.ring.lost(reading.droppedFrom || reading.seq, reading.seq);
	}

	flies(slot: number): boolean {
		return this.inFlight.indexOf(FLASH - slot) >= 0;
	}

	fliesFrom(sector: number): boolean {
		for (let i = 0; i < MESSAGES_MAX; i++) if (this.isFrom(i, sector)) return true;
		return false;
	}

	gone(sector: number): void {
		for (let i = 0; i < MESSAGES_MAX; i++) if (this.isFrom(i, sector)) this.inFlight.setPosition(i, GONE);
	}

	private isFrom(message: number, sector: number): boolean {
		const place = this.inFlight.position(message);
		return isInFlash(place) && this.journal!.sectorOf(FLASH - place) === sector;
	}

	/** Flash is told of what has landed. */
	private note(): void {
		const journal = this.journal!;
		for (let message = 0; this.landed; message++) {
			const bits = this.landed & (BOTH << message);
			if (!bits) continue;
			this.landed &= ~bits;
			const slot = FLASH - this.inFlight.position(message);
			this.inFlight.setPosition(message, NOTHING);
			if (bits === ACKNOWLEDGED << message) this.countDelivered(journal.finish(slot));
			else this.giveUp(slot);
		}
	}

	private countDelivered(boot: number): void {
		if (boot === this.boot) this.delivered++;
		else if (boot !== NOBODY) this.deliveredEarlier++;
	}

	/** Taken before the date was known. If it is known now, uptimes tell how long ago it was; and what was said of it once stays. */
	private date(place: number, reading: Reading): void {
		const unix = this.clock.unixSeconds();
		const bootsAgo = this.boot - reading.boot;
		if (!unix || bootsAgo < 0 || bootsAgo > this.clock.earlierBoots) return;
		reading.time = unix - (this.clock.uptime() - reading.uptime);
		if (!isInFlash(place)) this.ring.date(place, reading.time);
	}

	/** Moves some of the oldest to flash, or sees to it that there is room. */
	private store(): void {
		const journal = this.journal!;
		if (!journal.ready) return journal.prepare();
		for (let count = 0; count < JOURNAL_PER_TURN && journal.ready; count++) {
			const position = this.ring.oldest();
			if (position < 0 || !this.move(position)) return;
		}
	}

	private move(position: number): boolean {
		const reading = this.read(position);
		// Flash names what was dropped just before; anything else waits for the next reading that is sent from RAM.
		if (reading.droppedTo !== reading.seq - 1 || reading.seq - reading.droppedFrom > GAP_MAX) reading.droppedFrom = 0;
		const slot = this.journal!.append(reading);
		if (slot === NONE) return false;
		const message = this.inFlight.indexOf(position);
		if (message >= 0) this.inFlight.setPosition(message, FLASH - slot);
		// The payload of one that is on its way may have been written before.
		else if (reading.droppedFrom) this.ring.named(reading.droppedTo);
		this.ring.moved(position);
		return true;
	}
}

function isInFlash(place: number): boolean {
	return place >= FLASH_LOWEST && place <= FLASH;
}
