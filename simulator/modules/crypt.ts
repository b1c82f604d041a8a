// Moddable's "crypt", as far as the firmware uses it: digests, by the host's own crypto.

import type { Digest as SDK } from 'crypt';
import { fromHex, toHex } from './bytes.js';
import { call } from './host.js';

export class Digest {
	readonly #type: string;

	constructor(type: string) {
		this.#type = type;
	}

	process(...parts: Uint8Array[]): ArrayBuffer {
		return fromHex(call('crypt.digest', this.#type, parts.map(toHex).join('')));
	}
}

Digest satisfies typeof SDK;
