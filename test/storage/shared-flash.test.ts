// A journal that an older firmware wrote over all of the flash but its last sector, for the names of channels, and one of today, which leaves the
// last sectors to the settings.
import { describe, expect, it } from 'vitest';
import { Limit } from '../../src/common/limits.js';
import { SettingsStore } from '../../src/settings/settings-store.js';
import { Sectors, SectorState } from '../../src/storage/sector.js';
import { random } from '../support/fakes.js';
import { type FakeFlash, journalFlash, PowerCut } from '../support/flash.js';
import { checkTrue, name, namedBy, Shelf, type Delivered } from '../support/shelf.js';

const COUNT = 10;
const SLOTS = 256 / 32 - 1;
const USABLE = COUNT - 2;

/** Readings of an older firmware: so many in each of its boots. */
function older(boots: readonly number[], seed = 1): { flash: FakeFlash; shelf: Shelf; taken: string[] } {
	const flash = journalFlash(COUNT, 256, seed);
	const shelf = new Shelf(flash);
	const taken: string[] = [];
	for (const count of boots) {
		shelf.start().fill(count);
		for (let seq = 1; seq <= count; seq++) taken.push(`${shelf.boot}/${seq}`);
	}
	return { flash, shelf, taken };
}

const alive = (flash: FakeFlash) => [...Array(COUNT).keys()].filter((sector) => new Sectors(flash).readHeading(sector) === SectorState.Alive);

const store = (flash: FakeFlash) => new SettingsStore(flash, {});

function expectAll(taken: readonly string[], delivered: readonly Delivered[]): void {
	checkTrue(delivered);
	expect([...delivered.map(name), ...namedBy(delivered)].sort()).toEqual([...taken].sort());
}

describe('a journal over all of the flash', () => {
	it('is read to its end, and its last sectors are begun no more', () => {
		const { flash, shelf, taken } = older([COUNT * SLOTS - 3 * SLOTS + 2, 9]);
		expect(alive(flash)).toContain(COUNT - 1);
		flash.settingsSectors = 2;
		// The first of them is for the names of the channels.
		const erasures = flash.erasures.slice(USABLE + 1);
		shelf.start().settle().connect();
		expectAll(taken, shelf.deliver());
		expect(shelf.waiting.journal!.alive).toBeLessThanOrEqual(1);
		shelf.disconnect().fill(5 * COUNT * SLOTS);
		expect([alive(flash).every((sector) => sector < USABLE), flash.erasures.slice(USABLE + 1)]).toEqual([true, erasures]);
		expect(shelf.log.lines.at(-1)).toBe(`flash journal: ${USABLE} sectors, ${alive(older([COUNT * SLOTS - 3 * SLOTS + 2, 9]).flash).length} with readings`);
	});

	it('that stopped in the last sector goes on in another', () => {
		// The first sectors were delivered, so the newest is the last one, half full.
		const { flash, shelf, taken } = older([(COUNT - 1) * SLOTS + 3 - SLOTS]);
		shelf.connect().deliver(3 * SLOTS);
		for (let extra = 0; alive(flash).at(-1)! < COUNT - 1; extra++) {
			shelf.disconnect().fill(1);
			taken.push(`1/${shelf.seq}`);
			expect(extra).toBeLessThan(30);
		}
		flash.settingsSectors = 2;
		const before = flash.bytes.slice((USABLE + 1) * 256);
		shelf.start().fill(5);
		for (let seq = 1; seq <= 5; seq++) taken.push(`2/${seq}`);
		expect(flash.bytes.slice((USABLE + 1) * 256)).toEqual(before);
		shelf.connect();
		const delivered = shelf.deliver();
		checkTrue(delivered);
		expect([...delivered.map(name), ...namedBy(delivered)]).toEqual(expect.arrayContaining(taken.slice(-10)));
	});

	it('loses no reading, however full it is and wherever its free sectors lie: all come, or are named as in any full flash', () => {
		let beyond = 0;
		for (let count = 1; count <= 2 * COUNT * SLOTS; count++) {
			const { flash, shelf, taken } = older([count]);
			flash.settingsSectors = 2;
			const free = USABLE - alive(flash).filter((sector) => sector < USABLE).length;
			if (free < Limit.JOURNAL_RESERVE) beyond++;
			// Commands at every stage: while the journal is looked through, then, and when more has been written.
			let kept: number | undefined;
			const keep = (intervalMs: number) => void (store(flash).keep({ intervalMs }, shelf.waiting) || (kept = intervalMs));
			shelf.start();
			for (let i = 0; i < 2; i++) keep(1_000 + i);
			shelf.settle();
			for (let i = 0; i < 2; i++) keep(2_000 + i);
			for (let stage = 0; stage < 2; stage++) {
				shelf.fill(2 * SLOTS);
				keep(3_000 + stage);
			}
			for (let seq = 1; seq <= 4 * SLOTS; seq++) taken.push(`2/${seq}`);
			shelf.connect();
			expect(store(flash).read().intervalMs).toBe(kept);
			const { dropped } = shelf.waiting;
			expectAll(taken, shelf.deliver());
			// Where there is room for four more sectors beside the reserve, nothing has to go.
			if (free >= 4 + Limit.JOURNAL_RESERVE + 1) expect(dropped + shelf.waiting.journal!.droppedEarlier, `${count} readings`).toBe(0);
			expect(shelf.waiting.count).toBe(0);
		}
		expect(beyond).toBeGreaterThan(5);
	});
});

describe('settings and readings in one flash', () => {
	it('take the place of old readings only when those are gone, and keep it', () => {
		const { flash, shelf, taken } = older([COUNT * SLOTS - 3 * SLOTS + 2, 9]);
		flash.settingsSectors = 2;
		shelf.start().settle();
		// One of the two held the names of the channels.
		expect(store(flash).keep({ intervalMs: 15_000 }, shelf.waiting)).toBe('');
		const before = flash.bytes.slice();
		expect(store(flash).keep({ intervalMs: 20_000 }, shelf.waiting)).toMatch(/readings/);
		expect(flash.bytes).toEqual(before);
		shelf.connect();
		expectAll(taken, shelf.deliver());
		expect(store(flash).keep({ intervalMs: 20_000 }, shelf.waiting)).toBe('');
		for (let boot = 0; boot < 6; boot++) shelf.start().fill(3 * COUNT * SLOTS);
		expect(store(flash).read()).toEqual({ intervalMs: 20_000 });
	});

	it('never bring a sector back to life that was delivered, when the power goes while it is erased', () => {
		const { flash, shelf } = older([COUNT * SLOTS - 3 * SLOTS + 2, 9]);
		flash.settingsSectors = 2;
		shelf.start().settle().connect().deliver();
		expect(alive(flash).filter((sector) => sector >= USABLE)).toEqual([]);
		flash.erase = (sector) => {
			// Only what said that it was delivered.
			flash.bytes[sector * 256 + 31] = 0xff;
			throw new PowerCut();
		};
		expect(() => store(flash).keep({ intervalMs: 20_000 }, shelf.waiting)).toThrow(PowerCut);
		expect(alive(flash).filter((sector) => sector >= USABLE)).toEqual([]);
	});

	it('stay where they are though an older firmware filled all but them', () => {
		const { flash, shelf } = older([]);
		flash.settingsSectors = 2;
		for (const intervalMs of [20_000, 30_000]) store(flash).keep({ intervalMs });
		flash.settingsSectors = 0;
		shelf.start().fill(USABLE * SLOTS);
		expect(alive(flash)).toEqual([...Array(USABLE).keys()]);
		flash.settingsSectors = 2;
		shelf.start().fill(3 * SLOTS);
		expect(store(flash).read()).toEqual({ intervalMs: 30_000 });
		// There is nothing to thin into: the oldest goes whole, and is counted.
		const delivered = shelf.connect().deliver();
		checkTrue(delivered);
		expect(delivered.length + shelf.waiting.journal!.droppedEarlier + shelf.waiting.dropped).toBe((USABLE + 3) * SLOTS);
	});

	it('lose nothing of each other in random lives with power cuts', () => {
		for (let seed = 1; seed <= 25; seed++) {
			const chance = random(seed);
			const { flash, shelf, taken } = older([Math.floor(chance() * 3 * COUNT * SLOTS), Math.floor(chance() * 20)], seed);
			flash.settingsSectors = 2;
			const came = new Map<string, Delivered>();
			let interval: number | undefined;
			for (let life = 0; life < 12; life++) {
				flash.cutAt = flash.steps + Math.floor(chance() * 400);
				let asked = interval;
				try {
					shelf.start().settle();
					for (let i = Math.floor(chance() * 30); i > 0; i--) {
						shelf.take();
						shelf.settle();
						taken.push(`${shelf.boot}/${shelf.seq}`);
					}
					asked = 1_000 + Math.floor(chance() * 1_000_000);
					if (store(flash).keep({ intervalMs: asked }, shelf.waiting)) asked = interval;
					else interval = asked;
					if (chance() < 0.5) shelf.connect().deliver(Math.floor(chance() * 60), (one) => void came.set(name(one), one));
				} catch (cut) {
					if (!(cut instanceof PowerCut)) throw cut;
					flash.cutAt = Infinity;
				}
				const found = store(flash).read().intervalMs as number | undefined;
				expect([interval, asked], `seed ${seed}`).toContain(found);
				interval = found;
			}
			flash.cutAt = Infinity;
			shelf.start().settle().connect();
			for (const one of shelf.deliver()) came.set(name(one), one);
			const known = new Set([...came.keys(), ...namedBy([...came.values()])]);
			// What was taken but not yet in flash when the power went is lost with RAM: one reading a boot at the most.
			const missing = taken.filter((each) => !known.has(each));
			expect(missing, `seed ${seed}`).toEqual([]);
		}
	});
});
