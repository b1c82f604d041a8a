// What a node is in the middle of when hostile input comes.
//
// Rule: each brings the node there, and what it returns ends it: afterwards the world is calm, and whatever the node has to
// do to be well again it can do. Not all kinds of input can come in every one of them.

import type { Random } from '../world/random.js';
import { calmConditions, type Conditions } from '../world/conditions.js';
import { plainProfile, type BrokerProfile } from '../virtual/broker.js';
import { BOOTS_OF_A_LOOP, type Arena } from './arena.js';
import { pick, weighted } from './chance.js';
import { anyConnack, connack, publish } from './packets.js';

type End = () => void | Promise<void>;

export interface Situation {
	readonly weight: number;
	readonly begin: (arena: Arena, random: Random) => Promise<End>;
	/** What can come: messages of the broker's, bytes in the stream, or both. */
	readonly takes: 'messages' | 'bytes' | 'both';
	/** Whether each message of QoS 1 and 2 is sure to come once, and each of QoS 0. */
	readonly sure: 'all' | 'stored' | 'none';
}

const CONNECT_MS = 90_000;
const nothing = (): void => {};

function condition<Key extends keyof Conditions>(arena: Arena, key: Key, value: Conditions[Key]): End {
	arena.simulation.world.conditions[key] = value;
	return () => void (arena.simulation.world.conditions[key] = calmConditions()[key]);
}

/** Another connection begins, which this becomes of; it has said CONNECT when this settles. */
async function anotherConnection(arena: Arena, welcome: 'hold' | 'alone'): Promise<void> {
	arena.gate.next = welcome;
	arena.gate.cut();
	const { connections } = arena.gate;
	await arena.until(() => arena.gate.connections > connections && arena.gate.current!.heard, CONNECT_MS);
}

async function unreachable(arena: Arena, ms: number): Promise<void> {
	const end = condition(arena, 'tcp', 'refused');
	arena.gate.cut();
	await arena.pass(ms);
	await end();
}

export const SITUATIONS = {
	calm: { weight: 30, takes: 'both', sure: 'all', begin: async () => nothing },

	'before CONNACK': {
		weight: 8, takes: 'bytes', sure: 'none',
		begin: async (arena) => {
			await anotherConnection(arena, 'hold');
			const held = arena.gate.current;
			return () => held?.release();
		},
	},

	'a broker that is none': {
		weight: 12, takes: 'bytes', sure: 'none',
		begin: async (arena, random) => {
			await anotherConnection(arena, 'alone');
			arena.refused = true;
			const { version } = arena.wire;
			arena.gate.current!.say(random.chance(0.4) ? connack(version) : anyConnack(random, version).raw!.bytes);
			await arena.pass(random.below(1_000));
			return async () => {
				await arena.pass(random.below(5_000));
				arena.gate.cut();
			};
		},
	},

	'a backlog': {
		weight: 6, takes: 'both', sure: 'all',
		begin: async (arena, random) => {
			await unreachable(arena, weighted(random, [[3, 20_000], [1, 80_000]]));
			await arena.online();
			return nothing;
		},
	},

	away: {
		weight: 8, takes: 'messages', sure: 'stored',
		begin: async (arena, random) => {
			const end = condition(arena, 'tcp', 'refused');
			arena.gate.cut();
			await arena.pass(500 + random.below(5_000));
			return end;
		},
	},

	'acknowledgements late': {
		weight: 5, takes: 'both', sure: 'all',
		begin: async ({ simulation: { broker } }, random) => {
			broker.faults.ackDelayMs = random.between(500, 9_000);
			return () => void (broker.faults.ackDelayMs = 0);
		},
	},

	'readings in flight': {
		weight: 5, takes: 'both', sure: 'none',
		begin: async (arena, random) => {
			const { faults } = arena.simulation.broker;
			faults.withholdAcks = true;
			await arena.pass(random.between(1_000, 20_000));
			return () => {
				faults.withholdAcks = false;
				arena.gate.cut();
			};
		},
	},

	'a socket that takes little': {
		weight: 4, takes: 'both', sure: 'none',
		begin: async (arena, random) => condition(arena, 'peerWindowBytes', pick(random, [1, 7, 50, 200])),
	},

	crumbs: { weight: 5, takes: 'both', sure: 'all', begin: async (arena) => condition(arena, 'segmentBytes', [1, 1]) },

	slowness: { weight: 3, takes: 'both', sure: 'all', begin: async (arena) => condition(arena, 'latencyMs', [200, 1_500]) },

	/** Half of a packet has come, the rest comes later, and what is said meanwhile behind it. */
	'half a packet': {
		weight: 6, takes: 'both', sure: 'all',
		begin: async (arena, random) => {
			const whole = publish(arena.wire.version, `${arena.base}/status`, random.chance(0.5) ? 'offline' : 'x'.repeat(300), pick(random, [0, 2]), 0xb000 + random.below(0x1000));
			const at = 1 + random.below(whole.length - 1);
			const passage = arena.gate.current;
			passage?.pauseAfter(whole.subarray(0, at));
			await arena.pass(random.between(100, 15_000));
			return () => passage?.resume(whole.subarray(at));
		},
	},

	'no Wi-Fi': {
		weight: 4, takes: 'messages', sure: 'none',
		begin: async (arena, random) => {
			const { accessPoint } = arena.simulation.world;
			accessPoint.up = false;
			await arena.pass(random.below(20_000));
			return () => void (accessPoint.up = true);
		},
	},

	/** Of the chip's heap beside XS there is none left. */
	'no memory for sockets': { weight: 4, takes: 'both', sure: 'none', begin: async (arena) => condition(arena, 'heap', 'short') },

	stopping: {
		weight: 5, takes: 'both', sure: 'none',
		begin: async (arena, random) => {
			const name = pick(random, ['stop', 'restart'] as const);
			arena.judge.begin(1, 1);
			arena.simulation.broker.publish(`${arena.base}/set/${name}`, '{"id":"end:"}', { qos: 1 });
			await arena.pass(random.below(120));
			return () => arena.pass(40_000);
		},
	},

	'a boot': {
		weight: 4, takes: 'messages', sure: 'none',
		begin: async (arena, random) => {
			arena.reset();
			await arena.pass(random.below(4_000));
			return nothing;
		},
	},

	'safe mode': {
		weight: 4, takes: 'both', sure: 'none',
		begin: async (arena) => {
			await arena.boot(BOOTS_OF_A_LOOP);
			await arena.online();
			return async () => {
				await arena.probe();
				await arena.boot(0);
			};
		},
	},

	/** Sessions are lost, so that what is retained comes with the subscriptions. */
	'a new session': {
		weight: 5, takes: 'messages', sure: 'none',
		begin: async (arena, random) => {
			arena.forget();
			await arena.pass(random.chance(0.5) ? 0 : random.below(3_000));
			return nothing;
		},
	},

	/** In 5.0 a broker may ask for much. */
	'a broker with limits': {
		weight: 5, takes: 'both', sure: 'none',
		begin: async (arena, random) => {
			const { profile } = arena.simulation.broker;
			const odd: Partial<BrokerProfile> = {
				receiveMaximum: pick(random, [undefined, 1, 1, 2, 0xffff]), maximumPacketSize: pick(random, [undefined, undefined, 64, 100, 456, 457, 0xfff_ffff]),
				topicAliasMaximum: pick(random, [undefined, 1, 2, 0xffff]), serverKeepAlive: pick(random, [undefined, 1, 2, 0xffff]), saysWhy: random.chance(0.5),
			};
			Object.assign(profile, odd);
			arena.gate.cut();
			await arena.until(() => arena.linked, CONNECT_MS);
			await arena.pass(1_000);
			return () => {
				Object.assign(profile, plainProfile());
				arena.gate.cut();
			};
		},
	},
} satisfies Record<string, Situation>;

export type SituationName = keyof typeof SITUATIONS;

export function anySituation(random: Random): SituationName {
	return weighted(random, (Object.keys(SITUATIONS) as SituationName[]).map((name) => [SITUATIONS[name].weight, name] as const));
}
