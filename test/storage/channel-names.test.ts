// Names of channels outlive changes of the settings, restarts and power cuts, as long as a reading needs them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Part } from '../../src/common/ports.js';
import { FakeFlash, journalFlash, PowerCut } from '../support/flash.js';
import { connected, row, two } from '../support/parts.js';
import { checkTrue, Shelf, type Delivered } from '../support/shelf.js';

const SHT3X = row('sht3x', ['temperature', 'humidity']);
const named = (name: string): Part[] => connected({ row: SHT3X, name });
const namesOf = (name: string) => [`${name}_temperature`, `${name}_humidity`];
/** Slots of a sector of 256 bytes: so many short lists. */
const LISTS = 8;

/** Boots one after the other, each with so many readings and these parts. */
function boots(shelf: Shelf, ...lives: readonly (readonly [Part[], number])[]): Shelf {
	for (const [parts, count] of lives) {
		shelf.parts = parts;
		shelf.start().fill(count);
	}
	return shelf;
}

function shelfOn(flash: FakeFlash): Shelf {
	const shelf = new Shelf(flash);
	shelf.naming = true;
	return shelf;
}

const delivered = (shelf: Shelf): Delivered[] => {
	const all = shelf.settle().connect().deliver();
	checkTrue(all);
	return all;
};

/** Each of the fifth readings has no humidity. */
const present = (names: readonly string[], seq: number) => (seq % 5 ? names : names.slice(0, 1));

describe('the names of channels', () => {
	it('of readings from before a change of the settings are those of before', () => {
		const shelf = boots(shelfOn(journalFlash(12)), [two(), 9], [named('attic'), 9], [named('cellar'), 4]).start();
		const all = delivered(shelf);
		expect(all.length).toBe(22);
		for (const { boot, seq, names } of all) expect(names).toEqual(present([['temperature', 'humidity'], namesOf('attic'), namesOf('cellar')][boot - 1]!, seq));
	});

	it('take flash only where they changed, whatever else restarts', () => {
		const flash = journalFlash(12);
		const shelf = boots(shelfOn(flash), [two(), 5]);
		const table = () => flash.bytes.slice(12 * 256);
		const before = table();
		expect(before.filter((byte) => byte !== 0xff).length).toBeGreaterThan(20);
		boots(shelf, [two(), 30], [two(), 1]);
		expect(table()).toEqual(before);
		boots(shelf, [named('attic'), 1]);
		expect(table()).not.toEqual(before);
	});

	it('are written with the first reading that goes to flash, not before', () => {
		const flash = journalFlash(12);
		const shelf = shelfOn(flash).start().settle().connect();
		for (let i = 0; i < 3; i++) shelf.take();
		shelf.settle();
		expect(flash.steps).toBe(0);
	});

	it('of twelve channels with the longest names come back, whichever is asked for', () => {
		const flash = journalFlash(12, 4_096);
		const names = ['abcdefghijkl', 'bcdefghijklm', 'cdefghijklmn', 'defghijklmno'];
		const parts = connected(...names.map((name) => ({ row: row('x', ['temperature', 'temperature', 'humidity']), name })));
		const shelf = shelfOn(flash);
		shelf.parts = parts;
		shelf.start();
		shelf.groupOf = (seq) => seq - 1;
		shelf.fill(4);
		shelf.parts = two();
		const all = delivered(shelf.start());
		expect(all.map((each) => each.names)).toEqual(names.map((name) => [`${name}_temperature`, `${name}_temperature`]));
	});

	it('go by their places where their list is damaged, and the readings are delivered all the same', () => {
		const flash = journalFlash(12);
		const shelf = boots(shelfOn(flash), [named('attic'), 3], [named('cellar'), 3], [two(), 3]);
		// The second list is in two slots of the table.
		flash.bytes[12 * 256 + 2 * 32 + 9]! ^= 1;
		const all = delivered(shelf.start());
		expect(all.map(({ names }) => names)).toEqual([
			...Array(3).fill(namesOf('attic')), ...Array(3).fill(['channel1', 'channel2']), ...Array(3).fill(['temperature', 'humidity']),
		]);
	});

	it('that find the table full go by their places after a restart, said once; it is begun anew when nothing waits', () => {
		const flash = journalFlash(40);
		const shelf = shelfOn(flash);
		const lives = [...Array(LISTS / 2 + 2).keys()].map((k) => [named(`part-${k}`), 2] as const);
		boots(shelf, ...lives);
		expect(shelf.log.lines.filter((line) => line.startsWith('the names of the channels cannot be kept'))).toHaveLength(2);
		const all = delivered(boots(shelf, [two(), 0]));
		expect(all.map(({ names }) => names)).toEqual(lives.flatMap((_each, k) => Array(2).fill(k < LISTS / 2 ? namesOf(`part-${k}`) : ['channel1', 'channel2'])));
		// Now nothing waits.
		const erasures = flash.erasures[40]!;
		shelf.disconnect().fill(3);
		expect(flash.erasures[40]).toBe(erasures + 1);
		const after = delivered(boots(shelf, [named('attic'), 2], [two(), 0]));
		expect(after.map(({ names }) => names)).toEqual([...Array(3).fill(['temperature', 'humidity']), ...Array(2).fill(namesOf('attic'))]);
	});

	it('are kept at once where another firmware left something in their sector', () => {
		for (const value of [0, 0x55, 0xff]) {
			const flash = journalFlash(12);
			flash.bytes.fill(value, 12 * 256);
			const all = delivered(boots(shelfOn(flash), [named('attic'), 3], [two(), 0]));
			expect(all.map(({ names }) => names)).toEqual(Array(3).fill(namesOf('attic')));
		}
	});

	it('are tried elsewhere in the sector where flash does not take them', () => {
		const flash = journalFlash(12);
		let failures = 1;
		flash.fails = (operation, sector) => sector === 12 && operation === 'write' && failures-- > 0;
		const all = delivered(boots(shelfOn(flash), [named('attic'), 3], [two(), 0]));
		expect(all.map(({ names }) => names)).toEqual(Array(3).fill(namesOf('attic')));
	});
});

describe('a power cut while names are written', () => {
	const lives: readonly (readonly [Part[], number])[] = [[two(), 3], [named('attic'), 3], [named('cellar'), 2]];
	const right = (boot: number, seq: number) => present([['temperature', 'humidity'], namesOf('attic'), namesOf('cellar')][boot - 1]!, seq);

	it('at any byte leaves each reading that is kept its right names', () => {
		const whole = journalFlash(8);
		boots(new Shelf(whole), ...lives);
		for (let k = 0; k < whole.steps; k++) {
			const shelf = shelfOn(journalFlash(8, 256, k + 1));
			shelf.flash.cutAt = k;
			expect(() => boots(shelf, ...lives)).toThrow(PowerCut);
			shelf.flash.cutAt = Infinity;
			const kept = shelf.seq - 1;
			const boot = shelf.boot;
			// The boot that was cut short goes on with the same parts.
			shelf.boot = 8;
			shelf.start().fill(2);
			shelf.parts = named('last');
			const all = delivered(shelf.start());
			for (const { boot: of, seq, names } of all) expect(names, `step ${k}: ${of}/${seq}`).toEqual(of === 9 ? present(right(boot, 1), seq) : right(of, seq));
			expect(all.filter((each) => each.boot === boot).length, `step ${k}`).toBeGreaterThanOrEqual(kept);
			expect(all.filter((each) => each.boot === 9).length, `step ${k}`).toBe(2);
		}
	});

	it('at random moments of random lives never gives a reading a name that it did not have', () => {
		const lists = [two(), named('attic'), named('cellar'), named('shed'), connected({ row: SHT3X, name: 'abcdefghijkl' }, { row: SHT3X, name: 'bcdefghijklm' })];
		const life = fc.record({ list: fc.nat(lists.length - 1), count: fc.nat(20), cut: fc.nat(1_500), delivers: fc.boolean() });
		fc.assert(fc.property(fc.array(life, { minLength: 2, maxLength: 12 }), fc.integer(), (all, seed) => {
			const shelf = shelfOn(journalFlash(10, 256, seed));
			const takenBy = new Map<number, number>();
			const check = (one: Delivered, done: boolean) => {
				if (done) return;
				const list = takenBy.get(one.boot)!;
				const names = list === 0 ? ['temperature', 'humidity'] : namesOf(lists[list]![0]!.name);
				expect([present(names, one.seq), present(['channel1', 'channel2'], one.seq)]).toContainEqual(one.names);
			};
			const attempt = (action: () => void) => {
				try {
					action();
				} catch (error) {
					if (!(error instanceof PowerCut)) throw error;
				}
				shelf.flash.cutAt = Infinity;
			};
			for (const { list, count, cut, delivers } of all) {
				shelf.parts = lists[list]!;
				takenBy.set(shelf.boot + 1, list);
				shelf.flash.cutAt = shelf.flash.steps + cut;
				attempt(() => {
					shelf.start().fill(count);
					if (delivers) shelf.connect().deliver(Infinity, check);
				});
			}
			takenBy.set(shelf.boot + 1, 0);
			shelf.parts = two();
			shelf.start().settle().connect().deliver(Infinity, check);
		}), { seed: 20_261, numRuns: 150 });
	});
});
