// The judge of what goes over the wire, both ways, in mqtt-packet's reading of it (not ours), in the version that each CONNECT says.
//
// Rule: it listens at the node's socket. Each connection is judged by itself (wire-connection.ts), each client's session over its
// connections: what is in flight, whether SUBSCRIBE and DUP are in place, and how soon one attempt follows another.
// MQTT 3.1.1 and 5.0 §3.1.0, §3.3.1, §4.4; 3.1.1 §2.3.1, 5.0 §2.2.1.

import { parser, type IConnackPacket, type IConnectPacket, type IPubackPacket, type IPublishPacket, type ISubscribePacket, type Packet, type Parser } from 'mqtt-packet';
import type { Clock } from '../world/clock.js';
import type { Link } from '../world/network.js';
import type { Tap } from '../virtual/network.js';
import { WireConnection } from './wire-connection.js';

/** src/common/limits.ts says 1 s, counted from the end of the attempt before; its beginning is earlier still. */
const ATTEMPTS_GAP_MS = 1_000;
const EXAMPLES_MAX = 5;
/** MQTT 5.0: reason codes from here on are refusals. */
const REFUSALS_FROM = 0x80;
/** src/common/limits.ts says 60 s, by the node's clock and its loop. */
const SOON_MS = 61_000;
/** So many times in a row the broker hung up that soon: then another client with the id is suspected. */
const HANG_UPS_MIN = 3;
/** src/common/limits.ts says 5 min, from when the node first wanted to ask: a socket that takes nothing holds that back until the next connection. */
const FILTERS_MS = 150_000;

interface Session {
	/** Of the boot that it belongs to: a reboot forgets ids and messages. */
	readonly link: Link;
	/** Address and port of the broker: another one knows nothing of it, and when it has been met, the node neither. */
	readonly broker: string;
	/** Of MQTT; 0: no CONNECT was seen. */
	version: number;
	/** The latest connection. */
	last: WireConnection | undefined;
	/** Packet id to topic and payload of what is in flight. */
	readonly inFlight: Map<number, string>;
	/** What connections that are over had acknowledged, and the node had not read. */
	readonly unread: Map<number, string>;
	/** Packet id of SUBSCRIBE to its filters, while nobody has answered it. */
	readonly subscribing: Map<number, readonly string[]>;
	/**
	 * Filters that a SUBACK granted in this boot, and when each was last asked for although it was granted, or in a new session. They are asked for again in new
	 * sessions, where another client seems to have been in this one, and else once in some minutes, in connections that did not grant them yet.
	 */
	readonly granted: Set<string>;
	readonly askedAt: Map<string, number>;
	/** How often in a row the broker hung up soon after it had accepted the client, or told it why. */
	hangUps: number;
	/**
	 * A connection of this session had topic aliases: a message is written anew for one and counts as sent before the socket takes it,
	 * so that DUP may be on one that never came to the wire. Nobody is misled: it means only that it may have come before.
	 */
	aliased: boolean;
}

export interface WireRules {
	/** The setting of the same name: messages may come before CONNACK. */
	readonly publishEarly?: boolean;
}

export class WireJudge implements Tap {
	readonly violations: string[] = [];
	/** Payloads that were acknowledged before the node's eyes. */
	readonly acknowledged = new Set<string>();
	/** Told of each message that was turned down before the node's eyes. */
	onRefused: (topic: string, payload: string, code: number) => void = () => {};
	/** Told of each packet as it passes, with the client id of its connection. */
	onPacket: (packet: Packet, said: boolean, clientId: string) => void = () => {};
	attempts = 0;
	packets = 0;
	readonly #clock: Clock;
	readonly #rules: WireRules;
	readonly #connections = new Map<number, WireConnection>();
	readonly #parsers = new Map<number, Parser>();
	readonly #sessions = new Map<string, Session>();
	readonly #lastAttempt = new Map<Link, number>();

	constructor(clock: Clock, rules: WireRules = {}) {
		this.#clock = clock;
		this.#rules = rules;
	}

	opened(id: number, link: Link, broker = ''): void {
		this.attempts++;
		const now = this.#clock.now();
		const before = this.#lastAttempt.get(link);
		if (before !== undefined && now - before < ATTEMPTS_GAP_MS) this.#complain(`two attempts to connect within ${Math.round(now - before)} ms`);
		this.#lastAttempt.set(link, now);
		const connection = new WireConnection(link, broker, (sentence) => this.#complain(sentence));
		connection.onHeard = (packet) => this.#heard(connection, packet);
		this.#connections.set(id, connection);
		const out = parser({ protocolVersion: 4 });
		out.on('packet', (packet) => this.#said(connection, packet));
		out.on('error', (fault) => this.#complain(`what the node sent is no MQTT: ${fault.message}`));
		this.#parsers.set(id, out);
	}

	sent(id: number, bytes: Uint8Array): void {
		this.#parsers.get(id)!.parse(Buffer.from(bytes));
	}

	arrived(id: number, bytes: Uint8Array): void {
		this.#connections.get(id)!.arrived(bytes);
	}

	lost(id: number): void {
		this.#connections.get(id)!.lost(this.#clock.now());
	}

	/** Messages of the client that nobody has answered yet. */
	underWay(clientId: string): number {
		return this.#sessions.get(clientId)?.inFlight.size ?? 0;
	}

	#session({ clientId, link, broker }: WireConnection): Session {
		const known = this.#sessions.get(clientId);
		if (known?.link === link && known.broker === broker) return known;
		const made: Session = { link, broker, version: 0, last: undefined, inFlight: new Map(), unread: new Map(), subscribing: new Map(), granted: new Set(), askedAt: new Map(), hangUps: 0, aliased: false };
		this.#sessions.set(clientId, made);
		return made;
	}

	#said(connection: WireConnection, packet: Packet): void {
		this.packets++;
		if (packet.cmd === 'connect') this.#greeted(connection, packet);
		else if (!connection.clientId) this.#complain(`${packet.cmd} before CONNECT`);
		this.onPacket(packet, true, connection.clientId);
		if (!connection.clientId || packet.cmd === 'connect') return;
		connection.measure(packet);
		connection.unheeded.clear();
		const session = this.#session(connection);
		if (packet.cmd === 'publish') this.#published(connection, session, packet);
		if (packet.cmd === 'puback' || packet.cmd === 'pubrec') connection.answered(packet.messageId!);
		if (packet.cmd === 'subscribe') this.#subscribes(connection, session, packet);
	}

	#subscribes(connection: WireConnection, session: Session, { messageId, subscriptions }: ISubscribePacket): void {
		const now = this.#clock.now();
		const filters = subscriptions.map(({ topic }) => topic);
		session.subscribing.set(messageId!, filters);
		const isTooSoon = (filter: string): boolean => connection.granted.has(filter) || now - (session.askedAt.get(filter) ?? -Infinity) < FILTERS_MS;
		if (filters.some((filter) => session.granted.has(filter) && isTooSoon(filter))) this.#complain('SUBSCRIBE although the session was present');
		for (const filter of filters) if (session.granted.delete(filter) || !connection.present) session.askedAt.set(filter, now);
	}

	#greeted(connection: WireConnection, packet: IConnectPacket): void {
		if (connection.clientId) this.#complain('a second CONNECT on one connection');
		connection.greeted(packet);
		const session = this.#session(connection);
		// A client that falls back to the other version begins anew, whatever the broker has kept.
		if (session.version && session.version !== connection.version) this.#forget(session);
		// What CONNACK said that it never heard, it cannot know, nor what another client with its id did to the session.
		if (session.last && (session.last.present === undefined || this.#contested(session, session.last))) session.granted.clear();
		for (const [id, message] of [...session.last?.unread ?? [], ...session.last?.unheeded ?? []]) session.unread.set(id, message);
		session.last = connection;
		session.version = connection.version;
	}

	/** Whether it looks, from how the client's latest accepted connection ended, as if another client had its id. */
	#contested(session: Session, last: WireConnection): boolean {
		session.hangUps = last.takenOver || last.endedWithin(SOON_MS) ? session.hangUps + 1 : 0;
		return last.takenOver || session.hangUps >= HANG_UPS_MIN;
	}

	#forget(session: Session): void {
		session.inFlight.clear();
		session.unread.clear();
		session.subscribing.clear();
		session.granted.clear();
	}

	#published(connection: WireConnection, session: Session, packet: IPublishPacket): void {
		if (connection.present === undefined && !this.#rules.publishEarly) this.#complain('PUBLISH before CONNACK');
		const topic = connection.topicOf(packet);
		const { qos, messageId: id = 0, dup } = packet;
		if (!qos) return;
		const message = `${topic} ${packet.payload}`;
		const before = session.inFlight.get(id);
		if (dup && before === undefined && !session.aliased && session.unread.get(id) !== message) this.#complain(`DUP on packet id ${id}, which is not in flight in this session`);
		if (before !== undefined && before !== message) this.#complain(`packet id ${id} is used while in flight: "${message}" after "${before}"`);
		session.inFlight.set(id, message);
		session.unread.delete(id);
		connection.published(id);
	}

	#heard(connection: WireConnection, packet: Packet): void {
		this.onPacket(packet, false, connection.clientId);
		const session = this.#session(connection);
		if (packet.cmd === 'connack') this.#accepted(connection, session, packet);
		else if (packet.cmd === 'puback') this.#acknowledged(connection, session, packet);
		else if (packet.cmd === 'publish' && packet.qos) connection.unanswered.add(packet.messageId!);
		else if (packet.cmd === 'suback') {
			// What is not granted is asked for again, in the same session too.
			const granted = packet.granted as readonly number[];
			for (const [i, filter] of (session.subscribing.get(packet.messageId!) ?? []).entries()) {
				if (granted[i]! >= REFUSALS_FROM) continue;
				session.granted.add(filter);
				connection.granted.add(filter);
			}
			session.subscribing.delete(packet.messageId!);
		} else if (packet.cmd === 'disconnect') connection.disconnected(packet, this.#clock.now());
	}

	#accepted(connection: WireConnection, session: Session, packet: IConnackPacket): void {
		if ((packet.returnCode ?? packet.reasonCode) !== 0) return;
		connection.accepted(packet, this.#clock.now());
		if (packet.properties?.topicAliasMaximum) session.aliased = true;
		if (packet.sessionPresent) return;
		session.unread.clear();
		// What was sent early, in this connection, is of the new session.
		for (const id of session.inFlight.keys()) if (!connection.inFlight.has(id)) session.inFlight.delete(id);
		session.subscribing.clear();
		session.granted.clear();
	}

	#acknowledged(connection: WireConnection, session: Session, { messageId, reasonCode = 0 }: IPubackPacket): void {
		const message = session.inFlight.get(messageId!);
		connection.inFlight.delete(messageId!);
		if (message === undefined) return;
		connection.unheeded.set(messageId!, message);
		if (connection.unanswered.size) connection.unread.set(messageId!, message);
		const [topic, payload] = [message.slice(0, message.indexOf(' ')), message.slice(message.indexOf(' ') + 1)];
		if (reasonCode >= REFUSALS_FROM) this.onRefused(topic, payload, reasonCode);
		else this.acknowledged.add(payload);
		session.inFlight.delete(messageId!);
	}

	#complain(sentence: string): void {
		if (this.violations.length < EXAMPLES_MAX) this.violations.push(`wire: ${sentence} (at ${(this.#clock.now() / 1_000).toFixed(1)} s)`);
	}
}
