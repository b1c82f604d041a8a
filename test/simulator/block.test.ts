// The block of memory that the manifest gives the chip's machine, as every node on XS has it.
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { MEMORY_BYTES } from '../../simulator/engine/creation.js';
import { startVirtualSimulation } from '../../simulator/virtual.js';
import { endProbes, probe } from './probe.js';

afterEach(endProbes);

const DEATH = '[The node starts anew: out of memory]';
/** What is reserved for slots at once, and wanted free beyond those that are alive (manifest.json). */
const SLOTS_RESERVED = 512;
const SLOTS_AHEAD = 32;

const TOOLS = `
	let head;
	const slots = (count) => { for (let i = 0; i < count; i += 3) head = { next: head, value: i }; };
	const bytes = (count) => { head = { next: head, value: new ArrayBuffer(count) }; };`;

/** What a portion of each kind takes: slots, and bytes of chunks with their headers. */
const PORTIONS = [
	{ kind: 'slots', more: 'slots(63);', slots: 63, chunkBytes: 0 },
	{ kind: 'chunks', more: 'bytes(1000);', slots: 6, chunkBytes: 1_008 },
	{ kind: 'both, half and half', more: 'slots(33); bytes(496);', slots: 39, chunkBytes: 504 },
	{ kind: 'both, a quarter of it slots', more: 'slots(18); bytes(744);', slots: 24, chunkBytes: 752 },
	{ kind: 'both, a quarter of it chunks', more: 'slots(48); bytes(248);', slots: 54, chunkBytes: 256 },
] as const;

/** How many portions a chip could hold beyond what the guest holds anyway. */
async function portionsOnChip({ slots, chunkBytes }: typeof PORTIONS[number]): Promise<number> {
	const idle = (await (await probe('xs', `${TOOLS} Timer.repeat(() => trace('idle'), 10);`, 100)).simulation.nodes[0].memory())!;
	const fits = (count: number): boolean => {
		const reserved = Math.max(SLOTS_RESERVED, idle.slots + count * slots + SLOTS_AHEAD) * 16;
		return reserved + idle.chunkBytes + count * chunkBytes <= MEMORY_BYTES;
	};
	let count = 0;
	while (fits(count + 1)) count++;
	return count;
}

/** What each engine of this process has of memory for itself. */
function enginesKb(): number[] {
	const stats = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => {
		try {
			return readFileSync(`/proc/${pid}/status`, 'utf8');
		} catch {
			return '';
		}
	});
	const ours = stats.filter((text) => /^Name:\txsnap-worker$/m.test(text) && text.includes(`\nPPid:\t${process.pid}\n`) && !/^State:\tZ/m.test(text));
	return ours.map((text) => Number(/^RssAnon:\s+(\d+) kB$/m.exec(text)![1]));
}

describe('the memory of the chip', () => {
	it.each(PORTIONS)('ends a guest that hoards $kind when the block is full, and the node boots again', async (portion) => {
		const script = `${TOOLS} let portions = 0; trace('boot'); Timer.repeat(() => { ${portion.more} trace(++portions); }, 10);`;
		const { said, simulation } = await probe('xs', script, 300);
		const end = said.indexOf(DEATH);
		const held = Number(said[end - 1]);
		const expected = await portionsOnChip(portion);
		expect(held).toBeGreaterThanOrEqual(expected - 1);
		expect(held).toBeLessThanOrEqual(expected + 3);
		expect(simulation.nodes[0].counts.faults).toBe(1);
		expect(said.slice(end + 1)).toEqual([]);
		await simulation.run(500);
		expect(said[end + 1]).toBe('boot');
	});

	it.each([
		['slots', 'for (;;) head = { next: head };'],
		['chunks', 'for (;;) head = { next: head, value: new ArrayBuffer(1000) };'],
		['large chunks', 'for (;;) head = { next: head, value: new ArrayBuffer(100000) };'],
		['one far too large', 'new ArrayBuffer(500000000);'],
	])('ends a guest that hoards %s within one turn', async (_what, forever) => {
		const { said } = await probe('xs', `let head; Timer.set(() => { trace('here'); ${forever} }, 10);`, 200);
		expect(said).toEqual(['here', DEATH]);
	});

	it('ends a guest that needs too much for a moment only, where it holds much already', async () => {
		const guest = (moment: string): string => `${TOOLS} slots(500); bytes(6000); Timer.set(() => { ${moment} trace('lived'); }, 10);`;
		const lists = (count: number): string => `JSON.parse('[' + '[],'.repeat(${count}) + '[]]');`;
		expect((await probe('xs', guest(lists(20)), 200)).said).toEqual(['lived']);
		expect((await probe('xs', guest(lists(400)), 200)).said).toEqual(['lived', DEATH]);
		expect((await probe('xs', guest('new ArrayBuffer(2000);'), 200)).said).toEqual(['lived']);
		expect((await probe('xs', guest('new ArrayBuffer(9000);'), 200)).said).toEqual(['lived', DEATH]);
	});

	it('lets a guest live that makes much garbage and keeps little', async () => {
		const script = `${TOOLS} Timer.repeat(() => { for (let i = 0; i < 300; i++) { slots(30); bytes(400); head = undefined; } trace('.'); }, 10);`;
		const { said, simulation } = await probe('xs', script, 1_005);
		expect(said.join('')).toBe('.'.repeat(100));
		expect(simulation.nodes[0].counts.faults).toBe(0);
	});

	it.skipIf(process.platform !== 'linux')('makes a light process of each node, at its first boot and at a later one', async () => {
		const simulation = await startVirtualSimulation({ engine: 'xs', seed: 'light', nodes: 3, settings: {} });
		try {
			await simulation.run(5_000);
			expect(enginesKb()).toEqual([expect.any(Number), expect.any(Number), expect.any(Number)]);
			simulation.nodes[0].restart();
			await simulation.run(20_000);
			for (const kb of enginesKb()) expect(kb).toBeLessThan(2_048);
		} finally {
			simulation.end();
		}
	});

	it.each([4, 5])('has room for the firmware in protocol %i, with the longest settings', async (protocol) => {
		const long = { user: 'u'.repeat(60), password: 'p'.repeat(60), clientId: 'c'.repeat(60), base: 'b'.repeat(40) };
		const simulation = await startVirtualSimulation({ engine: 'xs', seed: 'room', settings: { protocol, intervalMs: 1_000, ...long } });
		try {
			await simulation.run(60_000);
			expect(simulation.nodes[0].counts).toMatchObject({ boots: 1, faults: 0 });
			expect(simulation.broker.published.filter(({ topic }) => topic.endsWith('/readings')).length).toBeGreaterThan(50);
			expect((await simulation.nodes[0].memory())!.bytes).toBeLessThan(MEMORY_BYTES);
		} finally {
			simulation.end();
		}
	});
});
