// SPDX-License-Identifier: MIT
// What the node says of itself: status, info, channels, outage, health. Contract: docs/topics.md.
//
// Rule: each publication is written at the moment it is sent, from what is true then. Only the outage is kept, since
// nothing else remembers it.

import type { Config } from '../settings/settings.js';
import { Failure, type Settings, type SettingsStore } from '../settings/settings-store.js';
import { CAUSES, Cause } from '../connection/causes.js';
import { Progress } from '../settings/generation.js';
import { isWord } from './json.js';
import { writeHandover, type Handover } from '../connection/last-resort.js';
import { Limit } from '../common/limits.js';
import { type ClearableStore, type Clock, type Log, type Millis, type Network, type Pollable, type TellableClock } from '../common/ports.js';
import { Due, Without, type Publication, type Publications, type Subscription } from './publications.js';
import { writeChannels } from '../readings/channels.js';
import type { Sampler } from '../readings/sampler.js';
import type { Scanning } from './report.js';
import type { Text } from '../common/text.js';
import { VERSION } from '../common/version.js';
import type { ReadingQueue } from '../storage/reading-queue.js';

/** In the order in which they go out. */
export const enum PublicationIndex {
	Status,
	Info,
	Channels,
	Outage,
	Health,
}

const row = (leaf: string, qos: number, retain: boolean): Publication => Object.freeze({ leaf, qos, retain });
const ROWS: readonly Publication[] = Object.freeze([
	row('status', 1, true), row('info', 1, true), row('channels', 1, true),
	row('outage', 1, false), row('health', 0, false),
]);

const enum Const {
	/** Bit k + LATER of what is due: row k, with the next health. */
	LATER = 8,
	/** What who subscribes later is to find. */
	RETAINED = 1 << PublicationIndex.Status | 1 << PublicationIndex.Info | 1 << PublicationIndex.Channels,
}

/** Of docs/topics.md: raised when a program that was written for the one before would go wrong. */
const TOPICS = ',"topics":3';
/** The will's own word. */
export const OFFLINE = 'offline';

/** The board as it is told of, and looked through. */
export interface NodeBoard {
	readonly name: string;
	readonly chip: string;
	/** Begins to look who is on its I2C bus, beside the parts in use. */
	readonly newScan: (clock: Clock, inUse?: Sampler) => Scanning;
}

/** What is made before anything that talks: here to be told of, in actions.ts to be acted on. */
export interface NodeDeps {
	readonly config: Config;
	readonly board: NodeBoard;
	readonly boot: number;
	/** Nothing is measured: the boots before ended too soon. */
	readonly safe: boolean;
	readonly clock: TellableClock;
	readonly log: Log;
	readonly store: ClearableStore;
	readonly settingsStore: SettingsStore;
	/** Why settings cannot be used on this board, in a sentence; '' if they can. */
	readonly check: (settings: Settings, store: SettingsStore, isNewList?: boolean) => string;
	readonly network: Network;
	readonly sampler: Sampler;
	readonly queue: ReadingQueue;
}

/** How many characters of the sentence have room as JSON, quotes not counted. */
const fitting = (sentence: string, room: number): number => {
	for (let i = 0; i < sentence.length; i++) {
		const code = sentence.charCodeAt(i);
		room -= code < 0x20 || code > 0x7e ? 6 : code === 0x22 || code === 0x5c ? 2 : 1;
		if (room < 0) return i;
	}
	return sentence.length;
};

export class NodePublications implements Pollable, Publications, Subscription {
	due = 0;
	without = 0;
	private readonly deps: NodeDeps;
	/** Times that a session was accepted, since boot. */
	private connects = 0;
	private stops = false;
	/** Of the outage under way or just over; `told`: it is with the session. */
	private told = true;
	private lostAt: Millis = 0;
	private lostTime = 0;
	private cause: Cause = Cause.None;
	private attempts = 0;
	private takeovers = 0;
	/** Times that the node restarted itself in it. */
	private restarts = 0;
	private backAt: Millis = 0;
	private kept = 0;
	private healthAt: Millis = Limit.HEALTH_MS;

	constructor(deps: NodeDeps) {
		this.deps = deps;
	}

	get rows(): readonly Publication[] {
		return ROWS;
	}

	get leaf(): string {
		return 'status';
	}

	get idle(): boolean {
		return true;
	}

	poll(now: Millis): Millis {
		if (now >= this.healthAt) {
			this.healthAt = now + Limit.HEALTH_MS;
			this.due |= 1 << PublicationIndex.Health | this.due >> Const.LATER;
			this.due &= Due.NOW;
			// Who subscribes later finds nothing that was retained.
			if (this.without & Without.Retain) this.due |= Const.RETAINED;
		}
		return this.healthAt;
	}

	/** Our own status: a will of an earlier connection may turn up while we are here, on some brokers with the retain flag. */
	received(bytes: Uint8Array, _nameAt: number, _nameEnd: number, payloadAt: number, payloadEnd: number): void {
		if (!this.stops && isWord(bytes, payloadAt, payloadEnd, OFFLINE)) this.due |= 1 << PublicationIndex.Status;
	}

	accepted(): void {
		this.connects++;
	}

	linkUp(attempts: number, takeovers: number): void {
		const { clock, queue } = this.deps;
		this.due |= Const.RETAINED | 1 << PublicationIndex.Health;
		if (this.told) return;
		this.backAt = clock.now();
		this.attempts = attempts;
		this.takeovers = takeovers;
		this.kept = queue.count;
		this.due |= 1 << PublicationIndex.Outage;
	}

	linkDown(cause: Cause, now: Millis): void {
		if (!this.told) return;
		this.told = false;
		this.restarts = 0;
		this.lostAt = now;
		this.lostTime = this.deps.clock.unixSeconds();
		this.cause = cause;
	}

	stopping(): void {
		this.stops = true;
		this.due |= 1 << PublicationIndex.Status;
	}

	/** What info tells has changed. */
	infoChanged(): void {
		this.due |= 1 << PublicationIndex.Info;
	}

	/** The boot before left us an outage that goes on. */
	continueOutage({ restarts, lostSeconds, lostTime, cause }: Handover): void {
		if (restarts === 0) return;
		this.restarts = restarts;
		this.told = false;
		this.lostAt = -1_000 * lostSeconds;
		this.lostTime = lostTime;
		this.cause = cause;
	}

	/** Tells the next boot of the outage under way, or of what ended the last attempt. False, and nothing is told: a restart would lose readings. */
	handOver(unlinkedSince: Millis, cause: Cause): boolean {
		const { boot, clock, store, queue } = this.deps;
		if (!queue.save()) return false;
		const never = this.told;
		const seconds = Math.round((clock.now() - (never ? unlinkedSince : this.lostAt)) / 1000);
		const unix = clock.unixSeconds();
		writeHandover(store, {
			restarts: this.restarts + 1,
			boot,
			uptime: clock.uptime() + Limit.RESTART_SECONDS,
			lostSeconds: seconds + Limit.RESTART_SECONDS,
			lostTime: this.lostTime || (unix && unix - seconds),
			cause: never ? cause : this.cause,
			// All that was sent is acknowledged: nothing comes again but what earlier boots sent in this outage.
			datedFrom: queue.settled && this.restarts === 0 ? 0 : Math.abs(queue.datedFrom),
		});
		return true;
	}

	write(index: PublicationIndex, text: Text): void {
		switch (index) {
			case PublicationIndex.Status:
				text.put(this.stops ? 'stopped' : 'online');
				break;
			case PublicationIndex.Info:
				return this.writeInfo(text);
			case PublicationIndex.Channels:
				return writeChannels(text, this.deps.sampler.parts);
			case PublicationIndex.Outage:
				return this.writeOutage(text);
			case PublicationIndex.Health:
				return this.writeHealth(text);
		}
	}

	published(index: PublicationIndex): void {
		this.due &= ~(1 << index);
		if (index !== PublicationIndex.Outage) return;
		this.told = true;
	}

	dropped(index: PublicationIndex): void {
		this.due |= 1 << index;
		if (index === PublicationIndex.Outage) this.told = false;
	}

	/** What subscribers find is tried again with the next health. An outage can be written once. */
	turnedDown(index: PublicationIndex): void {
		if (Const.RETAINED >> index & 1) this.due |= 1 << index + Const.LATER;
	}

	private writeInfo(text: Text): void {
		const { board, boot, safe, network, sampler } = this.deps;
		text.put('{"firmware":"telltale","version":').quoted(VERSION).put(TOPICS).put(',"board":').quoted(board.name).put(',"chip":').quoted(board.chip);
		this.writeParts(text.put(',"sensors":"'));
		text.put('","interval":').milli(sampler.intervalMs).put(',"boot":').whole(boot);
		text.put(',"address":').quoted(network.address());
		if (this.without & Without.Retain) text.put(',"retain":false');
		if (this.without & Without.Acknowledgements) text.put(',"qos":0');
		this.writeTrial(text);
		text.put(safe ? ',"safeMode":true}' : '}');
	}

	/** By their names in the table of parts. */
	private writeParts(text: Text): void {
		const { parts } = this.deps.sampler;
		for (let i = 0; i < parts.length; i++) {
			if (i > 0) text.put(',');
			text.put(parts[i].row.name);
		}
	}

	/** What came of the newest settings that were on trial. */
	private writeTrial(text: Text): void {
		const last = this.deps.settingsStore.lastTrial();
		if (!last) return;
		text.put(',"settings":{"serial":').whole(last.serial).put(',"trial":');
		const outcome = last.progress(Progress.Outcome);
		if (last.progress(Progress.Worked) === 0) text.put('"worked"}');
		else text.put('"failed","why":').quoted(outcome === Failure.UNUSABLE ? 'settings' : outcome < Failure.POWER && CAUSES[outcome] || 'power').put('}');
	}

	private writeOutage(text: Text): void {
		text.put('{');
		if (this.lostTime) text.put('"start":').whole(this.lostTime).put(',');
		text.put('"seconds":').milli(Math.round(this.backAt - this.lostAt)).put(',"cause":').quoted(CAUSES[this.cause]);
		text.put(',"attempts":').whole(this.attempts).put(',"kept":').whole(this.kept);
		if (this.takeovers) text.put(',"takeovers":').whole(this.takeovers);
		if (this.restarts) text.put(',"restarts":').whole(this.restarts);
		text.put('}');
	}

	private writeHealth(text: Text): void {
		const { boot, clock, network, sampler, queue } = this.deps;
		text.put('{"boot":').whole(boot).put(',"uptime":').whole(clock.uptime()).put(',"rssi":').whole(network.rssi());
		text.put(',"sampled":').whole(sampler.sampled).put(',"sent":').whole(queue.handedOver).put(',"acknowledged":').whole(queue.delivered);
		text.put(',"waiting":').whole(queue.count).put(',"dropped":').whole(queue.dropped);
		this.writeJournal(text);
		text.put(',"connects":').whole(this.connects).put(',"sensorErrors":').whole(sampler.sensorErrors);
		const { failing } = sampler;
		if (failing >= 0) this.writeFailing(text, sampler.parts[failing].name, sampler.why(failing));
		text.put('}');
	}

	/** As much of the sentence as fits. */
	private writeFailing(text: Text, name: string, why: string): void {
		text.put(',"failing":').quoted(name).put(',"why":');
		text.quoted(why.slice(0, fitting(why, text.bytes.length - text.length - 3)));
	}

	/** What there is only with flash; most of it only after something happened. */
	private writeJournal(text: Text): void {
		const { queue } = this.deps;
		const { journal } = queue;
		if (!journal) return;
		text.put(',"journalled":').whole(journal.written).put(',"sectors":').whole(journal.alive);
		if (queue.deliveredEarlier) text.put(',"acknowledgedEarlier":').whole(queue.deliveredEarlier);
		if (journal.droppedEarlier) text.put(',"droppedEarlier":').whole(journal.droppedEarlier);
		if (journal.discarded) text.put(',"discarded":').whole(journal.discarded);
		if (journal.faults) text.put(',"flashErrors":').whole(journal.faults);
	}
}
