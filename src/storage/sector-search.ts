// SPDX-License-Identifier: MIT
// Looks for a sector of the journal by its heading, a few at a time, so that the loop never stalls.
//
// Rule: nothing of it is remembered but the best one so far: 761 sectors (ESP8266) have no place in RAM.

import { Limit } from '../common/limits.js';
import { SectorState, type Sectors } from './sector.js';

export const enum Search {
	NONE = -1,
	/** It is not known yet. */
	BUSY = -2,
	ANY_LEVEL = -1,
}

export class SectorSearch {
	/** What was found: a sector or NONE, and what its heading says. */
	sector: number = Search.NONE;
	first = 0;
	last = 0;
	level = 0;
	private readonly sectors: Sectors;
	private after = 0;
	private wanted: number = Search.ANY_LEVEL;
	private at = 0;

	constructor(sectors: Sectors) {
		this.sectors = sectors;
	}

	/** Begins to look for the oldest sector of a level that is wholly younger than `after`. */
	begin(after: number, level: number = Search.ANY_LEVEL): void {
		this.sector = Search.NONE;
		this.after = after;
		this.wanted = level;
		this.at = 0;
	}

	/** True when all have been looked at, or the one that must be the next was met. */
	step(): boolean {
		const { count } = this.sectors;
		for (let steps = 0; steps < Limit.SECTORS_PER_STEP && this.at < count; steps++) {
			if (this.check(this.at++)) return true;
		}
		return this.at >= count;
	}

	/** Whether this sector follows directly; keeps it if it is the best so far. */
	check(sector: number): boolean {
		const sectors = this.sectors;
		if (sectors.readHeading(sector) !== SectorState.Alive || sectors.first <= this.after) return false;
		if (this.wanted !== Search.ANY_LEVEL && sectors.level !== this.wanted) return false;
		if (this.sector !== Search.NONE && sectors.first >= this.first) return false;
		this.sector = sector;
		this.first = sectors.first;
		this.last = sectors.last;
		this.level = sectors.level;
		return sectors.first === this.after + 1;
	}
}
