// What passes at the node's socket, as far as the campaign has to know it: the version, which readings were acknowledged, and
// whether what the node says is MQTT.
//
// Rule: what the node says is read by mqtt-packet; what it hears may be anything, so there every acknowledgement counts that has the form of
// one: it may have been forged, and the node must believe it.

import { parser, type IPublishPacket, type Packet, type Parser } from 'mqtt-packet';
import type { Link } from '../world/network.js';
import type { Tap } from '../virtual/network.js';
import type { Version } from './input.js';

const PUBACK = 4;
const PUBREC = 5;
const PUBCOMP = 7;

interface Connection {
	readonly link: Link;
	readonly said: Parser;
	readonly heard: Scanner;
	readonly aliases: Map<number, string>;
	version: Version;
}

export class Wire implements Tap {
	/** Of the latest CONNECT. */
	version: Version = 4;
	/** How often the node said CONNECT. */
	connects = 0;
	/** Readings that something acknowledged, as "boot/seq". */
	readonly acknowledged = new Set<string>();
	onComplaint: (sentence: string) => void = () => {};
	readonly #connections = new Map<number, Connection>();
	/** By boot, and then by packet id: which reading it carries. */
	readonly #inFlight = new Map<Link, Map<number, string>>();

	opened(id: number, link: Link): void {
		const inFlight = this.#inFlight.get(link) ?? new Map<number, string>();
		this.#inFlight.set(link, inFlight);
		const said = parser({ protocolVersion: 4 });
		const heard = new Scanner((packetId) => {
			const reading = inFlight.get(packetId);
			if (reading !== undefined) this.acknowledged.add(reading);
		});
		const connection: Connection = { link, said, heard, aliases: new Map(), version: 4 };
		said.on('packet', (packet) => this.#said(connection, packet));
		said.on('error', (fault) => this.onComplaint(`what the node sent is no MQTT: ${fault.message}`));
		this.#connections.clear();
		this.#connections.set(id, connection);
	}

	sent(id: number, bytes: Uint8Array): void {
		this.#connections.get(id)?.said.parse(Buffer.from(bytes));
	}

	arrived(id: number, bytes: Uint8Array): void {
		this.#connections.get(id)?.heard.take(bytes);
	}

	lost(): void {}

	#said(connection: Connection, packet: Packet): void {
		if (packet.cmd === 'connect') {
			this.connects++;
			this.version = connection.version = packet.protocolVersion === 5 ? 5 : 4;
		} else if (packet.cmd === 'publish') this.#published(connection, packet);
	}

	#published(connection: Connection, { topic: said, messageId, properties, payload }: IPublishPacket): void {
		const alias = properties?.topicAlias;
		if (alias !== undefined && said) connection.aliases.set(alias, said);
		const topic = said || (alias !== undefined && connection.aliases.get(alias)) || '';
		if (!messageId) return;
		const inFlight = this.#inFlight.get(connection.link)!;
		inFlight.delete(messageId);
		if (!/\/(readings|backlog)$/.test(topic)) return;
		const { boot, seq } = JSON.parse(payload.toString()) as { boot: number; seq: number };
		inFlight.set(messageId, `${boot}/${seq}`);
	}
}

/** Cuts anything into packets as well as it can be. */
class Scanner {
	readonly #onAnswer: (packetId: number) => void;
	#first = -1;
	#length = 0;
	#shift = 0;
	#inLength = true;
	#have = 0;
	#id = 0;

	constructor(onAnswer: (packetId: number) => void) {
		this.#onAnswer = onAnswer;
	}

	take(bytes: Uint8Array): void {
		for (const byte of bytes) {
			if (this.#first < 0) this.#begin(byte);
			else if (this.#inLength) this.#lengthByte(byte);
			else this.#bodyByte(byte);
		}
	}

	#begin(byte: number): void {
		this.#first = byte;
		this.#length = this.#shift = this.#have = this.#id = 0;
		this.#inLength = true;
	}

	#lengthByte(byte: number): void {
		this.#length += (byte & 0x7f) * 2 ** this.#shift;
		this.#shift += 7;
		if (byte >= 0x80 && this.#shift <= 28) return;
		this.#inLength = false;
		if (this.#length === 0) this.#first = -1;
	}

	#bodyByte(byte: number): void {
		if (this.#have < 2) this.#id = (this.#id << 8) | byte;
		if (++this.#have === 2 && [PUBACK, PUBREC, PUBCOMP].includes(this.#first >> 4)) this.#onAnswer(this.#id);
		if (this.#have >= this.#length) this.#first = -1;
	}
}
