// The network of a world: near and whole, or far, lossy, and standing still now and then, for as long as the world lasts.
//
// Rule: drawn from the seed by itself. Round trip, loss and the peer's delay are there from the first moment to the last; the
// stalls end with the injected faults, so that what must heal can be seen to heal.

import { calmConditions, type Conditions } from '../world/conditions.js';
import { Random } from '../world/random.js';
import type { VirtualSimulation } from '../virtual.js';

/** Worlds with such a network. */
const SLOW_SHARE = 1 / 3;
const ROUND_TRIP_MS = [20, 2_000] as const;
const LOSS = [0.002, 0.08] as const;
const ACK_DELAY_MS = [40, 200] as const;
const STALL_MS = [2_000, 60_000] as const;
const STALL_EVERY_MS = [120_000, 1_800_000] as const;

export interface WorldNetwork {
	readonly slow: boolean;
	readonly conditions: Partial<Conditions>;
	/** From the end of one stall to the next, at the most. */
	readonly stallEveryMs: number;
	/** What a judge of a fast world's times adds for a round trip and its losses: in the time to be online, and for a reading that waits. */
	readonly slackMs: number;
	readonly readingMs: number;
}

export function networkOf(seed: number): WorldNetwork {
	const random = new Random(`scenario/${seed}/network`);
	if (!random.chance(SLOW_SHARE)) return { slow: false, conditions: {}, stallEveryMs: Infinity, slackMs: 0, readingMs: 0 };
	const roundTripMs = skewed(random, ROUND_TRIP_MS);
	const lossRate = skewed(random, LOSS);
	return {
		slow: true,
		conditions: { latencyMs: [roundTripMs * 0.4, roundTripMs * 0.6], lossRate, ackDelayMs: ACK_DELAY_MS },
		stallEveryMs: skewed(random, STALL_EVERY_MS),
		slackMs: 20 * roundTripMs + lossRate * 600_000,
		readingMs: roundTripMs + lossRate * 10_000,
	};
}

/** Stalls from now until then. Returns whether the network has stood still since a time. */
export function stall({ world }: VirtualSimulation, seed: number, { stallEveryMs }: WorldNetwork, untilMs: number): (ms: number) => boolean {
	const random = new Random(`scenario/${seed}/stalls`);
	const { clock, conditions } = world;
	let stoodUntil = -Infinity;
	const next = (): void => {
		const at = clock.now() + random.between(0, stallEveryMs);
		const endsAt = at + skewed(random, STALL_MS);
		if (endsAt > untilMs) return;
		clock.at(at, () => void (conditions.stalled = true));
		clock.at(endsAt, () => {
			conditions.stalled = calmConditions().stalled;
			stoodUntil = clock.now();
			next();
		});
	};
	if (stallEveryMs < Infinity) next();
	return (ms) => conditions.stalled || stoodUntil > ms;
}

/** Small ones are as likely as ones ten times as large. */
function skewed(random: Random, [low, high]: readonly [number, number]): number {
	return low * (high / low) ** random.next();
}
