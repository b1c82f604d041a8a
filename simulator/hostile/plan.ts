// Which inputs a campaign has, in groups, and what node they are given to: all of it from the seed, before anything runs.
//
// Rule: a group is made of the seed and its number alone, whatever came before it; so one of them can be repeated by itself. Groups
// come in blocks, and a block has one node, as long as that lives.

import { Random } from '../world/random.js';
import type { ArenaOptions } from './arena.js';
import { skewed, weighted } from './chance.js';
import { anyCommand, anyOther, anyStatus } from './commands.js';
import type { Input, Version } from './input.js';
import { anyPacket, politePacket } from './packets.js';
import { anySituation, SITUATIONS, type SituationName } from './situations.js';

export const GROUPS_IN_A_BLOCK = 200;

export interface Group {
	/** For its chances while it runs. */
	readonly seed: string;
	readonly number: number;
	readonly situation: SituationName;
	readonly inputs: readonly Input[];
	/** Between two of them. */
	readonly gapMs: number;
}

type Settings = ArenaOptions['settings'];

const LONG_BASE = `a/${'long-base.'.repeat(3)}/of_40`;

export function settingsOf(seed: number, block: number): Settings & { readonly protocol: 4 | 5 | 'auto' } {
	const random = new Random(`hostile/${seed}/block/${block}`);
	const protocol = ([4, 5] as const)[block % 2]!;
	return {
		node: 'porch', clientId: 'telltale-porch', base: random.chance(0.25) ? LONG_BASE : 'telltale/porch', intervalMs: 5_000, conversions: 1,
		protocol: protocol === 5 && random.chance(0.3) ? 'auto' : protocol, publishEarly: random.chance(0.2),
	};
}

export function groupOf(seed: number, number: number): Group {
	const own = `hostile/${seed}/group/${number}`;
	const random = new Random(own);
	const { base, protocol } = settingsOf(seed, Math.floor(number / GROUPS_IN_A_BLOCK));
	const version: Version = protocol === 4 ? 4 : 5;
	const situation = anySituation(random);
	const { takes } = SITUATIONS[situation];
	const bytes = takes === 'bytes' || (takes === 'both' && random.chance(0.35));
	const polite = bytes && random.chance(0.3);
	const count = bytes && !polite ? 1 + random.below(6) : weighted(random, [[3, () => 1], [4, () => 2 + random.below(5)], [3, () => 7 + random.below(24)], [1, () => skewed(random, 30, 300)]])();
	const inputs = Array.from({ length: count }, (_, i): Input => {
		const context = { base, version, tag: `k${number}.${i}:` };
		if (!bytes || (takes === 'both' && random.chance(0.3))) return anyMessage(random, context);
		return polite ? politePacket(random, context) : anyPacket(random, context);
	});
	return { seed: own, number, situation, inputs, gapMs: random.chance(0.5) ? 0 : skewed(random, 1, 1_500) };
}

function anyMessage(random: Random, { base, tag }: { readonly base: string; readonly tag: string }): Input {
	return weighted(random, [
		[12, () => anyCommand(random, { base }, tag)],
		[1.5, () => anyStatus(random, { base })],
		[0.5, () => anyOther(random, { base })],
	])();
}

