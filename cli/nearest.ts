// Which known name was probably meant.

/** The known name with the fewest slips from `name`; undefined if none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
	const wanted = name.toLowerCase();
	let [best, fewest]: [string | undefined, number] = [undefined, Infinity];
	for (const candidate of known) {
		const slips = distance(wanted, candidate.toLowerCase());
		if (slips < fewest) [best, fewest] = [candidate, slips];
	}
	if (best === undefined) return undefined;
	// A short name that is the beginning of a known one was cut, not mistyped.
	if (wanted.length > 1 && best.toLowerCase().startsWith(wanted)) return best;
	return fewest <= Math.max(1, Math.floor(Math.max(name.length, best.length) / 3)) ? best : undefined;
}

/** "did you mean …" where one is near, else all known names. */
export function suggestion(name: string, known: readonly string[]): string {
	const meant = nearest(name, known);
	return meant ? `did you mean "${meant}"?` : `known are ${known.join(', ')}.`;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function distance(one: string, other: string): number {
	let [before, last] = [[] as number[], [...Array(other.length + 1).keys()]];
	for (let i = 1; i <= one.length; i++) {
		const row = [i];
		for (let j = 1; j <= other.length; j++) {
			const same = one[i - 1] === other[j - 1];
			let least = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + (same ? 0 : 1));
			if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) least = Math.min(least, before[j - 2]! + 1);
			row.push(least);
		}
		[before, last] = [last, row];
	}
	return last[other.length]!;
}
