// Moddable's "sntp": asks a time server, again every 5 s, five times; then says so and may be given another host.
//
// Rule: it never sets the date itself, and looks at no more of a packet than the SDK's does: its length, its mode, and whether the
// stratum is 0. After message 1 (time), or an error that nobody answered with a host, it is closed. As a subclass of the SDK's
// Socket it hands each packet to callback(), which may be overridden and reads it byte by byte.

import type SDK from 'sntp';
import { fromHex } from './bytes.js';
import { call, on } from './host.js';

type Callback = (message: number, value?: number | string) => string | void;

const clients: Record<number, SNTP | undefined> = {};
/** Socket.readable. */
const READABLE = 2;
const NTP_EPOCH_SECONDS = 2_208_988_800;

on('sntp', (id: number, message: number, value: number | string | null) => {
	clients[id]?.deliver(message, value);
});

class SNTP {
	static readonly time = 1;
	static readonly retry = 2;
	static readonly error = -1;
	#id: number | undefined;
	#callback: Callback;
	/** The packet that is being read. */
	#packet = new Uint8Array(0);

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

	/** Bytes that are left; the next one; or nothing, and that many are thrown away, or all. */
	read(kind?: NumberConstructor | null, count?: number): number | undefined {
		if (kind === undefined) return this.#packet.length;
		if (this.#packet.length === 0) return undefined;
		const [first] = this.#packet;
		this.#packet = this.#packet.slice(kind ? 1 : count ?? this.#packet.length);
		return kind ? first : undefined;
	}

	callback(message: number, value?: number): void {
		if (message !== READABLE) return;
		if (value !== 48) return this.failed('unexpected SNTP packet length');
		if ((this.read(Number)! & 7) !== 4) return this.failed('unexpected SNTP packet first byte');
		if (this.read(Number) === 0) return void this.read(null);
		this.read(null, 38);
		const seconds = (this.read(Number)! << 24) | (this.read(Number)! << 16) | (this.read(Number)! << 8) | this.read(Number)!;
		this.close();
		this.#callback(SNTP.time, (seconds - NTP_EPOCH_SECONDS) | 0);
	}

	failed(message: string): void {
		if (this.read()) this.read(null);
		const host = this.#callback(SNTP.error, message);
		if (host) call('sntp.start', this.#id!, String(host));
		else this.close();
	}

	/** Not of the SDK: called by the host's event. */
	deliver(message: number, value: number | string | null): void {
		if (message === SNTP.retry) return void this.#callback(message);
		if (message === SNTP.error) return this.failed(value as string);
		this.#packet = new Uint8Array(fromHex(value as string));
		this.callback(READABLE, this.#packet.length);
		this.#packet = new Uint8Array(0);
	}
}

SNTP satisfies typeof SDK;
export default SNTP;
