import { describe, expect, it } from 'vitest';
import { BootGuard } from '../../src/settings/bootguard.js';
import { FakeLog } from '../support/fakes.js';

function chip() {
	const kept = new Map<string, number>();
	const store = { get: (key: string) => kept.get(key), set: (key: string, value: number) => (kept.set(key, value), true) };
	const log = new FakeLog();
	let restarts = 0;
	const boot = () => new BootGuard(store, log, () => restarts++);
	return { store, log, boot, restarts: () => restarts };
}

describe('the boot guard', () => {
	it('answers the sixth boot of a loop with safe mode, and says why', () => {
		const { boot, log } = chip();
		const safe = Array.from({ length: 6 }, () => {
			const guard = boot();
			guard.poll(299_999);
			return guard.safe;
		});
		expect(safe).toEqual([false, false, false, false, false, true]);
		expect(log.lines).toEqual(['safe mode: the last 5 boots ended within 5 minutes; nothing is measured for 10 minutes']);
	});

	it('forgets the boots before once the node has lived five minutes', () => {
		const { boot } = chip();
		for (let i = 0; i < 5; i++) boot();
		const guard = boot();
		expect(guard.safe).toBe(true);
		const other = chip();
		for (let i = 0; i < 4; i++) other.boot();
		const survivor = other.boot();
		expect(survivor.poll(0)).toBe(300_000);
		expect(survivor.poll(300_000)).toBe(Infinity);
		for (let i = 0; i < 5; i++) expect(other.boot().safe).toBe(false);
	});

	it('does not count a restart that was asked for', () => {
		const { boot } = chip();
		for (let i = 0; i < 20; i++) {
			const guard = boot();
			expect(guard.safe).toBe(false);
			guard.reboot();
		}
	});

	it('leaves safe mode by a restart after ten minutes, into a normal boot', () => {
		const { boot, restarts } = chip();
		for (let i = 0; i < 5; i++) boot();
		const guard = boot();
		expect(guard.poll(0)).toBe(600_000);
		guard.poll(600_000);
		expect(restarts()).toBe(1);
		expect(boot().safe).toBe(false);
	});

	it('works, without memory, when nothing can be stored', () => {
		const guard = new BootGuard({ get: () => undefined, set: () => false }, new FakeLog(), () => {});
		expect(guard.safe).toBe(false);
		expect(guard.poll(300_000)).toBe(Infinity);
	});
});
