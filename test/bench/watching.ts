// What watching costs: a hundred nodes at one reading a second on a terminal with a record, and a month of one node from a record.
//
// Rule: the fleet and the broker are processes of their own, so the figures are the watcher's alone. The terminal is one that only counts.

import { EventEmitter } from 'node:events';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openRecord, openStore } from '../../viewer/record-open.js';
import { Live } from '../../viewer/terminal.js';
import { View } from '../../viewer/view.js';
import { openViewer, type ReadingEvent } from '../../viewer/viewer.js';
import { until } from '../support/patience.js';

export interface WatchFigures {
	readonly received: number;
	readonly missing: number;
	readonly refused: number;
	readonly duplicates: number;
	readonly recorded: number;
	/** Of one core, in percent, drawing, merging and recording. */
	readonly cpuPercent: number;
	/** Bytes in use after a fifth of the time, and at the end, each after collecting garbage where that can be asked for. */
	readonly heapEarly: number;
	readonly heapLate: number;
	readonly frames: number;
	readonly lastFrame: readonly string[];
}

const FLEET = fileURLToPath(new URL('fleet.ts', import.meta.url));
const LOOK_MS = 100;
const DAYS = 30;
const MINUTES = DAYS * 1_440;
const START = 1_795_000_000;

/** A terminal that only counts. */
class Terminal extends EventEmitter {
	readonly columns = 120;
	readonly rows = 50;
	frames = 0;
	write(): boolean {
		this.frames++;
		return true;
	}
}

/** Watches that fleet until all of it has arrived, or `patienceMs` have passed beyond its time. */
export async function watchFleet(url: string, nodes: number, readings: number, everyMs: number, patienceMs: number): Promise<WatchFigures> {
	const folder = mkdtempSync(join(tmpdir(), 'telltale-watching-'));
	const record = await openRecord(join(folder, 'readings.ndjson'));
	const viewer = openViewer({ brokers: [url], record });
	const terminal = new Terminal();
	const view = new View();
	const lines = (): string[] => view.frame(viewer.merge, { columns: terminal.columns, rows: terminal.rows, now: Date.now(), colour: true, link: viewer.links.map(({ sentence }) => sentence), hasKeys: true });
	const live = new Live(terminal as unknown as NodeJS.WriteStream, lines);
	viewer.on('change', () => live.changed());
	try {
		await new Promise<void>((resolve) => viewer.on('link', ({ up }) => up && resolve()));
		const fleet = spawn(process.execPath, ['--import', 'tsx', FLEET, url, String(nodes), String(readings), String(everyMs)], { stdio: 'inherit' });
		const all = nodes * readings;
		let heapEarly = 0;
		let begun: { cpu: NodeJS.CpuUsage; at: number } | undefined;
		viewer.on('reading', () => {
			begun ??= { cpu: process.cpuUsage(), at: performance.now() };
			if (viewer.merge.received === Math.floor(all / 5)) heapEarly = heap();
		});
		// What did not come by then is seen in the figures.
		await until(() => viewer.merge.received >= all, readings * everyMs + patienceMs, () => '', LOOK_MS).catch(() => {});
		const { user, system } = process.cpuUsage(begun!.cpu);
		const cpuPercent = (user + system) / 1_000 / (performance.now() - begun!.at) * 100;
		fleet.kill();
		await record.flush();
		const { received, missing, duplicates, malformed: refused } = viewer.merge;
		return { received, missing, duplicates, refused, recorded: record.written, cpuPercent, heapEarly, heapLate: heap(), frames: terminal.frames, lastFrame: lines() };
	} finally {
		live.close();
		await viewer.close();
		await record.close();
		rmSync(folder, { recursive: true });
	}
}

function heap(): number {
	(globalThis as { gc?: () => void }).gc?.();
	return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}

/** From opening a record of a month of one node at one a minute to the buckets of a chart of it: by the clock, and of a core. */
export async function openMonth(ending: '.csv' | '.ndjson' | '.db'): Promise<{ ms: number; cpuMs: number; count: number }> {
	const folder = mkdtempSync(join(tmpdir(), 'telltale-month-'));
	try {
		const file = join(folder, `month${ending}`);
		const event = (k: number): ReadingEvent => {
			const time = START + 60 * k;
			return { node: 'cellar', late: false, dropped: false, at: 0, time, reading: { seq: k + 1, boot: '7', time, values: { temperature: Math.round(20_000 + 3_000 * Math.sin(k / 229)) / 1_000, humidity: 50 } } };
		};
		const written = await openRecord(file);
		for (let k = 0; k < MINUTES; k++) written.take(event(k));
		await written.close();
		const [from, cpu] = [performance.now(), process.cpuUsage()];
		const record = await openRecord(file);
		const buckets = (await record.history('cellar', 'temperature', START, START + 60 * MINUTES, 800))!;
		const ms = performance.now() - from;
		const { user, system } = process.cpuUsage(cpu);
		await record.close();
		return { ms, cpuMs: (user + system) / 1_000, count: buckets.reduce((sum, { count }) => sum + count, 0) };
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** What is in a record, by "node boot seq". */
export async function recordedIn(file: string): Promise<Map<string, { time: number; values: Readonly<Record<string, number>> }>> {
	const store = await openStore(file, true);
	const found = new Map<string, { time: number; values: Readonly<Record<string, number>> }>();
	await store.read(({ node, boot, seq, time, values }) => found.set(`${node} ${boot} ${seq}`, { time, values }));
	await store.close();
	return found;
}
