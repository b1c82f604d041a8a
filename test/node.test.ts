import { describe, expect, it } from 'vitest';
import { Node } from '../src/node.js';
import { NEVER, type Millis, type Woken } from '../src/common/ports.js';
import { FakeClock } from './support/fakes.js';

class FakeAlarm {
	readonly times: Millis[] = [];
	begun = 0;
	private woken!: Woken;
	begin(woken: Woken): void {
		this.begun++;
		this.woken = woken;
	}
	run(): void {
		this.woken.run();
	}
	wake(): void {}
	set(at: Millis): void {
		this.times.push(at);
	}
}

const fail = {
	tell: (bug: unknown) => {
		throw bug;
	},
};

describe('the loop', () => {
	it('hands a bug on once and stands still after it, whatever wakes it', () => {
		const alarm = new FakeAlarm();
		const bugs: unknown[] = [];
		let asked = 0;
		const broken = { poll: () => { asked++; throw new Error('a promise was broken'); } };
		new Node([broken], new FakeClock(), alarm, { tell: (bug) => void bugs.push(bug) });
		for (let wakes = 0; wakes < 3; wakes++) alarm.run();
		expect([asked, bugs.map(String)]).toEqual([1, ['Error: a promise was broken']]);
		expect(alarm.times).toEqual([NEVER, NEVER, NEVER]);
	});

	it('asks every part in order and sets the alarm to the earliest wish', () => {
		const alarm = new FakeAlarm();
		const asked: string[] = [];
		const part = (name: string, at: Millis) => ({ poll: () => (asked.push(name), at) });
		new Node([part('a', 500), part('b', 200), part('c', NEVER)], new FakeClock(), alarm, fail);
		expect([alarm.begun, asked.length]).toEqual([1, 0]);
		alarm.run();
		expect(asked).toEqual(['a', 'b', 'c']);
		expect(alarm.times).toEqual([200]);
	});

	it('sleeps for ever when nobody waits for time', () => {
		const alarm = new FakeAlarm();
		new Node([{ poll: () => NEVER }], new FakeClock(), alarm, fail);
		alarm.run();
		expect(alarm.times).toEqual([NEVER]);
	});
});
