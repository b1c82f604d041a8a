import { describe, expect, it } from 'vitest';
import { blame, clear, kindsOff, putOffMs, retry } from '../../src/telemetry/put-off.js';

describe('what is put off', () => {
	it('is what the broker hung up on twice in a row, of several kinds each for itself', () => {
		let state = blame(0, 0b0101);
		expect(kindsOff(state)).toBe(0);
		state = blame(state, 0b0110);
		expect(kindsOff(state)).toBe(0b0100);
		state = blame(blame(state, 0b0001), 0b0001);
		expect(kindsOff(state)).toBe(0b0101);
	});

	it('is not what it hung up on now and then, with other reasons in between', () => {
		expect(kindsOff(blame(blame(blame(0, 1), 0), 1))).toBe(0);
	});

	it('is not what was answered in between', () => {
		expect(kindsOff(blame(clear(blame(0, 1), 1), 1))).toBe(0);
	});

	it('waits a minute, then twice as long each time that one hang-up shows it to be forbidden still, and 16 minutes at the most', () => {
		let state = blame(blame(0, 2), 2);
		const waits = [putOffMs(state)];
		for (let i = 0; i < 6; i++) {
			state = retry(state);
			expect(kindsOff(state)).toBe(0);
			state = blame(state, 2);
			expect(kindsOff(state)).toBe(2);
			waits.push(putOffMs(state));
		}
		expect(waits.map((ms) => ms / 60_000)).toEqual([1, 2, 4, 8, 16, 16, 16]);
	});

	it('begins anew when all are answered', () => {
		let state = blame(blame(0, 3), 3);
		state = clear(retry(state), 1);
		expect(state).not.toBe(0);
		expect(clear(state, 2)).toBe(0);
	});

	it('stays so when others are answered', () => {
		expect(kindsOff(clear(blame(blame(0, 2), 2), 1))).toBe(2);
	});
});
