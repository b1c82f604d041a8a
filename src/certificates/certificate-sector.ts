// SPDX-License-Identifier: MIT
// A sector of flash with certificates: those of CAs, or the client's and its key. Written as they come, read where they lie.
//
// Rule: contents first, the heading last; so they are there with their check sums, or not at all. Until then the sector
// has a mark, so that nobody takes it for a free one. No bit is ever set again without an erasure.
// Heading: crc u32 · magic u24, version u8 · serial u32 · bytes of each part u16 × 2 · crc of each part u32 × 2 · …
// Each part begins at a whole block. Little-endian.

import type { Flash } from '../common/ports.js';
import { crc32 } from '../storage/crc32.js';
import { putWhole, takeWhole } from '../storage/record.js';
import { wipe } from '../storage/sector.js';

const enum Layout {
	BLOCK_BYTES = 32,
	CHECKED_AT = 4,
	CHECKED_END = 24,
	/** "ttc" and the version of this layout. */
	MAGIC = 0x63_7474,
	VERSION_OF_LAYOUT = 1,
	MAGIC_AT = 4,
	VERSION_AT = 7,
	SERIAL_AT = 8,
	LENGTH_AT = 12,
	SUM_AT = 16,
	PARTS_MAX = 2,
	ERASED = 0xff,
}

export class CertificateSector {
	readonly sector: number;
	/** 0 where it is not whole. */
	readonly serial: number;
	private readonly flash: Flash;
	private readonly heading = new Uint8Array(Layout.BLOCK_BYTES);

	constructor(flash: Flash, sector: number) {
		this.flash = flash;
		this.sector = sector;
		this.serial = this.isWhole() ? takeWhole(this.heading, Layout.SERIAL_AT, 4) >>> 0 : 0;
	}

	/** A copy; undefined where there is no such part. */
	part(index: number): Uint8Array | undefined {
		const length = this.serial ? this.lengthOf(index) : 0;
		if (!length) return undefined;
		return readBytes(this.flash, this.sector, this.offsetOf(index), length);
	}

	private isWhole(): boolean {
		const { heading } = this;
		if (!this.flash.read(this.sector * this.flash.sectorBytes, heading)) return false;
		if (takeWhole(heading, Layout.MAGIC_AT, 3) !== Layout.MAGIC || heading[Layout.VERSION_AT] !== Layout.VERSION_OF_LAYOUT) return false;
		if (takeWhole(heading, 0, 4) !== crc32(heading, Layout.CHECKED_AT, Layout.CHECKED_END)) return false;
		for (let i = 0; i < Layout.PARTS_MAX; i++) if (!this.isPartWhole(i)) return false;
		return true;
	}

	private isPartWhole(index: number): boolean {
		const length = this.lengthOf(index);
		const end = this.offsetOf(index) + length;
		if (end > this.flash.sectorBytes) return false;
		const block = new Uint8Array(Layout.BLOCK_BYTES);
		let sum = 0;
		for (let at = this.offsetOf(index); at < end; at += Layout.BLOCK_BYTES) {
			if (!this.flash.read(this.sector * this.flash.sectorBytes + at, block)) return false;
			sum = crc32(block, 0, end - at < Layout.BLOCK_BYTES ? end - at : Layout.BLOCK_BYTES, sum);
		}
		return sum === takeWhole(this.heading, Layout.SUM_AT + 4 * index, 4);
	}

	private lengthOf(index: number): number {
		return takeWhole(this.heading, Layout.LENGTH_AT + 2 * index, 2);
	}

	private offsetOf(index: number): number {
		return Layout.BLOCK_BYTES + (index ? wholeBlocks(this.lengthOf(0)) : 0);
	}
}

/** Writes to a sector, whatever was there before. What fails is told by commit() alone. */
export class CertificateWriter {
	readonly sector: number;
	/** How many parts have come to their end. */
	parts = 0;
	private readonly flash: Flash;
	private readonly block = new Uint8Array(Layout.BLOCK_BYTES);
	private readonly lengths: number[] = [0, 0];
	private readonly sums: number[] = [0, 0];
	private begin: number = Layout.BLOCK_BYTES;
	private at: number = Layout.BLOCK_BYTES;
	private sum = 0;
	private failed: boolean;

	constructor(flash: Flash, sector: number) {
		this.flash = flash;
		this.sector = sector;
		const { block } = this;
		this.failed = !wipe(flash, sector, block);
		block.fill(Layout.ERASED);
		putWhole(block, Layout.MAGIC_AT, Layout.MAGIC, 3);
		block[Layout.VERSION_AT] = Layout.VERSION_OF_LAYOUT;
		if (!this.failed) flash.write(sector * flash.sectorBytes, block);
	}

	/** For the part that is being written. */
	get room(): number {
		return this.flash.sectorBytes - this.begin;
	}

	/** Of what has come of this part. */
	get sumSoFar(): number {
		return crc32(this.block, 0, this.at % Layout.BLOCK_BYTES, this.sum);
	}

	/** Nothing of the part that comes next is there. */
	get isAtBegin(): boolean {
		return this.at === this.begin;
	}

	put(value: number): void {
		const at = this.at++ % Layout.BLOCK_BYTES;
		this.block[at] = value;
		if (at === Layout.BLOCK_BYTES - 1) this.flush(Layout.BLOCK_BYTES);
	}

	/** The part is whole. What of it lies in flash is given back. */
	endPart(): Uint8Array {
		const { begin, at, parts } = this;
		const used = at % Layout.BLOCK_BYTES;
		if (used) this.flush(used);
		this.lengths[parts] = at - begin;
		this.sums[parts] = this.sum;
		this.parts++;
		this.begin = this.at = wholeBlocks(at);
		this.sum = 0;
		return readBytes(this.flash, this.sector, begin, at - begin) ?? new Uint8Array(0);
	}

	/** Writes the heading: from now on it is there, or false. */
	commit(serial: number): boolean {
		const { flash, sector, block } = this;
		if (this.failed) return false;
		block.fill(Layout.ERASED);
		putWhole(block, Layout.MAGIC_AT, Layout.MAGIC, 3);
		block[Layout.VERSION_AT] = Layout.VERSION_OF_LAYOUT;
		putWhole(block, Layout.SERIAL_AT, serial, 4);
		for (let i = 0; i < Layout.PARTS_MAX; i++) {
			putWhole(block, Layout.LENGTH_AT + 2 * i, this.lengths[i], 2);
			putWhole(block, Layout.SUM_AT + 4 * i, this.sums[i], 4);
		}
		putWhole(block, 0, crc32(block, Layout.CHECKED_AT, Layout.CHECKED_END), 4);
		flash.write(sector * flash.sectorBytes, block);
		// What was written counts if it reads back, whatever flash said of it.
		return new CertificateSector(flash, sector).serial === serial;
	}

	/** Writes the block, of which so many bytes are used. */
	private flush(used: number): void {
		const { flash, block } = this;
		const offset = this.at - used;
		this.sum = crc32(block, 0, used, this.sum);
		block.fill(Layout.ERASED, used);
		if (offset >= flash.sectorBytes) this.failed = true;
		if (!this.failed) flash.write(this.sector * flash.sectorBytes + offset, block);
	}
}

const wholeBlocks = (bytes: number): number => {
	return Math.ceil(bytes / Layout.BLOCK_BYTES) * Layout.BLOCK_BYTES;
};

/** Flash is read by whole words. */
const readBytes = (flash: Flash, sector: number, offset: number, length: number): Uint8Array | undefined => {
	const bytes = new Uint8Array(Math.ceil(length / 4) * 4);
	return length && flash.read(sector * flash.sectorBytes + offset, bytes) ? bytes.slice(0, length) : undefined;
};
