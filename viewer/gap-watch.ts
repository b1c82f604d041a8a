// When a hole in a node's numbers is news: when it has been open for a while and the node does not say that it still holds readings.
//
// Rule: what comes out of order, or late after an outage, is no alert. Each gap is told once when it stands and once when all of it came
// after all. GAPS_MAX gaps of a node are watched, those with the highest numbers of each boot.

import type { Gap, NodeView } from './node.js';

export interface GapNews extends Gap {
	readonly node: string;
	/** False: all of it came after all. */
	readonly open: boolean;
}

/** Health comes once a minute, and tells how many readings wait. */
export const STANDS_MS = 90_000;
const GAPS_MAX = 64;

interface Watched extends Gap {
	readonly since: number;
	told: boolean;
}

export class GapWatch {
	readonly #byNode = new Map<string, Watched[]>();

	/** To be asked each second or so; `now` in milliseconds. */
	look(nodes: Iterable<NodeView>, now: number): GapNews[] {
		const news: GapNews[] = [];
		for (const node of nodes) {
			const watched = this.#byNode.get(node.name);
			if (!watched && !node.missing) continue;
			this.#lookAt(node, watched ?? [], now, news);
		}
		return news;
	}

	#lookAt(node: NodeView, before: readonly Watched[], now: number, news: GapNews[]): void {
		const gaps = node.gaps().slice(-GAPS_MAX);
		const holds = node.toCome > 0;
		const next: Watched[] = [];
		for (const gap of gaps) {
			const known = before.find((each) => overlap(each, gap));
			// One that was told stays as it was told until all of it came.
			if (known?.told) {
				if (!next.includes(known)) next.push(known);
				continue;
			}
			const watched: Watched = { ...gap, since: known?.since ?? now, told: false };
			if (!holds && now - watched.since >= STANDS_MS) {
				watched.told = true;
				news.push({ node: node.name, ...gap, open: true });
			}
			next.push(watched);
		}
		for (const { boot, from, to } of before.filter((each) => each.told && !gaps.some((gap) => overlap(each, gap)))) {
			news.push({ node: node.name, boot, from, to, open: false });
		}
		if (next.length) this.#byNode.set(node.name, next);
		else this.#byNode.delete(node.name);
	}
}

function overlap(one: Gap, other: Gap): boolean {
	return one.boot === other.boot && one.from <= other.to && other.from <= one.to;
}
