import { describe, expect, it } from 'vitest';
import { Scheduler, type Pace } from '../../simulator/world/clock.js';
import { rest } from '../support/patience.js';

/** Two things that are due one after the other, of which the first takes its time. */
function twoThings(pace: Pace): { clock: Scheduler; order: string[]; finish(): void } {
	const clock = new Scheduler(pace);
	const order: string[] = [];
	let finish = (): void => {};
	clock.after(1, async () => {
		order.push('begun');
		await new Promise<void>((resolve) => (finish = resolve));
		order.push('done');
	});
	clock.after(2, () => {
		order.push('next');
		finish();
	});
	return { clock, order, finish: () => finish() };
}

describe('the clock', () => {
	it('in virtual time does one thing at a time, whatever time it takes', async () => {
		const { clock, order, finish } = twoThings('virtual');
		const run = clock.run(10);
		await rest(5);
		expect(order).toEqual(['begun']);
		finish();
		await run;
		expect(order).toEqual(['begun', 'done', 'next']);
	});

	it('in real time lets nothing wait for what takes its time', async () => {
		const { clock, order } = twoThings(1);
		await clock.run(10);
		expect(order).toEqual(['begun', 'next', 'done']);
	});

	it.each(['virtual', 1] as const)('at pace %s breaks the run with what an action breaks with', async (pace) => {
		const clock = new Scheduler(pace);
		clock.after(1, async () => {
			throw new TypeError('broken');
		});
		clock.after(1_000, () => {});
		await expect(clock.run(10_000)).rejects.toThrow('broken');
	});
});
