// The recipe of docs/recipes/node-red.md, carried out: Node-RED with the flow of that page writes what it hears into InfluxDB.
//
// Rule: the flow is the page's own file, but for its ports. What is in the database at the end is compared with what a subscriber
// of ours saw: each reading once, at its own time, with its own values.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Account } from './audit.js';
import { firstOf } from './server.js';
import { freePort, makeFolder, OwnProcess, removeFolder, sleep } from './process.js';

const FLOW = new URL('../../docs/recipes/node-red-flow.json', import.meta.url);
const DATABASE = 'telltale';
const START_MS = 60_000;
const PATIENCE_MS = 60_000;
const EXAMPLES_MAX = 5;

/** What stands beside a run: told at the end what was seen, and says what is not so. */
export interface Beside {
	complaints(accounts: readonly Account[]): Promise<string[]>;
	/** A line for the table. */
	readonly told: string;
	dispose(): Promise<void>;
}

/** Where Node-RED is: a folder with it in node_modules, which the environment names, since it is no part of us. */
function nodeRed(): string | undefined {
	const folder = process.env.TELLTALE_NODE_RED;
	if (!folder) return undefined;
	try {
		return createRequire(join(folder, 'package.json')).resolve('node-red/red.js');
	} catch {
		return undefined;
	}
}

const influxd = (): string | undefined => firstOf(['/usr/bin/influxd', 'influxd'], ['version'])?.path;

/** Why the recipe cannot be tried here, in a sentence. */
export function absenceOfRecorder(): string | undefined {
	if (!influxd()) return 'influxd is not installed: the run through Node-RED is skipped (Debian: apt install influxdb).';
	if (!nodeRed()) return 'Node-RED is not found: its run is skipped (npm install node-red in a folder of its own, and TELLTALE_NODE_RED=<that folder>).';
	return undefined;
}

export async function recorder(brokerPort: number): Promise<Beside> {
	const made = new Recorder(await freePort(), await freePort(), await freePort());
	try {
		await made.start(brokerPort);
	} catch (fault) {
		await made.dispose();
		throw fault;
	}
	return made;
}

class Recorder implements Beside {
	told = '';
	readonly #influxPort: number;
	readonly #backupPort: number;
	readonly #redPort: number;
	readonly #folder = makeFolder('recorder');
	readonly #influx: OwnProcess;
	readonly #red: OwnProcess;

	constructor(influxPort: number, backupPort: number, redPort: number) {
		this.#influxPort = influxPort;
		this.#backupPort = backupPort;
		this.#redPort = redPort;
		this.#influx = new OwnProcess('InfluxDB', join(this.#folder, 'influx.log'));
		this.#red = new OwnProcess('Node-RED', join(this.#folder, 'red.log'));
	}

	async start(brokerPort: number): Promise<void> {
		const influx = join(this.#folder, 'influx');
		mkdirSync(influx);
		writeFileSync(join(influx, 'influxdb.conf'), [
			'reporting-disabled = true', `bind-address = "127.0.0.1:${this.#backupPort}"`,
			'[meta]', `dir = "${influx}/meta"`, '[data]', `dir = "${influx}/data"`, `wal-dir = "${influx}/wal"`,
			'[http]', `bind-address = "127.0.0.1:${this.#influxPort}"`, 'log-enabled = false', '[monitor]', 'store-enabled = false',
		].join('\n') + '\n');
		await this.#influx.start({ program: influxd()!, args: ['run', '-config', join(influx, 'influxdb.conf')] }, this.#influxPort, START_MS);
		await this.#query(`CREATE DATABASE ${DATABASE}`, 'POST');
		const red = join(this.#folder, 'red');
		mkdirSync(red);
		writeFileSync(join(red, 'settings.js'), 'module.exports = { uiHost: "127.0.0.1", httpAdminRoot: false, telemetry: { enabled: false }, flowFile: "flow.json" };\n');
		const flow = readFileSync(FLOW, 'utf8').replace('"port": "1883"', `"port": "${brokerPort}"`).replace('127.0.0.1:8086', `127.0.0.1:${this.#influxPort}`);
		writeFileSync(join(red, 'flow.json'), flow);
		const isReady = (): boolean => readFileSync(join(this.#folder, 'red.log'), 'utf8').includes('Connected to broker');
		await this.#red.start({ program: process.execPath, args: [nodeRed()!, '-u', red, '-p', String(this.#redPort)] }, this.#redPort, START_MS, isReady);
	}

	async complaints(accounts: readonly Account[]): Promise<string[]> {
		const until = performance.now() + PATIENCE_MS;
		for (;;) {
			const complaints = this.#compare(accounts, await this.#points());
			if (!complaints.length || performance.now() > until) return complaints;
			await sleep(500);
		}
	}

	async dispose(): Promise<void> {
		await this.#red.end('SIGTERM', 5_000);
		await this.#influx.end('SIGTERM', 5_000);
		removeFolder(this.#folder);
	}

	/** What the database holds, as "node/boot/seq" to seconds and values; a point more for one reading is counted. */
	async #points(): Promise<{ kept: Map<string, string>; twice: number }> {
		const kept = new Map<string, string>();
		let twice = 0;
		for (const series of ['reading', 'undated']) {
			for (const { node, boot, seq, time, suspect: _, ...values } of rows(await this.#query(`SELECT * FROM "${series}"`))) {
				const name = `${node as string}/${String(boot)}/${String(seq)}`;
				if (kept.has(name)) twice++;
				kept.set(name, content(Math.floor((time as number) / 1e9), values));
			}
		}
		return { kept, twice };
	}

	#compare(accounts: readonly Account[], { kept, twice }: { kept: Map<string, string>; twice: number }): string[] {
		const wrong: string[] = [];
		let seen = 0;
		for (const account of accounts) {
			for (const { boot, seq, seconds, values } of account.readings()) {
				const name = `${account.name}/${boot}/${seq}`;
				const found = kept.get(name);
				seen++;
				if (found !== content(seconds, values)) wrong.push(`${name} is ${found === undefined ? 'missing' : `${found} instead of ${content(seconds, values)}`}`);
			}
		}
		this.told = `${kept.size} points in InfluxDB of ${seen} readings seen, ${twice} twice`;
		const complaints = wrong.length ? [`InfluxDB: ${wrong.length} readings are missing or wrong: ${wrong.slice(0, EXAMPLES_MAX).join('; ')}`] : [];
		if (twice) complaints.push(`InfluxDB: ${twice} readings are there twice`);
		return complaints;
	}

	async #query(query: string, method = 'GET'): Promise<unknown> {
		const url = `http://127.0.0.1:${this.#influxPort}/query?${new URLSearchParams({ db: DATABASE, epoch: 'ns', q: query }).toString()}`;
		const response = await fetch(url, { method });
		if (!response.ok) throw new Error(`InfluxDB answers ${response.status} to ${query}.`);
		return response.json();
	}
}

function content(seconds: number, values: Readonly<Record<string, unknown>>): string {
	return JSON.stringify([seconds, Object.entries(values).filter(([, value]) => value !== null).sort(([a], [b]) => a.localeCompare(b))]);
}

function rows(answer: unknown): Record<string, unknown>[] {
	const { results } = answer as { results: { series?: { columns: string[]; values: unknown[][] }[] }[] };
	return results.flatMap(({ series = [] }) => series).flatMap(({ columns, values }) => values.map((row) => Object.fromEntries(row.map((value, index) => [columns[index], value]))));
}
