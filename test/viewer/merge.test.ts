import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RANGES_MAX } from '../../viewer/boot.js';
import { Merge, NODES_MAX } from '../../viewer/merge.js';
import { BOOTS_MAX } from '../../viewer/node.js';
import type { Message } from '../../viewer/payload.js';

interface Sample {
	readonly seq: number;
	readonly late?: boolean;
	readonly boot?: string;
	readonly temperature?: number;
	readonly time?: number;
	readonly dropped?: { from: number; to: number };
}

function reading({ seq, late = false, boot = '1', temperature = seq / 10, time = 1_000 + seq, dropped }: Sample, node = 'cellar'): Message {
	return { kind: 'reading', node, late, reading: { seq, boot, time, dropped, values: { temperature } } };
}

function merged(samples: readonly Sample[], fromStart = true): Merge {
	const merge = new Merge({ fromStart });
	samples.forEach((sample, at) => merge.take(reading(sample), at));
	return merge;
}

const samples = fc.array(fc.record({ seq: fc.integer({ min: 1, max: 80 }), late: fc.boolean() }), { minLength: 1, maxLength: 200 });
/** The same messages in two orders. */
const twoOrders = samples.chain((all) =>
	fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
);

describe('Merging live and late readings', () => {
	it('gives the same set, the same counts and the same gaps in whatever order they come', () => {
		fc.assert(
			fc.property(twoOrders, fc.boolean(), ([one, other], fromStart) => {
				const [a, b] = [merged(one, fromStart).node('cellar')!, merged(other, fromStart).node('cellar')!];
				expect(a.gaps()).toEqual(b.gaps());
				expect([a.received, a.missing, a.duplicates, a.conflicts]).toEqual([b.received, b.missing, b.duplicates, b.conflicts]);
			}),
		);
	});

	it('names exactly the numbers that never came', () => {
		fc.assert(
			fc.property(samples, (all) => {
				const node = merged(all).node('cellar')!;
				const heard = new Set(all.map(({ seq }) => seq));
				const highest = Math.max(...heard);
				const named = node.gaps().flatMap(({ from, to }) => [...Array(to - from + 1).keys()].map((k) => from + k));
				expect(named).toEqual([...Array(highest).keys()].map((k) => k + 1).filter((seq) => !heard.has(seq)));
				expect(node.missing).toBe(named.length);
				expect(node.received).toBe(heard.size);
				expect(node.duplicates).toBe(all.length - heard.size);
			}),
		);
	});

	it('takes a number whose reading was given up as dropped, not as a reading, unless that came before', () => {
		const merge = merged([{ seq: 1 }, { seq: 2, dropped: { from: 2, to: 2 } }, { seq: 3 }, { seq: 3, dropped: { from: 3, to: 3 }, temperature: 0 }]);
		const node = merge.node('cellar')!;
		expect([node.received, node.missing, node.dropped, node.duplicates, node.conflicts]).toEqual([2, 0, 1, 0, 0]);
		expect(node.last!.seq).toBe(3);
	});

	it('takes what the node says it dropped as accounted for, whatever the order', () => {
		for (const order of [[0, 1, 2], [2, 1, 0], [1, 2, 0]]) {
			const merge = new Merge({ fromStart: true });
			const messages = [reading({ seq: 1, late: true }), reading({ seq: 4, late: true, dropped: { from: 2, to: 3 } }), reading({ seq: 9, late: true, dropped: { from: 6, to: 8 } })];
			for (const index of order) merge.take(messages[index]!, index);
			const node = merge.node('cellar')!;
			expect(node.gaps()).toEqual([{ boot: '1', from: 5, to: 5 }]);
			expect([node.received, node.missing, node.dropped, merge.dropped]).toEqual([3, 1, 5, 5]);
			merge.take(messages[2]!, 9);
			expect([node.duplicates, node.dropped]).toEqual([1, 5]);
		}
	});

	it('counts a resent reading once and reports one that contradicts', () => {
		const merge = new Merge();
		expect(merge.take(reading({ seq: 5 }), 0)).toBe('new');
		expect(merge.take(reading({ seq: 5, late: true }), 1)).toBe('duplicate');
		expect(merge.take(reading({ seq: 5, temperature: 99 }), 2)).toBe('conflict');
		expect(merge.take(reading({ seq: 5, time: 7 }), 3)).toBe('conflict');
		expect(merge.node('cellar')).toMatchObject({ received: 1, duplicates: 1, conflicts: 2 });
		expect(merge.node('cellar')!.last!.values).toEqual({ temperature: 0.5 });
	});

	it('does not call it a contradiction when a reading without a date comes again with one', () => {
		const merge = new Merge();
		merge.take({ kind: 'reading', node: 'n', late: false, reading: { seq: 1, boot: '1', uptime: 3, values: { temperature: 1 } } }, 0);
		expect(merge.take(reading({ seq: 1, temperature: 1 }, 'n'), 1)).toBe('duplicate');
	});

	it('expects numbers from the first live one when it came in the middle, and does not miss what the backlog skips before', () => {
		const node = merged([{ seq: 17 }, { seq: 18 }, { seq: 3, late: true }, { seq: 21 }], false).node('cellar')!;
		expect(node.gaps()).toEqual([{ boot: '1', from: 19, to: 20 }]);
		expect(node.received).toBe(4);
	});

	it('expects the numbers of a boot that begins in sight from 1', () => {
		const node = merged([{ seq: 17 }, { seq: 2, boot: '2' }], false).node('cellar')!;
		expect(node.gaps()).toEqual([{ boot: '2', from: 1, to: 1 }]);
		expect(node.boots).toBe(2);
	});

	it('does not blame the node for what passed while the watcher was cut off', () => {
		const merge = merged([{ seq: 1 }, { seq: 2 }]);
		merge.interrupted();
		merge.take(reading({ seq: 9 }), 9);
		merge.take(reading({ seq: 11 }), 11);
		const node = merge.node('cellar')!;
		expect(node.gaps()).toEqual([{ boot: '1', from: 10, to: 10 }]);
		expect([node.passed, merge.passed]).toEqual([6, 6]);
		expect(merge.take(reading({ seq: 5, late: true }), 12)).toBe('new');
		expect(merge.take(reading({ seq: 5, late: true }), 13)).toBe('duplicate');
		expect([node.received, node.missing, node.passed]).toEqual([5, 1, 5]);
	});

	it('says how many passed while it was cut off in whatever order the rest comes, without those that the node dropped', () => {
		for (const order of [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]]) {
			const merge = merged([{ seq: 1 }, { seq: 2 }]);
			merge.interrupted();
			merge.interrupted();
			const messages = [reading({ seq: 6, late: true }), reading({ seq: 9, dropped: { from: 7, to: 7 } }), reading({ seq: 10 })];
			for (const index of order) merge.take(messages[index]!, index);
			expect(merge.node('cellar'), `${order}`).toMatchObject({ received: 5, missing: 0, dropped: 1, passed: 4, blind: false });
		}
	});

	it('counts with them the first numbers of a boot that began meanwhile', () => {
		for (const fromStart of [false, true]) {
			const merge = merged([{ seq: 1 }], fromStart);
			merge.interrupted();
			merge.take(reading({ seq: 4, boot: '2' }), 2);
			merge.take(reading({ seq: 3, boot: '2', late: true }), 3);
			expect(merge.node('cellar'), `${fromStart}`).toMatchObject({ received: 3, missing: 0, passed: 2 });
		}
	});

	it('keeps their count when the boot is forgotten, and bounds what it keeps of them', () => {
		const merge = merged([{ seq: 1 }]);
		for (let k = 1; k <= RANGES_MAX + 9; k++) {
			merge.interrupted();
			merge.take(reading({ seq: 1 + 2 * k }), k);
		}
		for (let boot = 2; boot <= BOOTS_MAX + 2; boot++) merge.take(reading({ seq: 1, boot: `${boot}` }), 9);
		expect(merge.node('cellar')).toMatchObject({ missing: 0, passed: RANGES_MAX + 9 });
	});

	it('shows the reading with the highest number of the boot that is running, whatever comes late', () => {
		const merge = merged([{ seq: 30 }, { seq: 4, boot: '2' }, { seq: 3, boot: '2', late: true }, { seq: 31, boot: '1', late: true }]);
		expect(merge.node('cellar')!.last).toMatchObject({ boot: '2', seq: 4 });
	});

	it('keeps what the node says of itself', () => {
		const merge = new Merge();
		merge.take({ kind: 'status', node: 'cellar', status: 'online' }, 5);
		merge.take({ kind: 'outage', node: 'cellar', content: { cause: 'wifi' } }, 6);
		merge.take({ kind: 'outage', node: 'cellar', content: { cause: 'tcp' } }, 7);
		expect(merge.node('cellar')).toMatchObject({ status: 'online', statusAt: 5, outage: { cause: 'tcp' }, outages: 2 });
		merge.take({ kind: 'cleared', node: 'cellar', leaf: 'status' }, 8);
		expect(merge.node('cellar')!.status).toBeUndefined();
	});

	it('counts nonsense without making a node of it', () => {
		const merge = new Merge();
		expect(merge.take({ kind: 'malformed', node: 'stranger', why: '' }, 0)).toBe('malformed');
		expect(merge.nodes()).toEqual([]);
		expect(merge.malformed).toBe(1);
	});
});

describe('What a watcher keeps is bounded', () => {
	it('by the number of nodes', () => {
		const merge = new Merge();
		for (let k = 0; k < NODES_MAX + 10; k++) merge.take({ kind: 'status', node: `n${k}`, status: 'online' }, k);
		expect(merge.nodes()).toHaveLength(NODES_MAX);
		expect(merge.refused).toBe(10);
	});

	it('by the number of boots, whose counts stay right', () => {
		const merge = new Merge({ fromStart: true });
		for (let boot = 1; boot <= 3 * BOOTS_MAX; boot++) {
			for (const seq of [1, 3]) merge.take(reading({ seq, boot: `b${boot}` }), boot);
		}
		const node = merge.node('cellar')!;
		expect(node).toMatchObject({ boots: 3 * BOOTS_MAX, received: 6 * BOOTS_MAX, missing: 3 * BOOTS_MAX });
		expect(node.gaps().length).toBe(BOOTS_MAX);
	});

	it('by the number of gaps, whose sum stays right', () => {
		const merge = new Merge({ fromStart: true });
		const count = 5 * RANGES_MAX;
		for (let k = 1; k <= count; k++) merge.take(reading({ seq: 2 * k }), k);
		const node = merge.node('cellar')!;
		expect(node.missing).toBe(count);
		expect(node.received).toBe(count);
		expect(node.gaps().length).toBeLessThanOrEqual(RANGES_MAX);
	});

	it('so that a month of one node costs no more than an hour of it', () => {
		const merge = new Merge({ fromStart: true });
		for (let seq = 1; seq <= 259_200; seq++) merge.take(reading({ seq, late: seq % 7 === 0 }), seq);
		expect(merge.node('cellar')).toMatchObject({ received: 259_200, missing: 0 });
	});

	describe('believes no number that the node can hardly have come to', () => {
		const live = (merge: Merge, seq: number, at = 0, boot = '1') => merge.take(reading({ seq, boot, time: 1_000 }), at);

		it('as 2^32 - 1 after 3: it is refused, counted as not understood, and nothing is missing', () => {
			const merge = merged([{ seq: 1 }, { seq: 2 }, { seq: 3 }], false);
			expect(live(merge, 0xffff_ffff)).toBe('implausible');
			expect(merge.take(reading({ seq: 0xffff_ffff, late: true }), 0)).toBe('implausible');
			expect(live(merge, 4)).toBe('new');
			expect([merge.received, merge.missing, merge.malformed, merge.node('cellar')!.last!.seq]).toEqual([4, 0, 2, 4]);
		});

		it('nor does it take back what it knows for a forged one from far below', () => {
			const merge = merged([{ seq: 90_000 }, { seq: 90_001 }], false);
			expect([live(merge, 1), live(merge, 90_002), live(merge, 90_003)]).toEqual(['implausible', 'new', 'new']);
			expect(merge.missing).toBe(0);
		});

		it('but the next one bears it out, and then both count', () => {
			const merge = merged([{ seq: 1 }], false);
			expect([live(merge, 50_000), live(merge, 50_001)]).toEqual(['implausible', 'new']);
			expect([merge.received, merge.missing]).toEqual([3, 49_998]);
		});

		it('and one that was forged before the node spoke is forgotten when the node does', () => {
			const merge = merged([{ seq: 0xffff_ffff }], false);
			expect([live(merge, 17), live(merge, 18), live(merge, 19)]).toEqual(['implausible', 'new', 'new']);
			expect([merge.missing, merge.node('cellar')!.gaps()]).toEqual([0, []]);
		});

		it('and a boot that is invented counts from its own number', () => {
			const merge = merged([{ seq: 1 }, { seq: 2 }], false);
			live(merge, 0xffff_ffff, 0, 'invented');
			expect(merge.missing).toBe(0);
		});

		it('but for a node that was not heard for a day a day of readings is plausible', () => {
			const merge = merged([{ seq: 1 }], false);
			expect(live(merge, 86_401, 86_400_000)).toBe('new');
			expect(merge.missing).toBe(86_399);
		});

		it('nor do two late ones of an invented boot make millions of missing ones, whatever their order', () => {
			const late = (merge: Merge, seq: number) => merge.take(reading({ seq, late: true, boot: 'invented' }), 0);
			for (const order of [[2_000_000_000, 5], [5, 2_000_000_000]]) {
				const merge = merged([{ seq: 1 }], false);
				for (const seq of order) late(merge, seq);
				expect(merge.missing, `${order}`).toBe(0);
			}
			// But where a forged one came first, the node is believed when it goes on.
			const merge = merged([{ seq: 1 }], false);
			expect([2_000_000_000, 5, 6, 7, 9].map((seq) => late(merge, seq))).toEqual(['new', 'implausible', 'new', 'new', 'new']);
			expect([merge.missing, merge.node('cellar')!.gaps()]).toEqual([1, [{ boot: 'invented', from: 8, to: 8 }]]);
		});

		it('and tells of the one that was not believed when the next one bears it out', () => {
			const merge = merged([{ seq: 1 }], false);
			live(merge, 50_000);
			expect(merge.borneOut).toBeUndefined();
			live(merge, 50_001);
			expect(merge.borneOut).toMatchObject({ seq: 50_000 });
			live(merge, 50_002);
			expect(merge.borneOut).toBeUndefined();
		});

		it('and late ones may be from long ago', () => {
			const merge = merged([{ seq: 90_000 }], false);
			expect(merge.take(reading({ seq: 5, late: true }), 0)).toBe('new');
		});
	});
});
