// The image of a preloaded guest on XS: what a chip has in flash, made once for each script and shared by every boot of every node.
//
// Rule: an image holds nothing of one node; its settings are given in a turn. Its file lives as long as this process.

import { writeFile } from 'node:fs/promises';
import { BLOCKS, reservedMax, type Block, type ChipName } from './creation.js';
import { keptSnapshot } from './kept.js';
import { forLife, scratchFile, type Image } from './scratch.js';
import { recreated } from './snapshot.js';
import { EngineStop } from './stop.js';
import { workerPath } from './worker.mjs';
import { XsEngine } from './xs-engine.js';

const SPARE_KB = 2_048;

const images = new Map<string, Promise<Image>>();

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

async function makeImage(script: string, block: Block): Promise<Image> {
	const image = recreated(await keptSnapshot(script, workerPath(), () => loaded(script)), block.creation);
	const path = scratchFile();
	await writeFile(path, image);
	return { path: forLife(path), block, dataKb: Math.ceil((2 * image.length + reservedMax(block)) / 1_024) + SPARE_KB };
}

/** The snapshot of a guest that the script was loaded into. */
async function loaded(script: string): Promise<Buffer> {
	const engine = new XsEngine(() => { throw new EngineStop('A module asks the board for something while it is preloaded.'); });
	try {
		await engine.load(script);
		return await engine.snapshot();
	} finally {
		engine.kill();
	}
}
