// SPDX-License-Identifier: MIT
// Who owns which message: the state of QoS 1 and 2 in both directions, which is what MQTT calls the session.
//
// Rule: nothing here knows of connections but that they are lost and resumed. A QoS 2 message is in the outbox until PUBREC,
// then only its id is kept until PUBCOMP: so a PUBLISH cannot follow its PUBREL. Packet ids of inbound QoS 2 messages are
// kept until PUBREL: so a duplicate is told once. Acknowledgements that match nothing change nothing. The hang-up for
// which a message is set aside must follow a while in which the broker stayed without it: one that would have hung up anyway clears it.
// Invariant: ids[At.Released] ≤ ids[At.Releases]. MQTT 3.1.1 §4.3, §4.4

import type { Buffers } from './buffers.js';
import type { Filters } from './filters.js';
import { add, At, Hold, idAt, indexOf, isFull, removeAt } from './ids.js';
import { Bound, type BoundOptions } from './bounds.js';
import { Outbox } from './outbox.js';

const enum Const {
	/** 3 hang-ups become 6, 12, 24 and 48 at most. */
	DOUBLINGS_MAX = 4,
	/** 30 seconds of patience become a minute, two, and four. */
	PATIENCE_MAX = 3,
}

export class Delivery {
	readonly outbox: Outbox;
	private readonly ids: Uint16Array;

	constructor(options: BoundOptions, { bytes, outboxAt, ids }: Buffers) {
		this.outbox = new Outbox(bytes, options.messagesMax ?? Bound.MESSAGES_MAX, options.protocol5, outboxAt);
		this.ids = ids;
		ids[At.Limit] = ids[At.InFlightMax] = options.inFlightMax ?? Bound.IN_FLIGHT_MAX;
		this.outbox.lastId = options.lastPacketId ?? 0;
	}

	get inFlight(): number { return this.outbox.inFlight + this.ids[At.PubcompPending]; }

	/** Messages that the broker has received and that wait for PUBCOMP. */
	get pubcompPending(): number { return this.ids[At.PubcompPending]; }

	get pending(): number { return this.outbox.count + this.ids[At.PubcompPending]; }

	/** Whether something must be sent again before new messages. */
	get resends(): boolean { return this.ids[At.PubcompPending] > 0 || this.outbox.resends; }

	/** CONNECT is to go out. True: the one before was not answered, so the broker may have begun a new session, and we not have heard of it. */
	connecting(): boolean {
		const unheard = this.ids[At.Unheard] > 0;
		this.ids[At.Unheard] = 1;
		return unheard;
	}

	/** CONNACK. */
	connackReceived(): void { this.ids[At.Unheard] = 0; }

	/** So many times as long as at first the broker has for an answer. */
	get patience(): number { return 1 << this.ids[At.Patience]; }

	/** An answer did not come in time: the next one has twice as long. */
	waitLonger(): void { if (this.ids[At.Patience] < Const.PATIENCE_MAX) this.ids[At.Patience]++; }

	/** A connection ended, and no answer was late: half as long will do. */
	waitShorter(): void { if (this.ids[At.Patience] > 0) this.ids[At.Patience]--; }

	/** Whether a suspected message waits until the broker is seen to stay without it. */
	get held(): boolean { return this.ids[At.Held] === Hold.Waits; }

	/** The broker stayed: now the suspected message may go. */
	unhold(): void { this.ids[At.Held] = Hold.Over; }

	/** How many more messages of QoS 1 and 2 may be begun. Under suspicion they go one by one, to find the guilty. */
	get quota(): number {
		const ids = this.ids;
		const quota = (ids[At.Suspect] === 0 ? ids[At.Limit] : this.held ? 0 : 1) - ids[At.PubcompPending] - this.outbox.inFlight;
		return quota > 0 ? quota : 0;
	}

	/** How many may be in flight at once, and in the outbox, while a PUBACK changes nothing but the outbox; 0: it may. */
	get sendMax(): number {
		const ids = this.ids;
		if (ids[At.Suspect] > 0 || ids[At.SetAside] > 0 || ids[At.PubcompPending] > 0) return 0;
		return ids[At.Limit] < this.outbox.max ? ids[At.Limit] : this.outbox.max;
	}

	has(id: number): boolean { return this.outbox.has(id) || this.ids[At.PubcompPending] > 0 && indexOf(this.ids, At.PubcompPending, id) >= 0; }

	/** The id of the next request: never 0, never one in use (§2.3.1-1, -2). */
	nextId(filters: Filters): number {
		let id = this.outbox.lastId;
		do {
			id = id === 0xffff ? 1 : id + 1;
		} while (this.has(id) || filters.requestCount > 0 && filters.has(id));
		return id;
	}

	/**
	 * The next id, used. Ids come into use in turn, here and in use(): so once none is in use, all from there to 65,535 are free until they are
	 * reached, and nothing has to be looked through.
	 */
	takeId(filters: Filters): number {
		if (this.outbox.lastId < this.outbox.freeTo) return ++this.outbox.lastId;
		const id = this.use(this.nextId(filters));
		if (this.pending === 0 && filters.requestCount === 0) this.outbox.freeTo = 0xffff;
		return id;
	}

	/** The next id to be taken is that one, which MUST be free. */
	lead(id: number): void {
		this.outbox.lastId = id - 1;
		this.outbox.freeTo = 0;
	}

	/** The request with that id is stored; -1 or 0: there is none. Returns the id. */
	use(id: number): number {
		if (id <= 0) return id;
		// From 65,535 on to 1 again.
		if (id < this.outbox.lastId) this.outbox.freeTo = 0;
		return this.outbox.lastId = id;
	}

	/** Nothing that was sent before this request waits for an answer longer than it. */
	isOldest(id: number): boolean {
		return this.outbox.isHead(id) || this.ids[At.PubcompPending] > 0 && id === idAt(this.ids, At.PubcompPending, 0);
	}

	/** PUBACK. False: it means nothing to us. */
	acknowledge(id: number): boolean { return this.acknowledgeQos(id, 1); }

	/** PUBREC. False: it means nothing to us. */
	receive(id: number): boolean {
		if (!this.acknowledgeQos(id, 2)) return false;
		add(this.ids, At.PubcompPending, id);
		return true;
	}

	/** A PUBREC of MQTT 5.0 that turns the message down: that was all (MQTT 5.0 §4.4.0-2). False: it means nothing to us. */
	refuse(id: number): boolean { return this.acknowledgeQos(id, 2); }

	/** Whether the PUBREL for that id was sent on this connection and not answered. */
	isReleased(id: number): boolean {
		const index = indexOf(this.ids, At.PubcompPending, id);
		return index >= 0 && index < this.ids[At.Released];
	}

	/** PUBCOMP. False: it means nothing to us. */
	complete(id: number): boolean {
		if (!this.isReleased(id)) return false;
		removeAt(this.ids, At.PubcompPending, indexOf(this.ids, At.PubcompPending, id));
		this.ids[At.Released]--;
		return true;
	}

	/** The next id that PUBREL is to be sent for, in the order of PUBREC (§4.6.0-4), or 0. */
	nextRelease(): number {
		const ids = this.ids;
		return ids[At.Released] < ids[At.PubcompPending] ? idAt(ids, At.PubcompPending, ids[At.Released]) : 0;
	}

	released(): void { this.ids[At.Released]++; }

	isOpen(id: number): boolean { return indexOf(this.ids, At.Inbound, id) >= 0; }

	/** The broker's Receive Maximum (MQTT 5.0). */
	setLimit(receiveMax: number): void { this.ids[At.Limit] = Math.min(receiveMax, this.ids[At.InFlightMax]); }

	get inboundFull(): boolean { return isFull(this.ids, At.Inbound); }

	open(id: number): void { add(this.ids, At.Inbound, id); }

	/** PUBREL. False: the message is not known (any more). */
	close(id: number): boolean {
		const index = indexOf(this.ids, At.Inbound, id);
		if (index < 0) return false;
		removeAt(this.ids, At.Inbound, index);
		return true;
	}

	/** The broker has no session: what it never acknowledged is new, what it received is its own. */
	renew(): void {
		this.outbox.renew();
		this.ids[At.Inbound] = 0;
	}

	/** After renew(): takes one id of those that the broker had received, until 0. */
	takeRelease(): number {
		if (this.ids[At.PubcompPending] === 0) return 0;
		const id = idAt(this.ids, At.PubcompPending, 0);
		removeAt(this.ids, At.PubcompPending, 0);
		return id;
	}

	/** All that is not acknowledged is to be sent again. */
	rewind(): void {
		const ids = this.ids;
		ids[At.Released] = 0;
		this.outbox.rewind();
		if (!this.outbox.has(ids[At.Suspect])) ids[At.Suspect] = ids[At.Held] = 0;
		if (ids[At.Held] > 0) ids[At.Held] = Hold.Waits;
	}

	/**
	 * The broker hung up. Returns the id of the message that is set aside for it, or 0. MUST be called before rewind(). 0 hang-ups:
	 * none ever is. With each message that was set aside in vain, since nothing is acknowledged for all that, it takes twice as many.
	 * `spares`: it stays all the same.
	 */
	hungUp(hangUpsMax: number, spares: boolean): number {
		const ids = this.ids;
		const head = this.outbox.headId;
		if (head === 0 || hangUpsMax === 0) return 0;
		ids[At.HangUps] = head === ids[At.Suspect] ? ids[At.HangUps] + 1 : 1;
		ids[At.Suspect] = head;
		const most = hangUpsMax << Math.min(ids[At.SetAside], Const.DOUBLINGS_MAX);
		ids[At.Held] = ids[At.HangUps] + 1 >= most ? Hold.Waits : Hold.None;
		if (ids[At.HangUps] < most) return 0;
		if (spares) return head;
		this.outbox.rewind();
		this.outbox.removeHead();
		ids[At.Suspect] = ids[At.Held] = 0;
		ids[At.SetAside]++;
		return head;
	}

	/** The message with that id is not to be sent again. */
	drop(id: number): void {
		this.outbox.drop(id);
		if (id === this.ids[At.Suspect]) this.ids[At.Suspect] = this.ids[At.Held] = 0;
	}

	/** Drops everything. */
	clear(): void {
		this.outbox.clear();
		this.ids.fill(0, At.Suspect, At.Limit);
		this.ids[At.PubcompPending] = this.ids[At.Inbound] = 0;
	}

	private acknowledgeQos(id: number, qos: number): boolean {
		if (!this.outbox.acknowledge(id, qos)) return false;
		if (id === this.ids[At.Suspect]) this.ids[At.Suspect] = this.ids[At.Held] = 0;
		this.ids[At.SetAside] = 0;
		return true;
	}
}
Object.freeze(Delivery.prototype);
