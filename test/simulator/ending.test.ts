// What is left of a node after a bug, or after a restart where nothing restarts: nothing that goes on for ever.
import { afterEach, describe, expect, it } from 'vitest';
import { steadyWeather } from '../../simulator/world/weather.js';
import { startVirtualSimulation, type VirtualSimulation } from '../../simulator/virtual.js';
import { ENGINES } from './probe.js';

const open: VirtualSimulation[] = [];
afterEach(() => {
	for (const simulation of open.splice(0)) simulation.end();
});

describe.each(ENGINES)('The end of a node on %s', (engine) => {
	/** What it says in so many milliseconds, its log in brackets. */
	async function life(ms: number, settings: Record<string, unknown>): Promise<string[]> {
		const said: string[] = [];
		const simulation = await startVirtualSimulation({
			engine, entry: 'test/simulator/fixtures/ending.ts', seed: 'ending', settings,
			world: steadyWeather({ temperatureC: 25, humidityPct: 50 }),
			onTrace: (_node, text) => said.push(text),
			onLine: (_node, line) => said.push(`[${line}]`),
		});
		open.push(simulation);
		await simulation.run(ms);
		return said;
	}

	const TURNS = ['turn 1', 'turn 2', 'turn 3'];
	const STILL = '[this machine cannot restart itself: the node stands still]';

	it('says a bug once, saves, runs nothing more although it is woken, and restarts the chip', async () => {
		const said = await life(600, { ending: 'bug' });
		expect(said.slice(0, 5)).toEqual([...TURNS, '[bug: Error: a promise was broken]', 'saved']);
		expect(said[5]).toMatch(/^\[The node starts anew: uncaught Error: a promise was broken/);
	});

	it('says a bug once and stands still where nothing restarts, with the readings saved', async () => {
		expect(await life(60_000, { ending: 'bug', desktop: true })).toEqual([...TURNS, '[bug: Error: a promise was broken]', 'saved', STILL]);
	});

	it('says once that it cannot restart as it was told, and stands still', async () => {
		expect(await life(60_000, { ending: 'restart', desktop: true })).toEqual([...TURNS, 'saved', STILL]);
	});

	it('tells the bug and not the failure to save after it', async () => {
		expect(await life(60_000, { ending: 'bug', desktop: true, saveFails: true })).toEqual([...TURNS, '[bug: Error: a promise was broken]', 'saved', STILL]);
		expect((await life(600, { ending: 'bug', saveFails: true })).join()).toMatch(/starts anew: uncaught Error: a promise was broken/);
	});

	it('restarts as it was told, without a word of a bug', async () => {
		expect((await life(400, { ending: 'restart' })).join()).not.toMatch(/bug|still|saved/);
	});
});
