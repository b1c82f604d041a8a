// What is known of a node as a person wants it: how it is, what troubles it and how much, and what it measures.
//
// Rule: pure. The terminal and the web page show this and decide nothing themselves. Text from outside is as it was said.

import { derived, type Derived } from './air.js';
import type { Outage } from './availability.js';
import type { ChannelView } from './channels.js';
import type { NodeView } from './node.js';
import { bounded, type Content, type Status } from './payload.js';

/** The worst first. `late`: it is online, and what it held back is on its way. `unknown`: nothing was heard of its status. */
export const TROUBLES = ['offline', 'fault', 'silent', 'missing', 'suspect', 'late', 'stopped', 'unknown', 'none'] as const;
export type Trouble = (typeof TROUBLES)[number];

export interface ChannelState extends ChannelView {
	/** Seconds since it was taken, by its own time; undefined if nothing came. */
	readonly age: number | undefined;
}

export interface NodeState {
	readonly name: string;
	readonly status: Status | undefined;
	/** Seconds for which it is so; undefined where nobody knows, since it was retained. */
	readonly statusSeconds: number | undefined;
	readonly trouble: Trouble;
	/** The trouble in words; '' if there is none. With text from outside. */
	readonly why: string;
	/** In the order in which the node lists them. */
	readonly channels: readonly ChannelState[];
	readonly derived: readonly Derived[];
	/** Seconds since the last reading was taken, by its own time; undefined if none came. */
	readonly age: number | undefined;
	/** Number of the last reading. */
	readonly seq: number | undefined;
	readonly received: number;
	/** Did not come, and the node does not say that it holds them. */
	readonly missing: number;
	/** Did not come yet: the node holds them. */
	readonly toCome: number;
	readonly late: number;
	readonly dropped: number;
	readonly passed: number;
	/** Messages that do not follow the contract, or readings that contradict. */
	readonly refused: number;
	readonly outages: number;
	readonly lastOutage: Outage | undefined;
	/** dBm */
	readonly rssi: number | undefined;
	/** Seconds. */
	readonly uptime: number | undefined;
	/** Which part does not answer and why; '' while all do. */
	readonly fault: string;
	/** Failures of parts since the node started. */
	readonly sensorErrors: number;
	readonly version: string;
	readonly address: string;
	readonly board: string;
	readonly sensors: string;
	/** Seconds between readings. */
	readonly interval: number | undefined;
	readonly isSafeMode: boolean;
}

const WHY_MAX = 200;
/** A node keeps each number of its health in 32 bits. */
const NUMBER_MAX = 0xffff_ffff;
/** dBm: no radio is as loud or as quiet. */
const RSSI_MAX = 200;
/** So many readings may be late before a node that is online counts as silent, and so many seconds more. */
const SILENT_INTERVALS = 3;
const SILENT_SECONDS = 60;
/** For an interval, while only one reading was seen. */
const UNSEEN_SECONDS = 300;
/** After a return the node tells how many readings it holds. */
const RETURN_MS = 10_000;

/** Which part does not answer and why, as the node's health says; '' while all do. */
export function faultOf(health: Content | undefined): string {
	const { failing, why } = health ?? {};
	if (typeof failing !== 'string' || !failing) return '';
	return bounded(failing) + (typeof why === 'string' && why ? `: ${why.slice(0, WHY_MAX).replace(/\.$/, '')}` : '');
}

/** `now`: as the times of the node, in milliseconds. */
export function stateOf(node: NodeView, now: number): NodeState {
	const { info, health, last } = node;
	const { missing, toCome } = lossesOf(node, now);
	const channels = node.channels.map((channel) => channelState(channel, now));
	const age = last && ageOf(node.lastTime, node.lastAt, now);
	const uptime = numberIn(health, 'uptime');
	const base = {
		name: node.name, status: node.status, age, channels, missing, toCome,
		statusSeconds: node.status && !node.statusRetained ? Math.max(0, now - node.statusAt) / 1_000 : undefined,
		derived: derived(Object.fromEntries(channels.map(({ name, value }) => [name, value]))),
		seq: last?.seq, received: node.received, late: node.late, dropped: node.dropped, passed: node.passed,
		refused: node.malformed + node.conflicts,
		outages: node.outages, lastOutage: node.outageLog.at(-1),
		rssi: rssiIn(health),
		uptime: uptime === undefined ? undefined : uptime + (node.status === 'online' ? Math.max(0, now - node.healthAt) / 1_000 : 0),
		fault: faultOf(health),
		sensorErrors: numberIn(health, 'sensorErrors') ?? 0,
		version: textIn(info, 'version'), address: textIn(info, 'address'), board: textIn(info, 'board'), sensors: textIn(info, 'sensors'),
		interval: numberIn(info, 'interval'),
		isSafeMode: info?.['safeMode'] === true,
	};
	const trouble = troubleOf(base, silenceOf(node.spacing, base.interval));
	return { ...base, trouble, why: whyOf(trouble, base) };
}

type Base = Omit<NodeState, 'trouble' | 'why'>;

/** After so many seconds without a reading a node counts as silent. Parts may have their own intervals, so what was seen goes before what it says. */
function silenceOf(spacing: number | undefined, interval = 0): number {
	const usual = spacing === undefined ? Math.max(interval, UNSEEN_SECONDS) : Math.max(interval, spacing / 1_000);
	return SILENT_INTERVALS * usual + SILENT_SECONDS;
}

function troubleOf({ status, fault, isSafeMode, age, missing, channels, toCome }: Base, silence: number): Trouble {
	if (status === 'offline') return 'offline';
	if (fault || isSafeMode) return 'fault';
	if (status === 'online' && age !== undefined && age > silence) return 'silent';
	if (missing) return 'missing';
	if (channels.some(({ suspect }) => suspect)) return 'suspect';
	if (toCome) return 'late';
	if (status === undefined) return age === undefined ? 'unknown' : 'none';
	return status === 'stopped' ? 'stopped' : 'none';
}

function whyOf(trouble: Trouble, { fault, missing, toCome, channels }: Base): string {
	switch (trouble) {
		case 'offline': return 'lost: power, Wi-Fi or a crash';
		case 'fault': return fault || 'safe mode: it measures nothing';
		case 'silent': return 'online, but sends no readings';
		case 'missing': return `${missing} missing`;
		case 'suspect': return `doubts ${channels.filter(({ suspect }) => suspect).map(({ name }) => name).join(', ')}`;
		case 'late': return `${toCome} to come`;
		default: return '';
	}
}

function lossesOf(node: NodeView, now: number): { missing: number; toCome: number } {
	const open = node.missing;
	const isBack = node.status === 'online' && !node.statusRetained && now - node.statusAt < RETURN_MS;
	const toCome = isBack ? open : node.toCome;
	return { missing: open - toCome, toCome };
}

function channelState(channel: ChannelView, now: number): ChannelState {
	const { name, unit, part, value, suspect, time, at, recent } = channel;
	return { name, unit, part, value, suspect, time, at, recent, age: value === undefined ? undefined : ageOf(time, at, now) };
}

/** By its own time where that is known; one of the future makes it no younger than it came. */
function ageOf(time: number | undefined, at: number, now: number): number {
	return Math.max(0, (now - at) / 1_000, time === undefined ? 0 : now / 1_000 - time);
}

function numberIn(content: Content | undefined, key: string): number | undefined {
	const value = content?.[key];
	return typeof value === 'number' && Math.abs(value) <= NUMBER_MAX ? value : undefined;
}

/** 0: not known. */
function rssiIn(health: Content | undefined): number | undefined {
	const rssi = numberIn(health, 'rssi');
	return rssi && Math.abs(rssi) <= RSSI_MAX ? rssi : undefined;
}

function textIn(content: Content | undefined, key: string): string {
	const value = content?.[key];
	return typeof value === 'string' ? bounded(value) : '';
}

export interface Counts {
	readonly nodes: number;
	readonly online: number;
	readonly offline: number;
	readonly stopped: number;
	/** Parts that do not answer, values that are doubted, and nodes in safe mode. */
	readonly faults: number;
	readonly missing: number;
	readonly toCome: number;
}

export function countsOf(states: readonly NodeState[]): Counts {
	const count = (is: (state: NodeState) => boolean) => states.filter(is).length;
	const sum = (of: (state: NodeState) => number) => states.reduce((total, state) => total + of(state), 0);
	return {
		nodes: states.length,
		online: count(({ status }) => status === 'online' || status === 'sleeping'), offline: count(({ status }) => status === 'offline'), stopped: count(({ status }) => status === 'stopped'),
		faults: count(({ fault, isSafeMode, channels }) => fault !== '' || isSafeMode || channels.some(({ suspect }) => suspect)),
		missing: sum(({ missing }) => missing), toCome: sum(({ toCome }) => toCome),
	};
}

/** "node-2" stands before "node-10". */
export const natural = new Intl.Collator('en', { numeric: true });

export const SORTS = ['trouble', 'name', 'age', 'missing', 'rssi'] as const;
export type Sort = (typeof SORTS)[number];

/** In natural order, where "node-2" stands before "node-10", behind what is asked for; the worst first. */
export function sorted(states: readonly NodeState[], by: Sort = 'trouble'): NodeState[] {
	const worst: Record<Sort, (state: NodeState) => number> = {
		trouble: ({ trouble }) => TROUBLES.indexOf(trouble),
		name: () => 0,
		age: ({ age }) => -(age ?? Infinity),
		missing: ({ missing, toCome }) => -(missing * 1e9 + toCome),
		rssi: ({ rssi }) => rssi ?? 0,
	};
	const of = worst[by];
	return [...states].sort((one, other) => compare(of(one), of(other)) || natural.compare(one.name, other.name) || (one.name < other.name ? -1 : 1));
}

function compare(one: number, other: number): number {
	return one === other ? 0 : one < other ? -1 : 1;
}
