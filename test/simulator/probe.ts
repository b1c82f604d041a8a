// Runs small scripts on a simulated board, in virtual time, on either engine.

import type { BoardName } from '../../simulator/engine/bundle.js';
import type { EngineKind } from '../../simulator/engine/engine.js';
import { startVirtualSimulation, type VirtualSimulation } from '../../simulator/virtual.js';
import { steadyWeather, type Weather } from '../../simulator/world/weather.js';

export const ENGINES: readonly EngineKind[] = ['xs', 'node'];

export interface Probe {
	/** What the script gave to trace(), and the node's own lines in brackets. */
	readonly said: string[];
	readonly simulation: VirtualSimulation;
	run(ms: number): Promise<void>;
	/** What was said since the last time. */
	news(): string[];
}

export interface ProbeOptions {
	board?: BoardName;
	seed?: string;
	world?: Weather;
	settings?: Record<string, unknown>;
	ticksAtBoot?: number;
}

const open: VirtualSimulation[] = [];

/** Boots a board with the script and lets `ms` pass. */
export async function probe(engine: EngineKind, script: string, ms = 0, options: ProbeOptions = {}): Promise<Probe> {
	const said: string[] = [];
	let heard = 0;
	const simulation = await startVirtualSimulation({
		engine,
		entry: 'test/simulator/fixtures/probe.ts',
		board: options.board ?? 'nodemcu',
		seed: options.seed ?? 'probe',
		world: options.world ?? steadyWeather({ temperatureC: 25, humidityPct: 50 }),
		settings: { ...options.settings, script },
		ticksAtBoot: options.ticksAtBoot,
		onTrace: (_node, text) => said.push(text),
		onLine: (_node, line) => said.push(`[${line}]`),
	});
	open.push(simulation);
	await simulation.run(ms);
	return {
		said,
		simulation,
		run: (span) => simulation.run(span),
		news() {
			const fresh = said.slice(heard);
			heard = said.length;
			return fresh;
		},
	};
}

/** For afterEach: ends the processes that the test began. */
export function endProbes(): void {
	for (const simulation of open.splice(0)) simulation.end();
}
