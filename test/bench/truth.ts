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

/** Each node takes so many readings, and they lose their Wi-Fi twice. Returns how many readings were compared, and each that is otherwise in the record, missing or invented. */
export async function heldAgainstTruth({ nodes, count, speed = SPEED }: { nodes: number; count: number; speed?: number }): Promise<{ readings: number; differences: string[] }> {
	const folder = mkdtempSync(join(tmpdir(), 'telltale-truth-'));
	const file = join(folder, 'readings.csv');
	const auditors = new Map(Array.from({ length: nodes }, (_, k) => (nodes === 1 ? 'node' : `node-${k + 1}`)).map((name) => [name, new Auditor(name)]));
	const taken = new Map<string, number>();
	// All that the broker is given, whoever listens.
	const broker = await startBroker({ port: await freePort(), prepare: (aedes) => void aedes.on('publish', ({ topic, payload }) => auditors.get(topic.split('/')[1]!)?.heard({ topic, payload: Buffer.from(payload as Buffer), at: 0 })) });
	const record = await openRecord(file);
	const viewer = openViewer({ brokers: [broker.url], record });
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
		await record.flush();
		return compare(expected, truth(), await recordedIn(file));
	} finally {
		await simulation.stop();
		await viewer.close();
		await record.close();
		await broker.close();
		rmSync(folder, { recursive: true });
	}
}

function compare(expected: readonly string[], truth: ReadonlyMap<string, object>, recorded: ReadonlyMap<string, object>): { readings: number; differences: string[] } {
	const lost = expected.filter((key) => JSON.stringify(recorded.get(key)) !== JSON.stringify(truth.get(key)) || !recorded.has(key)).map((key) => `${key}: ${JSON.stringify(recorded.get(key))} for ${JSON.stringify(truth.get(key))}`);
	const invented = [...recorded.keys()].filter((key) => !truth.has(key)).map((key) => `${key} is invented`);
	return { readings: expected.length, differences: [...lost, ...invented] };
}
