// One reading as a line of a record, CSV or NDJSON, and back.
//
// Rule: a line is a whole reading, so a line that was cut short is one reading less and no false one. In CSV the first line names the
// columns for the whole file; a channel that has no column stands in "other".

import { jsonLine } from './format.js';
import { CHANNELS_MAX } from './payload.js';
import type { Recorded } from './record.js';
import { jsonText } from './safe.js';
import type { ReadingEvent } from './viewer.js';

export interface Lines {
	/** What the file begins with; '' for nothing. Asked for with the first readings. */
	head(events: readonly ReadingEvent[]): string;
	/** Whether the file begins as such a record does. */
	begins(line: string): boolean;
	text(event: ReadingEvent): string;
	/** What ends half a line that somebody left, so that it is never taken for a reading. */
	ending(half: string): string;
	/** What a line of this node begins with. */
	prefix(node: string): string;
	parse(line: string): Recorded | undefined;
}

export class JsonLines implements Lines {
	head(): string {
		return '';
	}

	begins(line: string): boolean {
		return this.parse(line) !== undefined;
	}

	text({ node, late, reading }: ReadingEvent): string {
		return `${jsonLine(node, late, reading)}\n`;
	}

	ending(): string {
		return '\n';
	}

	prefix(node: string): string {
		return `{"node":${jsonLine(node, false, { seq: 1, boot: '', values: {} }).slice('{"node":'.length).split(',"late"')[0]},`;
	}

	parse(line: string): Recorded | undefined {
		let content: Record<string, unknown>;
		try {
			content = JSON.parse(line) as Record<string, unknown>;
		} catch {
			return undefined;
		}
		const { node, late, seq, boot, time, uptime, dropped, suspect, ...others } = content ?? {};
		if (typeof node !== 'string' || !Number.isInteger(seq) || (typeof boot !== 'number' && typeof boot !== 'string')) return undefined;
		const values = Object.fromEntries(Object.entries(others).filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
		const [from, to] = Array.isArray(dropped) ? (dropped as number[]) : [];
		return {
			node, seq: seq as number, boot: String(boot), time: typeof time === 'number' ? time : 0, values,
			dropped: from !== undefined && to !== undefined ? { from, to } : undefined, suspect: Array.isArray(suspect) ? suspect.map(String) : [],
		};
	}
}

const FIRST = ['node', 'utc', 'time', 'boot', 'seq', 'late', 'uptime', 'dropped_from', 'dropped_to', 'suspect'];
const OTHER = 'other';
/** A channel that is called like one of these has no column of its own. */
const OWN = new Set([...FIRST, OTHER]);
const USUAL = ['temperature', 'humidity'];
/** What a spreadsheet would take for a formula is marked as text, as people do by hand. */
const FORMULA = /^[=+\-@']/;
/** Control characters, what else ends a line somewhere, and halves of characters. */
const UNWRITABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/u;

export class CsvLines implements Lines {
	#columns: readonly string[] = [];
	/** Where each of these stands; -1: nowhere. */
	#at: Readonly<Record<string, number>> = {};
	#channels: ReadonlyMap<string, number> = new Map();

	#setColumns(columns: readonly string[]): void {
		this.#columns = columns;
		this.#at = Object.fromEntries([...FIRST, OTHER].map((name) => [name, columns.indexOf(name)]));
		this.#channels = new Map([...columns.entries()].filter(([, name]) => !OWN.has(name)).map(([at, name]) => [name, at]));
	}

	head(events: readonly ReadingEvent[]): string {
		const found = new Set([...USUAL, ...events.flatMap(({ reading }) => Object.keys(reading.values).filter((name) => !OWN.has(name)))]);
		this.#setColumns([...FIRST, ...[...found].slice(0, 2 * CHANNELS_MAX), OTHER]);
		return `${this.#columns.join(',')}\n`;
	}

	begins(line: string): boolean {
		const columns = cellsOf(line.replace(/^\ufeff/, ''));
		if (!['node', 'time', 'boot', 'seq'].every((name) => columns.includes(name))) return false;
		this.#setColumns(columns);
		return true;
	}

	text({ node, late, reading: { seq, boot, time, uptime, dropped, values, suspect } }: ReadingEvent): string {
		const others = Object.entries(values).filter(([name]) => !this.#channels.has(name)).map(([name, value]) => `${name}=${value}`);
		const cells: Record<string, string | number | undefined> = {
			node: quoted(node), utc: time === undefined ? '' : new Date(time * 1_000).toISOString().slice(0, 19) + 'Z', time, boot: quoted(boot), seq,
			late: late ? 1 : 0, uptime, dropped_from: dropped?.from, dropped_to: dropped?.to, suspect: suspect?.join(' '), [OTHER]: others.join(' '),
		};
		return `${this.#columns.map((name) => ownOf(OWN.has(name) ? cells : values, name) ?? '').join(',')}\n`;
	}

	/** It gets more cells than a reading has. */
	ending(half: string): string {
		return `${half.split('"').length % 2 ? '' : '"'}${','.repeat(this.#columns.length)}\n`;
	}

	prefix(node: string): string {
		return this.#columns[0] === 'node' ? `${quoted(node)},` : '';
	}

	parse(line: string): Recorded | undefined {
		const cells = cellsOf(line);
		if (cells.length !== this.#columns.length) return undefined;
		const cell = (name: string): string => cells[this.#at[name]!] ?? '';
		const seq = Number(cell('seq'));
		if (!Number.isInteger(seq) || seq < 1) return undefined;
		let [node, boot] = ['', ''];
		try {
			[node, boot] = [plain(cell('node')), plain(cell('boot'))];
		} catch {
			return undefined;
		}
		const values: Record<string, number> = {};
		for (const [name, at] of this.#channels) if (cells[at] && Number.isFinite(Number(cells[at]))) values[name] = Number(cells[at]);
		const other = cell(OTHER);
		if (other) for (const [name, value] of other.split(' ').map((each) => each.split('='))) if (name && Number.isFinite(Number(value))) values[name] = Number(value);
		const [from, to, suspect] = [cell('dropped_from'), cell('dropped_to'), cell('suspect')];
		return {
			node, boot, seq, time: Number(cell('time')) || 0, dropped: from && to ? { from: Number(from), to: Number(to) } : undefined,
			values, suspect: suspect ? suspect.split(' ') : [],
		};
	}
}

/** A channel may be called "constructor". */
function ownOf<Value>(of: Readonly<Record<string, Value>>, name: string): Value | undefined {
	return Object.hasOwn(of, name) ? of[name] : undefined;
}

function quoted(text: string): string {
	// What would end a line, or be no text of a file, as JSON has it.
	const marked = UNWRITABLE.test(text) ? `'${jsonText(text)}` : FORMULA.test(text) ? `'${text}` : text;
	return /[",]/.test(marked) ? `"${marked.replaceAll('"', '""')}"` : marked;
}

/** Throws where it is said to be JSON and is none. */
function plain(cell: string): string {
	if (cell.startsWith(`'"`)) return String(JSON.parse(cell.slice(1)));
	return cell.startsWith("'") ? cell.slice(1) : cell;
}

function cellsOf(line: string): string[] {
	const text = line.endsWith('\r') ? line.slice(0, -1) : line;
	if (!text.includes('"')) return text.split(',');
	const cells: string[] = [];
	for (let at = 0; at <= text.length; ) {
		const isQuoted = text[at] === '"';
		const end = isQuoted ? closing(text, at + 1) : at;
		const comma = text.indexOf(',', end);
		const next = comma < 0 ? text.length : comma;
		cells.push(isQuoted ? text.slice(at + 1, end).replaceAll('""', '"') : text.slice(at, next));
		at = next + 1;
	}
	return cells;
}

/** Where the quote is that ends what begins at `from`; the end of the text if there is none. */
function closing(text: string, from: number): number {
	for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) if (text[at + 1] !== '"') return at;
	return text.length;
}
