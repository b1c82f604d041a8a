// What the virtual broker keeps of one client from connection to connection: subscriptions, messages under way, the will that waits.
//
// Rule: a session ends when it has been without a connection for as long as its client asked for, and with it goes what it
// holds; a will that is still waiting then is published. MQTT 3.1.1 §3.1.2.4, MQTT 5.0 §3.1.2.11.2, §3.1.3.2.2, §4.1.

import type { IPublishPacket, Packet } from 'mqtt-packet';
import type { Clock, Task } from '../world/clock.js';
import { matches } from './topic-filters.js';

/** The connection of a client that is there. */
export interface Receiver {
	send(packet: Packet): void;
	/** Sends what waits, as far as the client takes it. */
	drain(): void;
	/** In 5.0 with DISCONNECT and this reason, if the broker is one that says why. */
	hangUp(reason: number): void;
}

export interface Outgoing {
	id: number;
	packet: IPublishPacket;
	released: boolean;
	sent: boolean;
}

export interface Subscription {
	readonly qos: 0 | 1 | 2;
	/** MQTT 5.0 §3.8.3.1: not what this client publishes itself; with the RETAIN flag as it was published. */
	readonly noLocal: boolean;
	readonly asPublished: boolean;
}

export class Session {
	readonly clientId: string;
	readonly subscriptions = new Map<string, Subscription>();
	readonly outgoing: Outgoing[] = [];
	/** QoS 2 messages received and not yet released. */
	readonly incoming = new Set<number>();
	client: Receiver | undefined;
	/** How long it outlives its connection. */
	expiryMs = 0;
	readonly #clock: Clock;
	#lastId = 0;
	#ending: Task | undefined;
	#will: { readonly due: Task; readonly publish: () => void } | undefined;

	constructor(clientId: string, clock: Clock) {
		this.clientId = clientId;
		this.#clock = clock;
	}

	/** The client is there (again): a will that waited is not published. */
	resume(client: Receiver, expiryMs: number): void {
		this.client = client;
		this.expiryMs = expiryMs;
		this.dropWill();
		this.#stay();
	}

	/** The connection is gone. `onEnd`: the session's time is over. */
	part(onEnd: () => void): void {
		this.client = undefined;
		this.#stay();
		if (this.expiryMs === 0) onEnd();
		else if (this.expiryMs !== Infinity) this.#ending = this.#clock.after(this.expiryMs, onEnd);
	}

	keepWill(delayMs: number, publish: () => void): void {
		this.#will = { publish, due: this.#clock.after(delayMs, () => this.publishWill()) };
	}

	/** It is due, or the session ends. */
	publishWill(): void {
		const will = this.#will;
		this.dropWill();
		will?.publish();
	}

	dropWill(): void {
		if (this.#will) this.#will.due.cancelled = true;
		this.#will = undefined;
	}

	/** Of those that let a message of this topic and sender through, the one of the highest quality. */
	subscriptionFor(topic: string, sender: string): Subscription | undefined {
		let best: Subscription | undefined;
		for (const [filter, each] of this.subscriptions) {
			if ((best && best.qos >= each.qos) || (each.noLocal && sender === this.clientId)) continue;
			if (matches(filter, topic)) best = each;
		}
		return best;
	}

	/** Takes a message of QoS 1 or 2 to be sent when there is a connection, and room in flight. */
	add(packet: IPublishPacket): void {
		do this.#lastId = (this.#lastId % 0xffff) + 1;
		while (this.outgoing.some((each) => each.id === this.#lastId));
		this.outgoing.push({ id: this.#lastId, packet: { ...packet, messageId: this.#lastId }, released: false, sent: false });
	}

	/** A new connection: what was sent on another is to be sent again. */
	rewind(): void {
		for (const each of this.outgoing) {
			if (each.sent && !each.released) each.packet.dup = true;
			each.sent = false;
		}
	}

	#stay(): void {
		if (this.#ending) this.#ending.cancelled = true;
		this.#ending = undefined;
	}
}
