// What server and page tell each other: types, and a few bounds that both must know.
//
// Rule: plain JSON. Text from outside is as it was said: the page shows it as text. No address in it holds a password.

import type { Outage } from '../availability.js';
import type { Status } from '../payload.js';
import type { Trouble } from '../state.js';

export interface LinkNews {
	/** Without user and password. */
	readonly url: string;
	readonly up: boolean;
	readonly sentence: string;
	/** Since when it is so, in milliseconds. */
	readonly since: number;
}

export interface ChannelNews {
	readonly name: string;
	readonly unit: string;
	readonly part: string;
	/** null: none came. */
	readonly value: number | null;
	readonly suspect: boolean;
	/** The last values, each as a digit of base 36: 0 is the least. */
	readonly spark: string;
}

/** In the page of its node. */
export interface ChannelDetail extends ChannelNews {
	/** When its value was taken, or where nobody knows that or it is of the future, when it came: milliseconds; null if none came. */
	readonly time: number | null;
}

/** A node in the overview. Times are milliseconds. */
export interface Row {
	readonly name: string;
	readonly status: Status | null;
	/** Since when; null where nobody knows. */
	readonly since: number | null;
	readonly trouble: Trouble;
	readonly why: string;
	readonly channels: readonly ChannelNews[];
	/** How many more channels it has than are here. */
	readonly more: number;
	/** When the last reading was taken, or where nobody knows that or it is of the future, when it came; null if none came. */
	readonly time: number | null;
	/** How far its clock was ahead of ours then: a simulation may be faster than time. Milliseconds. */
	readonly ahead: number;
	readonly seq: number | null;
	readonly received: number;
	readonly missing: number;
	readonly toCome: number;
	readonly late: number;
	readonly dropped: number;
	readonly passed: number;
	readonly outages: number;
	readonly rssi: number | null;
	/** Seconds between readings. */
	readonly interval: number | null;
}

export interface Totals {
	readonly nodes: number;
	readonly online: number;
	readonly offline: number;
	readonly stopped: number;
	readonly faults: number;
	readonly received: number;
	readonly missing: number;
	readonly toCome: number;
	readonly late: number;
	readonly dropped: number;
	readonly passed: number;
}

export interface Refusal {
	readonly node: string;
	readonly why: string;
	readonly at: number;
}

/** Of the stream: what holds for all pages. */
export interface Common {
	/** The server's clock, in milliseconds. */
	readonly now: number;
	readonly links: readonly LinkNews[];
	readonly totals: Totals;
	/** Messages that were not taken. */
	readonly refused: number;
	readonly refusals: readonly Refusal[];
	readonly world: WorldNews | null;
	/** This browser has shown the token. */
	readonly mayCommand: boolean;
}

export interface OverviewNews extends Common {
	/** Those that are otherwise than before; all of them at first. */
	readonly rows: readonly Row[];
}

export type EventKind = 'status' | 'late' | 'outage' | 'gap' | 'fault' | 'command' | 'world' | 'log' | 'boot' | 'refused' | 'link';

/** Something that happened, in the order of `id`. One that goes on comes again with the same id. */
export interface TimelineEvent {
	readonly id: number;
	readonly at: number;
	readonly kind: EventKind;
	readonly text: string;
	/** Trouble, its end, or neither. */
	readonly tone: 'bad' | 'good' | 'plain';
}

/** Unix seconds. */
export interface Span {
	readonly from: number;
	readonly to: number;
	readonly count: number;
}

export interface GapNews {
	readonly boot: string;
	readonly from: number;
	readonly to: number;
}

export interface Detail {
	readonly row: Row;
	/** All of its channels. */
	readonly channels: readonly ChannelDetail[];
	readonly derived: readonly { readonly name: string; readonly unit: string; readonly value: number }[];
	/** The lowest numbers that did not come, GAPS_SHOWN at the most. */
	readonly gaps: readonly GapNews[];
	readonly gapCount: number;
	readonly outages: readonly Outage[];
	/** Readings that came late, by when they were taken. */
	readonly lateSpans: readonly Span[];
	/** When the broker said that it was offline: Unix seconds. */
	readonly away: readonly { readonly from: number; readonly to: number }[];
	/** What it says of itself, ready to be shown. */
	readonly facts: readonly (readonly [name: string, value: string])[];
	readonly boot: string;
	readonly boots: number;
	/** Seconds. */
	readonly uptime: number | null;
	readonly fault: string;
	/** Its own messages that were not taken, and why the last was not. */
	readonly refused: number;
	readonly complaint: string;
	readonly isSimulated: boolean;
	/** Of its world, as far as it is this node's own. */
	readonly power: boolean | null;
	readonly parts: readonly { readonly name: string; readonly trouble: string }[];
}

export interface NodeNews extends Common {
	/** null: nothing of that name is known. */
	readonly detail: Detail | null;
	readonly events: readonly TimelineEvent[];
}

/** The world of simulated nodes, as far as it is all nodes' together. */
export interface WorldNews {
	/** What the air is like. */
	readonly temperature: number;
	readonly humidity: number;
	readonly isByHand: boolean;
	readonly wifi: boolean;
	readonly isSlow: boolean;
	/** null: not ours to stop. */
	readonly broker: boolean | null;
}

/** What a page asks of the world. */
export type WorldAction =
	| { readonly what: 'air'; readonly temperature: number; readonly humidity: number }
	| { readonly what: 'recording' }
	| { readonly what: 'wifi' | 'slow' | 'broker'; readonly on: boolean }
	| { readonly what: 'power'; readonly node: string; readonly on: boolean }
	| { readonly what: 'reset'; readonly node: string }
	| { readonly what: 'part'; readonly node: string; readonly part: string; readonly trouble: string };

/** What came of a command for all nodes, at one of them. */
export interface NodeAnswerNews {
	readonly node: string;
	/** It is away where not. */
	readonly asked: boolean;
	readonly answered: boolean;
	readonly ok: boolean;
	/** Why not; '' if it is ok. */
	readonly error: string;
}

/** What all nodes can be asked together. */
export const COMMANDS_FOR_ALL = ['sample', 'identify', 'interval', 'restart'] as const;
export type CommandForAll = (typeof COMMANDS_FOR_ALL)[number];

/** A chart's data, in columns. */
export interface HistoryNews {
	/** Unix seconds at which a bucket begins, and how long each is; 0: a reading of its own. */
	readonly time: readonly number[];
	readonly seconds: number;
	readonly least: readonly number[];
	readonly most: readonly number[];
	readonly mean: readonly number[];
	/** Places of those of which the node doubts a value. */
	readonly suspect: readonly number[];
	/** Places of those that came late. */
	readonly late: readonly number[];
}

export interface CommandNews {
	readonly ok: boolean;
	readonly answered: boolean;
	readonly error: string;
	/** All that the node said. */
	readonly content: Readonly<Record<string, unknown>> | null;
}

export const GAPS_SHOWN = 20;
/** What a node's health says, as charts beside its channels: their names begin so, as no channel's does. */
export const HEALTH = 'health.';
