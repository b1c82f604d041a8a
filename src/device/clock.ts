// SPDX-License-Identifier: MIT
// Ticks made monotonic, the date kept beside them, and the one timer.
//
// Rule: nobody else subtracts ticks. The SDK's are signed 32-bit and wrap after 49.7 days; Time.delta() knows, and its
// sum never wraps. The date is an offset to that sum, so a step of the date moves no timer.

import Net from 'net';
import SNTP from 'sntp';
import Time from 'time';
import Timer, { type TimerHandle } from 'timer';
import { NEVER, TimeState, type Alarm, type Clock, type Millis, type TimeServer } from '../common/ports.js';

/** The SDK's longest interval is below 2^31 ms; an early alarm only makes the loop look again. */
const LONGEST_MS = 0x3fff_ffff;
/** What the timer repeats after. Never the same as a wait: the SDK's simulator for Linux then goes on at the pace of the wait before, without rest. */
const REPEAT_MS = LONGEST_MS + 1;

export class DeviceClock implements Clock {
	private ticks = Time.ticks;
	private elapsedMs: Millis = 0;
	private bootSeconds = 0;
	/** Set by main, once. */
	uptimeBefore = 0;
	earlierBoots = 0;

	now(): Millis {
		const ticks = Time.ticks;
		this.elapsedMs += Time.delta(this.ticks, ticks);
		this.ticks = ticks;
		return this.elapsedMs;
	}

	unixSeconds(): number {
		return this.bootSeconds && Math.floor(this.bootSeconds + this.now() / 1000);
	}

	uptime(): number {
		return this.uptimeBefore + Math.floor(this.now() / 1000);
	}

	setUnixSeconds(seconds: number): void {
		this.bootSeconds = seconds - this.now() / 1000;
	}
}

export class DeviceAlarm implements Alarm {
	private readonly clock: Clock;
	private timer: TimerHandle | undefined;

	constructor(clock: Clock) {
		this.clock = clock;
	}

	begin(run: () => void): void {
		// A repeating timer stays alive after it fired, so one handle serves for ever.
		this.timer = Timer.set(run, 0, REPEAT_MS);
	}

	wake(): void {
		const now = this.clock.now();
		this.set(now, now);
	}

	set(at: Millis, now: Millis): void {
		if (!this.timer) return;
		const waitMs = at === NEVER ? LONGEST_MS : Math.ceil(at - now);
		Timer.schedule(this.timer, waitMs <= 0 ? 0 : waitMs < LONGEST_MS ? waitMs : LONGEST_MS, REPEAT_MS);
	}
}

export class DeviceTimeServer implements TimeServer {
	state: TimeState = TimeState.Idle;
	private readonly clock: DeviceClock;
	private readonly alarm: Alarm;
	private client: SNTP | undefined;
	private resolving = false;
	/** Counts the clients: one that was given up, or half made, is not listened to. */
	private question = 0;

	constructor(clock: DeviceClock, alarm: Alarm) {
		this.clock = clock;
		this.alarm = alarm;
	}

	ask(host: string): void {
		// Its timer would go on asking for a connection that is gone.
		if (this.state === TimeState.Asking) this.client?.close();
		this.client = undefined;
		this.question++;
		this.state = TimeState.Asking;
		// Looked up here, not by the SDK's client: a resolver that never answers keeps whoever asked it, and would be asked once a minute.
		if (this.resolving) return;
		this.resolving = true;
		try {
			Net.resolve(host, this.resolved.bind(this));
		} catch {
			// No memory for the question: asked again later, like after silence.
			this.resolving = false;
			this.state = TimeState.Failed;
		}
	}

	private resolved(_name: string, address: string | undefined): void {
		this.resolving = false;
		const question = ++this.question;
		try {
			if (!address) return this.failed();
			this.client = new SNTP({ host: address }, this.heard.bind(this, question));
		} catch {
			this.failed();
		}
	}

	private failed(): void {
		this.client = undefined;
		this.state = TimeState.Failed;
		this.alarm.wake();
	}

	private heard(question: number, message: number, value?: unknown): void {
		if (question !== this.question || message === SNTP.retry) return;
		this.client = undefined;
		if (message === SNTP.time) this.clock.setUnixSeconds(value as number);
		this.state = message === SNTP.time ? TimeState.Answered : TimeState.Failed;
		this.alarm.wake();
	}
}
