// Moddable's "time", and the Date that belongs to it.
//
// Rule: the date is an offset to the time since boot, lost at a reboot. Before it is set an ESP8266 says 17 December 1995,
// counted from the first time somebody asks, and an ESP32 says 1970.

import type SDK from 'time';
import { board, call, on } from './host.js';

/** xsHost.c of the SDK: what the ESP8266's clock is set to at first use. */
const SEED_SECONDS = 819_195_899;
const HostDate = Date;
const state = { dateAtBootMs: NaN, timezone: -8 * 60 * 60, dst: 60 * 60 };

on('clockStep', (ms: number) => {
	state.dateAtBootMs = now() - board.ms + ms;
});

class Time {
	static set(seconds: number): void {
		const whole = seconds >>> 0;
		state.dateAtBootMs = whole * 1000 - board.ms;
		call('time.set', whole);
	}

	static get ticks(): number {
		if (!board.running) call('Time.ticks');
		return (board.ms + board.ticksAtBoot) | 0;
	}

	static delta(start: number, end: number = Time.ticks): number {
		return (end - start) | 0;
	}

	static get timezone(): number {
		return state.timezone;
	}
	static set timezone(seconds: number) {
		state.timezone = seconds | 0;
	}

	static get dst(): number {
		return state.dst;
	}
	static set dst(seconds: number) {
		state.dst = seconds | 0;
	}
}

Time satisfies typeof SDK;
export default Time;

function now(): number {
	if (!board.running) call('Date.now');
	if (isNaN(state.dateAtBootMs)) state.dateAtBootMs = board.chip === 'ESP8266' ? SEED_SECONDS * 1000 - board.ms : 0;
	return state.dateAtBootMs + board.ms;
}

function SimulatedDate(...values: unknown[]): unknown {
	if (!new.target) return new HostDate(now()).toString();
	return Reflect.construct(HostDate, values.length ? values : [now()], new.target === SimulatedDate ? HostDate : new.target);
}
SimulatedDate.now = now;
SimulatedDate.UTC = HostDate.UTC;
SimulatedDate.parse = HostDate.parse;
SimulatedDate.prototype = HostDate.prototype;
Object.defineProperty(HostDate.prototype, 'constructor', { value: SimulatedDate, writable: true, configurable: true });
globalThis.Date = SimulatedDate as unknown as DateConstructor;
