import { afterEach, describe, expect, it } from 'vitest';
import type { BoardName } from '../../simulator/engine/bundle.js';
import type { EngineKind } from '../../simulator/engine/engine.js';
import { inject, FAULTS, type Injected, type FaultKind } from '../../simulator/campaign/fault-injection.js';
import { Random } from '../../simulator/world/random.js';
import { startVirtualSimulation, type VirtualSimulation } from '../../simulator/virtual.js';
import { audit } from '../support/audit.js';

const open: VirtualSimulation[] = [];
afterEach(() => open.splice(0).forEach((simulation) => simulation.end()));

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const ALL = Object.keys(FAULTS) as FaultKind[];
/** Kinds that end a connection: afterwards there must have been more of them than faults. */
const ENDS_CONNECTIONS: readonly FaultKind[] = [
	'wifiLoss', 'noAddresses', 'unknownNames', 'silentNames', 'hangUp', 'halfOpen', 'refusedConnections', 'unansweredConnections', 'brokerRestart',
	'forgetfulBrokerRestart', 'refusal', 'withheldAcks', 'hangUps', 'reset', 'powerCut', 'rivalClient', 'staleCommands',
];
/** These are for MQTT 5.0 alone. */
const ONLY_5: readonly FaultKind[] = ['turnedDown'];
/** After these the readings that were only in memory are gone. */
const LOSES_MEMORY: readonly FaultKind[] = ['reset', 'powerCut', 'powerCutInStorage'];

interface Run {
	simulation: VirtualSimulation;
	injected: readonly Injected[];
	lines: string[];
}

/** Between two faults of one kind: where there are many kinds, and where there is one, so that no world waits long for it. */
const CALM_MS = [10 * MINUTE_MS, HOUR_MS] as const;
const CALM_ALONE_MS = [3 * MINUTE_MS, 12 * MINUTE_MS] as const;

const CALM_HOURS = 0.5;
const CALM_PARTS = 5;

/** Hours of faults, two if nothing else is said, then half an hour of calm; or less, if it `isOver` sooner. */
async function simulate(engine: EngineKind, seed: string, kinds: readonly FaultKind[], hours = 2, board: BoardName = 'nodemcu', protocol: 4 | 5 = 4, isOver = (_run: Run) => false): Promise<Run> {
	const lines: string[] = [];
	const simulation = await startVirtualSimulation({ engine, seed, board, settings: { node: 'porch', protocol }, onLine: (_node, line) => lines.push(line) });
	open.push(simulation);
	const injected = inject(simulation, { kinds, calmMs: kinds.length === 1 ? CALM_ALONE_MS : CALM_MS, lastsMs: [10_000, 3 * MINUTE_MS], untilMs: hours * HOUR_MS });
	const run = { simulation, injected, lines };
	await simulation.run(hours * HOUR_MS);
	for (let part = 0; part < CALM_PARTS && !(part > 0 && isOver(run)); part++) await simulation.run((CALM_HOURS / CALM_PARTS) * HOUR_MS);
	return run;
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

/** Numbers that readings of this boot name as dropped. */
function named({ broker }: VirtualSimulation, boot: number): Set<number> {
	const all = new Set<number>();
	for (const { topic, payload } of broker.published) {
		if (!/\/(readings|backlog)$/.test(topic)) continue;
		const reading = JSON.parse(payload.toString()) as { boot: number; dropped?: [number, number] };
		if (reading.boot === boot && reading.dropped) for (let seq = reading.dropped[0]; seq <= reading.dropped[1]; seq++) all.add(seq);
	}
	return all;
}

const isOnline = ({ simulation }: Run): boolean => simulation.broker.retained.get('telltale/porch/status')?.payload.toString() === 'online';
const setAsideBy = ({ lines }: Run): number => lines.filter((line) => line.includes('it is set aside')).length;

function missingOf(auditor: ReturnType<typeof audit>): number[] {
	return [...auditor.boots.values()].flatMap((boot) => auditor.missing(boot, Math.max(...boot.readings.keys())));
}

/** All that will come has come; of what is lost with the memory nothing is awaited. */
function isOver(run: Run): boolean {
	return isOnline(run) && (run.simulation.nodes[0].counts.boots > 1 || missingOf(audit(run.simulation.broker.published, 'porch')).length <= setAsideBy(run));
}

/** The auditor misses nothing but what was set aside, and the node is online. */
function expectAccounted(run: Run): void {
	const report = JSON.stringify(run.injected);
	const setAside = setAsideBy(run);
	expect(run.simulation.nodes[0].counts.faults, run.lines.join('\n')).toBe(0);
	expect(isOnline(run), report).toBe(true);
	const auditor = audit(run.simulation.broker.published, 'porch');
	expect(auditor.violations, report).toEqual([]);
	const missing = missingOf(auditor);
	expect(missing.length, `${missing} are missing after ${report}`).toBeLessThanOrEqual(setAside);
}

describe('the firmware under injected faults', () => {
	it.each([['one', 4], ['two', 5]] as const)('accounts for every reading (seed "%s", protocol %i)', async (seed, protocol) => {
		const run = await simulate('node', seed, ALL.filter((what) => !LOSES_MEMORY.includes(what)), 2, 'nodemcu', protocol);
		expect(run.injected.length).toBeGreaterThan(20);
		expectAccounted(run);
		const [numbers] = readings(run.simulation).values();
		// Both parts may be in trouble at once; else there is one every 10 s.
		expect(numbers.size).toBeGreaterThan(850);
	});

	it('comes back from resets and power cuts, and numbers each boot without holes', async () => {
		const run = await simulate('node', 'one', ALL);
		expect(run.simulation.nodes[0].counts.boots).toBeGreaterThan(3);
		expectAccounted(run);
	});

	it.each([...ALL.filter((what) => !ONLY_5.includes(what)).map((what) => [what, 4] as const), ...ALL.map((what) => [what, 5] as const)])('survives %s alone, in protocol %i', async (what, protocol) => {
		const run = await simulate('node', 'alone', [what], 0.4, 'nodemcu', protocol, isOver);
		const { simulation, injected, lines } = run;
		expect(injected.length).toBeGreaterThan(0);
		expect(simulation.nodes[0].counts.faults, lines.join('\n')).toBe(0);
		expect(isOnline(run)).toBe(true);
		if (!LOSES_MEMORY.includes(what)) expectAccounted(run);
		if (ENDS_CONNECTIONS.includes(what)) expect(simulation.broker.connects).toBeGreaterThan(injected.length);
	});
});

describe('each of these leaves its trace', () => {
	const lived = (what: FaultKind, protocol: 4 | 5 = 4): Promise<Run> => simulate('node', 'trace', [what], 1.2, 'nodemcu', protocol);
	const last = ({ simulation }: Run, leaf: string): Record<string, number> => {
		return JSON.parse(simulation.broker.published.filter(({ topic }) => topic.endsWith(`/${leaf}`)).at(-1)!.payload.toString()) as Record<string, number>;
	};
	const said = ({ lines }: Run, pattern: RegExp): number => lines.filter((line) => pattern.test(line)).length;

	it('flash that fails in an outage is counted in health, and no reading is lost by it', async () => {
		const run = await simulate('node', 'flash', [], 0.1);
		const { world } = run.simulation;
		const end = (FAULTS.flashTrouble as (...args: unknown[]) => () => void)(run.simulation, new Random('flash'));
		world.accessPoint.up = false;
		await run.simulation.run(30 * MINUTE_MS);
		world.accessPoint.up = true;
		await run.simulation.run(5 * MINUTE_MS);
		end();
		expect(last(run, 'health').flashErrors).toBeGreaterThan(0);
		expect(last(run, 'health').dropped).toBe(0);
		expectAccounted(run);
	});

	it('a reading that is turned down is said, counted, and named by a younger one', async () => {
		const run = await lived('turnedDown', 5);
		const { dropped } = last(run, 'health');
		expect(dropped).toBeGreaterThan(0);
		expect(said(run, /turns a reading down \(code 0x\w+\): it is counted as dropped/)).toBe(dropped);
		const [[boot]] = readings(run.simulation);
		expect(named(run.simulation, boot).size).toBe(dropped);
	});

	it('a rival client is suspected, and left a minute', async () => {
		for (const protocol of [4, 5] as const) {
			const run = await lived('rivalClient', protocol);
			expect(said(run, protocol === 4 ? /does another client use our client id/ : /another client uses our client id/), `protocol ${protocol}`).toBeGreaterThan(0);
			const waits = run.lines.flatMap((line) => /client id\??; next attempt in ([\d.]+) s/.exec(line)?.[1] ?? []).map(Number);
			expect(Math.min(...waits)).toBeGreaterThanOrEqual(60);
		}
	});

	it('stale commands are ignored, each said', async () => {
		const run = await lived('staleCommands');
		expect(said(run, /a retained command \(.+\) on set\/\w+ is ignored/)).toBe(run.injected.length);
		expect(run.simulation.nodes[0].counts.boots).toBe(1);
	});

	it('what is too large is thrown away in 3.1.1, and never sent in 5.0, where the node has said what it takes', async () => {
		expect(said(await lived('oversize', 4), /a message of \d+ bytes was thrown away/)).toBeGreaterThan(0);
		expect(said(await lived('oversize', 5), /thrown away/)).toBe(0);
	});

	it('a flood is answered, and changes nothing', async () => {
		const run = await lived('flood');
		expect(run.simulation.broker.published.filter(({ topic }) => topic.endsWith('/result')).length).toBeGreaterThan(10);
		expect(last(run, 'info').interval).toBe(10);
	});
});

describe('a virtual simulation', () => {
	// That XS runs the same as Node's engine is held by test/world/chip.test.ts.
	it('runs the same for the same seed, to the last byte; otherwise for another', async () => {
		const traces = [];
		for (const seed of ['a', 'a', 'b']) traces.push((await simulate('node', seed, ALL, 0.5)).simulation.trace());
		expect(traces[1]).toBe(traces[0]);
		expect(traces[2]).not.toBe(traces[0]);
	});

	it('keeps the guest\'s memory bounded', async () => {
		const { simulation } = await simulate('xs', 'memory', ALL.filter((what) => !LOSES_MEMORY.includes(what)), 1);
		const early = (await simulation.nodes[0].memory())!;
		await simulation.run(HOUR_MS);
		const late = (await simulation.nodes[0].memory())!;
		expect(late.bytes).toBeLessThan(32 * 1_024);
		expect(Math.abs(late.bytes - early.bytes)).toBeLessThan(512);
	});
});
