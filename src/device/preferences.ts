// SPDX-License-Identifier: MIT
// Small numbers that outlive a boot, in the chip's own preferences (ESP8266: 63 bytes a value; ESP32: keys of 15
// characters). Settings have a place of their own (settings-store.ts); older firmware kept those here that were changed
// in place.
//
// Rule: whole numbers of 32 bits only, so every value fits both chips. They belong to the settings of the image: one
// with others begins without them. A power cut while one is written may lose others too.

import Preference from 'preference';
import type { ClearableStore } from '../common/ports.js';

const DOMAIN = 'telltale';
const SETTINGS = 'settings';

export class DevicePreferences implements ClearableStore {
	/** `fingerprint` stands for the settings of the image. */
	constructor(fingerprint: number) {
		if (this.get(SETTINGS) === fingerprint) return;
		this.clear();
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

	clear(): void {
		for (const key of Preference.keys(DOMAIN)) this.forget(key);
	}

	forget(key: string): void {
		try {
			Preference.delete(DOMAIN, key);
		} catch {
			// It is there still, and forgotten at another time.
		}
	}
}
