// A record held against the truth: what simulated nodes took, counted at their parts, and what the broker was given, as the auditor has it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Auditor } from '../../simulator/audit/auditor.js';
import { startBroker } from '../../simulator/broker.js';
import { startSimulation } from '../../simulator/simulation.js';
import { openRecord } from '../../viewer/record-open.js';
import { openViewer } from '../../viewer/viewer.js';
import { freePort } from '../support/brokers.js';
import { until } from '../support/patience.js';
import { recordedIn } from './watching.js';

const SPEED = 20;
const ARRIVE_MS = 20_000;
const PARTS = 5;
/** SQLite where this Node has it. */
const ENDINGS = ['.csv', '.ndjson', ...(process.getBuiltinModule?.('node:sqlite' as never) === undefined ? [] : ['.db'])];

/** Each node takes so many readings, and they lose their Wi-Fi twice. Returns how many readings were compared in which kinds of files, and each that is otherwise in one, missing or invented. */
export async function heldAgainstTruth({ nodes, count, speed = SPEED }: { nodes: number; count: number; speed?: number }): Promise<{ readings: number; kinds: readonly string[]; differences: string[] }> {
	const folder = mkdtempSync(join(tmpdir(), 'telltale-truth-'));
	const files = ENDINGS.map((ending) => join(folder, `readings${ending}`));
	const auditors = new Map(Array.from({ length: nodes }, (_, k) => (nodes === 1 ? 'node' : `node-${k + 1}`)).map((name) => [name, new Auditor(name)]));
	const taken = new Map<string, number>();
	// All that the broker is given, whoever listens.
	const broker = await startBroker({ port: await freePort(), prepare: (aedes) => void aedes.on('publish', ({ topic, payload }) => auditors.get(topic.split('/')[1]!)?.heard({ topic, payload: Buffer.from(payload as Buffer), at: 0 })) });
	const records = await Promise.all(files.map((file) => openRecord(file)));
	// One viewer, and each kind of file beside the others.
	const viewer = openViewer({ brokers: [broker.url], record: { take: (event) => records.forEach((each) => each.take(event)), history: () => Promise.resolve(undefined) } });
	const seen = new Set<string>();
	viewer.on('reading', ({ node, reading: { boot, seq } }) => void seen.add(`${node} ${boot} ${seq}`));
	await until(() => viewer.links[0]!.up, ARRIVE_MS, () => 'not connected');
	const simulation = await startSimulation({
		brokerUrl: broker.url, seed: 14, speed, nodes, settings: { node: 'node', intervalMs: 1_000 }, onMeasured: (node, boot, count) => void taken.set(`${node} ${boot}`, count),
	});
	const truth = (): Map<string, { time: number; values: object }> => new Map([...auditors].flatMap(([node, { boots }]) => [...boots.values()].flatMap(({ name, readings }) =>
		[...readings.values()].map(({ seq, time, values }) => [`${node} ${name} ${seq}`, { time: time ?? 0, values }] as const))));
	try {
		for (let part = 1; part <= PARTS; part++) {
			simulation.accessPoint.up = part % 2 === 1;
			while (taken.size < nodes || Math.min(...taken.values()) < (count * part) / PARTS) await simulation.pass(1_000);
		}
		const counts = new Map(taken);
		const expected = [...counts].flatMap(([boot, count]) => Array.from({ length: count }, (_, k) => `${boot} ${k + 1}`));
		// Late ones come at most ten in a second of the nodes.
		await until(() => { const there = truth(); return expected.every((key) => there.has(key)); }, ARRIVE_MS, () => 'what the nodes took did not arrive at the broker', 100);
		await until(() => expected.every((key) => seen.has(key)), ARRIVE_MS, () => 'what arrived at the broker was not seen', 100);
		for (const record of records) await record.flush();
		const differences = await Promise.all(files.map(async (file) => compare(expected, truth(), await recordedIn(file)).map((each) => `${file.slice(folder.length + 1)}: ${each}`)));
		return { readings: expected.length, kinds: ENDINGS, differences: differences.flat() };
	} finally {
		await simulation.stop();
		await viewer.close();
		for (const record of records) await record.close();
		await broker.close();
		rmSync(folder, { recursive: true });
	}
}

interface Fact {
	readonly time: number;
	readonly values: object;
}

function compare(expected: readonly string[], truth: ReadonlyMap<string, Fact>, recorded: ReadonlyMap<string, Fact>): string[] {
	// In SQLite channels have no order.
	const text = (fact: Fact | undefined): string => (fact ? JSON.stringify([fact.time, Object.entries(fact.values).sort()]) : 'nothing');
	const lost = expected.filter((key) => !recorded.has(key) || text(recorded.get(key)) !== text(truth.get(key))).map((key) => `${key}: ${text(recorded.get(key))} for ${text(truth.get(key))}`);
	const invented = [...recorded.keys()].filter((key) => !truth.has(key)).map((key) => `${key} is invented`);
	return [...lost, ...invented];
}
