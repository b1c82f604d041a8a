// SPDX-License-Identifier: MIT
// The flash partition "storage" through the SDK's legacy "flash". ESP8266: 0x102000 to 0x3FB000 (eagle.flash.4m.ld);
// ESP32: what hardware/esp32-partitions.csv gives it.
//
// Rule: nothing throws. A board without the partition has no journal, and says so once. Both chips write whole words.
// The SDK makes a new buffer for each read, which is garbage at once: whoever reads much does so in steps.

import NorFlash from 'flash';
import { Limit } from '../common/limits.js';
import type { Flash, Log } from '../common/ports.js';

const PARTITION = 'storage';

/** Undefined if there is no such partition. `more`: sectors at its end beside those of the settings. */
export const openFlash = (log: Log, more: number): Flash | undefined => {
	try {
		return new DeviceFlash(new NorFlash(PARTITION), more);
	} catch {
		log.line(`there is no flash partition "${PARTITION}": readings wait in RAM only, and what commands change is not kept`);
		return undefined;
	}
};

class DeviceFlash implements Flash {
	readonly sectorBytes: number;
	readonly sectorCount: number;
	/** A small flash is left to the journal. */
	readonly settingsSectors: number;
	private readonly flash: NorFlash;

	constructor(flash: NorFlash, more: number) {
		this.flash = flash;
		this.sectorBytes = flash.blockSize;
		this.sectorCount = Math.floor(flash.byteLength / flash.blockSize);
		const sectors = Limit.SETTINGS_SECTORS + more;
		this.settingsSectors = this.sectorCount < Limit.JOURNAL_SECTORS_MIN + sectors ? 0 : sectors;
	}

	read(offset: number, into: Uint8Array): boolean {
		try {
			into.set(new Uint8Array(this.flash.read(offset, into.length)));
			return true;
		} catch {
			return false;
		}
	}

	write(offset: number, bytes: Uint8Array): boolean {
		try {
			this.flash.write(offset, bytes.length, bytes);
			return true;
		} catch {
			return false;
		}
	}

	erase(sector: number): boolean {
		try {
			this.flash.erase(sector);
			return true;
		} catch {
			return false;
		}
	}
}
