// SPDX-License-Identifier: MIT
// What the node says of itself: status, info, outage, health. Contract: docs/topics.md.
//
// Rule: each kind is written at the moment it is sent, from what is true then; nothing is kept but what the past alone knows
// (the outage).

import type { Broker } from './broker.js';
import type { Config } from './config.js';
import { CAUSES, Cause } from './causes.js';
import type { Link } from './link.js';
import { bequeath, type Legacy } from './lastresort.js';
import { HEALTH_MS, RESTART_SECONDS } from './limits.js';
import { NEVER, type Clock, type Millis, type Network, type Pollable, type Store } from './ports.js';
import type { Sampler } from './sampler.js';
import type { Text } from './text.js';
import { VERSION } from './version.js';
import type { Waiting } from './waiting.js';

/** In the order in which they go out. */
export const enum Kind {
	Status,
	Info,
	Outage,
	Health,
}

export interface KindRow {
	readonly name: string;
	readonly qos: number;
	readonly retain: boolean;
}
const row = (name: string, qos: number, retain: boolean): KindRow => Object.freeze({ name, qos, retain });
export const KINDS: readonly KindRow[] = Object.freeze([
	row('status', 1, true),
	row('info', 1, true),
	row('outage', 1, false),
	row('health', 0, false),
]);

/** The will's own word. */
export const OFFLINE = 'offline';

/** What there is to tell of. */
export interface Subjects {
	readonly config: Config;
	readonly board: { readonly name: string; readonly chip: string };
	readonly boot: number;
	/** Nothing is measured: the boots before ended too soon. */
	readonly safe: boolean;
	readonly clock: Clock;
	readonly network: Network;
	readonly sampler: Sampler;
	readonly waiting: Waiting;
	readonly broker: Broker;
	readonly link: Link;
}

export class Announcer implements Pollable {
	readonly #of: Subjects;
	#word = 'online';
	/** Of the outage under way or just over. */
	#lostAt: Millis = NEVER;
	#lostTime = 0;
	#cause: Cause = Cause.None;
	#attempts = 0;
	#takeovers = 0;
	/** Times that the node restarted itself in it. */
	#restarts = 0;
	#backAt: Millis = 0;
	#kept = 0;
	#healthAt: Millis = HEALTH_MS;

	constructor(subjects: Subjects) {
		this.#of = subjects;
	}

	poll(now: Millis): Millis {
		if (now >= this.#healthAt) {
			this.#healthAt = now + HEALTH_MS;
			this.#of.broker.announce(Kind.Health);
		}
		return this.#healthAt;
	}

	/** Which kinds are due after a CONNACK, as bits. */
	onConnected(): number {
		const { clock, link, waiting } = this.#of;
		let due = (1 << Kind.Status) | (1 << Kind.Info) | (1 << Kind.Health);
		if (this.#lostAt !== NEVER) {
			this.#backAt = clock.now();
			this.#attempts = link.attempts;
			this.#takeovers = link.takeovers;
			this.#kept = waiting.count;
			due |= 1 << Kind.Outage;
		}
		return due;
	}

	/** The link that was up is down; `cause` is what ended it. */
	onLost(cause: Cause, now: Millis): void {
		if (this.#lostAt !== NEVER) return;
		this.#lostAt = now;
		this.#lostTime = this.#of.clock.unixSeconds();
		this.#cause = cause;
	}

	/** The boot before left us an outage that goes on. */
	inherit({ restarts, lostSeconds, lostTime, cause }: Legacy): void {
		if (restarts === 0) return;
		this.#restarts = restarts;
		this.#lostAt = -1_000 * lostSeconds;
		this.#lostTime = lostTime;
		this.#cause = cause;
	}

	/** Tells the next boot of the outage under way. False, and nothing is told: a restart would lose readings. */
	bequeath(store: Store): boolean {
		const { boot, clock, link, waiting } = this.#of;
		if (!waiting.save()) return false;
		const never = this.#lostAt === NEVER;
		const seconds = Math.round((clock.now() - (never ? link.unlinkedSince : this.#lostAt)) / 1000);
		const unix = clock.unixSeconds();
		bequeath(store, {
			restarts: this.#restarts + 1,
			boot,
			uptime: clock.uptime() + RESTART_SECONDS,
			lostSeconds: seconds + RESTART_SECONDS,
			lostTime: this.#lostTime || (unix && unix - seconds),
			cause: never ? link.cause : this.#cause,
		});
		return true;
	}

	online(): Kind {
		this.#word = 'online';
		return Kind.Status;
	}

	stopping(): Kind {
		this.#word = 'stopped';
		return Kind.Status;
	}

	/** What info tells has changed. */
	info(): Kind {
		return Kind.Info;
	}

	write(kind: Kind, text: Text): void {
		switch (kind) {
			case Kind.Status:
				text.put(this.#word);
				break;
			case Kind.Info:
				return this.writeInfo(text);
			case Kind.Outage:
				return this.writeOutage(text);
			case Kind.Health:
				return this.writeHealth(text);
		}
	}

	/** The session has taken it. */
	said(kind: Kind): void {
		if (kind !== Kind.Outage) return;
		this.#lostAt = NEVER;
		this.#restarts = 0;
	}

	private writeInfo(text: Text): void {
		const { config, board, boot, safe, network, sampler } = this.#of;
		text.put('{"firmware":"telltale","version":').quoted(VERSION).put(',"board":').quoted(board.name).put(',"chip":').quoted(board.chip);
		text.put(',"sensors":').quoted(config.sensors).put(',"interval":').milli(sampler.intervalMs).put(',"boot":').whole(boot);
		text.put(',"address":').quoted(network.address()).put(safe ? ',"safeMode":true}' : '}');
	}

	private writeOutage(text: Text): void {
		text.put('{');
		if (this.#lostTime) text.put('"start":').whole(this.#lostTime).put(',');
		text.put('"seconds":').milli(Math.round(this.#backAt - this.#lostAt)).put(',"cause":').quoted(CAUSES[this.#cause]);
		text.put(',"attempts":').whole(this.#attempts).put(',"kept":').whole(this.#kept);
		if (this.#takeovers) text.put(',"takeovers":').whole(this.#takeovers);
		if (this.#restarts) text.put(',"restarts":').whole(this.#restarts);
		text.put('}');
	}

	private writeHealth(text: Text): void {
		const { boot, clock, network, sampler, waiting, broker, link } = this.#of;
		text.put('{"boot":').whole(boot).put(',"uptime":').whole(clock.uptime()).put(',"rssi":').whole(network.rssi());
		text.put(',"sampled":').whole(sampler.sampled).put(',"sent":').whole(broker.sent).put(',"acknowledged":').whole(waiting.delivered);
		text.put(',"waiting":').whole(waiting.count).put(',"dropped":').whole(waiting.dropped);
		this.writeJournal(text);
		text.put(',"connects":').whole(link.connects).put(',"sensorErrors":').whole(sampler.sensorErrors).put('}');
	}

	/** What there is only with flash; most of it only after something happened. */
	private writeJournal(text: Text): void {
		const { waiting } = this.#of;
		const { journal } = waiting;
		if (!journal) return;
		text.put(',"journalled":').whole(journal.written).put(',"sectors":').whole(journal.alive);
		if (waiting.deliveredEarlier) text.put(',"acknowledgedEarlier":').whole(waiting.deliveredEarlier);
		if (journal.droppedEarlier) text.put(',"droppedEarlier":').whole(journal.droppedEarlier);
		if (journal.discarded) text.put(',"discarded":').whole(journal.discarded);
		if (journal.faults) text.put(',"flashErrors":').whole(journal.faults);
	}
}
