// Slow and lossy networks on the heap that an ESP8266 has beside XS, with the most that Wi-Fi takes; and a farewell that must arrive.

import { describe, expect, it } from 'vitest';
import type { WorldOptions } from '../../simulator/simulation.js';
import { HOUR, MINUTE, SECOND, stage, type Stage } from './stage.js';

interface Air {
	readonly roundTripMs?: number;
	readonly lossRate?: number;
}

async function node({ roundTripMs = 40, lossRate = 0 }: Air, options: WorldOptions = {}): Promise<Stage> {
	const made = await stage(options);
	Object.assign(made.simulation.world.conditions, { wifiBytes: [4_000, 4_000], latencyMs: [roundTripMs / 2, roundTripMs / 2 + 1], ackDelayMs: [40, 200], lossRate });
	await made.until(() => made.isOnline() && made.readings().length > 2, 4 * MINUTE);
	return made;
}

async function stall(set: Stage, ms: number): Promise<void> {
	set.simulation.world.conditions.stalled = true;
	await set.run(ms);
	set.simulation.world.conditions.stalled = false;
}

/** The heap was never empty: neither a write refused nor a message lost. */
function expectHeap(set: Stage, free = 1): void {
	expect(set.node.shortages).toEqual([]);
	expect(set.node.heap!.lowest).toBeGreaterThanOrEqual(free);
}

describe('on the heap that an ESP8266 has beside XS', () => {
	it('F45 readings at 1 s and a stall of 20 s: the connection is kept, and 8 KB stay free', async () => {
		const set = await node({}, { settings: { intervalMs: 1_000 } });
		const from = set.now;
		await stall(set, 20 * SECOND);
		await set.run(MINUTE);
		expect(set.heard(/next attempt in/, from)).toBeUndefined();
		expectHeap(set, 8_000);
		await set.expectWell();
	});

	it('F45 a round trip of 400 ms and eight late readings: one connection', async () => {
		const set = await node({ roundTripMs: 400 }, { settings: { intervalMs: 5_000 } });
		set.simulation.broker.kill();
		await set.run(40 * SECOND);
		set.simulation.broker.start();
		const { connects } = set.simulation.broker;
		await set.until(() => set.readings('backlog').length >= 8, 2 * MINUTE);
		await set.run(MINUTE);
		expect(set.simulation.broker.connects).toBe(connects + 1);
		expectHeap(set, 8_000);
		await set.expectWell();
	});

	it.each([20, 200, 800, 2_000])('F45 an hour with a round trip of %i ms, a stall of up to a minute now and then, and one packet in twenty lost', async (roundTripMs) => {
		const intervalMs = 2_000;
		const set = await node({ roundTripMs, lossRate: 0.05 }, { settings: { intervalMs } });
		for (let i = 0; i < 12; i++) {
			await stall(set, (5 + 5 * i) * SECOND);
			await set.run(HOUR / 12);
		}
		set.simulation.world.conditions.lossRate = 0;
		expectHeap(set, 1_000);
		await set.expectWell(1, 1 + Math.floor(roundTripMs / intervalMs));
	});

	it('F45 writes of one turn go out together: CONNECT and what is published early', async () => {
		const set = await node({ roundTripMs: 400 }, { settings: { publishEarly: true } });
		set.simulation.broker.kill();
		await set.run(10 * SECOND);
		set.simulation.broker.start();
		const from = set.now;
		await set.until(() => set.packets('connack', from).length > 0, 2 * MINUTE);
		const connect = set.passed.find(({ at, packet }) => at >= from && packet.cmd === 'connect')!;
		const early = set.passed.filter(({ at, said, packet }) => said && at >= connect.at && at < connect.at + 200 && packet.cmd === 'publish');
		expect(early.length).toBeGreaterThan(0);
		expectHeap(set);
	});
});

describe('a stop', () => {
	it.each(['nodemcu', 'esp32'] as const)('F46 on %s: DISCONNECT is there before the socket is closed, so that no will follows', async (board) => {
		for (let i = 0; i < 8; i++) {
			const set = await stage({ board, seed: `stop ${i}` });
			set.simulation.world.conditions.latencyMs = [10, 300];
			await set.until(() => set.isOnline() && set.readings().length > 1, MINUTE);
			set.node.type('stop\n');
			await set.until(() => set.heard(/^stopped$/) !== undefined, 10 * SECOND);
			await set.run(5 * MINUTE);
			expect(set.texts('status').at(-1)).toBe('stopped');
		}
	});

	it('F46 in which DISCONNECT is lost waits until it was sent again', async () => {
		const set = await node({ roundTripMs: 400 });
		set.node.type('stop\n');
		await set.until(() => set.texts('status').at(-1) === 'stopped', 5 * SECOND);
		// Its PUBACK is there, and DISCONNECT under way.
		await set.run(220);
		await stall(set, SECOND);
		await set.run(5 * MINUTE);
		expect(set.texts('status').at(-1)).toBe('stopped');
	});

	it('F46 that nobody acknowledges is over in time', async () => {
		const set = await node({});
		set.node.type('stop\n');
		const from = set.now;
		await set.until(() => set.passed.some(({ packet }) => packet.cmd === 'disconnect'), 5 * SECOND);
		set.simulation.network.freeze();
		await set.until(() => set.heard(/^stopped$/, from) !== undefined, 10 * SECOND);
	});
});
