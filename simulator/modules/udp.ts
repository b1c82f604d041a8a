// Moddable's "embedded:io/socket/udp", as modules/io/socket/lwip of the SDK behaves.

import type SDK from 'embedded:io/socket/udp';
import type { Packet, UDPOptions } from 'embedded:io/socket/udp';
import { callback, fromHex, toHex, view } from './bytes.js';
import { call, on } from './host.js';

const sockets: Record<number, UDP | undefined> = {};

on('udp', (id: number, count: number) => {
	sockets[id]?.deliver(count);
});

class UDP {
	target?: unknown;
	readonly #id: number;
	readonly #onReadable: UDPOptions['onReadable'];

	constructor(options: UDPOptions) {
		this.#onReadable = callback(options.onReadable);
		this.#id = call<number>('udp.open', (options.port ?? 0) | 0);
		sockets[this.#id] = this;
		if ('target' in options) this.target = options.target;
	}

	read(): Packet | undefined {
		const packet = call<[bytes: string, address: string, port: number] | null>('udp.read', this.#id);
		return packet ? Object.assign(fromHex(packet[0]), { address: packet[1], port: packet[2] }) : undefined;
	}

	write(bytes: ArrayBufferLike | ArrayBufferView, address: string, port: number): void {
		call('udp.write', this.#id, toHex(view(bytes)), String(address), port | 0);
	}

	close(): void {
		if (!sockets[this.#id]) return;
		delete sockets[this.#id];
		call('udp.close', this.#id);
	}

	/** Not of the SDK: the host's message. */
	deliver(count: number): void {
		this.#onReadable?.call(this as never, count);
	}
}

UDP satisfies typeof SDK;
export default UDP;
