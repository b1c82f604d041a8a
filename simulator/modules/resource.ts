// Moddable's "Resource": the files of the image. They are the host's to give.

import type SDK from 'Resource';
import { fromHex } from './bytes.js';
import { call } from './host.js';

class Resource {
	readonly byteLength: number;
	readonly #name: string;

	static exists(name: string): boolean {
		return call('resource.exists', String(name));
	}

	constructor(name: string) {
		this.#name = String(name);
		this.byteLength = call('resource.size', this.#name);
	}

	slice(begin: number, end: number = this.byteLength): ArrayBuffer {
		return fromHex(call('resource.slice', this.#name, begin, end));
	}
}

Resource satisfies typeof SDK;
export default Resource;
