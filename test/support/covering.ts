// Few out of many that together have all that the many have: which worlds, places or settings are worth a run.
//
// Rule: greedy, and the same each time. The item with most that is new comes next; of several the first.

/** The items to take, in the order in which they were chosen. */
export function covering<Item>(items: readonly Item[], partsOf: (item: Item) => ReadonlySet<string>): Item[] {
	const parts = new Map(items.map((item) => [item, new Set(partsOf(item))]));
	const chosen: Item[] = [];
	for (;;) {
		const [item, fresh] = [...parts].reduce((best, each) => (each[1].size > best[1].size ? each : best), [undefined as Item | undefined, new Set<string>()] as const);
		if (fresh.size === 0) return chosen;
		chosen.push(item as Item);
		for (const part of [...fresh]) for (const each of parts.values()) each.delete(part);
	}
}

/** All that the items have. */
export function union<Item>(items: readonly Item[], partsOf: (item: Item) => ReadonlySet<string>): Set<string> {
	return new Set(items.flatMap((item) => [...partsOf(item)]));
}

/** Every two of these words, in any order. */
export function pairs(words: readonly string[]): string[] {
	return words.flatMap((one, i) => words.slice(i + 1).map((other) => [one, other].sort().join(' × ')));
}
