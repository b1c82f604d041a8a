// SPDX-License-Identifier: MIT
// Where the delivery of the journal is: from the oldest sector to the place where the next reading is written.
//
// Rule: it may begin anew at any time, since what is done or on its way is passed over. All sectors up to `passed` have
// been read to their end. Such a sector is retired as soon as nothing of it is in flight.

import { Search, SectorSearch } from './sector-search.js';
import { Limit } from '../common/limits.js';
import { SectorState, SlotState, type Sectors } from './sector.js';

/** What knows which readings are on their way. */
export interface SlotsInFlight {
	/** The boot that sends them. */
	readonly boot: number;
	/** Whether this slot's reading is with the outbox. */
	hasSlot(slot: number): boolean;
	/** Whether any slot's of this sector is. */
	hasAnyOf(sector: number): boolean;
	/** Whether any of any sector is. */
	hasAny(): boolean;
	/** The slots of this sector are no more: what is on its way will be acknowledged for nobody. */
	forgetSector(sector: number): void;
}

/** The journal, as delivery sees it. */
export interface JournalView {
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
	private readonly sectorSearch: SectorSearch;
	private readonly inFlight: SlotsInFlight;
	private readonly journal: JournalView;
	/**
	 * The slot of the oldest reading that is neither acknowledged nor on its way; NONE: there is none; BUSY: ask
	 * advance() to find out.
	 */
	found: number = Search.BUSY;
	private sector: number = Search.NONE;
	/** Within the sector. */
	private slot = 0;
	private last = 0;
	private passed = 0;
	/** No sector is behind `passed`. */
	private exhausted = false;

	constructor(sectors: Sectors, sectorSearch: SectorSearch, inFlight: SlotsInFlight, journal: JournalView) {
		this.sectors = sectors;
		this.sectorSearch = sectorSearch;
		this.inFlight = inFlight;
		this.journal = journal;
	}

	/** Looks a little further for the next reading to send. */
	advance(): void {
		for (let steps = 0; steps < Limit.SLOTS_PER_STEP && this.found === Search.BUSY && !this.journal.working; steps++) {
			if (this.sector === Search.NONE) this.seek();
			else if (this.journal.endsAt(this.sector, this.slot)) this.found = Search.NONE;
			else if (this.slot === this.sectors.slotsPerSector) this.leave();
			else this.tryNext();
		}
	}

	/**
	 * The reading in this slot is in flight. It may no longer be the one found, since delivery was called back: then it
	 * is passed over in its turn.
	 */
	sent(slot: number): void {
		if (this.found !== slot) return;
		this.found = Search.BUSY;
		this.slot++;
	}

	/** One step of the search for the next sector; true when it is over. */
	step(): boolean {
		if (!this.sectorSearch.step()) return false;
		if (this.sectorSearch.sector === Search.NONE) this.exhausted = true;
		else this.enter();
		return true;
	}

	/** Something was written. */
	appended(): void {
		this.exhausted = false;
		if (this.found === Search.NONE) this.found = Search.BUSY;
	}

	/** Comes to this slot again; and, if it lies in another sector, begins anew. */
	returnTo(slot: number): void {
		const slotInSector = slot - this.sector * this.sectors.slotsPerSector;
		if (this.sectors.sectorOf(slot) !== this.sector) return this.rewind();
		if (slotInSector < this.slot) this.slot = slotInSector;
		this.found = Search.BUSY;
	}

	/** Begins anew with the oldest. */
	rewind(): void {
		this.sector = Search.NONE;
		this.found = Search.BUSY;
		this.passed = 0;
		this.exhausted = false;
	}

	/** Something of this sector was acknowledged: it may have been the last that it was waiting for. */
	retireIfDone(sector: number): void {
		if (sector === this.sector || this.inFlight.hasAnyOf(sector)) return;
		if (this.sectors.readHeading(sector) === SectorState.Alive && this.sectors.last <= this.passed) this.journal.retire(sector);
	}

	/**
	 * Whether delivery has yet to come to this slot. It may have been found, but not sent, before its message was
	 * acknowledged.
	 */
	willMeet(slot: number): boolean {
		const sector = this.sectors.sectorOf(slot);
		if (sector === this.sector) return slot >= sector * this.sectors.slotsPerSector + this.slot;
		return this.sectors.readHeading(sector) === SectorState.Alive && this.sectors.last > this.passed;
	}

	private seek(): void {
		if (this.exhausted) this.found = Search.NONE;
		else {
			this.sectorSearch.begin(this.passed);
			this.journal.seek();
		}
	}

	private tryNext(): void {
		const slot = this.sector * this.sectors.slotsPerSector + this.slot;
		const state = this.sectors.readSlot(slot);
		if (state === SlotState.Damaged) this.journal.discard();
		if (state === SlotState.Waiting && !this.inFlight.hasSlot(slot)) this.found = slot;
		else this.slot++;
	}

	private leave(): void {
		const sector = this.sector;
		this.passed = this.last;
		this.sector = Search.NONE;
		if (!this.inFlight.hasAnyOf(sector)) this.journal.retire(sector);
		// Mostly the next one in order is the next one in place.
		this.sectorSearch.begin(this.passed);
		if (this.sectorSearch.check((sector + 1) % this.sectors.count)) this.enter();
	}

	private enter(): void {
		this.sector = this.sectorSearch.sector;
		this.last = this.sectorSearch.last;
		this.slot = 1;
	}
}
