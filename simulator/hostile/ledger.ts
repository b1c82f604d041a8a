// Which readings a node owes in the middle of hostile input: the auditor's account, of the boots from which it can be asked.
//
// Rule: boots that the campaign itself cut short owe nothing; nor do those that were over before they said a word of themselves. What was
// acknowledged by whoever forged that is not owed either.

import { Auditor, highest, type Boot } from '../audit/auditor.js';
import type { Published } from '../virtual/broker.js';

const EXAMPLES_MAX = 10;

export class Ledger {
	/** The boot that runs, as far as it has given its account. */
	current: Boot | undefined;
	readings = 0;
	readonly #auditor: Auditor;
	readonly #cut = new Set<Boot>();

	/** `acknowledged`: readings that something acknowledged on the wire, as "boot/seq". */
	constructor(base: string, acknowledged: ReadonlySet<string>, onComplaint: (sentence: string) => void = () => {}) {
		this.#auditor = new Auditor(base.slice(base.lastIndexOf('/') + 1), { base, forged: acknowledged });
		this.#auditor.onViolation = onComplaint;
	}

	heard(message: Published): void {
		const leaf = message.topic.slice(message.topic.lastIndexOf('/') + 1);
		if (leaf !== 'readings' && leaf !== 'backlog' && leaf !== 'health') return;
		if (leaf !== 'health') this.readings++;
		this.#auditor.heard(message);
		if (leaf === 'health') this.current = this.#auditor.current;
	}

	/** The power or the reset button ended the boot that runs: what was in memory is lost. */
	cut(): void {
		for (const boot of this.#auditor.boots.values()) this.#cut.add(boot);
		this.current = undefined;
	}

	/** The first numbers that are owed: of the boot that runs up to `upTo`, of those before it all that are known. */
	missing(upTo: number): string[] {
		const owing = [...this.#auditor.boots.values()].filter((boot) => !this.#cut.has(boot) && boot.healthAt >= 0);
		return owing.flatMap((boot) => this.#auditor.missing(boot, boot === this.current ? upTo : highest(boot)).map((seq) => `${boot.name}/${seq}`)).slice(0, EXAMPLES_MAX);
	}
}
