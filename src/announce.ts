// SPDX-License-Identifier: MIT
// What the node says of itself: status, info, outage, health. Contract: docs/topics.md.
//
// Rule: each kind is written at the moment it is sent, from what is true then; nothing is kept but what the past alone knows
// (the outage).

import type { Broker } from './broker.js';
import type { Config } from './config.js';
import { CAUSES, Cause } from './causes.js';
import type { Link } from './link.js';
import { HEALTH_MS } from './limits.js';
import type { Clock, Millis, Network, Pollable } from './ports.js';
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
	#lostAt: Millis = -1;
	#lostTime = 0;
	#cause: Cause = Cause.None;
	#attempts = 0;
	#takeovers = 0;
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
		if (this.#lostAt >= 0) {
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
		if (this.#lostAt >= 0) return;
		this.#lostAt = now;
		this.#lostTime = this.#of.clock.unixSeconds();
		this.#cause = cause;
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
		if (kind === Kind.Outage) this.#lostAt = -1;
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
		text.put('}');
	}

	private writeHealth(text: Text): void {
		const { boot, clock, network, sampler, waiting, broker, link } = this.#of;
		text.put('{"boot":').whole(boot).put(',"uptime":').whole(Math.floor(clock.now() / 1000)).put(',"rssi":').whole(network.rssi());
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
