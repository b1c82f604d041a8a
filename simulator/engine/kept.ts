// Scripts of the firmware and their snapshots that an earlier process made, in build/simulator: every program that simulates begins with them.
//
// Rule: a script is good while each file that went into it has the content that it had, and a snapshot is its script's and its engine's.
// What cannot be read is made anew; files come whole, under a name of their own until then.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const folder = join(root, 'build/simulator');
const SNAPSHOT = '.snapshot';
/** They are 2 MB each, and every change of the firmware makes others. */
const SNAPSHOTS_MAX = 12;

/** A script and the files that went into it, by their paths from the root. */
export interface Made {
	readonly script: string;
	readonly inputs: readonly string[];
}

interface Note {
	/** Hashes. */
	readonly inputs: Readonly<Record<string, string>>;
	readonly script: string;
}

/** Of this process: snapshots of others, such as a test's, are not worth their place. */
const scripts = new Set<string>();

/** The script that `make` makes of the files as they are now; another `entry` on another `board` is another script. */
export async function keptScript(entry: string, board: string, make: () => Promise<Made>): Promise<string> {
	const note = `${board}-of-${hash(entry)}.json`;
	const script = keptBy(note) ?? await newScript(note, board, make);
	scripts.add(script);
	return script;
}

/** The snapshot of a guest that the script was loaded into, as `make` has this engine write it. */
export async function keptSnapshot(script: string, engine: string, make: () => Promise<Buffer>): Promise<Buffer> {
	if (!scripts.has(script)) return make();
	const { size, mtimeMs } = statSync(engine);
	const name = hash(JSON.stringify([hash(script), engine, size, mtimeMs])) + SNAPSHOT;
	const kept = read(name);
	if (kept) {
		const now = new Date();
		utimesSync(join(folder, name), now, now);
		return kept;
	}
	const snapshot = await make();
	keep(name, snapshot);
	clear();
	return snapshot;
}

function keptBy(note: string): string | undefined {
	try {
		const { inputs, script: file } = JSON.parse(read(note)!.toString()) as Note;
		for (const path in inputs) if (hashOf(path) !== inputs[path]) return undefined;
		const script = read(file)!.toString();
		return file.includes(hash(script)) ? script : undefined;
	} catch {
		return undefined;
	}
}

async function newScript(note: string, board: string, make: () => Promise<Made>): Promise<string> {
	const from = Date.now();
	const { script, inputs } = await make();
	const file = `${board}-${hash(script)}.js`;
	keep(file, script);
	// Whether it was made of the file before or after nobody knows.
	if (inputs.some((path) => changedSince(path, from))) return script;
	keep(note, JSON.stringify({ inputs: Object.fromEntries(inputs.map((path) => [path, hashOf(path)])), script: file } satisfies Note));
	return script;
}

function clear(): void {
	const all = readdirSync(folder).filter((name) => name.endsWith(SNAPSHOT));
	const aged = all.map((name) => ({ path: join(folder, name), at: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }));
	for (const { path } of aged.sort((one, other) => other.at - one.at).slice(SNAPSHOTS_MAX)) rmSync(path, { force: true });
}

function keep(name: string, content: string | Buffer): void {
	mkdirSync(folder, { recursive: true });
	const part = join(folder, `${name}.${process.pid}`);
	writeFileSync(part, content);
	renameSync(part, join(folder, name));
}

function read(name: string): Buffer | undefined {
	try {
		return readFileSync(join(folder, name));
	} catch {
		return undefined;
	}
}

function changedSince(path: string, ms: number): boolean {
	const { mtimeMs } = statSync(resolve(root, path), { throwIfNoEntry: false }) ?? { mtimeMs: Infinity };
	return mtimeMs >= ms;
}

function hashOf(path: string): string {
	try {
		return hash(readFileSync(resolve(root, path)));
	} catch {
		return '';
	}
}

function hash(content: string | Buffer): string {
	return createHash('sha256').update(content).digest('hex').slice(0, 16);
}
