// Moddable's "embedded:io/serial": a UART with FIFOs of 128 bytes each way.
//
// Rule: a write is taken whole or throws "output full"; onWritable comes once after opening, then each time the FIFO has run
// low after a write.

import type SDK from 'embedded:io/serial';
import type { SerialOptions } from 'embedded:io/serial';
import { callback, fill, fromHex, toHex, view, type Bytes } from './bytes.js';
import { board, call, on } from './host.js';

type Format = 'buffer' | 'number';

const opened: Record<number, Serial | undefined> = {};

on('serial', (port: number, event: 'readable' | 'writable', count: number) => {
	opened[port]?.deliver(event, count);
});

class Serial {
	target?: unknown;
	#port: number | undefined;
	#format: Format;
	#onReadable: SerialOptions['onReadable'];
	#onWritable: SerialOptions['onWritable'];

	constructor(options: SerialOptions) {
		const { transmit, receive, port, baud } = options;
		if (board.chip === 'ESP32' && transmit === undefined && receive === undefined) throw new Error('invalid');
		this.#onReadable = callback(options.onReadable);
		this.#onWritable = callback(options.onWritable);
		this.#format = checkedFormat(options.format || 'buffer', 'invalid format');
		const readable = !!this.#onReadable && (board.chip === 'ESP8266' || receive !== undefined);
		const writable = !!this.#onWritable && (board.chip === 'ESP8266' || transmit !== undefined);
		this.#port = call<number>('serial.open', port ?? 0, baud | 0, readable, writable);
		opened[this.#port] = this;
		if ('target' in options) this.target = options.target;
	}

	write(what: Bytes | number): void {
		const port = this.#open();
		call('serial.write', port, this.#format === 'number' ? toHex(Uint8Array.of(what as number)) : toHex(view(what)));
	}

	read(count?: number): ArrayBuffer | number | undefined;
	read(into: Bytes): number | undefined;
	read(what?: number | Bytes): ArrayBuffer | number | undefined {
		const port = this.#open();
		const available = call<number>('serial.available', port);
		if (!available) return undefined;
		if (this.#format === 'number') return new Uint8Array(fromHex(call('serial.read', port, 1)))[0];
		if (typeof what === 'object') {
			const into = view(what);
			const count = Math.min(into.length, available);
			if (!count) throw new Error('invalid');
			fill(into, call('serial.read', port, count));
			return count;
		}
		const count = what === undefined ? available : what | 0;
		if (count <= 0) throw new Error('invalid');
		// An empty FIFO gives whatever: here zeros.
		const bytes = new Uint8Array(count);
		fill(bytes, call('serial.read', port, Math.min(count, available)));
		return bytes.buffer;
	}

	close(): void {
		if (this.#port === undefined) return;
		opened[this.#port] = undefined;
		call('serial.close', this.#port);
		this.#port = undefined;
	}

	get format(): Format {
		return this.#format;
	}
	set format(format: Format) {
		this.#format = checkedFormat(format, 'unimplemented');
	}

	/** Not of the SDK: called by the host's event. */
	deliver(event: 'readable' | 'writable', count: number): void {
		if (event === 'readable') this.#onReadable?.call(this, count);
		else this.#onWritable?.call(this, count);
	}

	#open(): number {
		if (this.#port === undefined) throw new SyntaxError('xsGetHostData: invalid host data');
		return this.#port;
	}
}

Serial satisfies typeof SDK;
export default Serial;

function checkedFormat(format: Format, complaint: string): Format {
	if (format !== 'number' && format !== 'buffer') throw new RangeError(complaint);
	return format;
}
