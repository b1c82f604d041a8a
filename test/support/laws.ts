// The laws that test/tidy.test.ts holds, as judges of a file's name and text: test/support/laws.test.ts gives them planted texts and sees
// that each says no.

import { transformSync } from 'esbuild';
import { dirname, join, normalize, sep } from 'node:path';

export interface Source {
	/** From the root of the project, with "/". */
	readonly file: string;
	readonly text: string;
}

export interface Import {
	readonly from: string;
	/** Nothing of it is left at run time. */
	readonly types: boolean;
}

/** What a file imports or passes on, and what it imports where it is needed, local specifiers as paths from the root. */
export function importsOf({ file, text }: Source): Import[] {
	const statements = [...text.matchAll(/^(?:import|export)\s+(type\s+)?[^'";]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm)];
	return statements.map(([, types, from, bare, late]) => {
		const specifier = from ?? bare ?? late!;
		const local = specifier.startsWith('.') ? normalize(join(dirname(file), specifier)).split(sep).join('/').replace(/\.js$/, '.ts') : specifier;
		return { from: local, types: Boolean(types) };
	});
}

/** Comments and texts blanked, so that a word in a sentence is no use of it. */
export function codeOf(text: string): string {
	return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/gm, (match) => match.replace(/[^\n]/g, ' '));
}

/**
 * The layers: each folder's rank. An import goes to the same folder or to a lower rank, types included; what is not listed may not be imported
 * by what is.
 */
export const RANKS: Readonly<Record<string, number>> = {
	'hardware': 0, 'src/common': 0,
	'src/mqtt/codec': 1, 'src/mqtt/state': 2, 'src/mqtt': 3, 'src/mqtt/v5': 4, 'src/mqtt/without5': 4,
	'src/readings': 1, 'src/storage': 2, 'src/settings': 3, 'sensors': 1,
	'src/device': 5, 'src/device/esp8266': 6, 'src/device/esp32': 6,
	'src/connection': 5, 'src/telemetry': 6, 'src/parts': 7, 'src/provisioning': 7, 'src/certificates': 8, 'src/without-certificates': 8,
	'src': 9,
	'clients/embedded': 5,
	// On the host, from what a simulated board is made of up to who starts it.
	'simulator/engine': 10, 'simulator/world': 10, 'simulator/modules': 10, 'viewer': 10, 'viewer/web': 11, 'viewer/server': 12,
	'simulator/devices': 11, 'simulator/virtual': 11, 'simulator/audit': 11, 'simulator/board': 12, 'simulator': 13,
	'simulator/driver': 14, 'simulator/campaign': 14, 'simulator/hostile': 14, 'simulator/field': 14,
	'cli': 15,
};

function folderOf(file: string): string {
	const folder = dirname(file);
	return /^sensors\/\w+$/.test(folder) ? 'sensors' : folder;
}

/** What of a file's imports goes up, or sideways into another folder. */
export function upward(source: Source): string[] {
	const { file } = source;
	const rank = RANKS[folderOf(file)];
	return importsOf(source).filter(({ from }) => from.includes('/') && from.endsWith('.ts')).flatMap(({ from }) => {
		const other = RANKS[folderOf(from)];
		if (folderOf(from) === folderOf(file)) return [];
		return rank !== undefined && other !== undefined && other < rank ? [] : [`${file} imports ${from}`];
	});
}

/** The files of a circle of imports, types included, if there is one among those. */
export function circle(sources: readonly Source[]): string[] {
	const byFile = new Map(sources.map((source) => [source.file, source]));
	const state = new Map<string, 'open' | 'done'>();
	const visit = (file: string, path: readonly string[]): string[] => {
		if (state.get(file) === 'done') return [];
		if (state.get(file) === 'open') return [...path.slice(path.indexOf(file)), file];
		state.set(file, 'open');
		for (const { from } of importsOf(byFile.get(file)!)) {
			const imported = [from, `${from}x`].find((each) => byFile.has(each));
			const found = imported ? visit(imported, [...path, file]) : [];
			if (found.length) return found;
		}
		state.set(file, 'done');
		return [];
	};
	for (const file of byFile.keys()) {
		const found = visit(file, []);
		if (found.length) return found;
	}
	return [];
}

export const LINE_MAX = 160;
export const FUNCTION_MAX = 70;
export const FILE_MAX = 350;

/** Lines that are too long. */
export function longLines({ file, text }: Source): string[] {
	return text.split('\n').flatMap((line, index) => (line.length > LINE_MAX ? [`${file}:${index + 1} has ${line.length} characters`] : []));
}

export function isLongFile({ text }: Source): boolean {
	return text.replace(/\n$/, '').split('\n').length > FILE_MAX;
}

const WORDS = 'export|default|async|static|get|set|readonly|private|protected|public|override|abstract|const|let|function';
/** The line that opens a function or method with a name: `name(…) {`, `name = (…) => {`, `name: (…) => {`, or `name(` with the rest below. */
const OPENING = new RegExp(`^(\\t*)(?:(?:${WORDS})\\*? |\\*)*([#\\w]+)\\s*(?:[=:]\\s*(?:async )?(?:function\\*?\\s*\\w* ?)?)?(?:<.*>)?\\((?:[^;]*\\{|[^;)]*)\\s*$`);

/** Functions and methods that are too long, by their indentation: from the line that opens one to the line that closes it. */
export function longFunctions({ file, text }: Source): string[] {
	const lines = codeOf(text).split('\n');
	return lines.flatMap((line, start) => {
		const [, indent, name] = OPENING.exec(line) ?? [];
		if (name === undefined || /^(if|for|while|switch|catch|describe|it|return)$/.test(name)) return [];
		const end = lines.findIndex((each, index) => index > start && each.startsWith(`${indent}}`));
		return end - start + 1 > FUNCTION_MAX ? [`${file} ${name} has ${end - start + 1} lines`] : [];
	});
}

/** What runs for every packet and every sample: all of the firmware but what starts it, names Moddable or reads settings. */
export function isOnPacketPath(file: string): boolean {
	return /^src\/(mqtt|storage|readings|telemetry|connection|common)\//.test(file) || file === 'src/node.ts';
}

/** What the chip has not, or not for nothing, in the code of the firmware. */
export const BANNED: readonly (readonly [reason: string, pattern: RegExp])[] = [
	['promises and generators (one await makes 1.4 KB of garbage)', /(?<![#.\w])(async|await|Promise|yield|function\*)\b/],
	['console, timers and encoders that XS has not', /\bconsole\.(?:log|error|warn|info|debug)\b|\b(?:setTimeout|setInterval|TextEncoder|TextDecoder|structuredClone)\b/],
	['the date: src/device/clock.ts owns time', /\bnew Date\b|\bDate\.now\b/],
	['enums that leave an object behind', /(?<!const )\benum\b/],
	['top-level let', /^let\b/m],
	['top-level Map, Set, Date and typed arrays, which are read-only once preloaded', /^(?:export )?const \w+(?::[^=]+)? = new (?:Map|Set|WeakMap|Date|\w+Array|ArrayBuffer)\b/m],
	['static fields, which are read-only once preloaded', /^\tstatic (?!readonly)\w+ ?=/m],
	['regular expressions (33 KB of flash)', /\bRegExp\b|[=(,]\s*\/[^/*\s]/],
	// The SDK's linker leaves out the built-ins whose names no module has, whatever has them: a field called so is enough.
	['names that bring the regular expressions into the image', /\b(?:search|match|matchAll)\b/],
	['names that bring the comparison of texts into the image (0.1 KB of RAM)', /\b(?:compare|localeCompare)\b/],
	['function declarations, each with a prototype (60 B of flash): write a constant', /^(?:export )?function (?!\w+\(this: )/m],
	['eval', /\beval\b|new Function\b/],
	['built-ins that an image leaves out, although our names would bring them in ("strip" in manifest.json)', /\bArray\.(?:from|of)\b|\bIterator\b|\.(?:entries|keys|values)\(\)|\bSymbol\.iterator\b/],
];

const GARBAGE: readonly (readonly [what: string, pattern: RegExp])[] = [
	['for…of', /\bfor\s*\(.*\bof\b/], ['a spread', /\.\.\./], ['a closure', /=>|\bfunction\b|\.bind\(/], ['a promise', /\b(?:async|await|Promise)\b/], ['an object of JSON', /\bJSON\b/], ['a generator', /\byield\b|\bfunction\s*\*/],
];

/** A constant at the top whose value the compiler could write where it is used. */
const LOOSE_NUMBER = /^(?:export )?const (\w+)(?:: \w+)? =([-+*/%&|^~<>()\s]|\b(?:0x[\da-fA-F_]+|0b[01_]+|\d[\d_]*(?:\.\d+)?(?:e[-+]?\d+)?|[A-Z]\w*\.[A-Z]\w*|[A-Z][A-Z\d_]*)(?![\w.]))+;$/gm;

/** Numbers that are constants, not members of a `const enum`: each takes 48 B of flash, and 16 B more in each function that uses it. */
export function looseNumbers({ file, text }: Source): string[] {
	return [...codeOf(text).matchAll(LOOSE_NUMBER)].filter(([line]) => /=.*(?<![\w.])\d/.test(line)).map(([, name]) => `${file} ${name}`);
}

/** What of it makes garbage each time that it runs. What a module makes once, outside of all functions, is frozen into flash. */
export function garbage({ file, text }: Source): string[] {
	const lines = codeOf(transformSync(text, { loader: 'ts', target: 'esnext' }).code).split('\n');
	return lines.flatMap((line) => (/^\s/.test(line) ? GARBAGE.filter(([, pattern]) => pattern.test(line)).map(([what]) => `${file}: ${what} in "${line.trim()}"`) : []));
}

/** What is wrong with how a file of the firmware begins; '' if nothing is. */
export function headerProblem({ file, text }: Source): string {
	const [licence, ...rest] = text.split('\n');
	if (licence !== '// SPDX-License-Identifier: MIT') return `${file} does not begin with its licence`;
	const header = rest.slice(0, rest.findIndex((line) => !line.startsWith('//')));
	if (!/^\/\/ .{10}/.test(header[0] ?? '')) return `${file} does not say what it is`;
	return header.some((line) => /^\/\/ Rule: .{10}/.test(line)) ? '' : `${file} says no rule`;
}

/** A timer, and a limit behind the body of a test or of a table of tests. */
const WAITS: readonly RegExp[] = [/\bset(?:Timeout|Interval)\(/, /^\t*\}\)?, (?:\{ timeout|[1-9][\d_]*\);)/, /^\t*\]\).*, [1-9][\d_]*\);/];

/** Waits in real time, and limits of single tests, which belong to test/support/patience.ts. */
export function ownWaits({ file, text }: Source): string[] {
	return codeOf(text).split('\n').flatMap((line, index) => (WAITS.some((pattern) => pattern.test(line)) ? [`${file}:${index + 1} ${line.trim()}`] : []));
}
