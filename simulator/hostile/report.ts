// What a campaign came to, as text: how many inputs of which kinds, and each failure with the command that repeats it.

import { signature, type Failure, type Outcome } from './run.js';

export interface Sum {
	inputs: number;
	failures: number;
	nodes: number;
	probes: number;
	samples: number;
	readings: number;
	virtualMs: number;
	memoryMax: number;
	readonly kinds: Record<string, number>;
	readonly situations: Record<string, number>;
	/** How often each kind of failure was seen. */
	readonly seen: Map<string, number>;
}

const ADDED = ['inputs', 'nodes', 'probes', 'samples', 'readings', 'virtualMs'] as const;

export function emptySum(): Sum {
	return { inputs: 0, failures: 0, nodes: 0, probes: 0, samples: 0, readings: 0, virtualMs: 0, memoryMax: 0, kinds: {}, situations: {}, seen: new Map() };
}

export function add(sum: Sum, outcome: Outcome): void {
	for (const what of ADDED) sum[what] += outcome[what];
	sum.failures += outcome.failures.length;
	sum.memoryMax = Math.max(sum.memoryMax, outcome.memoryMax);
	for (const [into, from] of [[sum.kinds, outcome.kinds], [sum.situations, outcome.situations]] as const) {
		for (const [name, count] of Object.entries(from)) into[name] = (into[name] ?? 0) + count;
	}
}

/** The first of its kind in full, others in a line. */
export function tell(failure: Failure, sum: Sum): string {
	const kind = signature(failure);
	const times = (sum.seen.get(kind) ?? 0) + 1;
	sum.seen.set(kind, times);
	const { what, sentence, situation, shown, command } = failure;
	if (times > 1) return `${what}, as before: ${command}`;
	return [`${what}: ${sentence}`, `  in the situation "${situation}", by:`, ...shown.map((each) => `    ${each}`), `  To repeat it: ${command}`].join('\n');
}

export function report(sum: Sum, seed: number, seconds: number): string {
	const list = (counts: Readonly<Record<string, number>>): string => Object.entries(counts).sort(([, one], [, other]) => other - one).map(([name, count]) => `${name} ${count}`).join(', ');
	return [
		`${sum.inputs} inputs of seed ${seed} to ${sum.nodes} nodes on XS in ${seconds.toFixed(0)} s; ${sum.failures} failures`,
		`inputs: ${list(sum.kinds)}`,
		`groups by what the node was in the middle of: ${list(sum.situations)}`,
		`after each group a command was to be answered, ${sum.probes} times; ${sum.samples} measurements, ${sum.readings} readings in ${(sum.virtualMs / 3_600_000).toFixed(1)} hours of the nodes`,
		`most that a node held: ${sum.memoryMax} bytes`,
		...[...sum.seen].map(([kind, times]) => `${times} × ${kind}`),
	].join('\n');
}
