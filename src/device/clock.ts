// SPDX-License-Identifier: MIT
// Ticks made monotonic, the date kept beside them, and the one timer.
//
// Rule: nobody else subtracts ticks. The SDK's are signed 32-bit and wrap after 49.7 days; Time.delta() knows, and its
// sum never wraps. The date is an offset to that sum, so a step of the date moves no timer.

import Net from 'net';
import SNTP from 'sntp';
import Time from 'time';
import Timer, { type TimerHandle } from 'timer';
import { Limit } from '../common/limits.js';
import { RELEASE_UNIX } from '../common/version.js';
import { NEVER, TimeState, type Alarm, type Clock, type Millis, type TellableClock, type TimeServer, type Woken } from '../common/ports.js';

const enum Const {
	/** The SDK's longest interval is below 2^31 ms; an early alarm only makes the loop look again. */
	LONGEST_MS = 0x3fff_ffff,
	/**
	 * What the timer repeats after. Never the same as a wait: the SDK's simulator for Linux then goes on at the pace of the
	 * wait before, without rest.
	 */
	REPEAT_MS = LONGEST_MS + 1,
}

/** Who the date is from. */
const enum DateFrom {
	Nobody,
	/** A person: any time server knows better. */
	Person,
	/** A time server; the next answer shall confirm it: it set the clock, or was contradicted. */
	Unconfirmed,
	Confirmed,
}

export class DeviceClock implements TellableClock {
	private ticks = Time.ticks;
	private elapsedMs: Millis = 0;
	private bootSeconds = 0;
	dateFrom: DateFrom = DateFrom.Nobody;
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
		return this.bootSeconds && this.bootSeconds + this.seconds();
	}

	uptime(): number {
		return this.uptimeBefore + this.seconds();
	}

	tellDate(unixSeconds: number): string {
		if (this.dateFrom > DateFrom.Person) return 'the date is known from a time server';
		this.setUnixSeconds(unixSeconds);
		this.dateFrom = DateFrom.Person;
		return '';
	}

	setUnixSeconds(seconds: number): void {
		this.bootSeconds = seconds - this.seconds();
	}

	/** Whole ones since boot. Date and uptime go on in the same moment, so a reading that is dated twice gets the same time. */
	private seconds(): number {
		return Math.floor(this.now() / 1_000);
	}
}

export class DeviceAlarm implements Alarm {
	private readonly clock: Clock;
	private timer: Timing | undefined;

	constructor(clock: Clock) {
		this.clock = clock;
	}

	begin(woken: Woken): void {
		// A repeating timer stays alive after it fired, so one handle serves for ever.
		this.timer = Timer.set(onTime, 0, Const.REPEAT_MS) as Timing;
		this.timer.target = woken;
	}

	wake(): void {
		const now = this.clock.now();
		this.set(now, now);
	}

	set(at: Millis, now: Millis): void {
		if (!this.timer) return;
		const waitMs = at === NEVER ? Const.LONGEST_MS : Math.ceil(at - now);
		Timer.schedule(this.timer, waitMs <= 0 ? 0 : waitMs < Const.LONGEST_MS ? waitMs : Const.LONGEST_MS, Const.REPEAT_MS);
	}
}

/** The SDK's handle is an object that anything can be noted on. */
interface Timing extends TimerHandle {
	target: Woken;
}

/** The SDK says which timer it was. So none has a function of its own, which would take 152 B. */
const onTime = (timer: TimerHandle): void => (timer as Timing).target.run();

/** The SDK's client, which takes the time of any server: here one that has none itself is refused. RFC 4330 §5. */
class TimeClient extends SNTP {
	private readonly heard: (message: number, value?: unknown) => void;

	constructor(address: string, heard: (message: number, value?: unknown) => void) {
		super({ host: address }, heard);
		this.heard = heard;
	}

	override callback(message: number, length: number): void {
		if (message !== Ntp.READABLE || length !== Ntp.PACKET_BYTES) return super.callback(message, length);
		const first = this.byte();
		const stratum = this.byte();
		this.read(null, Ntp.BETWEEN_BYTES);
		const ntp = ((this.byte() * 256 + this.byte()) * 256 + this.byte()) * 256 + this.byte();
		// The fraction is not needed.
		this.read(null);
		// A server that wants to be left alone (stratum 0) is asked again later, as after silence.
		if ((first & Ntp.MODE) !== Ntp.SERVER_MODE || stratum === 0) return;
		this.close();
		const unix = ntp < Ntp.NTP_EPOCH_SECONDS ? ntp + Ntp.ERA_SECONDS - Ntp.NTP_EPOCH_SECONDS : ntp - Ntp.NTP_EPOCH_SECONDS;
		const usable = first < Ntp.UNSYNCHRONISED && stratum <= Ntp.STRATUM_MAX && ntp > 0 && unix >= RELEASE_UNIX;
		this.heard(SNTP.time, usable ? unix : 0);
	}

	private byte(): number {
		return this.read(Number) ?? 0;
	}
}

const enum Ntp {
	/** Socket.readable of the SDK. */
	READABLE = 2,
	PACKET_BYTES = 48,
	/** From the stratum to the transmit timestamp. */
	BETWEEN_BYTES = 38,
	MODE = 7,
	SERVER_MODE = 4,
	/** Leap indicator 3 and above in the first byte. */
	UNSYNCHRONISED = 0xc0,
	STRATUM_MAX = 15,
	/**
	 * Unix time begins there. Unix seconds of 32 bits without a sign last until 2106; what is below is of the era that
	 * begins in 2036.
	 */
	NTP_EPOCH_SECONDS = 2_208_988_800,
	ERA_SECONDS = 0x1_0000_0000,
}

export class DeviceTimeServer implements TimeServer {
	state: TimeState = TimeState.Idle;
	private readonly clock: DeviceClock;
	private readonly alarm: Alarm;
	private client: TimeClient | undefined;
	private resolving = false;
	/** Counts the clients: one that was given up, or half made, is not listened to. */
	private question = 0;

	constructor(clock: DeviceClock, alarm: Alarm) {
		this.clock = clock;
		this.alarm = alarm;
	}

	unixSeconds(): number {
		return this.clock.unixSeconds();
	}

	/** A certificate was refused, for its dates perhaps. */
	doubt(): void {
		if (this.state !== TimeState.Asking) this.state = TimeState.Doubted;
	}

	ask(host: string): void {
		// Its timer would go on asking for a connection that is gone.
		if (this.state === TimeState.Asking) this.client?.close();
		this.client = undefined;
		this.question++;
		this.state = TimeState.Asking;
		// Looked up here, not by the SDK's client: a resolver that never answers keeps whoever asked it, and would be
		// asked once a minute.
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
			this.client = new TimeClient(address, this.heard.bind(this, question));
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
		this.state = message !== SNTP.time ? TimeState.Failed : value ? this.believe(value as number) : TimeState.Disbelieved;
		this.alarm.wake();
	}

	/** A date that was confirmed is given up for two answers in a row that contradict it, not for one; a person's for any. */
	private believe(seconds: number): TimeState {
		const { clock } = this;
		const { dateFrom } = clock;
		const agrees = dateFrom > DateFrom.Person && Math.abs(seconds - clock.unixSeconds()) <= Limit.TIME_STEP_SECONDS;
		clock.dateFrom = agrees ? DateFrom.Confirmed : DateFrom.Unconfirmed;
		if (!agrees && dateFrom === DateFrom.Confirmed) return TimeState.Contradicted;
		clock.setUnixSeconds(seconds);
		return agrees ? TimeState.Answered : TimeState.Stepped;
	}
}
