// SPDX-License-Identifier: MIT
// One MQTT session: bytes and time in, bytes out, and a handler that is told what happened. No socket, no clock.
//
// Rule: what must not be lost is stored before a byte of it is sent, and outlives the connection; so lost() and start()
// may come at any moment. The caller's loop is: read → receive(), peek() → write → wrote(), poll() → when to come again.
// While the connection is steady, send() and the PUBACK of the oldest message take a fast path; anything else takes the general one.
// Invariant: a packet that was begun is finished before any byte of another is given out. MQTT 3.1.1 (OASIS), cited by section.

import { assert } from '../common/assert.js';
import { Fault } from './codec/fault.js';
import { Inbound } from './inbound.js';
import { Bound, Patience, type Millis } from './options.js';
import { Packet, writeConnect } from './codec/packets.js';
import { State } from './outbound.js';
import { SubscriptionState } from './state/filters.js';
import { encodeText } from './codec/topics.js';

export class Session extends Inbound {
	/** The transport is connected: CONNECT is there to be sent. MUST NOT be called again before lost(). */
	start(now: Millis): void {
		assert(this.state === State.Idle, 'start() was called before lost() ended the connection before.');
		const { keepAliveMs, inboundMax = Bound.INBOUND_MAX, publishBeforeConnack, protocol5 } = this.options;
		const { framer } = this;
		this.state = publishBeforeConnack === true && !this.delivery.resends ? State.Early : State.Connecting;
		this.code = 0;
		if (this.delivery.connecting()) this.filters.renew();
		framer.reset();
		this.keepAlive.start(keepAliveMs, now);
		protocol5?.reset();
		// Until CONNACK tells the Receive Maximum, one message is what it cannot forbid.
		if (protocol5) this.delivery.setLimit(1);
		this.sender.start(writeConnect(framer.buffer, this.options, this.fresh, inboundMax, framer.size));
	}

	/**
	 * Takes bytes[from] to bytes[to - 1] as they came from the socket, cut anywhere, and returns the index of the first
	 * byte not taken. That is `to`, unless acknowledgements wait for the socket: then offer the rest again after wrote(). If a callback
	 * throws, the exception propagates and the next receive() or peek() closes the connection. Neither may be called from a callback.
	 */
	receive(bytes: Uint8Array, from: number, to: number, now: Millis): number {
		if (this.receiving) this.interrupted();
		if (from >= to) return to;
		this.receiving = true;
		this.keepAlive.receivedAt = now;
		if (this.steady) from = this.takePubacks(bytes, from, to, now);
		if (from < to) {
			const end = this.take(bytes, from, to, now);
			if (!this.steady || !this.framer.between) this.taken(end - from, now);
			this.receiving = false;
			return end;
		}
		this.receiving = false;
		return from;
	}

	/** So many bytes were taken the general way. */
	private taken(count: number, now: Millis): void {
		if (this.framer.passesLarge) this.keepAlive.passed(count, now);
		this.updateFastPath();
	}

	/** receive() or peek() is called while a callback has not returned: it threw. */
	private interrupted(): void {
		this.receiving = false;
		this.fail(Fault.Handler, 0);
	}

	/**
	 * The next bytes to write, at most `room`; undefined if there are none. The view is good until the next call of
	 * anything else here but wrote(). MUST NOT be called from inside a callback.
	 */
	peek(room: number): Uint8Array | undefined {
		if (this.receiving) this.interrupted();
		const state = this.state;
		if (state <= State.Ended) return undefined;
		if (state === State.Connected) {
			if (this.filters.requestCount > 0 || this.delivery.pubcompPending > 0) this.sender.fill(this.delivery, this.filters);
		} else if (state === State.Stopping) {
			if (this.fault === Fault.None || this.reason > 0) this.sender.queuePacket(Packet.Disconnect, this.reason);
			this.state = State.Stopped;
		}
		return this.sender.peek(room, state >= State.Early ? this.delivery.quota : -1);
	}

	/** The socket took the first `count` bytes of the last peek(). May call onClosed() (after DISCONNECT). */
	wrote(count: number, now: Millis): void {
		if (this.state <= State.Ended || count === 0) return;
		if (this.keepAlive.wrote(this.sender.wrote(count), now) && this.sender.drained) this.keepAlive.drained();
		// A message that is still going out, on a slow link, cannot be answered yet.
		if (this.delivery.inFlight > 0) this.expectAnswers(now, this.outbox.begun);
		if (this.filters.requestCount > 0) this.expectRequested(now, this.sender.hasControl);
		if (this.state === State.Stopped && this.sender.drained) this.end(this.fault, this.code);
		this.updateFastPath();
	}

	/** Does what is due (PINGREQ, time-outs, onClosed()) and returns when to be called again; Infinity if nothing is awaited. Then peek(). */
	poll(now: Millis): Millis {
		if (this.state === State.Connected) return this.pollConnected(now);
		if (!this.running) return Infinity;
		const { connackTimeoutMs = Patience.CONNACK_TIMEOUT_MS, pingTimeoutMs = Patience.PING_TIMEOUT_MS } = this.options;
		const connecting = this.state >= State.Connecting;
		const at = this.keepAlive.awaitedSince + (connecting ? connackTimeoutMs : pingTimeoutMs);
		if (now < at) return at;
		this.end(connecting ? Fault.ConnackTimeout : this.fault || Fault.Stalled, this.code);
		return Infinity;
	}

	/**
	 * Adds the filter to the session's list (or changes its QoS) and asks the broker for it, now or when connected; and again
	 * whenever the broker has lost the session. Returns the packet id, or -1 if the list is full or the same filter awaits an
	 * answer. Throws a sentence if it is no topic filter.
	 */
	subscribe(filter: string, qos: number): number {
		this.leaveFastPath();
		const id = this.delivery.use(this.filters.add(filter, qos, this.delivery.nextId(this.filters)));
		const { protocol5 } = this.options;
		if (this.connected) protocol5?.fitRequests(this.filters, this.handler, this.keepAlive.receivedAt);
		return id;
	}

	/** Takes the filter off the list and tells the broker. Returns the packet id, or -1 if it is not listed or awaits an answer. */
	unsubscribe(filter: string): number {
		this.leaveFastPath();
		return this.delivery.use(this.filters.leave(filter, this.delivery.nextId(this.filters)));
	}

	/** Whether the broker has granted that filter. */
	isGranted(filter: string): boolean { return this.filters.stateOf(encodeText(filter)) === SubscriptionState.None; }

	/**
	 * Has all filters asked for again, now or when connected, although the session may be present: for who suspects that the broker has lost them. Those
	 * that it granted on this connection it has.
	 */
	renewFilters(): void {
		this.leaveFastPath();
		this.filters.renew();
		if (this.connected) this.options.protocol5?.fitRequests(this.filters, this.handler, this.keepAlive.receivedAt);
	}

	/**
	 * Ends the connection politely: DISCONNECT after the packet being sent, and nothing after it; then onClosed(Fault.None).
	 * What was not sent is kept. `reason` is for MQTT 5.0: 4 has the broker publish the will all the same.
	 */
	stop(now: Millis, reason = 0): void {
		if (this.state < State.Connecting) return;
		this.leave(Fault.None, 0, this.options.protocol5 ? reason : 0);
		this.keepAlive.expect(true, true, now);
	}

	/**
	 * The transport is gone; what is unacknowledged will be sent again after the next CONNACK. `byBroker`: it was the broker
	 * that hung up (closed or reset), not the network or ourselves. May call onSetAside(). Harmless when not running. Returns the id of a message
	 * upon which it ended so often, but for a reason that is not about messages; else 0. It may be dropped.
	 */
	lost(byBroker = false): number {
		this.receiving = false;
		if (this.state === State.Idle) return 0;
		const { badAnswer, keepAlive } = this;
		const blames = byBroker && this.connected || this.blamesMessage;
		const spares = this.sparesMessage;
		const aside = this.delivery.hungUp(blames || spares || isOfMessage(badAnswer) ? this.options.hangUpsMax ?? Patience.HANG_UPS_MAX : 0, spares);
		const isSuback = badAnswer === Packet.Suback;
		const mayBlame = (blames || spares || isSuback) && !this.options.flow;
		const unheard = mayBlame ? this.filters.hungUp(isSuback, Math.max(keepAlive.sentAt, keepAlive.receivedAt)) : -1;
		const leftId = badAnswer === Packet.Unsuback ? this.filters.takeOff(SubscriptionState.Left) : 0;
		if (this.connected) this.delivery.waitShorter();
		this.leaveFastPath();
		this.state = State.Idle;
		if (this.options.flow) this.delivery.clear();
		else this.delivery.rewind();
		this.filters.lost();
		if (unheard >= 0) this.handler.onSubscribed(this.filters.id(unheard), this.filters.index(unheard), Patience.NO_ANSWER);
		if (leftId > 0) this.handler.onUnsubscribed(leftId);
		if (spares) return aside;
		if (aside > 0) this.handler.onSetAside(aside);
		return 0;
	}

	/** The first byte, without its flags, of the packet with which the broker broke the protocol, if it was to answer one of ours; else 0. */
	get badAnswer(): number {
		const { fault } = this;
		if (this.state > State.Stopped || fault <= Fault.Unexpected || fault > Fault.PacketTooLarge) return 0;
		const type = this.framer.first & 0xf0;
		return type === Packet.Suback || type === Packet.Unsuback || isOfMessage(type) ? type : 0;
	}

	/** Forgets answers that wait, for who gives the connection up and hears the rest. Nothing MUST be written from then on until start(). */
	hush(): void { this.sender.hush(); }

	/** When bytes came in, or a packet was finished, last. */
	get movedAt(): Millis { return Math.max(this.keepAlive.sentAt, this.keepAlive.receivedAt); }

	/** What the broker answers next, if it is to answer at all: the SUBSCRIBE for the filter at that index, or -1. */
	get asked(): number { return this.filters.asked; }

	/** And then the message with that id, or 0. */
	get oldestId(): number { return this.outbox.headId; }

	/** The oldest message, sent or not, if it is not of QoS 0; else 0. */
	get firstId(): number { return this.outbox.firstId; }

	/** Forgets a message of QoS 1 or 2, sent or not. MUST NOT be called before lost(). */
	drop(id: number): void { this.delivery.drop(id); }

	/** Drops every message and all QoS 2 state, not the list of filters. MUST NOT be called before lost(). */
	forget(): void {
		assert(this.state === State.Idle, 'forget() was called before lost().');
		this.delivery.clear();
	}

	/** After anything that took the general path: opens the fast path again if the connection is steady. */
	private updateFastPath(): void {
		const { flow, protocol5 } = this.options;
		const { sendMax } = this.delivery;
		this.steady = sendMax > 0 && this.state === State.Connected && this.filters.requestCount === 0 && flow === undefined
			&& (protocol5 === undefined || protocol5.takes(this.outbox)) && this.framer.between && this.keepAlive.quiet && this.sender.isDirect;
		this.sendMax = this.steady ? sendMax : 0;
	}

	/**
	 * Ends the connection for a fault: in MQTT 5.0 the broker is told which, if it is the broker's; in 3.1.1 there is no DISCONNECT,
	 * which is for a polite end.
	 */
	protected fail(fault: Fault, code: number): void {
		const reason = this.connected ? this.options.protocol5?.reasonFor(fault) ?? 0 : 0;
		// What was answered goes out before: else the broker begins with the same messages on the next connection, and on each one after it.
		if (reason === 0 && (fault !== Fault.TooManyInbound || this.sender.drained)) return this.end(fault, code);
		this.leave(fault, code, reason);
		this.keepAlive.expectEnd();
	}

	/** Whether the broker blamed a message with its DISCONNECT. */
	private get blamesMessage(): boolean {
		return this.state === State.Ended && this.fault === Fault.Disconnected && this.options.protocol5!.blames(this.code);
	}

	/** Whether it blamed no message with its DISCONNECT, and no other client: they go one by one until the first is acknowledged. */
	private get sparesMessage(): boolean {
		return this.state === State.Ended && this.fault === Fault.Disconnected && this.options.protocol5!.spares(this.code);
	}

	/** DISCONNECT is to be the last packet. */
	private leave(fault: Fault, code: number, reason: number): void {
		this.leaveFastPath();
		this.state = State.Stopping;
		this.fault = fault;
		this.code = code;
		this.reason = reason;
	}

	/** Once in each connection. */
	private end(fault: Fault, code: number): void {
		if (!this.running) return;
		this.leaveFastPath();
		this.state = State.Ended;
		this.fault = fault;
		this.code = code;
		this.handler.onClosed(fault, code);
	}

	private pollConnected(now: Millis): Millis {
		const { keepAlive, sender, filters } = this;
		const { flow, pingTimeoutMs = Patience.PING_TIMEOUT_MS } = this.options;
		flow?.poll(now);
		if (now >= keepAlive.deadAt(pingTimeoutMs)) {
			this.fail(keepAlive.fault, 0);
			return Infinity;
		}
		if (now >= keepAlive.dueAt) {
			this.leaveFastPath();
			// Without room there are PINGREQs waiting already; the last bytes are DISCONNECT's.
			if (sender.room >= 0) sender.queuePacket(Packet.Pingreq);
			keepAlive.queued(now);
		}
		const answerAt = keepAlive.awaitedSince < Infinity ? this.pollAnswers(now) : Infinity;
		const requestAt = filters.requestCount > 0 || filters.againAt < Infinity ? this.pollRequests(now) : Infinity;
		if (this.state !== State.Connected) return this.poll(now);
		return Math.min(keepAlive.dueAt, keepAlive.deadAt(pingTimeoutMs), answerAt, requestAt);
	}

	/** How long the broker has for an answer, as far as patience has grown; 0: for ever. */
	private get answerMs(): Millis { return (this.options.ackTimeoutMs ?? Patience.ACK_TIMEOUT_MS) * this.delivery.patience; }

	/** While something is received, it may be the answer: then nobody is given up. */
	private pollAnswers(now: Millis): Millis {
		const { keepAlive } = this;
		const patienceMs = this.delivery.held ? Patience.HOLD_MS : this.answerMs;
		if (patienceMs === 0) return Infinity;
		if (!this.receiving && now >= keepAlive.awaitedSince + patienceMs) this.unanswered(now);
		return keepAlive.awaitedSince + patienceMs;
	}

	private pollRequests(now: Millis): Millis {
		const { keepAlive, filters, answerMs } = this;
		if (answerMs > 0 && !this.receiving && this.connected && now >= keepAlive.requestedSince + answerMs) this.unansweredRequest(now);
		if (now >= filters.againAt) this.askAgain(now);
		return answerMs > 0 ? Math.min(filters.againAt, keepAlive.requestedSince + answerMs) : filters.againAt;
	}

	private unanswered(now: Millis): void {
		if (this.delivery.held) {
			this.delivery.unhold();
			return this.expectAnswers(now, true);
		}
		// MQTT 5.0 §4.4.0-1 forbids to send again on the same connection.
		if (!this.resends) {
			this.delivery.waitLonger();
			return this.fail(Fault.AckTimeout, 0);
		}
		this.expectAnswers(now, true);
		// Never in the middle of a packet.
		if (this.sender.drained) this.delivery.rewind();
	}

	private get resends(): boolean { return this.options.resendOnTimeout === true && !this.options.protocol5; }

	/** Another connection may be what helps. If that is silent too, the session goes on without. */
	private unansweredRequest(now: Millis): void {
		const { filters, handler } = this;
		this.expectRequested(now, true);
		if (this.resends) {
			if (this.sender.drained) filters.lost();
			return;
		}
		if (!filters.noteSilence() || this.options.flow) {
			this.delivery.waitLonger();
			return this.fail(Fault.RequestTimeout, 0);
		}
		for (let at = filters.first(SubscriptionState.Asked); at >= 0; at = filters.first(SubscriptionState.Asked)) {
			filters.putOff(at, true, now);
			handler.onSubscribed(filters.id(at), filters.index(at), Patience.NO_ANSWER);
		}
		for (let id = filters.takeOff(SubscriptionState.Left); id > 0; id = filters.takeOff(SubscriptionState.Left)) handler.onUnsubscribed(id);
		this.expectRequested(now, true);
	}

	/** What was put off has waited long enough. */
	private askAgain(now: Millis): void {
		this.leaveFastPath();
		this.filters.askAgain(now);
		this.options.protocol5?.fitRequests(this.filters, this.handler, now);
	}
}
Object.freeze(Session.prototype);

/** Whether a packet of that type ends the way of a message. */
const isOfMessage = (type: number): boolean =>
	type === Packet.Puback || type === Packet.Pubrec || type === Packet.Pubcomp;
