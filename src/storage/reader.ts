// SPDX-License-Identifier: MIT
// Where the delivery of the journal is: from the oldest sector to the place where the next reading is written.
//
// Rule: it may begin anew at any time, since what is done or on its way is passed over. All sectors up to `passed` have been
// read to their end; such a sector is retired as soon as nothing of it is on its way any more.

import { Finder, NONE } from './search.js';
import { SLOTS_PER_STEP } from '../common/limits.js';
import { Found, Slot, type Sectors } from './sector.js';

/** `found`: not known yet. */
export const BUSY = -2;

/** What knows which readings are on their way. */
export interface Flying {
	/** Whether this slot's reading is with the outbox. */
	flies(slot: number): boolean;
	/** Whether any slot's of this sector is. */
	fliesFrom(sector: number): boolean;
	/** The slots of this sector are no more: what is on its way will be acknowledged for nobody. */
	gone(sector: number): void;
}

/** The journal, as delivery sees it. */
export interface Shelf {
	/** Something else is done with the flash at present. */
	readonly working: boolean;
	/** The next reading is written here: nothing can be behind it. */
	endsAt(sector: number, slot: number): boolean;
	/** Asks for step() to be called until it is true. */
	seek(): void;
	retire(sector: number): void;
	/** A slot held nothing usable. */
	discard(): void;
}

export class Cursor {
	private readonly sectors: Sectors;
	private readonly finder: Finder;
	private readonly flying: Flying;
	private readonly shelf: Shelf;
	/** The slot of the oldest reading that is neither acknowledged nor on its way; NONE: there is none; BUSY: ask advance() to find out. */
	found = BUSY;
	private sector = NONE;
	/** Within the sector. */
	private slot = 0;
	private last = 0;
	private passed = 0;
	/** No sector is behind `passed`. */
	private exhausted = false;

	constructor(sectors: Sectors, finder: Finder, flying: Flying, shelf: Shelf) {
		this.sectors = sectors;
		this.finder = finder;
		this.flying = flying;
		this.shelf = shelf;
	}

	/** Looks a little further for the next reading to send. */
	advance(): void {
		for (let steps = 0; steps < SLOTS_PER_STEP && this.found === BUSY && !this.shelf.working; steps++) {
			if (this.sector === NONE) this.seek();
			else if (this.shelf.endsAt(this.sector, this.slot)) this.found = NONE;
			else if (this.slot === this.sectors.slotsPerSector) this.leave();
			else this.try();
		}
	}

	/** The reading in this slot is on its way; if it is not the one found any more, since delivery was called back, it is passed over in its turn. */
	sent(slot: number): void {
		if (this.found !== slot) return;
		this.found = BUSY;
		this.slot++;
	}

	/** One step of the search for the next sector; true when it is over. */
	step(): boolean {
		if (!this.finder.step()) return false;
		if (this.finder.sector === NONE) this.exhausted = true;
		else this.enter();
		return true;
	}

	/** Something was written. */
	more(): void {
		this.exhausted = false;
		if (this.found === NONE) this.found = BUSY;
	}

	/** Comes to this slot again; and, if it lies in another sector, begins anew. */
	back(slot: number): void {
		const place = slot - this.sector * this.sectors.slotsPerSector;
		if (this.sectors.sectorOf(slot) !== this.sector) return this.rewind();
		if (place < this.slot) this.slot = place;
		this.found = BUSY;
	}

	/** Begins anew with the oldest. */
	rewind(): void {
		this.sector = NONE;
		this.found = BUSY;
		this.passed = 0;
		this.exhausted = false;
	}

	/** Something of this sector was acknowledged: it may have been the last that it was waiting for. */
	settle(sector: number): void {
		if (sector === this.sector || this.flying.fliesFrom(sector)) return;
		if (this.sectors.look(sector) === Found.Alive && this.sectors.last <= this.passed) this.shelf.retire(sector);
	}

	/** Whether delivery has yet to come to this slot. It may have been found, but not sent, before its message landed. */
	willMeet(slot: number): boolean {
		const sector = this.sectors.sectorOf(slot);
		if (sector === this.sector) return slot >= sector * this.sectors.slotsPerSector + this.slot;
		return this.sectors.look(sector) === Found.Alive && this.sectors.last > this.passed;
	}

	private seek(): void {
		if (this.exhausted) this.found = NONE;
		else {
			this.finder.begin(this.passed);
			this.shelf.seek();
		}
	}

	private try(): void {
		const slot = this.sector * this.sectors.slotsPerSector + this.slot;
		const state = this.sectors.lookAt(slot);
		if (state === Slot.Damaged) this.shelf.discard();
		if (state === Slot.Waiting && !this.flying.flies(slot)) this.found = slot;
		else this.slot++;
	}

	private leave(): void {
		const sector = this.sector;
		this.passed = this.last;
		this.sector = NONE;
		if (!this.flying.fliesFrom(sector)) this.shelf.retire(sector);
		// Mostly the next one in order is the next one in place.
		this.finder.begin(this.passed);
		if (this.finder.look((sector + 1) % this.sectors.count)) this.enter();
	}

	private enter(): void {
		this.sector = this.finder.sector;
		this.last = this.finder.last;
		this.slot = 1;
	}
}
