import { describe, expect, it } from 'vitest';
import { Failure, SettingsStore, type Settings } from '../../src/settings/settings-store.js';
import type { Setting } from '../../src/settings/settings.js';
import { FakeLog } from '../support/fakes.js';
import type { FakeFlash } from '../support/flash.js';
import { copyOf, cutEverywhere, flashOf, flat, SETTINGS_BYTES } from '../support/settings.js';

const IMAGE: Settings = { node: 'porch', ssid: 'attic', host: 'broker.lan', intervalMs: 5_000 };
const GENERIC: Settings = { intervalMs: 5_000 };
const OTHER = { ssid: 'cellar', passphrase: 'dark and damp' };
const WIFI = 1;
const UNDER_WAY = 'new settings are on trial; send it again when they have worked or failed';

interface Boot {
	readonly store: SettingsStore;
	readonly log: FakeLog;
	/** What the node goes by. */
	readonly settings: Settings;
	readonly trying: boolean;
	readonly last: { serial: number; worked: boolean; outcome: number } | undefined;
}

/** As main does it. */
function boot(flash: FakeFlash, image: Settings = IMAGE): Boot {
	const log = new FakeLog();
	const store = new SettingsStore(flash, image);
	const held = store.read(log);
	const settings = flat(store.begin(log) ?? held);
	return { store, log, settings, trying: store.trying, last: lastOf(store) };
}

function lastOf(store: SettingsStore): Boot['last'] {
	const last = store.lastTrial();
	return last && { serial: last.serial, worked: last.progress(31) === 0, outcome: last.progress(29) };
}

const old = { ...IMAGE, intervalMs: 10_000 };
const young = { ...old, ...OTHER };

/** Flash in which something holds that was changed so often. */
function written(generations = 1): FakeFlash {
	const flash = flashOf(99);
	for (let i = generations; i > 0; i--) expect(boot(flash).store.keep({ intervalMs: i > 1 ? 50_000 + i : 10_000 })).toBe('');
	return flash;
}

function proposed(changes: Record<string, Setting> = OTHER, generations = 1): FakeFlash {
	const flash = written(generations);
	expect(boot(flash).store.propose(changes)).toBe('');
	return flash;
}

describe('settings on trial', () => {
	it('are tried in the next boot, and hold from when they have worked', () => {
		const flash = written();
		const { store } = boot(flash);
		expect([store.propose(OTHER), store.proposed]).toEqual(['', 2]);
		const trial = boot(flash);
		expect([trial.settings, trial.trying, trial.last, trial.store.proposed]).toEqual([young, true, undefined, 0]);
		expect(trial.log.lines).toEqual(['settings number 2 are on trial']);
		expect([trial.store.worked(), trial.store.trying, lastOf(trial.store)]).toEqual([true, false, { serial: 2, worked: true, outcome: 0xff }]);
		expect(boot(flash)).toMatchObject({ settings: young, trying: false, last: { serial: 2, worked: true } });
		expect(boot(flash).log.lines).toEqual([]);
	});

	it('give way to those before them when they have failed, and tell why from then on', () => {
		const flash = proposed();
		boot(flash).store.failed(WIFI);
		for (let i = 0; i < 3; i++) {
			const next = boot(flash);
			expect([next.settings, next.trying, next.last, next.log.lines]).toEqual([old, false, { serial: 2, worked: false, outcome: WIFI }, []]);
		}
	});

	it('that a boot did not decide on are not tried again: the power went', () => {
		const flash = proposed();
		expect(boot(flash).trying).toBe(true);
		const next = boot(flash);
		expect([next.settings, next.trying, next.last]).toEqual([old, false, { serial: 2, worked: false, outcome: Failure.POWER }]);
		expect(next.log.lines).toEqual(['settings number 2 were on trial when the node was started anew; those before them hold']);
		expect(boot(flash).log.lines).toEqual([]);
	});

	it('give way to the image where nothing was changed before', () => {
		const flash = flashOf();
		boot(flash).store.propose(OTHER);
		expect(boot(flash).settings).toEqual({ ...IMAGE, ...OTHER });
		expect(boot(flash).settings).toEqual(IMAGE);
		// And the next change begins with the image.
		expect(boot(flash).store.keep({ intervalMs: 20_000 })).toBe('');
		expect(boot(flash)).toMatchObject({ settings: { ...IMAGE, intervalMs: 20_000 }, last: undefined });
	});

	it('leave those before them alone when something is changed after they have failed', () => {
		for (const again of ['keep', 'propose'] as const) {
			const flash = proposed();
			boot(flash).store.failed(WIFI);
			expect(boot(flash).store[again]({ offsetMilliC: 300 })).toBe('');
			expect(boot(flash).settings).toEqual({ ...old, offsetMilliC: 300 });
		}
	});

	it('are not written where nothing changes', () => {
		const flash = written();
		const { steps } = flash;
		const { store } = boot(flash);
		expect([store.propose({ ssid: 'attic', intervalMs: 10_000 }), store.proposed, flash.steps]).toEqual(['', 0, steps]);
	});

	it('allow nothing else to be changed while they wait, or are tried', () => {
		const flash = proposed();
		const { steps } = flash;
		const waits = new SettingsStore(flash, IMAGE);
		expect([waits.keep({ intervalMs: 20_000 }), waits.propose({ user: 'zoe' })]).toEqual([UNDER_WAY, UNDER_WAY]);
		expect(flash.steps).toBe(steps);
		const { store } = boot(flash);
		expect([store.keep({ intervalMs: 20_000 }), store.propose({ user: 'zoe' })]).toEqual([UNDER_WAY, UNDER_WAY]);
		store.worked();
		expect(store.keep({ intervalMs: 20_000 })).toBe('');
		expect(boot(flash).settings).toEqual({ ...young, intervalMs: 20_000 });
	});

	it('that turn out not to be usable leave those before them, in one sentence', () => {
		const flash = proposed({ sensors: 'tmp99' });
		const { store, log } = boot(flash);
		expect(flat(store.refuse('sensors is "tmp99".', log))).toEqual(old);
		expect(log.lines.slice(1)).toEqual(['new settings: sensors is "tmp99". Those before them hold.']);
		expect(store.keep({ offsetMilliC: 1 })).toBe('');
		expect(boot(flash).settings).toEqual({ ...old, offsetMilliC: 1 });
		const other = proposed({ sensors: 'tmp99' });
		const refused = boot(other);
		refused.store.refuse('no.', refused.log);
		expect(boot(other).last).toEqual({ serial: 2, worked: false, outcome: Failure.UNUSABLE });
	});

	it('of a later firmware are not tried, and those before them hold', () => {
		const flash = proposed({ colour: 'red' });
		const next = boot(flash);
		expect([next.settings, next.trying, next.log.lines]).toEqual([old, false, ['settings in flash: some are of a newer firmware; those before them hold']]);
		expect(boot(flash)).toMatchObject({ settings: old, last: { outcome: Failure.UNUSABLE } });
	});

	it('are not begun where flash does not take the note, which would be for ever', () => {
		const flash = proposed();
		flash.write = () => true;
		for (let i = 0; i < 2; i++) {
			const next = boot(flash);
			expect([next.settings, next.trying, next.log.lines]).toEqual([old, false, ['settings in flash: the flash fails; no new ones are tried']]);
		}
	});

	it('have not worked where flash does not take that', () => {
		const flash = proposed();
		const { store } = boot(flash);
		flash.write = () => true;
		expect([store.worked(), store.trying]).toEqual([false, true]);
		expect(boot(flash).settings).toEqual(old);
		flash.read = () => false;
		expect(store.worked()).toBe(false);
	});

	it('go when an image is flashed that brings a network or a broker of its own, tried or not; a generic one leaves them', () => {
		const other = { ...IMAGE, ssid: 'garden' };
		for (const boots of [0, 1]) {
			const flash = proposed();
			for (let i = 0; i < boots; i++) boot(flash);
			const next = boot(flash, other);
			expect([next.settings, next.trying, next.last]).toEqual([other, false, undefined]);
			expect(next.log.lines).toEqual(['settings in flash: this image brings its own, which replace them']);
			// Nor do they come back with the image that they were made under.
			expect(boot(flash).settings).toEqual(IMAGE);
		}
		const flash = proposed();
		expect(boot(flash, GENERIC)).toMatchObject({ settings: { intervalMs: 10_000, ...OTHER }, trying: true });
	});
});

describe('a power cut while settings are on trial', () => {
	it.each([1, 2, 3])('when they are proposed leaves those before them, and at the end those to try (%i generations before)', (generations) => {
		let tries = 0;
		const steps = cutEverywhere(written(generations), (flash) => expect(boot(flash).store.propose(OTHER)).toBe(''), (flash, step) => {
			const next = boot(flash);
			expect([old, young], `step ${step}`).toContainEqual(next.settings);
			expect(next.trying, `step ${step}`).toBe(next.settings.ssid === 'cellar');
			if (next.trying) tries++;
			// Where they are tried, they do not come twice; and the node can be changed.
			expect(boot(flash).settings).toEqual(old);
			expect(boot(flash).store.propose({ user: 'zoe' })).toBe('');
			expect(boot(flash).settings).toEqual({ ...old, user: 'zoe' });
		});
		expect(steps).toBeGreaterThan(60);
		expect(tries).toBeLessThan(4);
	});

	it('when they begin leaves those before them, now or in the boot after', () => {
		const steps = cutEverywhere(proposed(), (flash) => void boot(flash), (flash) => {
			const tried = boot(flash);
			if (tried.trying) expect(tried.settings).toEqual(young);
			expect(boot(flash)).toMatchObject({ settings: old, trying: false, last: { serial: 2, worked: false, outcome: Failure.POWER } });
		});
		expect(steps).toBe(1);
	});

	it('when they have worked leaves the old or the new, for good', () => {
		for (let seed = 0; seed < 40; seed++) {
			const flash = copyOf(proposed(), seed);
			const { store } = boot(flash);
			flash.cutAt = flash.steps;
			expect(() => store.worked()).toThrow();
			flash.cutAt = Infinity;
			const next = boot(flash);
			expect([old, young]).toContainEqual(next.settings);
			expect([next.trying, next.last?.worked]).toEqual([false, next.settings.ssid === 'cellar']);
			expect(boot(flash).settings).toEqual(next.settings);
		}
	});

	it('when they have failed leaves those before them, whatever is told of it', () => {
		for (let seed = 0; seed < 20; seed++) {
			const flash = copyOf(proposed(), seed);
			const { store } = boot(flash);
			flash.cutAt = flash.steps;
			expect(() => store.failed(WIFI)).toThrow();
			flash.cutAt = Infinity;
			const next = boot(flash);
			expect([next.settings, next.trying, next.last?.worked]).toEqual([old, false, false]);
		}
	});

	it('while an image replaces them leaves that image in charge', () => {
		const other = { ...IMAGE, ssid: 'garden' };
		cutEverywhere(proposed(), (flash) => void boot(flash, other), (flash) => {
			expect(boot(flash, other)).toMatchObject({ settings: other, trying: false });
			expect(boot(flash).settings).toEqual(IMAGE);
		});
	});

	it('never leaves a node that goes by what has not worked for more than one boot, in any byte of the heading', () => {
		for (let at = 0; at < 32; at++) {
			const flash = proposed();
			flash.bytes[(flash.bytes.length / SETTINGS_BYTES - 2 + 1) * SETTINGS_BYTES + at]! &= 0x55;
			boot(flash);
			expect(boot(flash).settings.ssid, `byte ${at}`).toBe('attic');
		}
	});
});
