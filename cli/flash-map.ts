// What lies where in the flash of a board, and what of it is the node's own.
//
// Rule: what is written never touches what a node keeps: preferences, readings, settings. Offsets are those of the SDK's own makefiles;
// what is kept is read from the linker script (ESP8266) and from the partition table that is written (ESP32).

import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { Failure } from './failure.js';
import type { Image } from './image.js';

export type Board = 'nodemcu' | 'esp32';
export const BOARDS: readonly Board[] = ['nodemcu', 'esp32'];

/** Of writing: what most USB chips bear. */
export const BAUD = 460_800;

export interface Part {
	readonly name: string;
	readonly offset: number;
	readonly bytes: Buffer;
}

/** From the first address to the one behind the last. */
interface Area {
	readonly from: number;
	readonly to: number;
	readonly what: string;
}

interface Chip {
	/** As esptool calls it, and as ESP Web Tools does. */
	readonly chip: 'esp8266' | 'esp32';
	readonly family: 'ESP8266' | 'ESP32';
	/** Where the boot loader lies, whose heading tells how the flash is wired. */
	readonly boot: number;
	/** 4 MB at 40 MHz, in esptool's code for that chip. */
	readonly sizeAndSpeed: number;
}

export const CHIPS: Readonly<Record<Board, Chip>> = {
	nodemcu: { chip: 'esp8266', family: 'ESP8266', boot: 0, sizeAndSpeed: 0x40 },
	esp32: { chip: 'esp32', family: 'ESP32', boot: 0x1000, sizeAndSpeed: 0x20 },
};

const FLASH_BYTES = 0x40_0000;
const SECTOR = 4_096;
const MAGIC = 0xe9;
const DIO = 2;
const PARTITION_TABLE = 0x8000;

/** eagle.flash.4m.ld of the SDK: _MODPREF_start and _SPIFFS_start to _SPIFFS_end. */
const KEPT_ON_ESP8266: readonly Area[] = [
	{ from: 0x10_0000, to: 0x10_2000, what: 'the preferences' },
	{ from: 0x10_2000, to: 0x3f_b000, what: 'the readings and settings' },
];

/** What a build has for the board: offset and file. */
export function partsOf(image: Image, board: Board, env: NodeJS.ProcessEnv): [number, string][] {
	if (board === 'nodemcu') {
		const firmware = join(env['ESPRESSIF_SDK_ROOT'] ?? join(env['ESP_BASE'] ?? '', 'ESP8266_RTOS_SDK'), 'components/esp8266/firmware');
		return [[0x0, join(firmware, 'boot_v1.7.bin')], [0x1000, image.path], [0x3f_c000, join(firmware, 'esp_init_data_default.bin')]];
	}
	const folder = dirname(image.path);
	// What was chosen over the air is forgotten: the slot that is written here is the one that starts.
	return [[0x1000, join(folder, 'bootloader.bin')], [PARTITION_TABLE, join(folder, 'partition-table.bin')], [0xd000, join(folder, 'ota_data_initial.bin')], [0x1_0000, image.path]];
}

/** Why these parts must not be written, as a sentence; '' if they may. */
export function partsProblem(parts: readonly Part[], board: Board): string {
	const sorted = [...parts].sort((a, b) => a.offset - b.offset);
	if (!sorted.length) return `There is nothing to write for ${board}.`;
	const boot = sorted.find(({ offset }) => offset === CHIPS[board].boot);
	if (boot?.bytes[0] !== MAGIC) return `There is no boot loader for ${board} at ${hex(CHIPS[board].boot)}.`;
	const table = sorted.find(({ offset }) => offset === PARTITION_TABLE)?.bytes;
	if (board === 'esp32' && !table) return `There is no partition table for ${board} at ${hex(PARTITION_TABLE)}.`;
	const kept = board === 'nodemcu' ? KEPT_ON_ESP8266 : keptBy(table!);
	if (!kept.length) return `The partition table for ${board} names no place for readings.`;
	for (const [index, { name, offset, bytes }] of sorted.entries()) {
		const end = endOf(offset, bytes);
		if (offset % SECTOR !== 0 || !bytes.length || end > FLASH_BYTES) return `${name} at ${hex(offset)} does not fit the 4 MB of flash.`;
		const next = sorted[index + 1];
		if (next && end > next.offset) return `${name} at ${hex(offset)} reaches into ${next.name} at ${hex(next.offset)}.`;
		const area = kept.find(({ from, to }) => offset < to && end > from);
		if (area) return `${name}, ${hex(offset)} to ${hex(end)}, would overwrite ${area.what} of the node.`;
	}
	return '';
}

/** Flash is erased in sectors: all of the last one goes. */
function endOf(offset: number, bytes: Buffer): number {
	return offset + Math.ceil(bytes.length / SECTOR) * SECTOR;
}

export function hex(offset: number): string {
	return `0x${offset.toString(16)}`;
}

const ENTRY = 32;
const DATA = 1;
/** Subtypes of data that are no node's own: which slot starts, how the radio is trimmed. */
const OTA = 0;
const PHY = 1;

/** Data partitions of an ESP-IDF partition table, in its binary form. */
function keptBy(table: Buffer): Area[] {
	const kept: Area[] = [];
	for (let at = 0; at + ENTRY <= table.length && table.readUInt16LE(at) === 0x50aa; at += ENTRY) {
		const [type, subtype] = [table[at + 2], table[at + 3]!];
		if (type !== DATA || subtype === OTA || subtype === PHY) continue;
		const from = table.readUInt32LE(at + 4);
		const name = table.toString('latin1', at + 12, at + 28).replace(/\0.*$/, '');
		kept.push({ from, to: from + table.readUInt32LE(at + 8), what: `the partition ${name}` });
	}
	return kept;
}

/**
 * The boot loader as esptool writes it with the SDK's options (dio, 40 MHz, 4 MB). ESP Web Tools "keeps" these bytes as they are in the
 * file, and Espressif's file for the ESP8266 says 512 KB.
 */
export function patched(bytes: Buffer, board: Board): Buffer {
	const image = Buffer.from(bytes);
	if (image[0] !== MAGIC || image.length < HEADING) throw new Failure(`The boot loader for ${board} is none: the SDK of the chip is not whole; install it again.`);
	const digest = board === 'esp32' && image[HAS_DIGEST] === 1 ? digestAt(image) : undefined;
	image[2] = DIO;
	image[3] = CHIPS[board].sizeAndSpeed;
	// Covers the heading too.
	if (digest !== undefined) createHash('sha256').update(image.subarray(0, digest)).digest().copy(image, digest);
	return image;
}

const HEADING = 24;
const HAS_DIGEST = 23;
const DIGEST = 32;

/** Behind the segments and a check sum that ends at 16 bytes. */
function digestAt(image: Buffer): number {
	let at = HEADING;
	for (let left = image[1]!; left > 0 && at + 8 <= image.length; left--) at += 8 + image.readUInt32LE(at + 4);
	at = (at + 16) & ~15;
	const whole = at + DIGEST <= image.length && createHash('sha256').update(image.subarray(0, at)).digest().equals(image.subarray(at, at + DIGEST));
	if (!whole) throw new Failure('The boot loader for esp32 does not match its own digest: build again.');
	return at;
}
