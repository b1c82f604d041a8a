// What passed between a node and the server, as far as the audit has to know it: which readings were acknowledged, or turned down.
//
// Rule: what nodes say is read by mqtt-packet, not by our own code; what servers say may be anything, so there as little is read as
// can be. Packet ids belong to a client's session, over all its connections.

import { parser, type IPublishPacket, type Packet } from 'mqtt-packet';
import type { Listener } from './gate.js';

/** MQTT 5.0: reason codes from here on are refusals. */
const REFUSALS_FROM = 0x80;
const CONNACK = 2;
const PUBACK = 4;
const SUBACK = 9;
const DISCONNECT = 14;

export interface Reading {
	readonly boot: number;
	readonly seq: number;
}

export interface Clients {
	acknowledged(clientId: string, reading: Reading): void;
	refused(clientId: string, reading: Reading, code: number): void;
	/** The server said something that is worth a line: why it refused or hung up. */
	remarked(clientId: string, remark: string): void;
	complained(sentence: string): void;
}

/** Which reading a payload is; undefined if it is none. */
function readingOf(payload: string): Reading | undefined {
	try {
		const said = JSON.parse(payload) as Partial<Reading> | null;
		return typeof said?.seq === 'number' && typeof said.boot === 'number' ? { boot: said.boot, seq: said.seq } : undefined;
	} catch {
		return undefined;
	}
}

export class Tap {
	readonly #clients: Clients;
	/** By client id and then by packet id. */
	readonly #inFlight = new Map<string, Map<number, Reading>>();

	constructor(clients: Clients) {
		this.#clients = clients;
	}

	/** For one connection. */
	readonly listen = (): Listener => {
		let clientId = '';
		const said = parser({ protocolVersion: 4 });
		said.on('error', (fault) => this.#clients.complained(`what a node sent is no MQTT: ${fault.message}`));
		said.on('packet', (packet: Packet) => {
			if (packet.cmd === 'connect') clientId = packet.clientId;
			else if (packet.cmd === 'publish') this.#published(clientId, packet);
		});
		const heard = new Cutter((type, body) => this.#heard(clientId, type, body));
		return { said: (bytes) => void said.parse(Buffer.from(bytes)), heard: (bytes) => heard.take(bytes) };
	};

	#published(clientId: string, { qos, messageId, payload }: IPublishPacket): void {
		if (!qos) return;
		const inFlight = this.#inFlight.get(clientId) ?? new Map<number, Reading>();
		this.#inFlight.set(clientId, inFlight);
		const reading = readingOf(payload.toString());
		if (reading) inFlight.set(messageId!, reading);
		else inFlight.delete(messageId!);
	}

	/** What is cut short, as 3.1.1 and 5.0 have it where all is well, says 0. */
	#heard(clientId: string, type: number, body: Uint8Array): void {
		if (type === PUBACK) this.#acknowledged(clientId, (body[0]! << 8) | body[1]!, body[2] ?? 0);
		else if (type === CONNACK && body[1]) this.#clients.remarked(clientId, `CONNACK ${hex(body[1])}`);
		else if (type === DISCONNECT) this.#clients.remarked(clientId, `DISCONNECT ${hex(body[0] ?? 0)}`);
		else if (type === SUBACK && body.at(-1)! >= REFUSALS_FROM) this.#clients.remarked(clientId, `SUBACK ${hex(body.at(-1)!)}`);
	}

	#acknowledged(clientId: string, messageId: number, code: number): void {
		const inFlight = this.#inFlight.get(clientId);
		const reading = inFlight?.get(messageId);
		if (code >= REFUSALS_FROM) this.#clients.remarked(clientId, `PUBACK ${hex(code)}`);
		if (!reading) return;
		inFlight!.delete(messageId);
		if (code >= REFUSALS_FROM) this.#clients.refused(clientId, reading, code);
		else this.#clients.acknowledged(clientId, reading);
	}
}

function hex(code: number): string {
	return `0x${code.toString(16)}`;
}

/** Cuts a stream into packets, whatever is in them. */
class Cutter {
	readonly #onPacket: (type: number, body: Uint8Array) => void;
	#rest = Buffer.alloc(0);

	constructor(onPacket: (type: number, body: Uint8Array) => void) {
		this.#onPacket = onPacket;
	}

	take(bytes: Uint8Array): void {
		this.#rest = Buffer.concat([this.#rest, bytes]);
		for (let length = this.#first(); length; length = this.#first()) this.#rest = this.#rest.subarray(length);
	}

	/** Bytes of the first packet, which is handed on; 0 while it is not whole. */
	#first(): number {
		const bytes = this.#rest;
		for (let at = 1, size = 0; at < bytes.length && at <= 4; at++) {
			size += (bytes[at]! & 0x7f) * 128 ** (at - 1);
			if (bytes[at]! >= 0x80) continue;
			const end = at + 1 + size;
			if (end > bytes.length) return 0;
			this.#onPacket(bytes[0]! >> 4, bytes.subarray(at + 1, end));
			return end;
		}
		return 0;
	}
}
