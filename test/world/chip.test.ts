// Worlds on XS, the chip's engine, with its memory judged; and the judges themselves, which must be able to say no.
import { describe, expect, it } from 'vitest';
import type { NodeMemory, SimulatedNode } from '../../simulator/board/simulated-node.js';
import { soak, type Outcome } from '../../simulator/campaign/soak-run.js';
import { expectWell } from './worlds.js';

describe('on XS, the chip\'s engine', () => {
	/** Each world once, whatever is asked of it. */
	const worlds = new Map<number, Promise<Outcome>>();
	const world = (seed: number): Promise<Outcome> => {
		if (!worlds.has(seed)) worlds.set(seed, expectWell({ seed, hours: 0.5, engine: 'xs' }));
		return worlds.get(seed)!;
	};

	it.each([3, 11, 14])('a world of seed %i is survived within the memory that the manifest gives', async (seed) => {
		expect((await world(seed)).memory!.bytes).toBeGreaterThan(10_000);
	});

	it('the same seed makes the same world on both engines, to the last byte', async () => {
		const [xs, node] = [await world(3), await soak({ seed: 3, hours: 0.5 })];
		expect(xs.trace).toBe(node.trace);
		expect((await soak({ seed: 4, hours: 0.5 })).trace).not.toBe(node.trace);
	});

	it('less memory than the firmware needs is noticed, and the moment of the most is told while it lasts', async () => {
		const seen: (NodeMemory | undefined)[] = [];
		const onMore = async (node: SimulatedNode): Promise<void> => void seen.push(await node.memory());
		const { violations, memory } = await soak({ seed: 3, hours: 0.1, engine: 'xs', memoryMax: 10_000, onMore });
		expect(seen.at(-1)).toEqual(memory);
		expect(violations.join('\n')).toMatch(/holds \d+ bytes \(\d+ slots, \d+ in chunks\); the chip has 10000/);
	});
});
