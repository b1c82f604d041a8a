import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Quantity, Reading, Value } from '../../src/readings/reading.js';
import { Layout, readRecord, recordSize, seqAt, sizeAt, writeRecord } from '../../src/storage/record.js';

const value = fc.option(fc.integer({ min: -8_388_607, max: 8_388_607 }), { nil: Value.ABSENT });

it('a record gives back the reading, wherever it lies and also across the end of a ring', () => {
	fc.assert(fc.property(
		fc.integer({ min: 1, max: 0xffff_ffff }), fc.integer({ min: 0, max: 0xffff_ffff }), fc.boolean(),
		fc.array(value, { minLength: Quantity.MAX, maxLength: Quantity.MAX }), fc.integer({ min: 0, max: 1_000 }), (seq, seconds, known, values, place) => {
			const reading = new Reading();
			reading.seq = seq;
			reading.time = known ? seconds : 0;
			reading.uptime = known && seconds ? 0 : seconds;
			reading.values.set(values);
			const ring = new Uint8Array(Layout.RECORD_MAX + 3).fill(0xa5);
			const end = writeRecord(ring, place, reading);
			expect([end - place, sizeAt(ring, place), seqAt(ring, place)]).toEqual([recordSize(reading), recordSize(reading), seq]);
			const back = new Reading();
			readRecord(ring, place, back);
			expect(back).toEqual(reading);
			for (let at = end; at < place + ring.length; at++) expect(ring[at % ring.length]).toBe(0xa5);
		}), { seed: 5 });
});

it('a record of two quantities takes 15 bytes, of all 21; values beyond 24 bits are cut to the widest', () => {
	const reading = new Reading();
	reading.values.set([21_000, 45_000]);
	expect(recordSize(reading)).toBe(15);
	reading.values.set([0x7fff_ffff, -0x7fff_ffff, 1, 2]);
	expect(recordSize(reading)).toBe(Layout.RECORD_MAX);
	const bytes = new Uint8Array(Layout.RECORD_MAX);
	writeRecord(bytes, 0, reading);
	readRecord(bytes, 0, reading);
	expect([...reading.values]).toEqual([8_388_607, -8_388_607, 1, 2]);
});
