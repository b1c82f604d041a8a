// The image of a preloaded guest on XS: what a chip has in flash, made once for each script and shared by every boot of every node.
//
// Rule: an image holds nothing of one node; its settings are given in a turn. Its file lives as long as this process.

import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BLOCKS, reservedMax, type Block } from './creation.js';
import type { ChipName } from './devices/chip.js';
import { recreated } from './snapshot.js';
import { EngineStop } from './stop.js';
import { XsEngine } from './xs-engine.js';

/** Kilobytes; the worker's own 8 MB are for far larger programs. */
export const PARSER_KB = 2_048;
const SPARE_KB = 2_048;

export interface Image {
	readonly path: string;
	/** What a guest may take beyond it. */
	readonly block: Block;
	/** What the operating system may give the worker, in KB, so that a guest that runs away is ended within its turn. */
	readonly dataKb: number;
}

const images = new Map<string, Promise<Image>>();
let folder: string | undefined;
let files = 0;

/** Throws what the script throws. */
export function imageOf(script: string, chip: ChipName): Promise<Image> {
	const key = chip + script;
	let image = images.get(key);
	if (!image) {
		image = makeImage(script, BLOCKS[chip]);
		images.set(key, image);
		image.catch(() => images.delete(key));
	}
	return image;
}

/** The name of a file that is gone when this process is. */
export function scratchFile(): string {
	if (!folder) {
		const made = folder = mkdtempSync(join(tmpdir(), 'telltale-'));
		process.on('exit', () => rmSync(made, { recursive: true, force: true }));
	}
	return join(folder, String(++files));
}

async function makeImage(script: string, block: Block): Promise<Image> {
	const engine = new XsEngine(() => { throw new EngineStop('A module asks the board for something while it is preloaded.'); });
	try {
		await engine.load(script);
		const path = scratchFile();
		await engine.save(path);
		const image = recreated(await readFile(path), block.creation);
		await writeFile(path, image);
		return { path, block, dataKb: Math.ceil((2 * image.length + reservedMax(block)) / 1_024) + SPARE_KB };
	} finally {
		engine.kill();
	}
}
