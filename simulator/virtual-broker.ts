// An MQTT 3.1.1 broker for the virtual network: sessions, subscriptions, retained messages. Nothing of it is shared with the
// client that it is to judge; the packets are mqtt-packet's (virtual-client.ts).
//
// Rule: what the standard says a server must do, it does; what tests want it to do wrong is in `faults`. Everything that
// a subscriber of "#" would have got is in `published`. MQTT 3.1.1 §3.1 to §3.14, §4.3, §4.4, §4.7.

import type { IConnectPacket, IPublishPacket } from 'mqtt-packet';
import type { Clock } from './clock.js';
import { Client } from './virtual-client.js';
import type { VirtualNetwork } from './virtual-network.js';

export interface Published {
	/** Milliseconds since the simulation began. */
	readonly at: number;
	readonly topic: string;
	readonly payload: Buffer;
	readonly qos: number;
	readonly retain: boolean;
	readonly dup: boolean;
	/** Who sent it; a will has the id of its client. */
	readonly clientId: string;
	readonly will: boolean;
}

export interface BrokerFaults {
	/** Return code of CONNACK instead of 0. */
	refuseWith: number;
	/** Stands still: connections are taken and bytes kept, but nothing is read or said until it goes on. */
	silent: boolean;
	/** Takes messages and keeps acknowledgements to itself. */
	withholdAcks: boolean;
	/** Says each acknowledgement twice. */
	duplicateAcks: boolean;
	/** Acknowledges so much later. */
	ackDelayMs: number;
	/** Hangs up right after CONNACK. */
	hangUpAfterConnack: boolean;
	/** Answers no PINGREQ. */
	ignorePings: boolean;
}

export interface Outgoing {
	id: number;
	packet: IPublishPacket;
	released: boolean;
	sent: boolean;
}

export interface Session {
	readonly clientId: string;
	readonly subscriptions: Map<string, 0 | 1 | 2>;
	readonly outgoing: Outgoing[];
	/** QoS 2 messages received and not yet released. */
	readonly incoming: Set<number>;
	lastId: number;
	client: Client | undefined;
	clean: boolean;
}

export class VirtualBroker {
	readonly published: Published[] = [];
	readonly faults: BrokerFaults = {
		refuseWith: 0, silent: false, withholdAcks: false, duplicateAcks: false, ackDelayMs: 0, hangUpAfterConnack: false, ignorePings: false,
	};
	/** Called with each message as it is accepted. */
	onPublished: (message: Published) => void = () => {};
	readonly retained = new Map<string, Published>();
	/** CONNECT packets that were accepted. */
	connects = 0;
	readonly #clock: Clock;
	readonly #network: VirtualNetwork;
	readonly #address: string;
	readonly #port: number;
	readonly #sessions = new Map<string, Session>();
	readonly #clients = new Set<Client>();
	#credentials: { user: string; password: string } | undefined;
	#anonymous = 0;

	constructor(clock: Clock, network: VirtualNetwork, address = '127.0.0.1', port = 1_883) {
		this.#clock = clock;
		this.#network = network;
		this.#address = address;
		this.#port = port;
		this.start();
	}

	start(): void {
		this.#network.listen(this.#address, this.#port, (end) => {
			const client = new Client(this, this.#clock, end);
			this.#clients.add(client);
			client.onGone = () => this.#clients.delete(client);
		});
	}

	/** Ends at once, as a process that was killed: connections are reset, no will is published. */
	kill({ keepSessions = true, keepRetained = true }: { keepSessions?: boolean; keepRetained?: boolean } = {}): void {
		this.#network.unlisten(this.#address, this.#port);
		for (const client of [...this.#clients]) client.drop();
		this.#clients.clear();
		for (const session of this.#sessions.values()) {
			session.client = undefined;
			if (!keepSessions || session.clean) this.#sessions.delete(session.clientId);
		}
		if (!keepRetained) this.retained.clear();
	}

	requireCredentials(user: string, password: string): void {
		this.#credentials = { user, password };
	}

	hasSession(clientId: string): boolean {
		return this.#sessions.has(clientId);
	}

	isConnected(clientId: string): boolean {
		return this.#sessions.get(clientId)?.client !== undefined;
	}

	/** Hangs up on a client, or on all; their wills are published. */
	hangUp(clientId?: string): void {
		for (const client of [...this.#clients]) if (clientId === undefined || this.#sessions.get(clientId)?.client === client) client.hangUp(true);
	}

	/** As some other client would. */
	publish(topic: string, payload: string | Buffer, { qos = 0, retain = false }: { qos?: 0 | 1 | 2; retain?: boolean } = {}): void {
		this.accept({ topic, payload: Buffer.from(payload as string), qos, retain, dup: false, clientId: '(test)', will: false, at: this.#clock.now() });
	}

	/** Return code for a CONNECT, and the session if it is 0. */
	admit(packet: IConnectPacket, client: Client): { code: number; session?: Session; present: boolean } {
		if (this.faults.refuseWith) return { code: this.faults.refuseWith, present: false };
		const { user, password } = this.#credentials ?? { user: '', password: '' };
		if (this.#credentials && (packet.username !== user || packet.password?.toString() !== password)) return { code: 4, present: false };
		if (!packet.clientId && !packet.clean) return { code: 2, present: false };
		this.connects++;
		const clientId = packet.clientId || `anonymous-${++this.#anonymous}`;
		let session = this.#sessions.get(clientId);
		// §3.1.4-2: the elder connection of the same client is closed.
		session?.client?.hangUp(true);
		const clean = !!packet.clean;
		const present = !!session && !clean && !session.clean;
		if (!session || !present) {
			session = { clientId, subscriptions: new Map(), outgoing: [], incoming: new Set(), lastId: 0, client: undefined, clean };
			this.#sessions.set(clientId, session);
		}
		session.client = client;
		return { code: 0, session, present };
	}

	leave(session: Session, client: Client): void {
		if (session.client !== client) return;
		session.client = undefined;
		if (session.clean) this.#sessions.delete(session.clientId);
	}

	/** Takes responsibility for a message: keeps it, records it, passes it on. */
	accept(message: Published): void {
		this.published.push(message);
		if (message.retain) {
			if (message.payload.length) this.retained.set(message.topic, message);
			else this.retained.delete(message.topic);
		}
		for (const session of this.#sessions.values()) this.#forward(session, message, false);
		this.onPublished(message);
	}

	subscribe(session: Session, filter: string, qos: 0 | 1 | 2): void {
		session.subscriptions.set(filter, qos);
		for (const message of this.retained.values()) if (matches(filter, message.topic)) this.#send(session, message, qos, true);
	}

	#forward(session: Session, message: Published, retain: boolean): void {
		let best = -1;
		for (const [filter, qos] of session.subscriptions) if (matches(filter, message.topic)) best = Math.max(best, qos);
		if (best >= 0) this.#send(session, message, best as 0 | 1 | 2, retain);
	}

	#send(session: Session, message: Published, granted: 0 | 1 | 2, retain: boolean): void {
		const qos = Math.min(granted, message.qos) as 0 | 1 | 2;
		const packet: IPublishPacket = { cmd: 'publish', topic: message.topic, payload: message.payload, qos, retain, dup: false };
		if (qos === 0) return session.client?.send(packet);
		do session.lastId = (session.lastId % 0xffff) + 1;
		while (session.outgoing.some((each) => each.id === session.lastId));
		session.outgoing.push({ id: session.lastId, packet: { ...packet, messageId: session.lastId }, released: false, sent: false });
		session.client?.drain();
	}
}

export function isFilter(filter: string): boolean {
	const levels = filter.split('/');
	return filter !== '' && levels.every((level, i) => level === '+' || (level === '#' && i === levels.length - 1) || !/[+#]/.test(level));
}

/** §4.7: wildcards, and not for topics that begin with "$". */
export function matches(filter: string, topic: string): boolean {
	if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
	const wanted = filter.split('/');
	const levels = topic.split('/');
	for (let i = 0; i < wanted.length; i++) {
		if (wanted[i] === '#') return true;
		if (i >= levels.length || (wanted[i] !== '+' && wanted[i] !== levels[i])) return false;
	}
	return wanted.length === levels.length;
}
