// Settings that a NodeMCU finds in its flash, as if they had been changed in place before.
import { expect } from 'vitest';
import type { SimulatedNode } from '../../simulator/board/simulated-node.js';
import { GenerationWriter } from '../../src/settings/generation.js';
import { fingerprint, type Setting } from '../../src/settings/settings.js';

/** Puts a generation of these into a NodeMCU's flash, made under an image with those settings. */
export function plant({ storage }: SimulatedNode, changes: Readonly<Record<string, Setting>>, image: object): void {
	const [sectorBytes, sectorCount] = [4_096, 761];
	const sector = (offset: number): Uint8Array => {
		const name = `storage/${Math.floor(offset / sectorBytes)}`;
		if (!storage.sectors.has(name)) storage.sectors.set(name, new Uint8Array(sectorBytes).fill(0xff));
		return storage.sectors.get(name)!.subarray(offset % sectorBytes);
	};
	const flash = {
		sectorBytes, sectorCount, settingsSectors: 2,
		read: (offset: number, into: Uint8Array) => (into.set(sector(offset).subarray(0, into.length)), true),
		write: (offset: number, bytes: Uint8Array) => (bytes.forEach((byte, i) => void (sector(offset)[i]! &= byte)), true),
		erase: (index: number) => (sector(index * sectorBytes).fill(0xff), true),
	};
	const writer = new GenerationWriter(flash, sectorCount - 1);
	for (const [key, value] of Object.entries(changes)) writer.add(key, value);
	expect(writer.commit(7, fingerprint(image as Record<string, unknown>))).toBe(true);
}
