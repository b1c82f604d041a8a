// How long the judge of the campaign waits for a node to be online again: as long as the documents say, and as the firmware needs.

import { describe, expect, it } from 'vitest';
import type { FaultKind } from '../../simulator/campaign/fault-injection.js';
import { onlineLimitMs } from '../../simulator/campaign/online.js';
import { HOUR, MINUTE, SECOND, stage } from './stage.js';

const limitMs = (what: FaultKind, untilMs: number, from: number): number => onlineLimitMs([{ at: 0, what, untilMs }], from);

describe('the time until a node must be online', () => {
	it.each([['hangUp', 2], ['refusal', 7], ['withheldAcks', 6]] as const)('is two minutes after the last fault, and longer where a wait that began in it is: after %s %i minutes', (what, minutes) => {
		expect(limitMs(what, HOUR, HOUR)).toBe(minutes * MINUTE);
		expect(limitMs(what, HOUR, 2 * HOUR)).toBe(2 * MINUTE);
	});

	it('is enough for one whose patience has grown, of a broker that acknowledges nothing and lets two messages be in flight', async () => {
		const set = await stage({ settings: { protocol: 5 } });
		Object.assign(set.simulation.broker.profile, { receiveMaximum: 2 });
		await set.until(() => set.isOnline(), MINUTE);
		set.simulation.broker.faults.withholdAcks = true;
		await set.run(30 * MINUTE);
		// The next connection has just begun, and all that it may send is sent.
		const connects = set.packets('connect').length;
		await set.until(() => set.packets('connect').length > connects, 5 * MINUTE);
		await set.run(SECOND);
		set.simulation.broker.faults.withholdAcks = false;
		const from = set.now;
		const tookMs = await set.until(() => set.texts('status', from).includes('online'), limitMs('withheldAcks', from, from));
		expect(tookMs).toBeGreaterThan(limitMs('hangUp', from, from));
		await set.expectWell();
	});
});
