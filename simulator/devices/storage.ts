// What a chip keeps without power: NOR flash in partitions, and preferences.
//
// Rule: flash only loses bits by writing and gets them back by the sector; the power may go in the middle of either, and
// then part of it is done. Preferences keep each chip's limits: ESP8266 63 bytes a value in a sector of 4 KB (the old
// value goes before the new one is there), ESP32 15 characters a key.

import { Limit } from '../../src/common/limits.js';
import type { Setting } from '../../src/settings/settings.js';
import { DeviceError, type Device } from './chip.js';
import type { ChipName } from '../engine/creation.js';
import { keptSettings, tellChanges, type Kept } from './settings.js';

const SECTOR = 4_096;
/** Of a generation of settings. */
const HEADING_BYTES = 32;
/** eagle.flash.4m.ld; and hardware/esp32-partitions.csv (the SDK's own split would be 64 KB). */
const PARTITION_BYTES: Readonly<Record<ChipName, Readonly<Record<string, number>>>> = {
	ESP8266: { storage: 0x2f9000, xs: 0x40000 },
	ESP32: { storage: 0x90000, xs: 0x40000 },
};

type Value = [kind: string, value: string | number | boolean];

/** Survives everything but a new chip. */
export class Storage {
	readonly sectors = new Map<string, Uint8Array>();
	readonly preferences = new Map<string, Map<string, Value>>();
	/** Counts erasures, for the wear. */
	erasures = 0;
	/** Of a partition, where it is smaller than the chip's. Set by tests. */
	bytesMax = Infinity;
	/**
	 * Called before each step that changes anything; a number from 0 to 1 is the part of it that is still done before the
	 * power goes. Set by tests.
	 */
	onStep: ((step: 'erase' | 'write' | 'preference') => number | undefined) | undefined;
	/** Flash that fails: asked before each write and erasure; a number from 0 to 1 is the part of it that is done all the same. */
	onTrouble: ((step: 'erase' | 'write') => number | undefined) | undefined;
	/** Called when a setting that is kept in flash has got another value, or none. */
	onSetting: (key: string, value: Setting | undefined) => void = () => {};
	/** What was found there last. */
	settings: Kept = {};
}

export class StorageDevice implements Device {
	readonly operations = {
		'flash.open': (partition: string) => void this.#size(partition),
		'flash.byteLength': (partition: string) => this.#size(partition),
		'flash.map': (partition: string) => this.#map(partition),
		'flash.used': (partition: string) => this.#used(partition),
		'flash.erase': (partition: string, sector: number) => this.#erase(partition, sector),
		'flash.read': (partition: string, offset: number, length: number) => this.#read(partition, offset, length),
		'flash.write': (partition: string, offset: number, length: number, hex: string) => {
			this.#write(partition, offset, length, Buffer.from(hex, 'hex'));
		},
		'preference.set': (domain: string, key: string, kind: string, value: string | number | boolean) => this.#set(domain, key, kind, value),
		'preference.get': (domain: string, key: string) => this.#storage.preferences.get(domain)?.get(key) ?? null,
		'preference.delete': (domain: string, key: string) => this.#delete(domain, key),
		'preference.keys': (domain: string) => [...(this.#storage.preferences.get(domain)?.keys() ?? [])],
	};
	readonly #chip: ChipName;
	readonly #storage: Storage;
	readonly #cutPower: () => never;

	constructor(chip: ChipName, storage: Storage, cutPower: () => never) {
		this.#chip = chip;
		this.#storage = storage;
		this.#cutPower = cutPower;
	}

	#size(partition: string): number {
		const bytes = PARTITION_BYTES[this.#chip][partition];
		if (!bytes) throw new DeviceError(this.#words('unknown partition', "can't find partition"));
		return Math.min(bytes, this.#storage.bytesMax);
	}

	/** In hex, how many sectors there are (16 bits), and a bit for each that was ever written or erased: all others are blank. */
	#used(partition: string): string {
		const count = this.#size(partition) / SECTOR;
		const bytes = Buffer.alloc(2 + Math.ceil(count / 8));
		bytes.writeUInt16LE(count);
		for (let sector = 0; sector < count; sector++) if (this.#storage.sectors.has(`${partition}/${sector}`)) bytes[2 + (sector >> 3)]! |= 1 << (sector & 7);
		return bytes.toString('hex');
	}

	#map(partition: string): number {
		if (this.#chip === 'ESP8266') throw new DeviceError('unsupported');
		return this.#size(partition);
	}

	#erase(partition: string, sector: number): void {
		if (!(sector >= 0 && sector < this.#size(partition) / SECTOR)) throw new DeviceError(this.#words('invalid sector', 'erase failed'));
		const [failed, part] = [this.#storage.onTrouble?.('erase'), this.#storage.onStep?.('erase')];
		this.#storage.erasures++;
		this.#sector(partition, sector).fill(0xff, 0, Math.floor(SECTOR * (failed ?? part ?? 1)));
		if (part !== undefined) this.#cutPower();
		if (failed !== undefined) throw new DeviceError('erase failed');
	}

	#read(partition: string, offset: number, length: number): string {
		this.#check(partition, offset, length, 'read failed');
		const bytes = Buffer.alloc(length, 0xff);
		for (let done = 0; done < length; ) {
			const at = (offset + done) % SECTOR;
			const count = Math.min(length - done, SECTOR - at);
			const sector = this.#storage.sectors.get(`${partition}/${Math.floor((offset + done) / SECTOR)}`);
			if (sector) bytes.set(sector.subarray(at, at + count), done);
			done += count;
		}
		return bytes.toString('hex');
	}

	#write(partition: string, offset: number, length: number, bytes: Uint8Array): void {
		this.#check(partition, offset, length, 'write failed');
		const [failed, part] = [this.#storage.onTrouble?.('write'), this.#storage.onStep?.('write')];
		const done = Math.floor(length * (failed ?? part ?? 1));
		for (let i = 0; i < done; i++) this.#sector(partition, Math.floor((offset + i) / SECTOR))[(offset + i) % SECTOR] &= bytes[i];
		this.#lookAtSettings(partition, offset);
		if (part !== undefined) this.#cutPower();
		if (failed !== undefined) throw new DeviceError('write failed');
	}

	/** A generation counts from when its heading is written, which is where its sector begins, and what comes of it on trial is noted there. */
	#lookAtSettings(partition: string, offset: number): void {
		const count = this.#size(partition) / SECTOR;
		if (partition !== 'storage' || offset % SECTOR >= HEADING_BYTES || offset / SECTOR < count - Limit.SETTINGS_SECTORS) return;
		const before = this.#storage.settings;
		this.#storage.settings = keptSettings(SECTOR, count, (index) => this.#storage.sectors.get(`${partition}/${index}`));
		tellChanges(before, this.#storage.settings, this.#storage.onSetting);
	}

	#check(partition: string, offset: number, length: number, esp32: string): void {
		const size = this.#size(partition);
		if (!(offset >= 0 && offset < size)) throw new DeviceError(this.#words('invalid offset', esp32));
		if (!(length > 0 && offset + length <= size)) throw new DeviceError(this.#words('invalid length', esp32));
	}

	#sector(partition: string, index: number): Uint8Array {
		const name = `${partition}/${index}`;
		let sector = this.#storage.sectors.get(name);
		if (!sector) this.#storage.sectors.set(name, (sector = new Uint8Array(SECTOR).fill(0xff)));
		return sector;
	}

	#set(domain: string, key: string, kind: string, value: string | number | boolean): void {
		if (kind === 'number') {
			if (value !== ((value as number) | 0)) throw new DeviceError('float unsupported');
		}
		if (this.#chip === 'ESP8266') this.#checkEsp8266(domain, key, kind, value);
		else checkEsp32(domain, key, kind, value);
		const part = this.#storage.onStep?.('preference');
		this.#forget(domain, key);
		if (part !== undefined && part < 1) this.#cutPower();
		let values = this.#storage.preferences.get(domain);
		if (!values) this.#storage.preferences.set(domain, (values = new Map()));
		values.set(key, [kind, value]);
		if (part !== undefined) this.#cutPower();
	}

	#checkEsp8266(domain: string, key: string, kind: string, value: string | number | boolean): void {
		if (utf8(domain) > 31 || utf8(key) > 31) throw new DeviceError('too long');
		if (sizeOf(kind, value) > 63 || entrySize(domain, key, kind, value) > 128) throw new DeviceError("can't save prefs");
		let used = 4 + entrySize(domain, key, kind, value);
		for (const [otherDomain, values] of this.#storage.preferences) {
			for (const [otherKey, [otherKind, otherValue]] of values) {
				if (otherDomain !== domain || otherKey !== key) used += entrySize(otherDomain, otherKey, otherKind, otherValue);
			}
		}
		if (used > SECTOR) throw new DeviceError("can't save prefs");
	}

	#delete(domain: string, key: string): void {
		const part = this.#storage.onStep?.('preference');
		if (part === undefined || part > 0) this.#forget(domain, key);
		if (part !== undefined) this.#cutPower();
	}

	#forget(domain: string, key: string): void {
		this.#storage.preferences.get(domain)?.delete(key);
	}

	#words(esp8266: string, esp32: string): string {
		return this.#chip === 'ESP8266' ? esp8266 : esp32;
	}
}

function checkEsp32(domain: string, key: string, kind: string, value: string | number | boolean): void {
	if (utf8(domain) > 15 || domain === '') throw new DeviceError('nvs_open fail');
	if (utf8(key) > 15 || key === '' || sizeOf(kind, value) > 4_000) throw new DeviceError('nvs set fail');
}

function utf8(text: string): number {
	return Buffer.byteLength(text, 'utf8');
}

function sizeOf(kind: string, value: string | number | boolean): number {
	if (kind === 'string') return utf8(value as string) + 1;
	if (kind === 'buffer') return (value as string).length / 2;
	return kind === 'number' ? 4 : 1;
}

/** Domain, key, type and value, in whole words. */
function entrySize(domain: string, key: string, kind: string, value: string | number | boolean): number {
	const bytes = utf8(domain) + 1 + utf8(key) + 1 + 1 + sizeOf(kind, value) + (kind === 'buffer' ? 2 : 0);
	return (bytes + 3) & ~3;
}
