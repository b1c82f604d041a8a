// SPDX-License-Identifier: MIT
// Makes room in a full journal: two sectors that follow each other become one. Each reading that stays names those
// dropped just before it.
//
// Rule: the pair is the oldest of the lowest level. So readings lie equally far apart over the whole outage, within a
// factor of two; only the youngest lie closer. Each group of channels is thinned for itself, by how many numbers lie
// between those that stay: so a group that comes seldom stays whole for longer. A reading is dropped only if the next
// one is of the same boot and follows it directly. So the range that names it is exact, and the last of each run always stays.
// Invariant: the pair is alive until the new sector is committed; only then both are retired. Cut anywhere, it is done
// again or finished (journal.ts). A few slots a step.

import { Search, SectorSearch } from './sector-search.js';
import { Group } from '../readings/reading.js';
import { Limit } from '../common/limits.js';
import { SectorState, Slot, SlotState, type Sectors } from './sector.js';

const enum Const {
	/** Above every level. */
	LEVEL_NONE = 255,
}

const enum Stage {
	/** Which is the lowest level of which there is a pair? */
	Weighing,
	/** Which are the oldest of it, and the one behind? */
	Picking,
	Pairing,
	/** How many readings are in it? */
	Counting,
	Copying,
}

export const enum Outcome {
	Working,
	Done,
	/** The flash failed: take another sector. */
	Failed,
	/** There is no pair whose readings could be named: too many boots. */
	Hopeless,
}

export class Thinning {
	/** Readings dropped, of this boot and of earlier ones. */
	dropped = 0;
	droppedEarlier = 0;
	/** The pair. */
	one: number = Search.NONE;
	other: number = Search.NONE;

	private readonly sectors: Sectors;
	private readonly sectorSearch: SectorSearch;
	private readonly boot: number;
	private stage = Stage.Weighing;
	private readonly target: number;
	private readonly serial: number;
	private level = 0;
	private at = 0;
	private out = 0;
	private lowest: number = Const.LEVEL_NONE;
	private lowestCount = 0;
	private nextLowest: number = Const.LEVEL_NONE;
	private oneFirst = 0;
	private pairLevel = 0;
	/** The reading that is decided on when the next one is known: its slot (0: none) and where its gap begins. */
	private held = 0;
	private heldBoot = 0;
	private heldSeq = 0;
	private heldFrom = 0;
	private heldGroup = 0;
	private heldGivenUp = false;
	/** Of each group, the number that the last reading has that stays, or where its run of numbers begins. */
	private readonly stayed = new Uint32Array(Group.MAX);

	/** `target` is a free sector, `serial` its place in the order of writing. */
	constructor(sectors: Sectors, sectorSearch: SectorSearch, boot: number, target: number, serial: number) {
		this.sectors = sectors;
		this.sectorSearch = sectorSearch;
		this.boot = boot;
		this.target = target;
		this.serial = serial;
	}

	step(): Outcome {
		switch (this.stage) {
			case Stage.Weighing:
				return this.weigh();
			case Stage.Picking:
				return this.pick();
			case Stage.Pairing:
				return this.pair();
			case Stage.Counting:
				return this.count();
			case Stage.Copying:
				return this.copy();
		}
	}

	private weigh(): Outcome {
		const sectors = this.sectors;
		for (let steps = 0; steps < Limit.SECTORS_PER_STEP && this.at < sectors.count; steps++, this.at++) {
			if (sectors.readHeading(this.at) === SectorState.Alive) this.countLevel(sectors.level);
		}
		if (this.at < sectors.count) return Outcome.Working;
		// One alone of the lowest level is the youngest; it can only go with the one before it.
		this.sectorSearch.begin(0, this.lowestCount > 1 ? this.lowest : this.nextLowest);
		this.stage = Stage.Picking;
		return Outcome.Working;
	}

	private countLevel(level: number): void {
		if (level < this.lowest) {
			this.nextLowest = this.lowest;
			this.lowest = level;
			this.lowestCount = 1;
		} else if (level === this.lowest) this.lowestCount++;
		else if (level < this.nextLowest) this.nextLowest = level;
	}

	private pick(): Outcome {
		if (!this.sectorSearch.step()) return Outcome.Working;
		this.one = this.sectorSearch.sector;
		if (this.one === Search.NONE) return Outcome.Hopeless;
		this.oneFirst = this.sectorSearch.first;
		this.pairLevel = this.sectorSearch.level;
		this.sectorSearch.begin(this.sectorSearch.last);
		this.stage = Stage.Pairing;
		return Outcome.Working;
	}

	private pair(): Outcome {
		if (!this.sectorSearch.step()) return Outcome.Working;
		this.other = this.sectorSearch.sector;
		if (this.other === Search.NONE) return Outcome.Hopeless;
		if (this.sectorSearch.level > this.pairLevel) this.pairLevel = this.sectorSearch.level;
		this.stage = Stage.Counting;
		this.at = this.out = 0;
		return Outcome.Working;
	}

	/** Two sectors that fit into one lose nothing. */
	private count(): Outcome {
		const slots = this.sectors.slotsPerSector - 1;
		for (let steps = 0; steps < Limit.SLOTS_PER_STEP && this.at < 2 * slots; steps++, this.at++) {
			if (this.sectors.readSlot(this.slot(this.at)) === SlotState.Waiting) this.out++;
		}
		if (this.at < 2 * slots) return Outcome.Working;
		return this.beginCopy(this.out > slots ? this.pairLevel + 1 : this.pairLevel);
	}

	private beginCopy(level: number): Outcome {
		if (level > Limit.LEVEL_MAX) return Outcome.Hopeless;
		this.level = level;
		this.stage = Stage.Copying;
		this.at = this.dropped = this.droppedEarlier = this.held = 0;
		this.out = 1;
		return this.sectors.clear(this.target) ? Outcome.Working : Outcome.Failed;
	}

	private copy(): Outcome {
		const sectors = this.sectors;
		const end = 2 * (sectors.slotsPerSector - 1);
		for (let steps = 0; steps < Limit.SLOTS_PER_STEP && this.at < end; steps++, this.at++) {
			const slot = this.slot(this.at);
			if (sectors.readSlot(slot) !== SlotState.Waiting) continue;
			// Too many runs of numbers for this level: the next one drops more.
			if (!this.take(slot)) return this.beginCopy(this.level + 1);
		}
		if (this.at < end) return Outcome.Working;
		if (!this.keepHeld()) return this.beginCopy(this.level + 1);
		return this.commit() ? Outcome.Done : Outcome.Failed;
	}

	/** Decides on the reading held, now that the one behind it is known, and holds that one. False: the sector is full. */
	private take(slot: number): boolean {
		const { boot, seq, gap, group, givenUp } = this.sectors;
		let from = seq - gap;
		const follows = this.held > 0 && boot === this.heldBoot && from === this.heldSeq + 1;
		if (follows && this.droppable(seq)) {
			from = this.heldFrom;
			if (this.heldGivenUp) {
				// Counted already.
			} else if (boot === this.boot) this.dropped++;
			else this.droppedEarlier++;
		} else {
			if (!this.keepHeld()) return false;
			if (!follows) this.stayed.fill(from - 1);
		}
		this.held = slot;
		this.heldBoot = boot;
		this.heldSeq = seq;
		this.heldFrom = from;
		this.heldGroup = group;
		this.heldGivenUp = givenUp;
		return true;
	}

	/** The reading held comes sooner behind the one of its group that stays than the level asks; `seq` is the next one. */
	private droppable(seq: number): boolean {
		return this.heldSeq - this.stayed[this.heldGroup] < 1 << this.level && seq - this.heldFrom <= Slot.GAP_MAX;
	}

	/** Copies the reading held, if there is one. False: there is no room for it. */
	private keepHeld(): boolean {
		const sectors = this.sectors;
		if (this.held) this.stayed[this.heldGroup] = this.heldSeq;
		while (this.held) {
			if (this.out === sectors.slotsPerSector) return false;
			const to = this.target * sectors.slotsPerSector + this.out++;
			if (sectors.copy(this.held, to, this.heldSeq - this.heldFrom)) this.held = 0;
		}
		return true;
	}

	private commit(): boolean {
		return this.sectors.commit(this.target, this.serial, this.oneFirst, this.sectorSearch.last, this.level, this.one, this.other);
	}

	/** The k-th slot of the pair. */
	private slot(k: number): number {
		const slots = this.sectors.slotsPerSector - 1;
		return k < slots ? this.one * (slots + 1) + 1 + k : this.other * (slots + 1) + 1 + k - slots;
	}
}
