// SPDX-License-Identifier: MIT
// When a part is due: in step with its first turn, or with the clock, and by chance a little later.
//
// Rule: nothing is remembered but the last turn: chance follows from it. So a part keeps its step whatever its jitter.

import type { Clock, Millis, Part } from '../common/ports.js';
import { firstOf } from './channels.js';

const enum Const {
	/** The date is known to a second: a turn that came so much too early is not the one before it. */
	ALIGN_MIN_MS = 1_500,
	/** Of MurmurHash3's last steps. */
	FIRST_FACTOR = 0x85eb_ca6b | 0,
	SECOND_FACTOR = 0xc2b2_ae35 | 0,
	FIRST_SHIFT = 16,
	SECOND_SHIFT = 13,
}

/** How long from a turn now to the next. */
export const restOf = ({ row: { restMs }, intervalMs, align }: Part, nodesMs: Millis, clock: Clock): Millis => {
	let interval = intervalMs ?? nodesMs;
	if (restMs && interval < restMs) interval = restMs;
	const unix = align ? clock.unixSeconds() : 0;
	if (unix === 0) return interval;
	const rest = interval - unix * 1_000 % interval;
	return rest < interval && rest < Const.ALIGN_MIN_MS ? rest + interval : rest;
};

/** How much later than `due`, which is different for each turn, part and seed. */
export const jitterOf = (part: Part, due: number, seed: number): Millis => {
	const { jitterMs } = part;
	if (!jitterMs) return 0;
	let hash = due ^ seed ^ firstOf(part) << Const.FIRST_SHIFT;
	hash = Math.imul(hash ^ hash >>> Const.FIRST_SHIFT, Const.FIRST_FACTOR);
	hash = Math.imul(hash ^ hash >>> Const.SECOND_SHIFT, Const.SECOND_FACTOR);
	return ((hash ^ hash >>> Const.FIRST_SHIFT) >>> 0) % (jitterMs + 1);
};
