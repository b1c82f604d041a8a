// SPDX-License-Identifier: MIT
// Settings that were changed in place, kept in the chip's own preferences (ESP8266: 63 bytes a value; ESP32: keys of 15 characters).
//
// Rule: whole numbers of 32 bits only, so every value fits both chips. What was changed belongs to the settings that it changed:
// an image with other settings begins without it, so that nobody flashes a new interval and still sees the old one.

import Preference from 'preference';
import type { Store } from '../common/ports.js';

const DOMAIN = 'telltale';
const SETTINGS = 'settings';

export class DevicePreferences implements Store {
	/** `fingerprint` stands for the settings of the image. */
	constructor(fingerprint: number) {
		if (this.get(SETTINGS) === fingerprint) return;
		for (const key of Preference.keys(DOMAIN)) Preference.delete(DOMAIN, key);
		this.set(SETTINGS, fingerprint);
	}

	get(key: string): number | undefined {
		const value = Preference.get(DOMAIN, key);
		return typeof value === 'number' ? value : undefined;
	}

	/** What is there already is not written again: it would wear flash. */
	set(key: string, value: number): boolean {
		if (this.get(key) === value) return true;
		try {
			Preference.set(DOMAIN, key, value);
			return true;
		} catch {
			return false;
		}
	}
}
