// SPDX-License-Identifier: MIT
// What a packet from the broker means, once the connection stands.
//
// Rule: first check, then tell the application, then note and answer: so what it could not take is not acknowledged.
// An acknowledgement that matches nothing changes nothing; what breaks the standard is a fault, which the session closes for.
// Answers are in the order of what they answer (§4.6.0-2 to -4). MQTT 3.1.1 §3.3 to §3.11, §4.3

import type { Delivery } from './delivery.js';
import { Fault } from './fault.js';
import { type Filters, Wish } from './filters.js';
import type { Framer } from './framer.js';
import type { SessionHandler } from './options.js';
import { checkPublish, DUP, Packet, RETAIN } from './packets.js';
import type { Sender } from './sender.js';
import { readUint16 } from './wire.js';

export class Inbound {
	readonly #framer: Framer;
	readonly #delivery: Delivery;
	readonly #filters: Filters;
	readonly #sender: Sender;
	readonly #handler: SessionHandler;

	/** Set whenever the broker answered a request; the session clears it. */
	progressed = false;
	/** Belongs to the last fault. */
	code = 0;
	oversizeCount = 0;

	constructor(framer: Framer, delivery: Delivery, filters: Filters, sender: Sender, handler: SessionHandler) {
		this.#framer = framer;
		this.#delivery = delivery;
		this.#filters = filters;
		this.#sender = sender;
		this.#handler = handler;
	}

	/** Handles the packet that the framer completed, any but CONNACK and PINGRESP. */
	packet(first: number): Fault {
		this.code = first;
		if ((first & 0xf0) === Packet.Publish) return this.#message(first);
		const { bytes, at } = this.#framer;
		const id = readUint16(bytes, at);
		if (id === 0) return Fault.BadPacketId;
		switch (first) {
			case Packet.Puback: return this.#puback(id);
			case Packet.Pubrec: return this.#pubrec(id);
			case Packet.Pubrel: return this.#pubrel(id);
			case Packet.Pubcomp: return this.#pubcomp(id);
			case Packet.Suback: return this.#suback(id, bytes[at + 2]);
			case Packet.Unsuback: return this.#unsuback(id);
			default: return Fault.Unexpected;
		}
	}

	#message(first: number): Fault {
		const { bytes, at, end, oversize } = this.#framer;
		const qos = first >> 1 & 3;
		const fault = oversize > 0 ? this.#checkOversize(qos) : checkPublish(bytes, at, end, qos);
		if (fault !== Fault.None) return fault;
		const id = qos === 0 ? 0 : oversize > 0 ? this.#framer.id : readUint16(bytes, at + 2 + readUint16(bytes, at));
		const connection = this.#sender.connections;
		if (qos < 2 || !this.#delivery.isOpen(id)) {
			if (qos === 2 && this.#delivery.inboundFull) return Fault.TooManyInbound;
			this.#tell(first, qos);
			if (qos === 2) this.#delivery.open(id);
		}
		// A callback may have ended this connection, and even begun another.
		if (qos > 0 && this.#sender.connections === connection) {
			this.#sender.acknowledge(qos === 1 ? Packet.Puback : Packet.Pubrec, id);
		}
		return Fault.None;
	}

	#tell(first: number, qos: number): void {
		const { bytes, at, end, oversize } = this.#framer;
		if (oversize > 0) {
			this.oversizeCount++;
			return this.#handler.onOversize(oversize, qos);
		}
		const topicEnd = at + 2 + readUint16(bytes, at);
		const payloadAt = qos > 0 ? topicEnd + 2 : topicEnd;
		this.#handler.onMessage(bytes, at + 2, topicEnd, payloadAt, end, qos, (first & RETAIN) > 0, (first & DUP) > 0);
	}

	/** Its topic is not looked at: it may be longer than what was kept. */
	#checkOversize(qos: number): Fault {
		const { buffer, oversize, id } = this.#framer;
		if (2 + readUint16(buffer, 0) + (qos > 0 ? 2 : 0) > oversize) return Fault.BadLength;
		return qos > 0 && id === 0 ? Fault.BadPacketId : Fault.None;
	}

	#puback(id: number): Fault {
		if (!this.#delivery.acknowledge(id)) return Fault.None;
		this.progressed = true;
		this.#handler.onAcknowledged(id, 0);
		return Fault.None;
	}

	/** PUBREL follows from the session, which has the older ones go first; a second PUBREC is answered at once. */
	#pubrec(id: number): Fault {
		if (this.#delivery.receive(id)) this.progressed = true;
		else if (this.#delivery.isReleased(id)) this.#sender.acknowledge(Packet.Pubrel, id);
		return Fault.None;
	}

	/** An unknown one is answered too: the broker may have lost our PUBCOMP. */
	#pubrel(id: number): Fault {
		this.#delivery.close(id);
		this.#sender.acknowledge(Packet.Pubcomp, id);
		return Fault.None;
	}

	#pubcomp(id: number): Fault {
		if (!this.#delivery.complete(id)) return Fault.None;
		this.progressed = true;
		this.#handler.onAcknowledged(id, 0);
		return Fault.None;
	}

	#suback(id: number, code: number): Fault {
		this.code = code;
		if (code > 2 && code !== 0x80) return Fault.BadCode;
		const index = this.#filters.indexOf(id, Wish.Asked);
		if (index < 0) return Fault.None;
		this.progressed = true;
		this.#filters.answered(index);
		this.#handler.onSubscribed(id, index, code);
		return Fault.None;
	}

	#unsuback(id: number): Fault {
		const index = this.#filters.indexOf(id, Wish.Left);
		if (index < 0) return Fault.None;
		this.progressed = true;
		this.#filters.remove(index);
		this.#handler.onUnsubscribed(id);
		return Fault.None;
	}
}
Object.freeze(Inbound.prototype);
