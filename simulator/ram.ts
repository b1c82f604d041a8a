// What keeps the RAM of a node: one calm node on XS, its worst moment, and who holds how much of it then.
//
// Rule: the node is weighed after each second, as every run weighs it (simulated-node.ts); the map is of the second in which it held most. On the
// SDK's own engine the same run gives the same sum without a map.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './engine/kept.js';
import type { EngineKind, Linked, LinkedWeight } from './engine/engine.js';
import { ownersOf, type Owner } from './engine/owners.js';
import type { NodeMemory, SimulatedNode, Snapshots } from './board/simulated-node.js';
import { startVirtualSimulation } from './virtual.js';

interface Most {
	/** All that the machine counts, and when it was most. */
	readonly memory: NodeMemory;
	readonly atMs: number;
	readonly forMs: number;
}

export interface RamMap extends Most {
	readonly owners: readonly Owner[];
}

export interface LinkedRam extends Most {
	/** With what the node began with. */
	readonly weight: LinkedWeight;
	/** Slots that are copies of the stand-ins' own objects, which a chip does not have. */
	readonly copied: number;
}

/** Long enough for two of whatever comes once a minute. */
const RUN_MS = 145_000;
const STEP_MS = 1_000;
const CALIBRATE_AT_MS = 60_000;
const INTERVAL_MS = 10_000;

/** Of the protocol 4 or 5 on a NodeMCU. */
export async function mapRam(protocol: number): Promise<RamMap> {
	let snapshots: Snapshots | undefined;
	const most = await calmRun('xs', protocol, async (node) => {
		snapshots = await node.snapshots();
	});
	const classes = classesOfFirmware();
	return { ...most, owners: ownersOf(snapshots!.flash, snapshots!.now, (name) => classes.has(name)) };
}

/** The same run of a program that the SDK's linker put the firmware into. */
export async function weighLinked(protocol: number, program: string): Promise<LinkedRam> {
	let first: LinkedWeight | undefined;
	let last: LinkedWeight | undefined;
	let weight: LinkedWeight | undefined;
	const onWeighed = (now: LinkedWeight): void => {
		first ??= now;
		last = now;
	};
	const most = await calmRun({ program, onWeighed }, protocol, async () => {
		weight = last;
	});
	return { ...most, weight: weight!, copied: weight!.copied - first!.copied };
}

/** `onMore`: the node holds more than it ever did. */
async function calmRun(engine: EngineKind | Linked, protocol: number, onMore: (node: SimulatedNode) => Promise<void>): Promise<Most> {
	// A linked program has its script in it.
	const script = typeof engine === 'object' ? { script: '' } : {};
	const simulation = await startVirtualSimulation({ engine, ...script, seed: 'ram', settings: { node: 'node', protocol, intervalMs: INTERVAL_MS } });
	try {
		const node = simulation.nodes[0]!;
		let most: Most | undefined;
		for (let ms = STEP_MS; ms <= RUN_MS; ms += STEP_MS) {
			await simulation.run(STEP_MS);
			const memory = await node.memory();
			if (!memory || node.ends.length) throw new Error(`The simulated node ended while its RAM was looked at: ${node.ends.join(', ') || 'it is down'}.`);
			if (memory.bytes > (most?.memory.bytes ?? 0)) {
				most = { memory, atMs: ms, forMs: RUN_MS };
				await onMore(node);
			}
			if (ms === CALIBRATE_AT_MS) simulation.broker.publish('telltale/node/set/calibrate', '{"id":"ram","temperature":21.3}', { qos: 1 });
		}
		return most!;
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
