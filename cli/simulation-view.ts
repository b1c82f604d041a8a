// What telltale simulate shows: what arrives at a subscriber, and what the nodes say themselves; and what the run came to.
//
// Rule: readings and status have come through the broker to an ordinary MQTT client; what the nodes have taken is counted at their parts.

import { counted, plainLine } from '../viewer/format.js';
import { Merge } from '../viewer/merge.js';
import type { Message } from '../viewer/payload.js';
import { safe } from '../viewer/safe.js';
import type { Link, Source } from '../viewer/source.js';
import { Live } from '../viewer/terminal.js';
import { View as Table } from '../viewer/view.js';
import type { Certificates } from './certificates.js';
import { dimmed } from './console.js';
import { Failure } from './failure.js';
import { lengthInWords, type BrokerAddress } from './options.js';
import { OwnNodes, type Taken } from './own-nodes.js';

export interface ViewOptions {
	readonly speed: number | 'max';
	readonly ui: boolean;
}

/** In the end the nodes go on for as long as readings keep coming that they had taken by then; so long of theirs without one, and we go. */
const TAIL_MS = 5_000;
/** But not before a busy machine has had so long. */
const TAIL_REAL_MS = 2_000;
/** How long that lasts before it is said. */
const TAIL_QUIET_MS = 500;
/** On this machine it costs nothing to be there before the nodes are. */
const RETRY_MAX_MS = 250;
const LOG_LINES = 50;
/** Late lines of a node that wait for its first live one. */
const HELD_MAX = 20;
const ACCESS = 'does its access list let the node publish and us subscribe?';

/** What arrives at a subscriber, and what the nodes say themselves. */
export class View {
	/** The subscriber is there before the nodes. */
	readonly merge = new Merge({ fromStart: true });
	/** Rejects when the broker will have nothing more to do with us. */
	readonly failed: Promise<never>;
	howLong = '';
	/** What nodes have kept that a command stopped: '' if nothing. */
	held = '';
	/** Why readings are missing, where it is known; else ''. */
	cause = '';
	readonly #ui: boolean;
	readonly #speed: number | 'max';
	readonly #names: ReadonlyMap<string, string>;
	readonly #own: OwnNodes;
	readonly #nameWidth: number;
	/** Something of our nodes has arrived. */
	#onNews = (): void => {};
	readonly #log: string[] = [];
	#live: Live | undefined;
	#source: Source | undefined;
	#link = '';
	#fail!: (failure: Failure) => void;
	/** Nodes of which a live reading was shown, and late lines of those of which none was yet. */
	readonly #begun = new Set<string>();
	readonly #held = new Map<string, readonly string[]>();
	readonly #lastStatus = new Map<string, string>();

	constructor({ ui, speed }: ViewOptions, names: ReadonlyMap<string, string>) {
		this.#speed = speed;
		this.#names = names;
		this.#own = new OwnNodes([...names.values()]);
		this.#nameWidth = Math.max(0, ...[...names.values()].map(({ length }) => length));
		this.#ui = ui && process.stdout.isTTY === true;
		this.failed = new Promise((_, reject) => (this.#fail = reject));
		this.failed.catch(() => {});
	}

	/** Resolves when the subscription stands; a broker that is not there at the beginning is a failure. */
	async connect({ url, user, password }: BrokerAddress, bases: readonly string[], tls: Certificates['pem'] | undefined, signal: AbortSignal): Promise<void> {
		const { Source } = await import('../viewer/source.js');
		await new Promise<void>((resolve, reject) => {
			signal.addEventListener('abort', () => resolve());
			let stood = false;
			const onLink = (link: Link) => {
				if (stood) return this.#linked(link);
				if (!link.up) return reject(new Failure(link.sentence.replace(/;? trying again.*$/, '').replace(/[.:;]?$/, '.')));
				stood = true;
				this.#link = link.sentence;
				resolve();
			};
			const onMessage = (message: Message) => this.#message(message);
			const accepts = (message: Message, retained: boolean) => this.#own.accepts(message, retained);
			this.#source = new Source({ url, user, password, tls, bases, merge: this.merge, accepts, onMessage, onLink, retryMaxMs: RETRY_MAX_MS });
		});
		if (!this.#ui) return;
		const colour = !process.env['NO_COLOR'];
		const table = new Table();
		const keys = { key: table.key.bind(table), onEnd: () => process.kill(process.pid, 'SIGINT') };
		this.#live = new Live(process.stdout, (size) => table.frame(this.merge, { ...size, now: Date.now(), colour, link: this.#link, log: this.#log, hasKeys: process.stdin.isTTY }), keys);
	}

	log(node: string, line: string): void {
		const text = safe(`${node && `${node}: `}${line}`);
		if (!this.#live) return void console.log(dimmed(text, process.stdout));
		this.#log.push(text);
		if (this.#log.length > LOG_LINES) this.#log.shift();
		this.#live.changed();
	}

	measured(node: string, boot: string, least: number, most: number): void {
		const ended = this.#own.measured(this.#names.get(node)!, boot, least, most);
		if (ended) this.#expect(ended);
	}

	/** Settles when all that was taken by now has arrived, or nothing more of it comes. */
	async tail(): Promise<void> {
		for (const taken of this.#own.running()) {
			if (this.merge.node(taken.node)?.status === 'stopped') this.#hold(taken);
			else this.#expect(taken);
		}
		let waits: NodeJS.Timeout | undefined;
		const patienceMs = Math.max(TAIL_REAL_MS, this.#speed === 'max' ? 0 : TAIL_MS / this.#speed);
		const told = setTimeout(() => this.log('', `waiting for ${counted(this.merge.missing, 'reading')} that the nodes have not delivered yet; Ctrl-C ends at once`), TAIL_QUIET_MS);
		await new Promise<void>((resolve) => {
			let left = Infinity;
			this.#onNews = () => {
				const { missing } = this.merge;
				if (missing === 0) return resolve();
				if (missing >= left) return;
				left = missing;
				clearTimeout(waits);
				waits = setTimeout(resolve, patienceMs);
			};
			this.#onNews();
		});
		clearTimeout(waits);
		clearTimeout(told);
		const nodes = this.#own.running().flatMap(({ node }) => this.merge.node(node) ?? []).filter(({ missing }) => missing);
		if (nodes.some(({ health, received }) => Number(health?.['acknowledged']) > received)) this.cause = `the broker acknowledged them and did not pass them on: ${ACCESS}`;
		else if (nodes.some(({ status, received }) => status === 'online' && !received)) this.cause = `the nodes are online, and the broker passes none of their readings on: ${ACCESS}`;
	}

	/** A node that a command has stopped goes on sampling and keeps what it takes: that is not missing. */
	#hold({ node, boot, count }: Taken): void {
		const last = this.merge.node(node)?.last;
		const kept = count - (last?.boot === boot ? last.seq : 0);
		this.held += ` ${safe(node)} was stopped by a command and holds ${counted(kept, 'reading')}.`;
	}

	/** What others said below the same topics, '' if nothing. */
	get others(): string {
		return this.#own.foreign ? ` ${counted(this.#own.foreign, 'reading')} of others left aside.` : '';
	}

	#expect({ node, boot, count }: Taken): void {
		this.merge.expect(node, boot, count);
	}

	lasted(simulatedMs: number, realMs: number): void {
		const really = this.#speed === 1 ? '' : ` of the nodes' time in ${lengthInWords(realMs)}`;
		this.howLong = ` Ran for ${lengthInWords(simulatedMs)}${really}.`;
	}

	async close(): Promise<void> {
		await this.#source?.close();
		this.#live?.close();
	}

	#message(message: Message): void {
		this.#live?.changed();
		this.#onNews();
		if (this.#live || !this.#isNews(message)) return;
		const line = plainLine(message, this.#nameWidth);
		if (!line) return;
		if (message.kind !== 'reading' || this.#begun.has(message.node)) return console.log(line);
		// What was taken before the node was connected comes late, and is nobody's first sight of it.
		const held = this.#held.get(message.node) ?? [];
		if (message.late && held.length < HELD_MAX) return void this.#held.set(message.node, [...held, line]);
		this.#begun.add(message.node);
		this.#held.delete(message.node);
		for (const each of [line, ...held]) console.log(each);
	}

	/** A status is repeated by nodes that make sure of it. */
	#isNews(message: Message): boolean {
		if (message.kind !== 'status') return true;
		const same = this.#lastStatus.get(message.node) === message.status;
		this.#lastStatus.set(message.node, message.status);
		return !same;
	}

	#linked({ sentence, final }: Link): void {
		this.#link = sentence;
		this.#live?.changed();
		if (final) this.#fail(new Failure(sentence));
		else if (!this.#live) console.error(sentence);
	}
}
