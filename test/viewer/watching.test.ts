// A slice of npm run watching: many nodes at once, and a record held against what a simulated node took.
import { describe, expect, it } from 'vitest';
import { History } from '../../viewer/history.js';
import { Merge } from '../../viewer/merge.js';
import { stateOf } from '../../viewer/state.js';
import { startBroker } from '../../simulator/broker.js';
import { heldAgainstTruth } from '../bench/truth.js';
import { watchFleet } from '../bench/watching.js';
import { freePort } from '../support/brokers.js';

describe.concurrent('Who watches many nodes', () => {
	it('misses no reading of a hundred nodes, and records each once', async () => {
		const broker = await startBroker({ port: await freePort() });
		try {
			const { received, missing, refused, duplicates, recorded, lastFrame } = await watchFleet(broker.url, 100, 16, 10, 20_000);
			expect({ received, missing, refused, duplicates, recorded }).toEqual({ received: 1_600, missing: 0, refused: 0, duplicates: 0, recorded: 1_600 });
			expect(lastFrame).toContain('100 nodes: 100 online, 0 offline, 0 stopped, 0 faults.');
			expect(lastFrame.find((line) => line.startsWith('1600 readings'))).toBe('1600 readings (50 late), 0 missing.');
		} finally {
			await broker.close();
		}
	});

	it('has in its record what the node took, over two outages, in each kind of file', async () => {
		const { readings, kinds, differences } = await heldAgainstTruth({ nodes: 1, count: 30 });
		expect(differences).toEqual([]);
		expect(readings).toBeGreaterThanOrEqual(30);
		expect(kinds.slice(0, 2)).toEqual(['.csv', '.ndjson']);
	});
});

describe('What a stranger can make a watcher keep', () => {
	it('is bounded, for any number of nodes, boots, channels and forged numbers', () => {
		const merge = new Merge();
		const history = new History(2_000);
		let seed = 1;
		const random = (below: number) => (seed = (seed * 48_271) % 0x7fff_ffff) % below;
		for (let k = 0; k < 20_000; k++) {
			const [node, boot, channel] = [`n${random(5_000)}`, `b${random(1_000)}`, `c${random(100)}`];
			merge.take({ kind: 'reading', node, late: k % 2 === 0, reading: { seq: 1 + random(0x7fff_fffe), boot, time: random(0x7fff_ffff), values: { [channel]: k } } }, k);
			history.add(node, channel, random(0x7fff_ffff), k, false, 0x7fff_ffff);
			if (k % 7 === 0) merge.take({ kind: 'outage', node, content: { start: k } }, k);
		}
		const nodes = merge.nodes();
		expect(nodes).toHaveLength(1_000);
		expect(Math.max(...nodes.map(({ channels }) => channels.length))).toBeLessThanOrEqual(24);
		expect(Math.max(...nodes.map(({ outageLog }) => outageLog.length))).toBeLessThanOrEqual(64);
		expect(Math.max(...nodes.flatMap((node) => node.channels.map(({ recent }) => recent.length)))).toBeLessThanOrEqual(32);
		expect(history.bytes).toBeLessThanOrEqual(2_000 * 1_536);
		expect(nodes.map((node) => stateOf(node, 0)).every(({ missing }) => missing < 1e7)).toBe(true);
	});
});
