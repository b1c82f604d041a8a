// Moddable's legacy "flash": a partition of NOR flash, in sectors of 4 KB.
//
// Rule: what was never written is known to be blank without asking: a journal looks at hundreds of sectors when it boots, which is nothing
// on a chip, where they lie in its address space.

import type SDK from 'flash';
import { fromHex, toHex, view, type Bytes } from './bytes.js';
import { call, on } from './host.js';

const SECTOR = 4_096;
const SECTORS_MAX = 1_024;
/** Of the partition that was opened first, a byte for each sector: 1 where something was written. */
const known = { partition: '', sectors: 0, used: new Uint8Array(0) };

// Before main, so that it is none of the guest's memory.
on('prepare', () => {
	known.used = new Uint8Array(SECTORS_MAX);
});

class Flash {
	readonly #partition: string;

	constructor(partition: string) {
		this.#partition = String(partition);
		call('flash.open', this.#partition);
		if (known.partition) return;
		known.partition = this.#partition;
		// A bit for each: as numbers they would take more than the guest has, once flash is full.
		const used = new Uint8Array(fromHex(call('flash.used', this.#partition)));
		known.sectors = Math.min(used[0]! | used[1]! << 8, known.used.length);
		for (let sector = 0; sector < known.sectors; sector++) known.used[sector] = used[2 + (sector >> 3)]! >> (sector & 7) & 1;
	}

	erase(sector: number): void {
		this.#use(sector | 0, sector | 0);
		call('flash.erase', this.#partition, sector | 0);
	}

	read(offset: number, byteLength: number): ArrayBuffer {
		if (this.#isBlank(offset | 0, byteLength | 0)) return new Uint8Array(byteLength | 0).fill(0xff).buffer;
		return fromHex(call('flash.read', this.#partition, offset | 0, byteLength | 0));
	}

	readString(offset: number, byteLength: number): string {
		const bytes = new Uint8Array(this.read(offset, byteLength));
		let text = '';
		for (const byte of bytes) text += '%' + byte.toString(16).padStart(2, '0');
		const end = text.indexOf('%00');
		return decodeURIComponent(end % 3 === 0 ? text.slice(0, end) : text);
	}

	write(offset: number, byteLength: number, buffer: Bytes): void {
		const bytes = view(buffer);
		if (bytes.length < byteLength) throw new Error('invalid');
		this.#use(Math.floor((offset | 0) / SECTOR), Math.floor(((offset | 0) + (byteLength | 0) - 1) / SECTOR));
		call('flash.write', this.#partition, offset | 0, byteLength | 0, toHex(bytes.subarray(0, byteLength)));
	}

	map(): { readonly byteLength: number } {
		return Object.freeze({ byteLength: call<number>('flash.map', this.#partition) });
	}

	get byteLength(): number {
		return call('flash.byteLength', this.#partition);
	}

	get blockSize(): number {
		return SECTOR;
	}

	#use(first: number, last: number): void {
		if (this.#partition === known.partition) for (let sector = Math.max(0, first); sector <= last && sector < known.sectors; sector++) known.used[sector] = 1;
	}

	/** False where it is not known, and where the read is one that fails. */
	#isBlank(offset: number, byteLength: number): boolean {
		if (this.#partition !== known.partition || offset < 0 || byteLength <= 0 || offset + byteLength > known.sectors * SECTOR) return false;
		const last = Math.floor((offset + byteLength - 1) / SECTOR);
		for (let sector = Math.floor(offset / SECTOR); sector <= last; sector++) if (known.used[sector]) return false;
		return true;
	}
}

Flash satisfies typeof SDK;
export default Flash;
