// Moddable's "embedded:io/socket/tcp", as modules/io/socket/lwip/tcp.c of the SDK behaves.
//
// Rule: a write is all or nothing; the first onWritable means connected; onReadable comes on arrival only; onError comes without
// an argument and after all that was received has been read; nothing is called from inside a constructor or method.

import type SDK from 'embedded:io/socket/tcp';
import type { TCPOptions } from 'embedded:io/socket/tcp';
import { callback, fill, fromHex, toHex, view, type Bytes } from './bytes.js';
import { call, on } from './host.js';

type Format = 'buffer' | 'number';
/** What the host's socket says when a message is delivered: bytes to read, room to write, or the end; -1 for "not now". */
type Delivery = [readable: number, writable: number, ended: boolean];

const sockets: Record<number, TCP | undefined> = {};

on('tcp', (id: number, delivery: Delivery) => {
	sockets[id]?.deliver(delivery);
});

class TCP {
	target?: unknown;
	#id: number | undefined;
	#format: Format;
	#onReadable: TCPOptions['onReadable'];
	#onWritable: TCPOptions['onWritable'];
	#onError: TCPOptions['onError'];

	/** Without options: what a listener hands out, which has no callbacks. */
	constructor(options?: TCPOptions, accepted?: number) {
		this.#format = 'buffer';
		if (!options) {
			this.#id = accepted!;
			sockets[this.#id] = this;
			return;
		}
		// On ESP32 the first thing looked at: without an interface the vendor's code would abort.
		call('tcp.check');
		this.#format = checkedFormat(options.format || 'buffer');
		this.#onReadable = callback(options.onReadable);
		this.#onWritable = callback(options.onWritable);
		this.#onError = callback(options.onError);
		const triggers = [!!this.#onReadable, !!this.#onWritable, !!this.#onError] as const;
		if ('from' in options) {
			this.#id = call<number>('tcp.take', (options.from as unknown as TCP).#release(), ...triggers);
		} else {
			const port = options.port === undefined ? null : (options.port as number) | 0;
			this.#id = call<number>('tcp.open', String(options.address), port, options.nodelay ?? null, ...triggers);
		}
		sockets[this.#id] = this;
		if ('target' in options) this.target = options.target;
	}

	/** Not of the SDK, whose listener makes one by itself. */
	static accepted(id: number): TCP {
		return new TCP(undefined, id);
	}

	write(what: Bytes | number): number | undefined {
		const bytes = this.#format === 'number' ? Uint8Array.of(what as number) : view(what);
		return call<number | null>('tcp.write', this.#open(), toHex(bytes)) ?? undefined;
	}

	read(count?: number): ArrayBuffer | undefined;
	read(into: Bytes): number | undefined;
	read(what?: number | Bytes): ArrayBuffer | number | undefined {
		const id = this.#open();
		if (this.#format === 'number') {
			const byte = call<string | null>('tcp.read', id, 1);
			return byte === null ? undefined : new Uint8Array(fromHex(byte))[0];
		}
		if (typeof what === 'object') {
			const into = view(what);
			const bytes = call<string | null>('tcp.read', id, into.length);
			if (bytes === null) return undefined;
			fill(into, bytes);
			return into.length;
		}
		const bytes = call<string | null>('tcp.read', id, arguments.length === 0 ? null : (what as number) | 0);
		return bytes === null ? undefined : fromHex(bytes);
	}

	close(): void {
		if (this.#id === undefined) return;
		call('tcp.close', this.#release());
	}

	get remoteAddress(): string {
		return call('tcp.remoteAddress', this.#open());
	}

	get remotePort(): number {
		return call('tcp.remotePort', this.#open());
	}

	get format(): Format {
		return this.#format;
	}
	set format(format: Format) {
		this.#format = checkedFormat(format);
	}

	/** Not of the SDK: one message of the host's socket, which may call two of the callbacks. */
	deliver([readable, writable, ended]: Delivery): void {
		const id = this.#id!;
		if (readable > 0) {
			this.#onReadable?.call(this, readable);
			if (this.#id !== id) return;
			[readable, writable, ended] = call<Delivery>('tcp.rest', id);
		}
		if (ended) this.#onError?.call(this);
		else if (writable >= 0) this.#onWritable?.call(this, writable);
	}

	#open(): number {
		if (this.#id === undefined) throw new SyntaxError('xsGetHostData: invalid host data');
		return this.#id;
	}

	#release(): number {
		const id = this.#open();
		sockets[id] = undefined;
		delete sockets[id];
		this.#id = undefined;
		return id;
	}
}

TCP satisfies typeof SDK;
export default TCP;

function checkedFormat(format: Format): Format {
	if (format !== 'number' && format !== 'buffer') throw new RangeError('unimplemented');
	return format;
}
