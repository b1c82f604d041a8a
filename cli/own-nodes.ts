// The nodes that a simulation runs itself: which messages are theirs, and how many readings each has taken.
//
// Rule: what counts is what their parts were asked for, which the simulation sees, not what they say of themselves. A reading is theirs by
// the number of a boot that they had, and its own that they have come to; anybody else may use their names on the same broker, and what is retained may be of last week.

import type { Message } from '../viewer/payload.js';

/** Taken in one boot of one node. */
export interface Taken {
	/** As its topics call it. */
	readonly node: string;
	readonly boot: string;
	readonly count: number;
}

/** Readings of a boot: at least, and at most. */
interface Range {
	readonly least: number;
	readonly most: number;
}

export class OwnNodes {
	/** Readings of others below the same topics. */
	foreign = 0;
	/** By the name in topics that it began with, by the name of the boot. */
	readonly #taken = new Map<string, Map<string, Range>>();
	/** Those names, by the boots. */
	readonly #owners = new Map<string, string>();
	/** And by the names of now: settings in place may give another. */
	readonly #known = new Map<string, string>();
	/** What a node was called in a boot. */
	readonly #called = new Map<string, string>();

	constructor(names: readonly string[]) {
		for (const name of names) {
			this.#taken.set(name, new Map());
			this.#known.set(name, name);
		}
	}

	/** So many in this boot, so far, at least and at most. Returns what the boot before took, if there was one and this is the first that is heard of the new one. */
	measured(node: string, boot: string, least: number, most: number): Taken | undefined {
		const boots = this.#taken.get(node)!;
		const ended = boots.has(boot) ? undefined : this.#last(node, boots);
		this.#owners.set(boot, node);
		boots.set(boot, { least, most });
		return ended;
	}

	/** The boots that run. */
	running(): Taken[] {
		return [...this.#taken].flatMap(([node, boots]) => this.#last(node, boots) ?? []);
	}

	accepts(message: Message, retained: boolean): boolean {
		if (message.kind === 'other') return false;
		if (message.kind === 'reading') {
			const { boot, seq } = message.reading;
			const isTaken = seq <= (this.#taken.get(this.#owners.get(boot) ?? '')?.get(boot)?.most ?? 0);
			// Who repeats it under another name is somebody else.
			const own = isTaken && (this.#called.get(boot) ?? message.node) === message.node;
			if (own) this.#heard(message.node, boot);
			else this.foreign++;
			return own;
		}
		if (message.kind === 'info') this.#heard(message.node, String(message.content['boot']));
		const owner = this.#known.get(message.node);
		const boots = owner === undefined ? undefined : this.#taken.get(owner);
		// Before a node has begun, all that is retained is of somebody before it.
		return boots !== undefined && (!retained || boots.size > 0);
	}

	/** Who is called so says that it is this boot. The name of a boot is the first that was heard of it, under which it is counted. */
	#heard(name: string, boot: string): void {
		const owner = this.#owners.get(boot);
		if (owner === undefined || this.#called.has(boot)) return;
		this.#called.set(boot, name);
		this.#known.set(name, owner);
	}

	#last(node: string, boots: ReadonlyMap<string, Range>): Taken | undefined {
		const entry = [...boots].at(-1);
		return entry && { node: this.#called.get(entry[0]) ?? node, boot: entry[0], count: entry[1].least };
	}
}

