// An MQTT broker for the virtual network, 3.1.1 and 5.0: sessions, subscriptions, retained messages, wills. Nothing of it is
// shared with the client that it is to judge; the packets are mqtt-packet's (virtual-client.ts).
//
// Rule: what the standards say a server must do, it does (of 5.0 message expiry is left out); where they leave it free, `profile`
// decide; what tests want it to do wrong is in `faults`. Everything that a subscriber of "#" would have got is in `published`.
// MQTT 3.1.1 §3.1 to §3.14, §4.3, §4.4; MQTT 5.0 the same and §4.1, §4.9, §4.13.

import type { IConnectPacket, IPublishPacket, ISubscription } from 'mqtt-packet';
import type { Clock } from '../world/clock.js';
import { Client, type Server } from './client.js';
import type { ServerEnd } from './ends.js';
import type { VirtualNetwork } from './network.js';
import { Session, type Receiver } from './session.js';
import { SHUTTING_DOWN, TAKEN_OVER } from './reasons.js';
import { plainProfile, type BrokerFaults, type BrokerProfile, type Published, type Will } from './terms.js';
import { matches } from './topic-filters.js';

export { TAKEN_OVER } from './reasons.js';
export * from './terms.js';

const FOR_EVER_SECONDS = 0xffff_ffff;

export class VirtualBroker implements Server {
	readonly published: Published[] = [];
	readonly faults: BrokerFaults = {
		refuseWith: 0, silent: false, withholdAcks: false, duplicateAcks: false, ackDelayMs: 0, hangUpAfterConnack: false, ignorePings: false,
		turnDown: undefined, denies: [], forbids: undefined, pubackDelayMs: 0, subacks: undefined,
	};
	readonly profile: BrokerProfile = plainProfile();
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
	#offered = 0;
	#running = false;

	constructor(clock: Clock, network: VirtualNetwork, address = '127.0.0.1', port = 1_883) {
		this.#clock = clock;
		this.#network = network;
		this.#address = address;
		this.#port = port;
		this.start();
	}

	start(): void {
		this.#running = true;
		this.#network.listen(this.#address, this.#port, (end) => void this.attend(end));
	}

	/** Somebody is there: over the network, or from elsewhere. False: the broker does not run. */
	attend(end: ServerEnd): boolean {
		if (!this.#running) return false;
		const client = new Client(this, this.#clock, end);
		this.#clients.add(client);
		client.onGone = () => this.#clients.delete(client);
		return true;
	}

	/** Ends at once, as a process that was killed: connections are reset, no will is published. */
	kill({ keepSessions = true, keepRetained = true }: { keepSessions?: boolean; keepRetained?: boolean } = {}): void {
		this.#running = false;
		this.#network.unlisten(this.#address, this.#port);
		for (const client of [...this.#clients]) client.drop();
		this.#clients.clear();
		for (const session of [...this.#sessions.values()]) {
			session.dropWill();
			if (!keepSessions) this.#end(session);
		}
		if (!keepRetained) this.retained.clear();
	}

	requireCredentials(user: string, password: string): void {
		this.#credentials = { user, password };
	}

	hasSession(clientId: string): boolean {
		return this.#sessions.has(clientId);
	}

	sessionOf(clientId: string): Session | undefined {
		return this.#sessions.get(clientId);
	}

	isConnected(clientId: string): boolean {
		return this.#sessions.get(clientId)?.client !== undefined;
	}

	/** Hangs up on a client, or on all; their wills are published. */
	hangUp(clientId?: string, reason = SHUTTING_DOWN): void {
		for (const client of [...this.#clients]) if (clientId === undefined || this.#sessions.get(clientId)?.client === client) client.hangUp(reason);
	}

	/** As some other client would. */
	publish(topic: string, payload: string | Buffer, { qos = 0, retain = false }: { qos?: 0 | 1 | 2; retain?: boolean } = {}): void {
		this.accept({ topic, payload: Buffer.from(payload as string), qos, retain, dup: false, clientId: '(test)', will: false, at: this.#clock.now() });
	}

	/** A retained message of long ago: whoever subscribes gets it. */
	keep(topic: string, payload: string): void {
		this.retained.set(topic, { at: this.#clock.now(), topic, payload: Buffer.from(payload), qos: 1, retain: true, dup: false, clientId: '(test)', will: false });
	}

	/** 3.1.1's return code for a CONNECT, and the session if it is 0. */
	admit(packet: IConnectPacket, client: Receiver): { code: number; session?: Session; present: boolean } {
		if (this.faults.refuseWith) return { code: this.faults.refuseWith, present: false };
		const { user, password } = this.#credentials ?? { user: '', password: '' };
		if (this.#credentials && (packet.username !== user || packet.password?.toString() !== password)) return { code: 4, present: false };
		if (!packet.clientId && !packet.clean && packet.protocolVersion !== 5) return { code: 2, present: false };
		this.connects++;
		const clientId = packet.clientId || `anonymous-${++this.#anonymous}`;
		// MQTT 3.1.1 §3.1.4-2, 5.0 §3.1.4-3: the elder connection of the same client is closed.
		this.#sessions.get(clientId)?.client?.hangUp(TAKEN_OVER);
		const known = this.#sessions.get(clientId);
		if (known && packet.clean) this.#end(known);
		const session = this.#sessions.get(clientId) ?? new Session(clientId, this.#clock);
		const present = this.#sessions.has(clientId);
		this.#sessions.set(clientId, session);
		session.resume(client, expiryOf(packet));
		return { code: 0, session, present };
	}

	leave(session: Session, client: Receiver, will: Will | undefined): void {
		if (session.client !== client) return;
		if (will?.delayMs) session.keepWill(will.delayMs, () => this.accept({ ...will.message, at: this.#clock.now() }));
		session.part(() => this.#end(session));
		if (will && !will.delayMs) this.accept(will.message);
	}

	/** Takes responsibility for a message: keeps it, records it, passes it on. False: nobody has asked for it. */
	accept(message: Published): boolean {
		this.published.push(message);
		if (message.retain) {
			if (message.payload.length) this.retained.set(message.topic, message);
			else this.retained.delete(message.topic);
		}
		let wanted = false;
		for (const session of this.#sessions.values()) {
			const subscription = session.subscriptionFor(message.topic, message.clientId);
			if (!subscription) continue;
			wanted = true;
			this.#send(session, message, subscription.qos, subscription.asPublished && message.retain);
		}
		this.onPublished(message);
		return wanted;
	}

	/** Code of a PUBACK or PUBREC of 5.0 for such a message; 0: it is welcome. */
	verdictOn(topic: string): number {
		const { turnDown, denies } = this.faults;
		const denied = denies.find(({ topics }) => topics.test(topic));
		if (denied) return denied.code;
		return turnDown?.topics.test(topic) && ++this.#offered % turnDown.every === 0 ? turnDown.code : 0;
	}

	subscribe(session: Session, { topic: filter, qos, nl = false, rap = false, rh = 0 }: ISubscription): void {
		const anew = !session.subscriptions.has(filter);
		session.subscriptions.set(filter, { qos, noLocal: nl, asPublished: rap });
		// MQTT 5.0 §3.8.3.1, Retain Handling; 3.1.1 has but 0.
		if (rh === 2 || (rh === 1 && !anew)) return;
		for (const message of this.retained.values()) if (matches(filter, message.topic)) this.#send(session, message, qos, true);
	}

	#end(session: Session): void {
		if (this.#sessions.get(session.clientId) === session) this.#sessions.delete(session.clientId);
		session.publishWill();
	}

	#send(session: Session, message: Published, granted: 0 | 1 | 2, retain: boolean): void {
		const qos = Math.min(granted, message.qos) as 0 | 1 | 2;
		const packet: IPublishPacket = { cmd: 'publish', topic: message.topic, payload: message.payload, qos, retain, dup: false };
		if (qos === 0) return session.client?.send(packet);
		session.add(packet);
		session.client?.drain();
	}
}

/** How long the session shall outlive its connection. */
function expiryOf({ protocolVersion, clean, properties }: IConnectPacket): number {
	if (protocolVersion !== 5) return clean ? 0 : Infinity;
	const seconds = properties?.sessionExpiryInterval ?? 0;
	return seconds === FOR_EVER_SECONDS ? Infinity : seconds * 1_000;
}
