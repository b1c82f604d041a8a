// SPDX-License-Identifier: MIT
// The serial line: log lines and packets out, typed lines and packets in.
//
// Rule: nothing waits for the line. Lines go through a ring and leave as the FIFO (128 B) has room. When the ring is
// full, whole lines are dropped and counted; the next line that fits says how many. Packets go the same way, whole.

import Serial from 'embedded:io/serial';
import type { Alarm, Console, Log, PacketLine, PacketSink } from '../common/ports.js';
import { EMPTY } from '../common/text.js';

const enum Const {
	BAUD = 115_200,
	RING_BYTES = 256,
	/** Half the FIFO: leaves before it is full. */
	PIECE_MAX = 64,
	TYPED_MAX = 64,
	/** Of lines that wait to be carried out: all that the FIFO holds. */
	WAITING_MAX = 128,
	/** Read at a time. */
	READ_MAX = 32,
}

const TOO_LONG = `a line was typed that has more than ${Const.TYPED_MAX} characters: it is not carried out; "telltale configure --port" sends longer ones`;
const TOO_MANY = 'too many lines were typed at once: one is not carried out';

const enum Ascii {
	NEWLINE = 10,
	RETURN = 13,
}

export interface SerialPins {
	readonly transmit: number;
	readonly receive: number;
	readonly port: number;
}

export class DeviceSerial implements Log, Console, PacketLine {
	sink: PacketSink | undefined;
	private readonly serial: Serial;
	private readonly alarm: Alarm;
	private readonly ring = new Uint8Array(Const.RING_BYTES);
	private head = 0;
	private tail = 0;
	private writable = false;
	private dropped = 0;
	private typing = EMPTY;
	/** Lines that wait, each with its end. */
	private typed = EMPTY;

	/** `pins`: transmit, receive and port, as an ESP32 wants to be told; an ESP8266 has one line. */
	constructor(pins: SerialPins, alarm: Alarm) {
		this.alarm = alarm;
		this.serial = new Serial({
			baud: Const.BAUD,
			transmit: pins.transmit,
			receive: pins.receive,
			port: pins.port,
			target: this,
			onReadable,
			onWritable,
		});
	}

	line(text: string): void {
		const note = this.dropped ? `(${this.dropped | 0} lines dropped) ` : '';
		// A whole line or nothing.
		if (Const.RING_BYTES - (this.tail - this.head) < note.length + text.length + 2) {
			this.dropped++;
			return;
		}
		this.dropped = 0;
		this.put(note);
		this.put(text);
		this.byte(Ascii.RETURN);
		this.byte(Ascii.NEWLINE);
		if (this.writable) this.drain(Const.PIECE_MAX);
	}

	packet(bytes: Uint8Array): boolean {
		if (Const.RING_BYTES - (this.tail - this.head) < bytes.length) return false;
		for (let i = 0; i < bytes.length; i++) this.byte(bytes[i]);
		if (this.writable) this.drain(Const.PIECE_MAX);
		return true;
	}

	take(): string {
		const { typed } = this;
		if (typed === '') return '';
		const end = typed.indexOf('\n');
		this.typed = typed.slice(end + 1);
		return typed.slice(0, end);
	}

	/**
	 * Printable ASCII as it is; the rest as "?": nobody knows the terminal's encoding, and what comes from outside must
	 * not begin a line.
	 */
	private put(text: string): void {
		for (let i = 0; i < text.length; i++) {
			const code = text.charCodeAt(i);
			this.byte(code >= 0x20 && code < 0x7f ? code : 0x3f);
		}
	}

	private byte(code: number): void {
		this.ring[this.tail++ % Const.RING_BYTES] = code;
	}

	/** The line takes so many bytes. */
	drain(room: number): void {
		let count = this.tail - this.head;
		this.writable = count === 0;
		if (count === 0) return;
		if (count > room) count = room;
		if (count > Const.PIECE_MAX) count = Const.PIECE_MAX;
		const from = this.head % Const.RING_BYTES;
		// Up to the end of the ring; the rest goes with the next piece.
		if (count > Const.RING_BYTES - from) count = Const.RING_BYTES - from;
		try {
			this.serial.write(this.ring.subarray(from, from + count));
			this.head += count;
		} catch {
			// The FIFO is fuller than it said; onWritable comes when it has drained.
		}
	}

	/** So many bytes have come. */
	receive(count: number): void {
		const piece = new Uint8Array(count < Const.READ_MAX ? count : Const.READ_MAX);
		for (;;) {
			const got = this.serial.read(piece);
			if (!got) break;
			for (let i = 0; i < got; i++) {
				if (this.sink) this.sink.receive(piece[i], this);
				else this.key(piece[i]);
			}
		}
		if (this.sink?.busy) this.alarm.wake();
	}

	key(code: number): void {
		if (code !== Ascii.NEWLINE && code !== Ascii.RETURN) {
			// One more tells that it is too long.
			if (this.typing.length <= Const.TYPED_MAX) this.typing += String.fromCharCode(code);
			return;
		}
		const { typed, typing } = this;
		if (typing === '') return;
		this.typing = EMPTY;
		if (typing.length > Const.TYPED_MAX) return this.line(TOO_LONG);
		if (typed.length + typing.length >= Const.WAITING_MAX) return this.line(TOO_MANY);
		this.typed = `${typed}${typing}\n`;
		this.alarm.wake();
	}
}

/** Not closures, which on XS copy their byte code into RAM. */
function onReadable(this: Serial, count: number): void {
	(this.target as DeviceSerial).receive(count);
}

function onWritable(this: Serial, count: number): void {
	(this.target as DeviceSerial).drain(count);
}
