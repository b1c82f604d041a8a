import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Group, Reading, Value } from '../../src/readings/reading.js';
import { dateRecord, groupAt, Layout, readRecord, recordSize, seqAt, sizeAt, writeRecord } from '../../src/storage/record.js';

const value = fc.option(fc.integer({ min: -4_194_303, max: 4_194_303 }), { nil: Value.ABSENT });
const readings = fc.record({
	seq: fc.integer({ min: 1, max: 0xffff_ffff }), seconds: fc.integer({ min: 0, max: 0xffff_ffff }), known: fc.boolean(), suspects: fc.integer({ min: 0, max: 7 }),
	group: fc.integer({ min: 0, max: Group.MAX - 1 }), values: fc.array(value, { minLength: Group.VALUES, maxLength: Group.VALUES }),
});

function made({ seq, seconds, known, suspects, group, values }: { seq: number; seconds: number; known: boolean; suspects: number; group: number; values: number[] }): Reading {
	const there = values.reduce((bits, each, i) => (each === Value.ABSENT ? bits : bits | 1 << i), 0);
	const reading = Object.assign(new Reading(), { seq, group, time: known ? seconds : 0, uptime: known && seconds ? 0 : seconds, suspects: suspects & there });
	reading.numbers.set(values);
	return reading;
}

it('a record gives back the reading, wherever it lies and also across the end of a ring', () => {
	fc.assert(fc.property(readings, fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 3 }), (each, place, state) => {
		const reading = made(each);
		const ring = new Uint8Array(Layout.RECORD_MAX + 3).fill(0xa5);
		const end = writeRecord(ring, place, reading);
		// The ring's own bits stand for nothing else.
		ring[place % ring.length]! |= state;
		expect([end - place, sizeAt(ring, place), seqAt(ring, place), groupAt(ring, place)]).toEqual([recordSize(reading), recordSize(reading), each.seq, each.group]);
		const back = new Reading();
		readRecord(ring, place, back);
		expect(back).toEqual(reading);
		for (let at = end; at < place + ring.length; at++) expect(ring[at % ring.length]).toBe(0xa5);
	}), { seed: 5 });
});

it('a record that gets its date keeps all else', () => {
	fc.assert(fc.property(readings, fc.integer({ min: 1, max: 0xffff_ffff }), (each, time) => {
		const reading = made({ ...each, known: false });
		const bytes = new Uint8Array(Layout.RECORD_MAX);
		writeRecord(bytes, 0, reading);
		dateRecord(bytes, 0, time);
		const back = new Reading();
		readRecord(bytes, 0, back);
		expect(back).toEqual(Object.assign(reading, { time, uptime: 0 }));
	}), { seed: 6 });
});

it('a record of two values takes 15 bytes, of three 18; values beyond 23 bits are cut to the widest', () => {
	const reading = new Reading();
	reading.numbers.set([21_000, 45_000]);
	expect(recordSize(reading)).toBe(15);
	reading.numbers.set([0x7fff_ffff, -0x7fff_ffff, 1]);
	expect([recordSize(reading), Layout.RECORD_MAX]).toEqual([18, 18]);
	const bytes = new Uint8Array(Layout.RECORD_MAX);
	writeRecord(bytes, 0, reading);
	readRecord(bytes, 0, reading);
	expect([...reading.numbers.subarray(0, Group.VALUES)]).toEqual([4_194_303, -4_194_303, 1]);
});
