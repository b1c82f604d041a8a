// The judge of what goes over the wire, both ways, in mqtt-packet's reading of it (not ours).
//
// Rule: it listens at the node's socket. Each connection is judged by itself, each client's session over its connections:
// what is in flight, whether SUBSCRIBE and DUP are in place, and how soon one attempt follows another.
// MQTT 3.1.1 §2.3.1, §3.1.0, §3.3.1, §4.4.

import { parser, type Packet } from 'mqtt-packet';
import type { Clock } from '../clock.js';
import type { Link } from '../network.js';
import type { Tap } from '../virtual-network.js';

/** src/limits.ts says 1 s, counted from the end of the attempt before; its beginning is earlier still. */
const ATTEMPTS_GAP_MS = 1_000;
const EXAMPLES_MAX = 5;

interface Connection {
	readonly link: Link;
	clientId: string;
	/** CONNACK: not there yet, or its session present. */
	present: boolean | undefined;
}

interface Session {
	/** Of the boot that it belongs to: a reboot forgets ids and messages. */
	readonly link: Link;
	/** Packet id to topic and payload of what is in flight. */
	readonly inFlight: Map<number, string>;
	/** SUBSCRIBE ids that nobody has answered. */
	readonly subscribing: Set<number>;
	/** In this boot a SUBACK came: from then on SUBSCRIBE belongs to new sessions only. */
	subscribed: boolean;
}

export class WireJudge implements Tap {
	readonly violations: string[] = [];
	/** Payloads that were acknowledged before the node's eyes. */
	readonly acknowledged = new Set<string>();
	/** Told of each packet as it passes. */
	onPacket: (packet: Packet, said: boolean) => void = () => {};
	attempts = 0;
	packets = 0;
	readonly #clock: Clock;
	readonly #connections = new Map<number, Connection>();
	readonly #parsers = new Map<number, { out: ReturnType<typeof parser>; in: ReturnType<typeof parser> }>();
	readonly #sessions = new Map<string, Session>();
	readonly #lastAttempt = new Map<Link, number>();

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	opened(id: number, link: Link): void {
		this.attempts++;
		const now = this.#clock.now();
		const before = this.#lastAttempt.get(link);
		if (before !== undefined && now - before < ATTEMPTS_GAP_MS) this.#complain(`two attempts to connect within ${Math.round(now - before)} ms`);
		this.#lastAttempt.set(link, now);
		const connection: Connection = { link, clientId: '', present: undefined };
		this.#connections.set(id, connection);
		const both = { out: parser({ protocolVersion: 4 }), in: parser({ protocolVersion: 4 }) };
		both.out.on('packet', (packet) => this.#said(connection, packet));
		both.out.on('error', (fault) => this.#complain(`what the node sent is no MQTT: ${fault.message}`));
		both.in.on('packet', (packet) => this.#heard(connection, packet));
		both.in.on('error', (fault) => this.#complain(`what the node was sent is no MQTT: ${fault.message}`));
		this.#parsers.set(id, both);
	}

	sent(id: number, bytes: Uint8Array): void {
		this.#parsers.get(id)!.out.parse(Buffer.from(bytes));
	}

	arrived(id: number, bytes: Uint8Array): void {
		this.#parsers.get(id)!.in.parse(Buffer.from(bytes));
	}

	#session({ clientId, link }: Connection): Session {
		const known = this.#sessions.get(clientId);
		if (known?.link === link) return known;
		const made: Session = { link, inFlight: new Map(), subscribing: new Set(), subscribed: false };
		this.#sessions.set(clientId, made);
		return made;
	}

	#said(connection: Connection, packet: Packet): void {
		this.packets++;
		this.onPacket(packet, true);
		if (packet.cmd === 'connect') {
			if (connection.clientId) this.#complain('a second CONNECT on one connection');
			connection.clientId = packet.clientId;
			return;
		}
		if (!connection.clientId) return this.#complain(`${packet.cmd} before CONNECT`);
		const session = this.#session(connection);
		if (packet.cmd === 'publish') this.#published(connection, session, packet.messageId ?? 0, packet.dup, `${packet.topic} ${packet.payload}`);
		if (packet.cmd !== 'subscribe') return;
		if (connection.present && session.subscribed && !session.subscribing.size) this.#complain('SUBSCRIBE although the session was present');
		session.subscribing.add(packet.messageId!);
	}

	#published(connection: Connection, session: Session, id: number, dup: boolean, message: string): void {
		if (connection.present === undefined) this.#complain('PUBLISH before CONNACK');
		if (id === 0) return;
		const before = session.inFlight.get(id);
		if (dup && before === undefined) this.#complain(`DUP on packet id ${id}, which is not in flight in this session`);
		if (before !== undefined && before !== message) this.#complain(`packet id ${id} is used while in flight: "${message}" after "${before}"`);
		session.inFlight.set(id, message);
	}

	#heard(connection: Connection, packet: Packet): void {
		this.onPacket(packet, false);
		const session = this.#session(connection);
		if (packet.cmd === 'connack' && packet.returnCode === 0) {
			connection.present = packet.sessionPresent;
			if (packet.sessionPresent) return;
			session.inFlight.clear();
			session.subscribing.clear();
			session.subscribed = false;
		} else if (packet.cmd === 'puback') {
			const message = session.inFlight.get(packet.messageId!);
			if (message === undefined) return;
			this.acknowledged.add(message.slice(message.indexOf(' ') + 1));
			session.inFlight.delete(packet.messageId!);
		} else if (packet.cmd === 'suback') {
			session.subscribing.delete(packet.messageId!);
			session.subscribed = true;
		}
	}

	#complain(sentence: string): void {
		if (this.violations.length < EXAMPLES_MAX) this.violations.push(`wire: ${sentence} (at ${(this.#clock.now() / 1_000).toFixed(1)} s)`);
	}
}
