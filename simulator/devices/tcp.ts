// The chip's TCP sockets, as lwIP and the SDK's tcp.c make them of a wire.
//
// Rule: every step below has its counterpart there: what is triggered is delivered by one message; output leaves at the
// next message; the send buffer is freed by acknowledgements; the end comes after the last received byte was read.

import { isIPv4 } from 'node:net';
import { EngineStop } from '../engine.js';
import type { Link, Wire, WireEvents } from '../network.js';
import { DeviceError, type Chip, type Device } from './chip.js';
import type { Servers } from './names.js';

/** Bytes lwIP takes before they are acknowledged, and its receive window (lwipopts.h; sdkconfig.defaults). */
const SEND_BUFFER = { ESP8266: 2_920, ESP32: 8_192 } as const;
const WINDOW = { ESP8266: 2_920, ESP32: 8_192 } as const;
const SOCKETS_MAX = { ESP8266: 5, ESP32: 8 } as const;

const WRITABLE = 1;
const READABLE = 2;
const ERROR = 4;
const OUTPUT = 8;

/** Bytes to read, room to write (-1: no call), whether it is over. */
type Delivery = [readable: number, writable: number, ended: boolean];

export interface Station {
	readonly link: Link;
	/** Whether the interface has an address. */
	readonly addressed: boolean;
}

export class TcpDevice implements Device {
	readonly operations = {
		'tcp.check': () => this.#check(),
		'tcp.open': (address: string, port: number | null, _nodelay: boolean | null, readable: boolean, writable: boolean, error: boolean) =>
			this.#open(address, port, (readable ? READABLE : 0) | (writable ? WRITABLE : 0) | (error ? ERROR : 0)),
		'tcp.take': (from: number, readable: boolean, writable: boolean, error: boolean) => {
			this.#socket(from).take((readable ? READABLE : 0) | (writable ? WRITABLE : 0) | (error ? ERROR : 0));
			return from;
		},
		'tcp.write': (id: number, hex: string) => this.#socket(id).write(Buffer.from(hex, 'hex')),
		'tcp.read': (id: number, count: number | null) => this.#socket(id).read(count),
		'tcp.rest': (id: number) => this.#socket(id).rest(),
		'tcp.close': (id: number) => this.#close(id),
		'tcp.remoteAddress': (id: number) => this.#socket(id).peer().address,
		'tcp.remotePort': (id: number) => this.#socket(id).peer().port,
	};
	readonly #chip: Chip;
	readonly #servers: Servers;
	readonly #station: Station;
	readonly #sockets = new Map<number, LwipSocket>();
	#last = 0;

	constructor(chip: Chip, servers: Servers, station: Station) {
		this.#chip = chip;
		this.#servers = servers;
		this.#station = station;
	}

	down(orderly: boolean): void {
		for (const socket of this.#sockets.values()) socket.down(orderly);
		this.#sockets.clear();
	}

	#check(): void {
		if (this.#chip.name === 'ESP32' && !this.#station.addressed) throw new DeviceError('no network');
	}

	#open(address: string, port: number | null, triggerable: number): number {
		if (!isIPv4(address)) throw new DeviceError('invalid address');
		if (port === null) throw new DeviceError('invalid');
		if (port < 0 || port > 65_535) throw new DeviceError('invalid port', 'RangeError');
		if (this.#sockets.size >= SOCKETS_MAX[this.#chip.name]) throw new DeviceError('no socket', 'RangeError');
		// No interface that is up: lwIP finds no route.
		if (!this.#station.addressed) throw new DeviceError('connect error');
		const { conditions, network } = this.#servers;
		if (conditions.heap === 'short') throw new DeviceError('no memory', 'RangeError');
		const id = ++this.#last;
		const socket = new LwipSocket(this.#chip, id, triggerable, address, port, () => conditions.heap === 'short');
		socket.wire = network.connect(this.#station.link, address, port, WINDOW[this.#chip.name], socket);
		this.#sockets.set(id, socket);
		return id;
	}

	#socket(id: number): LwipSocket {
		return this.#sockets.get(id)!;
	}

	#close(id: number): void {
		this.#socket(id).close();
		this.#sockets.delete(id);
	}
}

class LwipSocket implements WireEvents {
	/** Undefined once lwIP has freed the connection. */
	wire: Wire | undefined;
	readonly #chip: Chip;
	readonly #id: number;
	readonly #address: string;
	readonly #port: number;
	readonly #isHeapShort: () => boolean;
	#triggerable: number;
	#triggered = 0;
	#current = 0;
	#ready = false;
	#error = false;
	#closed = false;
	#free: number;
	#output: Uint8Array[] = [];
	/** Received pieces; of the first, `#offset` bytes are read. */
	#received: Uint8Array[] = [];
	#offset = 0;

	constructor(chip: Chip, id: number, triggerable: number, address: string, port: number, isHeapShort: () => boolean) {
		this.#chip = chip;
		this.#id = id;
		this.#triggerable = triggerable;
		this.#address = address;
		this.#port = port;
		this.#isHeapShort = isHeapShort;
		this.#free = SEND_BUFFER[chip.name];
	}

	connected(): void {
		this.#ready = true;
		this.#trigger(WRITABLE);
	}

	data(bytes: Uint8Array): void {
		this.#received.push(bytes);
		if (this.#triggerable & READABLE) this.#trigger(READABLE);
	}

	sent(count: number): void {
		this.#free += count;
		if (this.#triggerable & WRITABLE) this.#trigger(WRITABLE);
	}

	finished(): void {
		this.#triggerable &= ~WRITABLE;
		this.#trigger(ERROR);
	}

	failed(): void {
		this.#triggerable &= ~WRITABLE;
		this.wire = undefined;
		if (this.#triggerable & ERROR) this.#trigger(ERROR);
	}

	take(triggerable: number): void {
		if (!this.wire) throw new DeviceError('invalid from');
		this.#triggerable = triggerable;
		const triggered = this.#triggered | (this.#ready ? WRITABLE : 0) | (this.#received.length ? READABLE : 0);
		this.#triggered = 0;
		if (triggered & (triggerable | OUTPUT | ERROR)) this.#trigger(triggered);
	}

	write(bytes: Uint8Array): number | null {
		if (!this.#ready) throw new DeviceError('not ready');
		if (this.#error || !this.wire) return null;
		if (bytes.length > this.#free) throw new DeviceError('would block');
		// lwIP has no memory for the copy: to the SDK that is the end of the connection.
		if (this.#isHeapShort()) {
			this.#trigger(ERROR);
			return null;
		}
		this.#free -= bytes.length;
		this.#output.push(bytes);
		this.#trigger(OUTPUT);
		return this.#free;
	}

	read(count: number | null): string | null {
		if (this.#received.length === 0) return null;
		const available = this.#available();
		const wanted = count ?? available;
		if (wanted <= 0 || wanted > available) throw new DeviceError('invalid');
		const bytes = Buffer.alloc(wanted);
		for (let done = 0; done < wanted; ) done += this.#readPiece(bytes, done);
		return bytes.toString('hex');
	}

	/** What a message brings; undefined if the guest has nothing to do with it. */
	deliver(): Delivery | undefined {
		if (this.#closed) return undefined;
		this.#current = this.#triggered;
		this.#triggered = 0;
		if (this.#current & ERROR) {
			this.#current &= ~(OUTPUT | WRITABLE);
			this.#error = true;
			this.#ready = false;
		}
		if (this.#current & OUTPUT) this.#flush();
		if (this.#current & this.#triggerable & READABLE && this.#received.length) return [this.#available(), -1, false];
		const rest = this.rest();
		return rest[1] >= 0 || rest[2] ? rest : undefined;
	}

	/** The second half of a message, after onReadable. */
	rest(): Delivery {
		if (this.#received.length && this.#error) return [0, -1, false];
		if (this.#error) return [0, -1, !!(this.#triggerable & ERROR)];
		const writable = this.#current & this.#triggerable & WRITABLE && this.wire;
		return [0, writable ? this.#free : -1, false];
	}

	close(): void {
		this.#closed = true;
		this.#triggerable = 0;
		this.#flush();
		// lwIP's tcp_close() with unread data sends a reset.
		if (this.#received.length) this.wire?.reset();
		else this.wire?.close();
	}

	down(orderly: boolean): void {
		this.#closed = true;
		if (orderly) this.wire?.reset();
		else this.wire?.vanish();
	}

	peer(): { address: string; port: number } {
		if (!this.wire) throw new EngineStop('crash: the address of a connection that has ended was read');
		return { address: this.#address, port: this.#port };
	}

	#readPiece(into: Buffer, at: number): number {
		const piece = this.#received[0];
		const count = Math.min(into.length - at, piece.length - this.#offset);
		into.set(piece.subarray(this.#offset, this.#offset + count), at);
		this.#offset += count;
		if (this.#offset < piece.length) return count;
		this.#received.shift();
		this.#offset = 0;
		// The window opens by whole pieces only.
		this.wire?.consumed(piece.length);
		if (this.#received.length === 0 && this.#error) this.#trigger(ERROR);
		return count;
	}

	#available(): number {
		let count = -this.#offset;
		for (const piece of this.#received) count += piece.length;
		return count;
	}

	#flush(): void {
		if (this.#output.length) this.wire?.send(Buffer.concat(this.#output));
		this.#output = [];
	}

	#trigger(what: number): void {
		const before = this.#triggered;
		this.#triggered |= what;
		if (before) return;
		this.#chip.post(() => {
			const delivery = this.deliver();
			return delivery && ['tcp', this.#id, delivery];
		});
	}
}
