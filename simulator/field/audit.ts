// The auditor: whether every reading that was sampled was acknowledged and seen.
//
// Rule: three witnesses that know nothing of each other are compared. The sensor counts what was measured, the wire what was
// acknowledged, a subscriber what came. What the node says of itself must agree with them; it proves nothing.

import { Auditor } from '../audit/auditor.js';
import type { Reading } from './tap.js';

/** What is known of one node. */
export class Account {
	readonly name: string;
	/** Measurements that the sensor was asked for, up to the end of the run. */
	sampled = 0;
	readonly acknowledged = new Set<number>();
	/** Of the readings that were seen: first seen on `backlog`. */
	readonly late = new Set<number>();
	/** Reason code to how often it was said. */
	readonly refused = new Map<number, number>();
	readonly #auditor: Auditor;
	readonly #complaints: string[] = [];
	#boot: string | undefined;
	#hearsLate = false;

	constructor(name: string) {
		this.name = name;
		// Health is QoS 0 and may overtake readings that wait for the subscriber: it is not asked how many came.
		this.#auditor = new Auditor(name, { forged: new Set() });
		this.#auditor.onReading = (boot, { seq }) => {
			if (this.#isOurs(boot.name) && this.#hearsLate) this.late.add(seq);
		};
	}

	/** Numbers of the readings that a subscriber has. */
	get seen(): { has(seq: number): boolean } {
		return this.#auditor.boots.get(this.#boot ?? '')?.readings ?? this.late;
	}

	get complaints(): readonly string[] {
		const own = [...this.#auditor.boots.values()].flatMap((boot) => [
			...(boot.named.size ? [`${boot.named.size} readings were named as dropped`] : []),
			...(boot.dropped ? [`health says that ${boot.dropped} readings were dropped`] : []),
		]);
		return [...this.#complaints, ...this.#auditor.violations.map((sentence) => sentence.slice(this.name.length + 2)), ...own];
	}

	/** All that the subscriber has, at the reading's own time or, where that was not known, by its uptime. */
	readings(): { boot: string; seq: number; seconds: number; values: Readonly<Record<string, number>> }[] {
		return [...this.#auditor.boots.values()].flatMap(({ name, readings }) =>
			[...readings.values()].map(({ seq, time, uptime, values }) => ({ boot: name, seq, seconds: time ?? uptime ?? 0, values })));
	}

	/** By the subscriber. */
	heard(topic: string, payload: Uint8Array, at: number): void {
		this.#hearsLate = topic.endsWith('/backlog');
		this.#auditor.heard({ topic, payload, at });
	}

	onAcknowledged({ boot, seq }: Reading): void {
		if (this.#isOurs(String(boot))) this.acknowledged.add(seq);
	}

	onRefused({ boot }: Reading, code: number): void {
		if (this.#isOurs(String(boot))) this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
	}

	/** Each kind of complaint once. */
	complain(sentence: string): void {
		if (!this.#complaints.includes(sentence)) this.#complaints.push(sentence);
	}

	/** Numbers that were sampled and are not among these. */
	lacks(numbers: { has(seq: number): boolean }): number[] {
		const lacking: number[] = [];
		for (let seq = 1; seq <= this.sampled; seq++) if (!numbers.has(seq)) lacking.push(seq);
		return lacking;
	}

	/** A node that is not cut short has one boot. */
	#isOurs(boot: string): boolean {
		this.#boot ??= boot;
		if (this.#boot !== boot) this.complain(`the node booted anew: ${boot} after ${this.#boot}`);
		return this.#boot === boot;
	}
}

export interface Verdict {
	readonly sampled: number;
	/** undefined: the server acknowledges nothing, by its own rule. */
	readonly acknowledged: number | undefined;
	readonly seen: number;
	readonly late: number;
	/** Sampled and not seen, or not acknowledged: as "node/number". */
	readonly missing: readonly string[];
	readonly complaints: readonly string[];
}

export interface Rules {
	/** False where the server takes QoS 0 alone. */
	readonly acknowledges: boolean;
}

/** Whether anything is still under way. */
export function isSettled(accounts: readonly Account[], { acknowledges }: Rules): boolean {
	return accounts.every((account) => account.sampled > 0 && !account.lacks(account.seen).length && (!acknowledges || !account.lacks(account.acknowledged).length));
}

export function judge(accounts: readonly Account[], { acknowledges }: Rules): Verdict {
	const missing: string[] = [];
	const complaints: string[] = [];
	const sum = { sampled: 0, acknowledged: 0, seen: 0, late: 0 };
	for (const account of accounts) {
		const { name, sampled } = account;
		const unseen = account.lacks(account.seen);
		const unacknowledged = acknowledges ? account.lacks(account.acknowledged) : [];
		sum.sampled += sampled;
		sum.seen += sampled - unseen.length;
		sum.acknowledged += sampled - unacknowledged.length;
		sum.late += [...account.late].filter((seq) => seq <= sampled).length;
		for (const seq of new Set([...unseen, ...unacknowledged])) missing.push(`${name}/${seq}`);
		if (!sampled) complaints.push(`${name}: nothing was sampled`);
		for (const sentence of account.complaints) complaints.push(`${name}: ${sentence}`);
	}
	return { ...sum, acknowledged: acknowledges ? sum.acknowledged : undefined, missing, complaints };
}

export function isWell({ missing, complaints }: Verdict): boolean {
	return missing.length === 0 && complaints.length === 0;
}
