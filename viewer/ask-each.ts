// One command for many nodes, and what came of it at each.
//
// Rule: each node is asked by itself, so any command can be sent and each has its answer, or that none came. A node that is away is not
// asked: the broker would keep the command for it. Restarts begin apart, over APART_ALL_MS at the most.

import type { Answer } from './commands.js';
import { natural } from './state.js';
import type { Viewer } from './viewer.js';

export interface NodeAnswer {
	readonly node: string;
	/** Undefined: it is away, and was not asked. */
	readonly answer: Answer | undefined;
}

/** Nodes that restart all at once come back all at once. */
const APART_MS = 100;
const APART_ALL_MS = 10_000;

/** In natural order of their names. */
export function askEach(viewer: Viewer, nodes: readonly string[], name: string, value: unknown, timeoutMs: number): Promise<NodeAnswer[]> {
	const apart = name === 'restart' ? Math.min(APART_MS, APART_ALL_MS / nodes.length) : 0;
	return Promise.all([...nodes].sort(natural.compare).map(async (node, index): Promise<NodeAnswer> => {
		const status = viewer.nodes.get(node)?.status;
		if (status === 'offline' || status === 'stopped') return { node, answer: undefined };
		if (apart) await new Promise((resolve) => setTimeout(resolve, index * apart));
		return { node, answer: await asked(viewer, node, name, value, timeoutMs) };
	}));
}

/** That there is no room for one more is an answer too. */
async function asked(viewer: Viewer, node: string, name: string, value: unknown, timeoutMs: number): Promise<Answer> {
	try {
		return await viewer.send(node, name, value, { timeoutMs });
	} catch (error) {
		return { node, answered: false, ok: false, error: (error as Error).message, content: undefined };
	}
}
