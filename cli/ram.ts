// telltale size --ram: who keeps how many bytes of the XS machine alive.
//
// Rule: a table for each protocol, whose sum is said beside the total that the machine counts. Where the SDK is, its own engine's total
// stands below the table.

import { grouped, ownersTable } from '../simulator/owners-table.js';
import type { LinkedRam, RamMap } from '../simulator/ram.js';
import { Failure, Stopped } from './failure.js';
import { makeSdkEngine, sdkEngineProblem } from './sdk-engine.js';

const PROTOCOLS = [{ protocol: 4, name: 'MQTT 3.1.1' }, { protocol: 5, name: 'MQTT 5.0' }];
/** Of a chip's XS. */
const SLOT_BYTES = 16;

/** Prints the maps. */
export async function printRam(): Promise<void> {
	const { classesOfFirmware, mapRam } = await import('../simulator/ram.js');
	const { MEMORY_BYTES } = await import('../simulator/engine/creation.js');
	const classes = classesOfFirmware();
	const problem = sdkEngineProblem();
	const engine = new SdkEngine();
	for (const { protocol, name } of PROTOCOLS) {
		for (const line of ramTable(name, await mapRam(protocol), classes, MEMORY_BYTES)) console.log(line);
		const linked = problem ? undefined : await engine.weigh(protocol);
		if (linked) console.log(linkedLine(linked, MEMORY_BYTES));
		console.log('');
	}
	for (const line of notes(engine.bits, problem)) console.log(line);
	if (engine.failure) throw engine.failure;
}

/** The SDK's own engine, once it is known to be possible. What fails is kept for the end: the maps need nothing of it. */
class SdkEngine {
	bits: 32 | 64 | undefined;
	failure: Failure | undefined;

	async weigh(protocol: number): Promise<LinkedRam | undefined> {
		if (this.failure) return undefined;
		if (!this.bits) console.error("Putting the firmware into the SDK's own engine; half a minute, the first time …");
		const { weighLinked } = await import('../simulator/ram.js');
		try {
			const linked = await weighLinked(protocol, makeSdkEngine(protocol));
			this.bits = linked.weight.bits;
			return linked;
		} catch (fault) {
			if (!(fault instanceof Failure) || fault instanceof Stopped) throw fault;
			this.failure = fault;
			return undefined;
		}
	}
}

/** What the SDK's own engine counts. */
export function linkedLine({ memory, atMs, weight: { version }, copied }: LinkedRam, blockBytes: number): string {
	const of = `${grouped(memory.bytes)} of ${grouped(blockBytes)} bytes alive ${atMs / 1_000} s after the start (${grouped(memory.slots)} slots, ${grouped(memory.chunkBytes)} bytes of chunks)`;
	return `On the SDK's own engine (XS ${version}), the most in the same run: ${of}; ${grouped(copied * SLOT_BYTES)} of them are copies of the stand-ins' preloaded objects, which a chip does not make.`;
}

/** In which measure all that is. `bits`: of the words of the SDK's engine, if there is one; `problem`: why there is none. */
export function notes(bits: 32 | 64 | undefined, problem: string): string[] {
	const measure = 'Slots are of 16 bytes, chunks are in bytes, both as a chip\'s XS has them.';
	if (problem) return [`${measure} The figure of the SDK's own engine is missing: ${problem}`];
	if (!bits) return [measure];
	const linked = "The SDK's own engine runs the firmware as the SDK's linker preloaded it, with the same stand-ins,";
	if (bits === 32) return [measure, `${linked} and has words of 32 bits as a chip has: what it counts is not converted.`];
	return [measure, `${linked} and has words of 64 bits here: a slot of 32 bytes counts as 16, what is made of slots and pointers as half, a chunk's header of 16 as 8.`
		+ ' Where the C compiler takes -m32 nothing is converted (Debian: apt install gcc-multilib).'];
}

/** The table of one map. `classes`: the file of each class of the firmware. */
export function ramTable(protocol: string, { memory, atMs, forMs, owners }: RamMap, classes: ReadonlyMap<string, string>, blockBytes: number): string[] {
	const { bytes, slots, chunkBytes } = memory;
	const of = `${grouped(bytes)} of ${grouped(blockBytes)} bytes alive ${atMs / 1_000} s after the start, the most in ${forMs / 1_000} s of a calm simulated node`;
	return ownersTable(`${protocol}: ${of} (${grouped(slots)} slots, ${grouped(chunkBytes)} bytes of chunks).`, owners, classes);
}
