// SPDX-License-Identifier: MIT
// What MQTT 5.0 has and 3.1.1 has not. A session with one of these as `protocol5` speaks 5.0. Without it, neither this
// file nor properties.ts need be in the image.
//
// Rule: here is what CONNACK allows and what the properties of each packet mean; when what is sent stays with the
// session. Limits and topic aliases die with the connection. MQTT 5.0, cited by section

import { Aliases } from './aliases.js';
import type { Delivery } from '../state/delivery.js';
import { Fault } from '../codec/fault.js';
import type { Filters } from '../state/filters.js';
import type { Framer } from '../codec/framer.js';
import type { KeepAlive } from '../state/keepalive.js';
import type { Millis, SessionHandler, SessionOptions, SessionVersion } from '../options.js';
import type { Outbox } from '../state/outbox.js';
import { connectSize, Packet } from '../codec/packets.js';
import { PacketContext, Properties, Property, Wrong } from './properties.js';
import { blamesOurs, isReason } from './codes.js';
import { writeUint16 } from '../codec/wire.js';

export interface Options5 {
	/** How long the broker keeps the session without a connection; 0xffff_ffff: for ever. Not with `clean`. */
	readonly sessionExpirySeconds?: number;
	/** How long the broker waits for us to come back before it publishes the will. */
	readonly willDelaySeconds?: number;
	/** How long the will, and each message, may wait for a subscriber. 0: for ever. */
	readonly willExpirySeconds?: number;
	readonly messageExpirySeconds?: number;
	/** How many topics are sent by number once the broker knows them. */
	readonly aliasesMax?: number;
	/** The broker may hold a session of ours from before this start of the machine, and it is to be resumed. */
	readonly hadSession?: boolean;
}

const enum Const {
	SESSION_EXPIRY_SECONDS = 604_800,
	ALIASES_MAX = 4,
	/** A refusal of MQTT 3.1.1 (its table 3.1), in two bytes. */
	REFUSALS_MAX_4 = 5,
	/** Bits of `lacks`. */
	WILDCARDS = 1,
	SHARED = 2,
	/** Of a reason string. */
	REASON_MAX = 80,
}

export class Protocol5 implements SessionVersion {
	private readonly options: Options5;
	private readonly properties = new Properties();
	readonly aliases: Aliases;
	/** Bytes of the properties of each PUBLISH, with their length. */
	readonly publishSize: number;

	/** What the broker allows on this connection (§3.2.2.3). */
	receiveMax = 0xffff;
	qosMax = 2;
	retainAvailable = true;
	packetMax = Infinity;
	/** Of what it has no topic filters, as bits. */
	private lacks = 0;
	/** -1: ours holds. */
	keepAliveSeconds = -1;
	/** The client id that the broker gave us; kept. */
	assignedId: Uint8Array | undefined;
	/** What the broker said with its last refusal or DISCONNECT, '' if nothing. */
	reasonString = '';
	/** There is a session to come back to. */
	known: boolean;
	/** Belongs to the last -1 that a method here returned. */
	fault = Fault.None;
	code = 0;

	constructor(options: Options5 = {}) {
		this.options = options;
		this.publishSize = (options.messageExpirySeconds ?? 0) > 0 ? 6 : 1;
		this.aliases = new Aliases(options.aliasesMax ?? Const.ALIASES_MAX);
		this.known = options.hadSession === true;
	}

	/** A new connection: nothing is known of the broker (§3.3.2-7). */
	reset(): void {
		this.receiveMax = 0xffff;
		this.qosMax = 2;
		this.retainAvailable = true;
		this.packetMax = Infinity;
		this.lacks = 0;
		this.keepAliveSeconds = -1;
		this.reasonString = '';
		this.aliases.allow(0);
	}

	/** Bytes of the properties of CONNECT, with their length. */
	connectSize(clean: boolean): number { return clean ? 9 : 14; }

	/** Tells how many messages at once, and how large packets, we take. */
	writeConnect(bytes: Uint8Array, at: number, clean: boolean, receiveMax: number, packetMax: number): number {
		bytes[at++] = this.connectSize(clean) - 1;
		if (!clean) at = writeNumber(bytes, at, Property.SessionExpiry, this.options.sessionExpirySeconds ?? Const.SESSION_EXPIRY_SECONDS);
		bytes[at++] = Property.ReceiveMax;
		at = writeUint16(bytes, at, receiveMax);
		return writeNumber(bytes, at, Property.PacketMax, packetMax);
	}

	willSize(): number {
		const { willDelaySeconds = 0, willExpirySeconds = 0 } = this.options;
		return 1 + (willDelaySeconds > 0 ? 5 : 0) + (willExpirySeconds > 0 ? 5 : 0);
	}

	writeWill(bytes: Uint8Array, at: number): number {
		const { willDelaySeconds = 0, willExpirySeconds = 0 } = this.options;
		bytes[at++] = this.willSize() - 1;
		if (willDelaySeconds > 0) at = writeNumber(bytes, at, Property.WillDelay, willDelaySeconds);
		return willExpirySeconds > 0 ? writeNumber(bytes, at, Property.MessageExpiry, willExpirySeconds) : at;
	}

	writePublish(bytes: Uint8Array, at: number): void {
		const size = this.publishSize - 1;
		bytes[at] = size;
		if (size > 0) writeNumber(bytes, at + 1, Property.MessageExpiry, this.options.messageExpirySeconds!);
	}

	/**
	 * Takes a CONNACK with that reason code: its limits hold for this connection if it accepts. A broker that only
	 * speaks
	 * 3.1.1 refuses in its own words, of two bytes.
	 */
	accept(framer: Framer, code: number, options: SessionOptions, delivery: Delivery, keepAlive: KeepAlive, now: Millis): Fault {
		const { bytes, at, end } = framer;
		this.code = code;
		const words4 = end - at === 2 && code > 0;
		if (words4 && code <= Const.REFUSALS_MAX_4) return Fault.ProtocolVersion;
		if (!isReason(Packet.Connack, code)) return Fault.BadCode;
		if (words4) return Fault.None;
		const fault = this.connack(bytes, at + 2, end, options.clientId === '');
		if (fault !== Fault.None || code > 0) return fault;
		this.known = options.clean !== true;
		// An id that CONNECT has no room for is not kept: the next connection gets another.
		if (this.assignedId && 4 + connectSize(options) > framer.size) this.assignedId = undefined;
		delivery.setLimit(this.receiveMax);
		keepAlive.start(this.keepAliveSeconds < 0 ? options.keepAliveMs : this.keepAliveSeconds * 1_000, now);
		return Fault.None;
	}

	/** Whether the broker takes messages of any QoS, retained or not, as nearly all do. */
	get takesAll(): boolean { return this.qosMax === 2 && this.retainAvailable; }

	/** Whether it takes whatever has room in the outbox. */
	takes(outbox: Outbox): boolean { return this.takesAll && this.packetMax >= outbox.bytes.length - outbox.start; }

	/** Makes what waits fit what the broker takes, and sets aside messages that cannot; we go on without filters that cannot. */
	fit(outbox: Outbox, filters: Filters, handler: SessionHandler, now: Millis): Fault {
		for (let id = outbox.removeLarger(this.packetMax); id >= 0; id = outbox.removeLarger(this.packetMax)) handler.onSetAside(id);
		this.fitRequests(filters, handler, now);
		this.code = 0x9b;
		return outbox.limit(this.qosMax, this.retainAvailable) ? Fault.None : Fault.Capability;
	}

	/** What the broker has said that it would refuse is not asked of it. */
	fitRequests(filters: Filters, handler: SessionHandler, now: Millis): void {
		if (this.lacks === 0 && this.packetMax === Infinity) return;
		for (let at = filters.firstToAsk(); at >= 0; at = filters.firstToAsk(at)) {
			const code = filters.requestSize(at) > this.packetMax ? 0x95 : this.lacks & Const.SHARED && filters.isShared(at) ? 0x9e
				: this.lacks & Const.WILDCARDS && filters.hasWildcard(at) ? 0xa2 : 0;
			if (code === 0 || !filters.asks(at)) continue;
			filters.putOff(at, false, now);
			handler.onSubscribed(filters.id(at), filters.index(at), code);
		}
	}

	/** The reason that DISCONNECT gives for a fault of the broker's; 0: close without one (§4.13). */
	reasonFor(fault: Fault): number {
		switch (fault) {
			case Fault.ReservedBits: case Fault.BadQos: case Fault.BadLength: case Fault.BadText: return 0x81;
			case Fault.Unexpected: case Fault.BadPacketId: case Fault.BadCode: return 0x82;
			case Fault.BadProperty: return this.properties.reason;
			case Fault.BadTopic: return 0x90;
			case Fault.TooManyInbound: return 0x93;
			case Fault.PacketTooLarge: return 0x95;
			default: return 0;
		}
	}

	/** Whether a DISCONNECT with that reason may be about a message or a filter of ours. */
	blames(code: number): boolean { return blamesOurs(code); }

	/** Whether it says something of their number, the broker or the link; brokers end a connection so upon a message, too. 0x8E: another client. */
	spares(code: number): boolean { return code !== 0x8e && !blamesOurs(code); }

	/** Reads what is behind the reason code of a CONNACK. */
	private connack(bytes: Uint8Array, at: number, end: number, idWanted: boolean): Fault {
		const properties = this.properties;
		properties.begin(bytes, at, end, PacketContext.Connack);
		while (properties.next()) this.allow(properties, idWanted);
		this.code = properties.id;
		if (properties.broken) return Fault.BadProperty;
		return properties.end === end ? Fault.None : Fault.BadLength;
	}

	private allow(properties: Properties, idWanted: boolean): void {
		const { value } = properties;
		switch (properties.id) {
			case Property.ReceiveMax: this.receiveMax = value; break;
			case Property.QosMax: this.qosMax = value; break;
			case Property.RetainAvailable: this.retainAvailable = value > 0; break;
			case Property.PacketMax: this.packetMax = value; break;
			case Property.WildcardAvailable: this.lacks |= value > 0 ? 0 : Const.WILDCARDS; break;
			case Property.SharedAvailable: this.lacks |= value > 0 ? 0 : Const.SHARED; break;
			case Property.ServerKeepAlive: this.keepAliveSeconds = value; break;
			case Property.TopicAliasMax: this.aliases.allow(value); break;
			case Property.ReasonString: this.reason(properties); break;
			case Property.AssignedClientId:
				if (idWanted) this.assignedId = properties.bytes!.slice(properties.from, properties.to);
		}
	}

	private reason(properties: Properties): void {
		this.reasonString = decodeText(properties.bytes!, properties.from, Math.min(properties.to, properties.from + Const.REASON_MAX));
	}

	/** Where the payload of a PUBLISH begins, or -1. We announced no aliases, so there must be none (§3.3.2-10). */
	payloadAt(bytes: Uint8Array, at: number, end: number): number {
		const properties = this.properties;
		properties.begin(bytes, at, end, PacketContext.Publish);
		while (properties.next()) if (properties.id === Property.TopicAlias) properties.reason = Wrong.TopicAlias;
		return this.result(properties.end);
	}

	/** Where the reason codes of a SUBACK or UNSUBACK begin, or -1. */
	codesAt(bytes: Uint8Array, at: number, end: number): number {
		this.properties.begin(bytes, at, end, PacketContext.Answer);
		return this.result(this.properties.skip());
	}

	/** Whether that is a code of a SUBACK or UNSUBACK. */
	isReason(first: number, code: number): boolean { return isReason(first, code); }

	/** The reason code behind the packet id of a PUBACK, PUBREC, PUBREL or PUBCOMP, or -1. What is left out is 0. */
	answer(first: number, bytes: Uint8Array, at: number, end: number): number {
		return this.coded(first, bytes, at, end, PacketContext.Answer);
	}

	/** The reason code of a DISCONNECT, or -1. */
	disconnect(bytes: Uint8Array, at: number, end: number): number {
		this.reasonString = '';
		return this.coded(Packet.Disconnect, bytes, at, end, PacketContext.Disconnect);
	}

	private coded(first: number, bytes: Uint8Array, at: number, end: number, place: PacketContext): number {
		if (at === end) return 0;
		if (!isReason(first, bytes[at])) return this.wrong(Fault.BadCode, bytes[at]);
		if (at + 1 === end) return bytes[at];
		const properties = this.properties;
		properties.begin(bytes, at + 1, end, place);
		while (properties.next()) if (properties.id === Property.ReasonString && place === PacketContext.Disconnect) this.reason(properties);
		if (properties.end !== end && !properties.broken) return this.wrong(Fault.BadLength, 0);
		return this.result(bytes[at]);
	}

	private result(value: number): number {
		const { broken, id } = this.properties;
		return broken ? this.wrong(Fault.BadProperty, id) : value;
	}

	private wrong(fault: Fault, code: number): number {
		this.fault = fault;
		this.code = code;
		return -1;
	}
}
Object.freeze(Protocol5.prototype);

const writeNumber = (bytes: Uint8Array, at: number, id: Property, value: number): number => {
	bytes[at] = id;
	return writeUint16(bytes, writeUint16(bytes, at + 1, Math.floor(value / 0x1_0000)), value & 0xffff);
};

/** Bytes that are text (isText), cut at the end of a character. */
const decodeText = (bytes: Uint8Array, at: number, end: number): string => {
	let text = '';
	while (at < end) {
		const first = bytes[at];
		const size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
		if (at + size > end) break;
		let code = size === 1 ? first : first & 0x7f >> size;
		for (let i = 1; i < size; i++) code = code << 6 | bytes[at + i] & 0x3f;
		text += String.fromCodePoint(code);
		at += size;
	}
	return text;
};
