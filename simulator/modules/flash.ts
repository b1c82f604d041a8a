// Moddable's legacy "flash": a partition of NOR flash, in sectors of 4 KB.

import type SDK from 'flash';
import { fromHex, toHex, view, type Bytes } from './bytes.js';
import { call } from './host.js';

class Flash {
	readonly #partition: string;

	constructor(partition: string) {
		this.#partition = String(partition);
		call('flash.open', this.#partition);
	}

	erase(sector: number): void {
		call('flash.erase', this.#partition, sector | 0);
	}

	read(offset: number, byteLength: number): ArrayBuffer {
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
		call('flash.write', this.#partition, offset | 0, byteLength | 0, toHex(bytes.subarray(0, byteLength)));
	}

	map(): { readonly byteLength: number } {
		return Object.freeze({ byteLength: call<number>('flash.map', this.#partition) });
	}

	get byteLength(): number {
		return call('flash.byteLength', this.#partition);
	}

	get blockSize(): number {
		return 4_096;
	}
}

Flash satisfies typeof SDK;
export default Flash;
