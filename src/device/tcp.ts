// SPDX-License-Identifier: MIT
// One TCP connection over the SDK's embedded:io/socket/tcp, or over a socket that works like it (telltale/tls).
//
// Rule: callbacks only note what is there and wake the loop. A write is all or nothing: `room` is what the SDK reported
// last, so "would block" never happens. A write that the SDK does not confirm with a number means that the peer is
// gone. What is written in one turn goes out together, and nothing more until TCP has acknowledged all of it. Each
// segment under way costs an ESP8266 1,600 B of its heap (docs/decisions/0014-one-turn-under-way.md). After the end of
// a connection nothing of it is touched but close(): its address getters crash the chip.

import TCP from 'embedded:io/socket/tcp';
import { TransportState, type Alarm, type Transport } from '../common/ports.js';
import { EMPTY } from '../common/text.js';

/** What is needed of a socket: the calls of the SDK's TCP. */
export interface Socket {
	/** As the options have it. */
	target?: unknown;
	write(bytes: Uint8Array): number | undefined;
	read(into: Uint8Array): number | undefined;
	close(): void;
	/** Why it ended, or would end if nothing more came, where more is known than that. */
	readonly failure?: string;
}

/** The callbacks are called with the socket as `this`. */
export interface SocketOptions {
	readonly target: DeviceTcp;
	readonly address: string;
	readonly port: number;
	/** Connected, but not yet fit to be written to. */
	readonly onSecuring: (this: Socket) => void;
	readonly onReadable: (this: Socket, count: number) => void;
	readonly onWritable: (this: Socket, count: number) => void;
	readonly onError: (this: Socket) => void;
}

/** Who makes them. An object, not a function: one that is made at run time takes 336 B, with its byte code and what it closes over. */
export interface Sockets {
	make(options: SocketOptions): Socket;
}

export class DeviceTcp implements Transport {
	state: TransportState = TransportState.Closed;
	room = 0;
	reason = EMPTY;
	private readonly alarm: Alarm;
	private readonly sockets: Sockets;
	private socket: Socket | undefined;
	private unread = 0;
	/** The room while nothing is under way. */
	private whole = 0;

	constructor(alarm: Alarm, sockets: Sockets = PLAIN) {
		this.alarm = alarm;
		this.sockets = sockets;
	}

	open(address: string, port: number): void {
		this.close();
		this.reason = EMPTY;
		this.state = TransportState.Connecting;
		try {
			this.socket = this.sockets.make({ target: this, address, port, onSecuring, onReadable, onWritable, onError });
		} catch {
			// No interface or no memory for another connection: to the link it is one more attempt that failed.
			this.state = TransportState.Lost;
		}
	}

	secures(socket: Socket): void {
		this.state = TransportState.Securing;
		this.reason = socket.failure!;
		this.alarm.wake();
	}

	arrived(count: number): void {
		this.unread = count;
		this.alarm.wake();
	}

	takes(count: number): void {
		// Part of what is under way is acknowledged.
		if (count < this.whole) return;
		this.state = TransportState.Open;
		this.reason = EMPTY;
		this.room = this.whole = count;
		this.alarm.wake();
	}

	/** The error of a socket that was replaced meanwhile says nothing about the one in use. */
	failed(socket: Socket): void {
		if (socket !== this.socket) return;
		this.reason = socket.failure ?? EMPTY;
		socket.close();
		this.socket = undefined;
		this.room = 0;
		this.state = TransportState.Lost;
		this.alarm.wake();
	}

	close(): void {
		this.socket?.close();
		this.socket = undefined;
		this.unread = this.whole = this.room = 0;
		this.state = TransportState.Closed;
	}

	write(bytes: Uint8Array): boolean {
		if (this.state !== TransportState.Open) return false;
		try {
			const room = this.socket!.write(bytes);
			if (room === undefined) return false;
			this.room = room;
			return true;
		} catch {
			return false;
		}
	}

	endTurn(): void {
		if (this.room < this.whole) this.room = 0;
	}

	read(into: Uint8Array): number {
		const count = this.unread < into.length ? this.unread : into.length;
		if (count === 0) return 0;
		// First: reading may bring the next bytes at once.
		this.unread -= count;
		this.socket!.read(count === into.length ? into : into.subarray(0, count));
		return count;
	}
}

const PLAIN: Sockets = Object.freeze({ make: (options: SocketOptions): Socket => new TCP(options) });

/** Not closures, which on XS copy their byte code into RAM. */
function onSecuring(this: Socket): void {
	(this.target as DeviceTcp).secures(this);
}

function onReadable(this: Socket, count: number): void {
	(this.target as DeviceTcp).arrived(count);
}

function onWritable(this: Socket, count: number): void {
	(this.target as DeviceTcp).takes(count);
}

function onError(this: Socket): void {
	(this.target as DeviceTcp).failed(this);
}
