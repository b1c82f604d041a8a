// A simulation without a clock on the wall and without a socket: the same seed makes the same run, to the last byte.
//
// Rule: time passes only in run(). The broker, the network and the nodes are all inside; faults are given by hand or by plan.

import { createHash } from 'node:crypto';
import { Scheduler } from './world/clock.js';
import { Random } from './world/random.js';
import { withAir, World, type WorldOptions } from './simulation.js';
import type { SimulatedNode } from './board/simulated-node.js';
import { VirtualBroker } from './virtual/broker.js';
import { VirtualNetwork } from './virtual/network.js';

export interface VirtualSimulation {
	readonly world: World;
	readonly nodes: readonly SimulatedNode[];
	readonly network: VirtualNetwork;
	readonly broker: VirtualBroker;
	/** Lets so many milliseconds pass. */
	run(ms: number): Promise<void>;
	/** Of everything that was said and published so far, with its time. */
	trace(): string;
	/** Ends it at once. */
	end(): void;
}

/** Within the validity of everything, and the same for every run. */
const START_UNIX_MS = Date.UTC(2026, 0, 1);
const BROKER_NAME = 'broker.test';

/** `settings.host` is made to lead to the broker if it is not given. */
export async function startVirtualSimulation(options: WorldOptions & { seed: string | number }): Promise<VirtualSimulation> {
	const settings = withAir({ host: BROKER_NAME, ...options.settings });
	const clock = new Scheduler('virtual');
	const digest = createHash('sha256');
	const world = new World({ startUnixMs: START_UNIX_MS, ...options }, clock, settings, ({ seed, conditions }) => {
		return new VirtualNetwork(clock, new Random(`${seed}/network`), conditions);
	});
	const network = world.network as VirtualNetwork;
	for (const name of [BROKER_NAME, 'localhost', String(settings.timeServer ?? 'pool.ntp.org')]) network.names.set(name, '127.0.0.1');
	const broker = new VirtualBroker(clock, network, '127.0.0.1', Number(settings.port ?? 1_883));
	broker.onPublished = ({ at, topic, payload, qos, retain }) => {
		digest.update(`${at.toFixed(3)} ${topic} ${qos} ${retain} ${payload.toString('hex')}\n`);
	};
	const { onLine } = options;
	await world.populate({
		...options,
		onLine: (node, line) => {
			digest.update(`${world.now().toFixed(3)} ${node}: ${line}\n`);
			onLine?.(node, line);
		},
	}, settings);
	return {
		world,
		nodes: world.nodes,
		network: network,
		broker,
		run: (ms) => clock.run(world.now() + ms),
		trace: () => digest.copy().digest('hex'),
		end: () => world.nodes.forEach((node) => node.kill()),
	};
}
