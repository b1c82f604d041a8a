// A guest on XS whose steps are measured, one at a time: what XS counts is the same on every machine and in every run.
//
// Rule: a step is measured in a turn of its own, between two turns of nothing; what those cost is taken off.

import { build, type BuildOptions } from 'esbuild';
import { fileURLToPath } from 'node:url';
import type { Engine } from '../../simulator/engine/engine.js';
import { startEngine } from '../../simulator/engine/start.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const NOTHING = 0;
/** A slot on the chip. */
export const SLOT_BYTES = 16;

export interface Cost {
	/** Byte codes run. */
	work: number;
	/** Slots that were taken; all that are not kept are garbage. */
	slots: number;
}

export class Guest {
	readonly #engine: Engine;
	readonly #names: string[];

	private constructor(engine: Engine, names: string[]) {
		this.#engine = engine;
		this.#names = names;
	}

	static async start(entry: string, options: BuildOptions = {}): Promise<Guest> {
		const { outputFiles } = await build({ entryPoints: [`${root}${entry}`], bundle: true, write: false, format: 'iife', target: 'es2022', logLevel: 'silent', ...options });
		const engine = startEngine('xs', () => '');
		await engine.load(outputFiles![0].text);
		return new Guest(engine, (await engine.turn('~')).split(' '));
	}

	async run(...names: string[]): Promise<void> {
		for (const name of names) await this.#turn(this.#indexOf(name));
	}

	async measure(name: string): Promise<Cost> {
		const { meter } = this.#engine;
		await this.#turn(NOTHING);
		const before = meter.slots;
		await this.#turn(this.#indexOf(name));
		const { compute, slots } = meter;
		await this.#turn(NOTHING);
		const own = meter.slots - slots;
		return { work: compute - meter.compute, slots: slots - before - own };
	}

	/** What is alive, as large as on the chip; of that the byte code, which is in flash there. */
	async held(): Promise<{ bytes: number; codeBytes: number }> {
		await this.#turn(NOTHING);
		const { slots, chunkBytes, codeBytes } = (await this.#engine.memory())!;
		return { bytes: slots * SLOT_BYTES + chunkBytes, codeBytes };
	}

	end(): void {
		this.#engine.kill();
	}

	#indexOf(name: string): number {
		const index = this.#names.indexOf(name);
		if (index < 0) throw new Error(`The guest has no step "${name}": it has ${this.#names.join(', ')}.`);
		return index;
	}

	async #turn(index: number): Promise<void> {
		await this.#engine.turn(String.fromCharCode(0x20 + index));
	}
}
