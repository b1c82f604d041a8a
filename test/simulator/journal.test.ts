// The unchanged firmware in virtual time, on XS and on Node's engine: outages longer than the ring, and power cuts within the flash's own work.
import { afterEach, describe, expect, it } from 'vitest';
import { startVirtualSimulation, type VirtualSimulation } from '../../simulator/virtual.js';
import type { EngineKind } from '../../simulator/engine/engine.js';
import { audit } from '../support/audit.js';

const MINUTE = 60_000;
let simulation: VirtualSimulation | undefined;

afterEach(() => {
	simulation?.end();
	simulation = undefined;
});

async function start(board: 'nodemcu' | 'esp32', engine: EngineKind, seed: string, settings: object = {}) {
	const lines: string[] = [];
	simulation = await startVirtualSimulation({ seed, board, engine, onLine: (_node, line) => lines.push(line), settings: { node: 'porch', intervalMs: 1_000, ...settings } });
	const { broker, nodes, run } = simulation;
	const published = (leaf: string) => broker.published.filter(({ topic }) => topic === `telltale/porch/${leaf}`).map(({ payload }) => JSON.parse(payload.toString()));
	/** How many readings of each boot came, of which the auditor misses none. */
	const accounted = () => {
		const auditor = audit(broker.published, 'porch');
		expect([auditor.violations, auditor.missingOfAll()]).toEqual([[], []]);
		return [...auditor.boots.values()].map(({ readings }) => readings.size);
	};
	return { broker, node: nodes[0]!, run, lines, published, accounted };
}

/** The longest of them on XS, within the memory of the chip that has less; both engines run the same (test/world/chip.test.ts). */
describe.each([['nodemcu', 'xs'], ['esp32', 'node']] as const)('on %s', (board, onOutage) => {
	it('readings of an outage longer than the memory, through a power cut, are all delivered, the oldest first', async () => {
		const { broker, node, run, lines, published, accounted } = await start(board, onOutage, `outage/${board}`);
		await run(MINUTE);
		broker.kill();
		await run(6 * MINUTE);
		node.powerCut();
		await run(MINUTE);
		await node.powerOn();
		await run(4 * MINUTE);
		broker.start();
		await run(3 * MINUTE);
		const boots = accounted();
		expect(boots).toHaveLength(2);
		// The ring has room for 256.
		expect(boots[0]).toBeGreaterThan(410);
		// By time: oldest first, none twice.
		const late = published('backlog').map(({ boot, seq }) => `${boot}/${seq}`);
		expect(new Set(late).size).toBe(late.length);
		const times = published('backlog').map(({ time }) => time);
		expect(times.every((time) => time > 1_700_000_000)).toBe(true);
		expect(times).toEqual([...times].sort((one, other) => one - other));
		const health = published('health').at(-1);
		expect(health).toMatchObject({ waiting: health.sampled - health.acknowledged - health.dropped, dropped: 0 });
		expect(health.acknowledgedEarlier).toBeGreaterThan(350);
		expect(lines.filter((line) => /starts anew|abort|fails/.test(line))).toEqual([]);
		const sectors = board === 'nodemcu' ? 758 : 137;
		expect(lines.filter((line) => line.startsWith('flash journal')).at(-1)).toMatch(new RegExp(`^flash journal: ${sectors} sectors, \\d+ with readings$`));
	});

	it('a restart by command saves what is in memory', async () => {
		const { broker, node, run, accounted } = await start(board, 'node', `restart/${board}`);
		await run(MINUTE);
		broker.kill();
		await run(50_000);
		node.type('restart\n');
		await run(30_000);
		broker.start();
		await run(2 * MINUTE);
		const boots = accounted();
		expect(boots).toHaveLength(2);
		expect(boots[0]).toBeGreaterThan(105);
	});
});

describe('power cuts within the flash\'s own work', () => {
	it('lose at most the reading that was being written, boot after boot', async () => {
		const { broker, node, run, accounted } = await start('nodemcu', 'node', 'cuts', { intervalMs: 2_000 });
		await run(30_000);
		broker.kill();
		let steps = 0;
		for (let cut = 0; cut < 12; cut++) {
			// A boot that lives long enough is no loop: the node goes on measuring.
			if (cut % 4 === 3) await run(6 * MINUTE);
			let left = 3 + 7 * cut;
			node.storage.onStep = (step) => {
				if (step === 'preference' || left-- > 0) return undefined;
				steps++;
				return (cut % 4) / 4;
			};
			await run(4 * MINUTE);
			node.storage.onStep = undefined;
			if (!node.running) await node.powerOn();
		}
		expect(steps).toBe(12);
		await run(2 * MINUTE);
		broker.start();
		await run(4 * MINUTE);
		expect(accounted()).toHaveLength(13);
		expect(node.counts.faults).toBe(0);
	});

	it('while it is delivered send again at most what was on its way', async () => {
		const { broker, node, run, published } = await start('nodemcu', 'node', 'delivery');
		await run(10_000);
		broker.kill();
		await run(6 * MINUTE);
		broker.start();
		await run(5_000);
		let cuts = 0;
		for (; cuts < 5; cuts++) {
			let left = 20 + cuts;
			node.storage.onStep = (step) => (step === 'preference' || left-- > 0 ? undefined : 0.5);
			await run(20_000);
			node.storage.onStep = undefined;
			expect(node.running).toBe(false);
			await node.powerOn();
		}
		await run(2 * MINUTE);
		// What the later boots measured was only in memory.
		const auditor = audit(broker.published, 'porch');
		const [first] = auditor.boots.values();
		expect([auditor.violations, auditor.missing(first!)]).toEqual([[], []]);
		const late = published('backlog').map(({ boot, seq }) => `${boot}/${seq}`);
		expect(late.length - new Set(late).size).toBeLessThanOrEqual(cuts * 9);
	});
});
