// Improv in whatever mode the node is in: the whole firmware, answering within a second of its start.
import { describe, expect, it } from 'vitest';
import type { Setting } from '../../src/settings/settings.js';
import { startVirtualSimulation } from '../../simulator/virtual.js';
import type { SimulatedNode } from '../../simulator/board/simulated-node.js';
import { answerOf, piecesOf } from '../support/improv-command.js';
import { packetsIn, rpc, stringsOf } from '../support/improv.js';

const DEVICE = 3;

interface Told {
	readonly node: string;
	readonly lines: string[];
}

/** Asks who is there as soon as the first line is out, in the boot after so many that ended at once. */
async function told(settings: Readonly<Record<string, Setting>>, bootsBefore = 0, engine: 'xs' | 'node' = 'node'): Promise<Told & { ask(bytes: number[], ms: number): Promise<ReturnType<typeof packetsIn>>; counts(): SimulatedNode['counts']; end(): void }> {
	const lines: string[] = [];
	let sent: number[] = [];
	const simulation = await startVirtualSimulation({ seed: 3, engine, settings: { node: 'porch', ...settings }, onLine: (_, line) => lines.push(line), onBytes: (_, bytes) => sent.push(...bytes) });
	const [node] = simulation.nodes;
	for (let boot = 0; boot < bootsBefore; boot++) {
		await simulation.run(100);
		node!.powerCut();
		await node!.powerOn();
	}
	const ask = async (bytes: number[], ms: number) => {
		await simulation.run(5);
		sent = [];
		node!.send(Uint8Array.from(bytes));
		await simulation.run(ms);
		return packetsIn(sent);
	};
	lines.splice(0);
	const { packets } = await ask(rpc(DEVICE), 900);
	return { node: packets.map((packet) => stringsOf(packet).join(' ')).join('\n'), lines, ask, counts: () => node!.counts, end: () => simulation.end() };
}

describe('Improv answers within a second of the start', () => {
	it.each([
		['in normal mode', {}, 0, ''],
		['in safe mode', {}, 5, 'safe mode'],
		['in set-up mode', { host: '' }, 0, ''],
	])('%s', async (_what, settings, boots, mode) => {
		const { node, lines, end } = await told(settings, boots);
		expect(node).toBe('Telltale 0.1.0 ESP8266 porch');
		expect(lines.join('\n')).toContain(mode);
		end();
	});

	it('where the settings cannot be used, and says why', async () => {
		const { node, ask, lines, end } = await told({ sensors: 'nothing' });
		expect(node).toBe('Telltale 0.1.0 ESP8266 node');
		expect((await ask(rpc(2), 100)).packets).toEqual([{ type: 1, data: [2] }]);
		expect((await ask(rpc(4), 100)).packets).toEqual([{ type: 4, data: [4, 0] }]);
		const said = lines.length;
		const refused = await ask(rpc(1, [1, 0x78, 0]), 100);
		expect(refused.packets).toEqual([{ type: 2, data: [3] }, { type: 1, data: [2] }]);
		expect(lines.slice(said)).toEqual([expect.stringMatching(/^settings: .*nothing.* Run "telltale configure" and flash again\.$/)]);
		end();
	});
});

describe('A flood at the serial line, on the engine of the chip, restarts no node', () => {
	/** Typed lines, whole commands in packets, pieces of none, damaged packets and bytes of no kind, 40 ms apart. */
	const FLOOD: readonly (readonly number[])[] = [
		[...Buffer.from('sample\n')], ...piecesOf(`config {"value":{"nobody":"${'u'.repeat(64)}"}}`, 7).map((piece) => [...piece]), [...answerOf(7)], rpc(4), rpc(1, [1, 0x78, 0]),
		rpc(0xe0, [0, 9, 1, 0xa8, 0, 0, 65]), [...rpc(0xe1, [9, 0, 0]).slice(0, -1), 0], [...Buffer.from(`config ${'x'.repeat(100)}\n`)], [0x49, 0x4d, 0xff, 0, 0x0a],
	];

	it.each([
		['whose settings cannot be used: each typed line is answered, and so is who asks behind it', { sensors: 'nothing' }, 0, /^settings: .*nothing/],
		['in safe mode', {}, 5, /^sample: done/],
	])('%s', async (_what, settings, bootsBefore, answer) => {
		const { ask, lines, counts, end } = await told(settings, bootsBefore, 'xs');
		const { boots } = counts();
		lines.splice(0);
		for (let round = 0; round < 12; round++) for (const bytes of FLOOD) await ask([...bytes], 40);
		await ask([], 500);
		expect(lines.filter((line) => answer.test(line)).length).toBeGreaterThanOrEqual(10);
		lines.splice(0);
		await ask([...Buffer.from('sample\n')], 500);
		expect(lines.at(-1)).toMatch(answer);
		expect((await ask(rpc(DEVICE), 900)).packets).toHaveLength(1);
		expect(counts()).toMatchObject({ boots, faults: 0 });
		end();
	});
});
