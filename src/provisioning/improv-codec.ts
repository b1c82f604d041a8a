// SPDX-License-Identifier: MIT
// Packets of Improv over serial, in and out: "IMPROV", version 1, type, length, data, check sum (of all before it).
//
// Rule: no memory is taken until the header of a packet is whole; the letters of one that does not become whole are the
// console's. Damage costs one packet: the next header is looked for within what has come. What goes out stands between
// newlines, which readers that go by lines need. https://www.improv-wifi.com/serial/

import type { Keys, PacketSink } from '../common/ports.js';
import { Text } from '../common/text.js';

export const enum PacketType {
	State = 1,
	Error,
	Rpc,
	Result,
}

/** With the version. */
const HEADER = 'IMPROV\u0001';

/** Enumerations take no flash, where a constant of the module does. */
export const enum At {
	Type = 7,
	Length,
	Data,
}

const enum Size {
	/** Of a packet beside its data. */
	Frame = 10,
	PacketMax = Frame + 255,
	/** Of ours, both newlines included. */
	ReplyMax = 102,
	/** The published SDK 2.8.1 takes such a length of data for a newline and drops the packet. */
	Dropped = 10,
}
const enum Code {
	Newline = 10,
}

/** What has come of a packet, and behind it. */
export class PacketReader implements PacketSink {
	/** Undefined: of the header no more has come than `count` letters. */
	bytes: Uint8Array | undefined;
	count = 0;

	receive(code: number, keys: Keys): void {
		if (this.bytes) {
			if (this.count < Size.PacketMax) this.bytes[this.count++] = code;
		} else if (code === HEADER.charCodeAt(this.count)) {
			if (++this.count === HEADER.length) this.begin();
		} else {
			const held = this.count;
			this.count = code === HEADER.charCodeAt(0) ? 1 : 0;
			for (let i = 0; i < held; i++) keys.key(HEADER.charCodeAt(i));
			if (this.count === 0) keys.key(code);
		}
	}

	get busy(): boolean {
		return this.bytes !== undefined;
	}

	/** All bytes of the first packet have come. */
	get whole(): boolean {
		return this.count > At.Length && this.count >= Size.Frame + this.length;
	}

	/** Of a whole packet: the check sum is right. */
	get sound(): boolean {
		const sumAt = At.Data + this.length;
		return this.bytes![sumAt] === sum(this.bytes!, 0, sumAt);
	}

	get type(): number {
		return this.bytes![At.Type];
	}

	/** Of its data. */
	get length(): number {
		return this.bytes![At.Length];
	}

	/** It was read: what came behind it follows, the console's bytes to the console. */
	next(keys: Keys): void {
		const { bytes, count } = this;
		const from = Size.Frame + this.length;
		this.bytes = undefined;
		this.count = 0;
		for (let i = from; i < count; i++) this.receive(bytes![i], keys);
	}

	/** It is damaged, or its end does not come: it is thrown away, up to the next header. */
	skip(): void {
		const bytes = this.bytes!;
		let at = 1;
		while (at < this.count && !isHeader(bytes, at, this.count)) at++;
		bytes.copyWithin(0, at, this.count);
		this.count -= at;
		if (this.count < HEADER.length) this.bytes = undefined;
	}

	private begin(): void {
		this.bytes = new Uint8Array(Size.PacketMax);
		for (let i = 0; i < HEADER.length; i++) this.bytes[i] = HEADER.charCodeAt(i);
	}
}

/** Begins a packet, whose data is put behind. */
export const beginPacket = (type: PacketType): Text =>
	new Text(new Uint8Array(Size.ReplyMax)).byte(Code.Newline).put(HEADER).byte(type).byte(0);

/** One whose data is a single number. */
export const shortPacket = (type: PacketType, value: number): Uint8Array => endPacket(beginPacket(type).byte(value));

/** Ready to be written. */
export const endPacket = (packet: Text): Uint8Array => {
	const { bytes } = packet;
	bytes[1 + At.Length] = packet.length - 1 - At.Data;
	packet.byte(sum(bytes, 1, packet.length)).byte(Code.Newline);
	return bytes.subarray(0, packet.length);
};

/** Begins the result of a command, whose strings are put behind. */
export const beginResult = (command: number): Text => beginPacket(PacketType.Result).byte(command).byte(0);

/** One of its strings: any text, in UTF-8. */
export const putString = (packet: Text, text: string): Text => {
	const at = packet.length;
	packet.byte(0).text(text);
	packet.bytes[at] = packet.length - at - 1;
	return packet;
};

/** The result as a packet, with an empty string more where the published SDK would drop it. */
export const endResult = (packet: Text): Uint8Array => {
	if (packet.length - 1 - At.Data === Size.Dropped) packet.byte(0);
	packet.bytes[1 + At.Data + 1] = packet.length - 1 - At.Data - 2;
	return endPacket(packet);
};

/** What lies there is a header, or its beginning and nothing else. */
const isHeader = (bytes: Uint8Array, at: number, end: number): boolean => {
	for (let i = 0; i < HEADER.length && at + i < end; i++) if (bytes[at + i] !== HEADER.charCodeAt(i)) return false;
	return true;
};

const sum = (bytes: Uint8Array, from: number, to: number): number => {
	let total = 0;
	for (let i = from; i < to; i++) total += bytes[i];
	return total & 0xff;
};
