// What keeps the RAM of a node: one calm node on XS, its worst moment, and who holds how much of it then.
//
// Rule: the node is weighed after each second, as every run weighs it (simulated-node.ts); the map is of the second in which it held most.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './engine/bundle.js';
import { ownersOf, type Owner } from './engine/owners.js';
import type { NodeMemory, Snapshots } from './board/simulated-node.js';
import { startVirtualSimulation } from './virtual.js';

export interface RamMap {
	/** All that the machine counts, and when it was most. */
	readonly memory: NodeMemory;
	readonly atMs: number;
	readonly forMs: number;
	readonly owners: readonly Owner[];
}

/** Long enough for two of whatever comes once a minute. */
const RUN_MS = 145_000;
const STEP_MS = 1_000;
const CALIBRATE_AT_MS = 60_000;
const INTERVAL_MS = 10_000;

/** Of the protocol 4 or 5 on a NodeMCU. */
export async function mapRam(protocol: number): Promise<RamMap> {
	const simulation = await startVirtualSimulation({ engine: 'xs', seed: 'ram', settings: { node: 'node', protocol, intervalMs: INTERVAL_MS } });
	try {
		const [node] = simulation.nodes;
		let worst: { memory: NodeMemory; snapshots: Snapshots; atMs: number } | undefined;
		for (let ms = STEP_MS; ms <= RUN_MS; ms += STEP_MS) {
			await simulation.run(STEP_MS);
			const memory = await node!.memory();
			if (!memory) throw new Error('The simulated node ended while its RAM was looked at.');
			if (memory.bytes > (worst?.memory.bytes ?? 0)) worst = { memory, snapshots: (await node!.snapshots())!, atMs: ms };
			if (ms === CALIBRATE_AT_MS) simulation.broker.publish('telltale/node/set/calibrate', '{"id":"ram","temperature":21.3}', { qos: 1 });
		}
		const { memory, snapshots, atMs } = worst!;
		const classes = classesOfFirmware();
		return { memory, atMs, forMs: RUN_MS, owners: ownersOf(snapshots.flash, snapshots.now, (name) => classes.has(name)) };
	} finally {
		simulation.end();
	}
}

/** Where each class of the firmware is, by its name. */
export function classesOfFirmware(): Map<string, string> {
	const found = new Map<string, string>();
	for (const folder of ['src', 'sensors']) {
		for (const path of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
			if (!path.endsWith('.ts')) continue;
			for (const [, name] of readFileSync(join(root, folder, path), 'utf8').matchAll(/^(?:export )?class (\w+)/gm)) found.set(name!, join(folder, path));
		}
	}
	return found;
}
