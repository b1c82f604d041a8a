// SPDX-License-Identifier: MIT
// What channels were called when readings were taken that wait in flash: a table of lists of names, each with a number
// that the readings carry (sector.ts), in a sector of its own behind the journal's.
//
// Rule: the first reading that goes to flash keeps its list, where that is not the newest already. A list is never
// altered, and its number stands for no other while a reading waits: when the sector is full it is wiped only if nothing
// waits in flash. Until then, and where a row is damaged, channels are called `channel1` and so on by their places.
// Row: pieces in slots that follow each other, each crc u32 · number u16 · piece u8 (bit 7: the last) · names, divided
// by commas, 24 bytes · 0xff. The check sum begins with another number than that of a reading.

import type { Log, Part } from '../common/ports.js';
import { Text } from '../common/text.js';
import { channelCount, writeChannelName } from '../readings/channels.js';
import { List } from '../readings/reading.js';
import { putWhole, takeWhole } from './record.js';
import { isErased, isWhole, SectorState, Slot, type Sectors } from './sector.js';
import { Search } from './sector-search.js';

const enum Const {
	/** "ttn" */
	KIND = 0x6e_7474,
	NUMBER_AT = 4,
	PIECE_AT = 6,
	TEXT_AT = 7,
	TEXT_BYTES = 24,
	LAST_PIECE = 0x80,
	ERASED = 0xff,
	COMMA = 0x2c,
	/** Of a name, with the comma behind it. */
	NAME_MAX = 25,
	/** One less than what stands for no list. */
	NUMBER_MAX = 0xfffe,
	/** Other slots that are tried where flash does not take a row. */
	TRIES = 3,
}

/** What channels are called, with their places behind it, whose names are lost. */
const UNNAMED = 'channel';
const NAMES_LOST = 'the names of the channels cannot be kept in flash: after a restart the readings there have channel1 and so on for names';

/** A journal's lists of names. */
export abstract class ChannelLists {
	protected readonly sectors: Sectors;
	protected readonly log: Log;
	/** Of this boot's channels, once something was written; and where a list was found that is not theirs. */
	private list: number = List.Present;
	private listSlot: number = Search.NONE;

	constructor(sectors: Sectors, log: Log) {
		this.sectors = sectors;
		this.log = log;
	}

	/** The name of a channel of that list, which is not this boot's; by its place, if it cannot be read. */
	writeName(text: Text, list: number, channel: number): void {
		const slot = list === List.Nameless ? Search.NONE : findList(this.sectors, list, this.listSlot);
		if (slot !== Search.NONE) this.listSlot = slot;
		if (slot === Search.NONE || !copyName(this.sectors, slot, channel, text)) text.put(UNNAMED).whole(channel + 1);
	}

	/** Whether that list says the same as this boot's. */
	protected isPresent(list: number): boolean {
		return list === this.list && list !== List.Nameless;
	}

	/** Nothing waits in flash, nor is on its way from there. */
	protected abstract get nothingWaits(): boolean;

	/** The number of these parts' channels, for what is written; they are kept before. */
	protected listOf(parts: readonly Part[]): number {
		const before = this.list;
		if (before === List.Present || before === List.Nameless && this.nothingWaits) {
			this.list = keepList(this.sectors, parts, this.nothingWaits);
			this.listSlot = Search.NONE;
			if (this.list === List.Nameless && before === List.Present) this.log.line(NAMES_LOST);
		}
		return this.list;
	}
}

/** A slot of the sector, counted through the whole flash. */
const slotOf = (sectors: Sectors, index: number): number => sectors.usable * sectors.slotsPerSector + index;

/** Whether that slot holds a piece, of a list with that number if it is given. */
const isPiece = (sectors: Sectors, slot: number, number: number = List.Present): boolean =>
	sectors.load(slot) && (number === List.Present || takeWhole(sectors.bytes, Const.NUMBER_AT, 2) === number) && isWhole(sectors.bytes, Const.KIND);

/** The slot of the first piece of a list, all of which is there; `near`: where one was found before. NONE: it cannot be read. */
const findList = (sectors: Sectors, number: number, near: number): number => {
	if (near !== Search.NONE && sectors.load(near) && takeWhole(sectors.bytes, Const.NUMBER_AT, 2) === number) return near;
	for (let index = 0; index < sectors.slotsPerSector; index++) {
		const slot = slotOf(sectors, index);
		if (isPiece(sectors, slot, number)) return isList(sectors, slot, number, index) ? slot : Search.NONE;
	}
	return Search.NONE;
};

const isList = (sectors: Sectors, slot: number, number: number, index: number): boolean => {
	for (let piece = 0; index + piece < sectors.slotsPerSector; piece++) {
		if (!isPiece(sectors, slot + piece, number)) return false;
		const said = sectors.bytes[Const.PIECE_AT];
		if ((said & ~Const.LAST_PIECE) !== piece) return false;
		if (said & Const.LAST_PIECE) return true;
	}
	return false;
};

/** The number of the list of these parts' channels, which is kept now if it was not; List.Nameless: it cannot be. */
const keepList = (sectors: Sectors, parts: readonly Part[], mayWipe: boolean): number => {
	if (sectors.readHeading(sectors.usable) === SectorState.Alive) return List.Nameless;
	const names = new Text(new Uint8Array(channelCount(parts) * Const.NAME_MAX));
	writeList(names, parts);
	const { slotsPerSector } = sectors;
	let end = slotsPerSector;
	while (end > 0 && sectors.load(slotOf(sectors, end - 1)) && isErased(sectors.bytes)) end--;
	let last = end - 1;
	while (last >= 0 && !isPiece(sectors, slotOf(sectors, last))) last--;
	let number = last < 0 ? 0 : takeWhole(sectors.bytes, Const.NUMBER_AT, 2);
	if (last >= 0 && isSame(sectors, slotOf(sectors, last - (sectors.bytes[Const.PIECE_AT] & ~Const.LAST_PIECE)), number, names)) return number;
	const pieces = Math.ceil(names.length / Const.TEXT_BYTES);
	for (let tries = 0; tries < Const.TRIES; tries++) {
		if (end + pieces > slotsPerSector || number >= Const.NUMBER_MAX) {
			// Where no list can be read, none is lost.
			if (!mayWipe && last >= 0 || pieces > slotsPerSector || !sectors.clear(sectors.usable)) return List.Nameless;
			end = 0;
			last = Search.NONE;
		}
		number = number % Const.NUMBER_MAX + 1;
		if (writeRow(sectors, slotOf(sectors, end), number, names)) return number;
		end += pieces;
	}
	return List.Nameless;
};

const writeList = (names: Text, parts: readonly Part[]): void => {
	for (let channel = 0, count = channelCount(parts); channel < count; channel++) {
		if (channel > 0) names.byte(Const.COMMA);
		writeChannelName(names, parts, channel);
	}
};

/** Whether the list that begins in that slot is whole, and says just that. */
const isSame = (sectors: Sectors, slot: number, number: number, names: Text): boolean => {
	const { bytes } = sectors;
	for (let done = 0; ; slot++) {
		if (!isPiece(sectors, slot, number) || (bytes[Const.PIECE_AT] & ~Const.LAST_PIECE) !== done / Const.TEXT_BYTES) return false;
		for (let at: number = Const.TEXT_AT; at < Const.TEXT_AT + Const.TEXT_BYTES; at++, done++) {
			if (bytes[at] !== (done < names.length ? names.bytes[done] : Const.ERASED)) return false;
		}
		if (bytes[Const.PIECE_AT] & Const.LAST_PIECE) return done >= names.length;
		if (done >= names.length) return false;
	}
};

/** All pieces, each read back. */
const writeRow = (sectors: Sectors, slot: number, number: number, names: Text): boolean => {
	const pieces = Math.ceil(names.length / Const.TEXT_BYTES);
	for (let piece = 0; piece < pieces; piece++) {
		const bytes = sectors.bytes.fill(Const.ERASED, 0, Slot.BYTES);
		putWhole(bytes, Const.NUMBER_AT, number, 2);
		bytes[Const.PIECE_AT] = piece + 1 < pieces ? piece : piece | Const.LAST_PIECE;
		for (let i = 0, at = piece * Const.TEXT_BYTES; i < Const.TEXT_BYTES && at < names.length; i++, at++) bytes[Const.TEXT_AT + i] = names.bytes[at];
		if (!sectors.write(slot + piece, Const.KIND)) return false;
	}
	return true;
};

/** Writes the name of that channel from the list that begins in that slot; false: it has none. */
const copyName = (sectors: Sectors, slot: number, channel: number, text: Text): boolean => {
	const { bytes } = sectors;
	const before = text.length;
	while (sectors.load(slot++)) {
		for (let at: number = Const.TEXT_AT; at < Const.TEXT_AT + Const.TEXT_BYTES && bytes[at] !== Const.ERASED; at++) {
			if (bytes[at] !== Const.COMMA) {
				if (channel === 0) text.byte(bytes[at]);
			} else if (channel-- === 0) return true;
		}
		if (bytes[Const.PIECE_AT] & Const.LAST_PIECE) break;
	}
	return text.length > before;
};
