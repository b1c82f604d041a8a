// SPDX-License-Identifier: MIT
// Judges settings that are on trial, in the one boot that tries them.
//
// Rule: they have worked when the link proved useful: the broker acknowledged something of ours, or, where it does not
// do so with QoS 0, the link has lived for a minute. They have failed when each pair of network and broker was tried
// and came to nothing, or after TRIAL_MS a pair. A broker that once took us in may need more attempts, until the node
// knows what it hangs up on; so may one whose version of MQTT is not known yet. What came from the broker has worked
// only when it hears commands again: else nobody could change it back. Until then nothing is decided: a power cut is a
// failure.

import { Limit } from '../common/limits.js';
import { NEVER, type Millis, type Pollable } from '../common/ports.js';

/** What is asked of the way to the broker. */
export interface TrialLink {
	/** It proved useful in this boot. */
	readonly useful: boolean;
	/** How often each pair of network and broker was tried, and came to nothing. */
	readonly rounds: number;
	/** How many such pairs there are. */
	readonly pairs: number;
	/** Since when there is no link; 0: there never was one. */
	readonly unlinkedSince: Millis;
}

/** What is asked of the session. */
export interface TrialSession {
	/** The broker has granted the subscription to commands. */
	readonly hears: boolean;
}

/** Who acts on it. */
export interface TrialJudge {
	trialWorked(): void;
	trialFailed(): void;
}

export class Trial implements Pollable {
	private readonly link: TrialLink;
	private readonly judge: TrialJudge;
	/** undefined: it need not hear anything. */
	private readonly session: TrialSession | undefined;
	private readonly rounds: number;
	/** NEVER: it is decided. */
	private endsAt: Millis;

	/** `rounds`: so many are needed to know. */
	constructor(link: TrialLink, judge: TrialJudge, session: TrialSession | undefined, rounds: number) {
		this.link = link;
		this.judge = judge;
		this.session = session;
		this.rounds = rounds;
		this.endsAt = Limit.TRIAL_MS * link.pairs;
	}

	/** The loop asks this after the link. */
	poll(now: Millis): Millis {
		const { link, endsAt } = this;
		if (endsAt === NEVER) return NEVER;
		const failed = now >= endsAt || link.rounds >= this.rounds && link.unlinkedSince === 0;
		const worked = link.useful && (!this.session || this.session.hears);
		if (!failed && !worked) return endsAt;
		this.endsAt = NEVER;
		if (worked) this.judge.trialWorked();
		else this.judge.trialFailed();
		// What follows from it is done by those who are asked before us.
		return now;
	}
}
