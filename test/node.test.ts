import { describe, expect, it } from 'vitest';
import { Node } from '../src/node.js';
import { NEVER, type Millis } from '../src/ports.js';
import { FakeClock } from './support/fakes.js';

describe('the loop', () => {
	it('asks every part in order and sets the alarm to the earliest wish', () => {
		const clock = new FakeClock();
		const alarms: Millis[] = [];
		const asked: string[] = [];
		const part = (name: string, at: Millis) => ({ poll: () => (asked.push(name), at) });
		const node = new Node([part('a', 500), part('b', 200), part('c', NEVER)], clock, { set: (at) => alarms.push(at) });
		node.run();
		expect(asked).toEqual(['a', 'b', 'c']);
		expect(alarms).toEqual([200]);
	});

	it('only sets the alarm when it is woken', () => {
		const clock = new FakeClock();
		clock.time = 77;
		let polls = 0;
		const alarms: Millis[] = [];
		const node = new Node([{ poll: () => (polls++, NEVER) }], clock, { set: (at) => alarms.push(at) });
		node.wake();
		node.wake();
		expect(polls).toBe(0);
		expect(alarms).toEqual([77, 77]);
	});

	it('sleeps for ever when nobody waits for time', () => {
		const alarms: Millis[] = [];
		new Node([{ poll: () => NEVER }], new FakeClock(), { set: (at) => alarms.push(at) }).run();
		expect(alarms).toEqual([NEVER]);
	});
});
