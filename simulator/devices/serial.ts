// The chip's UART: bytes out become lines, bytes come in that a person types or a program sends.
//
// Rule: 128 bytes of FIFO each way, emptied and filled at the speed of the line. What does not fit is refused (out) or lost (in). Packets
// of Improv, which stand between newlines, are no lines.

import { DeviceError, type Chip, type Device } from './chip.js';

const FIFO_BYTES = 128;
/** Bytes left in the FIFO when it asks for more: 16 on ESP8266, 10 on ESP32 (serial.c of the SDK). */
const LOW_WATER = { ESP8266: 16, ESP32: 10 } as const;
/** Start bit, eight bits, stop bit. */
const BITS_PER_BYTE = 10;
const ESP32_PORTS = 3;
/** So many bytes, or a pause, and the chip hears of them. */
const FULL_BYTES = 120;
const PACKET = Buffer.from('IMPROV\u0001');
const PACKET_LENGTH_AT = 8;

export class SerialDevice implements Device {
	readonly operations = {
		'serial.open': (port: number, baud: number, readable: boolean, writable: boolean) => this.#open(port, baud, readable, writable),
		'serial.write': (_port: number, hex: string) => this.#write(Buffer.from(hex, 'hex')),
		'serial.available': () => this.#received.length,
		'serial.read': (_port: number, count: number) => Buffer.from(this.#received.splice(0, count)).toString('hex'),
		'serial.close': () => void (this.#port = undefined),
	};
	readonly #chip: Chip;
	readonly #onLine: (line: string) => void;
	readonly #onBytes: (bytes: Uint8Array) => void;
	#port: number | undefined;
	#bytesPerMs = 11.52;
	#readable = false;
	#writable = false;
	#sentBytes = 0;
	#sentAt = 0;
	#asked: { cancelled: boolean } | undefined;
	#received: number[] = [];
	#line: number[] = [];
	/** Of a packet that goes out: bytes to come. */
	#packetRest = 0;
	/** What is sent is all there by then. */
	#sentInUntil = 0;

	constructor(chip: Chip, onLine: (line: string) => void, onBytes: (bytes: Uint8Array) => void) {
		this.#chip = chip;
		this.#onLine = onLine;
		this.#onBytes = onBytes;
	}

	/** A person types. */
	type(text: string): void {
		this.#arrived(Buffer.from(text, 'utf8'));
	}

	/** A program sends, as fast as the line is. */
	send(bytes: Uint8Array): void {
		for (let at = 0; at < bytes.length; at += FULL_BYTES) {
			const piece = bytes.slice(at, at + FULL_BYTES);
			const now = this.#chip.now();
			this.#sentInUntil = Math.max(now, this.#sentInUntil) + piece.length / this.#bytesPerMs;
			this.#chip.after(this.#sentInUntil - now, () => this.#arrived(piece));
		}
	}

	#arrived(bytes: Uint8Array): void {
		if (this.#port === undefined) return;
		for (const byte of bytes) if (this.#received.length < FIFO_BYTES) this.#received.push(byte);
		if (this.#readable) this.#post('readable', () => this.#received.length);
	}

	#open(port: number, baud: number, readable: boolean, writable: boolean): number {
		const ports = this.#chip.name === 'ESP8266' ? 1 : ESP32_PORTS;
		if (port < 0 || port >= ports) throw new DeviceError('invalid port', 'RangeError');
		if (this.#port !== undefined) throw new DeviceError('in use');
		if (!(baud > 0 && baud <= 20_000_000)) throw new DeviceError('invalid baud', 'RangeError');
		this.#port = port;
		this.#bytesPerMs = baud / BITS_PER_BYTE / 1_000;
		this.#readable = readable;
		this.#writable = writable;
		if (writable) this.#post('writable', () => this.#room());
		return port;
	}

	#write(bytes: Uint8Array): void {
		if (bytes.length > this.#room()) throw new DeviceError('output full');
		this.#sentBytes = FIFO_BYTES - this.#room() + bytes.length;
		this.#sentAt = this.#chip.now();
		for (const byte of bytes) this.#print(byte);
		this.#onBytes(bytes);
		if (!this.#writable) return;
		if (this.#asked) this.#asked.cancelled = true;
		const waitMs = Math.max(0, this.#sentBytes - LOW_WATER[this.#chip.name]) / this.#bytesPerMs;
		this.#asked = this.#chip.after(waitMs, () => this.#post('writable', () => this.#room()));
	}

	#room(): number {
		const left = this.#sentBytes - Math.floor((this.#chip.now() - this.#sentAt) * this.#bytesPerMs);
		return FIFO_BYTES - Math.max(0, left);
	}

	#print(byte: number): void {
		if (this.#packetRest > 0) {
			this.#packetRest--;
		} else if (byte === 0x0a) {
			if (this.#line.length) this.#onLine(Buffer.from(this.#line).toString('utf8').replace(/\r$/, ''));
			this.#line = [];
		} else {
			this.#line.push(byte);
			if (this.#line.length !== PACKET_LENGTH_AT + 1 || !PACKET.equals(Buffer.from(this.#line.slice(0, PACKET.length)))) return;
			this.#packetRest = byte + 1;
			this.#line = [];
		}
	}

	#post(event: 'readable' | 'writable', count: () => number): void {
		this.#chip.post(() => (this.#port !== undefined && count() > 0 ? ['serial', this.#port, event, count()] : undefined));
	}
}
