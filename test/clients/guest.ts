// Runs a script with the client of clients/embedded/ on a simulated board against a broker on loopback.
// Ten times real time: at pace "max" the broker's second packet, held back by Nagle's algorithm, would be an hour late.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { EngineKind } from '../../simulator/engine/engine.js';
import { startSimulation, type Simulation } from '../../simulator/simulation.js';
import { pace, until } from '../support/patience.js';

const PATIENCE_MS = 20_000;
export const ENGINES: readonly EngineKind[] = ['xs', 'node'];
const open: Simulation[] = [];
/** Of one test among others that run beside it. */
const scene = new AsyncLocalStorage<Simulation[]>();

export interface Guest {
	/** What the script gave to trace(), and the board's own lines in brackets. */
	readonly said: string[];
	readonly simulation: Simulation;
	/** Waits until the script has said that. */
	until(line: string | RegExp): Promise<void>;
}

/** `script` has MQTTClient, base (options but for callbacks), Timer, TCP, text(), bytes(), attempt(). */
export async function startGuest(engine: EngineKind, brokerUrl: string, script: string, entry = 'test/clients/fixtures/guest.ts'): Promise<Guest> {
	const said: string[] = [];
	const simulation = await startSimulation({
		// Some have several clients at once, and a script of their own in RAM: more than an ESP8266 has.
		board: 'esp32',
		engine, brokerUrl, seed: 'client', speed: pace(10), entry, settings: { script },
		onTrace: (_node, line) => said.push(line),
		onLine: (_node, line) => said.push(`[${line}]`),
	});
	(scene.getStore() ?? open).push(simulation);
	const matches = (line: string | RegExp) => said.some((each) => (typeof line === 'string' ? each === line : line.test(each)));
	return {
		said,
		simulation,
		until: (line) => until(() => matches(line), PATIENCE_MS, () => `The guest never said ${line}. It said:\n${said.join('\n')}`),
	};
}

/** For afterEach: ends the boards that the test began. */
export const endGuests = (): Promise<void> => end(open);

/** What `play` begins is its own, and ends with it. */
export function withGuests(play: () => Promise<void>): Promise<void> {
	const own: Simulation[] = [];
	return scene.run(own, async () => {
		try {
			await play();
		} finally {
			await end(own);
		}
	});
}

async function end(simulations: Simulation[]): Promise<void> {
	for (const simulation of simulations.splice(0)) {
		for (const node of simulation.nodes) node.kill();
		await simulation.stop();
	}
}
