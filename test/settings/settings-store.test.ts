import fc from 'fast-check';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { GenerationWriter } from '../../src/settings/generation.js';
import { SettingsStore, type SectorOwner, type Settings } from '../../src/settings/settings-store.js';
import { isAddress } from '../../src/common/address.js';
import { completed, fieldOf, FIELDS, fingerprint, FURTHER_KEYS, settingsProblem, type Field, type Setting } from '../../src/settings/settings.js';
import { Sectors } from '../../src/storage/sector.js';
import { FakeLog } from '../support/fakes.js';
import { FakeFlash, PowerCut } from '../support/flash.js';
import { cutEverywhere, flashOf, flat, SETTINGS_BYTES } from '../support/settings.js';

const IMAGE: Settings = { node: 'porch', ssid: 'attic', host: 'broker.lan', intervalMs: 5_000 };
const GENERIC: Settings = { intervalMs: 5_000 };

/** A boot: what it reads, what it says of it, and what keeps things in it. */
function boot(flash: FakeFlash, image: Settings = IMAGE): { settings: Settings; said: string[]; keep: SettingsStore['keep'] } {
	const log = new FakeLog();
	const store = new SettingsStore(flash, image);
	const found = store.read(log);
	// As main does it.
	const problem = found === image ? '' : settingsProblem(found);
	const settings = flat(problem ? store.refuse(problem, log) : found);
	return { settings, said: log.lines, keep: store.keep.bind(store) };
}

const read = (flash: FakeFlash, image?: Settings) => boot(flash, image).settings;

/** A value that the field allows, as long or as large as they come. */
function largest({ key, choices, initial, max, accepts }: Field): Setting {
	if (choices) return choices[choices.length - 1]!;
	if (typeof initial === 'boolean') return !initial;
	if (typeof initial === 'number') return max;
	if (key === 'sensors') return 'tmp36,sht3x';
	if (key === 'calibration') return 'temperature=1:2';
	if (key === 'address') return '192.168.100.100/24';
	if (accepts === isAddress) return '192.168.100.254';
	return accepts!('é'.repeat(max / 2)) ? 'é'.repeat(max / 2) : 'a'.repeat(max);
}

describe('settings in flash', () => {
	it('lie over those of the image, each of whatever type, over boots', () => {
		const flash = flashOf();
		expect(boot(flash).keep({ intervalMs: 60_000, offsetMilliC: -300, publishEarly: true, commands: false, user: 'Zoë 😀', protocol: 'auto' })).toBe('');
		const { settings, said } = boot(flash);
		expect(settings).toEqual({ ...IMAGE, intervalMs: 60_000, offsetMilliC: -300, publishEarly: true, commands: false, user: 'Zoë 😀', protocol: 'auto' });
		expect(said).toEqual([]);
	});

	it('may be all that there are, each but lists as long as it is allowed to be', () => {
		const flash = flashOf();
		const all = Object.fromEntries([...FIELDS.map(({ key }) => key as string), ...FURTHER_KEYS].map((key) => [key, largest(fieldOf(key)!)]));
		expect(settingsProblem(all)).toBe('');
		expect(boot(flash).keep(all)).toBe('');
		expect(read(flash)).toEqual(all);
		expect(boot(flash).keep({ passphrase: 'f'.repeat(64) })).toBe('');
		expect(read(flash)).toEqual({ ...all, passphrase: 'f'.repeat(64) });
	});

	it('that are longer together than a sector are refused in a sentence, and those before hold', () => {
		const flash = flashOf();
		const all = Object.fromEntries([...FIELDS.map(({ key }) => key as string), ...FURTHER_KEYS].map((key) => [key, largest(fieldOf(key)!)]));
		boot(flash).keep(all);
		const long = Array.from({ length: 10 }, (_, i) => `outside-na${i}_temperature=-4000000:-4000000:4000000:4000000`).join();
		expect(settingsProblem({ ...all, calibration: long })).toBe('');
		expect(boot(flash).keep({ calibration: long })).toBe('all settings together are longer than a sector of flash');
		expect(read(flash)).toEqual(all);
	});

	it('keep what was changed before, and the newest of what was changed twice', () => {
		const flash = flashOf();
		const { keep } = boot(flash);
		for (const changes of [{ intervalMs: 10_000 } as Record<string, Setting>, { offsetMilliC: 5, offsetMilliRh: 6 }, { intervalMs: 20_000 }, { offsetMilliC: 7 }]) expect(keep(changes)).toBe('');
		expect(read(flash)).toEqual({ ...IMAGE, intervalMs: 20_000, offsetMilliC: 7, offsetMilliRh: 6 });
	});

	it('may be changed back to what the image says', () => {
		const flash = flashOf();
		boot(flash).keep({ intervalMs: 10_000 });
		boot(flash).keep({ intervalMs: 5_000 });
		expect(read(flash)).toEqual(IMAGE);
	});

	it('are written only where something changes, and then wear both sectors alike, one erasure a change', () => {
		const flash = flashOf();
		expect([boot(flash).keep({ intervalMs: 5_000 }), flash.steps]).toEqual(['', 0]);
		for (let i = 0; i < 50; i++) boot(flash).keep({ intervalMs: 10_000 + i });
		expect(flash.erasures).toEqual([0, 0, 25, 25]);
		const { steps } = flash;
		for (let i = 0; i < 5; i++) expect(boot(flash).keep({ intervalMs: 10_049 })).toBe('');
		expect(flash.steps).toBe(steps);
	});

	it('are read without being asked for before, as in safe mode, when something is to be kept', () => {
		const flash = flashOf();
		boot(flash).keep({ offsetMilliC: 5 });
		expect(new SettingsStore(flash, IMAGE).keep({ intervalMs: 10_000 })).toBe('');
		expect(read(flash)).toEqual({ ...IMAGE, intervalMs: 10_000, offsetMilliC: 5 });
	});

	it('have no room where there is no flash, or too little', () => {
		const small = new FakeFlash(6, SETTINGS_BYTES);
		for (const flash of [undefined, small]) {
			const store = new SettingsStore(flash, IMAGE);
			expect([store.read(), store.keep({ intervalMs: 1_000 })]).toEqual([IMAGE, 'there is no flash for settings']);
		}
		expect(small.steps).toBe(0);
	});

	it('stay as they were where they do not fit', () => {
		const flash = new FakeFlash(2, 128);
		flash.settingsSectors = 2;
		boot(flash).keep({ intervalMs: 10_000 });
		expect(boot(flash).keep({ user: 'u'.repeat(60), clientId: 'c'.repeat(60) })).toBe('all settings together are longer than a sector of flash');
		expect(read(flash)).toEqual({ ...IMAGE, intervalMs: 10_000 });
	});
});

describe('a power cut', () => {
	const before = { intervalMs: 10_000, offsetMilliC: 111, user: 'somebody' };
	const after = { offsetMilliC: 222, offsetMilliRh: 333, user: 'someone else' };
	const old = { ...IMAGE, ...before };
	const young = { ...old, ...after };

	/** Flash with so many generations written to it: to none, one, and both of its sectors. */
	function written(generations: number): FakeFlash {
		const flash = flashOf(99);
		for (let i = generations; i > 0; i--) boot(flash).keep(i > 1 ? { intervalMs: 50_000 + i } : before);
		return flash;
	}

	it.each([1, 2, 3])('at any byte that is written and within any erasure leaves the old or the new (%i generations before)', (generations) => {
		let news = 0;
		const steps = cutEverywhere(written(generations), (flash) => expect(boot(flash).keep(after)).toBe(''), (flash, step) => {
			const { settings, said } = boot(flash);
			expect([old, young], `step ${step}`).toContainEqual(settings);
			expect(said.length).toBeLessThanOrEqual(1);
			if (settings.offsetMilliRh) news++;
			// And the node goes on from there.
			expect(boot(flash).keep({ intervalMs: 70_000 })).toBe('');
			expect(boot(flash)).toMatchObject({ settings: { ...settings, intervalMs: 70_000 }, said: [] });
		});
		expect(steps).toBeGreaterThan(90);
		expect(news).toBeLessThan(8);
	});

	it('of the first change leaves the image or the new', () => {
		cutEverywhere(flashOf(), (flash) => void boot(flash).keep(after), (flash) => expect([IMAGE, { ...IMAGE, ...after }]).toContainEqual(read(flash)));
	});

	it('within the change that follows a cut leaves the old or the new too', () => {
		cutEverywhere(written(2), (flash) => void boot(flash).keep(after), (cut, step) => {
			if (step % 7) return;
			const found = read(cut);
			cutEverywhere(cut, (flash) => void boot(flash).keep({ intervalMs: 70_000 }), (flash, second) => {
				expect([found, { ...found, intervalMs: 70_000 }], `steps ${step} and ${second}`).toContainEqual(read(flash));
			});
		});
	});

	it('while an image replaces them leaves the image in charge, and does it again', () => {
		const other = { ...IMAGE, ssid: 'cellar' };
		cutEverywhere(written(2), (flash) => void boot(flash, other), (flash) => {
			expect(read(flash, other)).toEqual(other);
			expect(boot(flash, other).said).toEqual([]);
		});
	});

	it('never leaves anything else, in lives of many changes and cuts', () => {
		fc.assert(fc.property(fc.integer(), fc.array(fc.tuple(fc.integer({ min: 1_000, max: 90_000 }), fc.integer({ min: 0, max: 200 })), { maxLength: 12 }), (seed, life) => {
			const flash = flashOf(seed);
			let holds = 5_000;
			for (const [intervalMs, cutAfter] of life) {
				flash.cutAt = flash.steps + cutAfter;
				try {
					expect(boot(flash).keep({ intervalMs })).toBe('');
					holds = intervalMs;
				} catch (cut) {
					if (!(cut instanceof PowerCut)) throw cut;
				}
				flash.cutAt = Infinity;
				const found = read(flash).intervalMs as number;
				expect([holds, intervalMs]).toContain(found);
				holds = found;
			}
		}), { numRuns: 200 });
	});
});

describe('what cannot be used', () => {
	const refusal = (flash: FakeFlash, image = IMAGE) => {
		const { settings, said } = boot(flash, image);
		expect(settings).toEqual(image);
		expect(said).toHaveLength(1);
		expect(boot(flash, image).keep({ intervalMs: 60_000 })).toBe('');
		expect(read(flash, image)).toEqual({ ...image, intervalMs: 60_000 });
		return said[0];
	};
	/** A sector in which that was written by somebody who wrote it well. */
	const made = (sector: number, entries: readonly (readonly [string, Setting])[], serial = 7): FakeFlash => {
		const flash = flashOf();
		const writer = new GenerationWriter(flash, sector);
		for (const [key, value] of entries) writer.add(key, value);
		writer.commit(serial, fingerprint(IMAGE));
		return flash;
	};
	/** Its heading changed, and its check sum made right. */
	const altered = (flash: FakeFlash, sector: number, at: number, value: number): FakeFlash => {
		const heading = flash.bytes.subarray(sector * SETTINGS_BYTES, sector * SETTINGS_BYTES + 32);
		heading[at] = value;
		new DataView(heading.buffer, heading.byteOffset).setUint32(0, crc32(heading.subarray(4, 29)), true);
		return flash;
	};

	it.each([2, 3])('is refused in one sentence, and the image holds: sector %i', (sector) => {
		const foreign = flashOf();
		foreign.bytes.fill(0x5a, sector * SETTINGS_BYTES, (sector + 1) * SETTINGS_BYTES);
		expect(refusal(foreign)).toBe("settings in flash: some are unreadable, damaged or cut short; the image's hold");
		expect(refusal(altered(made(sector, [['intervalMs', 9_000]]), sector, 7, 2))).toBe("settings in flash: some are of a newer firmware; the image's hold");
		expect(refusal(made(sector, [['intervalMs', 9_000], ['colour', 'red']]))).toBe("settings in flash: some are of a newer firmware; the image's hold");
		expect(refusal(made(sector, [['intervalMs', 5]]))).toBe("settings in flash: intervalMs is 5; it must be a whole number from 1000 to 86400000. The image's hold.");
		expect(refusal(made(sector, [['intervalMs', 'often']]))).toContain('intervalMs is "often"');
		expect(refusal(made(sector, [['passphrase', 'short']]))).not.toContain('short');
		expect(refusal(made(sector, [['password', 'secret']]))).toMatch(/^settings in flash: password is given without user.* The image's hold\.$/);
	});

	it('is refused whatever its bytes are, with good check sums', () => {
		fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
			const flash = flashOf();
			const entries = { entryAt: 0, end: bytes.length, byteAt: (at: number) => bytes[at]! };
			const writer = new GenerationWriter(flash, 2);
			writer.copy(entries as never);
			expect(writer.commit(1, fingerprint(IMAGE))).toBe(true);
			const { settings, said } = boot(flash);
			expect(settings).toEqual(IMAGE);
			expect(said.length).toBe(bytes.length ? 1 : 0);
		}));
	});

	it('leaves a generation before it in charge, which is said', () => {
		const flash = made(2, [['intervalMs', 9_000]]);
		const writer = new GenerationWriter(flash, 3);
		writer.add('colour', 'red');
		writer.commit(8, fingerprint(IMAGE));
		const { settings, said, keep } = boot(flash);
		expect([settings, said]).toEqual([{ ...IMAGE, intervalMs: 9_000 }, ['settings in flash: some are of a newer firmware; those before them hold']]);
		expect(keep({ offsetMilliC: 1 })).toBe('');
		expect(boot(flash)).toMatchObject({ settings: { ...IMAGE, intervalMs: 9_000, offsetMilliC: 1 }, said: [] });
	});

	it('is what any one bit makes of it that flips: the old ones hold, or the image', () => {
		const flash = flashOf();
		for (const intervalMs of [10_000, 20_000]) boot(flash).keep({ intervalMs });
		const heading = 2 * SETTINGS_BYTES;
		for (const sector of [2, 3]) {
			for (let bit = 0; bit < 8 * 64; bit++) {
				const at = heading + (sector - 2) * SETTINGS_BYTES + (bit >> 3);
				flash.bytes[at]! ^= 1 << (bit & 7);
				const { settings, said } = boot(flash);
				expect([10_000, 20_000], `sector ${sector}, bit ${bit}`).toContain(settings.intervalMs);
				expect(said.length).toBeLessThanOrEqual(1);
				flash.bytes[at]! ^= 1 << (bit & 7);
			}
		}
	});

	it('is a generation on trial until it has worked, of which nothing is said', () => {
		const flash = altered(made(2, [['intervalMs', 9_000]]), 2, 14, 0xfe);
		expect(boot(flash)).toMatchObject({ settings: IMAGE, said: [] });
		flash.bytes[2 * SETTINGS_BYTES + 31] = 0;
		expect(boot(flash)).toMatchObject({ settings: { ...IMAGE, intervalMs: 9_000 }, said: [] });
	});

	it('is flash that fails: the old ones hold, and that is said', () => {
		const flash = flashOf();
		boot(flash).keep({ intervalMs: 10_000 });
		for (const failing of ['write', 'erase'] as const) {
			flash.fails = (operation) => operation === failing;
			const { keep } = boot(flash);
			// What fails without a trace is not a failure.
			for (let i = 0; i < 10; i++) if (keep({ intervalMs: 20_000 + i })) expect(read(flash).intervalMs).not.toBe(20_000 + i);
			expect(read(flash).intervalMs).toBeGreaterThanOrEqual(10_000);
		}
		flash.fails = (operation) => operation === 'write';
		expect(boot(flash).keep({ user: 'u'.repeat(60) })).toBe('the flash fails');
	});
});

describe('readings of an earlier firmware', () => {
	const journalSector = (flash: FakeFlash, sector: number, retired: boolean) => {
		const sectors = new Sectors(flash);
		sectors.clear(sector);
		sectors.commit(sector, 1 + sector, 1 + sector, 1 + sector);
		if (retired) sectors.retire(sector);
	};
	const all: SectorOwner = { spares: () => true };

	it('keep their place as long as they wait, and the settings take it when they are gone', () => {
		const flash = flashOf();
		for (const sector of [2, 3]) journalSector(flash, sector, false);
		const { bytes } = flash;
		const before = bytes.slice();
		expect(boot(flash)).toMatchObject({ settings: IMAGE, said: [] });
		expect(boot(flash).keep({ intervalMs: 10_000 }, all)).toBe('readings of an earlier firmware wait in its place');
		expect(bytes).toEqual(before);
		new Sectors(flash).retire(3);
		expect(boot(flash).keep({ intervalMs: 10_000 }, all)).toBe('');
		expect(boot(flash)).toMatchObject({ settings: { ...IMAGE, intervalMs: 10_000 }, said: [] });
		expect(boot(flash).keep({ intervalMs: 20_000 }, all)).toBe('readings of an earlier firmware wait in its place');
		new Sectors(flash).retire(2);
		expect(boot(flash).keep({ intervalMs: 20_000 }, all)).toBe('');
		expect(read(flash).intervalMs).toBe(20_000);
	});

	it('keep it also where the journal has a use for it, though nothing lies there yet', () => {
		const flash = flashOf();
		const asked: number[] = [];
		const none: SectorOwner = { spares: (sector) => (asked.push(sector), false) };
		expect([boot(flash).keep({ intervalMs: 10_000 }, none), flash.steps]).toEqual(['readings of an earlier firmware wait in its place', 0]);
		expect(new Set(asked)).toEqual(new Set([2, 3]));
		boot(flash).keep({ intervalMs: 10_000 });
		boot(flash).keep({ intervalMs: 20_000 });
		// What is ours already, nobody is asked for.
		expect(boot(flash).keep({ intervalMs: 30_000 }, none)).toBe('');
	});
});

describe('an image', () => {
	const kept = { intervalMs: 60_000, offsetMilliC: 42 };
	const made = (image: Settings) => {
		const flash = flashOf();
		boot(flash, image).keep(kept);
		return flash;
	};

	it('flashed again with the same settings changes nothing, whether it says what is as usual or not', () => {
		expect(boot(made(IMAGE))).toMatchObject({ settings: { ...IMAGE, ...kept }, said: [] });
		expect(boot(made(IMAGE), completed(IMAGE))).toMatchObject({ settings: { ...IMAGE, ...kept }, said: [] });
		expect(boot(made(completed(IMAGE)))).toMatchObject({ settings: { ...IMAGE, ...kept }, said: [] });
	});

	it.each([[{ ...IMAGE, ssid: 'cellar' }], [{ ...IMAGE, intervalMs: 7_000 }], [{ host: 'broker.lan' }], [{ ssid: 'attic' }]] as Settings[][])(
		'with a network or a broker of its own, %j, replaces them, once and for good', (image) => {
			const flash = made(IMAGE);
			const first = boot(flash, image);
			expect(first).toMatchObject({ settings: image, said: ['settings in flash: this image brings its own, which replace them'] });
			expect(boot(flash, image)).toMatchObject({ settings: image, said: [] });
			expect(boot(flash, image).keep({ offsetMilliC: 7 })).toBe('');
			expect(read(flash, image)).toEqual({ ...image, offsetMilliC: 7 });
			// The image before it finds nothing of its own any more.
			expect(read(flash)).toEqual(IMAGE);
		});

	it('without both never does, whatever it was made under', () => {
		for (const image of [GENERIC, { ...GENERIC, conversions: 3 }, {}, completed(GENERIC), completed({ conversions: 3 })] as Settings[]) {
			const flash = made(IMAGE);
			expect(boot(flash, image)).toMatchObject({ settings: { ...image, ...kept }, said: [] });
			boot(flash, image).keep({ offsetMilliRh: 1 });
			expect(read(flash, image)).toEqual({ ...image, ...kept, offsetMilliRh: 1 });
			// Made under this one now: the image before is another.
			expect(read(flash)).toEqual(IMAGE);
		}
	});

	it('replaces them also while they cannot be overwritten', () => {
		const flash = made(IMAGE);
		flash.fails = () => true;
		const image = { ...IMAGE, ssid: 'cellar' };
		for (let i = 0; i < 3; i++) expect(read(flash, image)).toEqual(image);
	});
});
