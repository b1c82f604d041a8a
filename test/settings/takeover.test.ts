import { describe, expect, it } from 'vitest';
import { SettingsStore } from '../../src/settings/settings-store.js';
import { takeOver } from '../../src/settings/takeover.js';
import { FakeLog } from '../support/fakes.js';
import { FakeFlash, PowerCut } from '../support/flash.js';

const IMAGE = { ssid: 'attic', host: 'broker.lan', intervalMs: 5_000 };

/** A node on which an older firmware kept that. */
function node(old: Record<string, number>) {
	const preferences = new Map<string, number>(Object.entries({ boots: 1, ...old }));
	const flash = new FakeFlash(4, 1_024);
	flash.settingsSectors = 2;
	const log = new FakeLog();
	const store = { get: (key: string) => preferences.get(key), set: () => true, forget: (key: string) => void preferences.delete(key) };
	const boot = () => {
		const settings = new SettingsStore(flash, IMAGE);
		const found = takeOver(store, settings, settings.read(log), log);
		const all: Record<string, unknown> = {};
		for (const key in found) all[key] = found[key];
		return { settings: all, store: settings };
	};
	return { preferences, flash, log, boot };
}

describe('settings that an older firmware kept in the preferences', () => {
	it('move to the settings in flash, once, and are gone from there', () => {
		const { preferences, flash, log, boot } = node({ intervalMs: 20_000, offsetMilliC: -300 });
		const moved = { ...IMAGE, intervalMs: 20_000, offsetMilliC: -300 };
		expect(boot().settings).toEqual(moved);
		expect([...preferences.keys()]).toEqual(['boots']);
		const { steps } = flash;
		expect(boot().settings).toEqual(moved);
		expect([flash.steps, log.lines]).toEqual([steps, []]);
	});

	it('never lie over what was changed since', () => {
		const { preferences, boot } = node({ intervalMs: 20_000 });
		boot().store.keep({ intervalMs: 30_000 });
		preferences.set('intervalMs', 20_000);
		expect(boot().settings.intervalMs).toBe(30_000);
		expect([...preferences.keys()]).toEqual(['boots']);
	});

	it('hold whatever is cut, and come once', () => {
		for (let cutAt = 0, cut = true; cut; cutAt++) {
			const { preferences, flash, boot } = node({ intervalMs: 20_000, offsetMilliRh: 7 });
			flash.cutAt = cutAt;
			try {
				boot();
				cut = false;
			} catch (fault) {
				expect(fault).toBeInstanceOf(PowerCut);
			}
			flash.cutAt = Infinity;
			expect(boot().settings).toEqual({ ...IMAGE, intervalMs: 20_000, offsetMilliRh: 7 });
			expect([...preferences.keys()]).toEqual(['boots']);
			expect(cutAt).toBeLessThan(500);
		}
	});

	it('hold where they are while flash does not take them, which is said', () => {
		const { preferences, flash, log, boot } = node({ intervalMs: 20_000 });
		flash.fails = () => true;
		expect(boot().settings.intervalMs).toBe(20_000);
		expect([preferences.get('intervalMs'), log.lines]).toEqual([20_000, ['intervalMs cannot be moved to the settings in flash yet: the flash fails']]);
		flash.fails = () => false;
		expect(boot().settings.intervalMs).toBe(20_000);
		expect(preferences.has('intervalMs')).toBe(false);
	});

	it('are left out where they are no longer allowed, and no flash is written where there are none', () => {
		for (const old of [{ intervalMs: 5 }, {}] as Record<string, number>[]) {
			const { flash, boot } = node(old);
			expect([boot().settings, flash.steps]).toEqual([IMAGE, 0]);
		}
	});
});
