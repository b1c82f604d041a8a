// telltale size --ram: who keeps how many bytes of the XS machine alive.
//
// Rule: a table for each protocol, the largest owner first, whose sum is said beside the total that the machine counts. What is only in
// the simulator is one row of its own, and so are all the small ones.

import type { Owner } from '../simulator/engine/owners.js';
import type { RamMap } from '../simulator/ram.js';

const PROTOCOLS = [{ protocol: 4, name: 'MQTT 3.1.1' }, { protocol: 5, name: 'MQTT 5.0' }];
/** Smaller owners are one row. */
const SMALL_BYTES = 200;
const SHARED_SHOWN = 4;
const STAND_INS = "stand-ins of the SDK's native code, which is C on a chip";

/** Prints the maps. */
export async function printRam(): Promise<void> {
	const { classesOfFirmware, mapRam } = await import('../simulator/ram.js');
	const { MEMORY_BYTES } = await import('../simulator/engine/creation.js');
	const classes = classesOfFirmware();
	for (const { protocol, name } of PROTOCOLS) {
		const map = await mapRam(protocol);
		for (const line of ramTable(name, map, classes, MEMORY_BYTES)) console.log(line);
		console.log('');
	}
	console.log("Slots are of 16 bytes, chunks are in bytes, both as a chip's XS has them. The figure of the chip's own engine is not built: it needs the firmware linked into the SDK's XS.");
}

/** The table of one map. `classes`: the file of each class of the firmware. */
export function ramTable(protocol: string, { memory, atMs, forMs, owners }: RamMap, classes: ReadonlyMap<string, string>, blockBytes: number): string[] {
	const rows = folded(owners, classes);
	const text = (bytes: number) => bytes.toLocaleString('en-US');
	const line = (bytes: string, slots: string, chunks: string, owner: string) => `${bytes.padStart(7)} ${slots.padStart(6)} ${chunks.padStart(7)}  ${owner}`;
	const all = owners.reduce((sum, { bytes }) => sum + bytes, 0);
	return [
		`${protocol}: ${text(memory.bytes)} of ${text(blockBytes)} bytes alive ${atMs / 1_000} s after the start, the most in ${forMs / 1_000} s of a calm simulated node (${text(memory.slots)} slots, ${text(memory.chunkBytes)} bytes of chunks).`,
		line('bytes', 'slots', 'chunks', 'owner'),
		...rows.map(({ bytes, slots, chunkBytes, name }) => line(text(bytes), text(slots), text(chunkBytes), name)),
		line(text(all), '', '', 'all of these'),
	];
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
