// A hundred nodes without nodes: a publisher that says what they would, and what the page's main thread does meanwhile.

import type { MqttClient } from 'mqtt';
import type { Browser, Page } from 'playwright-core';
import { rest } from '../support/patience.js';

/** One of them is in trouble. */
const TROUBLED = 7;

interface TraceEvent {
	readonly name: string;
	readonly pid: number;
	readonly tid: number;
	/** Microseconds of the processor, whoever else wanted it. */
	readonly tdur?: number;
	readonly args?: { readonly name?: string };
}

export interface Work {
	/** Of the processor's time, the longest task of the page's main thread. */
	readonly longestMs: number;
	readonly tasks: number;
	readonly totalMs: number;
}

export class Fleet {
	seq = 0;
	readonly #client: MqttClient;
	readonly #root: string;
	readonly #count: number;

	constructor(client: MqttClient, root: string, count: number) {
		[this.#client, this.#root, this.#count] = [client, root, count];
	}

	async begin(): Promise<void> {
		for (let node = 1; node <= this.#count; node++) {
			void this.#say(node, 'status', node === TROUBLED ? 'offline' : 'online');
			void this.#say(node, 'info', { version: '0.1.0', board: 'nodemcu', interval: 1, boot: node });
			void this.#say(node, 'health', { boot: node, uptime: 100, rssi: -40 - node % 50, waiting: 0 });
		}
		await this.round();
	}

	/** A reading of each. */
	async round(): Promise<void> {
		const time = Math.floor(Date.now() / 1_000);
		this.seq++;
		const said = [];
		for (let node = 1; node <= this.#count; node++) said.push(this.#say(node, 'readings', { seq: this.seq, boot: node, time, temperature: 20 + (node % 10) + Math.sin(this.seq / 9), humidity: 40 + (node % 7) }));
		await Promise.all(said);
	}

	/** So many rounds, one a second, while the page is looked at. */
	async measured(page: Page, browser: Browser, rounds: number): Promise<Work> {
		await browser.startTracing(page, { categories: ['toplevel', '__metadata'] });
		for (let round = 0; round < rounds; round++) {
			const from = performance.now();
			await this.round();
			await rest(Math.max(0, 1_000 - (performance.now() - from)));
		}
		return workIn(JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] });
	}

	#say(node: number, leaf: string, content: unknown): Promise<unknown> {
		return this.#client.publishAsync(`${this.#root}/node-${node}/${leaf}`, typeof content === 'string' ? content : JSON.stringify(content), { qos: 1 });
	}
}

/** Of the renderer that did most: there is one of an empty page too. */
function workIn({ traceEvents }: { readonly traceEvents: readonly TraceEvent[] }): Work {
	const threads = new Set(traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain').map(({ pid, tid }) => `${pid}/${tid}`));
	const byThread = new Map<string, number[]>();
	for (const { name, pid, tid, tdur } of traceEvents) {
		const thread = `${pid}/${tid}`;
		if (tdur === undefined || !/RunTask$/.test(name) || !threads.has(thread)) continue;
		byThread.set(thread, [...(byThread.get(thread) ?? []), tdur / 1_000]);
	}
	const works = [...byThread.values()].map((tasks) => ({ longestMs: Math.max(...tasks), tasks: tasks.length, totalMs: tasks.reduce((sum, each) => sum + each, 0) }));
	return works.sort((one, other) => other.totalMs - one.totalMs)[0] ?? { longestMs: 0, tasks: 0, totalMs: 0 };
}
