import { describe, expect, it } from 'vitest';
import { NO_ANSWER } from '../../src/mqtt/options.js';
import { unheardSentence } from '../../src/telemetry/refusals.js';

describe('a topic that the broker does not let us hear', () => {
	it('is named, with the code, or with its silence', () => {
		expect(unheardSentence('telltale/porch/set/+', 0x87)).toBe('the broker does not let us hear telltale/porch/set/+ (code 0x87); we ask again later');
		expect(unheardSentence('telltale/porch/set/+', NO_ANSWER)).toBe('the broker does not answer SUBSCRIBE: we go on without telltale/porch/set/+, and ask again later');
	});
});
