// SPDX-License-Identifier: MIT
// What the channels that set a node up (Improv over serial, the page of the access point) ask of it.
//
// Rule: types only. No call waits: what takes time is begun, and the fields say how far it is.

import type { Millis } from '../common/ports.js';
import type { Setting } from '../settings/settings.js';

/** Of the Wi-Fi. */
export const enum Phase {
	Idle,
	Joining,
	/** It has an address. */
	Joined,
	/** The last join came to nothing: `problem` says why. */
	Failed,
}

export interface FoundNetwork {
	readonly ssid: string;
	readonly rssi: number;
	/** It wants no passphrase. */
	readonly open: boolean;
}

export interface Provisioner {
	/** The node's name. */
	readonly node: string;
	readonly phase: Phase;
	/** Why the last join, or the last trial, came to nothing: a sentence; '' if nothing did. */
	readonly problem: string;
	/** Dotted; '' while there is none. */
	readonly address: string;
	/** The page at `address` is served. */
	readonly isSetUp: boolean;
	/** Strongest first, each name once, at most 12; undefined while a scan is under way, and before the first. */
	readonly networks: readonly FoundNetwork[] | undefined;
	/**
	 * Begins to join: '' or why not, in a sentence. Decided within 20 s. The network is stored, alone and as one that
	 * worked, only when it gave an address.
	 */
	join(ssid: string, passphrase: string, now: Millis): string;
	/** Puts these settings on trial and restarts soon after, so that the answer gets out: '' or why not, in a sentence. */
	configure(changes: Readonly<Record<string, Setting>>): string;
	/** Begins to look for networks, unless that is under way. */
	scan(now: Millis): void;
}
