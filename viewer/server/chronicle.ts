// What happened to each node, in the order in which it happened: for the page's timeline, and to mark what came late.
//
// Rule: bounded: EVENTS events, LOG_LINES lines of the serial log and SPANS spans of late readings a node, for as many nodes as the viewer
// keeps. What goes on, like late readings that come one after the other, is one event that comes again. Text from outside is cut; stream.ts makes it safe.

import { age, counted } from '../format.js';
import type { Viewer, ViewerEvents } from '../viewer.js';
import type { EventKind, Span, TimelineEvent } from '../web/messages.js';
import { causeWords } from '../web/words.js';

const EVENTS = 100;
const LOG_LINES = 100;
const SPANS = 64;
const TEXT_MAX = 240;
/** Late readings that come so soon after the last belong to it. */
const BATCH_MS = 20_000;
/** And what was taken so close to others is one span: so many seconds, or intervals of the node. */
const SPAN_SECONDS = 30;
const SPAN_INTERVALS = 2.5;
/** The same is told once in this time. */
const QUIET_MS = 10_000;

interface Kept {
	event: TimelineEvent;
	/** Counts all news of all nodes: who has seen one has seen those before. */
	change: number;
}

interface Story {
	readonly events: Kept[];
	readonly logs: Kept[];
	readonly spans: { from: number; to: number; count: number }[];
	/** While the broker said that it is offline: Unix seconds. */
	readonly away: { from: number; to: number }[];
	/** Since when it is; 0: it is not. */
	awaySince: number;
	late: { kept: Kept; first: number; last: number; count: number; at: number; boot: string } | undefined;
	boot: string;
}

const STATUS: Readonly<Record<string, readonly [string, TimelineEvent['tone']]>> = {
	online: ['Online', 'good'], offline: ['Offline: the broker published its will', 'bad'], stopped: ['Stopped, as it was told to', 'plain'], sleeping: ['Asleep', 'plain'],
};

export class Chronicle {
	readonly #viewer: Viewer;
	readonly #stories = new Map<string, Story>();
	readonly #nodesMax: number;
	#ids = 0;
	#changes = 0;
	/** Called with a node whose story grew. */
	onNews: (node: string) => void = () => {};

	constructor(viewer: Viewer, nodesMax = 1_000) {
		this.#viewer = viewer;
		this.#nodesMax = nodesMax;
		viewer.on('status', (news) => this.#status(news));
		viewer.on('reading', (news) => this.#reading(news));
		viewer.on('outage', ({ node, outage: { seconds, cause, kept, attempts }, at }) => {
			const words = [seconds === undefined ? '' : age(seconds * 1_000), cause && causeWords(cause), attempts ? counted(attempts, 'attempt') : '', kept ? `kept ${counted(kept, 'reading')} meanwhile` : ''];
			this.add(node, 'outage', `Back from an outage: ${words.filter(Boolean).join(', ')}`, 'plain', at);
		});
		viewer.on('gap', ({ node, from, to, open, at }) => {
			const what = from === to ? `#${from}` : `#${from} to #${to}`;
			this.add(node, 'gap', open ? `${what} missing: the node does not say that it holds them` : `${what} came after all`, open ? 'bad' : 'good', at);
		});
		viewer.on('fault', ({ node, fault, at }) => this.add(node, 'fault', fault || 'All parts answer again', fault ? 'bad' : 'good', at));
		viewer.on('conflict', ({ node, reading, at }) => this.add(node, 'refused', `#${reading.seq} came again with other values; the first are kept`, 'bad', at));
		viewer.on('refused', ({ node, why, at }) => this.#stories.has(node) && this.add(node, 'refused', `Refused: ${why}`, 'bad', at));
	}

	add(node: string, kind: EventKind, text: string, tone: TimelineEvent['tone'] = 'plain', at = Date.now()): void {
		const { events } = this.#story(node);
		const last = events.at(-1)?.event;
		// Who floods us gets one line for it.
		if (last?.kind === kind && last.text === cut(text) && at - last.at < QUIET_MS) return;
		this.#push(node, events, EVENTS, kind, text, tone, at);
	}

	/** A line of the serial log of a simulated node. */
	log(node: string, line: string, at = Date.now()): void {
		this.#push(node, this.#story(node).logs, LOG_LINES, 'log', line, 'plain', at);
	}

	/** For all nodes that are known. */
	addToAll(kind: EventKind, text: string, tone: TimelineEvent['tone'] = 'plain'): void {
		for (const node of this.#stories.keys()) this.add(node, kind, text, tone);
	}

	/** What is newer than what was seen, and what is seen then. */
	since(node: string, seen: number): { readonly events: readonly TimelineEvent[]; readonly seen: number } {
		const story = this.#stories.get(node);
		if (!story) return { events: [], seen: this.#changes };
		const news = [...story.events, ...story.logs].filter(({ change }) => change > seen).map(({ event }) => event);
		return { events: news.sort((one, other) => one.id - other.id), seen: this.#changes };
	}

	lateSpans(node: string): readonly Span[] {
		return this.#stories.get(node)?.spans ?? [];
	}

	/** Of the past: it was offline. */
	away(node: string): readonly { readonly from: number; readonly to: number }[] {
		return this.#stories.get(node)?.away ?? [];
	}

	#status({ node, status, before, retained, at }: ViewerEvents['status'][0]): void {
		const story = this.#story(node);
		if (status === 'offline') story.awaySince = this.#viewer.nodes.get(node)?.lastTime ?? at / 1_000;
		else if (status === 'online' && story.awaySince) {
			story.away.push({ from: story.awaySince, to: at / 1_000 });
			if (story.away.length > SPANS) story.away.shift();
			story.awaySince = 0;
		}
		const [text, tone] = STATUS[status ?? ''] ?? ['Nothing is known of its status any more', 'plain'];
		this.add(node, 'status', retained && before === undefined ? `${text} (as it was when this began)` : text, tone, at);
	}

	#reading({ node, reading, late, dropped, time, at }: ViewerEvents['reading'][0]): void {
		const story = this.#story(node);
		if (!late) {
			if (story.boot && story.boot !== reading.boot) this.add(node, 'boot', `Started anew: it numbers its readings as boot ${reading.boot}`, 'plain', at);
			story.boot = reading.boot;
		}
		if (dropped) return this.add(node, 'gap', `Gave up ${reading.dropped ? `#${reading.dropped.from} to #${reading.dropped.to}` : `#${reading.seq}`} for want of memory, and says so`, 'bad', at);
		if (!late) return;
		if (time !== undefined) this.#extend(story.spans, time, Number(this.#viewer.nodes.get(node)?.info?.['interval']) || 0);
		this.#batch(node, story, reading.boot, reading.seq, at);
	}

	#batch(node: string, story: Story, boot: string, seq: number, at: number): void {
		let { late } = story;
		if (!late || at - late.at > BATCH_MS || late.boot !== boot || !story.events.includes(late.kept)) {
			const kept = this.#push(node, story.events, EVENTS, 'late', '', 'good', at);
			late = story.late = { kept, first: seq, last: seq, count: 0, at, boot };
		}
		Object.assign(late, { first: Math.min(late.first, seq), last: Math.max(late.last, seq), count: late.count + 1, at });
		const numbers = late.first === late.last ? `#${seq}` : `#${late.first} to #${late.last}`;
		const what = late.first === 1 ? 'from before it was connected' : 'filled the gap';
		late.kept.event = { ...late.kept.event, text: `${counted(late.count, 'late reading')} ${what}: ${numbers}` };
		late.kept.change = ++this.#changes;
		this.onNews(node);
	}

	/** By the times at which they were taken. */
	#extend(spans: Story['spans'], time: number, interval: number): void {
		const reach = Math.max(SPAN_SECONDS, interval * SPAN_INTERVALS);
		const near = spans.find(({ from, to }) => time >= from - reach && time <= to + reach);
		if (near) return void Object.assign(near, { from: Math.min(near.from, time), to: Math.max(near.to, time), count: near.count + 1 });
		spans.push({ from: time, to: time, count: 1 });
		if (spans.length > SPANS) spans.shift();
	}

	#push(node: string, list: Kept[], max: number, kind: EventKind, text: string, tone: TimelineEvent['tone'], at: number): Kept {
		const kept: Kept = { event: { id: ++this.#ids, at, kind, text: cut(text), tone }, change: ++this.#changes };
		list.push(kept);
		if (list.length > max) list.shift();
		this.onNews(node);
		return kept;
	}

	#story(node: string): Story {
		const known = this.#stories.get(node);
		if (known) return known;
		const story: Story = { events: [], logs: [], spans: [], away: [], awaySince: 0, late: undefined, boot: '' };
		this.#stories.set(node, story);
		if (this.#stories.size > this.#nodesMax) this.#stories.delete(this.#stories.keys().next().value!);
		return story;
	}
}

function cut(text: string): string {
	return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX - 1)}…` : text;
}
