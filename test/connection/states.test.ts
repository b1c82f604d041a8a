import { describe, expect, it } from 'vitest';
import { Event, State, TABLE } from '../../src/connection/states.js';

describe('the table of the link', () => {
	it('has a row for every state and a next state for every event', () => {
		expect(TABLE.length).toBe(State.Stopped + 1);
		for (const row of TABLE) {
			expect(row.length).toBe(Event.Unjoined + 1);
			expect(Object.isFrozen(row)).toBe(true);
		}
		expect(Object.isFrozen(TABLE)).toBe(true);
	});
});
