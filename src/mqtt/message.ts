// SPDX-License-Identifier: MIT
// A message made ready in the bytes that go out: for who sends message after message, most of them to the same topic.
//
// Rule: the payload has one place, where the application writes it. The packet's head ends there, so a longer topic
// begins earlier and nothing is ever moved. What equals the message before is not written again. The view for the
// socket is made anew only when the size has changed. Session.send() takes it (a copy, if it is kept); then it is free
// for the next message. MQTT 3.1.1 §3.3

import { assert } from '../common/assert.js';
import { Head, Packet } from './codec/packets.js';
import type { PacketVersion } from './codec/version.js';
import { lengthSize, writeLength } from './codec/wire.js';

const BAD_USE = 'A message takes a topic no longer than it was made for, and a QoS of 0, 1 or 2.';

export class Message {
	/** The place of the payload. */
	readonly payload: Uint8Array;
	/** The packet; and all bytes, with the place of the packet id in them, if there is one. */
	packet: Uint8Array;
	readonly view: DataView;
	readonly idAt: number;
	/** As to() and resize() had it; of the payload, and -1: not set. */
	topic: Uint8Array | undefined;
	qos = 0;
	length = -1;
	private topicAt = 0;
	private first = 0;

	/** For topics of topicName() of up to that size. `protocol5` is the session's, if it has one. */
	constructor(topicMax: number, payloadMax: number, protocol5?: PacketVersion) {
		const propertiesSize = protocol5 ? protocol5.publishSize : 0;
		const length = topicMax + 2 + propertiesSize;
		const payloadAt = 1 + lengthSize(length + payloadMax) + length;
		const block = new ArrayBuffer(payloadAt + payloadMax);
		this.idAt = payloadAt - propertiesSize - 2;
		this.payload = this.packet = new Uint8Array(block, payloadAt);
		this.view = new DataView(block);
		if (protocol5) protocol5.writePublish(new Uint8Array(block), payloadAt - propertiesSize);
	}

	/** Where the next message goes, and how. Throws a sentence if the topic is too long. */
	to(topic: Uint8Array, qos: number, retain: boolean): this {
		const first = Packet.Publish | qos << 1 | (retain ? Head.RETAIN : 0);
		if (topic === this.topic && first === this.first) return this;
		// Without a packet id the properties follow the topic, which begins two bytes later then.
		const at = (qos > 0 ? this.idAt : this.idAt + 2) - topic.length;
		assert((qos === 0 || qos === 1 || qos === 2) && at >= 1 + lengthSize(this.view.byteLength - at), BAD_USE);
		new Uint8Array(this.view.buffer, at).set(topic);
		this.topic = topic;
		this.topicAt = at;
		this.qos = qos;
		this.first = first;
		this.length = -1;
		return this;
	}

	/** The message was sent, and its topic comes seldom: it is written anew for whatever is next. */
	forgetTopic(): void {
		this.topic = undefined;
	}

	/** The payload is that long. Throws a sentence if it was not made for so much, or nothing says where it goes. */
	resize(length: number): void {
		const topicAt = this.topicAt;
		if (topicAt === 0 || !(length >= 0 && length <= this.payload.length)) assert(false, 'A message has a topic, and no more payload than it was made for.');
		const rest = this.payload.byteOffset + length - topicAt;
		const headSize = rest < 0x80 ? 2 : 1 + lengthSize(rest);
		const packet = new Uint8Array(this.view.buffer, topicAt - headSize, headSize + rest);
		packet[0] = this.first;
		if (rest < 0x80) packet[1] = rest;
		else writeLength(packet, 1, rest);
		this.packet = packet;
		this.length = length;
	}
}
Object.freeze(Message.prototype);
