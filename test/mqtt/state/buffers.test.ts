import { describe, expect, it } from 'vitest';
import { Buffers } from '../../../src/mqtt/state/buffers.js';
import { At } from '../../../src/mqtt/state/ids.js';
import { Protocol5 } from '../../../src/mqtt/v5/protocol5.js';
import { OPTIONS } from '../bench.js';

describe('the buffers of a session', () => {
	const ranges = ({ bytes, filtersAt, controlAt, outboxAt }: Buffers) =>
		[bytes.subarray(0, filtersAt), bytes.subarray(filtersAt, controlAt), bytes.subarray(controlAt, outboxAt), bytes.subarray(outboxAt)];

	it('are as long as the options say', () => {
		const buffers = new Buffers({ ...OPTIONS, bufferBytes: 100, outboxBytes: 201, controlBytes: 31, filterBytes: 7, inFlightMax: 3, inboundMax: 4 });
		expect(ranges(buffers).map((each) => each.length)).toEqual([100, 7, 31, 201]);
		expect(buffers.ids.length).toBe(At.Words + 3 + 4);
	});

	it('lie in one block and nowhere overlap', () => {
		const buffers = new Buffers({ ...OPTIONS, protocol5: new Protocol5() });
		const views = [buffers.ids, ...ranges(buffers)];
		views.forEach((view, index) => view.fill(index + 1));
		views.forEach((view, index) => expect(new Set(view)).toEqual(new Set([index + 1])));
		expect(new Set(views.map((view) => view.buffer)).size).toBe(1);
		expect(views.reduce((sum, view) => sum + view.byteLength, 0)).toBe(buffers.ids.buffer.byteLength);
	});

	it('are refused by a sentence when they could not work', () => {
		expect(() => new Buffers({ ...OPTIONS, inFlightMax: 0 })).toThrow('inFlightMax');
		expect(() => new Buffers({ ...OPTIONS, controlBytes: 8 })).toThrow('controlBytes');
	});
});
