import { afterEach, describe, expect, it } from 'vitest';
import type { BoardName } from '../../simulator/bundle.js';
import type { EngineKind } from '../../simulator/engine.js';
import { befall, MISFORTUNES, type Happened, type Misfortune } from '../../simulator/misfortune.js';
import { startVirtualSimulation, type VirtualSimulation } from '../../simulator/virtual.js';

const open: VirtualSimulation[] = [];
afterEach(() => open.splice(0).forEach((simulation) => simulation.end()));

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const ALL = Object.keys(MISFORTUNES) as Misfortune[];
/** Kinds that end a connection: afterwards there must have been more of them than misfortunes. */
const ENDS_CONNECTIONS: readonly Misfortune[] = [
	'wifiLoss', 'noAddresses', 'unknownNames', 'silentNames', 'hangUp', 'halfOpen', 'refusedConnections', 'unansweredConnections', 'brokerRestart',
	'forgetfulBrokerRestart', 'refusal', 'withheldAcks', 'hangUps', 'reset', 'powerCut',
];
/** After these the readings that were only in memory are gone. */
const MINDLESS: readonly Misfortune[] = ['reset', 'powerCut', 'powerCutInStorage'];

interface Run {
	simulation: VirtualSimulation;
	happened: readonly Happened[];
	lines: string[];
}

/** Two hours of misfortunes, then half an hour of calm. */
async function suffer(engine: EngineKind, seed: string, kinds: readonly Misfortune[], hours = 2, board: BoardName = 'nodemcu'): Promise<Run> {
	const lines: string[] = [];
	const simulation = await startVirtualSimulation({ engine, seed, board, settings: { node: 'porch' }, onLine: (_node, line) => lines.push(line) });
	open.push(simulation);
	const happened = befall(simulation, { kinds, calmMs: [10 * MINUTE_MS, HOUR_MS], lastsMs: [10_000, 3 * MINUTE_MS], untilMs: hours * HOUR_MS });
	await simulation.run((hours + 0.5) * HOUR_MS);
	return { simulation, happened, lines };
}

/** Payloads of each reading, by boot and number. */
function readings({ broker }: VirtualSimulation): Map<number, Map<number, Set<string>>> {
	const boots = new Map<number, Map<number, Set<string>>>();
	for (const { topic, payload } of broker.published) {
		if (!/\/(readings|backlog)$/.test(topic)) continue;
		const { boot, seq } = JSON.parse(payload.toString()) as { boot: number; seq: number };
		if (!boots.has(boot)) boots.set(boot, new Map());
		const numbers = boots.get(boot)!;
		if (!numbers.has(seq)) numbers.set(seq, new Set());
		numbers.get(seq)!.add(payload.toString());
	}
	return boots;
}

/** No number is missing but what the node said it set aside, none has two contents, and the node is online. */
function expectAccounted(run: Run): void {
	const report = JSON.stringify(run.happened);
	let setAside = run.lines.filter((line) => line.includes('it is set aside')).length;
	expect(run.simulation.nodes[0].counts.faults, run.lines.join('\n')).toBe(0);
	expect(run.simulation.broker.retained.get('telltale/porch/status')?.payload.toString(), report).toBe('online');
	for (const [boot, numbers] of readings(run.simulation)) {
		const missing = Array.from({ length: Math.max(...numbers.keys()) }, (_, i) => i + 1).filter((seq) => !numbers.has(seq));
		setAside -= missing.length;
		expect(setAside, `boot ${boot} lacks ${missing} after ${report}`).toBeGreaterThanOrEqual(0);
		for (const payloads of numbers.values()) expect([...payloads]).toHaveLength(1);
	}
}

describe('the firmware among misfortunes', () => {
	it.each(['one', 'two', 'three', 'four'])('accounts for every reading (seed "%s")', async (seed) => {
		const run = await suffer('node', seed, ALL.filter((what) => !MINDLESS.includes(what)));
		expect(run.happened.length).toBeGreaterThan(20);
		expectAccounted(run);
		const [numbers] = readings(run.simulation).values();
		// Both parts may be in trouble at once; else there is one every 10 s.
		expect(numbers.size).toBeGreaterThan(850);
	});

	it.each(['one', 'two'])('comes back from resets and power cuts, and numbers each boot without holes (seed "%s")', async (seed) => {
		const run = await suffer('node', seed, ALL);
		expect(run.simulation.nodes[0].counts.boots).toBeGreaterThan(3);
		expectAccounted(run);
	});

	it.each(ALL)('survives %s alone', async (what) => {
		const { simulation, happened, lines } = await suffer('node', 'alone', [what], 2);
		expect(happened.length).toBeGreaterThan(0);
		expect(simulation.nodes[0].counts.faults, lines.join('\n')).toBe(0);
		expect(simulation.broker.retained.get('telltale/porch/status')?.payload.toString()).toBe('online');
		if (ENDS_CONNECTIONS.includes(what)) expect(simulation.broker.connects).toBeGreaterThan(happened.length);
	});
});

describe('a virtual simulation', () => {
	it('runs the same for the same seed, to the last byte, on either engine; otherwise for another', async () => {
		const traces = [];
		for (const [engine, seed] of [['xs', 'a'], ['xs', 'a'], ['node', 'a'], ['node', 'b']] as const) {
			traces.push((await suffer(engine, seed, ALL, 0.5)).simulation.trace());
		}
		expect(traces[1]).toBe(traces[0]);
		expect(traces[2]).toBe(traces[0]);
		expect(traces[3]).not.toBe(traces[0]);
	});

	it('keeps the guest\'s memory bounded', async () => {
		const { simulation } = await suffer('xs', 'memory', ALL.filter((what) => !MINDLESS.includes(what)), 1);
		const early = (await simulation.nodes[0].memory())!;
		await simulation.run(2 * HOUR_MS);
		const late = (await simulation.nodes[0].memory())!;
		expect(late.bytes).toBeLessThan(32 * 1_024);
		expect(Math.abs(late.bytes - early.bytes)).toBeLessThan(512);
	});
});
