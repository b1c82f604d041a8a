import { describe, expect, it } from 'vitest';
import { Buffers } from '../../src/mqtt/buffers.js';
import { Protocol5 } from '../../src/mqtt/protocol5.js';
import { OPTIONS } from './bench.js';

describe('the buffers of a session', () => {
	it('are as long as the options say', () => {
		const buffers = new Buffers({ ...OPTIONS, bufferBytes: 100, outboxBytes: 201, controlBytes: 31, filterBytes: 7, inFlightMax: 3, inboundMax: 4 });
		expect([buffers.framer, buffers.outbox, buffers.control, buffers.filters, buffers.ids].map((each) => each.length)).toEqual([100, 201, 31, 7, 9]);
	});

	it('lie in one block and nowhere overlap', () => {
		const { ids, framer, outbox, control, filters } = new Buffers({ ...OPTIONS, protocol5: new Protocol5() });
		const views = [ids, framer, outbox, control, filters];
		views.forEach((view, index) => view.fill(index + 1));
		views.forEach((view, index) => expect(new Set(view)).toEqual(new Set([index + 1])));
		expect(new Set(views.map((view) => view.buffer)).size).toBe(1);
		expect(views.reduce((sum, view) => sum + view.byteLength, 0)).toBe(ids.buffer.byteLength);
	});

	it('are refused by a sentence when they could not work', () => {
		expect(() => new Buffers({ ...OPTIONS, inFlightMax: 0 })).toThrow('inFlightMax');
		expect(() => new Buffers({ ...OPTIONS, controlBytes: 8 })).toThrow('controlBytes');
	});
});
