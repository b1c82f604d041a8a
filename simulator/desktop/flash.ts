// Stands in for "flash" in the SDK's own desktop simulator, which has none: 16 sectors of NOR flash in memory, gone at the end.
// Imports nothing, like the others in this folder.

const SECTOR = 4_096;

export default class Flash {
	readonly #bytes = new Uint8Array(16 * SECTOR).fill(0xff);

	get byteLength(): number {
		return this.#bytes.length;
	}

	get blockSize(): number {
		return SECTOR;
	}

	erase(sector: number): void {
		this.#bytes.fill(0xff, sector * SECTOR, (sector + 1) * SECTOR);
	}

	read(offset: number, byteLength: number): ArrayBuffer {
		return this.#bytes.slice(offset, offset + byteLength).buffer;
	}

	write(offset: number, byteLength: number, bytes: Uint8Array): void {
		for (let i = 0; i < byteLength; i++) this.#bytes[offset + i] &= bytes[i];
	}
}
