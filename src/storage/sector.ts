// SPDX-License-Identifier: MIT
// What is where in flash: sectors of slots of 32 bytes. Slot 0 says what the sector is, each other slot holds one
// reading.
//
// Rule: a slot is written once, whole, with a check sum, and read back. Later only its last byte changes: 0x0F means
// given up (only its number is still to be delivered), 0x00 means done (acknowledged; of slot 0: nothing in the sector
// waits). Before a sector is erased its slot 0 is overwritten with zeros, so that a half erased one never looks alive.
// No bit is ever set again without an erasure.
// Slot:   crc u32 · boot u32 · gap u16 · record (record.ts) · list u16 (channel-names.ts) · … · done u8. `gap` numbers
// just before this one were dropped.
// Slot 0: crc u32 · magic u24, version u8 · serial u32 · first u32 · last u32 · level u8 · from u16 × 2 · … · done u8

import { crc32 } from './crc32.js';
import type { Flash } from '../common/ports.js';
import type { Reading } from '../readings/reading.js';
import { groupAt, Layout as RecordLayout, putWhole, readRecord, seqAt, takeWhole, writeRecord } from './record.js';

export const enum Slot {
	BYTES = 32,
	GAP_MAX = 0xffff,
	NOWHERE = 0xffff,
}

const enum Layout {
	DONE_AT = Slot.BYTES - 1,
	CHECKED_AT = 4,
	BOOT_AT = 4,
	GAP_AT = 8,
	RECORD_AT = 10,
	/** Behind the longest record. */
	LIST_AT = RECORD_AT + RecordLayout.RECORD_MAX,
	/** "ttj" and the version of this layout. */
	MAGIC = 0x6a_7474,
	VERSION_OF_LAYOUT = 2,
	MAGIC_AT = 4,
	VERSION_AT = 7,
	SERIAL_AT = 8,
	FIRST_AT = 12,
	LAST_AT = 16,
	LEVEL_AT = 20,
	FROM_AT = 21,
	ERASED = 0xff,
	GIVEN_UP = 0x0f,
	DONE = 0,
}

/** What a sector is. */
export const enum SectorState {
	/** Erased, spoilt, or begun and not finished: may be erased and used. */
	Free,
	Alive,
	/** All that was in it has been delivered or is elsewhere; it still tells how far the turns have come. */
	Retired,
	/** A journal of another version wrote it. */
	Foreign,
	/** Anything else. */
	Damaged,
	/** Behind `usable`, and none of the first three: it may be somebody else's. */
	Taken,
}

/** What a slot is. */
export const enum SlotState {
	Erased,
	Waiting,
	Done,
	Damaged,
}

/** Slots are counted through the whole flash: slot k of sector s is s * slotsPerSector + k. */
export class Sectors {
	readonly count: number;
	readonly slotsPerSector: number;
	/** Of the slot looked at last: its values are not to be sent any more. */
	givenUp = false;
	/** Writes and erasures that failed. */
	faults = 0;

	private readonly flash: Flash;
	/** Of the slot read or written last. */
	readonly bytes = new Uint8Array(Slot.BYTES);

	constructor(flash: Flash) {
		this.flash = flash;
		// Sectors are named by 16 bits.
		this.count = flash.sectorCount < Slot.NOWHERE ? flash.sectorCount : Slot.NOWHERE;
		this.slotsPerSector = Math.floor(flash.sectorBytes / Slot.BYTES);
	}

	/** Those below it are the journal's to begin; it is the sector of the names (channel-names.ts); what lies in the others is only read. */
	get usable(): number {
		return this.count - this.flash.settingsSectors - 1;
	}

	sectorOf(slot: number): number {
		return Math.floor(slot / this.slotsPerSector);
	}

	readHeading(sector: number): SectorState {
		const bytes = this.bytes;
		const beyond = sector >= this.usable;
		const damaged = beyond ? SectorState.Taken : SectorState.Damaged;
		if (!this.flash.read(sector * this.flash.sectorBytes, bytes)) return damaged;
		const magic = takeWhole(bytes, Layout.MAGIC_AT, 4);
		if (magic === -1 || magic === 0) return sector === this.usable ? SectorState.Taken : SectorState.Free;
		if ((magic & 0xff_ffff) !== Layout.MAGIC) return damaged;
		if (bytes[Layout.VERSION_AT] !== Layout.VERSION_OF_LAYOUT) return beyond ? SectorState.Taken : SectorState.Foreign;
		if (!isWhole(bytes)) return damaged;
		return bytes[Layout.DONE_AT] === Layout.DONE ? SectorState.Retired : SectorState.Alive;
	}

	/** Of the heading read last, if it was Alive or Retired: the sector's place in the order of writing, … */
	get serial(): number { return takeWhole(this.bytes, Layout.SERIAL_AT, 4) >>> 0; }

	/** … the numbers of sectors' worth that it stands for, … */
	get first(): number { return takeWhole(this.bytes, Layout.FIRST_AT, 4) >>> 0; }

	get last(): number { return takeWhole(this.bytes, Layout.LAST_AT, 4) >>> 0; }

	/** … its readings stand for 2^level numbers each, or fewer; … */
	get level(): number { return this.bytes[Layout.LEVEL_AT]; }

	/** … and the sectors that it replaces, or NOWHERE. */
	get fromOne(): number { return takeWhole(this.bytes, Layout.FROM_AT, 2); }

	get fromOther(): number { return takeWhole(this.bytes, Layout.FROM_AT + 2, 2); }

	/** Of the slot read or marked last. */
	get boot(): number { return takeWhole(this.bytes, Layout.BOOT_AT, 4) >>> 0; }

	get gap(): number { return takeWhole(this.bytes, Layout.GAP_AT, 2); }

	get seq(): number { return seqAt(this.bytes, Layout.RECORD_AT); }

	get group(): number { return groupAt(this.bytes, Layout.RECORD_AT); }

	/** How many of the usable ones hold nothing, of all those `alive`. */
	free(alive: number): number {
		let free = this.usable - alive;
		for (let sector = this.usable; sector < this.count; sector++) if (this.readHeading(sector) === SectorState.Alive) free++;
		return free;
	}

	/**
	 * Which one has its turn so many behind `newest`, from 1 to `count`: all that are usable, and last, for want of
	 * any, those behind them.
	 */
	inTurn(newest: number, behind: number): number {
		return behind > this.usable ? behind - 1 : (newest + behind) % this.usable;
	}

	/** Makes a sector ready to be written: nothing that was in it can ever be read again. */
	clear(sector: number): boolean {
		if (wipe(this.flash, sector, this.bytes.fill(0))) return true;
		this.faults++;
		return false;
	}

	/** Writes slot 0, as the heading's own accessors have it: from now on the sector is alive. */
	commit(sector: number, serial: number, first: number, last: number, level = 0, fromOne: number = Slot.NOWHERE, fromOther: number = Slot.NOWHERE): boolean {
		const bytes = this.bytes.fill(Layout.ERASED);
		putWhole(bytes, Layout.MAGIC_AT, Layout.MAGIC, 3);
		bytes[Layout.VERSION_AT] = Layout.VERSION_OF_LAYOUT;
		putWhole(bytes, Layout.SERIAL_AT, serial, 4);
		putWhole(bytes, Layout.FIRST_AT, first, 4);
		putWhole(bytes, Layout.LAST_AT, last, 4);
		bytes[Layout.LEVEL_AT] = level;
		putWhole(bytes, Layout.FROM_AT, fromOne, 2);
		putWhole(bytes, Layout.FROM_AT + 2, fromOther, 2);
		return this.write(sector * this.slotsPerSector);
	}

	/** The slot as it is; false: nothing of it may be used. */
	load(slot: number): boolean { return this.flash.read(slot * Slot.BYTES, this.bytes); }

	/** Nothing in this sector is waited for any more. */
	retire(sector: number): boolean {
		return this.finish(sector * this.slotsPerSector);
	}

	readSlot(slot: number): SlotState {
		const bytes = this.bytes;
		if (!this.load(slot)) return SlotState.Damaged;
		if (bytes[Layout.DONE_AT] === Layout.DONE) return SlotState.Done;
		if (isErased(bytes)) return SlotState.Erased;
		if (!isWhole(bytes)) return SlotState.Damaged;
		this.givenUp = bytes[Layout.DONE_AT] === Layout.GIVEN_UP;
		return SlotState.Waiting;
	}

	/**
	 * Fills `reading` from a slot that was Waiting; also after it was done. One that was given up names itself as
	 * dropped, and has no values.
	 */
	read(slot: number, reading: Reading): void {
		const bytes = this.bytes;
		this.load(slot);
		this.givenUp = bytes[Layout.DONE_AT] === Layout.GIVEN_UP;
		readRecord(bytes, Layout.RECORD_AT, reading);
		reading.boot = this.boot;
		reading.list = takeWhole(bytes, Layout.LIST_AT, 2);
		const { seq } = reading;
		const last = this.givenUp ? seq : seq - 1;
		const from = seq - this.gap;
		reading.droppedFrom = from <= last ? from : 0;
		reading.droppedTo = from <= last ? last : 0;
		if (this.givenUp) reading.empty();
	}

	/** Writes a reading, whose channels `list` names, to an erased slot. False: it is not there, and the slot is lost. */
	store(slot: number, reading: Reading, list: number): boolean {
		const bytes = this.bytes.fill(Layout.ERASED);
		putWhole(bytes, Layout.BOOT_AT, reading.boot, 4);
		putWhole(bytes, Layout.GAP_AT, reading.droppedFrom ? reading.seq - reading.droppedFrom : 0, 2);
		writeRecord(bytes, Layout.RECORD_AT, reading);
		putWhole(bytes, Layout.LIST_AT, list, 2);
		return this.write(slot);
	}

	/** Writes what is in one slot to another, an erased one, with another gap. */
	copy(from: number, to: number, gap: number): boolean {
		const bytes = this.bytes;
		if (!this.load(from)) return false;
		putWhole(bytes, Layout.GAP_AT, gap, 2);
		if (bytes[Layout.DONE_AT] !== Layout.GIVEN_UP) bytes[Layout.DONE_AT] = Layout.ERASED;
		return this.write(to);
	}

	/** Marks a slot as done, for ever; false: it is not marked. Afterwards `boot`, `seq` and `givenUp` are its own. */
	finish(slot: number): boolean { return this.mark(slot, Layout.DONE); }

	/**
	 * Of a reading that waits, only its number waits from now on; false: it is not marked. Afterwards `boot` and `seq`
	 * are its own.
	 */
	giveUp(slot: number): boolean { return this.mark(slot, Layout.GIVEN_UP); }

	/** What it reads counts, whatever flash said of it. Bits that are cleared already stay so. */
	private mark(slot: number, mark: number): boolean {
		const bytes = this.bytes;
		let kept = this.load(slot);
		if (kept) {
			this.givenUp = bytes[Layout.DONE_AT] === Layout.GIVEN_UP;
			// The other bytes are written as they are, which changes nothing.
			bytes[Layout.DONE_AT] &= mark;
			const written = this.flash.write(slot * Slot.BYTES, bytes);
			kept = this.load(slot) && bytes[Layout.DONE_AT] === mark;
			if (written && kept) return true;
		}
		this.faults++;
		return kept;
	}

	/** What was written counts if it reads back the same, whatever flash said of it. `kind`: what it holds, as isWhole() has it. */
	write(slot: number, kind = 0): boolean {
		const bytes = this.bytes;
		const crc = crc32(bytes, Layout.CHECKED_AT, Layout.DONE_AT, kind);
		putWhole(bytes, 0, crc, 4);
		this.flash.write(slot * Slot.BYTES, bytes);
		if (this.load(slot) && takeWhole(bytes, 0, 4) === crc && isWhole(bytes, kind) && bytes[Layout.DONE_AT] !== Layout.DONE) return true;
		this.faults++;
		return false;
	}
}

/** By its check sum, which begins with another number for each kind of contents. */
export const isWhole = (bytes: Uint8Array, kind = 0): boolean => takeWhole(bytes, 0, 4) === crc32(bytes, Layout.CHECKED_AT, Layout.DONE_AT, kind);

export const isErased = (bytes: Uint8Array): boolean => {
	for (let i = 0; i < Slot.BYTES; i++) if (bytes[i] !== Layout.ERASED) return false;
	return true;
};

/**
 * Erases a sector whose heading is as long as `zeros`. Erasing may be cut short; what has no magic and no check sum
 * stays without, whatever comes of the rest.
 */
export const wipe = (flash: Flash, sector: number, zeros: Uint8Array): boolean =>
	flash.write(sector * flash.sectorBytes, zeros) && flash.erase(sector);
