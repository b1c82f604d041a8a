// The manners of a world's broker: what it hangs up on, never answers, refuses for now or for good, is slow at or does without; and how that changes.
//
// Rule: drawn from the seed in streams of their own, in a third of the worlds, so that all else in a seed stays what it was. Each lasts for a while, comes
// again, and may be there from the first moment; a broker that forbids something may do so for good. lift() ends all, and makes everybody connect anew.

import { Random } from '../world/random.js';
import type { Setting } from '../../src/settings/settings.js';
import type { VirtualSimulation } from '../virtual.js';
import type { VirtualBroker } from '../virtual/broker.js';
import type { BrokerFaults, BrokerProfile } from '../virtual/terms.js';

const SHARE = 1 / 3;
const KINDS_MAX = 3;
const MINUTE_MS = 60_000;
const NOT_AUTHORIZED = 0x87;
const QUOTA_EXCEEDED = 0x97;
const UNSPECIFIED = 0x80;
/** What one that hangs up says in 5.0. */
const REASONS = [NOT_AUTHORIZED, QUOTA_EXCEEDED, 0x89] as const;
/** Of PUBACK: longer than a client of little patience waits. */
const SLOW_MS = 40_000;
const SMALL_BYTES = [100, 400] as const;
const OTHER_VERSION = ['closes', 'resets', 'says nothing', 1, 2, 0x84] as const;

/** Where a kind can be: with any version, or only where 5.0 may be spoken. */
type Where = 'any' | '5' | 'auto';

interface Manner {
	readonly where: Where;
	/** It may last to the end of the world: readings come all the same, and promptly. */
	readonly forGood?: boolean;
	/** Readings may wait while it lasts. */
	readonly hampers?: boolean;
	/** How long until all is as it was, at the most, once it is over (docs/decisions/0023 to 0026). */
	readonly patienceMs: number;
	/** Settings without which 3.1.1 cannot live with it. */
	readonly settings?: Readonly<Record<string, Setting>>;
	/** Begins it; what it returns ends it. */
	readonly begin: (broker: VirtualBroker, random: Random) => () => void;
}

/** 16 minutes, the hang-up that shows that it is over, and the next health. */
export const PUT_OFF_MS = 19 * MINUTE_MS;
/** Eight failures, each with its back-off and up to ten seconds of silence. */
const VERSIONS_MS = 7 * MINUTE_MS;
const SOON_MS = 3 * MINUTE_MS;

export const MANNERS = {
	hangsUpOnSubscribe: forbidding((random) => ({ subscribe: pick(random, [/set/, /status/, /./]) })),
	hangsUpOnStatus: forbidding(() => ({ publish: /\/status / })),
	hangsUpOnInfo: forbidding(() => ({ publish: /\/info / })),
	hangsUpOnHealth: forbidding(() => ({ publish: /\/health / })),
	hangsUpOnOutage: forbidding(() => ({ publish: /\/outage / })),
	neverSubacks: { where: 'any', forGood: true, patienceMs: PUT_OFF_MS, begin: ({ faults }) => condition(faults, 'subacks', 'never', undefined) },
	refusesSubscribeOnce: {
		where: 'any', patienceMs: PUT_OFF_MS, begin: (broker) => {
			// Sessions are lost, so that somebody asks.
			broker.kill({ keepSessions: false });
			broker.start();
			return condition(broker.faults, 'subacks', { code: UNSPECIFIED, once: true }, undefined);
		},
	},
	forbidsTopic: {
		where: '5', forGood: true, patienceMs: SOON_MS,
		begin: ({ faults }, random) => denying(faults, NOT_AUTHORIZED, pick(random, [/\/(status|info)$/, /\/outage$/, /\/result$/, /\/(status|info|outage|result)$/])),
	},
	forbidsReadings: { where: '5', hampers: true, patienceMs: SOON_MS, begin: ({ faults }, random) => denying(faults, NOT_AUTHORIZED, pick(random, [/\/readings$/, /\/backlog$/])) },
	quota: { where: '5', hampers: true, patienceMs: SOON_MS, begin: ({ faults }, random) => denying(faults, pick(random, [UNSPECIFIED, QUOTA_EXCEEDED]), pick(random, [/./, /\/(readings|backlog)$/])) },
	slowPubacks: { where: 'any', hampers: true, patienceMs: 2 * SOON_MS, begin: ({ faults }) => condition(faults, 'pubackDelayMs', SLOW_MS, 0) },
	noRetained: { where: 'any', patienceMs: SOON_MS, settings: { retain: false }, begin: (broker) => terms(broker, { keepsRetained: false }) },
	noQos1: { where: 'any', patienceMs: SOON_MS, settings: { qos: 0 }, begin: (broker) => terms(broker, { qosMax: 0 }) },
	noWildcards: { where: 'any', patienceMs: PUT_OFF_MS, begin: (broker) => terms(broker, { takesWildcards: false }) },
	smallPackets: { where: '5', hampers: true, patienceMs: SOON_MS, begin: (broker, random) => terms(broker, { maximumPacketSize: Math.round(random.between(...SMALL_BYTES)) }) },
	oneVersion: {
		where: 'auto', hampers: true, patienceMs: VERSIONS_MS,
		begin: (broker, random) => terms(broker, random.chance(0.7) ? { speaks5: pick(random, OTHER_VERSION), speaks4: true } : { speaks5: true, speaks4: pick(random, ['closes', 1]) }),
	},
} satisfies Record<string, Manner>;

export type MannerKind = keyof typeof MANNERS;
export const MANNER_KINDS = Object.keys(MANNERS) as MannerKind[];

export interface Manners {
	readonly kinds: readonly MannerKind[];
	/** These last to the end. */
	readonly forGood: readonly MannerKind[];
	readonly settings: Readonly<Record<string, Setting>>;
	/** What a judge of a plain broker's times adds. */
	readonly patienceMs: number;
	/** Nothing is acknowledged for a while, or ever. */
	readonly quiet: boolean;
}

export interface Shown {
	readonly at: number;
	readonly what: MannerKind;
	untilMs: number;
}

/** `five`: whether the broker that the world has speaks 5.0 at all. */
export function mannersOf(seed: number, protocol: unknown, five: boolean): Manners {
	const random = new Random(`scenario/${seed}/manners`);
	const none = { kinds: [], forGood: [], settings: {}, patienceMs: 0, quiet: false };
	if (!random.chance(SHARE)) return none;
	const speaks5 = protocol === 5 || (protocol === 'auto' && five);
	const possible = MANNER_KINDS.filter((kind) => isPossible(MANNERS[kind], protocol, speaks5));
	const kinds: MannerKind[] = [];
	for (let left = 1 + random.below(KINDS_MAX); left > 0; left--) kinds.push(...possible.splice(random.below(possible.length), 1));
	if (protocol === 'auto' && !kinds.includes('oneVersion') && random.chance(0.5)) kinds.push('oneVersion');
	// 5.0 tells; 3.1.1 must be told.
	const settings = protocol === 5 ? {} : Object.assign({}, ...kinds.map((kind) => (MANNERS[kind] as Manner).settings)) as Record<string, Setting>;
	return {
		kinds, settings,
		forGood: kinds.filter((kind) => (MANNERS[kind] as Manner).forGood && random.chance(0.5)),
		patienceMs: Math.max(...kinds.map((kind) => MANNERS[kind].patienceMs)),
		quiet: kinds.includes('noQos1'),
	};
}

function isPossible({ where }: Manner, protocol: unknown, speaks5: boolean): boolean {
	return where === 'any' || (where === '5' ? speaks5 : protocol === 'auto');
}

/** While such a one lasts, readings may wait. */
export function hampers(kind: MannerKind): boolean {
	return (MANNERS[kind] as Manner).hampers ?? false;
}

export class MannersPlan {
	/** Those that began so far. */
	readonly shown: Shown[] = [];
	readonly #simulation: VirtualSimulation;
	readonly #manners: Manners;
	readonly #profile: BrokerProfile;
	readonly #untilMs: number;
	readonly #ends = new Map<Shown, () => void>();

	/** `profile`: what the broker is like when all is over. */
	constructor(simulation: VirtualSimulation, manners: Manners, profile: BrokerProfile, untilMs: number) {
		this.#simulation = simulation;
		this.#manners = manners;
		this.#profile = profile;
		this.#untilMs = untilMs;
	}

	begin(seed: number): void {
		for (const what of this.#manners.kinds) {
			const random = new Random(`scenario/${seed}/manners/${what}`);
			if (random.chance(0.3)) this.#show(what, random);
			else this.#simulation.world.clock.after(random.between(0, this.#untilMs / 3), () => this.#show(what, random));
		}
	}

	/** All is as with a plain broker: everybody connects anew. */
	lift(): void {
		const { broker } = this.#simulation;
		if (!this.#manners.kinds.length) return;
		for (const shown of [...this.#ends.keys()]) this.#end(shown);
		Object.assign(broker.profile, this.#profile);
		broker.hangUp();
	}

	/** Whether one that makes readings wait was there since then, or may still be felt. */
	hamperedSince(ms: number): boolean {
		return this.shown.some(({ what, untilMs }) => hampers(what) && untilMs + MANNERS[what].patienceMs > ms);
	}

	#show(what: MannerKind, random: Random): void {
		const { clock } = this.#simulation.world;
		const shown = { at: clock.now(), what, untilMs: Infinity };
		this.shown.push(shown);
		this.#ends.set(shown, MANNERS[what].begin(this.#simulation.broker, random));
		if (this.#manners.forGood.includes(what)) return;
		const [low, high] = [MINUTE_MS, this.#untilMs / 3];
		const untilMs = Math.min(clock.now() + low * (high / low) ** random.next(), this.#untilMs);
		const againMs = random.between(this.#untilMs / 20, this.#untilMs / 2);
		clock.at(untilMs, () => {
			this.#end(shown);
			if (untilMs + againMs < this.#untilMs) clock.after(againMs, () => this.#show(what, random));
		});
	}

	#end(shown: Shown): void {
		this.#ends.get(shown)?.();
		this.#ends.delete(shown);
		shown.untilMs = Math.min(shown.untilMs, this.#simulation.world.now());
	}
}

type Forbidden = { readonly subscribe?: RegExp; readonly publish?: RegExp };

/** Several may forbid at once: each has its part in the one rule that the broker has. */
function forbidding(what: (random: Random) => Forbidden): Manner & { readonly where: 'any' } {
	return {
		where: 'any', forGood: true, patienceMs: PUT_OFF_MS,
		begin: ({ faults }, random) => {
			const part = { ...what(random), reason: pick(random, REASONS), resets: random.chance(0.3) };
			const parts = partsOf(faults);
			parts.add(part);
			faults.forbids = union(parts);
			return () => {
				parts.delete(part);
				faults.forbids = union(parts);
			};
		},
	};
}

type Part = NonNullable<BrokerFaults['forbids']>;
const forbidden = new WeakMap<BrokerFaults, Set<Part>>();

function partsOf(faults: BrokerFaults): Set<Part> {
	const known = forbidden.get(faults) ?? new Set<Part>();
	forbidden.set(faults, known);
	return known;
}

function union(parts: ReadonlySet<Part>): Part | undefined {
	const [first] = parts;
	return first && { ...first, subscribe: either([...parts].map(({ subscribe }) => subscribe)), publish: either([...parts].map(({ publish }) => publish)) };
}

function either(patterns: readonly (RegExp | undefined)[]): RegExp | undefined {
	const sources = patterns.flatMap((pattern) => (pattern ? [pattern.source] : []));
	return sources.length ? new RegExp(sources.join('|')) : undefined;
}

function denying(faults: BrokerFaults, code: number, topics: RegExp): () => void {
	const denied = { code, topics };
	faults.denies = [...faults.denies, denied];
	return () => void (faults.denies = faults.denies.filter((each) => each !== denied));
}

/** Another configuration, with which the broker starts anew; sessions are kept. */
function terms(broker: VirtualBroker, changed: Partial<BrokerProfile>): () => void {
	const before = Object.fromEntries(Object.keys(changed).map((key) => [key, broker.profile[key as keyof BrokerProfile]])) as Partial<BrokerProfile>;
	const change = (to: Partial<BrokerProfile>): void => {
		broker.kill({ keepRetained: to.keepsRetained !== false });
		Object.assign(broker.profile, to);
		broker.start();
	};
	change(changed);
	return () => change(before);
}

function condition<Thing, Key extends keyof Thing>(thing: Thing, key: Key, value: Thing[Key], calm: Thing[Key]): () => void {
	thing[key] = value;
	return () => void (thing[key] = calm);
}

function pick<Value>(random: Random, values: readonly Value[]): Value {
	return values[random.below(values.length)]!;
}
