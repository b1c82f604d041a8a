import { describe, expect, it } from 'vitest';
import { Generation, GenerationState, GenerationWriter } from '../../src/settings/generation.js';
import type { Setting } from '../../src/settings/settings.js';
import { FakeFlash } from '../support/flash.js';

const entries = (flash: FakeFlash, sector: number) => {
	const generation = new Generation(flash, sector);
	const found: (Setting | undefined)[] = [];
	while (generation.next()) found.push(generation.value());
	return { state: generation.state, serial: generation.serial, image: generation.image, complete: generation.complete, found };
};

describe('a generation of settings', () => {
	it('tells its entries in their order, its serial and its image', () => {
		const flash = new FakeFlash(2, 512);
		const writer = new GenerationWriter(flash, 1);
		for (const [key, value] of [['a', -1], ['bc', 'Zoë'], ['', true], ['d'.repeat(15), false], ['e', '']] as const) writer.add(key, value);
		expect(writer.commit(0xffff_fffe, -5)).toBe(true);
		expect(entries(flash, 1)).toEqual({ state: GenerationState.Whole, serial: 0xffff_fffe, image: -5, complete: true, found: [-1, 'Zoë', true, false, ''] });
		expect(entries(flash, 0).state).toBe(GenerationState.None);
	});

	it('holds texts of any length, in any characters', () => {
		const flash = new FakeFlash(2, 4_096);
		const writer = new GenerationWriter(flash, 0);
		const texts = [0, 1, 23, 24, 25, 47, 48, 49, 600].map((length) => 'aé😀€'.repeat(length).slice(0, length));
		for (const text of texts) writer.add('sensors', text.replace(/[\ud800-\udbff]$/, 'x'));
		expect(writer.commit(1, 0)).toBe(true);
		expect(entries(flash, 0).found).toEqual(texts.map((text) => text.replace(/[\ud800-\udbff]$/, 'x')));
	});

	it('says whether a value is this one, of whatever type, as value() would', () => {
		const values = [-1, 0, 1, true, false, '', 'a', 'Zoë', 'Zoé', 'Zoe', '😀', 'x'.repeat(70)];
		const flash = new FakeFlash(1, 512);
		const writer = new GenerationWriter(flash, 0);
		for (const value of values) writer.add('a', value);
		expect(writer.commit(1, 0)).toBe(true);
		const generation = new Generation(flash, 0);
		for (const each of values) {
			expect(generation.next()).toBe(true);
			for (const other of values) expect(generation.says(other), `${each} and ${other}`).toBe(each === other);
		}
	});

	it('of no entries is one too', () => {
		const flash = new FakeFlash(1, 64);
		expect(new GenerationWriter(flash, 0).commit(1, 2)).toBe(true);
		expect(entries(flash, 0)).toMatchObject({ state: GenerationState.Whole, complete: true, found: [] });
	});

	it('copies entries of kinds that it does not know, to the byte, wherever they lie', () => {
		for (let before = 0; before < 40; before++) {
			const flash = new FakeFlash(2, 512);
			const first = new GenerationWriter(flash, 0);
			first.add('user', 'u'.repeat(before));
			// A list of networks of a later firmware: a key, a type that is not known here, entries in the entry.
			const group = [4, 0x77, 0x69, 0x66, 0x69, 4, 70, 0, ...Array.from({ length: 70 }, (_, i) => i)];
			first.copy({ entryAt: 0, end: group.length, byteAt: (at: number) => group[at]! } as never);
			first.add('intervalMs', 7);
			first.commit(1, 0);
			const from = new Generation(flash, 0);
			const second = new GenerationWriter(flash, 1);
			while (from.next()) if (!from.isKey('user')) second.copy(from);
			expect(second.commit(2, 0)).toBe(true);
			const copied = new Generation(flash, 1);
			expect([copied.next(), copied.isKey('wifi'), copied.isKey('wif'), copied.value()]).toEqual([true, true, false, undefined]);
			expect(Array.from({ length: group.length }, (_, i) => copied.byteAt(copied.entryAt + i))).toEqual(group);
			expect([copied.next(), copied.isKey('intervalMs'), copied.value(), copied.next()]).toEqual([true, true, 7, false]);
		}
	});

	it('is not there unless what was written reads back', () => {
		const flash = new FakeFlash(1, 256);
		flash.fails = (operation) => operation === 'erase';
		expect(new GenerationWriter(flash, 0).commit(1, 2)).toBe(false);
		flash.fails = () => false;
		const writer = new GenerationWriter(flash, 0);
		writer.add('user', 'u'.repeat(40));
		flash.write = () => true;
		expect(writer.commit(1, 2)).toBe(false);
		expect(entries(flash, 0).state).not.toBe(GenerationState.Whole);
	});
});
