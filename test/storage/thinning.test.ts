import { describe, expect, it } from 'vitest';
import { SectorSearch } from '../../src/storage/sector-search.js';
import { Reading, Value } from '../../src/readings/reading.js';
import { Sectors, SectorState, SlotState } from '../../src/storage/sector.js';
import { Outcome, Thinning } from '../../src/storage/thinning.js';
import { journalFlash } from '../support/flash.js';

const BOOT = 9;
type Run = readonly [boot: number, seq: number, gap?: number];

/** Sectors of 8 slots in the given order, each with its level and the readings in it. */
function setUp(layout: readonly (readonly [level: number, readings: readonly Run[]])[], count = layout.length + 2) {
	const flash = journalFlash(count);
	const sectors = new Sectors(flash);
	const reading = new Reading();
	reading.numbers.set([21_000, Value.ABSENT]);
	layout.forEach(([level, readings], sector) => {
		sectors.clear(sector);
		sectors.commit(sector, sector + 1, sector + 1, sector + 1, level);
		readings.forEach(([boot, seq, gap = 0], k) => sectors.store(sector * 8 + 1 + k, Object.assign(reading, { boot, seq, droppedFrom: gap && seq - gap }), 1));
	});
	const thinning = new Thinning(sectors, new SectorSearch(sectors), BOOT, layout.length, 100);
	const run = () => {
		for (let steps = 0; steps < 1_000; steps++) {
			const outcome = thinning.step();
			if (outcome !== Outcome.Working) return outcome;
		}
		throw new Error('thinning never ends');
	};
	const content = (sector: number): Run[] => {
		const found: Run[] = [];
		for (let slot = sector * 8 + 1; slot < sector * 8 + 8; slot++) {
			if (sectors.readSlot(slot) === SlotState.Waiting) found.push([sectors.boot, sectors.seq, sectors.gap]);
		}
		return found;
	};
	return { flash, sectors, thinning, run, content };
}

const seqs = (from: number, step = 1, boot = BOOT, count = 7): Run[] => [...Array(count).keys()].map((k) => [boot, from + k * step, step - 1]);

describe('thinning', () => {
	it('makes one full sector of two, of every second reading, each naming the one before it', () => {
		const { thinning, run, content, sectors } = setUp([[0, seqs(1)], [0, seqs(8)], [0, seqs(15)]]);
		expect(run()).toBe(Outcome.Done);
		expect([thinning.one, thinning.other]).toEqual([0, 1]);
		expect(content(3)).toEqual(seqs(2, 2));
		expect([thinning.dropped, thinning.droppedEarlier]).toEqual([7, 0]);
		expect(sectors.readHeading(3)).toBe(SectorState.Alive);
		expect(sectors).toMatchObject({ serial: 100, first: 1, last: 2, level: 1, fromOne: 0, fromOther: 1 });
		expect([sectors.readHeading(0), sectors.readHeading(1)]).toEqual([SectorState.Alive, SectorState.Alive]);
	});

	it('takes the oldest pair of the lowest level', () => {
		const { thinning, run, content } = setUp([[2, seqs(4, 4)], [1, seqs(30, 2)], [1, seqs(44, 2)], [0, seqs(57)], [0, seqs(64)]]);
		expect(run()).toBe(Outcome.Done);
		expect([thinning.one, thinning.other]).toEqual([3, 4]);
		expect(content(5)).toEqual(seqs(58, 2));
	});

	it('takes one that is alone of its level with the one before it, and brings both to the same distance', () => {
		const { thinning, run, content, sectors } = setUp([[1, seqs(2, 2)], [0, seqs(15)]]);
		expect(run()).toBe(Outcome.Done);
		expect([thinning.one, thinning.other]).toEqual([0, 1]);
		expect(content(2)).toEqual([[BOOT, 4, 3], [BOOT, 8, 3], [BOOT, 12, 3], [BOOT, 16, 3], [BOOT, 20, 3], [BOOT, 21, 0]]);
		sectors.readHeading(2);
		expect(sectors.level).toBe(2);
	});

	it('drops nothing of two sectors that fit into one', () => {
		const { thinning, run, content } = setUp([[0, seqs(1, 1, BOOT, 4)], [0, seqs(5, 1, 8, 3)]]);
		expect(run()).toBe(Outcome.Done);
		expect(content(2)).toEqual([...seqs(1, 1, BOOT, 4), ...seqs(5, 1, 8, 3)]);
		expect([thinning.dropped, thinning.droppedEarlier]).toEqual([0, 0]);
	});

	it('leaves out what is done, and keeps the readings before a hole, so that no range names what was delivered', () => {
		const { run, content, sectors } = setUp([[0, seqs(1)], [0, seqs(8)]]);
		sectors.finish(4);
		sectors.finish(8 + 3);
		expect(run()).toBe(Outcome.Done);
		expect(content(2)).toEqual([[BOOT, 2, 1], [BOOT, 3, 0], [BOOT, 6, 1], [BOOT, 8, 1], [BOOT, 9, 0], [BOOT, 12, 1], [BOOT, 14, 1]]);
	});

	it('keeps the last reading of each boot, drops more of the others, and counts by boot', () => {
		const { thinning, run, content } = setUp([[0, [...seqs(1, 1, 3, 4), ...seqs(1, 1, 4, 3)]], [0, [...seqs(1, 1, 5, 3), ...seqs(1, 1, 6, 1), ...seqs(1, 1, BOOT, 3)]]]);
		expect(run()).toBe(Outcome.Done);
		expect(content(2)).toEqual([[3, 4, 3], [4, 3, 2], [5, 3, 2], [6, 1, 0], [BOOT, 3, 2]]);
		expect([thinning.dropped, thinning.droppedEarlier]).toEqual([2, 7]);
	});

	it('counts none twice that was given up before', () => {
		const { thinning, run, sectors } = setUp([[0, seqs(1)], [0, seqs(8)]]);
		sectors.giveUp(1);
		const both = setUp([[0, seqs(1)], [0, seqs(8)]]);
		expect([run(), both.run()]).toEqual([Outcome.Done, Outcome.Done]);
		expect(thinning.dropped).toBe(both.thinning.dropped - 1);
	});

	it('says when nothing can be named: boots of one reading each, or no pair', () => {
		const lonely = (boot: number): Run[] => [...Array(7).keys()].map((k) => [boot + k, 1]);
		expect(setUp([[0, lonely(10)], [0, lonely(20)]]).run()).toBe(Outcome.Hopeless);
		expect(setUp([[0, seqs(1)]]).run()).toBe(Outcome.Hopeless);
		expect(setUp([]).run()).toBe(Outcome.Hopeless);
	});

	it('never lets a reading stand for more than a gap can say', () => {
		const far: Run[] = [[BOOT, 70_000, 65_535], [BOOT, 70_001], [BOOT, 70_002], [BOOT, 70_003], [BOOT, 70_004], [BOOT, 70_005], [BOOT, 70_006]];
		const { run, content } = setUp([[15, far], [15, seqs(70_007)]]);
		expect(run()).toBe(Outcome.Done);
		const kept = content(2);
		expect(kept[0]).toEqual([BOOT, 70_000, 65_535]);
		for (const [, , gap] of kept) expect(gap).toBeLessThanOrEqual(65_535);
		expect(kept.at(-1)![1]).toBe(70_013);
	});

	it('goes on at the next slot when one cannot be written, and says when the sector cannot be had', () => {
		const set = setUp([[0, seqs(1, 1, BOOT, 3)], [0, seqs(4, 1, BOOT, 3)]]);
		let writes = 0;
		set.flash.fails = (operation) => operation === 'write' && ++writes === 3;
		expect(set.run()).toBe(Outcome.Done);
		expect(set.content(2)).toEqual(seqs(1, 1, BOOT, 6));
		const other = setUp([[0, seqs(1)], [0, seqs(8)]]);
		other.flash.fails = (operation) => operation === 'erase';
		expect(other.run()).toBe(Outcome.Failed);
	});
});
