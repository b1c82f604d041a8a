import { describe, expect, it } from 'vitest';
import { QUANTITIES, Quantity, QUANTITY_MAXIMA, QUANTITY_MINIMA, Reading, Value, writeReading } from '../../src/readings/reading.js';
import { Limit } from '../../src/common/limits.js';
import { Text } from '../../src/common/text.js';

function payload(fields: Partial<Reading>, values: number[], boot = 7): string {
	const reading = Object.assign(new Reading(), fields, { boot });
	reading.values.set(values);
	const text = new Text(new Uint8Array(Limit.PAYLOAD_MAX));
	writeReading(text, reading);
	expect(text.overflowed).toBe(false);
	return Buffer.from(text.bytes.subarray(0, text.length)).toString();
}

describe('a reading as text', () => {
	it('is the payload of docs/topics.md', () => {
		expect(payload({ seq: 17, time: 1795301835 }, [21_512, 45_200])).toBe(
			'{"seq":17,"boot":7,"time":1795301835,"temperature":21.512,"humidity":45.2}');
	});

	it('gives uptime in place of a time that is not known', () => {
		expect(payload({ seq: 1, uptime: 42 }, [-500, 0])).toBe('{"seq":1,"boot":7,"uptime":42,"temperature":-0.5,"humidity":0}');
	});

	it('leaves out what was not measured', () => {
		expect(payload({ seq: 2, time: 9 }, [Value.ABSENT, 99_999])).toBe('{"seq":2,"boot":7,"time":9,"humidity":99.999}');
	});

	it('names the numbers that had to make room', () => {
		expect(payload({ seq: 21, time: 9, droppedFrom: 18, droppedTo: 20 }, [1, Value.ABSENT])).toBe('{"seq":21,"boot":7,"time":9,"dropped":[18,20],"temperature":0.001}');
	});

	it('fits its bound at its widest', () => {
		payload({ seq: 0xffff_ffff, time: 0xffff_ffff, droppedFrom: 0xffff_fffd, droppedTo: 0xffff_fffe }, [-160_001, -100_001], 0x7fff_ffff);
	});

	it('has a range for every quantity', () => {
		expect(QUANTITIES.length).toBeLessThanOrEqual(Quantity.MAX);
		expect(QUANTITY_MINIMA.length).toBe(QUANTITIES.length);
		expect(QUANTITY_MAXIMA.length).toBe(QUANTITIES.length);
	});
});
