// What stands on the terminal: the table of nodes, what they come to, how the link is, and which keys there are.
//
// Rule: frame() gives no line wider than the terminal and no more lines than it has, so a frame can be drawn over the one before without
// clearing. What keys change is here; nothing is written and no clock is read.

import { counted, passedWords } from './format.js';
import type { Merge } from './merge.js';
import { oneColumn } from './safe.js';
import { countsOf, SORTS, sorted, stateOf, type NodeState, type Sort } from './state.js';
import { channelLines, cut, tableLines, tint } from './table.js';

export interface FrameOptions {
	readonly now: number;
	readonly columns: number;
	readonly rows: number;
	readonly colour: boolean;
	/** How the link is; of several brokers each. */
	readonly link: string | readonly string[];
	/** Lines that stand below the table, the newest last. */
	readonly log?: readonly string[];
	/** Why the last message that was refused was. */
	readonly refusal?: string;
	/** Keys are read. */
	readonly hasKeys?: boolean;
}

export const FILTERS = ['all', 'trouble', 'online', 'offline'] as const;
export type Filter = (typeof FILTERS)[number];

const LOG_LINES = 8;
const TEXT_MAX = 40;
const HELP = 'q quit, s sort, f filter, / name, c channels, arrows scroll';

export class View {
	sort: Sort = 'trouble';
	filter: Filter = 'all';
	/** Nodes whose name has it. */
	text = '';
	/** Undefined: where all of them fit. */
	hasChannels: boolean | undefined;
	#isTyping = false;
	#offset = 0;
	/** Of the last frame. */
	#page = 1;
	#count = 0;
	#showsChannels = false;

	/** `name` as Node's readline says it, `text` what was typed. True if it is to be ended. */
	key(name: string | undefined, text: string | undefined, isControl = false): boolean {
		if (isControl) return name === 'c' || name === 'd';
		if (this.#isTyping) this.#type(name, text);
		else if (name === 'q') return true;
		else if (name === 's') this.sort = next(SORTS, this.sort);
		else if (name === 'f') this.filter = next(FILTERS, this.filter);
		else if (name === 'c') this.hasChannels = !this.#showsChannels;
		else if (text === '/') [this.#isTyping, this.text] = [true, ''];
		else if (name === 'escape') [this.text, this.filter] = ['', 'all'];
		else this.#scroll(name);
		return false;
	}

	#type(name: string | undefined, text: string | undefined): void {
		if (name === 'return' || name === 'enter') this.#isTyping = false;
		else if (name === 'escape') [this.#isTyping, this.text] = [false, ''];
		else if (name === 'backspace') this.text = this.text.slice(0, -1);
		else if (text && /^[ -~]$/.test(text) && this.text.length < TEXT_MAX) this.text += text;
	}

	#scroll(name: string | undefined): void {
		const steps: Record<string, number> = { up: -1, k: -1, down: 1, j: 1, pageup: -this.#page, pagedown: this.#page, space: this.#page, home: -Infinity, end: Infinity };
		const step = steps[name ?? ''] ?? 0;
		this.#offset = Math.max(0, Math.min(this.#offset + step, this.#count - this.#page));
	}

	frame(merge: Merge, options: FrameOptions): string[] {
		const { columns, rows, colour, log = [] } = options;
		const all = merge.nodes().map((node) => stateOf(node, options.now));
		const states = sorted(all, this.sort).filter((state) => this.#isWanted(state));
		const notes = this.#notes(merge, all, states, options);
		const logLines = log.slice(-Math.min(LOG_LINES, Math.max(0, rows - 7)));
		// Besides the nodes: headings, a blank line, the notes, the log with a blank line, and the line that the cursor is on.
		const space = Math.max(1, rows - 3 - notes.length - (logLines.length ? logLines.length + 1 : 0));
		const lines = [...this.#table(all, states, space, columns, colour), '', ...notes];
		if (logLines.length) lines.push('', ...logLines.map((line) => tint(cut(line, columns), '2', colour)));
		return lines.slice(0, Math.max(1, rows - 1));
	}

	#table(all: readonly NodeState[], states: readonly NodeState[], space: number, columns: number, colour: boolean): string[] {
		const details = states.length <= space ? states.map((state) => channelLines(state, columns, colour)) : [];
		const fits = details.length > 0 && details.reduce((sum, each) => sum + 1 + each.length, 0) <= space;
		this.#showsChannels = this.hasChannels ?? fits;
		this.#page = this.#showsChannels ? (fits ? states.length : 1) : states.length > space ? Math.max(1, space - 1) : space;
		this.#count = states.length;
		this.#offset = Math.max(0, Math.min(this.#offset, states.length - this.#page));
		const from = states.slice(this.#offset);
		if (this.#showsChannels && !fits) return this.#tall(all, from, space, columns, colour);
		const shown = from.slice(0, this.#page);
		const [heading, ...table] = tableLines(all, shown, columns, colour) as [string, ...string[]];
		const lines = [heading, ...table.flatMap((line, index) => (this.#showsChannels ? [line, ...details[index]!] : [line]))];
		if (shown.length < states.length) lines.push(cut(`… ${this.#offset + 1} to ${this.#offset + shown.length} of ${counted(states.length, 'node')}`, columns));
		return lines;
	}

	/** With their channels, as many as there is room for. */
	#tall(all: readonly NodeState[], from: readonly NodeState[], space: number, columns: number, colour: boolean): string[] {
		const shown: NodeState[] = [];
		const details: string[][] = [];
		for (let used = 1; used < space && shown.length < from.length; ) {
			const state = from[shown.length]!;
			const more = channelLines(state, columns, colour);
			if (shown.length && used + 1 + more.length > space) break;
			shown.push(state);
			details.push(more);
			used += 1 + more.length;
		}
		this.#page = Math.max(1, shown.length);
		const [heading, ...table] = tableLines(all, shown, columns, colour) as [string, ...string[]];
		const lines = table.flatMap((line, index) => [line, ...details[index]!]).slice(0, Math.max(0, space - 1));
		return [heading, ...lines, cut(`… ${this.#offset + 1} to ${this.#offset + shown.length} of ${counted(this.#count, 'node')}`, columns)];
	}

	#isWanted({ name, trouble, status }: NodeState): boolean {
		if (this.text && !name.toLowerCase().includes(this.text.toLowerCase())) return false;
		if (this.filter === 'all') return true;
		return this.filter === 'trouble' ? trouble !== 'none' && trouble !== 'unknown' : status === this.filter;
	}

	/** What it comes to, how the link is, and the keys. */
	#notes(merge: Merge, all: readonly NodeState[], states: readonly NodeState[], { columns, colour, link, refusal, hasKeys }: FrameOptions): string[] {
		const links = typeof link === 'string' ? [link] : link;
		const lines = [...wrap(nodeWords(all), columns), ...wrap(readingWords(merge, all), columns)];
		if (refusal && merge.malformed) lines.push(tint(cut(`${counted(merge.malformed, 'message')} refused: ${oneColumn(refusal)}`, columns), '33', colour));
		lines.push(...links.flatMap((each) => wrap(each, columns)));
		if (hasKeys) lines.push(tint(cut(this.#keys(states.length, all.length), columns), '2', colour));
		return lines;
	}

	#keys(shown: number, all: number): string {
		if (this.#isTyping) return `Name: ${this.text}_  (Enter keeps it, Esc takes it back)`;
		const filter = [this.filter === 'all' ? '' : this.filter, this.text && `"${this.text}"`].filter(Boolean).join(' ');
		const chosen = filter ? `${filter}: ${shown} of ${all}; Esc shows all` : '';
		return [`by ${this.sort}`, chosen, HELP].filter(Boolean).join('; ');
	}
}

function nodeWords(states: readonly NodeState[]): string {
	const { nodes, online, offline, stopped, faults } = countsOf(states);
	return `${counted(nodes, 'node')}: ${online} online, ${offline} offline, ${stopped} stopped, ${counted(faults, 'fault')}.`;
}

function readingWords(merge: Merge, states: readonly NodeState[]): string {
	const { missing, toCome } = countsOf(states);
	const late = merge.late ? ` (${merge.late} late)` : '';
	return `${counted(merge.received, 'reading')}${late}, ${missing} missing${toCome ? `, ${toCome} to come` : ''}${merge.passed ? `, ${passedWords(merge.passed)}` : ''}.`;
}

function next<Each>(all: readonly Each[], now: Each): Each {
	return all[(all.indexOf(now) + 1) % all.length]!;
}

/** Broken between words where it is too wide. */
function wrap(text: string, columns: number): string[] {
	const lines: string[] = [];
	for (const word of text.split(' ')) {
		const last = lines.at(-1);
		if (last !== undefined && last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`;
		else lines.push(cut(word, columns));
	}
	return lines;
}
