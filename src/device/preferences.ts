// SPDX-License-Identifier: MIT
// Settings that were changed in place, kept in the chip's own preferences (ESP8266: 63 bytes a value; ESP32: keys of 15 characters).
//
// Rule: whole numbers of 32 bits only, so every value fits both chips.

import Preference from 'preference';
import type { Store } from '../ports.js';

const DOMAIN = 'telltale';

export class DevicePreferences implements Store {
	get(key: string): number | undefined {
		const value = Preference.get(DOMAIN, key);
		return typeof value === 'number' ? value : undefined;
	}

	set(key: string, value: number): boolean {
		try {
			Preference.set(DOMAIN, key, value);
			return true;
		} catch {
			return false;
		}
	}
}
