// One connection of a node in the eyes of the wire's judge: its version, and what its CONNACK allows.
//
// Rule: all that is here begins with CONNECT and is gone with the connection. MQTT 5.0 §3.2.2.3, §3.3.2.3.4, §4.4, §4.9.

import { parser, type IConnackPacket, type IConnectPacket, type IDisconnectPacket, type IPublishPacket, type Packet, type Parser } from 'mqtt-packet';
import type { Link } from '../world/network.js';
import { TAKEN_OVER } from '../virtual/broker.js';
import { packetSize } from '../virtual/client.js';

/** Remaining length of 3.1.1's CONNACK; 5.0 has at least one byte more. */
const CONNACK_LENGTH_4 = 2;

export class WireConnection {
	readonly link: Link;
	readonly broker: string;
	clientId = '';
	version = 4;
	/** CONNACK: not there yet, or its session present. */
	present: boolean | undefined;
	/** The broker said that another client has this client id. */
	takenOver = false;
	/** When CONNACK came that accepted it, and when the node heard that it was over; -1: not yet, or it was the node that ended it. */
	#acceptedAt = -1;
	#lostAt = -1;
	/** Packet ids of messages that were sent in this connection and are not answered. */
	readonly inFlight = new Set<number>();
	/** Packet ids of messages that came in this connection and that the node has not answered. */
	readonly unanswered = new Set<number>();
	/**
	 * Packet id to topic and payload of what was acknowledged behind such a message: the node reads on when it has answered (inbox.ts),
	 * so this acknowledgement is lost to it if the connection ends before.
	 */
	readonly unread = new Map<number, string>();
	/** The same of what was acknowledged since the node last said anything: it reads no further while a request of its own waits for a socket that takes nothing. */
	readonly unheeded = new Map<number, string>();
	/** Filters that the broker granted in this connection. */
	readonly granted = new Set<string>();
	onHeard: (packet: Packet) => void = () => {};
	readonly #complain: (sentence: string) => void;
	readonly #aliases = new Map<number, string>();
	#receiveMax = Infinity;
	#packetMax = Infinity;
	#aliasMax = 0;
	/** Reads what the node hears; made when CONNACK shows by its length in which version it is. */
	#parser: Parser | undefined;
	#unread = Buffer.alloc(0);

	constructor(link: Link, broker: string, complain: (sentence: string) => void) {
		this.link = link;
		this.broker = broker;
		this.#complain = complain;
	}

	/** The node has answered that message: it reads on when nothing is left to answer. */
	answered(id: number): void {
		this.unanswered.delete(id);
		if (this.unanswered.size === 0) this.unread.clear();
	}

	greeted({ clientId, protocolVersion }: IConnectPacket): void {
		this.clientId = clientId;
		this.version = protocolVersion ?? 4;
	}

	arrived(bytes: Uint8Array): void {
		if (this.#parser) return void this.#parser.parse(Buffer.from(bytes));
		this.#unread = Buffer.concat([this.#unread, bytes]);
		if (this.#unread.length < 2) return;
		// A broker that knows no 5.0 refuses it in the words of 3.1.1.
		this.#parser = parser({ protocolVersion: this.#unread[1] === CONNACK_LENGTH_4 ? 4 : this.version });
		this.#parser.on('packet', (packet) => this.onHeard(packet));
		this.#parser.on('error', (fault) => this.#complain(`what the node was sent is no MQTT: ${fault.message}`));
		this.#parser.parse(this.#unread);
	}

	accepted({ sessionPresent, properties = {} }: IConnackPacket, now: number): void {
		this.present = sessionPresent;
		this.#acceptedAt = now;
		if (this.version !== 5) return;
		this.#receiveMax = properties.receiveMaximum ?? 0xffff;
		this.#packetMax = properties.maximumPacketSize ?? Infinity;
		this.#aliasMax = properties.topicAliasMaximum ?? 0;
		this.#count();
	}

	/** By the broker, in 5.0. */
	disconnected({ reasonCode }: IDisconnectPacket, now: number): void {
		this.takenOver = reasonCode === TAKEN_OVER;
		this.lost(now);
	}

	/** The node hears that it is over. */
	lost(now: number): void {
		if (this.#lostAt < 0) this.#lostAt = now;
	}

	/** Whether it ended by no doing of the node's, that soon after it had been accepted. */
	endedWithin(ms: number): boolean {
		return this.#lostAt >= 0 && this.#lostAt - this.#acceptedAt < ms;
	}

	/** Of every packet but CONNECT. */
	measure({ cmd, length }: Packet): void {
		const size = packetSize(length ?? 0);
		if (size > this.#packetMax) this.#complain(`${cmd} of ${size} bytes, where the broker takes ${this.#packetMax}`);
	}

	/** The whole topic of a message that the node sends. */
	topicOf({ topic, properties }: IPublishPacket): string {
		const alias = properties?.topicAlias;
		if (alias === undefined) {
			if (!topic) this.#complain('PUBLISH without a topic');
			return topic;
		}
		if (alias < 1 || alias > this.#aliasMax) this.#complain(`topic alias ${alias}, where the broker allows ${this.#aliasMax}`);
		if (topic) this.#aliases.set(alias, topic);
		const known = this.#aliases.get(alias);
		if (known === undefined) this.#complain(`topic alias ${alias} is used before it is told`);
		return known ?? '';
	}

	/** A message of QoS 1 or 2. */
	published(id: number): void {
		if (this.version === 5 && this.inFlight.has(id)) this.#complain(`packet id ${id} is sent again on the same connection`);
		this.inFlight.add(id);
		this.#count();
	}

	#count(): void {
		if (this.inFlight.size > this.#receiveMax) this.#complain(`${this.inFlight.size} messages in flight, where the broker takes ${this.#receiveMax}`);
	}
}
