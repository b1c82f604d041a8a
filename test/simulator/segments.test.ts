import { describe, expect, it } from 'vitest';
import { Heap, packetBytes, segmentBytes, taken } from '../../simulator/devices/heap.js';
import { LWIP, Segments } from '../../simulator/devices/segments.js';

const COST = 1_600;

function setUp(nagle: boolean, chip: 'ESP8266' | 'ESP32' = 'ESP8266', wifi = 4_000) {
	const shortages: string[] = [];
	const heap = new Heap(chip, 0, { wifiBytes: [wifi, wifi] }, ({ sentence }) => shortages.push(sentence));
	const sent: number[] = [];
	const segments = new Segments(LWIP[chip], heap, nagle, (bytes) => sent.push(bytes.length));
	const whole = heap.free;
	return { heap, shortages, sent, segments, used: () => whole - heap.free, write: (count: number) => segments.write(new Uint8Array(count)) };
}

describe('what lwIP takes of an ESP8266\'s heap', () => {
	it('is 1,600 bytes for a segment, whatever is in it', () => {
		expect(segmentBytes(1_460)).toBe(COST);
		expect([taken(1), taken(4), taken(5), taken(20)]).toEqual([8, 8, 16, 24]);
		expect(packetBytes(48)).toBe(168);
	});

	it('leaves of 15,336 bytes beside XS what set-up and Wi-Fi leave', () => {
		expect(setUp(true).heap.free).toBe(15_336 - 976 - 4_000);
		expect(setUp(true, 'ESP32').heap.free).toBeGreaterThan(90_000);
	});
});

describe.each([true, false])('with Nagle\'s algorithm %s', (nagle) => {
	it('writes of one turn share a segment, until it is full', () => {
		const { write, used, segments, sent } = setUp(nagle);
		for (let i = 0; i < 3; i++) expect(write(100)).toBe(true);
		expect(used()).toBe(COST);
		write(1_200);
		expect(used()).toBe(2 * COST);
		segments.output();
		// The rest is not full, and the first not acknowledged.
		expect(sent).toEqual(nagle ? [1_460] : [1_460, 40]);
	});

	it('a segment is freed when all of it is acknowledged, and the room with every byte', () => {
		const { write, used, segments } = setUp(nagle);
		write(100);
		segments.output();
		segments.acknowledged(99);
		expect([used(), segments.room]).toEqual([COST, 2_919]);
		segments.acknowledged(1);
		expect([used(), segments.room]).toEqual([0, 2_920]);
	});

	it('everything is freed at the end', () => {
		const { write, used, segments } = setUp(nagle);
		write(100);
		segments.output();
		write(100);
		segments.free();
		expect(used()).toBe(0);
	});
});

/** So much that no more is left than beside an XS machine of 30,720 B. */
const TIGHT_WIFI_BYTES = 9_120;

describe('eight writes in turns of their own, none of them acknowledged', () => {
	const eight = (nagle: boolean): ReturnType<typeof setUp> & { taken: boolean[] } => {
		const set = setUp(nagle, 'ESP8266', TIGHT_WIFI_BYTES);
		const taken = Array.from({ length: 8 }, () => {
			const done = set.write(110);
			set.segments.output();
			return done;
		});
		return { ...set, taken };
	};

	it('are two segments with Nagle\'s algorithm, of which one has left', () => {
		const { taken, sent, used, shortages, segments } = eight(true);
		expect(taken).toEqual(Array(8).fill(true));
		expect(sent).toEqual([110]);
		expect(used()).toBe(2 * COST);
		expect(shortages).toEqual([]);
		segments.acknowledged(110);
		segments.output();
		expect(sent).toEqual([110, 770]);
	});

	it('are a segment each without it, until the heap is empty, which is said with what holds it', () => {
		const { taken, sent, used, shortages } = eight(false);
		expect(taken.indexOf(false)).toBe(3);
		expect(sent).toEqual([110, 110, 110]);
		expect(used()).toBe(3 * COST);
		expect(shortages[0]).toBe('1600 B for segments could not be had: 440 B were free, segments held 4800 (3), Wi-Fi 9120');
	});
});

describe('a write that is refused', () => {
	it('changes nothing, also when it would have filled the last segment first', () => {
		const { write, used, segments } = setUp(false, 'ESP8266', 12_632);
		expect(write(100)).toBe(true);
		expect(write(1_500)).toBe(false);
		expect([used(), segments.room]).toEqual([COST, 2_820]);
		expect(write(1_360)).toBe(true);
		expect(used()).toBe(COST);
	});

	it('is so for want of a place in the queue, which is no want of memory', () => {
		const { write, segments, shortages } = setUp(false, 'ESP8266', -20_000);
		for (let i = 0; i < 8; i++) {
			expect(write(1)).toBe(true);
			segments.output();
		}
		expect(write(1)).toBe(false);
		expect(shortages).toEqual([]);
	});
});
