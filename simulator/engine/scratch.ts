// Files that live as long as this process: snapshots of XS, and the images that are made of them.
//
// Rule: nobody else removes them, and nobody writes one that another reads.

import { randomUUID } from 'node:crypto';
import { openSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Block } from './creation.js';

export interface Image {
	readonly path: string;
	/** What a guest may take beyond it. */
	readonly block: Block;
	/** What the operating system may give the worker, in KB, so that a guest that runs away is ended within its turn. */
	readonly dataKb: number;
}

/** Kilobytes; the worker's own 8 MB are for far larger programs. */
export const PARSER_KB = 2_048;
/** Of files that may still be there. */
const names = new Set<string>();
let watching = false;

/** The name of a file that is gone when this process is, unless it is killed: whoever writes it removes it soon. */
export function scratchFile(): string {
	if (!watching) process.on('exit', removeAll);
	watching = true;
	// Nobody else can lie in wait under a name that nobody can guess.
	const name = join(tmpdir(), `telltale-${process.pid}-${randomUUID()}`);
	names.add(name);
	return name;
}

export async function discard(path: string): Promise<void> {
	await rm(path, { force: true });
	names.delete(path);
}

/** The same file by a name that lasts as long as this process does, however it ends. */
export function forLife(path: string): string {
	if (process.platform !== 'linux') return path;
	const descriptor = openSync(path, 'r');
	rmSync(path);
	names.delete(path);
	return `/proc/${process.pid}/fd/${descriptor}`;
}

function removeAll(): void {
	for (const name of names) rmSync(name, { force: true });
}
