// What is under way in one direction of a virtual connection, and what the air does to it.
//
// Rule: packets go one by one, in order; one that is lost (by chance, in a stall) is sent again after 1.5 s, then 3, 6 …, and those
// behind it wait; if there are three of them, the sender hears of the loss within a round trip. Without a link everything waits, and is sent again soon after it is back.

import type { Clock } from '../world/clock.js';
import type { Conditions } from '../world/conditions.js';
import type { Link } from '../world/network.js';
import type { Random } from '../world/random.js';

export const RTO_MS = 1_500;
export const RTO_MAX_MS = 60_000;
/** After the link came back, the next retransmission is due within this. */
const RETRANSMIT_MS = [50, 3_000] as const;

/** The way between a node and a server, for one connection. */
export class Passage {
	/** Neither side ever hears of the other again. */
	frozen = false;
	over = false;
	/** The node has lost patience with something. */
	onHopeless: () => void = () => {};
	readonly clock: Clock;
	readonly random: Random;
	readonly conditions: Conditions;
	readonly link: Link;

	constructor(clock: Clock, random: Random, conditions: Conditions, link: Link) {
		this.clock = clock;
		this.random = random;
		this.conditions = conditions;
		this.link = link;
	}

	latency(): number {
		return this.random.between(...this.conditions.latencyMs);
	}

	/** Whether a packet that was sent gets there. */
	passes(fragile = true): boolean {
		const { stalled, lossRate } = this.conditions;
		return this.link.up && !stalled && !(fragile && lossRate > 0 && this.random.chance(lossRate));
	}

	onceLinked(giveUpAt: number, action: () => void): void {
		const unlisten = this.link.onChange(() => {
			if (!this.link.up) return;
			unlisten();
			this.clock.after(this.random.between(...RETRANSMIT_MS), action);
		});
		this.loseHopeAt(giveUpAt, unlisten);
	}

	/** The node's side loses patience; the server has none of its own. */
	loseHopeAt(ms: number, unlisten?: () => void): void {
		this.clock.at(ms, () => {
			if (this.over || (this.link.up && !this.frozen)) return;
			unlisten?.();
			this.onHopeless();
		});
	}
}

interface Carried {
	at: number;
	rtoMs: number;
	readonly giveUpAt: number;
	readonly fragile: boolean;
	readonly arrive: () => void;
}

/** So many behind it, and the sender hears of a packet's loss at once. */
const FAST_RETRANSMIT = 3;

/** Only the first of the queue is being carried. */
export class Pipe {
	/** What is lost is sent again. */
	reliable = true;
	readonly #passage: Passage;
	#queue: Carried[] = [];
	#busy = false;

	constructor(passage: Passage) {
		this.#passage = passage;
	}

	/** The first was lost, and waits for its time to be sent again. */
	get waiting(): boolean {
		const first = this.#queue[0];
		return first !== undefined && (first.rtoMs > RTO_MS || !this.#passage.link.up);
	}

	clear(): void {
		this.#queue = [];
	}

	/** Takes something over the air: in order, after a while, and only while there is a link. `fragile`: may be lost by chance. */
	carry(patienceMs: number, arrive: () => void, fragile = true): void {
		const now = this.#passage.clock.now();
		this.#queue.push({ at: now + this.#passage.latency(), rtoMs: RTO_MS, giveUpAt: now + patienceMs, fragile, arrive });
		this.#next();
	}

	#next(): void {
		if (this.#busy || this.#queue.length === 0) return;
		this.#busy = true;
		this.#passage.clock.at(this.#queue[0].at, () => this.#attempt());
	}

	#attempt(): void {
		const { over, frozen, link, clock } = this.#passage;
		const first = this.#queue[0];
		if (over) return;
		// Cleared, and perhaps filled again, meanwhile.
		if (!first || first.at > clock.now()) return this.#rest();
		if (frozen) return this.#passage.loseHopeAt(first.giveUpAt);
		if (!link.up && this.reliable) return this.#passage.onceLinked(first.giveUpAt, () => this.#attempt());
		if (!this.#passage.passes(first.fragile)) return this.#lose(first);
		this.#queue.shift();
		this.#busy = false;
		first.arrive();
		this.#next();
	}

	#rest(): void {
		this.#busy = false;
		this.#next();
	}

	#lose(first: Carried): void {
		if (!this.reliable) this.clear();
		const { stalled } = this.#passage.conditions;
		const fast = !stalled && first.rtoMs === RTO_MS && this.#queue.length > FAST_RETRANSMIT;
		first.at = this.#passage.clock.now() + (fast ? 2 * this.#passage.latency() : first.rtoMs);
		first.rtoMs = Math.min(2 * first.rtoMs, RTO_MAX_MS);
		if (first.at > first.giveUpAt) this.#passage.onHopeless();
		this.#rest();
	}
}
