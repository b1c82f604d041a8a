// NOR flash held to its rules: writing only clears bits, whole words only, and the power may go at any byte of a write or in
// the middle of an erasure. A test cuts it at step k, then boots again with the same flash.
import type { Flash } from '../../src/common/ports.js';
import { random } from './fakes.js';

export class PowerCut extends Error {}

export class FakeFlash implements Flash {
	readonly sectorBytes: number;
	readonly sectorCount: number;
	settingsSectors = 0;
	readonly bytes: Uint8Array;
	/** Erasures by sector. */
	readonly erasures: number[];
	/** Bytes changed and sectors erased so far. */
	steps = 0;
	/** The power goes at this step. */
	cutAt = Infinity;
	reads = 0;
	/** True: this operation fails, half done. Set by a test. */
	fails: (operation: 'write' | 'erase', sector: number) => boolean = () => false;
	readonly #chance: () => number;

	constructor(sectorCount: number, sectorBytes = 256, seed = 1) {
		this.sectorCount = sectorCount;
		this.sectorBytes = sectorBytes;
		this.bytes = new Uint8Array(sectorCount * sectorBytes).fill(0xff);
		this.erasures = new Array<number>(sectorCount).fill(0);
		this.#chance = random(seed);
	}

	read(offset: number, into: Uint8Array): boolean {
		this.#check(offset, into.length);
		this.reads++;
		into.set(this.bytes.subarray(offset, offset + into.length));
		return true;
	}

	write(offset: number, bytes: Uint8Array): boolean {
		this.#check(offset, bytes.length);
		const fails = this.fails('write', Math.floor(offset / this.sectorBytes));
		for (let i = 0; i < bytes.length; i++) {
			const old = this.bytes[offset + i]!;
			if (~old & bytes[i]!) throw new Error(`a bit is set at ${offset + i} that flash has cleared`);
			// A cut at a byte that does not change is the same as one at the next that does.
			if (old === bytes[i]) continue;
			if (this.steps++ === this.cutAt) this.#tear(offset + i, bytes[i]!);
			if (fails && this.#chance() < 0.5) continue;
			this.bytes[offset + i] = bytes[i]!;
		}
		return !fails;
	}

	erase(sector: number): boolean {
		if (!(Number.isInteger(sector) && sector >= 0 && sector < this.sectorCount)) throw new Error(`there is no sector ${sector}`);
		this.erasures[sector]!++;
		if (this.steps++ === this.cutAt) {
			this.garble(sector);
			throw new PowerCut();
		}
		if (this.fails('erase', sector)) {
			this.garble(sector);
			return false;
		}
		this.bytes.fill(0xff, sector * this.sectorBytes, (sector + 1) * this.sectorBytes);
		return true;
	}

	/** What an erasure leaves that was cut short: from anywhere on, each byte as it was, erased, or anything. */
	garble(sector: number): void {
		const from = this.#chance() < 0.5 ? 0 : Math.floor(this.#chance() * this.sectorBytes);
		for (let at = sector * this.sectorBytes + from; at < (sector + 1) * this.sectorBytes; at++) {
			const chance = this.#chance();
			if (chance < 0.4) this.bytes[at] = 0xff;
			else if (chance < 0.6) this.bytes[at] = Math.floor(this.#chance() * 256);
		}
	}

	/** Some of the bits that were to be cleared are. */
	#tear(at: number, value: number): never {
		this.bytes[at]! &= value | Math.floor(this.#chance() * 256);
		throw new PowerCut();
	}

	#check(offset: number, length: number): void {
		if (offset % 4 || length % 4 || length === 0) throw new Error(`${length} bytes at ${offset} are not whole words`);
		if (offset < 0 || offset + length > this.bytes.length) throw new Error(`${offset} is outside`);
	}
}

/** Of so many sectors for readings, and the one for the names of their channels. */
export const journalFlash = (sectors: number, sectorBytes = 256, seed = 1): FakeFlash => new FakeFlash(sectors + 1, sectorBytes, seed);
