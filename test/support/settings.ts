// Flash that holds settings, and the power cut at every step of what is done to it.
import { PowerCut, FakeFlash } from './flash.js';
import type { Settings } from '../../src/settings/settings-store.js';

export const SETTINGS_BYTES = 2_048;

/** Flash of a chip, in which the last two sectors are the settings'. */
export function flashOf(seed = 1, count = 4): FakeFlash {
	const flash = new FakeFlash(count, SETTINGS_BYTES, seed);
	flash.settingsSectors = 2;
	return flash;
}

/** With all that shines through from the image. */
export function flat(settings: Settings): Settings {
	const all: Record<string, unknown> = {};
	for (const key in settings) all[key] = settings[key];
	return all;
}

/** Does it with the power cut at step 0, 1, 2, … of it, each time from the same flash, until it comes to its end. Returns how many steps it has. */
export function cutEverywhere(from: FakeFlash, act: (flash: FakeFlash) => void, check: (flash: FakeFlash, step: number) => void): number {
	for (let step = 0; ; step++) {
		const flash = copyOf(from, step + 1);
		flash.cutAt = step;
		try {
			act(flash);
		} catch (cut) {
			if (!(cut instanceof PowerCut)) throw cut;
			flash.cutAt = Infinity;
			check(flash, step);
			continue;
		}
		return step;
	}
}

export function copyOf(from: FakeFlash, seed: number): FakeFlash {
	const flash = flashOf(seed, from.sectorCount);
	flash.bytes.set(from.bytes);
	return flash;
}
