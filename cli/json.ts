// Reads JSON that a person wrote, and says where it is broken.
//
// Rule: JSON.parse decides what is JSON (RFC 8259); the scanner only finds the place, since V8 tells it in some cases and not in others,
// and what JSON.parse keeps quiet about: a key that stands twice, of which it takes the second.

import { Failure } from './failure.js';
import { readUpTo, shownPath } from './files.js';
import { shown } from './topics.js';

/** All settings at their longest are 8 KB. */
const FILE_BYTES_MAX = 1_024 * 1_024;

export interface Parsed {
	readonly value: unknown;
	/** Where the keys of the outermost object stand. */
	readonly keys: ReadonlyMap<string, number>;
}

/** The text of a file; throws a Failure if it is not UTF-8, and passes on why it cannot be read. */
export async function readUtf8(path: string): Promise<string> {
	const bytes = await readUpTo(FILE_BYTES_MAX, path);
	if (!bytes) throw new Failure(`${shownPath(path)} has more than ${FILE_BYTES_MAX / 1_024} KB: settings are shorter, so name another file.`);
	try {
		return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
	} catch {
		throw new Failure(`${shownPath(path)} is not UTF-8: save it as such.`);
	}
}

/** Throws a Failure that begins with `name` and gives line and column. */
export function parseJson(text: string, name: string): Parsed {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		const at = faultIn(text);
		const found = at < text.length ? `unexpected ${JSON.stringify(String.fromCodePoint(text.codePointAt(at)!))}` : 'the text ends too early';
		throw new Failure(`${name} is not JSON: ${found} in line ${lineOf(text, at)}, column ${columnOf(text, at)}.`);
	}
	const scanner = new Scanner(text);
	scanner.value(0);
	const { twice } = scanner;
	if (twice) throw new Failure(`${name}, line ${lineOf(text, twice.at)}: ${JSON.stringify(shown(twice.key))} stands there twice: leave one of them out.`);
	return { value, keys: scanner.keys };
}

export function lineOf(text: string, at: number): number {
	return text.slice(0, at).split('\n').length;
}

function columnOf(text: string, at: number): number {
	return at - text.lastIndexOf('\n', at - 1);
}

/** Index of the first character that no JSON text could have there; the length if only the end is missing. */
function faultIn(text: string): number {
	const scanner = new Scanner(text);
	scanner.value(0);
	scanner.space();
	return scanner.at;
}

const NESTING_MAX = 100;
const LITERALS = ['true', 'false', 'null'];

class Scanner {
	readonly #text: string;
	at = 0;
	/** Of the outermost object. */
	readonly keys = new Map<string, number>();
	/** The first key that its object has already. */
	twice: { readonly key: string; readonly at: number } | undefined;

	constructor(text: string) {
		this.#text = text;
	}

	/** False: stopped at the fault. */
	value(depth: number): boolean {
		this.space();
		const next = this.#text[this.at];
		if (depth > NESTING_MAX) return false;
		if (next === '{') {
			const keys = depth ? new Map<string, number>() : this.keys;
			return this.#list('}', () => this.#key(keys) && this.#mark(':') && this.value(depth + 1));
		}
		if (next === '[') return this.#list(']', () => this.value(depth + 1));
		if (next === '"') return this.#string();
		return this.#number() || LITERALS.some((word) => this.#word(word));
	}

	space(): void {
		this.at = this.#after(/[ \t\r\n]*/y);
	}

	#list(end: string, item: () => boolean): boolean {
		this.at++;
		if (this.#mark(end)) return true;
		for (;;) {
			this.space();
			if (!item()) return false;
			if (this.#mark(end)) return true;
			if (!this.#mark(',')) return false;
		}
	}

	#key(keys: Map<string, number>): boolean {
		const { at } = this;
		if (!this.#string()) return false;
		const key = JSON.parse(this.#text.slice(at, this.at)) as string;
		if (keys.has(key)) this.twice ??= { key, at };
		keys.set(key, at);
		return true;
	}

	#mark(mark: string): boolean {
		this.space();
		if (this.#text[this.at] !== mark) return false;
		this.at++;
		return true;
	}

	#string(): boolean {
		if (this.#text[this.at] !== '"') return false;
		this.at = this.#after(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y);
		if (this.#text[this.at] !== '"') return false;
		this.at++;
		return true;
	}

	#number(): boolean {
		const end = this.#after(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
		const found = end > this.at;
		this.at = end;
		return found;
	}

	/** Steps over as much of the word as is there. */
	#word(word: string): boolean {
		let length = 0;
		while (length < word.length && this.#text[this.at + length] === word[length]) length++;
		this.at += length;
		return length === word.length;
	}

	#after(pattern: RegExp): number {
		pattern.lastIndex = this.at;
		return pattern.test(this.#text) ? pattern.lastIndex : this.at;
	}
}
