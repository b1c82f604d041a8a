import { describe, expect, it } from 'vitest';
import { Patience } from '../../src/mqtt/options.js';
import { isFinal, turnedDownSentence, unheardSentence } from '../../src/telemetry/refusals.js';

describe('a topic that the broker does not let us hear', () => {
	it('is named, with the code, or with its silence', () => {
		expect(unheardSentence('telltale/porch/set/+', 0x87)).toBe('the broker does not let us hear telltale/porch/set/+ (code 0x87); we ask again later');
		expect(unheardSentence('telltale/porch/set/+', Patience.NO_ANSWER)).toBe('the broker does not answer SUBSCRIBE: we go on without telltale/porch/set/+, and ask again later');
	});
});

describe('a message that the broker turns down', () => {
	it('waits where the broker is what stands in the way, and is given up else', () => {
		const refusals = Array.from({ length: 0x23 }, (_, i) => 0x80 + i);
		expect(refusals.filter((code) => !isFinal(code))).toEqual([0x80, 0x83, 0x88, 0x89, 0x8b, 0x91, 0x93, 0x96, 0x97]);
	});

	it('is named, with the code and what becomes of it', () => {
		expect(turnedDownSentence('a reading', 0x97, 'it waits')).toBe('the broker turns a reading down (code 0x97): it waits');
	});
});
