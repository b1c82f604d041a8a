import { describe, expect, it } from 'vitest';
import { ramTable } from '../../cli/ram.js';
import { FUNCTIONS, ownersOf, REST, type Owner } from '../../simulator/engine/owners.js';
import { classesOfFirmware, mapRam } from '../../simulator/ram.js';
import { startVirtualSimulation } from '../../simulator/virtual.js';
import { Limit } from '../../src/common/limits.js';

const NAMES_MAX_BYTES = 200;

/** Who holds what fixtures/owners.ts makes in that case. */
async function ownersIn(name: string, own = ['One', 'Other']): Promise<Map<string, Owner>> {
	const simulation = await startVirtualSimulation({ engine: 'xs', entry: 'test/simulator/fixtures/owners.ts', seed: 1, settings: { case: name } });
	try {
		await simulation.run(10);
		const { flash, now } = (await simulation.nodes[0].snapshots())!;
		return new Map(ownersOf(flash, now, (each) => own.includes(each)).map((owner) => [owner.name, owner]));
	} finally {
		simulation.end();
	}
}

describe('the owners of what a guest on XS holds', () => {
	it('are the instances of classes, with all that only they reach', async () => {
		// Each an instance and a field; an array is two slots and a chunk of its elements, an object one slot and its properties.
		expect((await ownersIn('two')).get('One')).toMatchObject({ count: 2, slots: 4 + 2 + 4, chunkBytes: 8 + 16, bytes: 10 * 16 + 24 });
	});

	it('are not those that are farther away, be they of the guest\'s own classes or not', async () => {
		const owners = await ownersIn('nested', ['One']);
		expect(owners.get('One')).toMatchObject({ slots: 2, chunkBytes: 0 });
		expect(owners.get('Other')!.chunkBytes).toBe(208);
	});

	it('share what they reach equally soon', async () => {
		const owners = await ownersIn('shared');
		expect(owners.get('One')).toMatchObject({ slots: 2, chunkBytes: 0 });
		expect(owners.get('name')).toMatchObject({ sharedBy: ['One', 'Other'], chunkBytes: 208 });
	});

	it('are functions that were made at run time, with what they close over', async () => {
		expect((await ownersIn('nothing')).get(FUNCTIONS)).toBeUndefined();
		expect((await ownersIn('closure')).get(FUNCTIONS)!.bytes).toBeGreaterThan(208);
	});
});

describe('the map of a node\'s RAM', () => {
	it.each([4, 5])('sums to within a fiftieth of all that the machine counts, in protocol %i', async (protocol) => {
		const map = await mapRam(protocol);
		const sum = map.owners.reduce((total, { bytes }) => total + bytes, 0);
		expect(Math.abs(sum - map.memory.bytes)).toBeLessThan(map.memory.bytes / 50);
		expect(map.owners[0]!.name).toBe('Ring');
		expect(map.owners[0]!.bytes).toBeGreaterThan(Limit.RING_BYTES);
		// Names of properties that are put together at run time stay for life.
		expect(map.owners.find(({ name }) => name === REST)!.bytes).toBeLessThan(NAMES_MAX_BYTES);
		const table = ramTable('MQTT', map, classesOfFirmware(), 20_000);
		expect(table[0]).toContain(`${map.memory.bytes.toLocaleString('en-US')} of 20,000 bytes`);
		expect(table.find((line) => line.includes('src/storage/ring.ts'))).toMatch(/^ *4,\d{3} /);
		// What is printed is all of it, whatever was put together.
		const rows = table.slice(2, -1).map((line) => Number(line.slice(0, 7).replaceAll(',', '')));
		expect(rows.reduce((total, bytes) => total + bytes, 0)).toBe(sum);
	});
});
