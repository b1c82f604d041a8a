// Moddable's "embedded:io/socket/listener", as modules/io/socket/lwip of the SDK behaves.
//
// Rule: onReadable says how many wait; read() gives a TCP that has no callbacks until it is taken over.

import type SDK from 'embedded:io/socket/listener';
import type { ListenerOptions } from 'embedded:io/socket/listener';
import type SDKTCP from 'embedded:io/socket/tcp';
import { callback } from './bytes.js';
import { call, on } from './host.js';
import TCP from './tcp.js';

const listeners: Record<number, Listener | undefined> = {};

on('listener', (id: number, count: number) => {
	listeners[id]?.deliver(count);
});

class Listener {
	target?: unknown;
	readonly #id: number;
	readonly #onReadable: ListenerOptions['onReadable'];

	constructor(options: ListenerOptions) {
		this.#onReadable = callback(options.onReadable);
		this.#id = call<number>('listener.open', (options.port ?? 0) | 0);
		listeners[this.#id] = this;
		if ('target' in options) this.target = options.target;
	}

	read(): SDKTCP | undefined {
		const id = call<number | null>('listener.read', this.#id);
		return id === null ? undefined : (TCP.accepted(id) as unknown as SDKTCP);
	}

	close(): void {
		if (!listeners[this.#id]) return;
		delete listeners[this.#id];
		call('listener.close', this.#id);
	}

	get port(): number {
		return call('listener.port', this.#id);
	}

	/** Not of the SDK: the host's message. */
	deliver(count: number): void {
		this.#onReadable?.call(this as never, count);
	}
}

Listener satisfies typeof SDK;
export default Listener;
