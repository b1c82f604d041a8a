// The viewer: subscribes to brokers, keeps what is known of each node, and tells what happens. The terminal and the web page are made of it.
//
// Rule: nothing that a broker, a node or a stranger says makes it throw, and its memory is bounded whatever comes (merge.ts, history.ts).
// What does not follow the contract is counted and told as refused. Times are milliseconds of Date.now(), those of readings Unix seconds.

import { EventEmitter } from 'node:events';
import { addressOf, type Broker } from './broker.js';
import { Commands, type Answer, type SendOptions } from './commands.js';
import { GapWatch, type GapNews } from './gap-watch.js';
import { History } from './history.js';
import { Merge, type NodeView, type Outcome } from './merge.js';
import type { Outage } from './availability.js';
import { locate, type Content, type Message, type Reading, type Status } from './payload.js';
import type { Bucket } from './reducer.js';
import { hasDangerous, isBlank } from './safe.js';
import { Source, type Link } from './source.js';
import { faultOf } from './state.js';

export interface ViewerOptions {
	/** Each as mqtt:, mqtts:, ws: or wss: address, or with its credentials. */
	readonly brokers: readonly (string | Broker)[];
	/** What topics of nodes begin with; "telltale" if not given. With several, nodes are called by their whole base topic. */
	readonly roots?: readonly string[];
	/** Only this node. */
	readonly node?: string;
	/** A client id of our own: brokers keep what passes while we are away, and go on keeping it when we are gone. */
	readonly session?: string;
	/** Where readings are kept, and where history comes from that is older than memory. */
	readonly record?: ReadingRecord;
	/** The nodes begin before our eyes: their numbers are expected from 1. */
	readonly fromStart?: boolean;
	/** False: not counted, nor told. */
	readonly accepts?: (message: Message, retained: boolean) => boolean;
	/** The longest time between two attempts to reach a broker. */
	readonly retryMaxMs?: number;
}

/** viewer/record.ts has those of files. */
export interface ReadingRecord {
	take(event: ReadingEvent): void;
	/** Undefined where it holds nothing of that time. */
	history(node: string, channel: string, from: number, to: number, pixels: number): Promise<Bucket[] | undefined>;
}

export interface ReadingEvent {
	readonly node: string;
	/** It came on `backlog`. */
	readonly late: boolean;
	readonly reading: Reading;
	/** The node gave it up: it says so, and has no values. */
	readonly dropped: boolean;
	/** When it was taken, Unix seconds; undefined where nobody can know. */
	readonly time: number | undefined;
	/** When it came. */
	readonly at: number;
}

export interface BrokerLink extends Link {
	/** Without user and password. */
	readonly url: string;
	/** Since when it is so. */
	readonly since: number;
}

export interface ViewerEvents {
	/** A node that was not known. */
	node: [{ readonly node: string; readonly at: number }];
	/** Each reading once, whether it came in time or late. */
	reading: [ReadingEvent];
	/** The same number came again with other values: the first are kept. */
	conflict: [{ readonly node: string; readonly reading: Reading; readonly at: number }];
	status: [{ readonly node: string; readonly status: Status | undefined; readonly before: Status | undefined; readonly retained: boolean; readonly at: number }];
	outage: [{ readonly node: string; readonly outage: Outage; readonly at: number }];
	health: [{ readonly node: string; readonly health: Content; readonly at: number }];
	/** Which part does not answer and why, when that changes; '': all answer again. */
	fault: [{ readonly node: string; readonly fault: string; readonly at: number }];
	info: [{ readonly node: string; readonly info: Content; readonly at: number }];
	channels: [{ readonly node: string; readonly at: number }];
	result: [{ readonly node: string; readonly result: Content; readonly at: number }];
	gap: [GapNews & { readonly at: number }];
	/** What does not follow the contract; `why` is a sentence's end, with text from outside. */
	refused: [{ readonly node: string; readonly why: string; readonly at: number }];
	link: [BrokerLink];
	/** Something of this node is otherwise than before. */
	change: [string];
}

const TICK_MS = 1_000;
/** Stands for all nodes in topics (docs/topics.md). */
const ALL = 'all';
const REFUSALS_MAX = 50;

export class Viewer extends EventEmitter<ViewerEvents> {
	readonly merge: Merge;
	readonly openedAt = Date.now();
	/** The newest last. */
	readonly refusals: { readonly node: string; readonly why: string; readonly at: number }[] = [];
	readonly #options: ViewerOptions;
	readonly #roots: readonly string[];
	readonly #links: BrokerLink[];
	readonly #sources: Source[];
	readonly #history = new History();
	readonly #gaps = new GapWatch();
	readonly #commands = new Commands();
	/** Base topics by node. */
	readonly #owners = new Map<string, string>();
	readonly #faults = new Map<string, string>();
	readonly #statuses = new Map<string, Status | undefined>();
	readonly #ticker: NodeJS.Timeout;
	#known = 0;

	constructor(options: ViewerOptions) {
		super();
		this.#options = options;
		this.merge = new Merge({ fromStart: options.fromStart ?? false });
		this.#roots = options.roots ?? ['telltale'];
		const brokers = options.brokers.map(addressOf);
		this.#links = brokers.map(({ url }) => ({ url, up: false, sentence: `Connecting to ${url} …`, final: false, since: Date.now() }));
		this.#sources = brokers.map((broker, index) => this.#source(broker, index));
		this.#ticker = setInterval(() => this.#tick(), TICK_MS);
		this.#ticker.unref();
	}

	/** What is known of each node, by name; what is in it changes as messages come. */
	get nodes(): ReadonlyMap<string, NodeView> {
		return this.merge.byName;
	}

	/** In the order of the brokers. */
	get links(): readonly BrokerLink[] {
		return this.#links;
	}

	/** Messages that were not taken: against the contract, of other programs, and of nodes beyond those that are kept count of. */
	get refused(): { readonly malformed: number; readonly foreign: number; readonly beyond: number } {
		return { malformed: this.merge.malformed, foreign: this.merge.foreign, beyond: this.merge.refused };
	}

	/**
	 * What a chart of so many pixels can show, oldest first; pixels without values are absent. Times are Unix seconds. What is older than
	 * this program comes from the record.
	 */
	async history(node: string, channel: string, from: number, to: number, pixels: number): Promise<Bucket[]> {
		const { record } = this.#options;
		const recorded = record && from < this.openedAt / 1_000 ? await record.history(node, channel, from, to, pixels) : undefined;
		return recorded ?? this.#history.read(node, channel, from, to, pixels, Date.now() / 1_000);
	}

	get historyBytes(): number {
		return this.#history.bytes;
	}

	/** Sends a command to a node. Resolves also where no answer comes. */
	send(node: string, command: string, value?: unknown, options: SendOptions = {}): Promise<Answer> {
		const view = this.nodes.get(node);
		const owner = this.#owners.get(node) ?? `${this.#roots[0]}/${node}`;
		const source = this.#reach(view?.broker ?? 0);
		return this.#commands.ask(node, value, options, (payload) => source.client.publish(`${owner}/set/${command}`, payload, { qos: 1, retain: false }));
	}

	/** Sends it to all nodes together (docs/topics.md says which commands can be). `onAnswer` gets each answer; resolves when the time is over. */
	sendAll(command: string, value: unknown, onAnswer: (answer: Answer) => void, options: SendOptions = {}): Promise<void> {
		const publish = (payload: string) => {
			for (const { client } of this.#sources) for (const root of this.#roots) if (client.connected) client.publish(`${root}/all/set/${command}`, payload, { qos: 1, retain: false });
		};
		return this.#commands.askAll(value, options, publish, onAnswer);
	}

	/** Why nothing came of the first broker yet, for one who waits no longer. */
	get silence(): string {
		return this.#sources[0]!.silence;
	}

	async close(): Promise<void> {
		clearInterval(this.#ticker);
		this.#commands.close();
		await Promise.all(this.#sources.map((source) => source.close()));
		this.removeAllListeners();
	}

	#source(broker: Broker, index: number): Source {
		const { node, accepts, retryMaxMs, session } = this.#options;
		return new Source({
			...broker, broker: index, session, bases: this.#roots, node, whole: this.#roots.length > 1, merge: this.merge,
			accepts: (message, retained) => this.#accepts(message) && (accepts?.(message, retained) ?? true),
			onMessage: (message, outcome, at, topic, retained) => this.#message(message, outcome, at, topic, retained),
			onLink: (link) => this.#link(index, link),
			...(retryMaxMs !== undefined && { retryMaxMs }),
		});
	}

	/** The broker where the node is, or the first that we are connected to. */
	#reach(broker: number): Source {
		const there = this.#sources[broker];
		return there?.client.connected ? there : (this.#sources.find(({ client }) => client.connected) ?? this.#sources[0]!);
	}

	/** No node has such a name: whoever uses it wants something else. */
	#accepts(message: Message): boolean {
		if (message.kind === 'other') return true;
		const problem = this.#nameProblem(message.node, message.kind === 'foreign');
		if (!problem) return true;
		this.merge.malformed++;
		this.#refuse(message.node, problem, Date.now());
		return false;
	}

	/** '': there is none. */
	#nameProblem(name: string, isForeign: boolean): string {
		if (hasDangerous(name)) return 'its name has characters that no name has';
		// No node comes of it.
		if (isForeign) return '';
		if (isBlank(name)) return 'its name shows nothing';
		// A command for it would be one for all of them.
		return name === ALL || this.#roots.some((root) => name === `${root}/${ALL}`) ? `no node is called "${ALL}": its topics are those of all nodes` : '';
	}

	#message(message: Message, outcome: Outcome, at: number, topic: string, retained: boolean): void {
		if (message.kind === 'other' || message.kind === 'foreign') return;
		const { node } = message;
		if (message.kind === 'malformed') return this.#refuse(node, message.why, at);
		if (outcome === 'ignored') return;
		if (this.nodes.size !== this.#known) this.#found(node, topic, at);
		switch (message.kind) {
			case 'reading': this.#reading(message, outcome, at); break;
			case 'result':
				this.#commands.result(node, message.content);
				this.emit('result', { node, result: message.content, at });
				break;
			case 'health': this.#health(node, message.content, at); break;
			case 'info': this.emit('info', { node, info: message.content, at }); break;
			case 'status':
			case 'cleared': this.#status(node, retained, at); break;
			case 'channels': if (outcome === 'noted') this.emit('channels', { node, at }); break;
			case 'outage': if (outcome === 'noted') this.emit('outage', { node, outage: this.nodes.get(node)!.outageLog.at(-1)!, at }); break;
		}
		this.emit('change', node);
	}

	#found(node: string, topic: string, at: number): void {
		this.#known = this.nodes.size;
		this.#owners.set(node, locate(topic, this.#roots)!.owner);
		this.emit('node', { node, at });
	}

	#reading({ node, reading, late }: Extract<Message, { kind: 'reading' }>, outcome: Outcome, at: number): void {
		const { borneOut } = this.merge;
		if (borneOut) this.#take({ node, late: false, reading: borneOut, dropped: false, time: this.nodes.get(node)!.timeOf(borneOut), at });
		if (outcome === 'new' || outcome === 'dropped') return this.#take({ node, late, reading, dropped: outcome === 'dropped', time: this.nodes.get(node)!.timeOf(reading), at });
		if (outcome === 'conflict') this.emit('conflict', { node, reading, at });
		if (outcome === 'implausible') this.#refuse(node, this.nodes.get(node)!.complaint, at);
	}

	#take(event: ReadingEvent): void {
		const { node, reading: { values, suspect }, time, at } = event;
		for (const [channel, value] of Object.entries(values)) {
			this.#history.add(node, channel, time ?? at / 1_000, value, suspect?.includes(channel) ?? false, at / 1_000);
		}
		this.#options.record?.take(event);
		this.emit('reading', event);
	}

	#health(node: string, health: Content, at: number): void {
		this.emit('health', { node, health, at });
		const fault = faultOf(health);
		if (fault === (this.#faults.get(node) ?? '')) return;
		this.#faults.set(node, fault);
		this.emit('fault', { node, fault, at });
	}

	#status(node: string, retained: boolean, at: number): void {
		const status = this.nodes.get(node)?.status;
		const before = this.#statuses.get(node);
		if (status === before) return;
		this.#statuses.set(node, status);
		this.emit('status', { node, status, before, retained, at });
	}

	#refuse(node: string, why: string, at: number): void {
		const refusal = { node, why, at };
		this.refusals.push(refusal);
		if (this.refusals.length > REFUSALS_MAX) this.refusals.shift();
		this.emit('refused', refusal);
	}

	#link(index: number, link: Link): void {
		const known = this.#links[index]!;
		this.#links[index] = { url: known.url, ...link, since: known.up === link.up ? known.since : Date.now() };
		// What a broker said of nodes may be over while it is away.
		for (const node of this.nodes.keys()) this.#status(node, false, Date.now());
		this.emit('link', this.#links[index]!);
	}

	#tick(): void {
		const at = Date.now();
		for (const gap of this.#gaps.look(this.nodes.values(), at)) {
			this.emit('gap', { ...gap, at });
			this.emit('change', gap.node);
		}
	}
}

/** Connects, and goes on trying until it is closed. */
export function openViewer(options: ViewerOptions): Viewer {
	return new Viewer(options);
}
