import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { runHerd, STRATEGIES } from '../../simulator/campaign/herd.js';

const [TELLTALE, FIXED, LINEAR, DOUBLING] = Object.keys(STRATEGIES) as [string, string, string, string];
const NODES = 2_000;
const herd = (strategy: string, awayMs: number, perSecond = Infinity) => runHerd({ nodes: NODES, seed: 'herd test', awayMs, perSecond, strategy });

describe('a herd that lost its broker', () => {
	it('comes back spread over the cap: never more than twice the even rate, none sooner than a second after its last attempt', () => {
		for (const awayMs of [30_000, 600_000]) {
			const result = herd(TELLTALE, awayMs);
			// mqtt-client.md, F35: n / (cap / 2) x 2, with the deviation that so few nodes have.
			expect(result.peakPerSecond).toBeLessThanOrEqual((NODES / 30) * 2 * 1.15);
			expect(result.allMs).toBeLessThanOrEqual(62_000);
			expect(result.gapMs).toBeGreaterThanOrEqual(1_000);
			// Within a minute each has tried once at most: full jitter is 31 s on average.
			expect(result.triedAway).toBeLessThan(6 + awayMs / 20_000);
		}
	});

	it('would come at once with a fixed delay or a linear one, and four times as hard with 10 % of jitter after a short outage', () => {
		expect(herd(FIXED, 600_000).peakPerSecond).toBe(NODES);
		expect(herd(LINEAR, 600_000).peakPerSecond).toBe(NODES);
		expect(herd(DOUBLING, 30_000).peakPerSecond).toBeGreaterThan(4 * herd(TELLTALE, 30_000).peakPerSecond);
	});

	it('is the same for the same seed', () => {
		expect(herd(TELLTALE, 30_000)).toEqual(herd(TELLTALE, 30_000));
	});

	it('is measured in docs/herd.md for each strategy', () => {
		const page = readFileSync(new URL('../../docs/herd.md', import.meta.url), 'utf8');
		for (const strategy of Object.keys(STRATEGIES)) expect(page.split(`| ${strategy} | `).length - 1, strategy).toBe(3);
	});
});
