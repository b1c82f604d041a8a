// Starts an engine of either kind, with an empty guest or one that has been preloaded.
//
// Rule: on XS a preloaded guest is the image that all guests of a script share (image.ts); Node's engine loads the script anew.

import type { ChipName } from './creation.js';
import type { Answer, Engine, EngineKind, Linked } from './engine.js';
import { imageOf } from './image.js';
import { LinkedEngine } from './linked-engine.js';
import { NodeEngine } from './node-engine.js';
import { XsEngine } from './xs-engine.js';

/** Of an empty guest. */
export function startEngine(kind: EngineKind, answer: Answer, computeMax?: number): Engine {
	return kind === 'xs' ? new XsEngine(answer, { computeMax }) : new NodeEngine(answer);
}

/** Of a guest that this script was loaded into; on XS it has the chip's stack, too. A linked program needs no script. */
export async function startPreloaded(kind: EngineKind | Linked, script: string, chip: ChipName, answer: Answer): Promise<Engine> {
	if (typeof kind === 'object') return new LinkedEngine(answer, kind);
	if (kind === 'xs') return new XsEngine(answer, { image: await imageOf(script, chip) });
	const engine = new NodeEngine(answer);
	await engine.load(script);
	return engine;
}
