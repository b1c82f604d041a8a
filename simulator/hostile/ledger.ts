// Which readings of each boot came, and which are owed.
//
// Rule: a boot owes every number from 1 on: each comes, is named as dropped, or was acknowledged by whoever forged that. Boots that the
// campaign itself cut short owe nothing; nor do those that were over before they said a word of themselves.

import { Ranges } from '../../viewer/ranges.js';
import type { Published } from '../virtual/broker.js';

interface Boot {
	readonly name: string;
	readonly came: Ranges;
	readonly named: Ranges;
	/** By its own account, which it gave when that was heard. */
	sampled: number;
	waiting: number;
	heardAt: number;
	cut: boolean;
}

export class Ledger {
	onComplaint: (sentence: string) => void = () => {};
	/** The boot that runs, as far as it has given its account. */
	current: Boot | undefined;
	readings = 0;
	readonly #boots = new Map<string, Boot>();
	readonly #acknowledged: ReadonlySet<string>;

	/** Readings that something acknowledged on the wire, as "boot/seq". */
	constructor(acknowledged: ReadonlySet<string>) {
		this.#acknowledged = acknowledged;
	}

	heard({ topic, payload, at }: Published): void {
		const leaf = topic.slice(topic.lastIndexOf('/') + 1);
		if (leaf !== 'readings' && leaf !== 'backlog' && leaf !== 'health') return;
		let said: Record<string, unknown>;
		try {
			said = JSON.parse(payload.toString()) as Record<string, unknown>;
		} catch {
			return this.onComplaint(`${leaf} is no JSON: ${payload.toString()}`);
		}
		if (leaf === 'health') this.#account(said as Record<string, number>, at);
		else this.#reading(said as { seq: number; boot: number; dropped?: [number, number] });
	}

	/** The power or the reset button ended the boot that runs: what was in memory is lost. */
	cut(): void {
		for (const boot of this.#boots.values()) boot.cut = true;
		this.current = undefined;
	}

	/** The first numbers that are owed: of the boot that runs up to `upTo`, of those before it all that are known. */
	missing(upTo: number): string[] {
		const missing: string[] = [];
		for (const boot of this.#boots.values()) {
			if (boot.cut || boot.heardAt < 0) continue;
			const last = boot === this.current ? upTo : Math.max(boot.sampled, boot.came.span?.to ?? 0);
			for (let seq = 1; seq <= last && missing.length < 10; seq++) if (!this.#has(boot, seq)) missing.push(`${boot.name}/${seq}`);
		}
		return missing;
	}

	#has({ name, came, named }: Boot, seq: number): boolean {
		return came.has(seq) || named.has(seq) || this.#acknowledged.has(`${name}/${seq}`);
	}

	#boot(name: string): Boot {
		const known = this.#boots.get(name);
		if (known) return known;
		const boot: Boot = { name, came: new Ranges(), named: new Ranges(), sampled: 0, waiting: 0, heardAt: -1, cut: false };
		this.#boots.set(name, boot);
		return boot;
	}

	#reading({ seq, boot: name, dropped }: { seq: number; boot: number; dropped?: [number, number] }): void {
		const boot = this.#boot(String(name));
		this.readings++;
		boot.came.add(seq);
		if (dropped) boot.named.addRange(...dropped);
	}

	#account(health: Record<string, number>, at: number): void {
		const { boot: name, sampled, waiting, acknowledged, dropped } = health as { boot: number; sampled: number; waiting: number; acknowledged: number; dropped: number };
		if (sampled !== acknowledged + waiting + dropped) this.onComplaint(`health does not add up: ${JSON.stringify(health)}`);
		this.current = this.#boot(String(name));
		Object.assign(this.current, { sampled, waiting, heardAt: at });
	}
}
