import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CERTIFICATE_SECTORS } from '../../src/certificates/certificates.js';
import { Limit } from '../../src/common/limits.js';
import { random } from '../support/fakes.js';
import { type FakeFlash, journalFlash, PowerCut } from '../support/flash.js';
import { checkTrue, name, namedBy, Shelf, type Delivered } from '../support/shelf.js';

const SLOTS = 256 / 32 - 1;
/** Beside the one of the names. */
const SECTORS_MIN = Limit.JOURNAL_SECTORS_MIN - 1;
const erasures = (flash: FakeFlash) => flash.erasures.slice(0, -1);

describe('readings in flash', () => {
	it('survive a reboot, and are delivered with their own boot, in order, to the digit', () => {
		const shelf = new Shelf(journalFlash(8)).start().fill(20).start().fill(5).start().settle().connect();
		const delivered = shelf.deliver();
		checkTrue(delivered);
		expect(delivered.map(name)).toEqual([...Array(20).keys()].map((k) => `1/${k + 1}`).concat([...Array(5).keys()].map((k) => `2/${k + 1}`)));
		expect(delivered.every(({ dropped }) => !dropped)).toBe(true);
		expect(shelf.waiting.deliveredEarlier).toBe(25);
		expect(shelf.start().settle().connect().deliver()).toEqual([]);
	});

	it('are delivered before those in RAM, and these after them', () => {
		const shelf = new Shelf(journalFlash(8)).start().fill(9);
		shelf.disconnect();
		shelf.clock.time -= 299_000;
		shelf.connect();
		for (let i = 0; i < 3; i++) shelf.take();
		shelf.waiting.linkDown(shelf.clock.time);
		shelf.waiting.linkUp();
		expect(shelf.deliver().map(({ seq }) => seq)).toEqual([...Array(12).keys()].map((k) => k + 1));
		expect([shelf.waiting.count, shelf.waiting.delivered]).toEqual([0, 12]);
	});

	it('of the same boot get their time when the date comes; those of an earlier boot keep their uptime', () => {
		const shelf = new Shelf(journalFlash(8)).start().fill(3).start().fill(2);
		shelf.clock.unix = 1_795_000_000;
		shelf.connect();
		const delivered = shelf.deliver();
		expect(delivered.map(({ time }) => time)).toEqual([0, 0, 0, 1_795_000_301, 1_795_000_302]);
		expect(delivered.map(({ uptime }) => uptime).slice(0, 3)).toEqual([301, 302, 303]);
	});

	it('keep the time that they were given when they were taken', () => {
		const shelf = new Shelf(journalFlash(8)).start();
		shelf.clock.unix = 1_795_000_000;
		shelf.fill(2).start().settle().connect();
		expect(shelf.deliver().map(({ time }) => time)).toEqual([1_795_000_300, 1_795_000_300]);
	});

	it('that were on their way when power went are sent again, those acknowledged are not', () => {
		const shelf = new Shelf(journalFlash(8)).start().fill(12).connect();
		shelf.deliver(5);
		shelf.sent(0, shelf.next());
		shelf.sent(1, shelf.next());
		expect(shelf.start().settle().connect().deliver().map(({ seq }) => seq)).toEqual([6, 7, 8, 9, 10, 11, 12]);
	});

	it('are not sent twice when the link comes and goes while they are on their way', () => {
		const shelf = new Shelf(journalFlash(8)).start().fill(5).connect();
		shelf.sent(0, shelf.next());
		shelf.disconnect().settle().connect();
		expect(shelf.deliver().map(({ seq }) => seq)).toEqual([2, 3, 4, 5]);
		expect(shelf.waiting.count).toBe(1);
	});

	it('that move to flash while they are on their way are acknowledged there', () => {
		const shelf = new Shelf(journalFlash(8)).start().connect();
		for (let i = 0; i < 3; i++) shelf.take();
		shelf.sent(0, shelf.waiting.nextLive());
		shelf.sent(1, shelf.waiting.nextLive());
		shelf.disconnect().settle();
		expect(shelf.waiting.journal!.written).toBe(3);
		shelf.connect();
		shelf.acknowledged(1);
		expect(shelf.deliver().map(({ seq }) => seq)).toEqual([3]);
		expect(shelf.start().settle().connect().deliver().map(({ seq }) => seq)).toEqual([1]);
	});

	it('of a sector that begins with one acknowledged early are still delivered', () => {
		const shelf = new Shelf(journalFlash(8)).start().connect();
		for (let i = 0; i < 4; i++) shelf.take();
		shelf.sent(0, shelf.waiting.nextLive());
		shelf.disconnect().settle().connect();
		shelf.acknowledged(0);
		expect(shelf.deliver().map(({ seq }) => seq)).toEqual([2, 3, 4]);
	});

	it('are written only while the link is down, and not in a short outage', () => {
		const shelf = new Shelf(journalFlash(8), 15 * 40).start().settle().connect();
		for (let i = 0; i < 5; i++) shelf.take();
		shelf.settle();
		shelf.waiting.linkDown(shelf.clock.time);
		shelf.clock.time += 59_000;
		expect(shelf.waiting.poll(shelf.clock.time)).toBe(shelf.clock.time + 1_000);
		expect(shelf.flash.steps).toBe(0);
		shelf.clock.time += 1_000;
		shelf.settle();
		expect(shelf.waiting.journal!.written).toBe(5);
	});

	it('are written at once when the ring is three quarters full', () => {
		const shelf = new Shelf(journalFlash(8), 150).start().settle().connect();
		shelf.waiting.linkDown(shelf.clock.time);
		for (let i = 0; i < 7; i++) shelf.take();
		shelf.settle();
		expect(shelf.waiting.journal!.written).toBe(0);
		shelf.take();
		shelf.take();
		shelf.settle();
		expect(shelf.waiting.journal!.written).toBeGreaterThanOrEqual(SLOTS);
	});
});

describe('a full flash', () => {
	/** How much further than capacity; each must be accounted for, and lie evenly. */
	it.each([1, 2, 3.3, 7.9, 40])('takes %f times what it holds: the oldest are thinned evenly, and each that went is named once', (times) => {
		const sectors = 16;
		const count = Math.floor(times * (sectors - Limit.JOURNAL_RESERVE) * SLOTS);
		const shelf = new Shelf(journalFlash(sectors)).start().fill(count).connect();
		const { waiting } = shelf;
		expect(waiting.count + waiting.dropped).toBe(count);
		const dropped = waiting.dropped;
		const delivered = shelf.deliver();
		checkTrue(delivered);
		const named = namedBy(delivered);
		expect(named.length).toBe(dropped);
		expect([...named, ...delivered.map(name)].sort()).toEqual([...Array(count).keys()].map((k) => `1/${k + 1}`).sort());
		expect([waiting.delivered, waiting.count]).toEqual([delivered.length, 0]);
		// At least a third of the flash is in use however long it lasts.
		expect(delivered.length).toBeGreaterThanOrEqual(Math.min(count, ((sectors - Limit.JOURNAL_RESERVE) * SLOTS) / 3));
	});

	it('keeps readings apart within a factor of two over the whole outage, but for the youngest', () => {
		for (const times of [1.5, 3, 5.2, 9, 20]) {
			const sectors = 40;
			const count = Math.floor(times * (sectors - Limit.JOURNAL_RESERVE) * SLOTS);
			const shelf = new Shelf(journalFlash(sectors)).start().fill(count).connect();
			const delivered = shelf.deliver();
			const old = delivered.slice(0, -6 * SLOTS);
			// Over stretches of two sectors' worth: the ends of sectors always stay.
			const widths: number[] = [];
			for (let k = 0; k + 2 * SLOTS < old.length; k += 2 * SLOTS) widths.push(old[k + 2 * SLOTS]!.seq - old[k]!.seq);
			expect(Math.max(...widths) / Math.min(...widths), `${times} times`).toBeLessThanOrEqual(2.5);
		}
	});

	it.each([
		['that take turns', (seq: number) => seq % 4],
		['of which one comes seldom', (seq: number) => (seq % 50 ? seq % 2 : 2)],
		['of which one comes once in a while, by chance', (seq: number) => ((seq * 7_919) % 31 ? 0 : 3)],
	])('thins groups of channels %s each for itself: none is lost for the others, and each stays even', (_how, groupOf) => {
		const sectors = 24;
		const count = 5 * sectors * SLOTS;
		const shelf = new Shelf(journalFlash(sectors));
		shelf.groupOf = groupOf;
		const delivered = shelf.start().fill(count).connect().deliver();
		checkTrue(delivered);
		for (const { seq, group } of delivered) expect(group).toBe(groupOf(seq));
		const named = namedBy(delivered);
		expect(new Set([...delivered.map(name), ...named]).size).toBe(count);
		expect(named.length).toBe(shelf.waiting.dropped);
		const of = (group: number, all: readonly number[]) => all.filter((seq) => groupOf(seq) === group);
		const taken = [...Array(count).keys()].map((k) => k + 1);
		const came = delivered.map(({ seq }) => seq);
		const shares = [0, 1, 2, 3].flatMap((group) => (of(group, taken).length ? [of(group, came).length / of(group, taken).length] : []));
		const share = came.length / count;
		for (const each of shares) expect(each, shares.join(', ')).toBeGreaterThan(0.55 * share);
		// Of no group a stretch is gone that is out of proportion.
		for (const group of [0, 1, 2, 3]) {
			const [all, kept] = [of(group, taken), of(group, came)];
			for (let k = 1; k < kept.length; k++) {
				const between = all.indexOf(kept[k]!) - all.indexOf(kept[k - 1]!);
				expect(between, `group ${group} from ${kept[k - 1]} to ${kept[k]}`).toBeLessThanOrEqual(Math.ceil(8 / share));
			}
		}
	});

	it('names across boots only what is of the same boot', () => {
		const shelf = new Shelf(journalFlash(8));
		const taken: string[] = [];
		for (let boot = 1; boot <= 12; boot++) {
			shelf.start().fill(11);
			for (let seq = 1; seq <= 11; seq++) taken.push(`${boot}/${seq}`);
		}
		const delivered = shelf.start().settle().connect().deliver();
		checkTrue(delivered);
		expect([...delivered.map(name), ...namedBy(delivered)].sort()).toEqual(taken.sort());
	});

	it('of nothing but boots of one reading gives up the oldest, counted', () => {
		const shelf = new Shelf(journalFlash(6));
		let dropped = 0;
		for (let boot = 1; boot <= 60; boot++) {
			shelf.start().fill(1);
			dropped += shelf.waiting.journal!.droppedEarlier + shelf.waiting.journal!.dropped;
		}
		const delivered = shelf.start().settle().connect().deliver();
		checkTrue(delivered);
		expect(delivered.length + dropped).toBe(60);
		expect(delivered.at(-1)!.boot).toBe(60);
	});

	it('is given back as it is delivered, and erased evenly over many fills', () => {
		const flash = journalFlash(16);
		const shelf = new Shelf(flash);
		const chance = random(7);
		for (let boot = 0; boot < 120; boot++) {
			shelf.start().fill(Math.floor(chance() * 150)).connect();
			if (boot % 3) shelf.deliver();
			else shelf.deliver(Math.floor(chance() * 60));
		}
		expect(Math.min(...erasures(flash))).toBeGreaterThan(30);
		expect(Math.max(...erasures(flash)) - Math.min(...erasures(flash))).toBeLessThanOrEqual(0.2 * Math.max(...erasures(flash)));
	});

	it.each([[4, 2.5], [100, 3]])('wears within bounds in an outage %d times as long as flash is large, all old readings kept where they are', (times, ratio) => {
		const flash = journalFlash(20);
		new Shelf(flash).start().fill(times * 20 * SLOTS);
		const total = flash.erasures.reduce((sum, each) => sum + each);
		// Two erasures for each sector's worth of readings: one to write them, one to thin.
		expect(total).toBeLessThanOrEqual(2.1 * times * 20);
		expect(Math.max(...erasures(flash)) / (total / 20)).toBeLessThanOrEqual(ratio);
	});
});

describe('the capacity', () => {
	it('is what docs/storage.md says', () => {
		const figures = [...readFileSync(new URL('../../docs/storage.md', import.meta.url), 'utf8').matchAll(/\| (ESP8266|ESP32)[^|]*\| (\d+) \| ([\d,]+) \| (\d+) days/g)];
		expect(figures.map(([, chip]) => chip)).toEqual(['ESP8266', 'ESP32']);
		for (const [, chip, sectors, readings, days] of figures) {
			expect(Number(sectors), chip).toBe((chip === 'ESP8266' ? 0x2f9000 : 0x90000) / 4096 - Limit.SETTINGS_SECTORS - 1 - (chip === 'ESP32' ? CERTIFICATE_SECTORS : 0));
			const holds = (Number(sectors) - Limit.JOURNAL_RESERVE) * (4096 / 32 - 1);
			expect(readings, chip).toBe(holds.toLocaleString('en'));
			expect(Number(days), chip).toBe(Math.floor(holds / (24 * 60)));
		}
	});

	it('of a NodeMCU is reached before the first reading goes: more than 30 days at one a minute', () => {
		const flash = journalFlash(760, 4096);
		flash.settingsSectors = Limit.SETTINGS_SECTORS;
		const shelf = new Shelf(flash, Limit.RING_BYTES).start();
		const holds = (758 - Limit.JOURNAL_RESERVE) * 127;
		while (shelf.seq + 64 <= holds) {
			for (let i = 0; i < 64; i++) shelf.take();
			shelf.settle();
		}
		expect(shelf.waiting.dropped).toBe(0);
		expect(shelf.waiting.journal!.written).toBe(shelf.seq);
		expect(shelf.seq).toBeGreaterThan(30 * 24 * 60);
		while (shelf.seq < holds + 128) {
			shelf.take();
			shelf.settle();
		}
		expect(shelf.waiting.dropped).toBeGreaterThan(0);
		expect(shelf.waiting.count + shelf.waiting.dropped).toBe(shelf.seq);
	});
});

describe('short outages', () => {
	it('use one sector after the other, also when the node restarts between them', () => {
		const flash = journalFlash(12);
		const shelf = new Shelf(flash);
		for (let outage = 0; outage < 240; outage++) {
			shelf.start().fill(9).connect();
			expect(shelf.deliver().length).toBe(9);
		}
		expect(Math.max(...erasures(flash)) - Math.min(...erasures(flash))).toBeLessThanOrEqual(2);
	});
});

/** Fills, thins, delivers a part, reboots, fills again. Told of what is certain as it happens. */
function script(shelf: Shelf, ledger: Ledger): void {
	const fill = (count: number) => {
		for (let i = 0; i < count; i++) {
			ledger.taken.add(`${shelf.boot}/${shelf.take()}`);
			shelf.settle();
			ledger.kept.add(`${shelf.boot}/${shelf.seq}`);
		}
	};
	shelf.start();
	fill(18);
	shelf.connect();
	shelf.deliver(4, ledger.acknowledging);
	shelf.disconnect();
	fill(20);
	shelf.start();
	fill(14);
	shelf.connect();
	shelf.deliver(15, ledger.acknowledging);
	shelf.disconnect();
	fill(4);
}

class Ledger {
	readonly taken = new Set<string>();
	/** In flash for certain, since put() and the loop came back. */
	readonly kept = new Set<string>();
	readonly acknowledged = new Set<string>();
	/** Was being acknowledged when the power went. */
	between = '';
	readonly named: string[] = [];
	readonly acknowledging = (one: Delivered, done: boolean) => {
		if (!done) {
			// The broker has it, and so do its subscribers, whatever becomes of the note that is made of it.
			this.between = name(one);
			this.named.push(...namedBy([one]));
		} else {
			this.between = '';
			this.acknowledged.add(name(one));
		}
	};
}

/** True if the power was cut within `action`. */
function cutWithin(action: () => void): boolean {
	try {
		action();
		return false;
	} catch (error) {
		if (error instanceof PowerCut) return true;
		throw error;
	}
}

function checkAfter(shelf: Shelf, ledger: Ledger): void {
	const delivered = shelf.connect().deliver();
	checkTrue(delivered);
	const came = new Set(delivered.map(name));
	const named = new Set([...ledger.named, ...namedBy(delivered)]);
	// One question for all of them: an expect() for each would take most of the time.
	const wrong: string[] = [];
	for (const each of came) {
		if (!ledger.taken.has(each)) wrong.push(`${each} was never taken`);
		if (ledger.acknowledged.has(each)) wrong.push(`${each} was acknowledged and came again`);
		if (named.has(each)) wrong.push(`${each} came and is named as dropped`);
	}
	for (const each of named) if (!ledger.taken.has(each) || ledger.acknowledged.has(each)) wrong.push(`${each} is named as dropped`);
	for (const each of ledger.kept) {
		if (!came.has(each) && !ledger.acknowledged.has(each) && !named.has(each) && each !== ledger.between) wrong.push(`${each} is lost`);
	}
	expect(wrong).toEqual([]);
	// And it goes on: what is taken now survives the next boot.
	shelf.disconnect().fill(10).start().settle().connect();
	const after = shelf.deliver();
	checkTrue(after);
	expect(after.length).toBe(10);
}

describe('a power cut', () => {
	const sectors = SECTORS_MIN + 1;
	const whole = new Shelf(journalFlash(sectors));
	script(whole, new Ledger());
	const steps = whole.flash.steps;

	it('is tried where there is something to cut: writes, erasures, thinning', () => {
		expect(steps).toBeGreaterThan(1_500);
		expect(whole.flash.erasures.reduce((sum, each) => sum + each)).toBeGreaterThan(10);
		expect(whole.waiting.journal!.droppedEarlier + whole.waiting.journal!.dropped).toBeGreaterThan(0);
	});

	it('at any byte of a write and within any erasure loses nothing that was kept, and invents nothing', () => {
		for (let k = 0; k < steps; k++) {
			const shelf = new Shelf(journalFlash(sectors, 256, k + 1));
			const ledger = new Ledger();
			shelf.flash.cutAt = k;
			expect(cutWithin(() => script(shelf, ledger)), `step ${k} was not reached`).toBe(true);
			shelf.flash.cutAt = Infinity;
			shelf.boot = Math.max(shelf.boot, 2);
			shelf.start().settle();
			checkAfter(shelf, ledger);
		}
	});

	it('within the recovery from a power cut loses nothing either', () => {
		let recoveries = 0;
		for (let k = 0; k < steps; k++) {
			for (let j = 0; ; j++) {
				const shelf = new Shelf(journalFlash(sectors, 256, 1_000 * k + j + 1));
				const ledger = new Ledger();
				shelf.flash.cutAt = k;
				cutWithin(() => script(shelf, ledger));
				shelf.flash.cutAt = shelf.flash.steps + j;
				shelf.boot = Math.max(shelf.boot, 2);
				const cutAgain = cutWithin(() => shelf.start().settle());
				if (!cutAgain) break;
				recoveries++;
				shelf.flash.cutAt = Infinity;
				shelf.start().settle();
				checkAfter(shelf, ledger);
			}
		}
		expect(recoveries).toBeGreaterThan(10);
	});

	it('at random moments of a random life, again and again, loses nothing', () => {
		const action = fc.oneof(
			{ weight: 6, arbitrary: fc.record({ fill: fc.integer({ min: 1, max: 30 }) }) },
			{ weight: 3, arbitrary: fc.record({ deliver: fc.integer({ min: 1, max: 40 }) }) },
			{ weight: 2, arbitrary: fc.constant({ reboot: true }) },
			{ weight: 4, arbitrary: fc.record({ cut: fc.integer({ min: 0, max: 900 }) }) },
		);
		fc.assert(fc.property(fc.array(action, { minLength: 3, maxLength: 25 }), fc.integer({ min: SECTORS_MIN, max: 14 }), fc.integer(), (actions, count, seed) => {
			const shelf = new Shelf(journalFlash(count, 256, seed)).start();
			const ledger = new Ledger();
			const doubtful = new Set<string>();
			const attempt = (what: () => void) => {
				if (!cutWithin(what)) return;
				if (ledger.between) doubtful.add(ledger.between);
				ledger.between = '';
				shelf.flash.cutAt = Infinity;
				shelf.start();
			};
			for (const each of actions) {
				if ('cut' in each) shelf.flash.cutAt = shelf.flash.steps + each.cut;
				else if ('reboot' in each) shelf.start();
				else if ('fill' in each) {
					attempt(() => {
						for (let i = 0; i < each.fill; i++) {
							ledger.taken.add(`${shelf.boot}/${shelf.take()}`);
							shelf.settle();
							ledger.kept.add(`${shelf.boot}/${shelf.seq}`);
						}
					});
				} else {
					attempt(() => {
						shelf.settle().connect().deliver(each.deliver, ledger.acknowledging);
						shelf.disconnect();
					});
				}
			}
			shelf.flash.cutAt = Infinity;
			shelf.start().settle();
			// An acknowledgement that the power cut short may have held, or the reading comes again.
			for (const each of doubtful) ledger.kept.delete(each);
			checkAfter(shelf, ledger);
		}), { seed: 20_261, numRuns: 400 });
	});
});

describe('bad flash', () => {
	const noise = (flash: FakeFlash, seed: number) => {
		const chance = random(seed);
		for (let i = 0; i < flash.bytes.length; i++) flash.bytes[i] = Math.floor(chance() * 256);
	};

	it.each([1, 2, 3, 4, 5])('full of random bytes (seed %i) is discarded, counted, and used', (seed) => {
		const flash = journalFlash(12);
		noise(flash, seed);
		const shelf = new Shelf(flash).start().settle();
		expect(shelf.log.last).toBe('flash journal: 12 sectors, 0 with readings, 12 unreadable discarded');
		expect(shelf.waiting.journal!.discarded).toBe(12);
		const delivered = shelf.fill(30).start().settle().connect().deliver();
		checkTrue(delivered);
		expect(delivered.length).toBe(30);
	});

	it.each([0x00, 0x55, 0xaa, 0xff])('full of bytes %i is used', (value) => {
		const flash = journalFlash(12);
		flash.bytes.fill(value);
		expect(new Shelf(flash).start().fill(30).start().settle().connect().deliver().length).toBe(30);
	});

	it('of another version is discarded, and that is said', () => {
		const flash = journalFlash(12);
		new Shelf(flash).start().fill(17);
		for (let sector = 0; sector < 12; sector++) if (flash.bytes[sector * 256 + 7] === 2) flash.bytes[sector * 256 + 7] = 1;
		const shelf = new Shelf(flash).start().settle();
		expect(shelf.log.last).toBe('flash journal: 12 sectors, 0 with readings, 3 of another version discarded');
		expect(shelf.waiting.journal!.discarded).toBe(3);
		expect(shelf.fill(10).connect().deliver().length).toBe(10);
	});

	it('with half erased sectors loses those alone', () => {
		const flash = journalFlash(12);
		new Shelf(flash).start().fill(28);
		flash.garble(1);
		const shelf = new Shelf(flash);
		shelf.boot = 1;
		const delivered = shelf.start().settle().connect().deliver();
		checkTrue(delivered);
		// Of the half erased one, what is left whole may come too.
		const whole = [...Array(28).keys()].map((k) => k + 1).filter((seq) => seq < 8 || seq > 14);
		expect(delivered.map(({ seq }) => seq).filter((seq) => whole.includes(seq))).toEqual(whole);
	});

	it('with any one bit flipped loses at most the reading or the sector it is in, and invents nothing', () => {
		for (let bit = 0; bit < 12 * 256 * 8; bit += 7) {
			const flash = journalFlash(12);
			new Shelf(flash).start().fill(20);
			flash.bytes[bit >> 3]! ^= 1 << (bit & 7);
			const shelf = new Shelf(flash);
			shelf.boot = 1;
			const delivered = shelf.start().settle().connect().deliver();
			checkTrue(delivered);
			expect(delivered.length, `bit ${bit}`).toBeGreaterThanOrEqual(20 - SLOTS);
			if (delivered.length < 20) expect(shelf.waiting.journal!.discarded, `bit ${bit}`).toBeGreaterThan(0);
		}
	});

	it('whose writes fail now and then loses nothing', () => {
		for (let seed = 1; seed <= 20; seed++) {
			const flash = journalFlash(14, 256, seed);
			const chance = random(seed);
			flash.fails = () => chance() < 0.1;
			const shelf = new Shelf(flash).start().fill(40);
			flash.fails = () => false;
			const delivered = shelf.connect().deliver();
			checkTrue(delivered);
			expect(delivered.map(({ seq }) => seq)).toEqual([...Array(40).keys()].map((k) => k + 1));
			expect(shelf.waiting.journal!.faults).toBeGreaterThan(0);
		}
	});

	it('with a sector that cannot be erased goes round it', () => {
		const flash = journalFlash(10);
		flash.fails = (_operation, sector) => sector === 3;
		const shelf = new Shelf(flash).start().fill(400).connect();
		const delivered = shelf.deliver();
		checkTrue(delivered);
		expect(delivered.length + namedBy(delivered).length).toBe(400);
		expect(shelf.waiting.journal!.broken).toBe(false);
	});

	it('that fails for good is left alone: readings wait in RAM, the oldest that go are named', () => {
		const flash = journalFlash(10);
		flash.fails = () => true;
		const shelf = new Shelf(flash).start().fill(20);
		expect(shelf.waiting.journal!.broken).toBe(true);
		expect(shelf.log.last).toBe('the flash fails: readings wait in RAM only');
		const { steps } = flash;
		shelf.fill(10);
		expect(flash.steps).toBe(steps);
		const delivered = shelf.connect().deliver();
		expect(delivered.map(({ seq }) => seq)).toEqual([23, 24, 25, 26, 27, 28, 29, 30]);
		expect(delivered[0]!.dropped).toEqual([1, 22]);
		expect(delivered.slice(1).every(({ dropped }) => !dropped)).toBe(true);
		expect([shelf.waiting.delivered, shelf.waiting.dropped, shelf.waiting.count]).toEqual([8, 22, 0]);
	});

	it('of too few sectors is not used', () => {
		const flash = journalFlash(SECTORS_MIN - 1);
		const shelf = new Shelf(flash).start().fill(20);
		expect(shelf.waiting.journal).toBeUndefined();
		expect(flash.steps).toBe(0);
	});
});
