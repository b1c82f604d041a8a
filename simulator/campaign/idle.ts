// The judge of idleness: while a node's link is up and nothing is under way, no reading waits. Another question than the auditor's, which
// is content with what comes in the end.
//
// Rule: judged when health comes. If nothing else had passed for a while, every message was answered and no fault was going on,
// then what was taken must be at the broker: by the node's own count of what waits, and by the numbers that came.

import type { Packet } from 'mqtt-packet';
import type { Auditor } from '../audit/auditor.js';

/** On its way at the moment that health was written: the reading that was taken last, and what was just acknowledged. */
const WAITING_FEW = 2;
const EXAMPLES_MAX = 3;

export interface IdleRules {
	/** So long nothing passes before the link counts as idle. */
	readonly quietMs: number;
	now(): number;
	/** Messages of the client that are not answered. */
	underWay(clientId: string): number;
	/** Whether any fault was going on since then. */
	troubledSince(ms: number): boolean;
}

export class IdleJudge {
	readonly violations: string[] = [];
	/** How often a link was idle when it was looked at. */
	judged = 0;
	readonly #rules: IdleRules;
	readonly #passedAt = new Map<string, number>();

	constructor(rules: IdleRules) {
		this.#rules = rules;
	}

	/** Each packet at the node's socket. */
	packet(packet: Packet, said: boolean, clientId: string): void {
		// Health itself, and what keeps a link alive, is no traffic.
		if (packet.cmd === 'pingreq' || packet.cmd === 'pingresp' || (packet.cmd === 'publish' && said && packet.topic.endsWith('/health'))) return;
		this.#passedAt.set(clientId, this.#rules.now());
	}

	/** Health has come, and the auditor has heard it. */
	health(auditor: Auditor): void {
		const { now, quietMs, underWay, troubledSince } = this.#rules;
		const clientId = `telltale-${auditor.name}`;
		const idleMs = now() - (this.#passedAt.get(clientId) ?? now());
		const boot = auditor.current;
		// Health is under way itself.
		if (!boot || idleMs < quietMs || underWay(clientId) > 1 || troubledSince(now() - quietMs)) return;
		this.judged++;
		const missing = auditor.missing(boot, Math.max(0, ...boot.readings.keys())).filter((seq) => !boot.refused.has(seq)).length;
		// What was dropped is named by the next reading from RAM, which may not have come yet.
		const waiting = Math.max(boot.waiting, missing - boot.dropped);
		if (waiting <= WAITING_FEW || this.violations.length >= EXAMPLES_MAX) return;
		this.violations.push(`${auditor.name}: ${waiting} readings wait at ${(now() / 1_000).toFixed(1)} s, though the link has been up and idle for ${(idleMs / 1_000).toFixed(1)} s`);
	}
}
