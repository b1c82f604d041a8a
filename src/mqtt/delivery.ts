// SPDX-License-Identifier: MIT
// Who owns which message: the state of QoS 1 and 2 in both directions, which is what MQTT calls the session.
//
// Rule: nothing here knows of connections but that they are lost and resumed. A QoS 2 message is in the outbox until PUBREC,
// then only its id is kept until PUBCOMP: so a PUBLISH cannot follow its PUBREL. Packet ids of inbound QoS 2 messages are
// kept until PUBREL: so a duplicate is told once. Acknowledgements that match nothing change nothing.
// Invariant: #released ≤ count of releases. MQTT 3.1.1 §4.3, §4.4

import type { Buffers } from './buffers.js';
import type { Filters } from './filters.js';
import { Ids, List } from './ids.js';
import { HANG_UPS_MAX, IN_FLIGHT_MAX, MESSAGES_MAX, type SessionOptions } from './options.js';
import { Outbox } from './outbox.js';

/** Received by the broker (PUBREC), waiting for PUBCOMP. */
const RELEASES = List.A;
/** Told to the application, waiting for PUBREL. */
const INBOUND = List.B;

export class Delivery {
	readonly outbox: Outbox;
	readonly #ids: Ids;
	/** Of the releases, how many have had their PUBREL on this connection. */
	#released = 0;
	readonly #inFlightMax: number;
	/** On this connection; never more than the option. */
	limit = 0;
	readonly #hangUpsMax: number;
	#lastId: number;
	/** The message that was at the head when the broker hung up, 0 if none, and how often in a row. */
	#suspect = 0;
	#hangUps = 0;

	constructor(options: SessionOptions, buffers: Buffers) {
		this.outbox = new Outbox(buffers.outbox, options.messagesMax ?? MESSAGES_MAX, options.protocol5);
		this.#inFlightMax = options.inFlightMax ?? IN_FLIGHT_MAX;
		this.#hangUpsMax = options.hangUpsMax ?? HANG_UPS_MAX;
		this.#lastId = options.lastPacketId ?? 0;
		this.limit = this.#inFlightMax;
		this.#ids = new Ids(buffers.ids, this.#inFlightMax);
	}

	get inFlight(): number { return this.outbox.inFlight + this.#ids.count(RELEASES); }

	get pending(): number { return this.outbox.count + this.#ids.count(RELEASES); }

	/** Whether something must be sent again before new messages. */
	get resends(): boolean { return this.#ids.count(RELEASES) > 0 || this.outbox.resends; }

	/** How many more messages of QoS 1 and 2 may be begun. Under suspicion they go one by one, to find the guilty. */
	get quota(): number {
		const max = this.#suspect > 0 ? 1 : this.limit;
		return Math.max(0, max - this.inFlight);
	}

	has(id: number): boolean { return this.outbox.has(id) || this.#ids.indexOf(RELEASES, id) >= 0; }

	/** The id of the next request: never 0, never one in use (§2.3.1-1, -2). */
	nextId(filters: Filters): number {
		let id = this.#lastId;
		do {
			id = id === 0xffff ? 1 : id + 1;
		} while (this.has(id) || filters.has(id));
		return id;
	}

	/** The request with that id is stored; -1 or 0: there is none. Returns the id. */
	use(id: number): number {
		if (id > 0) this.#lastId = id;
		return id;
	}

	/** Nothing that was sent before this request waits for an answer longer than it. */
	isOldest(id: number): boolean {
		return id === this.outbox.headId || this.#ids.count(RELEASES) > 0 && id === this.#ids.at(RELEASES, 0);
	}

	/** PUBACK. False: it means nothing to us. */
	acknowledge(id: number): boolean {
		if (!this.outbox.acknowledge(id, 1)) return false;
		if (id === this.#suspect) this.#suspect = 0;
		return true;
	}

	/** PUBREC. False: it means nothing to us. */
	receive(id: number): boolean {
		if (!this.refuse(id)) return false;
		this.#ids.add(RELEASES, id);
		return true;
	}

	/** A PUBREC of MQTT 5.0 that turns the message down: that was all (MQTT 5.0 §4.4.0-2). False: it means nothing to us. */
	refuse(id: number): boolean {
		if (!this.outbox.acknowledge(id, 2)) return false;
		if (id === this.#suspect) this.#suspect = 0;
		return true;
	}

	/** Whether the PUBREL for that id was sent on this connection and not answered. */
	isReleased(id: number): boolean {
		const index = this.#ids.indexOf(RELEASES, id);
		return index >= 0 && index < this.#released;
	}

	/** PUBCOMP. False: it means nothing to us. */
	complete(id: number): boolean {
		if (!this.isReleased(id)) return false;
		this.#ids.removeAt(RELEASES, this.#ids.indexOf(RELEASES, id));
		this.#released--;
		return true;
	}

	/** The next id that PUBREL is to be sent for, in the order of PUBREC (§4.6.0-4), or 0. */
	nextRelease(): number {
		return this.#released < this.#ids.count(RELEASES) ? this.#ids.at(RELEASES, this.#released) : 0;
	}

	released(): void { this.#released++; }

	isOpen(id: number): boolean { return this.#ids.indexOf(INBOUND, id) >= 0; }

	/** The broker's Receive Maximum (MQTT 5.0). */
	setLimit(receiveMax: number): void { this.limit = Math.min(receiveMax, this.#inFlightMax); }

	get inboundFull(): boolean { return this.#ids.full(INBOUND); }

	open(id: number): void { this.#ids.add(INBOUND, id); }

	/** PUBREL. False: the message is not known (any more). */
	close(id: number): boolean {
		const index = this.#ids.indexOf(INBOUND, id);
		if (index < 0) return false;
		this.#ids.removeAt(INBOUND, index);
		return true;
	}

	/** The broker has no session: what it never acknowledged is new, what it received is its own. */
	renew(): void {
		this.outbox.renew();
		this.#ids.clear(INBOUND);
	}

	/** After renew(): takes one id of those that the broker had received, until 0. */
	takeRelease(): number {
		if (this.#ids.count(RELEASES) === 0) return 0;
		const id = this.#ids.at(RELEASES, 0);
		this.#ids.removeAt(RELEASES, 0);
		return id;
	}

	/** All that is not acknowledged is to be sent again. */
	rewind(): void {
		this.#released = 0;
		this.outbox.rewind();
	}

	/** The broker hung up. Returns the id of the message that is set aside for it, or 0. MUST be called before rewind(). */
	hungUp(): number {
		const head = this.outbox.headId;
		this.#hangUps = head > 0 && head === this.#suspect ? this.#hangUps + 1 : 1;
		this.#suspect = this.#hangUpsMax > 0 ? head : 0;
		if (this.#suspect === 0 || this.#hangUps < this.#hangUpsMax) return 0;
		this.outbox.rewind();
		this.outbox.removeHead();
		this.#suspect = 0;
		return head;
	}

	/** Drops everything. */
	clear(): void {
		this.outbox.clear();
		this.#ids.clear(RELEASES);
		this.#ids.clear(INBOUND);
		this.#released = this.#suspect = this.#hangUps = 0;
	}
}
Object.freeze(Delivery.prototype);
