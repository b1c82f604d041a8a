// Reads CSV that a person or a spreadsheet wrote, and says where it is broken.
//
// Rule: RFC 4180. Quotes are kept apart from what they enclose, lines end as on any system, a byte order mark is skipped. The first ",", ";"
// or tab of the file divides the cells of all of it. What could be meant in two ways is refused in one sentence with its line.

import { Failure } from './failure.js';
import { readUpTo, shownPath, unreadable } from './files.js';
import { shown } from './topics.js';

export interface Row {
	/** Where it begins, from 1. */
	readonly line: number;
	readonly cells: readonly string[];
}

/** Ten thousand nodes with each setting given are less. */
const FILE_BYTES_MAX = 16 * 1_024 * 1_024;
const DIVIDERS = [',', ';', '\t'];
/** Neither typed nor seen; cells may have tabs and ends of lines, which no setting allows. */
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;
const SAVE = 'save it as "CSV UTF-8"';

/** The text of a file, UTF-8; nothing of it is in memory if it is far too large. */
export async function readCsv(path: string): Promise<Row[]> {
	const name = shownPath(path);
	const bytes = await readUpTo(FILE_BYTES_MAX, path).catch((error: unknown) => {
		throw unreadable(path, error, 'name a CSV file with --from');
	});
	if (!bytes) throw new Failure(`${name} has more than ${FILE_BYTES_MAX / 1_024 / 1_024} MB: divide it into several files.`);
	let text: string;
	try {
		text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
	} catch {
		throw new Failure(`${name} is not UTF-8: ${SAVE}.`);
	}
	return rowsOf(text, name);
}

/** Throws a Failure that begins with `name` and gives the line. */
export function rowsOf(text: string, name: string): Row[] {
	const control = CONTROL.exec(text);
	if (control) throw new Failure(`${name}, line ${1 + breaksIn(text, 0, control.index)}: there is a control character, which no CSV has: ${SAVE}.`);
	return new Reader(text, name).rows();
}

function breaksIn(text: string, from: number, to: number): number {
	return text.slice(from, to).match(/\r\n|\r|\n/g)?.length ?? 0;
}

class Reader {
	readonly #text: string;
	readonly #name: string;
	readonly #divider: string;
	/** A cell without quotes. */
	readonly #plain: RegExp;
	#at = 0;
	#line = 1;

	constructor(text: string, name: string) {
		this.#text = text;
		this.#name = name;
		this.#divider = /[,;\t]/.exec(text)?.[0] ?? DIVIDERS[0]!;
		this.#plain = new RegExp(`[^${this.#divider}\r\n]*`, 'y');
	}

	rows(): Row[] {
		const rows: Row[] = [];
		while (this.#at < this.#text.length) {
			const line = this.#line;
			const cells = [this.#cell()];
			while (this.#text[this.#at] === this.#divider) {
				this.#at++;
				cells.push(this.#cell());
			}
			this.#endOfLine();
			rows.push({ line, cells });
		}
		return rows;
	}

	#cell(): string {
		return this.#text[this.#at] === '"' ? this.#quoted() : this.#bare();
	}

	#quoted(): string {
		const from = this.#at + 1;
		let end = this.#text.indexOf('"', from);
		// Two of them stand for one.
		while (end >= 0 && this.#text[end + 1] === '"') end = this.#text.indexOf('"', end + 2);
		if (end < 0) throw this.#fault('a quote is opened that nothing closes');
		const line = this.#line;
		this.#line += breaksIn(this.#text, from, end);
		this.#at = end + 1;
		const next = this.#text[this.#at];
		if (next !== undefined && !`${this.#divider}\r\n`.includes(next)) throw this.#fault(`there is ${JSON.stringify(next)} behind the quote that ends a cell: double a quote that is meant`, line);
		return this.#text.slice(from, end).replaceAll('""', '"');
	}

	#bare(): string {
		this.#plain.lastIndex = this.#at;
		const cell = this.#plain.exec(this.#text)![0];
		this.#at += cell.length;
		if (cell.includes('"')) throw this.#fault(`there is a quote within ${JSON.stringify(shown(cell))}: enclose the cell in quotes, and double each quote in it`);
		if (cell !== cell.trim()) throw this.#fault(`${JSON.stringify(shown(cell))} begins or ends with a space: take it out, or enclose the cell in quotes if it is meant`);
		return cell;
	}

	#endOfLine(): void {
		if (this.#at >= this.#text.length) return;
		this.#at += this.#text.startsWith('\r\n', this.#at) ? 2 : 1;
		this.#line++;
	}

	#fault(what: string, line = this.#line): Failure {
		return new Failure(`${this.#name}, line ${line}: ${what}.`);
	}
}
