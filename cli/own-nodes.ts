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
	/** By the name in topics, by the name of the boot. */
	readonly #taken = new Map<string, Map<string, Range>>();

	constructor(names: readonly string[]) {
		for (const name of names) this.#taken.set(name, new Map());
	}

	/** So many in this boot, so far, at least and at most. Returns what the boot before took, if there was one and this is the first that is heard of the new one. */
	measured(node: string, boot: string, least: number, most: number): Taken | undefined {
		const boots = this.#taken.get(node)!;
		const ended = boots.has(boot) ? undefined : last(node, boots);
		boots.set(boot, { least, most });
		return ended;
	}

	/** The boots that run. */
	running(): Taken[] {
		return [...this.#taken].flatMap(([node, boots]) => last(node, boots) ?? []);
	}

	accepts(message: Message, retained: boolean): boolean {
		if (message.kind === 'other') return false;
		const boots = this.#taken.get(message.node);
		if (message.kind === 'reading') {
			const own = message.reading.seq <= (boots?.get(message.reading.boot)?.most ?? 0);
			if (!own) this.foreign++;
			return own;
		}
		// Before a node has begun, all that is retained is of somebody before it.
		return boots !== undefined && (!retained || boots.size > 0);
	}
}

function last(node: string, boots: ReadonlyMap<string, Range>): Taken | undefined {
	const entry = [...boots].at(-1);
	return entry && { node, boot: entry[0], count: entry[1].least };
}
