import { describe, expect, it } from 'vitest';
import { pace, Patience, slowness, slownessFrom, until } from './patience.js';

describe('patience', () => {
	it('is what it is on an idle machine of two cores, and not less on a faster one', () => {
		expect(slownessFrom(1, 0.5, 2)).toBe(1);
		expect(slownessFrom(0.2, 3, 2)).toBe(1);
		expect(slowness()).toBeGreaterThanOrEqual(1);
	});

	it('grows with what else wants the cores, and with slower cores, up to a bound', () => {
		expect(slownessFrom(1, 8, 2)).toBe(2);
		expect(slownessFrom(3, 8, 2)).toBe(6);
		expect(slownessFrom(3, 8, 8)).toBe(3);
		expect(slownessFrom(3, 1e6, 2)).toBe(30);
	});

	it('grows while somebody waits, and does not shrink', () => {
		let slow = 1;
		const patience = new Patience(1e6, () => slow);
		expect(patience.leftMs).toBeLessThanOrEqual(1e6);
		slow = 4;
		expect(patience.leftMs).toBeGreaterThan(3e6);
		slow = 1;
		expect(patience.leftMs).toBeGreaterThan(3e6);
		expect(new Patience(0, () => 1).isOver).toBe(true);
	});

	it('lets a node run beside real sockets as much slower as they are, and never stand still', () => {
		expect(pace(20) * slowness()).toBeCloseTo(20, 0);
		expect(pace(1)).toBeGreaterThan(0);
	});

	it('ends in the sentence that it is given', async () => {
		await until(() => true, 0, () => 'unsaid');
		await expect(until(() => false, 0, () => 'in vain')).rejects.toThrow('in vain');
	});
});
