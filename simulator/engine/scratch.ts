// Files that live as long as this process: snapshots of XS, and the images that are made of them.
//
// Rule: nobody else removes them, and nobody writes one that another reads.

import { mkdtempSync, rmSync } from 'node:fs';
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
let folder: string | undefined;
let files = 0;

/** The name of a file that is gone when this process is. */
export function scratchFile(): string {
	if (!folder) {
		const made = folder = mkdtempSync(join(tmpdir(), 'telltale-'));
		process.on('exit', () => rmSync(made, { recursive: true, force: true }));
	}
	return join(folder, String(++files));
}
