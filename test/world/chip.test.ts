// Worlds on XS, the chip's engine, with its memory judged; and the judges themselves, which must be able to say no.
import { describe, expect, it } from 'vitest';
import { soak } from '../../simulator/campaign/soak-run.js';
import { expectWell } from './worlds.js';

describe('on XS, the chip\'s engine', () => {
	it.each([3, 11, 14])('a world of seed %i is survived within the memory that the manifest gives', async (seed) => {
		const { memory } = await expectWell({ seed, hours: 0.5, engine: 'xs' });
		expect(memory!.bytes).toBeGreaterThan(10_000);
	});

	it('the same seed makes the same world on both engines, to the last byte', async () => {
		const [xs, node] = [await soak({ seed: 3, hours: 0.5, engine: 'xs' }), await soak({ seed: 3, hours: 0.5 })];
		expect(xs.trace).toBe(node.trace);
		expect((await soak({ seed: 4, hours: 0.5 })).trace).not.toBe(node.trace);
	});

	it('less memory than the firmware needs is noticed', async () => {
		const { violations } = await soak({ seed: 3, hours: 0.1, engine: 'xs', memoryMax: 10_000 });
		expect(violations.join('\n')).toMatch(/holds \d+ bytes \(\d+ slots, \d+ in chunks\); the chip has 10000/);
	});
});
