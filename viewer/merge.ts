// Puts live and late readings together again by node, boot and number, and names what is missing: what a subscriber can know, bounded in
// memory, and a part of the product. What tests believe is said by simulator/audit/auditor.ts.
//
// Rule: pure (no socket, no clock: the caller says when a message came), and bounded, since a watcher runs for months among
// strangers: NODES_MAX nodes, and by node what viewer/node.ts keeps.
// Invariant: the order in which messages of one boot arrive changes neither the set of readings nor the gaps.

import type { Verdict } from './boot.js';
import { Node, type NodeView } from './node.js';
import type { Message, Reading } from './payload.js';

export type { Gap, NodeView } from './node.js';

export const NODES_MAX = 1_000;

export interface Options {
	/** The watcher was there before the nodes: numbers are expected from 1, not from the first that is seen. */
	readonly fromStart?: boolean;
}

/** `noted`: something of the node is otherwise now; `known`: it said what it had said before. */
export type Outcome = Verdict | 'noted' | 'known' | 'malformed' | 'ignored';

export class Merge {
	readonly #nodes = new Map<string, Node>();
	readonly #fromStart: boolean;
	/** Messages of nodes beyond NODES_MAX. */
	refused = 0;
	/** Messages that do not follow the contract, from anyone. */
	malformed = 0;
	/** Messages of other programs below the topics of nodes. */
	foreign = 0;
	/** A reading that was not believed at first, and is now since the next one bore it out: to be taken with that one. */
	borneOut: Reading | undefined;

	constructor(options: Options = {}) {
		this.#fromStart = options.fromStart ?? false;
	}

	/** `at`: when it came, in milliseconds of any clock. `broker`: which of several it came from. `retained`: it had that before we came. */
	take(message: Message, at: number, broker = 0, retained = false): Outcome {
		this.borneOut = undefined;
		if (message.kind === 'other') return 'ignored';
		if (message.kind === 'malformed') return this.#malformed(message.node, message.why);
		if (message.kind === 'foreign') return this.#foreign();
		const node = this.#node(message.node, message.kind === 'cleared');
		if (!node) return 'ignored';
		if (message.kind === 'reading') {
			const verdict = node.reading(message.reading, message.late, at, broker);
			if (verdict === 'implausible') this.malformed++;
			this.borneOut = node.borneOut;
			return verdict;
		}
		return node.note(message, at, broker, retained);
	}

	/** Whoever runs the node knows that this boot of it took so many readings: what did not come of them is missing, the last ones too. */
	expect(name: string, boot: string, count: number): void {
		this.#node(name, false)?.expect(boot, count);
	}

	/** The watcher itself was cut off: numbers that pass until each node is heard again are nobody's loss, and counted apart. */
	interrupted(broker = 0): void {
		for (const node of this.#nodes.values()) node.interrupted(broker);
	}

	node(name: string): NodeView | undefined {
		return this.#nodes.get(name);
	}

	/** In the order in which they were found. */
	get byName(): ReadonlyMap<string, NodeView> {
		return this.#nodes;
	}

	/** By name. */
	nodes(): NodeView[] {
		return [...this.#nodes.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
	}

	get received(): number {
		return this.#sum((node) => node.received);
	}

	get missing(): number {
		return this.#sum((node) => node.missing);
	}

	get late(): number {
		return this.#sum((node) => node.late);
	}

	get dropped(): number {
		return this.#sum((node) => node.dropped);
	}

	get passed(): number {
		return this.#sum((node) => node.passed);
	}

	/** Numbers that did not come, but that nodes say they hold. */
	get toCome(): number {
		return this.#sum((node) => node.toCome);
	}

	get duplicates(): number {
		return this.#sum((node) => node.duplicates);
	}

	get conflicts(): number {
		return this.#sum((node) => node.conflicts);
	}

	#sum(of: (node: NodeView) => number): number {
		let sum = 0;
		for (const node of this.#nodes.values()) sum += of(node);
		return sum;
	}

	/** Nonsense makes no row: it is counted at a node only where one is known. */
	#malformed(name: string, why: string): Outcome {
		this.malformed++;
		const node = this.#nodes.get(name);
		if (node) [node.malformed, node.complaint] = [node.malformed + 1, why];
		return 'malformed';
	}

	#foreign(): Outcome {
		this.foreign++;
		return 'ignored';
	}

	#node(name: string, knownOnly: boolean): Node | undefined {
		const known = this.#nodes.get(name);
		if (known || knownOnly) return known;
		if (this.#nodes.size >= NODES_MAX) {
			this.refused++;
			return undefined;
		}
		const node = new Node(name, this.#fromStart);
		this.#nodes.set(name, node);
		return node;
	}
}
