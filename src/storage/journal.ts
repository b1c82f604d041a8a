// SPDX-License-Identifier: MIT
// Readings that wait in flash: a log over sectors that are used in turn. Written while the link is down, delivered from the
// oldest on, marked when acknowledged; survives a power cut at any step.
//
// Rule: what takes long (finding, erasing, thinning) is work() in small steps. A sector is retired when all of it has been
// acknowledged, and erased only when its turn comes to be written, so every sector is erased equally often.
// What an older firmware left behind `usable` is delivered like the rest; nothing is begun there, but a thinning where nothing else is free.
// Invariant: JOURNAL_RESERVE sectors are free whenever readings can be appended; `first` and `last` of the sectors alive are
// ascending and do not overlap, but for a thinning that was cut short, which the next boot finishes before anything else.

import { Cursor, type SlotsInFlight, type JournalView } from './cursor.js';
import { ChannelLists } from './channel-names.js';
import { Search, SectorSearch } from './sector-search.js';
import { Limit } from '../common/limits.js';
import type { Flash, Log, Part } from '../common/ports.js';
import { List, type Reading } from '../readings/reading.js';
import { Sectors, SectorState, Slot, SlotState } from './sector.js';
import { Outcome, Thinning } from './thinning.js';

const enum Task {
	None,
	/** Which sectors are there? Once, after boot. */
	Opening,
	/** Which is the next one to deliver? */
	Seeking,
	/** Which is the next free one? */
	Allocating,
	Thinning,
	/** Which is the oldest, to be given up? */
	Cutting,
}

export const enum Boot {
	/** No boot's number. */
	NOBODY = -1,
}

export class Journal extends ChannelLists implements JournalView {
	/** Readings written, since boot. */
	written = 0;
	/** Readings of this boot that wait here, and those that had to make room; and of earlier boots. */
	own = 0;
	dropped = 0;
	droppedEarlier = 0;
	/** Sectors and slots that held nothing usable. */
	discarded = 0;
	/** Sectors that hold readings. */
	alive = 0;
	/** The flash is left alone. */
	broken = false;

	private readonly inFlight: SlotsInFlight;
	private readonly cursor: Cursor;
	private readonly sectorSearch: SectorSearch;
	/** Made when it is needed: flash is full then and the link down, so there is memory to spare. */
	private thinning: Thinning | undefined;
	private task = Task.Opening;
	private at = 0;
	private foreign = 0;
	private faultsInRow = 0;
	/** The sector begun last, its serial, and the youngest number given to a sector. */
	private newest: number = Search.NONE;
	private serial = 0;
	private youngest = 0;
	/** Where the next reading goes. */
	private writeSector: number = Search.NONE;
	private writeSlot = 0;
	constructor(flash: Flash, inFlight: SlotsInFlight, log: Log) {
		super(new Sectors(flash), log);
		this.inFlight = inFlight;
		this.sectorSearch = new SectorSearch(this.sectors);
		this.cursor = new Cursor(this.sectors, this.sectorSearch, inFlight, this);
	}

	/** Writes and erasures that failed, since boot. */
	get faults(): number { return this.sectors.faults; }

	/** Nothing waits in this sector, one behind `usable`, and the journal can do without it. */
	spares(sector: number): boolean {
		const { sectors } = this;
		return this.task !== Task.Opening && sectors.free(this.alive) >= Limit.JOURNAL_RESERVE && sectors.readHeading(sector) !== SectorState.Alive;
	}

	/** There is something to do for work(). */
	get working(): boolean {
		return this.task !== Task.None;
	}

	/** A reading can be appended. */
	get ready(): boolean {
		return this.task === Task.None && this.writeSector !== Search.NONE && !this.broken;
	}

	/** One small step of what is to be done: tens of milliseconds, an erasure included. */
	work(): void {
		switch (this.task) {
			case Task.Opening:
				return this.open();
			case Task.Seeking:
				if (this.cursor.step()) this.task = Task.None;
				return;
			case Task.Allocating:
				return this.allocate();
			case Task.Thinning:
				return this.thinned(this.thinning!, this.thinning!.step());
			case Task.Cutting:
				return this.cut();
		}
	}

	/** Sees to it, in steps, that a reading can be appended. */
	prepare(): void {
		if (this.task !== Task.None || this.writeSector !== Search.NONE || this.broken) return;
		this.task = Task.Allocating;
		this.at = 0;
	}

	/** Gives up what is under way for the sake of writing: the link is up. Nothing that was written is lost. */
	yieldToDelivery(): void {
		if (this.task > Task.Seeking) this.task = Task.None;
		this.thinning = undefined;
	}

	/** The slot that a reading of these parts went to, or NONE: it is not in flash. */
	append(reading: Reading, parts: readonly Part[]): number {
		const { slotsPerSector } = this.sectors;
		const list = this.listOf(parts);
		const slot = this.writeSector * slotsPerSector + this.writeSlot++;
		const stored = this.sectors.store(slot, reading, list);
		if (this.writeSlot === slotsPerSector) this.writeSector = Search.NONE;
		if (!stored) return this.fault();
		this.faultsInRow = 0;
		this.written++;
		this.own++;
		this.cursor.appended();
		return slot;
	}

	/** The slot of the oldest reading that is neither acknowledged nor on its way; NONE; or BUSY: advance() finds out. */
	get found(): number { return this.cursor.found; }

	/** Looks a little further for the next reading to send. */
	advance(): void { this.cursor.advance(); }

	/** Fills `reading`, whose names are those of this boot where they are the same. */
	read(slot: number, reading: Reading): void {
		this.sectors.read(slot, reading);
		if (reading.boot === this.inFlight.boot || this.isPresent(reading.list)) reading.list = List.Present;
	}

	/** The reading in this slot, which was found, is on its way. */
	sent(slot: number): void { this.cursor.sent(slot); }

	/**
	 * What was sent of this slot was acknowledged. Returns the boot that took the reading; or NOBODY: it was no reading any more, but
	 * its number; or flash does not keep it and delivery has yet to pass there, so that it will be sent again, and counts then.
	 */
	finish(slot: number): number {
		const sectors = this.sectors;
		const kept = sectors.finish(slot);
		const boot = sectors.givenUp ? Boot.NOBODY : sectors.boot;
		if (!kept && this.cursor.willMeet(slot)) return Boot.NOBODY;
		if (boot === this.inFlight.boot) this.own--;
		this.cursor.retireIfDone(sectors.sectorOf(slot));
		return boot;
	}

	/**
	 * The reading in this slot cannot be delivered: it is counted as dropped, and names itself in its turn. False: it is gone, since not even
	 * that was taken, or flash has failed: to pass there once more would be to send again what could not be marked as done.
	 */
	giveUp(slot: number): boolean {
		const sectors = this.sectors;
		const counted = sectors.readSlot(slot) === SlotState.Waiting && sectors.givenUp;
		if (!counted && sectors.faults === 0 && sectors.giveUp(slot)) {
			this.countDropped();
			this.cursor.returnTo(slot);
			return true;
		}
		const boot = this.finish(slot);
		// It will be sent again, as finish() says.
		if (!counted && boot === Boot.NOBODY) return true;
		if (boot === this.inFlight.boot) this.dropped++;
		else if (!counted) this.droppedEarlier++;
		return false;
	}

	protected get nothingWaits(): boolean {
		return this.cursor.found === Search.NONE && !this.inFlight.hasAny();
	}

	/** The reading of the slot looked at last. */
	private countDropped(): void {
		if (this.sectors.boot !== this.inFlight.boot) this.droppedEarlier++;
		else {
			this.dropped++;
			this.own--;
		}
	}

	/** The reading in this slot was on its way and is not any more: delivery comes to it again. */
	recall(slot: number): void { this.cursor.returnTo(slot); }

	sectorOf(slot: number): number { return this.sectors.sectorOf(slot); }

	endsAt(sector: number, slot: number): boolean { return sector === this.writeSector && slot === this.writeSlot; }

	seek(): void { this.task = Task.Seeking; }

	retire(sector: number): void {
		if (this.sectors.retire(sector)) this.alive--;
	}

	discard(): void { this.discarded++; }

	private open(): void {
		const sectors = this.sectors;
		for (let steps = 0; steps < Limit.SECTORS_PER_STEP && this.at < sectors.count; steps++) this.census(this.at++);
		if (this.at < sectors.count) return;
		this.task = Task.None;
		if (this.newest !== Search.NONE) this.finishThinning();
		const foreign = this.foreign ? `, ${this.foreign | 0} of another version discarded` : '';
		const damaged = this.discarded > this.foreign ? `, ${(this.discarded - this.foreign) | 0} unreadable discarded` : '';
		this.log.line(`flash journal: ${sectors.usable | 0} sectors, ${this.alive | 0} with readings${foreign}${damaged}`);
	}

	private census(sector: number): void {
		const sectors = this.sectors;
		const found = sectors.readHeading(sector);
		if (found === SectorState.Foreign) this.foreign++;
		if (found === SectorState.Foreign || found === SectorState.Damaged) this.discarded++;
		if (found !== SectorState.Alive && found !== SectorState.Retired) return;
		if (found === SectorState.Alive) this.alive++;
		if (sectors.last > this.youngest) this.youngest = sectors.last;
		if (sectors.serial <= this.serial) return;
		this.serial = sectors.serial;
		this.newest = sector;
	}

	/** Nothing is begun before the pair is retired: only the newest sector can have replaced sectors that are still alive. */
	private finishThinning(): void {
		const sectors = this.sectors;
		if (sectors.readHeading(this.newest) !== SectorState.Alive) return;
		const { fromOne, fromOther, last } = sectors;
		if (fromOne === Slot.NOWHERE) {
			if (last === this.youngest && this.newest < sectors.usable) this.resume();
			return;
		}
		if (sectors.readHeading(fromOne) === SectorState.Alive) this.retire(fromOne);
		if (sectors.readHeading(fromOther) === SectorState.Alive) this.retire(fromOther);
	}

	/** Goes on writing where the last boot stopped. */
	private resume(): void {
		const { slotsPerSector } = this.sectors;
		let slot = slotsPerSector;
		while (slot > 1 && this.sectors.readSlot(this.newest * slotsPerSector + slot - 1) === SlotState.Erased) slot--;
		if (slot === slotsPerSector) return;
		this.writeSector = this.newest;
		this.writeSlot = slot;
	}

	/** Finds the next free sector in turn, and begins it, or thins two others into it. */
	private allocate(): void {
		const sectors = this.sectors;
		for (let steps = 0; steps < Limit.SECTORS_PER_STEP; steps++) {
			if (++this.at > sectors.count) {
				this.sectorSearch.begin(0);
				this.task = Task.Cutting;
				return;
			}
			const sector = sectors.inTurn(this.newest, this.at);
			const state = sectors.readHeading(sector);
			if (state === SectorState.Alive || state === SectorState.Taken) continue;
			if (sectors.free(this.alive) > Limit.JOURNAL_RESERVE) return this.begin(sector);
			this.newest = sector;
			this.cursor.rewind();
			this.thinning = new Thinning(sectors, this.sectorSearch, this.inFlight.boot, sector, ++this.serial);
			this.task = Task.Thinning;
			return;
		}
	}

	private begin(sector: number): void {
		const sectors = this.sectors;
		this.task = Task.None;
		this.newest = sector;
		const cleared = sectors.clear(sector);
		const number = this.youngest + 1;
		this.serial++;
		if (!cleared || !sectors.commit(sector, this.serial, number, number)) return void this.fault();
		this.youngest = number;
		this.alive++;
		this.writeSector = sector;
		this.writeSlot = 1;
	}

	private thinned(thinning: Thinning, outcome: Outcome): void {
		if (outcome === Outcome.Working) return;
		this.thinning = undefined;
		this.task = Task.None;
		if (outcome === Outcome.Failed) return void this.fault();
		if (outcome === Outcome.Hopeless) {
			this.sectorSearch.begin(0);
			this.task = Task.Cutting;
			return;
		}
		this.faultsInRow = 0;
		this.alive++;
		this.own -= thinning.dropped;
		this.dropped += thinning.dropped;
		this.droppedEarlier += thinning.droppedEarlier;
		this.inFlight.forgetSector(thinning.one);
		this.inFlight.forgetSector(thinning.other);
		this.retire(thinning.one);
		this.retire(thinning.other);
	}

	/** The last resort, when there is no room and nothing can be thinned: the oldest sector goes whole, counted. */
	private cut(): void {
		if (!this.sectorSearch.step()) return;
		this.task = Task.None;
		const { sector } = this.sectorSearch;
		if (sector === Search.NONE) return void this.fault();
		const sectors = this.sectors;
		for (let k = 1; k < sectors.slotsPerSector; k++) {
			if (sectors.readSlot(sector * sectors.slotsPerSector + k) === SlotState.Waiting && !sectors.givenUp) this.countDropped();
		}
		this.inFlight.forgetSector(sector);
		this.cursor.rewind();
		this.retire(sector);
	}

	private fault(): number {
		if (++this.faultsInRow === Limit.FLASH_FAULTS_MAX) {
			this.broken = true;
			this.log.line('the flash fails: readings wait in RAM only');
		}
		return Search.NONE;
	}
}
