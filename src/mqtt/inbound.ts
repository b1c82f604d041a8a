// SPDX-License-Identifier: MIT
// What a packet from the broker means, once the connection stands.
//
// Rule: first check, then tell the application, then note and answer: so what it could not take is not acknowledged.
// An acknowledgement that matches nothing changes nothing; what breaks the standard is a fault, which the session closes for.
// Answers are in the order of what they answer (§4.6.0-2 to -4). MQTT 3.1.1 §3.3 to §3.11, §4.3

import type { Delivery } from './delivery.js';
import { Fault } from './fault.js';
import { type Filters, Wish } from './filters.js';
import type { Flow } from './flow.js';
import type { Framer } from './framer.js';
import type { SessionHandler } from './options.js';
import { checkPublish, DUP, Packet, RETAIN } from './packets.js';
import type { Protocol5 } from './protocol5.js';
import type { Sender } from './sender.js';
import { readUint16 } from './wire.js';

/** MQTT 5.0: packet identifier not found, which is no fault (MQTT 5.0 §3.6.2.1). */
const NOT_FOUND = 0x92;

export class Inbound {
	readonly #framer: Framer;
	readonly #delivery: Delivery;
	readonly #filters: Filters;
	readonly #sender: Sender;
	readonly #handler: SessionHandler;
	readonly #protocol5: Protocol5 | undefined;
	readonly #flow: Flow | undefined;

	/** Set whenever the broker answered a request, of messages the oldest: one that was passed over will not be answered any more (§4.6.0-2). The session clears it. */
	progressed = false;
	/** Belongs to the last fault. */
	code = 0;
	oversizeCount = 0;
	/** The answer at hand is to the oldest message. */
	#oldest = false;

	constructor(framer: Framer, delivery: Delivery, filters: Filters, sender: Sender, handler: SessionHandler,
		protocol5?: Protocol5, flow?: Flow) {
		this.#framer = framer;
		this.#delivery = delivery;
		this.#filters = filters;
		this.#sender = sender;
		this.#handler = handler;
		this.#protocol5 = protocol5;
		this.#flow = flow;
	}

	/** Handles the packet that the framer completed, any but CONNACK and PINGRESP. */
	packet(first: number): Fault {
		this.code = first;
		if ((first & 0xf0) === Packet.Publish) return this.message(first);
		const { bytes, at, end } = this.#framer;
		if (first === Packet.Disconnect) return this.disconnect(bytes, at, end);
		const id = readUint16(bytes, at);
		if (id === 0) return Fault.BadPacketId;
		if (first === Packet.Suback || first === Packet.Unsuback) return this.answer(first, id, bytes, at + 2, end);
		const reason = this.#protocol5 ? this.#protocol5.answer(bytes, at + 2, end) : 0;
		if (reason < 0) return this.fault5();
		this.#oldest = this.#delivery.isOldest(id);
		switch (first) {
			case Packet.Puback: return this.acknowledged(this.#delivery.acknowledge(id), id, reason);
			case Packet.Pubrec: return this.pubrec(id, reason);
			case Packet.Pubrel: return this.pubrel(id);
			case Packet.Pubcomp: return this.acknowledged(this.#delivery.complete(id), id, reason);
			default: return Fault.Unexpected;
		}
	}

	/** The broker's session is gone, and with it what only its end would have finished. */
	sessionLost(): void {
		for (let id = this.#delivery.takeRelease(); id > 0; id = this.#delivery.takeRelease()) this.#handler.onAcknowledged(id, 0);
		for (let i = this.#filters.first(Wish.Leave); i >= 0; i = this.#filters.first(Wish.Leave)) {
			const id = this.#filters.id(i);
			this.#filters.remove(i);
			this.#handler.onUnsubscribed(id);
		}
	}

	private fault5(): Fault {
		this.code = this.#protocol5!.code;
		return this.#protocol5!.fault;
	}

	private message(first: number): Fault {
		const { bytes, at, end, oversize, continued } = this.#framer;
		if (continued) return this.#flow!.piece();
		const qos = first >> 1 & 3;
		const fault = oversize > 0 ? this.checkOversize(qos) : checkPublish(bytes, at, end, qos);
		if (fault !== Fault.None) return fault;
		const idAt = at + 2 + readUint16(bytes, at);
		let payloadAt = qos > 0 ? idAt + 2 : idAt;
		if (this.#protocol5 && oversize === 0) payloadAt = this.#protocol5.payloadAt(bytes, payloadAt, end);
		if (payloadAt < 0) return this.fault5();
		const id = qos === 0 ? 0 : oversize > 0 ? this.#framer.id : readUint16(bytes, idAt);
		const connection = this.#sender.connections;
		const known = qos === 2 && this.#delivery.isOpen(id);
		if (!known) {
			if (qos === 2 && this.#delivery.inboundFull) return Fault.TooManyInbound;
			if (oversize > 0) this.oversize(oversize, qos);
			else this.#handler.onMessage(bytes, at + 2, idAt, payloadAt, end, qos, (first & RETAIN) > 0, (first & DUP) > 0);
			if (qos === 2 && !this.#flow) this.#delivery.open(id);
		}
		if (this.#flow) return this.#flow.message(qos, id, known);
		// A callback may have ended this connection, and even begun another.
		if (qos > 0 && this.#sender.connections === connection) {
			this.#sender.acknowledge(qos === 1 ? Packet.Puback : Packet.Pubrec, id);
		}
		return Fault.None;
	}

	private oversize(size: number, qos: number): void {
		this.oversizeCount++;
		this.#handler.onOversize(size, qos);
	}

	/** Its topic is not looked at: it may be longer than what was kept. */
	private checkOversize(qos: number): Fault {
		const { buffer, oversize, id } = this.#framer;
		if (2 + readUint16(buffer, 0) + (qos > 0 ? 2 : 0) > oversize) return Fault.BadLength;
		return qos > 0 && id === 0 ? Fault.BadPacketId : Fault.None;
	}

	/** PUBACK, or what else ends the way of a message; `ours` is false if it matched nothing. */
	private acknowledged(ours: boolean, id: number, reason: number): Fault {
		if (!ours) return Fault.None;
		if (this.#oldest) this.progressed = true;
		this.#handler.onAcknowledged(id, reason);
		return Fault.None;
	}

	/** PUBREL follows from the session, which has the older ones go first; a second PUBREC is answered at once. */
	private pubrec(id: number, reason: number): Fault {
		const delivery = this.#delivery;
		if (reason >= 0x80) return this.acknowledged(delivery.refuse(id), id, reason);
		if (delivery.receive(id)) this.progressed = this.#oldest;
		else if (delivery.isReleased(id)) this.#sender.acknowledge(Packet.Pubrel, id);
		else if (this.#protocol5 && !delivery.has(id)) this.#sender.acknowledge(Packet.Pubrel, id, NOT_FOUND);
		return Fault.None;
	}

	/** An unknown one is answered too: the broker may have lost our PUBCOMP. */
	private pubrel(id: number): Fault {
		const known = this.#delivery.close(id);
		this.#sender.acknowledge(Packet.Pubcomp, id, known || !this.#protocol5 ? 0 : NOT_FOUND);
		return Fault.None;
	}

	/** SUBACK or UNSUBACK: one code, since we ask for one filter at a time; in 3.1.1 an UNSUBACK has none. */
	private answer(first: number, id: number, bytes: Uint8Array, at: number, end: number): Fault {
		if (this.#protocol5) at = this.#protocol5.codesAt(bytes, at, end);
		if (at < 0) return this.fault5();
		if (this.#protocol5 && at + 1 !== end) return Fault.BadLength;
		return first === Packet.Suback ? this.suback(id, bytes[at]) : this.unsuback(id);
	}

	private suback(id: number, code: number): Fault {
		this.code = code;
		if (code > 2 && code !== 0x80 && (!this.#protocol5 || code < 0x80)) return Fault.BadCode;
		const index = this.#filters.indexOf(id, Wish.Asked);
		if (index < 0) return Fault.None;
		this.progressed = true;
		this.#filters.answered(index);
		this.#handler.onSubscribed(id, index, code);
		return Fault.None;
	}

	private unsuback(id: number): Fault {
		const index = this.#filters.indexOf(id, Wish.Left);
		if (index < 0) return Fault.None;
		this.progressed = true;
		this.#filters.remove(index);
		this.#handler.onUnsubscribed(id);
		return Fault.None;
	}

	/** MQTT 5.0 §3.14. */
	private disconnect(bytes: Uint8Array, at: number, end: number): Fault {
		const reason = this.#protocol5!.disconnect(bytes, at, end);
		if (reason < 0) return this.fault5();
		this.code = reason;
		return Fault.Disconnected;
	}
}
Object.freeze(Inbound.prototype);
