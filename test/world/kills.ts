// npm run kills: the firmware on XS against mosquitto, which is killed with SIGKILL and started again, again and again.
//
// What can be proved: mosquitto hands a QoS 1 message to a connected subscriber's socket before it writes PUBACK to the node, and
// what is in a socket outlives a SIGKILL. So whatever a node counts as acknowledged must have arrived, as long as the subscriber was
// connected; that is why it keeps a session, comes back sooner than any node, and mosquitto may have any number in flight to it.
// What mosquitto had acknowledged for others, and not saved, it forgets with the kill: that would be its loss, not a node's.

import { fileURLToPath } from 'node:url';
import { connect, type MqttClient } from 'mqtt';
import { Auditor, type Boot } from '../../simulator/audit/auditor.js';
import { startSimulation, type Simulation } from '../../simulator/simulation.js';
import { Random } from '../../simulator/world/random.js';
import { BROKERS, mosquittoMissing, type TestBroker } from '../support/brokers.js';
import { Patience, rest } from '../support/patience.js';

export interface KillsOptions {
	readonly nodes: number;
	readonly kills: number;
	/** Times real time, for the nodes. */
	readonly speed: number;
	readonly seed: number;
	/** How long mosquitto is there, and away, at the least and at the most. */
	readonly upMs?: readonly [number, number];
	readonly downMs?: readonly [number, number];
	readonly onProgress?: (line: string) => void;
}

export interface KillsResult {
	readonly seconds: number;
	readonly sampled: number;
	/** As the nodes count them. */
	readonly acknowledged: number;
	/** Different readings that the subscriber has, and how many came again. */
	readonly arrived: number;
	readonly again: number;
	readonly late: number;
	/** Readings that nobody accounts for, and what else the auditor says. */
	readonly missing: string[];
	readonly violations: string[];
	readonly reconnects: number;
	readonly faults: number;
}

/** All that waits has been delivered and said by then. */
const SETTLE_MS = 180_000;
const UP_MS = [1_500, 5_000] as const;
const DOWN_MS = [200, 2_500] as const;
/** On their way at the moment that health is written. */
const WAITING_FEW = 2;

export async function runKills(options: KillsOptions): Promise<KillsResult> {
	const run = new Run(options);
	try {
		return await run.go();
	} finally {
		await run.end();
	}
}

class Run {
	readonly #options: KillsOptions;
	/** By node: what the subscriber heard of it. */
	readonly #auditors = new Map<string, Auditor>();
	#broker: TestBroker | undefined;
	#client: MqttClient | undefined;
	#simulation: Simulation | undefined;

	constructor(options: KillsOptions) {
		this.#options = options;
	}

	async go(): Promise<KillsResult> {
		const { nodes, kills, speed, seed, upMs = UP_MS, downMs = DOWN_MS, onProgress = () => {} } = this.#options;
		const random = new Random(`kills/${seed}`);
		const startedAt = performance.now();
		const broker = await BROKERS[1]!.make({ lines: ['max_inflight_messages 0', 'max_queued_messages 0'] });
		this.#broker = broker;
		await broker.start();
		await this.#subscribe(broker.url);
		this.#simulation = await startSimulation({ brokerUrl: broker.url, seed, speed, nodes, settings: { node: 'kills', intervalMs: 1_000 * Math.max(1, speed / 5) } });
		await broker.saved('subscriber');
		for (let kill = 1; kill <= kills; kill++) {
			await rest(random.between(...upMs));
			await broker.kill();
			await rest(random.between(...downMs));
			await broker.start();
			onProgress(`kill ${kill} of ${kills}: ${this.#sum((boot) => boot.readings.size)} readings so far`);
		}
		await this.#rest();
		return this.#result((performance.now() - startedAt) / 1_000);
	}

	async end(): Promise<void> {
		await this.#simulation?.stop();
		await this.#client?.endAsync(true);
		await this.#broker?.dispose();
	}

	async #subscribe(url: string): Promise<void> {
		const client = connect(url, { clean: false, clientId: 'subscriber', reconnectPeriod: 20 });
		this.#client = client;
		client.on('error', () => {});
		client.on('message', (topic, payload) => this.#heard(topic, payload));
		await new Promise<void>((resolve) => client.once('connect', () => client.subscribe('telltale/#', { qos: 1 }, () => resolve())));
	}

	#heard(topic: string, payload: Buffer): void {
		const name = topic.split('/')[1]!;
		const auditor = this.#auditors.get(name) ?? new Auditor(name);
		this.#auditors.set(name, auditor);
		auditor.heard({ topic, payload, at: performance.now() });
	}

	get #boots(): Boot[] {
		return [...this.#auditors.values()].flatMap(({ boots }) => [...boots.values()]);
	}

	/** Until every node has said that nothing waits, in a health of after the last kill. */
	async #rest(): Promise<void> {
		const from = performance.now();
		const settled = (): boolean => this.#auditors.size >= this.#options.nodes && this.#boots.every(({ waiting, healthAt }) => healthAt > from && waiting <= WAITING_FEW);
		// What is not settled by then is told in the result.
		const patience = new Patience(SETTLE_MS);
		while (!settled() && !patience.isOver) await rest(100);
		await rest(500);
	}

	#sum(of: (boot: Boot) => number): number {
		return this.#boots.reduce((sum, boot) => sum + of(boot), 0);
	}

	#result(seconds: number): KillsResult {
		const auditors = [...this.#auditors.values()];
		return {
			seconds,
			missing: auditors.flatMap((auditor) => auditor.missingOfAll().map((reading) => `${auditor.name}/${reading}`)),
			violations: auditors.flatMap(({ violations }) => violations),
			sampled: this.#sum((boot) => boot.sampled),
			acknowledged: this.#sum((boot) => boot.acknowledged),
			arrived: this.#sum((boot) => boot.readings.size),
			again: auditors.reduce((sum, { duplicates }) => sum + duplicates, 0),
			late: auditors.reduce((sum, { late }) => sum + late, 0),
			reconnects: this.#sum((boot) => boot.connects - 1),
			faults: this.#simulation!.nodes.reduce((sum, node) => sum + node.counts.faults, 0),
		};
	}
}

async function main(): Promise<void> {
	if (mosquittoMissing) throw new Error('mosquitto is not installed (Debian: apt install mosquitto).');
	const [nodes = 20, kills = 20, speed = 1] = process.argv.slice(2).map(Number);
	const result = await runKills({ nodes, kills, speed, seed: 1, onProgress: (line) => console.error(line) });
	console.log(`${nodes} nodes on XS, mosquitto killed with SIGKILL ${kills} times in ${result.seconds.toFixed(0)} s (${speed} times real time)`);
	console.log(`${result.sampled} readings sampled, ${result.acknowledged} acknowledged as the nodes count, ${result.arrived} arrived (${result.late} late, ${result.again} came again), ${result.reconnects} reconnects`);
	console.log(`missing: ${result.missing.length ? result.missing.join(' ') : 'none'}; violations: ${result.violations.length ? result.violations.join('; ') : 'none'}; faults of the firmware: ${result.faults}`);
	process.exitCode = result.missing.length || result.violations.length || result.faults ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
