// Moddable's "embedded:io/i2c": one device at one address of a bus of two pins.
//
// Rule: nobody acknowledging is an Error; only a write of no bytes returns 1 instead.

import type SDK from 'embedded:io/i2c';
import type { I2COptions } from 'embedded:io/i2c';
import { fill, fromHex, toHex, view, type Bytes } from './bytes.js';
import { call } from './host.js';

class I2C {
	target?: unknown;
	#device: number | undefined;

	constructor(options: I2COptions) {
		for (const needed of ['data', 'clock', 'address'] as const) {
			if (!(needed in options)) throw new RangeError(`${needed} required`);
		}
		if (options.format && options.format !== 'buffer') throw new RangeError('invalid format');
		this.#device = call<number>('i2c.open', options.data, options.clock, options.address, options.hz | 0);
		if ('target' in options) this.target = options.target;
	}

	read(count: number, stop?: boolean): ArrayBuffer;
	read(into: Bytes, stop?: boolean): number;
	read(what: number | Bytes): ArrayBuffer | number {
		return deliver(what, (count) => call('i2c.read', this.#open(), count));
	}

	write(bytes: Bytes): number | undefined {
		const acknowledged = call<boolean>('i2c.write', this.#open(), toHex(view(bytes)));
		return acknowledged ? undefined : 1;
	}

	writeRead(bytes: Bytes, count: number, stop?: boolean): ArrayBuffer;
	writeRead(bytes: Bytes, into: Bytes, stop?: boolean): number;
	writeRead(bytes: Bytes, what: number | Bytes): ArrayBuffer | number {
		return deliver(what, (count) => call('i2c.writeRead', this.#open(), toHex(view(bytes)), count));
	}

	close(): void {
		if (this.#device !== undefined) call('i2c.close', this.#device);
		this.#device = undefined;
	}

	get format(): 'buffer' {
		return 'buffer';
	}
	set format(format: 'buffer') {
		if (format !== 'buffer') throw new RangeError();
	}

	#open(): number {
		if (this.#device === undefined) throw new SyntaxError('xsGetHostData: invalid host data');
		return this.#device;
	}
}

I2C satisfies typeof SDK;
export default I2C;

function deliver(what: number | Bytes, read: (count: number) => string): ArrayBuffer | number {
	if (typeof what === 'number') return fromHex(read(what | 0));
	const into = view(what);
	fill(into, read(into.length));
	return into.length;
}
