import { describe, expect, it } from 'vitest';
import { Reading } from '../../src/readings/reading.js';
import { Sectors, SectorState, Slot, SlotState } from '../../src/storage/sector.js';
import { journalFlash, PowerCut } from '../support/flash.js';

function setUp(sectorCount = 2, seed = 1) {
	const flash = journalFlash(sectorCount, 256, seed);
	const sectors = new Sectors(flash);
	const begin = (sector: number, serial: number) => sectors.clear(sector) && sectors.commit(sector, serial, serial * 10, serial * 10 + 1, 3, 1, Slot.NOWHERE);
	const reading = Object.assign(new Reading(), { seq: 1_000_007, boot: 0x7fff_fffe, time: 1_795_301_835, droppedFrom: 1_000_001, droppedTo: 1_000_006 });
	reading.numbers.set([-12_345, 45_678, 4_000_000]);
	Object.assign(reading, { group: 3, suspects: 0b100, list: 7 });
	return { flash, sectors, begin, reading };
}

/** The same as in the flash, but cut at each step in turn. */
function cuts(prepare: (set: ReturnType<typeof setUp>) => void, cut: (set: ReturnType<typeof setUp>) => void, check: (set: ReturnType<typeof setUp>, step: number) => void): number {
	for (let step = 0; ; step++) {
		const set = setUp(2, step + 1);
		prepare(set);
		set.flash.cutAt = set.flash.steps + step;
		try {
			cut(set);
			return step;
		} catch (error) {
			if (!(error instanceof PowerCut)) throw error;
		}
		set.flash.cutAt = Infinity;
		check(set, step);
	}
}

describe('a sector', () => {
	it('is free until it is committed, then says what it is until it is retired', () => {
		const { sectors, begin } = setUp();
		expect(sectors.readHeading(0)).toBe(SectorState.Free);
		begin(0, 7);
		expect(sectors.readHeading(1)).toBe(SectorState.Free);
		expect(sectors.readHeading(0)).toBe(SectorState.Alive);
		expect(sectors).toMatchObject({ serial: 7, first: 70, last: 71, level: 3, fromOne: 1, fromOther: Slot.NOWHERE });
		sectors.retire(0);
		expect(sectors.readHeading(0)).toBe(SectorState.Retired);
		expect(sectors.serial).toBe(7);
	});

	it('whose beginning is cut short is not alive, unless nothing that matters is missing', () => {
		const steps = cuts(() => {}, ({ begin }) => begin(0, 7), ({ sectors }, step) => {
			const found = sectors.readHeading(0);
			if (step < Slot.BYTES) expect(found).not.toBe(SectorState.Alive);
			if (found === SectorState.Alive) expect(sectors).toMatchObject({ serial: 7, first: 70, last: 71, level: 3, fromOne: 1, fromOther: Slot.NOWHERE });
		});
		expect(steps).toBeGreaterThan(Slot.BYTES + 1 + 4 + 4 + 12);
	});

	it('that was being cleared is never alive again, however much of it is left', () => {
		const prepare = ({ begin, sectors, reading }: ReturnType<typeof setUp>) => {
			begin(0, 7);
			for (let slot = 1; slot < 8; slot++) sectors.store(slot, reading, 7);
		};
		// The first step may have changed no bit yet.
		cuts(prepare, ({ sectors }) => sectors.clear(0), ({ sectors }, step) => {
			if (step > 0) expect([SectorState.Alive, SectorState.Retired]).not.toContain(sectors.readHeading(0));
		});
	});

	it('half erased is never alive again', () => {
		for (let seed = 1; seed <= 200; seed++) {
			const { flash, sectors, begin } = setUp(2, seed);
			begin(0, 7);
			flash.fails = (operation) => operation === 'erase';
			expect(sectors.clear(0)).toBe(false);
			expect([SectorState.Alive, SectorState.Retired]).not.toContain(sectors.readHeading(0));
		}
	});

	it('that is being retired is alive or retired, nothing else', () => {
		cuts(({ begin }) => begin(0, 7), ({ sectors }) => sectors.retire(0), ({ sectors }) => expect([SectorState.Alive, SectorState.Retired]).toContain(sectors.readHeading(0)));
	});

	it('of another version is foreign, of anything else damaged', () => {
		const { flash, sectors, begin } = setUp();
		begin(0, 7);
		flash.bytes[7] = 0;
		expect(sectors.readHeading(0)).toBe(SectorState.Foreign);
		flash.bytes[7] = 2;
		flash.bytes[9]! ^= 0x10;
		expect(sectors.readHeading(0)).toBe(SectorState.Damaged);
		flash.bytes[4] = 0x20;
		expect(sectors.readHeading(0)).toBe(SectorState.Damaged);
	});
});

describe('a slot', () => {
	it('gives back the reading with its boot and what was dropped before it, also after it was done', () => {
		const { sectors, reading } = setUp();
		expect(sectors.readSlot(3)).toBe(SlotState.Erased);
		expect(sectors.store(3, reading, 7)).toBe(true);
		expect(sectors.readSlot(3)).toBe(SlotState.Waiting);
		expect(sectors).toMatchObject({ boot: reading.boot, seq: reading.seq, gap: 6 });
		const back = new Reading();
		sectors.read(3, back);
		expect(back).toEqual(reading);
		expect(sectors.finish(3)).toBe(true);
		expect(sectors.readSlot(3)).toBe(SlotState.Done);
		sectors.read(3, back);
		expect(back).toEqual(reading);
	});

	it('can be copied with another gap', () => {
		const { sectors, reading } = setUp();
		sectors.store(3, reading, 7);
		sectors.copy(3, 12, 0);
		const back = new Reading();
		expect(sectors.readSlot(12)).toBe(SlotState.Waiting);
		sectors.read(12, back);
		expect(back).toEqual(Object.assign(reading, { droppedFrom: 0, droppedTo: 0 }));
	});

	it('that is being written holds the reading or nothing', () => {
		const steps = cuts(() => {}, ({ sectors, reading }) => sectors.store(3, reading, 7), ({ sectors, reading }, step) => {
			const found = sectors.readSlot(3);
			// The last bytes of a slot stay erased: once all that differs is there, so is the reading.
			expect(step < 24 ? [SlotState.Erased, SlotState.Damaged] : [SlotState.Erased, SlotState.Damaged, SlotState.Waiting]).toContain(found);
			if (found === SlotState.Waiting) expect(sectors.seq).toBe(reading.seq);
		});
		expect(steps).toBeGreaterThan(24);
	});

	it('that is being marked done is waiting or done, and can be marked again', () => {
		cuts(({ sectors, reading }) => void sectors.store(3, reading, 7), ({ sectors }) => sectors.finish(3), ({ sectors }) => {
			expect([SlotState.Waiting, SlotState.Done]).toContain(sectors.readSlot(3));
			expect(sectors.finish(3)).toBe(true);
			expect(sectors.readSlot(3)).toBe(SlotState.Done);
		});
	});

	it('that was given up has its number left, and what was dropped before it, also when copied', () => {
		const { sectors, reading } = setUp();
		sectors.store(3, reading, 7);
		expect(sectors.giveUp(3)).toBe(true);
		sectors.copy(3, 12, 2);
		const back = new Reading();
		for (const [slot, gap] of [[3, 6], [12, 2]]) {
			expect(sectors.readSlot(slot)).toBe(SlotState.Waiting);
			expect(sectors.givenUp).toBe(true);
			sectors.read(slot, back);
			expect(back).toMatchObject({ boot: reading.boot, seq: reading.seq, time: reading.time, droppedFrom: reading.seq - gap, droppedTo: reading.seq });
			expect([back.isEmpty, back.suspects, back.group]).toEqual([true, 0, 3]);
		}
		expect(sectors.finish(3)).toBe(true);
		expect(sectors.readSlot(3)).toBe(SlotState.Done);
	});

	it('that is being given up waits with its values or without, and can be given up again', () => {
		cuts(({ sectors, reading }) => void sectors.store(3, reading, 7), ({ sectors }) => sectors.giveUp(3), ({ sectors, reading }) => {
			expect(sectors.readSlot(3)).toBe(SlotState.Waiting);
			expect(sectors.seq).toBe(reading.seq);
			expect(sectors.giveUp(3)).toBe(true);
			expect([sectors.readSlot(3), sectors.givenUp]).toEqual([SlotState.Waiting, true]);
		});
	});

	it('that does not read back as it was written is not stored', () => {
		const { flash, sectors, reading } = setUp();
		flash.fails = () => true;
		expect(sectors.store(3, reading, 7)).toBe(false);
		expect(sectors.readSlot(3)).not.toBe(SlotState.Waiting);
		expect(sectors.faults).toBe(1);
	});
});
