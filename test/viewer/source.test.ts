// How soon the subscriber is back: a node comes after a second at the earliest, and what passes before the subscriber is there is not seen.
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Merge } from '../../viewer/merge.js';
import { Source } from '../../viewer/source.js';

describe('The subscriber', () => {
	let server: Server;
	let source: Source;

	beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] }));
	afterEach(async () => {
		vi.useRealTimers();
		await source.close();
		server.close();
	});

	/** The times between one connection and the next, to a broker that hangs up on each. */
	async function gaps(count: number, retryMaxMs?: number): Promise<number[]> {
		server = createServer((socket) => socket.destroy());
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		source = new Source({ url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`, bases: ['telltale'], merge: new Merge(), ...(retryMaxMs && { retryMaxMs }) });
		const found: number[] = [];
		while (found.length < count) {
			await new Promise<void>((resolve) => source.client.once('close', () => resolve()));
			const before = performance.now();
			let tried = false;
			source.client.once('reconnect', () => (tried = true));
			while (!tried) await vi.advanceTimersToNextTimerAsync();
			found.push(Math.round(performance.now() - before));
		}
		return found;
	}

	it('tries again after a quarter of a second, and the longer the broker is away the later, by two seconds at the most', async () => {
		const found = await gaps(30);
		expect(found.slice(0, 2)).toEqual([250, 250]);
		expect(found).toEqual([...found].sort((one, other) => one - other));
		expect(found.at(-1)).toBe(2_000);
		let away = 0;
		for (const gap of found) {
			expect(gap).toBeLessThanOrEqual(250 + away / 10);
			away += gap;
		}
	});

	it('goes on trying four times a second where it costs nothing', async () => {
		expect(await gaps(20, 250)).toEqual(Array(20).fill(250));
	});
});
