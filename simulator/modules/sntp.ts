// Moddable's "sntp": asks a time server, again every 5 s, five times; then says so and may be given another host.
//
// Rule: it never sets the date itself. After message 1 (time), or an error that nobody answered with a host, it is closed.

import type SDK from 'sntp';
import { call, on } from './host.js';

type Callback = (message: number, value?: number | string) => string | void;

const clients: Record<number, SNTP | undefined> = {};

on('sntp', (id: number, message: number, value: number | string | null) => {
	clients[id]?.deliver(message, value);
});

class SNTP {
	static readonly time = 1;
	static readonly retry = 2;
	static readonly error = -1;
	#id: number | undefined;
	#callback: Callback;

	constructor(options: { host: string }, callback: Callback) {
		this.#callback = callback;
		this.#id = call<number>('sntp.open', String(options.host));
		clients[this.#id] = this;
	}

	close(): void {
		if (this.#id === undefined) return;
		delete clients[this.#id];
		call('sntp.close', this.#id);
		this.#id = undefined;
	}

	/** Not of the SDK: called by the host's event. */
	deliver(message: number, value: number | string | null): void {
		const callback = this.#callback;
		if (message === SNTP.retry) return void callback(message);
		if (message === SNTP.time) {
			this.close();
			return void callback(message, value!);
		}
		const host = callback(message, value!);
		if (host) call('sntp.start', this.#id!, String(host));
		else this.close();
	}
}

SNTP satisfies typeof SDK;
export default SNTP;
