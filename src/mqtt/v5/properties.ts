// SPDX-License-Identifier: MIT
// The properties of MQTT 5.0: a list of numbered values in almost every packet.
//
// Rule: properties are read in place, one after the other, into the same few fields. Each is checked against its kind,
// its packet and its range, wanted or not. User properties cost nothing but their check. MQTT 5.0 §2.2.2

import { isText, readUint16 } from '../codec/wire.js';

/** Packets that a broker puts properties into, as bits. */
export const enum PacketContext {
	Connack = 1,
	Publish = 2,
	/** PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK. */
	Answer = 4,
	Disconnect = 8,
}

/**
 * Reason codes. §2.2.2.2: what cannot be read, or does not belong there, is malformed; what comes twice, or out of its
 * range, breaks the protocol.
 */
export const enum Wrong {
	Nothing = 0,
	Malformed = 0x81,
	Protocol = 0x82,
	TopicAlias = 0x94,
}

/** Table 2-4, those that clients send or receive. */
export const enum Property {
	PayloadFormat = 0x01,
	MessageExpiry = 0x02,
	ContentType = 0x03,
	ResponseTopic = 0x08,
	CorrelationData = 0x09,
	SubscriptionId = 0x0b,
	SessionExpiry = 0x11,
	AssignedClientId = 0x12,
	ServerKeepAlive = 0x13,
	WillDelay = 0x18,
	ReasonString = 0x1f,
	ReceiveMax = 0x21,
	TopicAliasMax = 0x22,
	TopicAlias = 0x23,
	QosMax = 0x24,
	RetainAvailable = 0x25,
	User = 0x26,
	PacketMax = 0x27,
	WildcardAvailable = 0x28,
	SharedAvailable = 0x2a,
}

/** By identifier: a byte of 0 or 1 (B), 16 bits (H), 32 bits (W), variable (V), text (T), bytes (D), a pair of texts (P). */
const KINDS = '-BWT----TD-V-----WTH-TDBWBT-T--T-HHHBBPWBBB';
/** By identifier: the places it may be in, as a hexadecimal digit. */
const PLACES = '0222000022020000011101100010900d011211f1111';
const DIGITS = '0123456789abcdef';

export class Properties {
	/** The one that next() read: its identifier, and its value as a number or as bytes[from] to bytes[to - 1]. */
	id = 0;
	value = 0;
	bytes: Uint8Array | undefined;
	from = 0;
	to = 0;
	/**
	 * Something is wrong: the reason that DISCONNECT gives for it; `id` is the property at fault, 0 for the length of
	 * the list.
	 */
	reason = Wrong.Nothing;
	/** Behind the list. */
	end = 0;

	private at = 0;
	private place = 0;
	/** Identifiers met, as bits, 0 to 31 and 32 to 63. */
	private low = 0;
	private high = 0;

	/** The list in a packet of that place that begins with its length at bytes[at]; the packet ends at `end`. */
	begin(bytes: Uint8Array, at: number, end: number, place: PacketContext): void {
		this.bytes = bytes;
		this.place = place;
		this.low = this.high = this.id = 0;
		this.at = at;
		this.end = end;
		const readable = this.variable();
		this.end = this.at + this.value;
		this.reason = readable && this.end <= end ? Wrong.Nothing : Wrong.Malformed;
	}

	get broken(): boolean { return this.reason !== Wrong.Nothing; }

	/** False at the end, or if something is wrong. */
	next(): boolean {
		if (this.broken || this.at >= this.end) return false;
		this.id = this.bytes![this.at++];
		const allowed = this.id < PLACES.length ? DIGITS.indexOf(PLACES.charAt(this.id)) : 0;
		if ((allowed & this.place) === 0 || !this.read()) this.reason = Wrong.Malformed;
		else if (!this.first() || !this.inRange()) this.reason = Wrong.Protocol;
		return !this.broken;
	}

	/** Checks all that is left. Returns the place behind the list, or -1. */
	skip(): number {
		while (this.next()) {}
		return this.broken ? -1 : this.end;
	}

	/** Only user properties and subscription identifiers may come twice (§2.2.2.2). */
	private first(): boolean {
		const bit = 1 << (this.id & 31);
		const met = this.id < 32 ? this.low : this.high;
		if (this.id < 32) this.low |= bit;
		else this.high |= bit;
		return (met & bit) === 0 || this.id === Property.User || this.id === Property.SubscriptionId;
	}

	private read(): boolean {
		switch (KINDS.charAt(this.id)) {
			case 'B': return this.number(1);
			case 'H': return this.number(2);
			case 'W': return this.number(4);
			case 'V': return this.variable();
			case 'D': return this.string(false);
			case 'P': return this.string(true) && this.string(true);
			default: return this.string(true);
		}
	}

	private number(size: number): boolean {
		this.value = 0;
		if (this.at + size > this.end) return false;
		for (let i = 0; i < size; i++) this.value = this.value * 256 + this.bytes![this.at++];
		return true;
	}

	/** At most four bytes, and no more than needed (§1.5.5). */
	private variable(): boolean {
		this.value = 0;
		for (let shift = 0; shift <= 21 && this.at < this.end; shift += 7) {
			const byte = this.bytes![this.at++];
			this.value |= (byte & 0x7f) << shift;
			if (byte < 0x80) return byte > 0 || shift === 0;
		}
		return false;
	}

	private string(isUtf8: boolean): boolean {
		if (this.at + 2 > this.end) return false;
		this.from = this.at + 2;
		this.to = this.at = this.from + readUint16(this.bytes!, this.at);
		return this.to <= this.end && (!isUtf8 || isText(this.bytes!, this.from, this.to));
	}

	private inRange(): boolean {
		switch (this.id) {
			case Property.ReceiveMax: case Property.PacketMax: case Property.SubscriptionId: return this.value > 0;
			default: return KINDS.charAt(this.id) !== 'B' || this.value <= 1;
		}
	}
}
Object.freeze(Properties.prototype);
