// Holds what MQTT costs on XS: what was measured (npm run bench, docs/budget.md) and a few percent more.

import { describe, expect, it } from 'vitest';
import { packetFigures, sessionFigures, type Figures } from './figures.js';
import { SLOT_BYTES } from './xs.js';

type Step = 'publish0' | 'publish1' | 'acknowledge' | 'message' | 'poll';
/** A view for the socket, which is all that is made anew. */
const VIEW_BYTES = 64;
const GARBAGE: Record<Step, number> = { publish0: VIEW_BYTES, publish1: VIEW_BYTES, acknowledge: 0, message: 0, poll: 0 };

function check(figures: Figures, most: Record<Step | 'held' | 'code', number>): void {
	for (const step of Object.keys(GARBAGE) as Step[]) {
		const { work, slots } = figures[step]!;
		expect(work, `${step}: work`).toBeLessThanOrEqual(most[step]);
		// A figure far below is a step that did not do its work, or a limit that holds nothing any more.
		expect(work, `${step}: work`).toBeGreaterThan(0.8 * most[step]);
		expect(slots * SLOT_BYTES, `${step}: bytes of garbage`).toBe(GARBAGE[step]);
	}
	expect(figures.held, 'held').toBeLessThanOrEqual(most.held);
	expect(figures.code, 'code').toBeLessThanOrEqual(most.code);
}

describe('a session on XS costs no more than it did', () => {
	it('in MQTT 3.1.1', async () => {
		check(await sessionFigures(3), { publish0: 555, publish1: 630, acknowledge: 455, message: 540, poll: 178, held: 3_072, code: 39_000 });
	});

	it('in MQTT 5.0', async () => {
		check(await sessionFigures(5), { publish0: 720, publish1: 795, acknowledge: 455, message: 560, poll: 178, held: 4_096, code: 46_500 });
	});

	it('and a small part of what mqtt-packet needs to write and read alone', async () => {
		const [ours, theirs] = [await sessionFigures(3), await packetFigures()];
		for (const step of ['publish0', 'publish1', 'message'] as const) {
			expect(theirs[step].work / ours[step].work, step).toBeGreaterThan(15);
			expect(theirs[step].slots, step).toBeGreaterThan(15 * ours[step].slots + 60);
		}
		expect(theirs.acknowledge.work / ours.acknowledge.work).toBeGreaterThan(9);
		expect(theirs.code / ours.code).toBeGreaterThan(9);
	});
});
