// Fault injection by plan: what goes wrong in the world, when and for how long, is chance from the simulation's seed.
//
// Rule: each fault begins, lasts and is made good; the same kind never overlaps itself, different ones may. After
// `untilMs` all is calm again, so that what must heal can be seen to heal.

import type { Trouble, Twin } from '../../sensors/twin.js';
import type { Conditions } from '../world/conditions.js';
import { Random } from '../world/random.js';
import type { VirtualBroker } from '../virtual/broker.js';
import type { World } from '../simulation.js';
import { RivalClient } from '../virtual/rival-client.js';
import type { VirtualSimulation } from '../virtual.js';

/** What begins now; what it returns ends it. */
type Begin = (simulation: VirtualSimulation, random: Random) => (() => void | Promise<void>) | void;

const TROUBLES: readonly Trouble[] = ['stuck', 'nonsense', 'gone', 'garbled'];
/** So many of them are for parts without check sums. */
const UNCHECKED = 3;
/** What is left of the peer's window. */
const TINY_WINDOW_BYTES = [1, 200] as const;
const LOSS = [0.02, 0.2] as const;
const ACK_DELAY_MS = [1_000, 45_000] as const;
const SHORT_LOSS_MS = 8_000;
const CLOCK_STEP_SECONDS = [-7_200, 7_200] as const;
/** How soon the rival comes back: every few seconds, or now and then. */
const RIVAL_AWAY_MS = [[500, 5_000], [20_000, 120_000]] as const;
/** Reasons of a PUBACK that turns a message down: implementation specific, not authorized, quota exceeded, payload format invalid. */
const TURNED_DOWN = [0x83, 0x87, 0x97, 0x99] as const;
const FLOOD_MAX = 300;
const OVERSIZE_BYTES = [400, 20_000] as const;
/** The whole ranges of the values matter little: nothing of it may happen. */
const STALE: readonly (readonly [name: string, payload: string])[] = [
	['interval', '{"id":"stale","value":86400000}'], ['restart', '{"id":"stale"}'], ['stop', '{"id":"stale"}'], ['calibrate', '{"id":"stale","value":{"temperature":99}}'],
];

export const FAULTS = {
	wifiLoss: ({ world }) => {
		world.accessPoint.up = false;
		return () => void (world.accessPoint.up = true);
	},
	/** After a short loss of Wi-Fi: who is joined keeps its address. */
	noAddresses: ({ world }) => {
		world.accessPoint.dhcp = false;
		world.accessPoint.up = false;
		const back = world.clock.after(SHORT_LOSS_MS, () => void (world.accessPoint.up = true));
		return () => {
			back.cancelled = true;
			world.accessPoint.up = true;
			world.accessPoint.dhcp = true;
		};
	},
	unknownNames: ({ world, broker }) => whileConnecting(broker, calmable(world, 'dns', 'fails')),
	silentNames: ({ world, broker }) => whileConnecting(broker, calmable(world, 'dns', 'silent')),
	silentTime: ({ world }) => calmable(world, 'time', 'silent'),
	wrongTime: ({ world }, random) => calmable(world, 'timeOffsetSeconds', Math.round(random.between(...CLOCK_STEP_SECONDS))),
	/** The broker closes every connection, in good order. */
	hangUp: ({ broker }) => broker.hangUp(),
	/** The chip has memory for what it does, not for more. */
	shortHeap: ({ world, broker }) => whileConnecting(broker, calmable(world, 'heap', 'short')),
	/** Existing connections turn half-open. */
	halfOpen: ({ network }) => network.freeze(),
	refusedConnections: ({ world, broker }) => whileConnecting(broker, calmable(world, 'tcp', 'refused')),
	unansweredConnections: ({ world, broker }) => whileConnecting(broker, calmable(world, 'tcp', 'silent')),
	tinyWindow: ({ world }, random) => calmable(world, 'peerWindowBytes', Math.round(random.between(...TINY_WINDOW_BYTES))),
	slowNetwork: ({ world }, random) => calmable(world, 'latencyMs', [500, random.between(1_000, 4_000)]),
	lossyNetwork: ({ world }, random) => calmable(world, 'lossRate', random.between(...LOSS)),
	/** Nothing passes, and nobody is told. */
	stall: ({ world }) => calmable(world, 'stalled', true),
	crumbs: ({ world }) => calmable(world, 'segmentBytes', [1, 3]),
	brokerRestart: ({ broker }) => {
		broker.kill();
		return () => broker.start();
	},
	forgetfulBrokerRestart: ({ broker }) => {
		broker.kill({ keepSessions: false, keepRetained: false });
		return () => broker.start();
	},
	refusal: ({ broker }, random) => whileConnecting(broker, condition(broker.faults, 'refuseWith', 2 + random.below(4), 0)),
	silentBroker: ({ broker }) => condition(broker.faults, 'silent', true, false),
	doubledAcks: ({ broker }) => condition(broker.faults, 'duplicateAcks', true, false),
	/** Some within the client's patience, some beyond it. */
	lateAcks: ({ broker }, random) => condition(broker.faults, 'ackDelayMs', random.between(...ACK_DELAY_MS), 0),
	withheldAcks: ({ broker }) => condition(broker.faults, 'withholdAcks', true, false),
	hangUps: ({ broker }) => whileConnecting(broker, condition(broker.faults, 'hangUpAfterConnack', true, false)),
	unansweredPings: ({ broker }) => condition(broker.faults, 'ignorePings', true, false),
	reset: ({ nodes }, random) => nodes[random.below(nodes.length)].restart(),
	powerCut: ({ nodes }, random) => {
		const node = nodes[random.below(nodes.length)];
		node.powerCut();
		return () => node.powerOn();
	},
	/** The power goes while something is being stored, if anything is. */
	powerCutInStorage: ({ nodes }, random) => {
		const node = nodes[random.below(nodes.length)];
		let steps = random.below(20);
		const part = random.next();
		node.storage.onStep = () => (steps-- === 0 ? part : undefined);
		return () => {
			node.storage.onStep = undefined;
			return node.powerOn();
		};
	},
	dateStep: ({ nodes }, random) => nodes[random.below(nodes.length)].stepDate(Math.round(random.between(...CLOCK_STEP_SECONDS))),
	/** Of two parts of a node at once, if it has several. */
	lastPartTrouble: ({ nodes }, random) => partTrouble(nodes[random.below(nodes.length)].parts.twins.at(-1), random),
	firstPartTrouble: ({ nodes }, random) => partTrouble(nodes[random.below(nodes.length)].parts.twins[0], random),
	/** Writes and erasures fail, all or some; what a failed one has done nobody knows. */
	flashTrouble: ({ nodes }, random) => {
		const node = nodes[random.below(nodes.length)];
		const share = random.chance(0.5) ? 1 : random.next();
		return condition(node.storage, 'onTrouble', () => (random.next() < share ? random.next() : undefined), undefined);
	},
	/** Another client uses a node's id. */
	rivalClient: ({ world, broker, nodes }, random) => {
		const { name } = nodes[random.below(nodes.length)];
		const version = random.chance(0.5) && broker.profile.speaks5 === true ? 5 : 4;
		const awayMs = RIVAL_AWAY_MS[random.below(RIVAL_AWAY_MS.length)];
		const rival = new RivalClient(world.clock, random, broker, { clientId: `telltale-${name}`, base: `telltale/${name}`, version, clean: random.chance(0.3), awayMs });
		return () => rival.leave();
	},
	/** In 5.0 the broker has none of some readings; in 3.1.1 it has no word for that. */
	turnedDown: ({ broker }, random) => {
		const turnDown = { code: TURNED_DOWN[random.below(TURNED_DOWN.length)], every: 1 + random.below(6), topics: /\/(readings|backlog)$/ };
		return condition(broker.faults, 'turnDown', turnDown, undefined);
	},
	/** For a while another broker stands in, which holds nothing and knows no 5.0. */
	olderBroker: ({ broker }, random) => {
		const { speaks5 } = broker.profile;
		const change = (to: typeof speaks5): void => {
			broker.kill({ keepSessions: false, keepRetained: false });
			broker.profile.speaks5 = to;
			broker.start();
		};
		change(random.chance(0.5) ? 1 : 0x84);
		return () => change(speaks5);
	},
	/** Commands pour in: wrong ones, unknown ones, empty ones, and readings out of turn. */
	flood: ({ world, broker, nodes }, random) => {
		const base = `telltale/${nodes[random.below(nodes.length)].name}/set`;
		const wrong = [['interval', '{"id":"flood","value":-1}'], ['interval', '['], ['calibrate', '{"value":{}}'], ['__proto__', '{"id":"flood"}'], ['interval', ''], ['sample', '{"id":"flood"}']] as const;
		for (let left = 1 + random.below(FLOOD_MAX); left > 0; left--) {
			const [name, payload] = wrong[random.below(wrong.length)];
			broker.publish(`${base}/${name}`, payload.replace('"flood"', `"flood ${world.now()} ${left}"`), { qos: random.below(3) as 0 | 1 | 2 });
		}
	},
	/** Somebody once sent a command with the retain flag, and the sessions are lost, so that it comes with the subscription. */
	staleCommands: ({ broker, nodes }, random) => {
		const [name, payload] = STALE[random.below(STALE.length)];
		broker.kill({ keepSessions: false });
		for (const node of nodes) broker.keep(`telltale/${node.name}/set/${name}`, payload);
		broker.start();
		return () => nodes.forEach((node) => broker.publish(`telltale/${node.name}/set/${name}`, '', { qos: 1, retain: true }));
	},
	/** More than a node has room for (in 5.0 it has said so, and the broker keeps it to itself). */
	oversize: ({ broker, nodes }, random) => {
		const { name } = nodes[random.below(nodes.length)];
		broker.publish(`telltale/${name}/set/interval`, Buffer.alloc(Math.round(random.between(...OVERSIZE_BYTES)), 'x'), { qos: random.below(3) as 0 | 1 | 2 });
	},
} satisfies Record<string, Begin>;

export type FaultKind = keyof typeof FAULTS;

export interface FaultPlan {
	readonly kinds: readonly FaultKind[];
	/** Calm between one fault's end and the next beginning of its kind. */
	readonly calmMs: readonly [low: number, high: number];
	/** Short ones are as likely as long ones ten times as long, if `skewed`. */
	readonly lastsMs: readonly [low: number, high: number];
	readonly skewed?: boolean;
	/** Of the simulation; from then on nothing begins, and what lasts still is made good. */
	readonly untilMs: number;
}

export interface Injected {
	readonly at: number;
	readonly what: FaultKind;
	readonly untilMs: number;
}

/** Names in a seed's streams of chance stay as they were first, so that a seed stays the world that it was. */
const STREAMS: Partial<Record<FaultKind, string>> = { rivalClient: 'twin' };

/** Sets the plan going; what it returns grows as faults begin. */
export function inject(simulation: VirtualSimulation, plan: FaultPlan): readonly Injected[] {
	const injected: Injected[] = [];
	const { clock, seed } = simulation.world;
	for (const what of plan.kinds) {
		const random = new Random(`${seed}/misfortune/${STREAMS[what] ?? what}`);
		const next = (): void => {
			clock.after(random.between(...plan.calmMs), () => {
				if (clock.now() >= plan.untilMs) return;
				const end = (FAULTS[what] as Begin)(simulation, random);
				const untilMs = Math.min(clock.now() + duration(plan, random), plan.untilMs);
				injected.push({ at: clock.now(), what, untilMs });
				clock.at(untilMs, async () => {
					await end?.();
					next();
				});
			});
		};
		next();
	}
	return injected;
}

function duration({ lastsMs: [low, high], skewed }: FaultPlan, random: Random): number {
	return skewed ? low * (high / low) ** random.next() : random.between(low, high);
}

/** What only hurts while connecting begins by making everybody connect anew. */
function whileConnecting(broker: VirtualBroker, end: () => void): () => void {
	broker.hangUp();
	return end;
}

/** What can happen to any part, and wrong check sums where there are any. */
function partTrouble(twin: Twin | undefined, random: Random): (() => void) | void {
	if (twin) return condition(twin, 'trouble', TROUBLES[random.below(twin.bus === 'analog' ? UNCHECKED : TROUBLES.length)], 'none');
}

/** Changes a property; what it returns sets it to what it is in calm times, whatever else has changed it meanwhile. */
function condition<Thing, Key extends keyof Thing>(thing: Thing, key: Key, value: Thing[Key], calm: Thing[Key]): () => void {
	thing[key] = value;
	return () => void (thing[key] = calm);
}

function calmable<Key extends keyof Conditions>({ conditions, calm }: World, key: Key, value: Conditions[Key]): () => void {
	return condition(conditions, key, value, calm[key]);
}
