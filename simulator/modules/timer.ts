// Moddable's "timer": the list of timers and the pass over it that modTimersExecute() makes.
//
// Rule: all timers due at the start of a pass fire in it, in the order they were made; those made or set meanwhile wait for
// the next. A timer without repeat is dead after it fired, even if it was scheduled anew in its own callback.

import type SDK from 'timer';
import type { TimerCallback, TimerHandle } from 'timer';
import { board, call, on, onTurnEnd, timersChanged } from './host.js';

class Entry {
	callback: TimerCallback;
	at: number;
	/** As on the chip: 0 for none, -1 while unscheduled. */
	repeat: number;
	scheduled = true;
	alive = true;
	due = false;

	constructor(callback: TimerCallback, ms: number, repeat: number) {
		this.callback = callback;
		this.at = board.ms + ms;
		this.repeat = repeat;
	}
}

const timers: Entry[] = [];

on('wake', pass);
onTurnEnd(nextAt);

class Timer {
	static set(callback: TimerCallback, ms?: number, repeat?: number): TimerHandle {
		return add(callback, whole(ms), whole(repeat));
	}

	static repeat(callback: TimerCallback, ms: number): TimerHandle {
		return add(callback, whole(ms), whole(ms));
	}

	static schedule(timer: TimerHandle, ms?: number, repeat?: number): void {
		const entry = entryOf(timer);
		if (!entry?.alive) throw new SyntaxError('xsGetHostData: invalid host data');
		if (arguments.length === 1) {
			entry.scheduled = false;
			entry.due = false;
			entry.repeat = -1;
		} else {
			entry.at = board.ms + whole(ms);
			entry.repeat = whole(repeat);
			entry.scheduled = true;
		}
		timersChanged();
	}

	static clear(timer: TimerHandle | undefined | null): void {
		const entry = entryOf(timer);
		if (entry?.alive) remove(entry);
	}

	static delay(ms: number): void {
		board.ms = call<number>('delay', whole(ms));
	}
}

Timer satisfies typeof SDK;
export default Timer;

function add(callback: TimerCallback, ms: number, repeat: number): TimerHandle {
	if (!board.running) call('Timer.set');
	if (typeof callback !== 'function') throw new TypeError('callback is no function');
	const entry = new Entry(callback, ms, repeat);
	timers.push(entry);
	timersChanged();
	return entry as unknown as TimerHandle;
}

function entryOf(timer: unknown): Entry | undefined {
	return timer instanceof Entry ? timer : undefined;
}

function remove(entry: Entry): void {
	entry.alive = false;
	const at = timers.indexOf(entry);
	if (at >= 0) timers.splice(at, 1);
}

/** As the native code converts: Infinity and NaN become 0, 2^31 becomes negative, and both are due at once. */
function whole(ms: number | undefined): number {
	return (ms as number) | 0;
}

function pass(): void {
	const known = timers.slice();
	for (let i = 0; i < known.length; i++) if (known[i].scheduled && known[i].at <= board.ms) known[i].due = true;
	for (let i = 0; i < known.length; i++) {
		const entry = known[i];
		if (!entry.due || !entry.alive) continue;
		entry.due = false;
		entry.at += entry.repeat;
		const callback = entry.callback;
		callback(entry as unknown as TimerHandle);
		if (entry.alive && entry.repeat === 0) remove(entry);
	}
}

function nextAt(): number | null {
	let next: number | null = null;
	for (let i = 0; i < timers.length; i++) if (timers[i].scheduled && (next === null || timers[i].at < next)) next = timers[i].at;
	return next;
}
