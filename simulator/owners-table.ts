// The owners of what a node holds, as a table: the largest first.
//
// Rule: what is only in the simulator is one row of its own, and so are all the small ones, last. The sum of the rows stands below them.

import type { Owner } from './engine/owners.js';

/** Smaller owners are one row. */
const SMALL_BYTES = 200;
const SHARED_SHOWN = 4;
const STAND_INS = "stand-ins of the SDK's native code, which is C on a chip";

/** `classes`: the file of each class of the firmware. */
export function ownersTable(heading: string, owners: readonly Owner[], classes: ReadonlyMap<string, string>): string[] {
	const rows = folded(owners, classes);
	const line = (bytes: string, slots: string, chunks: string, owner: string) => `${bytes.padStart(7)} ${slots.padStart(6)} ${chunks.padStart(7)}  ${owner}`;
	const all = owners.reduce((sum, { bytes }) => sum + bytes, 0);
	return [
		heading,
		line('bytes', 'slots', 'chunks', 'owner'),
		...rows.map(({ bytes, slots, chunkBytes, name }) => line(grouped(bytes), grouped(slots), grouped(chunkBytes), name)),
		line(grouped(all), '', '', 'all of these'),
	];
}

/** In groups of three digits. */
export function grouped(count: number): string {
	return count.toLocaleString('en-US');
}

/** As they are shown: with their files, and the small ones together, last. */
function folded(owners: readonly Owner[], classes: ReadonlyMap<string, string>): Owner[] {
	const shown: Owner[] = [];
	const standIns = empty(STAND_INS);
	const rest = empty('');
	for (const owner of owners) {
		// The bundler numbers a name that two classes have.
		const file = classes.get(owner.name) ?? classes.get(owner.name.replace(/\d+$/, ''));
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
