// SPDX-License-Identifier: MIT
// The packets a client sends, and what the first bytes of those that it receives must be.
//
// Rule: a writer puts a whole packet, or its head, at a given place and returns where it ends. It MUST be given the
// room that the ...Size functions compute. MQTT 3.1.1 §2.2 (fixed header) and §3.1 to §3.14

import { assert } from '../../common/assert.js';
import { Fault } from './fault.js';
import { encodeText, isPlainTopic, isTopicName } from './topics.js';
import type { ConnectOptions, PacketVersion, Will } from './version.js';
import { isText, lengthSize, readUint16, textSize, Wire, writeBytes, writeLength, writeText, writeUint16 } from './wire.js';

/** First bytes: the type above, its reserved flags below (table 2.2). */
export const enum Packet {
	Connect = 0x10,
	Connack = 0x20,
	/** And of QoS 0. */
	Publish = 0x30,
	PublishRetained = 0x31,
	Puback = 0x40,
	Pubrec = 0x50,
	Pubrel = 0x62,
	Pubcomp = 0x70,
	Subscribe = 0x82,
	Suback = 0x90,
	Unsubscribe = 0xa2,
	Unsuback = 0xb0,
	Pingreq = 0xc0,
	Pingresp = 0xd0,
	Disconnect = 0xe0,
}

export const enum Head {
	/** In the first byte of a PUBLISH (§3.3.1). */
	RETAIN = 1,
	DUP = 8,

	/** Room for fixed header, packet id and no properties of a SUBSCRIBE. */
	MAX = 6,
}

const enum Flag {
	Clean = 0x02,
	Will = 0x04,
	WillRetain = 0x20,
	Password = 0x40,
	User = 0x80,
}

/** Bytes of the CONNECT behind its fixed header. Throws a sentence if the options break a rule of §3.1. */
export const connectSize = (options: ConnectOptions): number => {
	const { clientId, user = '', password = '', will, clean, keepAliveMs, protocol5 } = options;
	assert(clientId !== '' || clean === true || protocol5 !== undefined, 'clientId is empty, which MQTT allows only together with clean (§3.1.3-7).');
	assert(keepAliveMs >= 0 && keepAliveMs <= 65_535_000, 'keepAliveMs is 0 to 65,535,000 (§3.1.2.10).');
	assert(password === '' || user !== '' || protocol5 !== undefined, 'password is given without user, which MQTT 3.1.1 does not allow (§3.1.2-22).');
	let size = 10 + fieldSize('clientId', clientId);
	if (protocol5) size += protocol5.connectSize(clean === true) + (protocol5.assignedId?.length ?? 0) + (will ? protocol5.willSize() : 0);
	if (will) checkWill(will);
	if (will) size += fieldSize('will.topic', will.topic) + fieldSize('will.payload', will.payload);
	if (user !== '') size += fieldSize('user', user);
	if (password !== '') size += fieldSize('password', password);
	return size;
};

const checkWill = (will: Will): void => {
	const topic = encodeText(will.topic);
	assert(isTopicName(topic, 0, topic.length), 'will.topic is no topic name: it takes at least one byte and no "+" or "#".');
	assert(will.qos === 0 || will.qos === 1 || will.qos === 2, 'will.qos is 0, 1 or 2 (§3.1.2-14).');
};

const fieldSize = (name: string, field: string | Uint8Array): number => {
	const size = typeof field === 'string' ? textSize(field) : field.length;
	assert(size >= 0 && size <= Wire.TEXT_MAX, `${name} takes at most 65,535 bytes, without U+0000 and halves of surrogate pairs.`);
	return 2 + size;
};

/** `receiveMax` and `lengthMax`, the largest remaining length that we take, are what a broker of MQTT 5.0 is told. */
export const writeConnect = (bytes: Uint8Array, options: ConnectOptions, fresh: boolean, receiveMax: number, lengthMax: number): number => {
	const { clientId, user = '', password = '', will, clean, protocol5, keepAliveMs } = options;
	bytes[0] = Packet.Connect;
	let at = writeLength(bytes, 1, connectSize(options));
	at = writeText(bytes, at, 'MQTT');
	bytes[at++] = protocol5 ? 5 : 4;
	bytes[at++] = connectFlags(options, fresh);
	at = writeUint16(bytes, at, Math.ceil(keepAliveMs / 1_000));
	if (protocol5) at = protocol5.writeConnect(bytes, at, clean === true, receiveMax, 1 + lengthSize(lengthMax) + lengthMax);
	const id = protocol5?.assignedId;
	at = id ? writeBytes(bytes, writeUint16(bytes, at, id.length), id, id.length) : writeText(bytes, at, clientId);
	if (will && protocol5) at = protocol5.writeWill(bytes, at);
	if (will) at = writeField(bytes, writeText(bytes, at, will.topic), will.payload);
	if (user !== '') at = writeText(bytes, at, user);
	if (password !== '') at = writeField(bytes, at, password);
	return at;
};

const writeField = (bytes: Uint8Array, at: number, field: string | Uint8Array): number => {
	if (typeof field === 'string') return writeText(bytes, at, field);
	return writeBytes(bytes, writeUint16(bytes, at, field.length), field, field.length);
};

/** Without a will its QoS and retain bits stay 0 (§3.1.2-11 to -15). */
const connectFlags = (options: ConnectOptions, fresh: boolean): number => {
	const { user = '', password = '', will } = options;
	let flags = fresh ? Flag.Clean : 0;
	if (will) flags |= Flag.Will | will.qos << 3 | (will.retain ? Flag.WillRetain : 0);
	if (user !== '') flags |= Flag.User;
	if (password !== '') flags |= Flag.Password;
	return flags;
};

/** The remaining length of a PUBLISH; the topic is of topicName(). */
export const publishLength = (topic: Uint8Array, payloadLength: number, qos: number, protocol5: PacketVersion | undefined): number => {
	const length = topic.length + payloadLength + (qos > 0 ? 2 : 0);
	return protocol5 ? length + protocol5.publishSize : length;
};

/** Up to the packet id. */
export const writePublishHead = (bytes: Uint8Array, at: number, first: number, length: number, topic: Uint8Array): number => {
	bytes[at] = first;
	at = writeLength(bytes, at + 1, length);
	bytes.set(topic, at);
	return at + topic.length;
};

/** PUBACK, PUBREC, PUBREL or PUBCOMP. A reason other than 0 is for MQTT 5.0. */
export const writeAcknowledgement = (bytes: Uint8Array, at: number, first: number, id: number, reason: number): number => {
	bytes[at] = first;
	bytes[at + 1] = reason > 0 ? 3 : 2;
	at = writeUint16(bytes, at + 2, id);
	if (reason > 0) bytes[at++] = reason;
	return at;
};

/**
 * Up to the one topic filter of a SUBSCRIBE or UNSUBSCRIBE; `length` is that of what follows. MQTT 5.0 has no
 * properties there.
 */
export const writeRequestHead = (bytes: Uint8Array, at: number, first: number, id: number, length: number, is5: boolean): number => {
	bytes[at] = first;
	at = writeUint16(bytes, writeLength(bytes, at + 1, (is5 ? 3 : 2) + length), id);
	if (is5) bytes[at++] = 0;
	return at;
};

/** Whether a broker may begin a packet with this byte (§2.2.2-2, §3.3.1-2, -4); DISCONNECT only in MQTT 5.0. */
export const checkFirst = (first: number, is5: boolean): Fault => {
	if ((first & 0xf0) === Packet.Publish) return (first & 6) === 6 || (first & 14) === Head.DUP ? Fault.BadQos : Fault.None;
	const type = first & 0xf0;
	const flags = first & 0x0f;
	if (type === (Packet.Pubrel & 0xf0)) return flags === 2 ? Fault.None : Fault.ReservedBits;
	if (is5 && type === Packet.Disconnect) return flags === 0 ? Fault.None : Fault.ReservedBits;
	if (type < Packet.Connack || type === 0x80 || type === 0xa0 || type === Packet.Pingreq || type > Packet.Pingresp) {
		return Fault.Unexpected;
	}
	return flags === 0 ? Fault.None : Fault.ReservedBits;
};

/** Whether a packet that begins so can be that long. We ask for one filter at a time, so SUBACK has one code. */
export const checkLength = (first: number, length: number, max: number, is5: boolean): Fault => {
	const type = first & 0xf0;
	if (is5) return checkLength5(type, (first & 6) > 0, length, max);
	if (type === Packet.Publish) return length < ((first & 6) > 0 ? 5 : 3) ? Fault.BadLength : Fault.None;
	const right = type === Packet.Pingresp ? 0 : type === Packet.Suback ? 3 : 2;
	return length === right ? Fault.None : Fault.BadLength;
};

/** Everything may have properties; only a message may be too large. A refusal in the words of 3.1.1 is understood, too. */
const checkLength5 = (type: number, hasId: boolean, length: number, max: number): Fault => {
	if (type === Packet.Publish) return length < (hasId ? 6 : 4) ? Fault.BadLength : Fault.None;
	if (type === Packet.Pingresp) return length === 0 ? Fault.None : Fault.BadLength;
	const least = type === Packet.Disconnect ? 0 : type === Packet.Suback || type === Packet.Unsuback ? 4 : 2;
	if (length < least) return Fault.BadLength;
	return length > max ? Fault.PacketTooLarge : Fault.None;
};

/**
 * Whether a PUBLISH is right from its topic to its payload: a topic name, then the packet id, unless that begins behind
 * `idAt` already (§3.3.2).
 */
export const checkPublish = (bytes: Uint8Array, view: DataView, topicAt: number, idAt: number, payloadAt: number, end: number): Fault => {
	if (payloadAt > end) return Fault.BadLength;
	if (!isPlainTopic(view, topicAt, idAt)) {
		if (!isText(bytes, topicAt, idAt)) return Fault.BadText;
		if (!isTopicName(bytes, topicAt, idAt)) return Fault.BadTopic;
	}
	return payloadAt > idAt && readUint16(bytes, idAt) === 0 ? Fault.BadPacketId : Fault.None;
};
