// SPDX-License-Identifier: MIT
// Connections and packets from outside, over the SDK's embedded:io/socket/listener and udp.
//
// Rule: callbacks only wake the loop. What waits is taken at once, since the SDK has no error handler on it. What cannot
// be made for want of memory is as if it had not come. An ESP32 has sockets only once an interface is up.

import SocketListener from 'embedded:io/socket/listener';
import TCP from 'embedded:io/socket/tcp';
import UDP, { type Packet } from 'embedded:io/socket/udp';
import type { Alarm, Listener, Questions, Transport } from '../common/ports.js';
import { DeviceTcp, type Socket, type SocketOptions, type Sockets } from './tcp.js';

export class DeviceListener implements Listener {
	private readonly alarm: Alarm;
	private readonly port: number;
	private listener: SocketListener | undefined;

	constructor(port: number, alarm: Alarm) {
		this.port = port;
		this.alarm = alarm;
	}

	open(): boolean {
		try {
			this.listener = new SocketListener({ port: this.port, target: this.alarm, onReadable: wake });
			return true;
		} catch {
			return false;
		}
	}

	accept(): Transport | undefined {
		let from: TCP | undefined;
		try {
			from = this.listener?.read();
			if (!from) return undefined;
			const transport = new DeviceTcp(this.alarm, new Accepted(from));
			transport.open('', 0);
			return transport;
		} catch {
			from?.close();
			return undefined;
		}
	}
}

export class DeviceQuestions implements Questions {
	private readonly alarm: Alarm;
	private readonly port: number;
	private socket: UDP | undefined;
	private packet: Packet | undefined;

	constructor(port: number, alarm: Alarm) {
		this.port = port;
		this.alarm = alarm;
	}

	open(): boolean {
		try {
			this.socket = new UDP({ port: this.port, target: this.alarm, onReadable: wake });
			return true;
		} catch {
			return false;
		}
	}

	read(into: Uint8Array): number {
		this.packet = undefined;
		const packet = this.socket?.read();
		if (!packet) return -1;
		this.packet = packet;
		const { byteLength } = packet;
		into.set(new Uint8Array(packet, 0, byteLength < into.length ? byteLength : into.length));
		return byteLength;
	}

	answer(bytes: Uint8Array): void {
		const { packet } = this;
		if (!packet) return;
		try {
			this.socket!.write(bytes, packet.address, packet.port);
		} catch {
			// No memory or no way there: whoever asked asks again.
		}
	}
}

/** Not closures, which on XS copy their byte code into RAM. */
function wake(this: SocketListener | UDP): void {
	(this.target as Alarm).wake();
}

/** The one connection that has come. */
class Accepted implements Sockets {
	private readonly from: TCP;

	constructor(from: TCP) {
		this.from = from;
	}

	make({ target, onReadable, onWritable, onError }: SocketOptions): Socket {
		return new TCP({ from: this.from, target, onReadable, onWritable, onError });
	}
}
