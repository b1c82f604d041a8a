// The judge of answers: each command that a node has acknowledged has its result at the broker when all is well again.
//
// Rule: a command is known by the id in its payload, so who sends commands gives each another one. What a node had not answered when it lost
// its power or was reset is forgiven, what it said with QoS 0 counts, and what its session held when it fell back to the other version of MQTT, or set aside.

import type { IPublishPacket, Packet } from 'mqtt-packet';

interface Asked {
	readonly id: string;
	readonly clientId: string;
	readonly at: number;
}

export class ResultsJudge {
	readonly violations: string[] = [];
	answered = 0;
	readonly #now: () => number;
	readonly #quiet: boolean;
	/** By client and packet id: heard, not acknowledged. */
	readonly #heard = new Map<string, string>();
	readonly #asked = new Map<string, Asked>();
	readonly #answered = new Set<string>();
	readonly #versions = new Map<string, number>();

	/** `quiet`: results may have QoS 0 and be lost with their connection. */
	constructor(now: () => number, quiet = false) {
		this.#now = now;
		this.#quiet = quiet;
	}

	/** Each packet at the node's socket. */
	packet(packet: Packet, said: boolean, clientId: string): void {
		if (packet.cmd === 'publish' && !said) this.#note(packet, clientId);
		else if (packet.cmd === 'publish' && packet.qos === 0) this.#said(packet);
		else if (packet.cmd === 'connect' && said) this.#greeted(clientId, packet.protocolVersion ?? 4);
		else if ((packet.cmd === 'puback' || packet.cmd === 'pubrec') && said) {
			const key = `${clientId} ${packet.messageId}`;
			const id = this.#heard.get(key);
			this.#heard.delete(key);
			if (id !== undefined && !this.#answered.has(id)) this.#asked.set(id, { id, clientId, at: this.#now() });
		}
	}

	/** A result at the broker. */
	result(payload: string): void {
		const { id } = JSON.parse(payload) as { id: string };
		this.answered++;
		this.#answered.add(id);
		this.#asked.delete(id);
	}

	/** The node's memory is gone, or what its session held: what it had not answered stays unanswered. */
	forgive(clientId: string): void {
		for (const asked of this.#asked.values()) if (asked.clientId === clientId) this.#asked.delete(asked.id);
	}

	conclude(): void {
		for (const { id, clientId, at } of this.#asked.values()) this.violations.push(`${clientId} acknowledged command "${id}" at ${(at / 1_000).toFixed(1)} s and never answered it`);
	}

	#note({ topic, payload, retain, messageId }: IPublishPacket, clientId: string): void {
		const id = retain || !/\/set\/[^/]*$/.test(topic) ? undefined : idOf(payload.toString());
		// A packet id that is used for something else now has lost its old meaning.
		if (id === undefined) this.#heard.delete(`${clientId} ${messageId}`);
		else this.#heard.set(`${clientId} ${messageId}`, id);
	}

	/** "busy" goes at most once (QoS 0): it may be lost with its connection. */
	#said({ payload }: IPublishPacket): void {
		const id = this.#quiet || payload.includes('"ok":false') ? idOf(payload.toString()) : undefined;
		if (id === undefined) return;
		this.#answered.add(id);
		this.#asked.delete(id);
	}

	#greeted(clientId: string, version: number): void {
		if (this.#quiet || (this.#versions.get(clientId) ?? version) !== version) this.forgive(clientId);
		this.#versions.set(clientId, version);
	}
}

function idOf(payload: string): string | undefined {
	try {
		const { id } = JSON.parse(payload) as { id?: unknown };
		return typeof id === 'string' ? id : undefined;
	} catch {
		return undefined;
	}
}
