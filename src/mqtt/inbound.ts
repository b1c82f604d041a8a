// SPDX-License-Identifier: MIT
// What each packet that arrives means: it changes the session, is told to the handler, and is answered.
//
// Rule: a fault ends the packet and the connection; what was stored stays. A callback may do anything but receive and
// peek, even end this connection and begin another: after one, nothing is said or told that belongs to the connection
// before. MQTT 3.1.1 §3.2 to §3.13, §4.3

import { Fault } from './codec/fault.js';
import { SubscriptionState } from './state/filters.js';
import type { Millis } from './options.js';
import { Outbound, State } from './outbound.js';
import { checkPublish, Head, Packet } from './codec/packets.js';
import { readUint16 } from './codec/wire.js';

const enum Const {
	/** The last return code of CONNACK in MQTT 3.1.1 (table 3.1). */
	REFUSALS_MAX = 5,
	/** MQTT 5.0: packet identifier not found, which is no fault (MQTT 5.0 §3.6.2.1). */
	NOT_FOUND = 0x92,
}

export abstract class Inbound extends Outbound {
	/**
	 * The fast path for what arrives nearly always: PUBACKs of the oldest message, short and in one piece. Returns
	 * where the first packet begins that is anything else, of which nothing was done: take() handles every packet.
	 */
	protected takePubacks(bytes: Uint8Array, from: number, to: number, now: Millis): number {
		while (this.steady && from + 4 <= to && bytes[from] === Packet.Puback && bytes[from + 1] === 2) {
			const id = bytes[from + 2] << 8 | bytes[from + 3];
			if (!this.outbox.acknowledgeOldest(id)) break;
			this.keepAlive.awaitedSince = this.outbox.sent > 0 ? now : Infinity;
			this.handler.onAcknowledged(id, 0);
			from += 4;
		}
		return from;
	}

	/** Takes any packets, as Session.receive(). */
	protected take(bytes: Uint8Array, from: number, to: number, now: Millis): number {
		const flow = this.options.flow;
		while (from < to && this.receiving && this.state >= State.Connecting) {
			if (!this.sender.ready || flow && flow.held) return from;
			if (this.state !== State.Connected && this.sender.connecting) {
				this.fail(Fault.Unexpected, bytes[from]);
				return to;
			}
			from = this.framer.take(bytes, from, to);
			const first = this.framer.first;
			if (first > 0xff) this.fail(this.framer.fault, first & 0xff);
			else if (first > 0) this.packet(first, now);
			if (flow && first > 0 && this.state >= State.Connecting) flow.packet();
		}
		return to;
	}

	/** The broker's session is gone, and with it what only its end would have finished. */
	private sessionLost(): void {
		const { delivery, filters, handler } = this;
		for (let id = delivery.takeRelease(); id > 0; id = delivery.takeRelease()) handler.onAcknowledged(id, 0);
		for (let id = filters.takeOff(SubscriptionState.Leave); id > 0; id = filters.takeOff(SubscriptionState.Leave)) handler.onUnsubscribed(id);
	}

	/** The packet that the framer completed. */
	private packet(first: number, now: Millis): void {
		const connected = this.state === State.Connected;
		if (connected && (first & 0xf0) === Packet.Publish) return this.message(first);
		if (connected === (first === Packet.Connack)) return this.fail(Fault.Unexpected, first);
		this.leaveFastPath();
		if (first === Packet.Pingresp) return this.keepAlive.answered();
		if (first === Packet.Connack) return this.connack(now);
		if (first === Packet.Disconnect) return this.disconnect();
		const bytes = this.framer.bytes;
		const at = this.framer.at;
		const id = bytes[at] << 8 | bytes[at + 1];
		if (id === 0) return this.fail(Fault.BadPacketId, first);
		if (first === Packet.Suback || first === Packet.Unsuback) return this.requested(first, id, bytes, at + 2, this.framer.end, now);
		if (this.answer(first, id, bytes, at + 2, this.framer.end)) this.expectAnswers(now, true);
	}

	/**
	 * Whether the packet answers a message of ours, and the oldest: one that was passed over will not be answered any
	 * more (§4.6.0-2).
	 */
	private answer(first: number, id: number, bytes: Uint8Array, at: number, end: number): boolean {
		const protocol5 = this.options.protocol5;
		const reason = protocol5 ? protocol5.answer(first, bytes, at, end) : 0;
		if (reason < 0) return this.fault5();
		const delivery = this.delivery;
		const oldest = delivery.isOldest(id);
		switch (first) {
			case Packet.Puback: return delivery.acknowledge(id) && this.acknowledged(id, reason) && oldest;
			case Packet.Pubrec: return this.pubrec(id, reason) && oldest;
			case Packet.Pubrel: return this.pubrel(id);
			default: return delivery.complete(id) && this.acknowledged(id, reason) && oldest;
		}
	}

	/** What MQTT 5.0 found wrong. Nothing was answered. */
	private fault5(): false {
		const { fault, code } = this.options.protocol5!;
		this.fail(fault, code);
		return false;
	}

	/** Whether acknowledgements are awaited, or a while of peace; `anew`: from now on. */
	protected expectAnswers(now: Millis, anew: boolean): void {
		if (this.state !== State.Connected) return;
		this.keepAlive.expect(this.delivery.inFlight > 0 || this.delivery.held, anew, now);
	}

	/** Whether SUBACK or UNSUBACK is awaited; `anew`: from now on. */
	protected expectRequested(now: Millis, anew: boolean): void {
		if (this.state !== State.Connected) return;
		this.keepAlive.expectRequested(this.filters.awaited, anew, now);
	}

	private message(first: number): void {
		const framer = this.framer;
		const flow = this.options.flow;
		if (flow && framer.continued) return flow.piece();
		const bytes = framer.bytes;
		const at = framer.at;
		const end = framer.end;
		const qos = first >> 1 & 3;
		const oversize = end - at > framer.size;
		const topicAt = at + 2;
		const idAt = topicAt + (bytes[at] << 8 | bytes[at + 1]);
		let payloadAt = qos > 0 ? idAt + 2 : idAt;
		const fault = oversize ? this.checkOversize(qos) : checkPublish(bytes, framer.view, topicAt, idAt, payloadAt, end);
		if (fault !== Fault.None) return this.fail(fault, first);
		const protocol5 = this.options.protocol5;
		if (protocol5 && !oversize) {
			// No properties, in one byte, as in nearly all.
			if (bytes[payloadAt] === 0 && payloadAt < end) payloadAt++;
			else if ((payloadAt = protocol5.payloadAt(bytes, payloadAt, end)) < 0) return void this.fault5();
		}
		const id = qos === 0 ? 0 : oversize ? framer.id : readUint16(bytes, idAt);
		let known = false;
		if (qos === 2) {
			known = this.delivery.isOpen(id);
			if (!known && this.delivery.inboundFull) return this.fail(Fault.TooManyInbound, first);
		}
		if (!known) {
			if (oversize) this.oversize(end - at, qos);
			else this.handler.onMessage(bytes, topicAt, idAt, payloadAt, end, qos, (first & Head.RETAIN) > 0, (first & Head.DUP) > 0);
			if (qos === 0 && !flow) return;
			if (qos === 2 && !flow) this.delivery.open(id);
		}
		if (flow) return flow.message(qos, id, known);
		if (qos === 0) return;
		this.leaveFastPath();
		if (this.receiving) this.sender.acknowledge(qos === 1 ? Packet.Puback : Packet.Pubrec, id);
	}

	private oversize(size: number, qos: number): void {
		this.oversizeCount++;
		this.handler.onOversize(size, qos);
	}

	/** Its topic is not looked at: it may be longer than what was kept. */
	private checkOversize(qos: number): Fault {
		const { buffer, oversize, id } = this.framer;
		if (2 + readUint16(buffer, 0) + (qos > 0 ? 2 : 0) > oversize) return Fault.BadLength;
		return qos > 0 && id === 0 ? Fault.BadPacketId : Fault.None;
	}

	/** PUBACK, or what else ends the way of a message. */
	private acknowledged(id: number, reason: number): true {
		this.handler.onAcknowledged(id, reason);
		return true;
	}

	/** PUBREL follows from the session, which has the older ones go first; a second PUBREC is answered at once. */
	private pubrec(id: number, reason: number): boolean {
		const { delivery, sender } = this;
		if (reason >= 0x80) return delivery.refuse(id) && this.acknowledged(id, reason);
		if (delivery.receive(id)) return true;
		if (delivery.isReleased(id)) sender.acknowledge(Packet.Pubrel, id);
		else if (this.options.protocol5 && !delivery.has(id)) sender.acknowledge(Packet.Pubrel, id, Const.NOT_FOUND);
		return false;
	}

	/** An unknown one is answered too: the broker may have lost our PUBCOMP. */
	private pubrel(id: number): false {
		const known = this.delivery.close(id);
		this.sender.acknowledge(Packet.Pubcomp, id, known || !this.options.protocol5 ? 0 : Const.NOT_FOUND);
		return false;
	}

	/** SUBACK or UNSUBACK: one code, since we ask for one filter at a time; in 3.1.1 an UNSUBACK has none. */
	private requested(first: number, id: number, bytes: Uint8Array, at: number, end: number, now: Millis): void {
		const { protocol5 } = this.options;
		if (protocol5) at = protocol5.codesAt(bytes, at, end);
		if (at < 0) return void this.fault5();
		if (protocol5 && at + 1 !== end) return this.fail(Fault.BadLength, first);
		if (first === Packet.Suback ? !this.suback(id, bytes[at], now) : !this.unsuback(id, protocol5 ? bytes[at] : 0)) return;
		this.expectRequested(now, true);
		// The broker stays so far: a while of peace begins anew.
		if (this.delivery.held) this.expectAnswers(now, true);
	}

	/** One that comes after all, when the filter was put off already, is as good. */
	private suback(id: number, code: number, now: Millis): boolean {
		const { filters, options } = this;
		let at = filters.find(id, SubscriptionState.Asked);
		if (at < 0) at = filters.find(id, SubscriptionState.PutOff);
		if (options.protocol5 ? !options.protocol5.isReason(Packet.Suback, code) : code > 2 && code !== 0x80) {
			this.fail(Fault.BadCode, code);
			return false;
		}
		if (at < 0) return false;
		if (code < 0x80 || options.flow) filters.answered(at);
		else filters.putOff(at, false, now);
		this.handler.onSubscribed(id, filters.index(at), code);
		return true;
	}

	/** Whatever the broker answers, the filter is not wanted: it is off the list. */
	private unsuback(id: number, code: number): boolean {
		const { filters, options } = this;
		if (options.protocol5 && !options.protocol5.isReason(Packet.Unsuback, code)) {
			this.fail(Fault.BadCode, code);
			return false;
		}
		const at = filters.find(id, SubscriptionState.Left);
		if (at < 0) return false;
		filters.remove(at);
		this.handler.onUnsubscribed(id);
		return true;
	}

	/** MQTT 5.0 §3.14. */
	private disconnect(): void {
		const { bytes, at, end } = this.framer;
		const reason = this.options.protocol5!.disconnect(bytes, at, end);
		if (reason < 0) this.fault5();
		else this.fail(Fault.Disconnected, reason);
	}

	/** Whether this connection is asked to begin a session; MQTT 5.0 §3.2.2-4: who holds none must not come back to one. */
	protected get fresh(): boolean {
		const { clean, protocol5 } = this.options;
		return clean === true || protocol5 !== undefined && !protocol5.known;
	}

	private connack(now: Millis): void {
		const { bytes, at } = this.framer;
		const { options, delivery, filters, fresh } = this;
		const { protocol5 } = options;
		const flags = bytes[at];
		const code = bytes[at + 1];
		if ((flags & 0xfe) > 0 || flags > 0 && code > 0) return this.fail(Fault.BadConnack, flags);
		delivery.connackReceived();
		const fault = protocol5 ? protocol5.accept(this.framer, code, options, delivery, this.keepAlive, now) : Fault.None;
		if (fault !== Fault.None) return this.fail(fault, protocol5!.code);
		if (code === 1 || code === 0x84) return this.fail(Fault.ProtocolVersion, code);
		if (code > 0) return this.fail(protocol5 || code <= Const.REFUSALS_MAX ? Fault.Refused : Fault.BadCode, code);
		if (flags > 0 && fresh) return this.fail(Fault.UnknownSession, flags);
		this.state = State.Connected;
		if (flags === 0) {
			delivery.renew();
			filters.renew();
		}
		this.expectAnswers(now, true);
		this.handler.onConnected(flags > 0);
		const unfit = protocol5 ? protocol5.fit(delivery.outbox, filters, this.handler, now) : Fault.None;
		if (unfit !== Fault.None) this.fail(unfit, protocol5!.code);
		if (flags > 0) return;
		this.sessionLost();
		this.expectAnswers(now, true);
	}
}
Object.freeze(Inbound.prototype);
