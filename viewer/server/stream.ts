// News for pages that are open: server-sent events, at most four times a second.
//
// Rule: what is sent is how things are, not what happened, so a slow page misses nothing but moments: while it does not take what it was
// sent, nothing more is put into its way, and one that takes nothing for STALLED_MS is let go. STREAMS_MAX pages at once; for one
// that has shown the token, the oldest goes that has not.

import type { ServerResponse } from 'node:http';
import { pageJson } from '../safe.js';
import { stateOf, type NodeState } from '../state.js';
import type { Viewer } from '../viewer.js';
import type { Common, Detail, NodeNews, OverviewNews, Row } from '../web/messages.js';
import type { Chronicle } from './chronicle.js';
import { detailOf, rowOf, totalsOf } from './rows.js';
import type { WorldControls } from './world.js';

const TICK_MS = 250;
/** What only time changes: a node falls silent. */
const RENEW_MS = 5_000;
const STALLED_MS = 30_000;
export const STREAMS_MAX = 32;
const REFUSALS_SHOWN = 20;

interface Client {
	readonly response: ServerResponse;
	/** undefined: the overview. */
	readonly node: string | undefined;
	readonly mayCommand: boolean;
	/** What it has seen of rows, of the node's story, and of the node. */
	version: number;
	story: number;
	detail: string;
	/** What all pages get, as it was sent last. */
	said: string;
	/** Since when it takes nothing; 0: it does. */
	stalledAt: number;
	sentAt: number;
}

interface Known {
	state: NodeState;
	row: Row;
	json: string;
	version: number;
}

export class Streams {
	readonly #viewer: Viewer;
	readonly #chronicle: Chronicle;
	readonly #world: () => WorldControls | undefined;
	readonly #clients = new Set<Client>();
	readonly #known = new Map<string, Known>();
	/** Nodes to look at again. */
	readonly #dirty = new Set<string>();
	readonly #timer: NodeJS.Timeout;
	#version = 0;
	#renewedAt = 0;
	#hasNews = true;

	constructor(viewer: Viewer, chronicle: Chronicle, world: () => WorldControls | undefined) {
		[this.#viewer, this.#chronicle, this.#world] = [viewer, chronicle, world];
		viewer.on('change', (node) => this.#touch(node));
		viewer.on('link', () => (this.#hasNews = true));
		viewer.on('refused', () => (this.#hasNews = true));
		chronicle.onNews = (node) => this.#touch(node);
		this.#timer = setInterval(() => this.#tick(), TICK_MS);
		this.#timer.unref();
	}

	get count(): number {
		return this.#clients.size;
	}

	/** Something of the world is otherwise. */
	stir(): void {
		this.#hasNews = true;
	}

	/** False: there are too many. */
	open(response: ServerResponse, node: string | undefined, mayCommand: boolean, headers: Readonly<Record<string, string>>): boolean {
		if (this.#clients.size >= STREAMS_MAX && !(mayCommand && this.#letGo())) return false;
		const client: Client = { response, node, mayCommand, version: 0, story: 0, detail: '', said: '', stalledAt: 0, sentAt: 0 };
		this.#clients.add(client);
		response.on('close', () => this.#clients.delete(client));
		response.on('error', () => this.#clients.delete(client));
		// A page that lost us asks again after so long.
		response.writeHead(200, { ...headers, 'Content-Type': 'text/event-stream; charset=utf-8' }).write('retry: 1000\n\n');
		this.#renew(true);
		this.#send(client, this.#common());
		return true;
	}

	close(): void {
		clearInterval(this.#timer);
		for (const { response } of this.#clients) response.end();
	}

	/** Who has shown the token is not kept out by those who have not. False: all have. */
	#letGo(): boolean {
		for (const client of this.#clients) {
			if (client.mayCommand) continue;
			this.#clients.delete(client);
			client.response.destroy();
			return true;
		}
		return false;
	}

	#touch(node: string): void {
		this.#dirty.add(node);
		this.#hasNews = true;
	}

	#tick(): void {
		if (!this.#clients.size) return;
		const isTime = Date.now() - this.#renewedAt >= RENEW_MS;
		if (!isTime && !this.#hasNews) return;
		this.#hasNews = false;
		this.#renew(isTime);
		const common = this.#common();
		for (const client of this.#clients) this.#send(client, common);
	}

	/** Looks at those that changed, or at all. */
	#renew(all: boolean): void {
		const now = Date.now();
		if (all) this.#renewedAt = now;
		for (const name of all ? this.#viewer.nodes.keys() : this.#dirty) {
			const node = this.#viewer.nodes.get(name);
			if (!node) continue;
			const state = stateOf(node, now);
			const row = rowOf(node, state);
			const json = JSON.stringify(row);
			const known = this.#known.get(name);
			if (known?.json === json) known.state = state;
			else this.#known.set(name, { state, row, json, version: ++this.#version });
		}
		this.#dirty.clear();
	}

	#common(): Omit<Common, 'now' | 'mayCommand'> {
		const { malformed, beyond } = this.#viewer.refused;
		return {
			links: this.#viewer.links.map(({ url, up, sentence, since }) => ({ url, up, sentence, since })),
			totals: totalsOf([...this.#known.values()].map(({ state }) => state)),
			refused: malformed + beyond, refusals: this.#viewer.refusals.slice(-REFUSALS_SHOWN),
			world: this.#world()?.state() ?? null,
		};
	}

	#send(client: Client, common: Omit<Common, 'now' | 'mayCommand'>): void {
		const { response } = client;
		const now = Date.now();
		if (response.writableNeedDrain) {
			client.stalledAt ||= now;
			if (now - client.stalledAt > STALLED_MS) response.destroy();
			return;
		}
		client.stalledAt = 0;
		const said = JSON.stringify(common);
		const own = client.node === undefined ? this.#rowsFor(client) : this.#storyFor(client, client.node);
		// Each clock runs by itself: now and then a page sets its own.
		if (!own.isNews && said === client.said && now - client.sentAt < RENEW_MS) return;
		[client.said, client.sentAt] = [said, now];
		const news = { now, mayCommand: client.mayCommand, ...common, ...own.news } satisfies OverviewNews | NodeNews;
		response.write(`data: ${pageJson(news)}\n\n`);
	}

	#rowsFor(client: Client): { readonly isNews: boolean; readonly news: { readonly rows: readonly Row[] } } {
		const rows = [...this.#known.values()].filter(({ version }) => version > client.version).map(({ row }) => row);
		client.version = this.#version;
		return { isNews: rows.length > 0, news: { rows } };
	}

	#storyFor(client: Client, name: string): { readonly isNews: boolean; readonly news: Pick<NodeNews, 'detail' | 'events'> } {
		const { events, seen } = this.#chronicle.since(name, client.story);
		const detail = this.#detail(name);
		const json = JSON.stringify(detail);
		const isNews = events.length > 0 || json !== client.detail;
		[client.story, client.detail] = [seen, json];
		return { isNews, news: { detail, events } };
	}

	#detail(name: string): Detail | null {
		const node = this.#viewer.nodes.get(name);
		if (!node) return null;
		const own = this.#world()?.node(name);
		return { ...detailOf(node, Date.now()), lateSpans: this.#chronicle.lateSpans(name), away: this.#chronicle.away(name), isSimulated: own !== undefined, power: own?.power ?? null, parts: own?.parts ?? [] };
	}
}
