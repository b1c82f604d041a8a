// telltale watch: the readings of one or all nodes.
//
// Rule: standard output carries the table on a terminal and nothing but readings, one JSON line each, in a pipe;
// all that is said besides goes to standard error. A broker that is away is waited for; --once gives up in time.

import { Command, Option } from 'commander';
import { faultWords, jsonLine, summary } from '../viewer/format.js';
import { Merge, type Outcome } from '../viewer/merge.js';
import type { Content, Message } from '../viewer/payload.js';
import type { Link } from '../viewer/source.js';
import { safe } from '../viewer/safe.js';
import { frame, Live } from '../viewer/terminal.js';
import { address, mustHaveUser, withBroker, type BrokerOptions } from './broker-options.js';
import { interruption } from './console.js';
import { Failure, Misuse } from './failure.js';
import { duration, lengthInWords, whole } from './options.js';
import { mustBeNode } from './topics.js';

interface WatchOptions extends BrokerOptions {
	readonly json?: boolean;
	readonly once?: number;
	readonly timeout: number;
}

export function watch(): Command {
	const command = new Command('watch')
		.description('Show the readings of one or all nodes: a live table on a terminal, one JSON line each in a pipe.')
		.argument('[node]', 'only this node')
		.option('--json', 'JSON lines on a terminal too')
		.addOption(new Option('--once <n>', 'end after this many readings').argParser(whole('--once', 1, 1e9)))
		.addOption(new Option('--timeout <duration>', 'with --once: how long to wait for the next reading').argParser(duration('--timeout')).default(60_000, '60s'));
	return withBroker(command).action(run);
}

async function run(node: string | undefined, options: WatchOptions, command: Command): Promise<void> {
	if (options.once === undefined && command.getOptionValueSource('timeout') === 'cli') throw new Misuse('--timeout is of --once only: name --once too, or leave it out.');
	mustHaveUser(options, command);
	if (node !== undefined) mustBeNode(options.base, node);
	const { Source } = await import('../viewer/source.js');
	const watcher = new Watcher(options);
	const { url, user, password } = address(options);
	const source = new Source({
		url, user, password, node, bases: [options.base], merge: watcher.merge,
		onMessage: (message, outcome) => watcher.message(message, outcome),
		onLink: (link) => watcher.link(link),
	});
	try {
		await watcher.ended(interruption());
	} finally {
		await source.close();
		watcher.close();
	}
	if (options.once === undefined && watcher.merge.received) console.error(summary(watcher.merge));
}

class Watcher {
	readonly merge = new Merge();
	readonly #options: WatchOptions;
	readonly #live: Live | undefined;
	#link = 'Connecting …';
	#wasDown = 0;
	#count = 0;
	/** By node, what its health said last. */
	readonly #faults = new Map<string, string>();
	#patience: NodeJS.Timeout | undefined;
	#end!: (failure?: Failure) => void;
	readonly #ended = new Promise<void>((resolve, reject) => {
		this.#end = (failure) => (failure ? reject(failure) : resolve());
	});

	constructor(options: WatchOptions) {
		this.#options = options;
		this.#ended.catch(() => {});
		if (process.stdout.isTTY && !options.json) {
			const colour = !process.env['NO_COLOR'];
			this.#live = new Live(process.stdout, (size) => frame(this.merge, { ...size, now: Date.now(), colour, link: this.#link }));
		}
		this.#wait();
	}

	ended(signal: AbortSignal): Promise<void> {
		signal.addEventListener('abort', () => this.#end());
		return this.#ended;
	}

	message(message: Message, outcome: Outcome): void {
		this.#live?.changed();
		if (message.kind === 'health') this.#fault(message.node, message.content);
		if (message.kind !== 'reading' || this.#full) return;
		if (outcome === 'conflict') console.error(`${safe(message.node)}: reading ${message.reading.seq} came again with other values; the first are kept.`);
		if (outcome !== 'new' && outcome !== 'dropped') return;
		if (!this.#live) process.stdout.write(`${jsonLine(message.node, message.late, message.reading)}\n`);
		if (outcome === 'dropped') return;
		this.#count++;
		this.#wait();
		if (this.#full) this.#end();
	}

	/** Told when it changes. */
	#fault(node: string, health: Content): void {
		const words = faultWords(health);
		// Nodes beyond those that are kept count are not remembered either.
		if (words === (this.#faults.get(node) ?? '') || !this.merge.node(node)) return;
		this.#faults.set(node, words);
		if (!this.#live) console.error(`${safe(node)}: ${words || 'all parts answer again'}.`);
	}

	link({ up, sentence, final }: Link): void {
		const back = up && this.#wasDown ? ` It was away for ${lengthInWords(Date.now() - this.#wasDown)}.` : '';
		this.#wasDown = up ? 0 : this.#wasDown || Date.now();
		this.#link = sentence;
		this.#live?.changed();
		if (final) return this.#end(new Failure(sentence));
		if (!this.#live && (!up || back)) console.error(sentence + back);
	}

	close(): void {
		clearTimeout(this.#patience);
		this.#live?.close();
	}

	get #full(): boolean {
		return this.#options.once !== undefined && this.#count >= this.#options.once;
	}

	#wait(): void {
		const { once, timeout } = this.#options;
		if (once === undefined) return;
		clearTimeout(this.#patience);
		this.#patience = setTimeout(() => {
			const reason = this.#wasDown ? this.#link.replace(/[:;] .*$/, '') : `${this.#count} of ${once} readings came and then none`;
			this.#end(new Failure(`${reason} for ${lengthInWords(timeout)}: check the broker and the nodes, or wait longer with --timeout.`));
		}, timeout);
	}
}
