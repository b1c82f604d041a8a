// telltale watch: the readings of one or all nodes.
//
// Rule: standard output carries the table on a terminal and nothing but JSON lines in a pipe: readings, and what --events asks for;
// all that is said besides goes to standard error. A broker that is away is waited for; --once gives up in time.

import { Command, Option } from 'commander';
import { eventLine, jsonLine, summary } from '../viewer/format.js';
import { jsonText, safe } from '../viewer/safe.js';
import { Live } from '../viewer/terminal.js';
import { View } from '../viewer/view.js';
import type { BrokerLink, ReadingEvent, Viewer, ViewerEvents } from '../viewer/viewer.js';
import { mustHaveUser, places, withBrokers, type BrokersOptions } from './broker-options.js';
import { interruption } from './console.js';
import { Failure, Misuse } from './failure.js';
import { duration, lengthInWords, path, whole } from './options.js';
import { checkRecord, mustBeSpan, openRecordOf } from './recording.js';
import { mustBeNode, shown } from './topics.js';
import { mustBeOfWeb, WebWatcher, withWeb, type WebOptions } from './watch-web.js';

const NOTE_MS = 60_000;

interface WatchOptions extends BrokersOptions, WebOptions {
	readonly json?: boolean;
	readonly once?: number;
	readonly timeout: number;
	readonly events?: readonly EventKind[];
	readonly record?: string;
	readonly check?: readonly string[];
}

/** What alerts are made of. */
const EVENTS = ['status', 'outage', 'health', 'fault', 'gap', 'refused'] as const;
type EventKind = (typeof EVENTS)[number];

export function watch(): Command {
	const command = new Command('watch')
		.description('Show the readings of one or all nodes: a live table on a terminal, one JSON line each in a pipe.')
		.argument('[node]', 'only this node')
		.option('--json', 'JSON lines on a terminal too')
		.addOption(new Option('--events <kinds>', `JSON lines of these too: ${EVENTS.join(', ')}, with commas between, or all`).argParser(kinds))
		.addOption(new Option('--record <file>', 'keep the readings in a file: .csv, .ndjson, or .db (SQLite)').argParser(path('--record')))
		.addOption(new Option('--check <span...>', 'with --record: from when to when, like 2026-11-01 2026-12-01, or 7d now; say whether anything of that is missing in the file, and end'))
		.addOption(new Option('--once <n>', 'end after this many readings').argParser(whole('--once', 1, 1e9)))
		.addOption(new Option('--timeout <duration>', 'with --once: how long to wait for the next reading').argParser(duration('--timeout')).default(60_000, '60s'));
	return withBrokers(withWeb(command))
		.addHelpText('after', '\nKeys of the table: q ends, s sorts, f filters, / looks for a name, c shows channels; arrows, page up and page down scroll.')
		.action(run);
}

function kinds(text: string): readonly EventKind[] {
	if (text === 'all') return EVENTS;
	return text.split(',').map((word) => {
		const kind = EVENTS.find((each) => each === word.trim());
		if (!kind) throw new Misuse(`--events has ${JSON.stringify(shown(word))}; it must be of ${EVENTS.join(', ')}, or all.`);
		return kind;
	});
}

async function run(node: string | undefined, options: WatchOptions, command: Command): Promise<void> {
	if (options.once === undefined && command.getOptionValueSource('timeout') === 'cli') throw new Misuse('--timeout is of --once only: name --once too, or leave it out.');
	if (options.check && options.record === undefined) throw new Misuse('--check asks about a record: name its file with --record.');
	if (options.check) return checkRecord(options.record!, mustBeSpan(options.check), node);
	mustBeOfWeb(options);
	mustHaveUser(options, command);
	const { brokers, roots } = places(options);
	if (node !== undefined) for (const root of roots) mustBeNode(root, node);
	const { openViewer } = await import('../viewer/viewer.js');
	const record = options.record === undefined ? undefined : await openRecordOf(options.record);
	const viewer = openViewer({ brokers, roots, ...(node !== undefined && { node }), ...(record && { record }) });
	const watcher = options.web ? new WebWatcher(options, viewer) : new Watcher(options, viewer);
	record?.onTrouble((sentence) => watcher.say(sentence));
	record?.onNews((sentence) => watcher.note(sentence));
	try {
		await watcher.ended(interruption());
	} finally {
		await viewer.close();
		watcher.close();
		await record?.close();
	}
	if (options.once === undefined && viewer.merge.received) console.error(summary(viewer.merge) + (record?.summary ?? ''));
	if (record?.lost) throw new Failure(record.summary.trim());
}

class Watcher {
	readonly #viewer: Viewer;
	readonly #options: WatchOptions;
	readonly #view = new View();
	readonly #live: Live | undefined;
	/** Of brokers that are away: since when. */
	readonly #down = new Map<string, number>();
	/** What stands below the table until it is over. */
	#trouble = '';
	/** What stands there for a while. */
	#note = '';
	#count = 0;
	#patience: NodeJS.Timeout | undefined;
	#end!: (failure?: Failure) => void;
	readonly #ended = new Promise<void>((resolve, reject) => {
		this.#end = (failure) => (failure ? reject(failure) : resolve());
	});

	constructor(options: WatchOptions, viewer: Viewer) {
		this.#options = options;
		this.#viewer = viewer;
		this.#ended.catch(() => {});
		if (process.stdout.isTTY && !options.json) this.#live = this.#table(viewer);
		viewer.on('reading', (event) => this.#reading(event));
		viewer.on('conflict', ({ node, reading }) => this.#live ?? console.error(`${safe(node)}: reading ${reading.seq} came again with other values; the first are kept.`));
		viewer.on('fault', ({ node, fault }) => this.#live ?? console.error(`${safe(node)}: ${safe(fault) || 'all parts answer again'}.`));
		viewer.on('change', () => this.#live?.changed());
		viewer.on('refused', () => this.#live?.changed());
		viewer.on('link', (link) => this.#link(link));
		if (!this.#live) for (const kind of options.events ?? []) this.#tell(kind);
		this.#wait();
	}

	#table(viewer: Viewer): Live {
		const colour = !process.env['NO_COLOR'];
		const lines = (size: { columns: number; rows: number }) => this.#view.frame(viewer.merge, {
			...size, now: Date.now(), colour, hasKeys: process.stdin.isTTY, refusal: viewer.refusals.at(-1)?.why ?? '',
			link: [...viewer.links.map(({ sentence }) => sentence), this.#trouble, this.#note].filter(Boolean),
		});
		return new Live(process.stdout, lines, { key: (...key) => this.#view.key(...key), onEnd: () => process.kill(process.pid, 'SIGINT') });
	}

	#tell<Kind extends EventKind>(kind: Kind): void {
		this.#viewer.on(kind as EventKind, ((news: ViewerEvents[Kind][0]) => process.stdout.write(`${jsonText(eventLine(kind, news))}\n`)) as never);
	}

	ended(signal: AbortSignal): Promise<void> {
		if (signal.aborted) this.#end();
		signal.addEventListener('abort', () => this.#end());
		return this.#ended;
	}

	/** Something is wrong with what we do ourselves; '': no more. */
	say(sentence: string): void {
		this.#trouble = sentence;
		if (this.#live) this.#live.changed();
		else if (sentence) console.error(sentence);
	}

	/** What happened once. */
	note(sentence: string): void {
		if (!this.#live) return console.error(sentence);
		this.#note = sentence;
		this.#live.changed();
		setTimeout(() => {
			if (this.#note === sentence) this.#note = '';
			this.#live?.changed();
		}, NOTE_MS).unref();
	}

	#reading({ node, late, reading, dropped }: ReadingEvent): void {
		if (this.#full) return;
		if (!this.#live) process.stdout.write(`${jsonLine(node, late, reading)}\n`);
		if (dropped) return;
		this.#count++;
		this.#wait();
		if (this.#full) this.#end();
	}

	#link({ url, up, sentence, final }: BrokerLink): void {
		const since = this.#down.get(url);
		const back = up && since ? ` It was away for ${lengthInWords(Date.now() - since)}.` : '';
		if (up) this.#down.delete(url);
		else this.#down.set(url, since ?? Date.now());
		this.#live?.changed();
		if (final && this.#viewer.links.every((link) => link.final)) return this.#end(new Failure(sentence));
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
			const away = this.#viewer.links.find(({ up, sentence }) => !up && !sentence.startsWith('Connecting'));
			const reason = away ? away.sentence.replace(/[:;] .*$/, '') : `${this.#count} of ${once} readings came and then none`;
			this.#end(new Failure(`${reason} for ${lengthInWords(timeout)}: check the broker and the nodes, or wait longer with --timeout.`));
		}, timeout);
	}
}
