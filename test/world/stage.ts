// A stage for one scenario: the unchanged firmware in a virtual world, everything that passes on the wire, and what must be true
// at the end of any of them.

import type { Packet } from 'mqtt-packet';
import { expect, onTestFinished } from 'vitest';
import { WireJudge } from '../../simulator/campaign/wire.js';
import { audit } from '../support/audit.js';
import type { WorldOptions } from '../../simulator/simulation.js';
import type { SimulatedNode } from '../../simulator/board/simulated-node.js';
import { startVirtualSimulation, type VirtualSimulation } from '../../simulator/virtual.js';
import { steadyWeather } from '../../simulator/world/weather.js';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** BACKLOG_PER_SECOND, with room for what comes between. */
const LATE_PER_SECOND = 8;

export interface Line {
	readonly at: number;
	readonly node: string;
	readonly text: string;
}

export interface Passed {
	readonly at: number;
	/** By the node; else to it. */
	readonly said: boolean;
	readonly packet: Packet;
}

export interface Said {
	readonly seq: number;
	readonly boot: number;
	readonly time?: number;
	readonly uptime?: number;
	readonly temperature?: number;
	readonly humidity?: number;
}

export class Stage {
	readonly simulation: VirtualSimulation;
	readonly wire: WireJudge;
	readonly lines: Line[];
	readonly passed: Passed[] = [];

	constructor(simulation: VirtualSimulation, lines: Line[]) {
		this.simulation = simulation;
		this.lines = lines;
		this.wire = new WireJudge(simulation.world.clock);
		this.wire.onPacket = (packet, said) => void this.passed.push({ at: this.now, said, packet });
		simulation.network.tap = this.wire;
	}

	get now(): number {
		return this.simulation.world.now();
	}
	get node(): SimulatedNode {
		return this.simulation.nodes[0]!;
	}

	run(ms: number): Promise<void> {
		return this.simulation.run(ms);
	}

	/** Runs until it is so, and returns how long that took; fails after `limitMs`. */
	async until(what: () => boolean, limitMs: number): Promise<number> {
		const from = this.now;
		while (!what() && this.now - from < limitMs) await this.run(100);
		expect(what(), `after ${limitMs / 1_000} s: ${this.lines.slice(-5).map(({ text }) => text).join('; ')}`).toBe(true);
		return this.now - from;
	}

	isOnline(): boolean {
		return this.texts('status').at(-1) === 'online' && this.simulation.broker.isConnected('telltale-porch');
	}

	/** When a line like that was last said, not before `from`; else undefined. */
	heard(pattern: RegExp, from = 0): Line | undefined {
		return this.lines.filter(({ at, text }) => at >= from && pattern.test(text)).at(-1);
	}

	texts(leaf: string, from = 0): string[] {
		return this.simulation.broker.published.filter(({ topic, at }) => topic.endsWith(`/${leaf}`) && at >= from).map(({ payload }) => payload.toString());
	}

	readings(leaf?: 'readings' | 'backlog'): Said[] {
		const wanted = leaf ? [leaf] : ['readings', 'backlog'];
		const { published } = this.simulation.broker;
		return published.filter(({ topic }) => wanted.some((each) => topic.endsWith(`/${each}`))).map(({ payload }) => JSON.parse(payload.toString()) as Said);
	}

	health(): Record<string, number> {
		return JSON.parse(this.texts('health').at(-1)!) as Record<string, number>;
	}

	/** Packets of that kind, by the node or to it. */
	packets(cmd: Packet['cmd'], from = 0): Packet[] {
		return this.passed.filter(({ at, packet }) => at >= from && packet.cmd === cmd).map(({ packet }) => packet);
	}

	/**
	 * I1, I2, I5, I6 and I8: the auditor misses no reading, none was dropped, and the node is well. `underWay`: readings that are not acknowledged
	 * because nothing can be as fast: more than one where the round trip is as long as the interval.
	 */
	async expectWell(boots = 1, underWay = 1): Promise<void> {
		await this.until(() => this.isOnline(), 2 * MINUTE);
		await this.run(70 * SECOND);
		await this.until(() => this.health().waiting! <= underWay, MINUTE + (this.health().waiting! / LATE_PER_SECOND) * SECOND);
		await this.run(5 * SECOND);
		const auditor = audit(this.simulation.broker.published, this.node.name);
		expect(auditor.violations).toEqual([]);
		expect(auditor.missingOfAll()).toEqual([]);
		const { waiting, dropped } = auditor.current!;
		expect(waiting).toBeLessThanOrEqual(underWay);
		expect(dropped).toBe(0);
		expect(this.wire.violations).toEqual([]);
		expect(this.simulation.nodes.map(({ counts }) => counts.faults)).toEqual(this.simulation.nodes.map(() => 0));
		expect(this.node.counts.boots).toBe(boots);
	}
}

/** For a test, with which it ends. */
export async function stage(options: WorldOptions = {}): Promise<Stage> {
	const lines: Line[] = [];
	const simulation = await startVirtualSimulation({
		engine: 'node', seed: 'faults', world: steadyWeather({ temperatureC: 21, humidityPct: 45 }),
		onLine: (node, text) => lines.push({ at: simulation?.world.now() ?? 0, node, text }),
		...options,
		settings: { node: 'porch', intervalMs: 5_000, ...options.settings },
	});
	onTestFinished(() => simulation.end());
	return new Stage(simulation, lines);
}
