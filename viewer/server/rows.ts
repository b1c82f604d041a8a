// What is known of nodes, as the page gets it.
//
// Rule: pure. stateOf() decides; here it is only cut to what a page shows, so that it can be compared with what was sent before.

import type { NodeView } from '../node.js';
import { countsOf, stateOf, type ChannelState, type NodeState } from '../state.js';
import { GAPS_SHOWN, type ChannelDetail, type ChannelNews, type Detail, type Row, type Totals } from '../web/messages.js';

/** In the overview. */
const CHANNELS_SHOWN = 4;
const SPARK_LENGTH = 24;
const TOP = 35;
/** A clock that is further ahead is not right: nothing goes by it. */
const AHEAD_MAX_MS = 86_400_000;
/** What stands for the whole height of a spark line at the least, by unit: noise is no news. */
const SPANS: ReadonlyMap<string, number> = new Map([['°C', 1], ['%', 2], ['hPa', 2], ['V', 0.1]]);

export function spark(values: readonly number[], unit: string): string {
	const shown = values.slice(-SPARK_LENGTH);
	let [least, most] = [Math.min(...shown), Math.max(...shown)];
	const short = (SPANS.get(unit) ?? 0) - (most - least);
	if (short > 0) [least, most] = [least - short / 2, most + short / 2];
	return shown.map((value) => Math.round(most > least ? ((value - least) / (most - least)) * TOP : TOP / 2).toString(36)).join('');
}

function channelNews({ name, unit, part, value, suspect, recent }: ChannelState): ChannelNews {
	return { name, unit, part, value: value ?? null, suspect, spark: spark(recent, unit) };
}

function channelDetail(channel: ChannelState): ChannelDetail {
	const { value, time, at } = channel;
	return { ...channelNews(channel), time: value === undefined ? null : Math.min(at, time === undefined ? at : time * 1_000) };
}

/** `now`: milliseconds. */
export function rowOf(node: NodeView, state: NodeState): Row {
	const { name, status = null, trouble, why, channels, seq = null, received, missing, toCome, late, dropped, passed, outages, rssi = null, interval = null } = state;
	const taken = node.lastTime === undefined ? node.lastAt : node.lastTime * 1_000;
	return {
		name, status, trouble, why,
		since: node.status && !node.statusRetained ? node.statusAt : null,
		channels: channels.slice(0, CHANNELS_SHOWN).map(channelNews), more: Math.max(0, channels.length - CHANNELS_SHOWN),
		time: node.last ? Math.min(node.lastAt, taken) : null, ahead: taken - node.lastAt <= AHEAD_MAX_MS ? Math.max(0, taken - node.lastAt) : 0,
		seq, received, missing, toCome, late, dropped, passed, outages, rssi, interval,
	};
}

const FACTS: readonly (readonly [label: string, key: keyof NodeState])[] = [['Firmware', 'version'], ['Board', 'board'], ['Address', 'address'], ['Parts', 'sensors']];

export type OwnDetail = Omit<Detail, 'lateSpans' | 'away' | 'isSimulated' | 'power' | 'parts'>;

export function detailOf(node: NodeView, now: number): OwnDetail {
	const state = stateOf(node, now);
	const gaps = node.gaps();
	return {
		row: rowOf(node, state),
		channels: state.channels.map(channelDetail),
		derived: state.derived.map(({ name, unit, value }) => ({ name, unit, value })),
		gaps: gaps.slice(-GAPS_SHOWN), gapCount: gaps.length,
		outages: node.outageLog,
		facts: FACTS.flatMap(([label, key]) => (state[key] ? [[label, String(state[key])] as const] : [])),
		boot: node.last?.boot ?? '', boots: node.boots,
		uptime: state.uptime === undefined ? null : Math.round(state.uptime),
		fault: state.fault, refused: state.refused, complaint: node.complaint,
	};
}

export function totalsOf(states: readonly NodeState[]): Totals {
	const sum = (of: (state: NodeState) => number) => states.reduce((total, state) => total + of(state), 0);
	const { nodes, online, offline, stopped, faults, missing, toCome } = countsOf(states);
	return {
		nodes, online, offline, stopped, faults, missing, toCome,
		received: sum(({ received }) => received), late: sum(({ late }) => late), dropped: sum(({ dropped }) => dropped), passed: sum(({ passed }) => passed),
	};
}
