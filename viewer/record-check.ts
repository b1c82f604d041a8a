// Whether anything is missing in a span of a record: by the numbers of each boot, and by the times beside them.
//
// Rule: a number that is not there counts where it may have been taken in the span, as far as the readings before and after it tell. What
// the record cannot know is said: that it begins later, that it ends earlier.

import type { Recorded, Store } from './record.js';
import { Ranges, type Range } from './ranges.js';

export interface Hole extends Range {
	readonly boot: string;
	/** Of the readings before and after it, Unix seconds; undefined where there is none with a date. */
	readonly after: number | undefined;
	readonly before: number | undefined;
}

export interface NodeCheck {
	readonly node: string;
	/** Readings that were taken in the span. */
	readonly readings: number;
	readonly holes: readonly Hole[];
	readonly missing: number;
	/** Numbers that the node gave up, and said so. */
	readonly dropped: number;
	/** It has nothing from the beginning of the span to then; 0: it has. */
	readonly begins: number;
	/** And nothing from then to the end of it; 0: it has. */
	readonly ends: number;
}

interface Boot {
	readonly name: string;
	readonly seqs: number[];
	readonly times: number[];
	readonly dropped: Ranges;
}

/** A span may begin or end so many readings' time from one, and so many seconds more. */
const SLACK_INTERVALS = 3;
const SLACK_SECONDS = 60;

/** `from`, `to`: Unix seconds. */
export async function check(store: Store, from: number, to: number, node?: string): Promise<NodeCheck[]> {
	const nodes = new Map<string, Map<string, Boot>>();
	await store.read((reading) => note(nodes, reading), node);
	return [...nodes].map(([name, boots]) => checkNode(name, [...boots.values()], from, to)).sort((one, other) => (one.node < other.node ? -1 : 1));
}

function note(nodes: Map<string, Map<string, Boot>>, { node, boot, seq, time, dropped }: Recorded): void {
	if (!nodes.has(node)) nodes.set(node, new Map());
	const boots = nodes.get(node)!;
	if (!boots.has(boot)) boots.set(boot, { name: boot, seqs: [], times: [], dropped: new Ranges() });
	const known = boots.get(boot)!;
	if (dropped) known.dropped.addRange(dropped.from, dropped.to);
	// It says no more than that it was given up.
	if (dropped?.to === seq) return;
	known.seqs.push(seq);
	known.times.push(time);
}

function checkNode(node: string, boots: readonly Boot[], from: number, to: number): NodeCheck {
	const dated = boots.flatMap(({ times }) => times.filter(Boolean)).sort((one, other) => one - other);
	const within = dated.filter((time) => time >= from && time <= to);
	const slack = SLACK_INTERVALS * usualStep(dated) + SLACK_SECONDS;
	const holes = boots.flatMap((boot) => holesOf(boot)).filter(({ after, before }) => (after ?? -Infinity) < to && (before ?? Infinity) > from);
	const [first, last] = [within[0], within.at(-1)];
	return {
		node, readings: within.length, holes, missing: holes.reduce((sum, hole) => sum + hole.to - hole.from + 1, 0),
		dropped: boots.reduce((sum, boot) => sum + boot.dropped.size, 0),
		begins: first === undefined ? to : first - from > slack ? first : 0,
		ends: last === undefined ? from : to - last > slack ? last : 0,
	};
}

/** The median of the times between readings. */
function usualStep(times: readonly number[]): number {
	const steps = times.slice(1).map((time, index) => time - times[index]!).filter((step) => step > 0).sort((one, other) => one - other);
	return steps[steps.length >> 1] ?? 0;
}

function holesOf({ name, seqs, times, dropped }: Boot): Hole[] {
	const order = [...seqs.keys()].sort((one, other) => seqs[one]! - seqs[other]!);
	const holes: Hole[] = [];
	let [next, after]: [number, number | undefined] = [1, undefined];
	for (const at of order) {
		const [seq, time] = [seqs[at]!, times[at] || undefined];
		// What is between two of them and was not given up.
		for (const { from, to } of seq > next ? dropped.holes(next, seq - 1) : []) holes.push({ boot: name, from, to, after, before: time });
		next = Math.max(next, seq + 1);
		after = time ?? after;
	}
	return holes;
}
