import { describe, expect, it } from 'vitest';
import type { Packet } from 'mqtt-packet';
import { IdleJudge } from '../../simulator/campaign/idle.js';
import { networkOf } from '../../simulator/campaign/network.js';
import type { Auditor } from '../../simulator/audit/auditor.js';
import { Ranges } from '../../viewer/ranges.js';

/** A node whose readings 1 to `came` are at the broker, but for the missing ones, and that says how many wait. */
function setUp(said: { waiting: number; dropped?: number; came?: number; missing?: number[] }) {
	const world = { now: 100_000, underWay: 1, troubled: false };
	const judge = new IdleJudge({ quietMs: 4_000, now: () => world.now, underWay: () => world.underWay, troubledSince: () => world.troubled });
	const { waiting, dropped = 0, came = 20, missing = [] } = said;
	const readings = new Map(Array.from({ length: came }, (_, i) => i + 1).filter((seq) => !missing.includes(seq)).map((seq) => [seq, {}]));
	const current = { readings, named: new Ranges(), refused: new Set<number>(), waiting, dropped };
	const auditor = { name: 'porch', current, missing: () => missing } as unknown as Auditor;
	const pass = (cmd: string, topic = '') => judge.packet({ cmd, topic } as Packet, true, 'telltale-porch');
	const health = (afterMs: number) => {
		world.now += afterMs;
		pass('publish', 'telltale/porch/health');
		judge.health(auditor);
		return judge.violations;
	};
	pass('puback');
	return { judge, world, pass, health };
}

describe('the judge of idleness', () => {
	it('finds readings that wait by the node\'s own count', () => {
		const { health, judge } = setUp({ waiting: 7 });
		expect(health(5_000)).toEqual(['porch: 7 readings wait at 105.0 s, though the link has been up and idle for 5.0 s']);
		expect(judge.judged).toBe(1);
	});

	it('finds readings that wait by the numbers that came, whatever the node says', () => {
		expect(setUp({ waiting: 0, missing: [3, 4, 5, 6] }).health(5_000)).toHaveLength(1);
		// These may be dropped ones that no reading has named yet.
		expect(setUp({ waiting: 0, missing: [3, 4, 5, 6], dropped: 4 }).health(5_000)).toEqual([]);
	});

	it('is content with what is on its way at that moment', () => {
		const { health, judge } = setUp({ waiting: 2 });
		expect(health(5_000)).toEqual([]);
		expect(judge.judged).toBe(1);
	});

	it('asks for nothing while something passes, is not answered, or goes wrong', () => {
		expect(setUp({ waiting: 7 }).health(3_999)).toEqual([]);
		const unanswered = setUp({ waiting: 7 });
		unanswered.world.underWay = 2;
		expect(unanswered.health(5_000)).toEqual([]);
		const troubled = setUp({ waiting: 7 });
		troubled.world.troubled = true;
		expect(troubled.health(5_000)).toEqual([]);
		const busy = setUp({ waiting: 7 });
		busy.world.now += 5_000;
		busy.pass('publish', 'telltale/porch/readings');
		expect(busy.health(1_000)).toEqual([]);
	});

	it('takes pings and health for no traffic', () => {
		const { pass, health, world } = setUp({ waiting: 7 });
		world.now += 3_000;
		for (const cmd of ['pingreq', 'pingresp']) pass(cmd);
		pass('publish', 'telltale/porch/health');
		expect(health(2_000)).toHaveLength(1);
	});
});

describe('the networks of the worlds', () => {
	const networks = Array.from({ length: 1_000 }, (_, seed) => networkOf(seed));
	const slow = networks.filter((network) => network.slow);

	it('are slow and lossy in a fifth of the worlds at least, and as calm as can be in the others', () => {
		expect(slow.length).toBeGreaterThan(250);
		for (const network of networks.filter((each) => !each.slow)) expect(network).toEqual({ slow: false, conditions: {}, stallEveryMs: Infinity, slackMs: 0, readingMs: 0 });
	});

	it('have round trips from 20 ms to 2 s, and lose up to a twelfth of the packets', () => {
		const trips = slow.map(({ conditions: { latencyMs } }) => latencyMs![0] + latencyMs![1]).sort((one, other) => one - other);
		expect([trips[0]! >= 20, trips[0]! < 30, trips.at(-1)! > 1_500, trips.at(-1)! <= 2_000]).toEqual([true, true, true, true]);
		expect(slow.every(({ conditions: { lossRate } }) => lossRate! > 0 && lossRate! < 1 / 12)).toBe(true);
	});
});
