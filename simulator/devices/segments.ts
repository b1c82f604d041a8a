// What lwIP makes of what is written to a socket: segments, which go out when Nagle's algorithm and the order of things allow it.
//
// Rule: as tcp_write(), tcp_output() and tcp_receive() of lwIP 1.4 do it (ESP8266) and 2.2 (ESP32) where they agree. What is written
// goes into the last segment that was not sent, up to the MSS, then into new ones; each segment holds memory until all of it is
// acknowledged; with Nagle's algorithm a segment that is not full waits until nothing is unacknowledged. Not here: the congestion
// window, which begins with a whole segment and so never holds back the few hundred bytes that a node has under way.

import { segmentBytes, type Heap, type Held } from './heap.js';

/** lwipopts.h of the ESP8266's library; sdkconfig.defaults of the SDK, and lwIP's own (4 × SND_BUF / MSS), for ESP32. */
export const LWIP = {
	ESP8266: { mss: 1_460, sendBuffer: 2_920, window: 2_920, queueMax: 8, sockets: 5 },
	ESP32: { mss: 1_436, sendBuffer: 8_192, window: 8_192, queueMax: 23, sockets: 8 },
} as const;

export interface Numbers {
	readonly mss: number;
	readonly sendBuffer: number;
	readonly queueMax: number;
}

interface Segment {
	bytes: Uint8Array;
	readonly held: Held;
}

export class Segments {
	/** Bytes that may be written now. */
	room: number;
	readonly #numbers: Numbers;
	readonly #heap: Heap;
	readonly #nagle: boolean;
	readonly #transmit: (bytes: Uint8Array) => void;
	#unsent: Segment[] = [];
	#unacknowledged: Segment[] = [];
	/** Bytes of the first unacknowledged segment that are acknowledged. */
	#acknowledged = 0;

	constructor(numbers: Numbers, heap: Heap, nagle: boolean, transmit: (bytes: Uint8Array) => void) {
		this.#numbers = numbers;
		this.#heap = heap;
		this.#nagle = nagle;
		this.#transmit = transmit;
		this.room = numbers.sendBuffer;
	}

	/** All of it or, for want of memory or with too long a queue, nothing. */
	write(bytes: Uint8Array): boolean {
		const { mss, queueMax } = this.#numbers;
		const queued = this.#unsent.length + this.#unacknowledged.length;
		const last = this.#unsent.at(-1);
		const joining = last ? Math.min(mss - last.bytes.length, bytes.length) : 0;
		const made: Segment[] = [];
		let failed = queued >= queueMax;
		for (let at = joining; at < bytes.length && !failed; at += mss) {
			const held = queued + made.length < queueMax ? this.#heap.take('segments', segmentBytes(mss)) : undefined;
			if (held) made.push({ bytes: bytes.slice(at, at + mss), held });
			else failed = true;
		}
		if (failed) {
			for (const { held } of made) held.release();
			return false;
		}
		if (last) last.bytes = Buffer.concat([last.bytes, bytes.subarray(0, joining)]);
		this.#unsent.push(...made);
		this.room -= bytes.length;
		return true;
	}

	/** Sends what may be sent; `all`: whatever Nagle's algorithm says, as behind a FIN on ESP32. */
	output(all = false): void {
		while (this.#unsent.length && (all || this.#mayGo())) {
			const segment = this.#unsent.shift()!;
			this.#unacknowledged.push(segment);
			this.#transmit(segment.bytes);
		}
	}

	/** The peer has so many bytes more. */
	acknowledged(count: number): void {
		this.room += count;
		this.#acknowledged += count;
		while (this.#unacknowledged.length && this.#acknowledged >= this.#unacknowledged[0].bytes.length) {
			const { bytes, held } = this.#unacknowledged.shift()!;
			this.#acknowledged -= bytes.length;
			held.release();
		}
	}

	/** The connection is over. */
	free(): void {
		for (const { held } of [...this.#unsent, ...this.#unacknowledged]) held.release();
		this.#unsent = [];
		this.#unacknowledged = [];
	}

	#mayGo(): boolean {
		if (!this.#nagle || !this.#unacknowledged.length) return true;
		return this.#unsent.length > 1 || this.#unsent[0].bytes.length >= this.#numbers.mss;
	}
}
