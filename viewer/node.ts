// What is known of one node: its readings by boot and number, how it is, its channels, its health.
//
// Rule: bounded whatever comes: BOOTS_MAX boots, and what viewer/boot.ts, availability.ts and channels.ts keep. Pure: the caller says when
// a message came, and by which broker.

import { Availability, type Outage } from './availability.js';
import { BootLog, LEAP_MAX, type Verdict } from './boot.js';
import { Channels, type ChannelView } from './channels.js';
import type { Content, Message, Reading, Status } from './payload.js';
import type { Range } from './ranges.js';

/** Boots of one node that are told apart; what is kept of older ones is their counts. */
export const BOOTS_MAX = 8;

const SPACINGS_MAX = 16;

export interface Gap extends Range {
	readonly boot: string;
}

/** What is known of one node. */
export interface NodeView {
	readonly name: string;
	readonly status: Status | undefined;
	/** When it became so, as the caller's time; if it is retained, when it was heard: nobody knows since when it is so. */
	readonly statusAt: number;
	readonly statusRetained: boolean;
	/** The broker where commands reach it, by its place among those that we are connected to. */
	readonly broker: number;
	readonly info: Content | undefined;
	readonly health: Content | undefined;
	readonly healthAt: number;
	/** The last outage, as the node told it, and how many it told. */
	readonly outage: Content | undefined;
	readonly outages: number;
	/** The last of them, the newest last. */
	readonly outageLog: readonly Outage[];
	/** What the last command came to. */
	readonly result: Content | undefined;
	/** In the order in which the node lists them, or by name. */
	readonly channels: readonly ChannelView[];
	/** The reading with the highest number of the boot that is running, when it came, and when it was taken: Unix seconds, undefined if nobody knows. */
	readonly last: Reading | undefined;
	readonly lastAt: number;
	readonly lastTime: number | undefined;
	/** The longest of the last times between live readings, in milliseconds; undefined while there was no second one. */
	readonly spacing: number | undefined;
	readonly received: number;
	readonly late: number;
	readonly duplicates: number;
	readonly conflicts: number;
	readonly malformed: number;
	/** Why the last of these was refused. */
	readonly complaint: string;
	/** Numbers that did not come, those that the node still holds included. */
	readonly missing: number;
	/** Of these, as many as the node says it still holds. */
	readonly toCome: number;
	/** Dropped by the node to make room, and named by it: accounted for, so not missing. */
	readonly dropped: number;
	/** Numbers that passed while the watcher was cut off, as far as later ones show. */
	readonly passed: number;
	/** No live reading came since the watcher was cut off. */
	readonly blind: boolean;
	readonly boots: number;
	gaps(): Gap[];
	/** Unix seconds at which a reading of it was taken; undefined where nobody can know. */
	timeOf(reading: Reading): number | undefined;
}

export class Node implements NodeView {
	readonly name: string;
	readonly #fromStart: boolean;
	/** In the order of their last reading. */
	readonly #boots = new Map<string, BootLog>();
	#current: BootLog | undefined;
	#forgotten = { received: 0, missing: 0, dropped: 0, passed: 0, boots: 0 };
	/** The highest number of the boot that was running when the watcher was cut off. */
	#blindAfter = 0;
	blind = false;
	/** Times between the last live readings. */
	readonly #spacings: number[] = [];
	#liveAt = 0;
	/** The broker that the last live reading came by. */
	#broker = 0;
	readonly #availability = new Availability();
	readonly #channels = new Channels();
	info: Content | undefined;
	health: Content | undefined;
	healthAt = 0;
	/** Readings that the node held when it said so, less those that came late since. */
	#waiting = 0;
	/** When the boot that is running began, by its uptime: Unix seconds; 0: not known. */
	#bootStart = 0;
	result: Content | undefined;
	last: Reading | undefined;
	lastAt = 0;
	lastTime: number | undefined;
	borneOut: Reading | undefined;
	complaint = '';
	late = 0;
	duplicates = 0;
	conflicts = 0;
	malformed = 0;

	constructor(name: string, fromStart: boolean) {
		this.name = name;
		this.#fromStart = fromStart;
	}

	reading(reading: Reading, late: boolean, at: number, broker: number): Verdict {
		const boot = this.#boot(reading.boot);
		this.borneOut = undefined;
		if (!boot.isPlausible(reading, late, at)) return this.#implausible();
		const { borneOut } = boot;
		if (reading.dropped) boot.drop(reading.dropped);
		if (!late) this.#heardLive(boot, reading, at, broker);
		if (borneOut) this.#show(boot, (this.borneOut = borneOut), at, late);
		const verdict = boot.take(reading, late);
		if (verdict === 'conflict') this.conflicts++;
		else if (verdict === 'duplicate') this.duplicates++;
		else if (late) this.#cameLate();
		if (verdict === 'new' || (verdict === 'duplicate' && !this.last)) this.#show(boot, reading, at, late);
		return verdict;
	}

	#implausible(): Verdict {
		this.malformed++;
		this.complaint = 'a reading has a number that the node can hardly have come to';
		return 'implausible';
	}

	#cameLate(): void {
		this.late++;
		if (this.#waiting > 0) this.#waiting--;
	}

	/** Whether it says something new. */
	note(message: Exclude<Message, { kind: 'reading' | 'malformed' | 'foreign' | 'other' }>, at: number, broker: number, retained: boolean): 'noted' | 'known' {
		switch (message.kind) {
			case 'cleared': return this.#clear(message.leaf, at, broker);
			case 'status': return this.#availability.said(message.status, at, broker, retained) ? 'noted' : 'known';
			case 'outage': return this.#availability.was(message.content, at) ? 'noted' : 'known';
			case 'channels': return this.#channels.listed(message.channels) ? 'noted' : 'known';
			case 'health': return this.#noteHealth(message.content, at);
		}
		this[message.kind] = message.content;
		return 'noted';
	}

	#noteHealth(health: Content, at: number): 'noted' {
		[this.health, this.healthAt] = [health, at];
		const { waiting } = health;
		this.#waiting = typeof waiting === 'number' && waiting > 0 && Number.isFinite(waiting) ? waiting : 0;
		return 'noted';
	}

	get status(): Status | undefined {
		return this.#availability.status;
	}

	get statusAt(): number {
		return this.#availability.at;
	}

	get statusRetained(): boolean {
		return this.#availability.retained;
	}

	/** Where commands reach it: the broker that says it is online, else the one that its last live reading came by. */
	get broker(): number {
		return this.#availability.onlineAt ?? this.#broker;
	}

	get outage(): Content | undefined {
		return this.#availability.last;
	}

	get outages(): number {
		return this.#availability.count;
	}

	get outageLog(): readonly Outage[] {
		return this.#availability.outages;
	}

	get channels(): readonly ChannelView[] {
		return this.#channels.all();
	}

	get toCome(): number {
		return Math.min(this.missing, this.#waiting);
	}

	/** Unix seconds at which the reading was taken; undefined where nobody can know. */
	timeOf({ time, uptime, boot }: Reading): number | undefined {
		if (time !== undefined) return time;
		return this.#bootStart && boot === this.#current?.name ? this.#bootStart + uptime! : undefined;
	}

	expect(boot: string, count: number): void {
		this.#boot(boot).expect(count);
	}

	interrupted(broker: number): void {
		this.#availability.interrupted(broker);
		if (broker !== this.#broker) return;
		if (!this.blind) this.#blindAfter = this.#current?.highest ?? 0;
		this.blind = true;
	}

	get received(): number {
		return this.#sum((boot) => boot.received) + this.#forgotten.received;
	}

	get missing(): number {
		return this.#sum((boot) => boot.missing) + this.#forgotten.missing;
	}

	get dropped(): number {
		return this.#sum((boot) => boot.dropped) + this.#forgotten.dropped;
	}

	get passed(): number {
		return this.#sum((boot) => boot.passed) + this.#forgotten.passed;
	}

	get boots(): number {
		return this.#boots.size + this.#forgotten.boots;
	}

	gaps(): Gap[] {
		return [...this.#boots.values()].flatMap((boot) => boot.gaps().map((gap) => ({ boot: boot.name, ...gap })));
	}

	#sum(of: (boot: BootLog) => number): number {
		let sum = 0;
		for (const boot of this.#boots.values()) sum += of(boot);
		return sum;
	}

	#clear(leaf: string, at: number, broker: number): 'noted' {
		if (leaf === 'status') this.#availability.said(undefined, at, broker, false);
		else if (leaf === 'info') this.info = undefined;
		else if (leaf === 'channels') this.#channels.listed({});
		return 'noted';
	}

	#boot(name: string): BootLog {
		const boot = this.#boots.get(name) ?? new BootLog(name, this.#fromStart);
		// Moved behind the others: the first of the map is the one that was quiet longest.
		this.#boots.delete(name);
		this.#boots.set(name, boot);
		if (this.#boots.size > BOOTS_MAX) this.#forget();
		return boot;
	}

	#forget(): void {
		for (const [name, boot] of this.#boots) {
			if (boot === this.#current) continue;
			this.#forgotten.received += boot.received;
			this.#forgotten.missing += boot.missing;
			this.#forgotten.dropped += boot.dropped;
			this.#forgotten.passed += boot.passed;
			this.#forgotten.boots++;
			this.#boots.delete(name);
			return;
		}
	}

	get spacing(): number | undefined {
		return this.#spacings.length ? Math.max(...this.#spacings) : undefined;
	}

	#heardLive(boot: BootLog, { seq, uptime }: Reading, at: number, broker: number): void {
		this.#broker = broker;
		if (this.#liveAt) this.#spacings.push(at - this.#liveAt);
		if (this.#spacings.length > SPACINGS_MAX) this.#spacings.shift();
		this.#liveAt = at;
		if (boot !== this.#current) {
			// A boot that follows another before our eyes is seen from its first number on.
			if (this.#current && !this.blind && !boot.heardLive && seq <= LEAP_MAX) boot.begunInSight = true;
			if (this.#current && this.blind && !boot.heardLive) boot.excuse(1, seq - 1);
			this.#current = boot;
			this.#bootStart = 0;
			this.last = undefined;
			this.blind = false;
		} else if (this.blind && seq > this.#blindAfter) {
			boot.excuse(this.#blindAfter + 1, seq - 1);
			this.blind = false;
		}
		if (uptime !== undefined && !this.#bootStart) this.#bootStart = at / 1_000 - uptime;
	}

	#show(boot: BootLog, reading: Reading, at: number, late: boolean): void {
		const time = this.timeOf(reading);
		this.#channels.take(reading, time, at, late);
		if (this.#current && boot !== this.#current) return;
		if (this.last && this.last.boot === reading.boot && this.last.seq > reading.seq) return;
		[this.last, this.lastAt, this.lastTime] = [reading, at, time];
	}
}
