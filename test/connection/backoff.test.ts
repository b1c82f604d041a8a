import { describe, expect, it } from 'vitest';
import { Backoff } from '../../src/connection/backoff.js';
import { FakeRandom } from '../support/fakes.js';

const LEAST = { below: () => 0 };
const MOST = { below: (n: number) => n - 1 };

function delays(backoff: Backoff, count: number, refused = false): number[] {
	return Array.from({ length: count }, () => backoff.failed(refused));
}

describe('back-off', () => {
	it('never waits less than a second, however lucky', () => {
		expect(delays(new Backoff(LEAST), 12)).toEqual(Array(12).fill(1_000));
	});

	it('doubles its span from one second and stops at a minute', () => {
		expect(delays(new Backoff(MOST), 9)).toEqual([2_000, 3_000, 5_000, 9_000, 17_000, 33_000, 60_000, 60_000, 60_000]);
	});

	it('keeps to five minutes once credentials have been refused for long, at most twelve attempts an hour', () => {
		const waits = delays(new Backoff(MOST), 12, true);
		expect(Math.max(...waits)).toBe(300_000);
		expect(delays(new Backoff(LEAST), 30, true).slice(9)).toEqual(Array(21).fill(300_000));
	});

	it('begins anew only after a useful link', () => {
		const backoff = new Backoff(MOST);
		delays(backoff, 5);
		expect(backoff.failed(false)).toBe(33_000);
		backoff.useful();
		expect(backoff.failed(false)).toBe(2_000);
	});

	it('waits a minute and a random part while another client takes its place, and goes on where it was', () => {
		const backoff = new Backoff(MOST);
		delays(backoff, 2);
		expect([backoff.takenOver(), new Backoff(LEAST).takenOver()]).toEqual([74_999, 60_000]);
		expect(backoff.failed(false)).toBe(5_000);
	});

	it('comes back to the common cap when the refusals end', () => {
		const backoff = new Backoff(MOST);
		delays(backoff, 12, true);
		expect(backoff.failed(false)).toBe(60_000);
	});

	it('uses all of its span (full jitter), seed 7', () => {
		const backoff = new Backoff(new FakeRandom(7));
		delays(backoff, 7);
		const waits = delays(backoff, 400);
		expect(Math.min(...waits)).toBeLessThan(2_000);
		expect(Math.max(...waits)).toBeGreaterThan(59_000);
		const mean = waits.reduce((sum, each) => sum + each, 0) / waits.length;
		expect(mean).toBeGreaterThan(28_000);
		expect(mean).toBeLessThan(33_000);
	});
});
