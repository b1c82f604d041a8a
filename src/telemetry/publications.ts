// SPDX-License-Identifier: MIT
// What a broker is told beside readings, and what is heard from it.
//
// Rule: the client (broker-client.ts) knows rows and leaves, not what they mean. A publication is a bit that is due,
// written when there is room for it.

import type { Cause } from '../connection/causes.js';
import type { Millis } from '../common/ports.js';
import type { Text } from '../common/text.js';

export interface Publication {
	/** Its topic, behind the base and a slash. */
	readonly leaf: string;
	readonly qos: number;
	readonly retain: boolean;
}

/** What the broker does not take, as bits, so that the node goes without. */
export const enum Without {
	/** Retained messages. */
	Retain = 1,
	/** QoS 1. */
	Acknowledgements = 2,
}

/** Bits of what is due; those above are not yet. */
export const enum Due {
	NOW = 0xff,
}

export interface Publications {
	/** Set by the client. */
	without: number;
	readonly rows: readonly Publication[];
	/** Bit k of DUE_NOW: row k is to be published, as soon as the one before of its row is acknowledged. */
	due: number;
	/** Writes the payload of row k. */
	write(index: number, text: Text): void;
	/** The session has it: it is due no more. */
	published(index: number): void;
	/** Row k was with the session, which has dropped it: it is due again. */
	dropped(index: number): void;
	/** The broker did not take row k for now. */
	turnedDown(index: number): void;
	/** The broker has accepted a session. */
	accepted(): void;
	/** There is somebody to talk to, or will be when the session is accepted, after so many attempts; `takeovers`: link.ts. */
	linkUp(attempts: number, takeovers: number): void;
	/** The link that was up is down. */
	linkDown(cause: Cause, now: Millis): void;
	/** The node will disconnect by itself: says so. */
	stopping(): void;
}

/** Where results of commands go. */
export interface Answers {
	/** There is room for one, or never will be, and somebody to hear it. */
	readonly ready: boolean;
	/** An empty text to write one into, which is sent before anything else is written. */
	beginAnswer(): Text;
	/**
	 * Sends it. With QoS 1 it is kept until it is acknowledged. With QoS 0 it goes at once, past all that waits; that
	 * MUST be for a message just received.
	 */
	answer(qos: number, now: Millis): void;
}

export interface Subscription {
	/** Of its topic filter, behind the base (or <root>/all) and a slash; it may end in "+". */
	readonly leaf: string;
	/**
	 * A message: bytes[nameAt] to bytes[nameEnd - 1] are what stands for the "+", and its payload. They are good until
	 * this returns. `everyone`: it was said to all nodes.
	 */
	received(
		bytes: Uint8Array, nameAt: number, nameEnd: number, payloadAt: number, payloadEnd: number, retained: boolean, everyone: boolean, answers: Answers,
	): void;
	/** What is heard next is kept; otherwise it may have to be answered at once. */
	readonly idle: boolean;
	/** What waits is not for want of room. */
	readonly underWay?: boolean;
}
