// Nodes of a simulation, by what they are called in their topics: settings in place may rename one.
import { describe, expect, it } from 'vitest';
import { OwnNodes } from '../../cli/own-nodes.js';
import { SimulatedWorld, type WorldParts } from '../../cli/simulated-world.js';
import { TopicNames } from '../../cli/topic-names.js';
import type { Message } from '../../viewer/payload.js';

const reading = (node: string, boot: string, seq: number): Message => ({ kind: 'reading', node, late: false, reading: { boot, seq, time: 1, values: {} } });
const info = (node: string, boot: number): Message => ({ kind: 'info', node, content: { boot } });

describe('A simulated node that is renamed', () => {
	it('is counted under the name that each boot had, and nobody else is', () => {
		const own = new OwnNodes(['node']);
		expect(own.measured('node', '1', 2, 2)).toBeUndefined();
		expect([own.accepts(reading('node', '1', 2), false), own.accepts(reading('node', '1', 3), false), own.accepts(reading('copy', '1', 2), false)]).toEqual([true, false, false]);
		expect(own.measured('node', '2', 1, 1)).toEqual({ node: 'node', boot: '1', count: 2 });
		expect(own.accepts({ kind: 'status', node: 'attic', status: 'online' }, false)).toBe(false);
		expect([own.accepts(info('attic', 2), false), own.accepts({ kind: 'status', node: 'attic', status: 'online' }, false)]).toEqual([true, true]);
		expect([own.accepts(reading('attic', '2', 1), false), own.accepts(reading('node', '2', 1), false), own.accepts(reading('attic', '9', 1), false), own.foreign]).toEqual([true, false, false, 4]);
		expect(own.running()).toEqual([{ node: 'attic', boot: '2', count: 1 }]);
	});

	it('keeps the controls of its world, under its new name and no more under the old', async () => {
		const names = new TopicNames(new Map([['node-1', 'node-1'], ['node-2', 'node-2']]));
		const acted: string[] = [];
		const node = (name: string) => ({ name, running: true, parts: { names: [] }, restart: () => void acted.push(name) });
		const world = new SimulatedWorld({ names, simulation: { nodes: [node('node-1'), node('node-2')] } } as unknown as WorldParts);
		names.begun('node-1', '1');
		names.begun('node-2', '2');
		names.heard('attic', '2');
		names.heard('stranger', '3');
		expect(['node-1', 'node-2', 'attic', 'stranger'].map((name) => world.node(name) !== undefined)).toEqual([true, false, true, false]);
		await world.act({ what: 'reset', node: 'attic' });
		await expect(world.act({ what: 'reset', node: 'node-2' })).rejects.toThrow('This node is not simulated here.');
		expect(acted).toEqual(['node-2']);
	});
});
