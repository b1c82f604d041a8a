// What the node asks of the SDK's one timer.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DeviceAlarm } from '../../src/device/clock.js';
import { NEVER, type Clock } from '../../src/common/ports.js';

const asked: [wait: number, repeat: number][] = [];
let fire: () => void;
vi.mock('net', () => ({ default: {} }));
vi.mock('sntp', () => ({ default: class {} }));
vi.mock('time', () => ({ default: { ticks: 0, delta: () => 0 } }));
vi.mock('timer', () => ({
	default: {
		set: (callback: (timer: object) => void, wait: number, repeat: number) => {
			asked.push([wait, repeat]);
			const timer = {};
			fire = () => callback(timer);
			return timer;
		},
		schedule: (_timer: object, wait: number, repeat: number) => void asked.push([wait, repeat]),
	},
}));

describe('The alarm', () => {
	beforeEach(() => void (asked.length = 0));

	it('waits as long as was asked, at least not at all and at most for the longest that the SDK can', () => {
		const alarm = new DeviceAlarm({ now: () => 1_000 } as Clock);
		alarm.set(5, 0);
		alarm.begin({ run: () => {} });
		for (const at of [1_000, 1_000.2, 999, 0, 1_250.5, 1e12, NEVER]) alarm.set(at, 1_000);
		expect(asked.map(([wait]) => wait)).toEqual([0, 0, 1, 0, 0, 251, 0x3fff_ffff, 0x3fff_ffff]);
	});

	it('wakes whom it was begun with, by the timer that fired', () => {
		const alarm = new DeviceAlarm({ now: () => 1_000 } as Clock);
		const run = vi.fn();
		alarm.begin({ run });
		expect(run).not.toHaveBeenCalled();
		fire();
		expect(run).toHaveBeenCalledOnce();
	});

	it('stays alive after it fired, and never repeats after what it waits for: the SDK\'s simulator for Linux then never rests', () => {
		const alarm = new DeviceAlarm({ now: () => 1_000 } as Clock);
		alarm.begin({ run: () => {} });
		for (const at of [0, 1, 1e6, 1e12, NEVER]) alarm.set(at, 0);
		for (const [wait, repeat] of asked) {
			expect(repeat).toBeGreaterThan(wait);
			expect(repeat).toBeLessThan(2 ** 31);
		}
	});
});
