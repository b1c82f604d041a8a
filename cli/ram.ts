// telltale size --ram: who keeps how many bytes of the XS machine alive.
//
// Rule: a table for each protocol, the largest owner first, whose sum is said beside the total that the machine counts. What is only in
// the simulator is one row of its own, and so are all the small ones. Where the SDK is, its own engine's total stands below the table.

import type { Owner } from '../simulator/engine/owners.js';
import type { LinkedRam, RamMap } from '../simulator/ram.js';
import { Failure, Stopped } from './failure.js';
import { makeSdkEngine, sdkEngineProblem } from './sdk-engine.js';

const PROTOCOLS = [{ protocol: 4, name: 'MQTT 3.1.1' }, { protocol: 5, name: 'MQTT 5.0' }];
/** Of a chip's XS. */
const SLOT_BYTES = 16;
/** Smaller owners are one row. */
const SMALL_BYTES = 200;
const SHARED_SHOWN = 4;
const STAND_INS = "stand-ins of the SDK's native code, which is C on a chip";

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
	const of = `${text(memory.bytes)} of ${text(blockBytes)} bytes alive ${atMs / 1_000} s after the start (${text(memory.slots)} slots, ${text(memory.chunkBytes)} bytes of chunks)`;
	return `On the SDK's own engine (XS ${version}), the most in the same run: ${of}; ${text(copied * SLOT_BYTES)} of them are copies of the stand-ins' preloaded objects, which a chip does not make.`;
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
	const rows = folded(owners, classes);
	const line = (bytes: string, slots: string, chunks: string, owner: string) => `${bytes.padStart(7)} ${slots.padStart(6)} ${chunks.padStart(7)}  ${owner}`;
	const all = owners.reduce((sum, { bytes }) => sum + bytes, 0);
	return [
		`${protocol}: ${text(memory.bytes)} of ${text(blockBytes)} bytes alive ${atMs / 1_000} s after the start, the most in ${forMs / 1_000} s of a calm simulated node (${text(memory.slots)} slots, ${text(memory.chunkBytes)} bytes of chunks).`,
		line('bytes', 'slots', 'chunks', 'owner'),
		...rows.map(({ bytes, slots, chunkBytes, name }) => line(text(bytes), text(slots), text(chunkBytes), name)),
		line(text(all), '', '', 'all of these'),
	];
}

function text(count: number): string {
	return count.toLocaleString('en-US');
}

/** As they are shown: with their files, and the small ones together, last. */
function folded(owners: readonly Owner[], classes: ReadonlyMap<string, string>): Owner[] {
	const shown: Owner[] = [];
	const standIns = empty(STAND_INS);
	const rest = empty('');
	for (const owner of owners) {
		const file = classes.get(owner.name);
		if (!file && owner.isClass) add(standIns, owner);
		else if (owner.bytes < SMALL_BYTES) add(rest, owner);
		else shown.push({ ...owner, name: labelled(owner, file) });
	}
	shown.push(standIns);
	shown.sort((one, other) => other.bytes - one.bytes);
	return [...shown, { ...rest, name: `the rest: ${rest.count} owners with less than ${SMALL_BYTES} bytes` }];
}

function labelled({ name, count, sharedBy }: Owner, file: string | undefined): string {
	const times = count > 1 ? `${count} × ` : '';
	if (file) return `${times}${name}, ${file}`;
	if (!sharedBy.length) return `${times}${name}`;
	return `${name}, shared by ${sharedBy.slice(0, SHARED_SHOWN).join(', ')}${sharedBy.length > SHARED_SHOWN ? ' …' : ''}`;
}

function empty(name: string): Owner {
	return { name, isClass: false, sharedBy: [], count: 0, slots: 0, chunkBytes: 0, bytes: 0 };
}

function add(sum: Owner, { slots, chunkBytes, bytes }: Owner): void {
	sum.count++;
	sum.slots += slots;
	sum.chunkBytes += chunkBytes;
	sum.bytes += bytes;
}
