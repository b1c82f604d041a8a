// Puts live and late readings together again by node, boot and number, and names what is missing: what a subscriber can know, bounded in
// memory, and a part of the product. What tests believe is said by simulator/audit/auditor.ts.
//
// Rule: pure (no socket, no clock: the caller says when a message came), and bounded, since a watcher runs for months among
// strangers: NODES_MAX nodes, and by node what viewer/boot.ts keeps for BOOTS_MAX boots.
// Invariant: the order in which messages of one boot arrive changes neither the set of readings nor the gaps.

import { BootLog, LEAP_MAX, type Verdict } from './boot.js';
import type { Content, Message, Reading, Status } from './payload.js';
import type { Range } from './ranges.js';

export const NODES_MAX = 1_000;
/** Boots of one node that are told apart; what is kept of older ones is their counts. */
export const BOOTS_MAX = 8;

export interface Options {
	/** The watcher was there before the nodes: numbers are expected from 1, not from the first that is seen. */
	readonly fromStart?: boolean;
}

export interface Gap extends Range {
	readonly boot: string;
}

/** What is known of one node. */
export interface NodeView {
	readonly name: string;
	readonly status: Status | undefined;
	/** When the status was heard, as the caller's time. */
	readonly statusAt: number;
	readonly info: Content | undefined;
	readonly health: Content | undefined;
	readonly outage: Content | undefined;
	readonly outages: number;
	/** The reading with the highest number of the boot that is running, and when it came. */
	readonly last: Reading | undefined;
	readonly lastAt: number;
	readonly received: number;
	readonly late: number;
	readonly duplicates: number;
	readonly conflicts: number;
	readonly malformed: number;
	readonly missing: number;
	/** Dropped by the node to make room, and named by it: accounted for, so not missing. */
	readonly dropped: number;
	/** Numbers that passed while the watcher was cut off, as far as later ones show. */
	readonly passed: number;
	/** No live reading came since the watcher was cut off. */
	readonly blind: boolean;
	readonly boots: number;
	gaps(): Gap[];
}

export type Outcome = Verdict | 'noted' | 'malformed' | 'ignored';

export class Merge {
	readonly #nodes = new Map<string, Node>();
	readonly #fromStart: boolean;
	/** Messages of nodes beyond NODES_MAX. */
	refused = 0;
	/** Messages that do not follow the contract, from anyone. */
	malformed = 0;

	constructor(options: Options = {}) {
		this.#fromStart = options.fromStart ?? false;
	}

	/** `at`: when it came, in milliseconds of any clock. */
	take(message: Message, at: number): Outcome {
		if (message.kind === 'other') return 'ignored';
		if (message.kind === 'malformed') return this.#malformed(message.node);
		const node = this.#node(message.node, message.kind === 'cleared');
		if (!node) return 'ignored';
		if (message.kind === 'reading') {
			const verdict = node.reading(message.reading, message.late, at);
			if (verdict === 'implausible') this.malformed++;
			return verdict;
		}
		node.note(message, at);
		return 'noted';
	}

	/** Whoever runs the node knows that this boot of it took so many readings: what did not come of them is missing, the last ones too. */
	expect(name: string, boot: string, count: number): void {
		this.#node(name, false)?.expect(boot, count);
	}

	/** The watcher itself was cut off: numbers that pass until each node is heard again are nobody's loss, and counted apart. */
	interrupted(): void {
		for (const node of this.#nodes.values()) node.interrupted();
	}

	node(name: string): NodeView | undefined {
		return this.#nodes.get(name);
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
	#malformed(name: string): Outcome {
		this.malformed++;
		const node = this.#nodes.get(name);
		if (node) node.malformed++;
		return 'malformed';
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

class Node implements NodeView {
	readonly name: string;
	readonly #fromStart: boolean;
	/** In the order of their last reading. */
	readonly #boots = new Map<string, BootLog>();
	#current: BootLog | undefined;
	#forgotten = { received: 0, missing: 0, dropped: 0, passed: 0, boots: 0 };
	/** The highest number of the boot that was running when the watcher was cut off. */
	#blindAfter = 0;
	blind = false;
	status: Status | undefined;
	statusAt = 0;
	info: Content | undefined;
	health: Content | undefined;
	outage: Content | undefined;
	outages = 0;
	last: Reading | undefined;
	lastAt = 0;
	late = 0;
	duplicates = 0;
	conflicts = 0;
	malformed = 0;

	constructor(name: string, fromStart: boolean) {
		this.name = name;
		this.#fromStart = fromStart;
	}

	reading(reading: Reading, late: boolean, at: number): Verdict {
		const boot = this.#boot(reading.boot);
		if (!boot.isPlausible(reading, late, at)) return this.#implausible();
		if (reading.dropped) boot.drop(reading.dropped);
		if (!late) this.#heardLive(boot, reading.seq);
		const verdict = boot.take(reading, late);
		if (verdict === 'conflict') this.conflicts++;
		else if (verdict === 'duplicate') this.duplicates++;
		else if (late) this.late++;
		if (verdict === 'new' || (verdict === 'duplicate' && !this.last)) this.#keepLast(boot, reading, at);
		return verdict;
	}

	#implausible(): Verdict {
		this.malformed++;
		return 'implausible';
	}

	note(message: Exclude<Message, { kind: 'reading' | 'malformed' | 'other' }>, at: number): void {
		if (message.kind === 'cleared') this.#clear(message.leaf);
		else if (message.kind === 'status') [this.status, this.statusAt] = [message.status, at];
		else if (message.kind === 'info') this.info = message.content;
		else if (message.kind === 'health') this.health = message.content;
		else if (message.kind === 'outage') [this.outage, this.outages] = [message.content, this.outages + 1];
	}

	expect(boot: string, count: number): void {
		this.#boot(boot).expect(count);
	}

	interrupted(): void {
		if (!this.blind) this.#blindAfter = this.#current?.highest ?? 0;
		this.blind = true;
	}

	get received(): number {
		return this.#sum((boot) => boot.received) + this.#forgotten.received;
	}

	get missing(): number {
		return this.#sum((boot) => boot.missing) + this.#forgotten.missing;
	}

	get dropped(): number {
		return this.#sum((boot) => boot.dropped) + this.#forgotten.dropped;
	}

	get passed(): number {
		return this.#sum((boot) => boot.passed) + this.#forgotten.passed;
	}

	get boots(): number {
		return this.#boots.size + this.#forgotten.boots;
	}

	gaps(): Gap[] {
		return [...this.#boots.values()].flatMap((boot) => boot.gaps().map((gap) => ({ boot: boot.name, ...gap })));
	}

	#sum(of: (boot: BootLog) => number): number {
		let sum = 0;
		for (const boot of this.#boots.values()) sum += of(boot);
		return sum;
	}

	#clear(leaf: string): void {
		if (leaf === 'status') this.status = undefined;
		else if (leaf === 'info') this.info = undefined;
	}

	#boot(name: string): BootLog {
		const boot = this.#boots.get(name) ?? new BootLog(name, this.#fromStart);
		// Moved behind the others: the first of the map is the one that was quiet longest.
		this.#boots.delete(name);
		this.#boots.set(name, boot);
		if (this.#boots.size > BOOTS_MAX) this.#forget();
		return boot;
	}

	#forget(): void {
		for (const [name, boot] of this.#boots) {
			if (boot === this.#current) continue;
			this.#forgotten.received += boot.received;
			this.#forgotten.missing += boot.missing;
			this.#forgotten.dropped += boot.dropped;
			this.#forgotten.passed += boot.passed;
			this.#forgotten.boots++;
			this.#boots.delete(name);
			return;
		}
	}

	#heardLive(boot: BootLog, seq: number): void {
		if (boot !== this.#current) {
			// A boot that follows another before our eyes is seen from its first number on.
			if (this.#current && !this.blind && !boot.heardLive && seq <= LEAP_MAX) boot.begunInSight = true;
			if (this.#current && this.blind && !boot.heardLive) boot.excuse(1, seq - 1);
			this.#current = boot;
			this.last = undefined;
			this.blind = false;
		} else if (this.blind && seq > this.#blindAfter) {
			boot.excuse(this.#blindAfter + 1, seq - 1);
			this.blind = false;
		}
	}

	#keepLast(boot: BootLog, reading: Reading, at: number): void {
		if (this.#current && boot !== this.#current) return;
		if (this.last && this.last.boot === reading.boot && this.last.seq > reading.seq) return;
		[this.last, this.lastAt] = [reading, at];
	}
}
