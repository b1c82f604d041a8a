// Of two hundred worlds full of faults those that have, between them, all that the two hundred have, on Node's engine: half an hour each,
// and a few of six hours; npm run soak has any number.
//
// Rule: which seeds are run follows from their plans. Covered, and checked here: every two of kind of fault, protocol, board, network,
// number of nodes, settings and commands; each kind with each protocol on each board; in six hours each kind,
// protocol and board; and each fault that is planned in half an hour also happened.

import { describe, expect, it } from 'vitest';
import { union } from '../support/covering.js';
import { FAULTS } from '../../simulator/campaign/fault-injection.js';
import { combinationsOf, expectWell, kindsOf, LONG, SEEDS, SHORT, singlesOf } from './worlds.js';

describe('the worlds that are run', () => {
	it('have in their plans every combination that the two hundred have', () => {
		expect(union(SHORT, combinationsOf)).toEqual(union(SEEDS, combinationsOf));
		expect(union(LONG, singlesOf)).toEqual(union(SEEDS, singlesOf));
		expect(new Set(SHORT.flatMap(kindsOf))).toEqual(new Set(Object.keys(FAULTS)));
	});

	it('are few', () => {
		expect(SHORT.length).toBeLessThan(SEEDS.length / 6);
		expect(LONG.length).toBeLessThan(6);
	});
});

describe('the firmware in worlds full of faults accounts for every reading and comes back', () => {
	it.each(SHORT)('seed %i, half an hour', async (seed) => {
		const outcome = await expectWell({ seed, hours: 0.5 });
		expect(outcome.checkedTimes).toBeGreaterThan(20);
		expect(new Set(Object.keys(outcome.faults))).toEqual(new Set(kindsOf(seed)));
	});

	/** A slow part and an analog one that follows its temperature; one on a wire of its own with one of three quantities. */
	it.each([15, 20])('seed %i, half an hour, with other parts of the table', async (seed) => {
		const outcome = await expectWell({ seed, hours: 0.5, anyParts: true });
		expect(outcome.checkedValues).toBeGreaterThan(20);
	});

	it.each(LONG)('seed %i, six hours', async (seed) => void (await expectWell({ seed, hours: 6 })));
});
