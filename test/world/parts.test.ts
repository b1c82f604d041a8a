// Every part of the table in whole nodes on the chip's engine, against its twin: it follows the air, falls silent in trouble, says so,
// and comes back. A new row is found by itself; as many share a node as its bus, its pins and its channels allow.
import { describe, expect, it } from 'vitest';
import { board } from '../../hardware/esp32.js';
import { PARTS } from '../../sensors/parts.js';
import { sensorsProblem } from '../../src/parts/parts.js';
import type { Air } from '../../simulator/world/weather.js';
import { MINUTE, SECOND, stage, type Stage } from './stage.js';

interface Entry {
	readonly part: string;
	readonly name?: string;
	readonly address?: number;
}
/** Without it the channels are called by their quantities alone, and one temperature must be: it compensates others. */
const named = ({ name }: Entry, quantity: string) => (name ? `${name}_${quantity}` : quantity);

/** Each row at the first of its addresses at which it goes with those that a node has already, else in another node. */
function nodesOf(): Entry[][] {
	const nodes: Entry[][] = [[]];
	for (const { name: part, addresses, folder } of PARTS) {
		if (!folder) continue;
		const places = addresses.length ? addresses.map((address) => ({ address })) : [{}];
		const fits = (entries: readonly Entry[]) => {
			const name = entries.length ? { name: `p${entries.length}` } : {};
			return places.map((place): Entry => ({ part, ...name, ...place })).find((each) => !sensorsProblem(JSON.stringify([...entries, each]), board));
		};
		if (!nodes.some(fits)) nodes.push([]);
		const home = nodes.find(fits)!;
		home.push(fits(home)!);
	}
	return nodes;
}

/** Within the range of every part, a while each. */
const AIRS: readonly Air[] = [
	{ temperatureC: 5, humidityPct: 30, pressureHpa: 950 }, { temperatureC: 24.3, humidityPct: 51.7, pressureHpa: 1_003.4 }, { temperatureC: 45, humidityPct: 78, pressureHpa: 1_040 },
];
const STEP_MS = 20 * SECOND;
/** The coarsest part's steps and the worst converter's noise. */
const TOLERANCE: Readonly<Record<string, number>> = { temperature: 1.5, humidity: 2.5, pressure: 0.5 };
const truth = ({ temperatureC, humidityPct, pressureHpa }: Air): Readonly<Record<string, number>> => ({ temperature: temperatureC, humidity: humidityPct, pressure: pressureHpa });

/** The last value of each channel that was said since then. */
function lastValues(set: Stage, from: number): Readonly<Record<string, unknown>> {
	return Object.assign({}, ...set.texts('readings', from).map((text) => JSON.parse(text) as object)) as Readonly<Record<string, unknown>>;
}

const quantitiesOf = ({ part }: Entry) => PARTS.find(({ name }) => name === part)!.quantities;

describe.each(nodesOf().map((entries) => [entries.map(({ part }) => part).join(', '), entries] as const))('a node on XS with %s', (_parts, entries) => {
	it('follows the air with each, names each that is gone, and hears all of them again', async () => {
		let air = AIRS[0]!;
		const set = await stage({ engine: 'xs', board: 'esp32', seed: 'parts', world: { at: () => air }, settings: { sensors: JSON.stringify(entries), intervalMs: 5_000 } });
		await set.until(() => set.readings().length > 0, MINUTE);
		const follows = async () => {
			// Some measure what was there when they were asked before.
			await set.run(STEP_MS - 6 * SECOND);
			const from = set.now;
			await set.run(6 * SECOND);
			const values = lastValues(set, from);
			for (const entry of entries) {
				for (const quantity of quantitiesOf(entry)) {
					const value = values[named(entry, quantity)] as number;
					expect(value, `${entry.part} ${quantity}`).toBeTypeOf('number');
					if (TOLERANCE[quantity]) expect(Math.abs(value - truth(air)[quantity]!), `${entry.part}: ${value} in ${JSON.stringify(air)}`).toBeLessThan(TOLERANCE[quantity]);
				}
			}
		};
		for (air of AIRS) await follows();

		const from = set.now;
		// The line takes some sentences at once, not of all.
		for (const half of [0, 1]) {
			entries.forEach(({ name = entries[0]!.part }, index) => {
				if (index % 2 === half) set.node.part(name).trouble = 'gone';
			});
			await set.run(STEP_MS);
		}
		const mute = entries.filter((entry) => !quantitiesOf(entry).includes('voltage'));
		const rest = lastValues(set, set.now - 6 * SECOND);
		for (const entry of mute) {
			for (const quantity of quantitiesOf(entry)) expect(rest[named(entry, quantity)], entry.part).toBeUndefined();
			expect(set.heard(new RegExp(`^sensor ${entry.name ?? entry.part}: .+: .+\\.$`), from), entry.part).toBeDefined();
		}
		for (const { name = entries[0]!.part } of entries) set.node.part(name).trouble = 'none';
		await follows();
		for (const { name = entries[0]!.part } of mute) expect(set.heard(new RegExp(`^sensor ${name}: answers again$`), from), name).toBeDefined();
		expect(set.node.counts).toMatchObject({ boots: 1, faults: 0 });
	});
});
