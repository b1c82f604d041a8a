// The chip's TCP sockets, as lwIP and the SDK's tcp.c make them of a wire.
//
// Rule: every step below has its counterpart there: what is triggered is delivered by one message; output leaves at the
// next message; the send buffer is freed by acknowledgements; the end comes after the last received byte was read. A message
// that cannot be posted is lost, and the socket is deaf from then on. On ESP8266 close() is close and abort.

import { isIPv4 } from 'node:net';
import { EngineStop } from '../engine/engine.js';
import type { Wire, WireEvents } from '../world/network.js';
import { DeviceError, post, type Chip, type Device } from './chip.js';
import { COSTS, PACKETS_MAX, type Held } from './heap.js';
import type { Servers, Station } from './surroundings.js';
import { LWIP, Segments } from './segments.js';

/** lwIP offers again what the SDK had no memory for; what the radio had no buffer for the peer sends again. */
const OFFERED_AGAIN_MS = 250;

const WRITABLE = 1;
const READABLE = 2;
const ERROR = 4;
const OUTPUT = 8;

/** Bytes to read, room to write (-1: no call), whether it is over. */
type Delivery = [readable: number, writable: number, ended: boolean];

export class TcpDevice implements Device {
	readonly operations = {
		'tcp.check': () => this.#check(),
		'tcp.open': (address: string, port: number | null, nodelay: boolean | null, readable: boolean, writable: boolean, error: boolean) =>
			this.#open(address, port, nodelay ?? false, (readable ? READABLE : 0) | (writable ? WRITABLE : 0) | (error ? ERROR : 0)),
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
		if (this.#chip.name === 'ESP32' && !this.#station.up) throw new DeviceError('no network');
	}

	#open(address: string, port: number | null, nodelay: boolean, triggerable: number): number {
		if (!isIPv4(address)) throw new DeviceError('invalid address');
		if (port === null) throw new DeviceError('invalid');
		if (port < 0 || port > 65_535) throw new DeviceError('invalid port', 'RangeError');
		const numbers = LWIP[this.#chip.name];
		const { conditions, network } = this.#servers;
		if (this.#sockets.size >= numbers.sockets) throw new DeviceError('no socket', 'RangeError');
		// No interface that is up: lwIP finds no route.
		if (!this.#station.addressed) throw new DeviceError('connect error');
		const held = this.#hold(conditions.heap === 'short');
		const id = ++this.#last;
		const socket = new LwipSocket({ chip: this.#chip, id, triggerable, address, port, nodelay, held, isHeapShort: () => conditions.heap === 'short' });
		socket.wire = socket.judged = network.connect(this.#station.link, address, port, numbers.window, socket);
		this.#sockets.set(id, socket);
		return id;
	}

	/** Somebody has connected; the firmware takes it over later. Undefined: there is no room. */
	accept(inbound: Wire & { events: WireEvents }, address: string, port: number): number | undefined {
		if (this.#sockets.size >= LWIP[this.#chip.name].sockets) return undefined;
		try {
			const isHeapShort = (): boolean => this.#servers.conditions.heap === 'short';
			const [held, id] = [this.#hold(isHeapShort()), ++this.#last];
			const socket = new LwipSocket({ chip: this.#chip, id, triggerable: 0, address, port, nodelay: false, held, isHeapShort });
			socket.wire = socket.judged = inbound;
			inbound.events = socket;
			socket.waits();
			return this.#sockets.set(id, socket) && id;
		} catch {
			return undefined;
		}
	}

	/** All or nothing of what a socket takes. */
	#hold(short: boolean): Holds {
		const { heap } = this.#chip;
		const connection = short ? undefined : heap.take('connections', COSTS.connection);
		const record = connection && heap.take('sockets', COSTS.socket);
		const syn = record && heap.take('SYN', COSTS.syn);
		if (syn) return { connection, record, syn };
		connection?.release();
		record?.release();
		throw record ? new DeviceError('connect error') : new DeviceError(connection ? 'no memory' : 'no socket', 'RangeError');
	}

	#socket(id: number): LwipSocket {
		return this.#sockets.get(id)!;
	}

	#close(id: number): void {
		if (this.#socket(id).close()) this.#sockets.delete(id);
	}
}

interface Holds {
	readonly connection: Held;
	readonly record: Held;
	readonly syn: Held;
}

interface SocketOptions {
	readonly chip: Chip;
	readonly id: number;
	readonly triggerable: number;
	readonly address: string;
	readonly port: number;
	readonly nodelay: boolean;
	readonly held: Holds;
	readonly isHeapShort: () => boolean;
}

interface Received {
	readonly bytes: Uint8Array;
	readonly held: Held;
}

class LwipSocket implements WireEvents {
	/** Undefined once lwIP has freed the connection. */
	wire: Wire | undefined;
	/** Told of what is written and read, also after that. */
	judged!: Wire;
	readonly #of: SocketOptions;
	readonly #segments: Segments;
	#triggerable: number;
	#triggered = 0;
	#current = 0;
	#ready = false;
	#error = false;
	#closed = false;
	/** A message was lost: what is triggered is never delivered, and what the socket holds never freed. */
	#deaf = false;
	/** In the listener: what it says is turned down, and offered again. */
	#waiting = false;
	/** Received pieces; of the first, `#offset` bytes are read. */
	#received: Received[] = [];
	#offset = 0;
	/** What has not got through to the SDK. */
	#refused: Uint8Array[] = [];

	constructor(options: SocketOptions) {
		this.#of = options;
		this.#triggerable = options.triggerable;
		const { chip, nodelay } = options;
		this.#segments = new Segments(LWIP[chip.name], chip.heap, !nodelay, (bytes) => this.wire?.send(bytes));
	}

	connected(): void {
		this.#of.held.syn.release();
		this.#ready = true;
		if (this.#triggerable) this.#trigger(WRITABLE);
	}

	/** It is connected, and nobody has taken it over. */
	waits(): void {
		this.connected();
		this.#waiting = true;
	}

	data(bytes: Uint8Array): void {
		const { heap, name } = this.#of.chip;
		const held = this.#waiting || this.#refused.length || this.#received.length >= PACKETS_MAX[name] ? undefined : heap.take('received packets', COSTS.received);
		if (!held) return this.#refuse(bytes);
		this.#received.push({ bytes, held });
		if (this.#triggerable & READABLE) this.#trigger(READABLE);
	}

	sent(count: number): void {
		this.#segments.acknowledged(count);
		if (this.#triggerable & WRITABLE) this.#trigger(WRITABLE);
		this.#segments.output();
	}

	finished(): void {
		if (this.#closed) return;
		// It comes after all that was said.
		if (this.#refused.length) return void this.#of.chip.after(OFFERED_AGAIN_MS, () => this.finished());
		this.#triggerable &= ~WRITABLE;
		this.#trigger(ERROR);
	}

	failed(): void {
		this.#triggerable &= ~WRITABLE;
		this.wire = undefined;
		if (this.#triggerable & ERROR) this.#trigger(ERROR);
		this.#freeConnection();
	}

	take(triggerable: number): void {
		if (!this.wire) throw new DeviceError('invalid from');
		this.#triggerable = triggerable;
		this.#waiting = false;
		const triggered = this.#triggered | (this.#ready ? WRITABLE : 0) | (this.#received.length ? READABLE : 0);
		this.#triggered = 0;
		if (triggered & (triggerable | OUTPUT | ERROR)) this.#trigger(triggered);
	}

	write(bytes: Uint8Array): number | null {
		if (!this.#ready) throw new DeviceError('not ready');
		if (this.#error || !this.wire) return null;
		if (bytes.length > this.#segments.room) throw new DeviceError('would block');
		// lwIP has no memory for it, or too long a queue: to the SDK that is the end of the connection.
		if (this.#of.isHeapShort() || !this.#segments.write(bytes)) {
			this.judged.refused?.();
			this.#trigger(ERROR);
			return null;
		}
		this.judged.written?.(bytes);
		this.#trigger(OUTPUT);
		return this.#segments.room;
	}

	read(count: number | null): string | null {
		if (this.#received.length === 0) return null;
		const available = this.#available();
		const wanted = count ?? available;
		if (wanted <= 0 || wanted > available) throw new DeviceError('invalid');
		const bytes = Buffer.alloc(wanted);
		for (let done = 0; done < wanted; ) done += this.#readPiece(bytes, done);
		this.judged.read?.(bytes);
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
		if (this.#current & OUTPUT) this.#segments.output();
		if (this.#current & this.#triggerable & READABLE && this.#received.length) return [this.#available(), -1, false];
		const rest = this.rest();
		return rest[1] >= 0 || rest[2] ? rest : undefined;
	}

	/** The second half of a message, after onReadable. */
	rest(): Delivery {
		if (this.#received.length && this.#error) return [0, -1, false];
		if (this.#error) return [0, -1, !!(this.#triggerable & ERROR)];
		const writable = this.#current & this.#triggerable & WRITABLE && this.wire;
		return [0, writable ? this.#segments.room : -1, false];
	}

	/** False: a lost message holds on to it for ever. */
	close(): boolean {
		this.#closed = true;
		this.#triggerable = 0;
		if (this.#deaf) return false;
		const esp8266 = this.#of.chip.name === 'ESP8266';
		// lwIP's tcp_close() with unread data sends a reset.
		if (this.#received.length || this.#refused.length) this.wire?.reset();
		else {
			// What Nagle's algorithm holds back never leaves an ESP8266; what leaves is not sent again, since the connection is aborted behind it.
			this.#segments.output(!esp8266);
			if (esp8266) this.wire?.abort();
			else this.wire?.close();
		}
		this.#freeConnection();
		for (const { held } of this.#received) held.release();
		this.#of.held.record.release();
		return true;
	}

	down(orderly: boolean): void {
		this.#closed = true;
		if (orderly) this.wire?.reset();
		else this.wire?.vanish();
	}

	peer(): { address: string; port: number } {
		if (!this.wire) throw new EngineStop('crash: the address of a connection that has ended was read');
		return this.#of;
	}

	#readPiece(into: Buffer, at: number): number {
		const { bytes, held } = this.#received[0];
		const count = Math.min(into.length - at, bytes.length - this.#offset);
		into.set(bytes.subarray(this.#offset, this.#offset + count), at);
		this.#offset += count;
		if (this.#offset < bytes.length) return count;
		this.#received.shift();
		held.release();
		this.#offset = 0;
		// The window opens by whole pieces only.
		this.wire?.consumed(bytes.length);
		if (this.#received.length === 0 && this.#error) this.#trigger(ERROR);
		return count;
	}

	#available(): number {
		let count = -this.#offset;
		for (const { bytes } of this.#received) count += bytes.length;
		return count;
	}

	#freeConnection(): void {
		this.#segments.free();
		this.#of.held.syn.release();
		this.#of.held.connection.release();
	}

	/** No memory, or no buffer of the radio's: it comes again, then in full segments. */
	#refuse(bytes: Uint8Array): void {
		this.#refused.push(bytes);
		if (this.#refused.length === 1) this.#of.chip.after(OFFERED_AGAIN_MS, () => this.#offerAgain());
	}

	#offerAgain(): void {
		if (this.#closed) return;
		const refused = Buffer.concat(this.#refused);
		const { mss } = LWIP[this.#of.chip.name];
		this.#refused = [];
		for (let at = 0; at < refused.length; at += mss) this.data(refused.subarray(at, at + mss));
	}

	#trigger(what: number): void {
		const before = this.#triggered;
		this.#triggered |= what;
		if (before) return;
		this.#deaf = !post(this.#of.chip, () => {
			const delivery = this.deliver();
			return delivery && ['tcp', this.#of.id, delivery];
		});
	}
}
