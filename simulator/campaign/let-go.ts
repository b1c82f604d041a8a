// The readings that a node may let go of without an acknowledgement of MQTT: those that it sent with QoS 0.
//
// Rule: of a connection that was accepted and then ended, the last minutes: what its broker had in memory is lost with it (docs/decisions/0025). What
// went out earlier must have come, and what never went out is owed in any case.

import type { Packet } from 'mqtt-packet';

/** A broker that stands still is noticed within this: keep-alive, and the time for PINGRESP. */
const NOTICED_MS = 300_000;

interface Sent {
	readonly name: string;
	readonly at: number;
}

export class LetGo {
	/** As "boot/seq". */
	readonly lost = new Set<string>();
	readonly #now: () => number;
	readonly #sent = new Map<string, Sent[]>();
	/** Clients whose connection was accepted: a broker that refuses one takes nothing of it (MQTT 3.1.1 and 5.0 §3.1.4). */
	readonly #accepted = new Set<string>();

	constructor(now: () => number) {
		this.#now = now;
	}

	/** Each packet at the node's socket. */
	packet(packet: Packet, said: boolean, clientId: string): void {
		if (packet.cmd === 'connack' && (packet.returnCode ?? packet.reasonCode) === 0) this.#accepted.add(clientId);
		if (!said) return;
		if (packet.cmd === 'connect') return this.#over(clientId);
		if (packet.cmd !== 'publish' || packet.qos > 0 || !packet.payload.includes('{"seq":')) return;
		const { boot, seq } = JSON.parse(packet.payload.toString()) as { boot: number; seq: number };
		const sent = this.#sent.get(clientId) ?? [];
		this.#sent.set(clientId, sent);
		sent.push({ name: `${boot}/${seq}`, at: this.#now() });
	}

	#over(clientId: string): void {
		const from = this.#now() - NOTICED_MS;
		if (this.#accepted.delete(clientId)) for (const { name, at } of this.#sent.get(clientId) ?? []) if (at > from) this.lost.add(name);
		this.#sent.delete(clientId);
	}
}
