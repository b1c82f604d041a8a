import { afterEach, describe, expect, it } from 'vitest';
import { endProbes, probe } from './probe.js';

afterEach(endProbes);

/** What `script` keeps alive, beyond what an empty script does. */
async function kept(script: string): Promise<{ slots: number; chunkBytes: number }> {
	const empty = await (await probe('xs', 'globalThis.kept = undefined;', 10)).simulation.nodes[0].memory();
	const full = await (await probe('xs', `globalThis.kept = ${script};`, 10)).simulation.nodes[0].memory();
	return { slots: full!.slots - empty!.slots, chunkBytes: full!.chunkBytes - empty!.chunkBytes };
}

describe('the memory of a guest on XS', () => {
	it('counts an object as one slot and one for each property', async () => {
		// Names that the engine knows already: a new name would take a key's slot and chunk too.
		expect((await kept('{ name: 1, length: 2 }')).slots).toBe(3);
	});

	it('counts bytes of a buffer once, with a header', async () => {
		const small = await kept('new Uint8Array(100)');
		const large = await kept('new Uint8Array(1124)');
		expect(large.slots).toBe(small.slots);
		expect(large.chunkBytes - small.chunkBytes).toBe(1_024);
		expect(small.slots * 16 + small.chunkBytes).toBeGreaterThan(100);
		expect(small.slots * 16 + small.chunkBytes).toBeLessThan(260);
	});

	it('counts an array with 16 bytes an element, though this engine takes 32', async () => {
		const short = await kept('new Array(10).fill(0)');
		const long = await kept('new Array(110).fill(0)');
		expect(long.slots).toBe(short.slots);
		expect(long.chunkBytes - short.chunkBytes).toBe(1_600);
	});

	it('does not count garbage, nor what was preloaded', async () => {
		const { simulation } = await probe('xs', `for (let i = 0; i < 1000; i++) ({ name: [i] });`, 10);
		const memory = await simulation.nodes[0].memory();
		// The script itself and the probe's own table of modules.
		expect(memory!.bytes).toBeLessThan(3_000);
	});

	it('does not count the settings, which are in flash', async () => {
		const memoryWith = async (text: string) => (await probe('xs', '', 10, { settings: { text } })).simulation.nodes[0].memory();
		expect(await memoryWith('x'.repeat(5_000))).toEqual(await memoryWith('x'));
	});

	it('does not grow while timers fire', async () => {
		const { simulation, run } = await probe('xs', `Timer.repeat(() => { [Time.ticks].map(String); }, 10);`, 1_000);
		const before = await simulation.nodes[0].memory();
		await run(20_000);
		expect(await simulation.nodes[0].memory()).toEqual(before);
	});

	it('is not known of Node\'s engine', async () => {
		const { simulation } = await probe('node', '', 10);
		expect(await simulation.nodes[0].memory()).toBeUndefined();
	});
});
