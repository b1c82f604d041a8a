// What a node keeps of its settings in flash, seen from outside: read with the firmware's own reader whenever a generation was written.
//
// Rule: it is what the next boot will find, whatever the node says.

import { SettingsStore } from '../../src/settings/settings-store.js';
import type { Setting } from '../../src/settings/settings.js';
import { Limit } from '../../src/common/limits.js';
import type { Flash } from '../../src/common/ports.js';

export type Kept = Readonly<Record<string, Setting>>;

/** Those in flash of so many sectors, without an image's below them. */
export function keptSettings(sectorBytes: number, sectorCount: number, sectorAt: (index: number) => Uint8Array | undefined): Kept {
	const flash: Flash = {
		sectorBytes, sectorCount, settingsSectors: Limit.SETTINGS_SECTORS,
		read: (offset, into) => {
			const sector = sectorAt(Math.floor(offset / sectorBytes));
			const from = offset % sectorBytes;
			if (sector) into.set(sector.subarray(from, from + into.length));
			else into.fill(0xff);
			return true;
		},
		write: () => false,
		erase: () => false,
	};
	return new SettingsStore(flash, {}).read() as Kept;
}

/** Tells of each that is not what it was. */
export function tellChanges(before: Kept, after: Kept, tell: (key: string, value: Setting | undefined) => void): void {
	for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) if (before[key] !== after[key]) tell(key, after[key]);
}
