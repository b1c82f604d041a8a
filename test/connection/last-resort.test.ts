import { describe, expect, it } from 'vitest';
import { Cause } from '../../src/connection/causes.js';
import { writeHandover, takeHandover, type Handover } from '../../src/connection/last-resort.js';
import { FakeLog } from '../support/fakes.js';

const LEGACY: Handover = { restarts: 2, boot: 77, uptime: 43_201, lostSeconds: 43_000, lostTime: 1_795_301_835, cause: Cause.Dns, datedFrom: 1_795_258_634 };
const NOTHING: Handover = { restarts: 0, boot: 0, uptime: 0, lostSeconds: 0, lostTime: 0, cause: Cause.None, datedFrom: 0 };

/** `room`: how many values can still be stored. */
function chip(room = Infinity) {
	const kept = new Map<string, number>();
	const log = new FakeLog();
	const store = { get: (key: string) => kept.get(key), set: (key: string, value: number) => room-- > 0 && (kept.set(key, value), true) };
	return { kept, log, store };
}

describe('what a boot that ended for want of a link leaves behind', () => {
	it('goes to the boot that follows, in whole numbers of 32 bits, and is said', () => {
		const { kept, log, store } = chip();
		writeHandover(store, LEGACY);
		for (const [key, value] of kept) expect([key.length <= 15, value], key).toEqual([true, value | 0]);
		expect(takeHandover(store, log, true)).toEqual(LEGACY);
		expect(log.lines).toEqual(['restarted by itself (2 times in a row): there was no link for 716 minutes']);
	});

	it('has a date after January 2038 as a number of 32 bits, too', () => {
		const { kept, log, store } = chip();
		writeHandover(store, { ...LEGACY, lostTime: 2_600_000_000, datedFrom: 2_599_000_000 });
		for (const [key, value] of kept) expect(value, key).toBe(value | 0);
		expect(takeHandover(store, log, true)).toMatchObject({ lostTime: 2_600_000_000, datedFrom: 2_599_000_000 });
	});

	it('goes to that boot alone', () => {
		const { log, store } = chip();
		writeHandover(store, LEGACY);
		takeHandover(store, log, true);
		expect(takeHandover(store, log, true)).toEqual(NOTHING);
		expect(log.lines).toHaveLength(1);
	});

	it('is thrown away where the power went before that boot, and none after it gets it', () => {
		const { log, store } = chip();
		writeHandover(store, LEGACY);
		expect(takeHandover(store, log, false)).toEqual(NOTHING);
		expect(takeHandover(store, log, true)).toEqual(NOTHING);
		expect(log.lines).toEqual([]);
	});

	it('counts whole or not at all', () => {
		for (let room = 0; room < 7; room++) {
			const { log, store } = chip(room);
			writeHandover(store, LEGACY);
			expect(takeHandover(store, log, true), `room for ${room} values`).toEqual(NOTHING);
		}
	});

	it('is nothing after any other end, and costs no write then', () => {
		const { kept, log, store } = chip();
		expect(takeHandover(store, log, true)).toEqual(NOTHING);
		expect([kept.size, log.lines]).toEqual([0, []]);
	});
});
