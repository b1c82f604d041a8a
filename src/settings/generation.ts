// SPDX-License-Identifier: MIT
// One generation of settings in one sector of flash: read entry by entry where it lies, and written once, whole.
//
// Rule: entries first, the heading last; so a generation is there with its check sums, or not at all. Nothing of it is
// kept in RAM but what is asked for. An entry is skipped or copied without being understood, so later kinds (groups of
// entries, for several networks) need no other version. No bit is ever set again without an erasure.
// What becomes of it on trial is cleared in place, in bytes behind the check sum.
// Heading: crc u32 · magic u24, version u8 · serial u32 · bytes of entries u16 · flags u8 · … · crc of entries u32 ·
// image u32 · … · outcome u8 · tried u8 · worked u8
// Entry:   length of key u8 · key · type u8 · length of value u16 · value. Little-endian.

import { crc32 } from '../storage/crc32.js';
import { putWhole, takeWhole } from '../storage/record.js';
import { wipe } from '../storage/sector.js';
import type { Flash } from '../common/ports.js';
import { Text, textOf } from '../common/text.js';
import { utf8Length, type Setting } from './settings.js';

const enum Layout {
	HEADING_BYTES = 32,
	/** Read and written at a time. */
	BLOCK_BYTES = 32,
	CHECKED_AT = 4,
	/** "tts" and the version of this layout. */
	MAGIC = 0x73_7474,
	VERSION_OF_LAYOUT = 1,
	MAGIC_AT = 4,
	VERSION_AT = 7,
	SERIAL_AT = 8,
	LENGTH_AT = 12,
	FLAGS_AT = 14,
	SUM_AT = 16,
	IMAGE_AT = 20,
	/** Outside the check sum: cleared in place, in this word. */
	PROGRESS_AT = 28,
	CHECKED_END = PROGRESS_AT + 1,
	/** "ttj": the journal's, and none of our business. */
	JOURNAL_MAGIC = 0x6a_7474,
	/** No block. */
	NOWHERE = -1,
	/** Of an entry beside its key and value. */
	FRAME_BYTES = 4,
}

export const enum Flags {
	/** Cleared: it holds only once `worked` is 0. */
	NOT_ON_TRIAL = 1,
	/** Cleared: it came from the broker. */
	NOT_REMOTE = 2,
	/** All flags. */
	PLAIN = 0xff,
	ON_TRIAL = PLAIN ^ NOT_ON_TRIAL,
	ON_TRIAL_REMOTE = ON_TRIAL ^ NOT_REMOTE,
	/** Nothing was noted. */
	ERASED = 0xff,
}

const enum Type {
	False,
	True,
	/** 32 bits, signed. */
	Whole,
	/** UTF-8. */
	Text,
}

export const enum GenerationState {
	/** Blank, spoilt, or a sector of the journal. */
	None,
	/** Written by a later firmware. */
	Newer,
	/** Cut short, damaged, or somebody else's. */
	Unreadable,
	/** Whole, and on trial: it has not worked, or not yet. */
	OnTrial,
	Whole,
}

/** What a trial clears, each a byte of the heading. */
export const enum Progress {
	/** Why it failed: what failed() was told. */
	Outcome = 29,
	/** It was begun: what does not work in one boot is not tried again. */
	Tried,
	/** It holds from now on. */
	Worked,
}

export class Generation {
	readonly sector: number;
	readonly state: GenerationState;
	/** 0 where it is neither Whole nor OnTrial. */
	serial = 0;
	/** The fingerprint of the image that it was made under. */
	image = 0;
	/** Of the entry that next() came to: where it begins, and ends. */
	entryAt = 0;
	end = 0;

	private readonly flash: Flash;
	private readonly base: number;
	private readonly block: Uint8Array;
	private blockAt: number = Layout.NOWHERE;
	private valueAt = 0;
	private entriesEnd: number = Layout.HEADING_BYTES;

	/** `block`: to be read into, from somebody who needs it no more. */
	constructor(flash: Flash, sector: number, block = new Uint8Array(Layout.BLOCK_BYTES)) {
		this.flash = flash;
		this.sector = sector;
		this.block = block;
		this.base = sector * flash.sectorBytes;
		this.state = this.readHeading();
		this.rewind();
	}

	/** Before the first entry. */
	rewind(): this {
		this.end = Layout.HEADING_BYTES;
		return this;
	}

	/** Comes to the next entry; false: there is none. */
	next(): boolean {
		const at = this.entryAt = this.end;
		const typeAt = at + 1 + this.byteAt(at);
		this.valueAt = typeAt + 3;
		if (at + Layout.FRAME_BYTES > this.entriesEnd || this.valueAt > this.entriesEnd) return false;
		this.end = this.valueAt + this.byteAt(typeAt + 1) + (this.byteAt(typeAt + 2) << 8);
		return this.end <= this.entriesEnd;
	}

	/** Behind the last entry, and nothing is left over. */
	get complete(): boolean {
		return this.entryAt === this.entriesEnd;
	}

	/** The key of that entry is this one, of ASCII. */
	isKey(key: string): boolean {
		if (this.byteAt(this.entryAt) !== key.length) return false;
		for (let i = 0; i < key.length; i++) if (this.byteAt(this.entryAt + 1 + i) !== key.charCodeAt(i)) return false;
		return true;
	}

	/** That key. What is not ASCII in it is known nowhere. */
	get key(): string {
		let key = '';
		for (let i = 0; i < this.byteAt(this.entryAt); i++) key += String.fromCharCode(this.byteAt(this.entryAt + 1 + i));
		return key;
	}

	/** Its value; undefined if it is of a kind that is not known here. */
	value(): Setting | undefined {
		const size = this.end - this.valueAt;
		switch (this.byteAt(this.valueAt - 3) as Type) {
			case Type.False: return false;
			case Type.True: return true;
			case Type.Whole: return size === 4 ? this.whole() : undefined;
			case Type.Text: return this.text();
		}
		return undefined;
	}

	/** That value is this one. */
	says(value: Setting): boolean {
		if (typeof value !== 'string') return this.value() === value;
		const { valueAt, end } = this;
		if (this.byteAt(valueAt - 3) !== Type.Text || end - valueAt !== utf8Length(value)) return false;
		const { bytes } = new Text(new Uint8Array(end - valueAt)).text(value);
		for (let i = 0; i < bytes.length; i++) if (this.byteAt(valueAt + i) !== bytes[i]) return false;
		return true;
	}

	/** Of the sector. What cannot be read is 0. */
	byteAt(at: number): number {
		const blockAt = at - at % Layout.BLOCK_BYTES;
		if (blockAt !== this.blockAt) {
			this.blockAt = blockAt;
			if (blockAt >= this.flash.sectorBytes || !this.flash.read(this.base + blockAt, this.block)) this.block.fill(0);
		}
		return this.block[at - blockAt];
	}

	/** It was, or is, on trial. */
	get wasOnTrial(): boolean {
		return this.serial > 0 && !(this.byteAt(Layout.FLAGS_AT) & Flags.NOT_ON_TRIAL);
	}

	/** It was proposed over the broker, by somebody who wants to reach the node again. */
	get isRemote(): boolean {
		return this.serial > 0 && !(this.byteAt(Layout.FLAGS_AT) & Flags.NOT_REMOTE);
	}

	/** What stands there; ERASED: nothing was noted. */
	progress(of: Progress): number {
		return this.byteAt(of);
	}

	/** Notes it in place. False: flash does not take it. */
	note(of: Progress, value: number): boolean {
		const word = new Uint8Array(4);
		if (!this.flash.read(this.base + Layout.PROGRESS_AT, word)) return false;
		word[of - Layout.PROGRESS_AT] &= value;
		this.flash.write(this.base + Layout.PROGRESS_AT, word);
		this.blockAt = Layout.NOWHERE;
		return this.byteAt(of) === value;
	}

	private readHeading(): GenerationState {
		this.byteAt(0);
		const heading = this.block;
		const magic = takeWhole(heading, Layout.MAGIC_AT, 4);
		if (magic === -1 || magic === 0 || (magic & 0xff_ffff) === Layout.JOURNAL_MAGIC) return GenerationState.None;
		if ((magic & 0xff_ffff) !== Layout.MAGIC) return GenerationState.Unreadable;
		if (heading[Layout.VERSION_AT] !== Layout.VERSION_OF_LAYOUT) return GenerationState.Newer;
		if (takeWhole(heading, 0, 4) !== crc32(heading, Layout.CHECKED_AT, Layout.CHECKED_END)) return GenerationState.Unreadable;
		const state = heading[Layout.FLAGS_AT] & Flags.NOT_ON_TRIAL || heading[Progress.Worked] === 0 ? GenerationState.Whole : GenerationState.OnTrial;
		const sum = takeWhole(heading, Layout.SUM_AT, 4);
		const end = Layout.HEADING_BYTES + takeWhole(heading, Layout.LENGTH_AT, 2);
		const serial = takeWhole(heading, Layout.SERIAL_AT, 4) >>> 0;
		this.image = takeWhole(heading, Layout.IMAGE_AT, 4);
		if (end > this.flash.sectorBytes || this.sumTo(end) !== sum) return GenerationState.Unreadable;
		this.serial = serial;
		this.entriesEnd = end;
		return state;
	}

	private sumTo(end: number): number {
		let sum = 0;
		for (let at: number = Layout.HEADING_BYTES; at < end; at += Layout.BLOCK_BYTES) {
			this.byteAt(at);
			sum = crc32(this.block, 0, end - at < Layout.BLOCK_BYTES ? end - at : Layout.BLOCK_BYTES, sum);
		}
		return sum;
	}

	private whole(): number {
		let value = 0;
		for (let i = 0; i < 4; i++) value |= this.byteAt(this.valueAt + i) << (8 * i);
		return value;
	}

	/** RFC 3629 §3; what keep() wrote is well-formed, and its check sum says that it is what was written. */
	private text(): string {
		const { valueAt, end } = this;
		const bytes = new Uint8Array(end - valueAt);
		for (let at = valueAt; at < end; at++) bytes[at - valueAt] = this.byteAt(at);
		return textOf(bytes, 0, bytes.length);
	}
}

/** Writes a generation to a sector, whatever was there before. What fails is told by commit() alone. */
export class GenerationWriter {
	private readonly flash: Flash;
	private readonly sector: number;
	private readonly block = new Uint8Array(Layout.BLOCK_BYTES);
	private at: number = Layout.HEADING_BYTES;
	private sum = 0;
	/** The sector is not blank, or full: no more is written. */
	private failed: boolean;

	constructor(flash: Flash, sector: number) {
		this.flash = flash;
		this.sector = sector;
		this.failed = !wipe(flash, sector, this.block);
	}

	/** The entry that this one has come to. */
	copy(from: Generation): void {
		for (let at = from.entryAt; at < from.end; at++) this.put(from.byteAt(at));
	}

	add(key: string, value: Setting): void {
		const text = typeof value === 'string' ? value : '';
		const entry = new Text(new Uint8Array(Layout.FRAME_BYTES + key.length + 4 + utf8Length(text)));
		entry.byte(key.length).put(key);
		const typeAt = entry.length;
		entry.byte(typeof value === 'string' ? Type.Text : typeof value === 'number' ? Type.Whole : value ? Type.True : Type.False).byte(0).byte(0);
		const valueAt = entry.length;
		entry.text(text);
		if (typeof value === 'number') for (let i = 0; i < 4; i++) entry.byte(value >> (8 * i) & 0xff);
		putWhole(entry.bytes, typeAt + 1, entry.length - valueAt, 2);
		for (let i = 0; i < entry.length; i++) this.put(entry.bytes[i]);
	}

	/** There is more than a sector holds. */
	get isFull(): boolean {
		return this.at > this.flash.sectorBytes;
	}

	/** Writes the heading: from now on it is there, on trial or not as the flags say, or false. */
	commit(serial: number, image: number, flags: number = Flags.PLAIN): boolean {
		const { flash, sector, block } = this;
		const length = this.at - Layout.HEADING_BYTES;
		const used = this.at % Layout.BLOCK_BYTES;
		if (used) this.flush(used);
		const { sum } = this;
		block.fill(Flags.ERASED);
		putWhole(block, Layout.MAGIC_AT, Layout.MAGIC, 3);
		block[Layout.VERSION_AT] = Layout.VERSION_OF_LAYOUT;
		putWhole(block, Layout.SERIAL_AT, serial, 4);
		putWhole(block, Layout.LENGTH_AT, length, 2);
		block[Layout.FLAGS_AT] = flags;
		putWhole(block, Layout.SUM_AT, sum, 4);
		putWhole(block, Layout.IMAGE_AT, image, 4);
		putWhole(block, 0, crc32(block, Layout.CHECKED_AT, Layout.CHECKED_END), 4);
		if (this.failed) return false;
		flash.write(sector * flash.sectorBytes, block);
		// What was written counts if it reads back, whatever flash said of it.
		const written = new Generation(flash, sector, block);
		return written.state === (flags === Flags.PLAIN ? GenerationState.Whole : GenerationState.OnTrial) && written.serial === serial;
	}

	private put(value: number): void {
		const at = this.at++ % Layout.BLOCK_BYTES;
		this.block[at] = value;
		if (at === Layout.BLOCK_BYTES - 1) this.flush(Layout.BLOCK_BYTES);
	}

	/** Writes the block, of which so many bytes are used. */
	private flush(used: number): void {
		const { flash, block } = this;
		const offset = this.at - used;
		this.sum = crc32(block, 0, used, this.sum);
		block.fill(Flags.ERASED, used);
		if (offset >= flash.sectorBytes) this.failed = true;
		if (!this.failed) flash.write(this.sector * flash.sectorBytes + offset, block);
	}
}
