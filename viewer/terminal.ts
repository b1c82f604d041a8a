// The live table of a terminal: drawn in place, one write a frame.
//
// Rule: frame() is pure and gives no line wider than the terminal and no more lines than it has, so a frame can be drawn over
// the one before without clearing: nothing flickers, and what stood above stays.

import { counted, HEADINGS, passedWords, row } from './format.js';
import type { Merge } from './merge.js';

export interface FrameOptions {
	readonly now: number;
	readonly columns: number;
	readonly rows: number;
	readonly colour: boolean;
	/** How the link is. */
	readonly link: string;
	/** Lines that stand below the table, the newest last. */
	readonly log?: readonly string[];
}

const LOG_LINES = 8;
const STATUS_COLUMN = 1;
/** Columns of numbers stand to the right. */
const RIGHT = new Set([2, 3, 4, 5]);
const COLOURS: Readonly<Record<string, string>> = { online: '32', sleeping: '34', stopped: '33', offline: '31' };

export function frame(merge: Merge, { now, columns, rows, colour, link, log = [] }: FrameOptions): string[] {
	const notes = [...wrap(counts(merge), columns), ...wrap(link, columns)];
	const logLines = log.slice(-Math.min(LOG_LINES, Math.max(0, rows - 7)));
	// Besides the nodes: headings, a blank line, the notes, the log with a blank line, and the line that the cursor is on.
	const space = Math.max(1, rows - 3 - notes.length - (logLines.length ? logLines.length + 1 : 0));
	const nodes = merge.nodes();
	const shown = nodes.slice(0, nodes.length > space ? space - 1 : space);
	const cells = [HEADINGS, ...shown.map((node) => row(node, now))];
	const widths = HEADINGS.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
	const lines = cells.map((line, index) => tableLine(line, widths, columns, colour, index === 0));
	if (shown.length < nodes.length) lines.push(cut(`… and ${nodes.length - shown.length} more; make the window taller`, columns));
	lines.push('', ...notes);
	if (logLines.length) lines.push('', ...logLines.map((line) => tint(cut(line, columns), '2', colour)));
	return lines.slice(0, Math.max(1, rows - 1));
}

function counts(merge: Merge): string {
	return `${counted(merge.received, 'reading')}${merge.late ? ` (${merge.late} late)` : ''}, ${merge.missing} missing${merge.passed ? `, ${passedWords(merge.passed)}` : ''}.`;
}

function tableLine(cells: readonly string[], widths: readonly number[], columns: number, colour: boolean, heading: boolean): string {
	let line = '';
	let used = 0;
	for (const [column, text] of cells.entries()) {
		const width = widths[column]!;
		const padded = (column ? '  ' : '') + (RIGHT.has(column) ? text.padStart(width) : text.padEnd(width));
		const fitting = cut(padded, columns - used);
		used += fitting.length;
		line += heading ? tint(fitting, '1', colour) : column === STATUS_COLUMN ? tint(fitting, COLOURS[text] ?? '2', colour) : fitting;
	}
	return line;
}

function tint(text: string, code: string, colour: boolean): string {
	return colour && text ? `\u001b[${code}m${text}\u001b[0m` : text;
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

function cut(text: string, columns: number): string {
	return text.length <= columns ? text : text.slice(0, Math.max(0, columns - 1)) + (columns > 0 ? '…' : '');
}

/** Draws frames on a terminal, one over the other. */
export class Screen {
	readonly #out: NodeJS.WriteStream;
	#height = 0;
	readonly #onResize = () => this.#forget();

	constructor(out: NodeJS.WriteStream) {
		this.#out = out;
		out.on('resize', this.#onResize);
		out.write(HIDE_CURSOR);
	}

	get size(): { columns: number; rows: number } {
		return { columns: this.#out.columns || 80, rows: this.#out.rows || 24 };
	}

	/** One write, which terminals that know how show at once. */
	draw(lines: readonly string[]): void {
		const up = this.#height > 1 ? `\u001b[${this.#height - 1}A` : '';
		const body = lines.map((line) => line + CLEAR_LINE).join('\r\n');
		this.#out.write(`${BEGIN_FRAME}\r${up}${body}${CLEAR_BELOW}${END_FRAME}`);
		this.#height = lines.length;
	}

	/** Leaves the last frame standing. */
	close(): void {
		this.#out.off('resize', this.#onResize);
		this.#out.write(`${this.#height ? '\r\n' : ''}${SHOW_CURSOR}`);
	}

	/** A terminal that changed its width has wrapped the old lines: nobody knows where they are. */
	#forget(): void {
		this.#out.write(CLEAR_ALL);
		this.#height = 0;
	}
}

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const CLEAR_ALL = '\u001b[2J\u001b[H';
const BEGIN_FRAME = '\u001b[?2026h';
const END_FRAME = '\u001b[?2026l';

const FRAME_MS = 100;
const TICK_MS = 1_000;

/** Keeps a screen current: soon after something changed, and each second for the ages. */
export class Live {
	readonly #screen: Screen;
	readonly #lines: (size: { columns: number; rows: number }) => string[];
	readonly #ticker: NodeJS.Timeout;
	#soon: NodeJS.Timeout | undefined;

	constructor(out: NodeJS.WriteStream, lines: (size: { columns: number; rows: number }) => string[]) {
		this.#screen = new Screen(out);
		this.#lines = lines;
		this.#ticker = setInterval(() => this.#draw(), TICK_MS);
		this.#draw();
	}

	changed(): void {
		this.#soon ??= setTimeout(() => this.#draw(), FRAME_MS);
	}

	close(): void {
		clearInterval(this.#ticker);
		this.#draw();
		this.#screen.close();
	}

	#draw(): void {
		clearTimeout(this.#soon);
		this.#soon = undefined;
		this.#screen.draw(this.#lines(this.#screen.size));
	}
}
