// What of the firmware runs in an image: the modules that src/main reaches there, under the names that the manifest gives them.
//
// Rule: an import counts as it does in what the SDK's compiler makes: one that takes nothing but types and members of enumerations leaves nothing.

import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** Of manifest.json, or of one of its platforms. */
export interface Part {
	readonly modules: Readonly<Record<string, string | readonly string[]>>;
	readonly preload?: readonly string[];
}

export class Image {
	/** Names of modules, and their files from the root without endings, each in the order of the alphabet. */
	readonly reached: readonly string[];
	readonly files: readonly string[];
	readonly #parts: readonly Part[];
	readonly #texts = new Map<string, string | undefined>();

	/** The platform first: its modules take the place of others. */
	constructor(...parts: readonly Part[]) {
		this.#parts = parts;
		const names = new Set<string>();
		const visit = (name: string): void => {
			if (names.has(name) || this.#text(name) === undefined) return;
			names.add(name);
			for (const { from, taken } of this.#imports(name)) if (taken.some((each) => !this.#withoutCode(from).has(each))) visit(from);
		};
		visit('src/main');
		this.reached = [...names].sort();
		this.files = this.reached.map((name) => this.#file(name)!).sort();
	}

	/** What a module takes of which other; '*' is all of it. */
	#imports(name: string): { from: string; taken: string[] }[] {
		return [...this.#text(name)!.matchAll(/^(?:import|export) (?!type\b)(?:([^'";]*?) from )?'([^']+)'/gm)].map(([, words = '*', specifier]) => {
			const from = specifier!.startsWith('.') ? posix.join(posix.dirname(name), specifier!).replace(/\.js$/, '') : specifier!;
			const taken = /\{([^}]*)\}/.exec(words)?.[1]!.split(',').map((each) => each.trim().split(' as ')[0]!);
			return { from, taken: taken?.filter((each) => each && !each.startsWith('type ')) ?? ['*'] };
		});
	}

	/** The types and enumerations of a module, and those that it passes on. */
	#withoutCode(name: string): Set<string> {
		const text = this.#text(name) ?? '';
		const own = [...text.matchAll(/^export (?:const enum|interface|type) (\w+)/gm)].map(([, each]) => each!);
		const others = [...text.matchAll(/^export \* from '([^']+)'/gm)].map(([, from]) => posix.join(posix.dirname(name), from!).replace(/\.js$/, ''));
		return new Set([...own, ...others.flatMap((each) => [...this.#withoutCode(each)])]);
	}

	/** undefined: it is none of the firmware's. */
	#text(name: string): string | undefined {
		if (!this.#texts.has(name)) {
			const file = this.#file(name);
			this.#texts.set(name, file && readFileSync(new URL(`../../${file}.ts`, import.meta.url), 'utf8'));
		}
		return this.#texts.get(name);
	}

	/** Behind a name, as a path from the root without its ending. */
	#file(name: string): string | undefined {
		const folder = `${posix.dirname(name)}/*`;
		const entries = this.#parts.map(({ modules }) => modules[name] ?? modules[folder]).find(Boolean);
		const files = [entries ?? []].flat().map((each) => each.slice('./'.length).replace('*', posix.basename(name)));
		const file = files.find((each) => files.length === 1 || posix.basename(each) === posix.basename(name));
		return file && /^(?:src|sensors|hardware)\//.test(file) ? file : undefined;
	}
}
