// Holds what MQTT costs on XS: what was measured (npm run bench, docs/budget.md) and a few percent more. What others need beside it is
// measured and judged by npm run bench.

import { describe, expect, it } from 'vitest';
import { sessionFigures, type Figures } from './figures.js';
import { SLOT_BYTES } from './xs.js';

type Step = 'send0' | 'send1' | 'resize1' | 'publish0' | 'publish1' | 'acknowledge' | 'message' | 'other' | 'poll';
/** A view for the socket, which is all that is made anew, and not even that while messages are as long as the one before. */
const VIEW_BYTES = 64;
const GARBAGE: Record<Step, number> = { send0: 0, send1: 0, resize1: VIEW_BYTES, publish0: VIEW_BYTES, publish1: VIEW_BYTES, acknowledge: 0, message: 0, other: 0, poll: 0 };
/** What the ECMA-419 client of Moddable's SDK takes (docs/budget.md): half of it for a message out are what was to be reached; and a thousand for one in. */
const GOAL = { send0: Math.floor(543 / 2), send1: 586 / 2, message: 1_000 };

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
		const figures = await sessionFigures(3);
		check(figures, { send0: 91, resize1: 420, publish0: 1_400, publish1: 1_550, acknowledge: 430, other: GOAL.message, poll: 620, held: 2_960, code: 46_200, send1: GOAL.send1, message: GOAL.message });
		expect(figures.send0!.work).toBeLessThanOrEqual(GOAL.send0);
	});

	it('in MQTT 5.0', async () => {
		check(await sessionFigures(5), { send0: 91, send1: 293, resize1: 425, publish0: 1_950, publish1: 2_100, acknowledge: 430, message: GOAL.message, other: GOAL.message, poll: 790, held: 3_808, code: 54_700 });
	});
});
