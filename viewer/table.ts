// The nodes as a table of so many columns of text: which of its columns fit, and what stands in them.
//
// Rule: pure, and never wider than the terminal. No cell is wider than its column's cap, whatever a stranger calls himself. The narrower the
// terminal, the fewer columns: node, status and missing are always there.

import { age, decimals, outageText, whyText } from './format.js';
import { oneColumn } from './safe.js';
import { spark } from './spark.js';
import type { ChannelState, NodeState } from './state.js';

export interface Cell {
	readonly text: string;
	/** Of SGR; '' for none. */
	readonly colour: string;
}

interface Column {
	readonly title: string;
	/** The first to be shown has the lowest. */
	readonly rank: number;
	readonly cap: number;
	/** So wide before others, and wider where something is left. */
	readonly least?: number;
	readonly isRight?: boolean;
	readonly cell: (state: NodeState) => Cell;
}

export const RED = '31';
export const GREEN = '32';
export const YELLOW = '33';
export const BLUE = '34';
export const CYAN = '36';
const GAP = '  ';
/** A node's own limit, and one that does: longer names are of strangers. */
const NAME_CAP = 23;
const NAME_LEAST = 4;
const INDENT = '  ';
const CHANNEL_CAP = 26;
/** " 1013.2 hPa" */
const VALUE_WIDTH = 13;
const CHANNEL_SPARK = 24;
/** Of status and missing. */
const NEEDED_RANK = 2;
const SPARK_WIDTH = 10;
const CHANNEL_COLUMNS = 6;
/** Before all else; the others where there is room. */
const MAIN_CHANNELS = 2;
/** One in so many nodes has a channel that gets a column. */
const COMMON = 4;
const STATUS_COLOURS: Readonly<Record<string, string>> = { online: GREEN, sleeping: BLUE, stopped: YELLOW, offline: RED };
const NONE = '-';
/** Worth a mark where there is no room for words. */
const MARKED: readonly string[] = ['fault', 'silent', 'suspect'];

const plain = (text: string): Cell => ({ text, colour: '' });

const FIXED: readonly Column[] = [
	{ title: 'NODE', rank: 0, cap: NAME_CAP, cell: ({ name }) => plain(oneColumn(name)) },
	{ title: 'STATUS', rank: 1, cap: 9, cell: statusCell },
	{ title: 'MISSING', rank: 2, cap: 9, isRight: true, cell: ({ missing }) => ({ text: String(missing), colour: missing ? RED : '' }) },
	{ title: 'AGE', rank: 3, cap: 6, isRight: true, cell: ({ age: seconds }) => plain(seconds === undefined ? NONE : age(seconds * 1_000)) },
	{ title: 'TO COME', rank: 4.5, cap: 7, isRight: true, cell: ({ toCome }) => ({ text: toCome ? String(toCome) : NONE, colour: toCome ? CYAN : '' }) },
	{ title: 'RSSI', rank: 6, cap: 5, isRight: true, cell: ({ rssi }) => plain(rssi === undefined ? NONE : String(Math.round(rssi))) },
	{ title: 'WHY', rank: 5, cap: 60, least: 26, cell: (state) => ({ text: whyText(state), colour: state.trouble === 'late' ? CYAN : RED }) },
	{ title: 'LAST OUTAGE', rank: 9, cap: 24, cell: ({ lastOutage }) => plain(lastOutage ? outageText(lastOutage) : NONE) },
];

function statusCell({ status, trouble }: NodeState): Cell {
	const mark = MARKED.includes(trouble) ? ' !' : '';
	return { text: (status ?? NONE) + mark, colour: mark ? YELLOW : (STATUS_COLOURS[status ?? ''] ?? '') };
}

/** Ours are written with these; another's in one column a character. */
export function unitText(unit: string): string {
	return unit.replace(/[^ -~°µ²³Ω]/gu, '?').slice(0, 6);
}

const SHORT: ReadonlyMap<string, string> = new Map([['temperature', 'temp'], ['humidity', 'hum'], ['pressure', 'press'], ['voltage', 'volt']]);

/** "outside_humidity" as "OUTSIDE HUM %" */
function channelTitle({ name, unit }: ChannelState): string {
	const words = oneColumn(name).split('_').map((word) => SHORT.get(word) ?? word);
	return `${words.join(' ').slice(0, 16).toUpperCase()} ${unitText(unit)}`.trim();
}

/** The same channel of all nodes stands in one column; the most common ones first. */
function channelColumns(states: readonly NodeState[]): Column[] {
	const known = new Map<string, { channel: ChannelState; nodes: number; order: number }>();
	for (const { channels } of states) {
		for (const [order, channel] of channels.entries()) {
			const entry = known.get(channel.name) ?? { channel, nodes: 0, order };
			entry.nodes++;
			known.set(channel.name, entry);
		}
	}
	const byCount = [...known.values()].sort((one, other) => other.nodes - one.nodes || one.order - other.order);
	// What few nodes have stands below them.
	const first = byCount.filter(({ nodes }) => nodes * COMMON >= byCount[0]!.nodes).slice(0, CHANNEL_COLUMNS);
	return first.flatMap(({ channel: { name, ...channel } }, index) => [
		{ title: channelTitle({ ...channel, name }), rank: (index < MAIN_CHANNELS ? 4 : 8) + index / 10, cap: 16, isRight: true, cell: (state: NodeState) => valueCell(state.channels.find((each) => each.name === name)) },
		{ title: '', rank: (index < MAIN_CHANNELS ? 7 : 8.5) + index / 10, cap: SPARK_WIDTH, cell: (state: NodeState) => sparkCell(state.channels.find((each) => each.name === name), SPARK_WIDTH) },
	]);
}

function valueCell(channel: ChannelState | undefined): Cell {
	if (channel?.value === undefined) return plain(NONE);
	return { text: decimals(channel.value) + (channel.suspect ? '?' : ''), colour: channel.suspect ? YELLOW : '' };
}

function sparkCell(channel: ChannelState | undefined, width: number): Cell {
	// The newest value is beside the next column, and no column moves while there are few.
	return { text: (channel ? spark(channel.recent, width, channel.unit) : '').padStart(width), colour: '2' };
}

/** The columns in the order in which they stand: what troubles is before what is measured, words are at the end. */
function columnsOf(states: readonly NodeState[]): Column[] {
	const [name, status, missing, ageColumn, toCome, rssi, why, outage] = FIXED as [Column, Column, Column, Column, Column, Column, Column, Column];
	return [name, status, missing, ...(states.some((state) => state.toCome) ? [toCome] : []), ageColumn, ...channelColumns(states), rssi, outage, ...(states.some(whyText) ? [why] : [])];
}

interface Fitted {
	readonly column: Column;
	readonly width: number;
}

/** Those that fit, by their rank. `shown`: what is on the screen decides how wide they are. */
function fit(columns: readonly Column[], shown: readonly NodeState[], width: number): Fitted[] {
	const widths = new Map<Column, number>();
	const natural = (column: Column) => Math.min(column.cap, Math.max(column.title.length, ...shown.map((state) => column.cell(state).text.length)));
	const [name, ...others] = [...columns].sort((one, other) => one.rank - other.rank) as [Column, ...Column[]];
	const needed = others.filter(({ rank }) => rank <= NEEDED_RANK).reduce((sum, column) => sum + natural(column) + GAP.length, 0);
	// The name gives way to status and missing.
	widths.set(name, Math.max(NAME_LEAST, Math.min(natural(name), width - needed)));
	let left = width - widths.get(name)!;
	for (const column of others) {
		const [wanted, room] = [natural(column), left - GAP.length];
		const first = Math.min(wanted, column.least ?? wanted);
		if (first > room && column.rank > NEEDED_RANK) continue;
		widths.set(column, first);
		left -= first + GAP.length;
	}
	for (const [column, own] of widths) {
		if (!column.least) continue;
		const more = Math.max(0, Math.min(natural(column) - own, left));
		widths.set(column, own + more);
		left -= more;
	}
	return columns.filter((column) => widths.has(column)).map((column) => ({ column, width: widths.get(column)! }));
}

/** The headings and a line for each of those that are shown. `all` decides which columns there are. */
export function tableLines(all: readonly NodeState[], shown: readonly NodeState[], width: number, colour: boolean): string[] {
	const fitted = fit(columnsOf(all), shown, width);
	const heading = line(fitted, fitted.map(({ column }) => ({ text: column.title, colour: '1' })), width, colour);
	return [heading, ...shown.map((state) => line(fitted, fitted.map(({ column }) => column.cell(state)), width, colour))];
}

function line(fitted: readonly Fitted[], cells: readonly Cell[], width: number, colour: boolean): string {
	let [text, left] = ['', width];
	for (const [index, cell] of cells.entries()) {
		const { column, width: own } = fitted[index]!;
		const fitting = cut((index ? GAP : '') + padded(cell.text, own, column.isRight), left);
		left -= fitting.length;
		text += tint(fitting, cell.colour, colour);
	}
	return text;
}

/** A line for each channel of a node, below it. */
export function channelLines({ channels, derived }: NodeState, width: number, colour: boolean): string[] {
	const longest = Math.max(0, ...channels.map(({ name }) => name.length), ...derived.map(({ name }) => name.length));
	// Name and value are always there.
	const names = Math.max(NAME_LEAST, Math.min(CHANNEL_CAP, longest, width - INDENT.length - GAP.length - VALUE_WIDTH));
	const of = (name: string, cell: Cell, unit: string, line: string, words: string): string => {
		const value = `${cell.text.padStart(8)}${cell.text.endsWith('?') ? '' : ' '}${unitText(unit)}`.padEnd(VALUE_WIDTH).slice(0, VALUE_WIDTH);
		const cells: Cell[] = [plain(INDENT + cut(name, names).padEnd(names)), { text: value, colour: cell.colour }, { text: line.padEnd(CHANNEL_SPARK), colour: '2' }, plain(words)];
		let used = -GAP.length;
		const fitting = cells.filter(({ text }, index) => (used += text.length + GAP.length) <= width || index === 0);
		return fitting.map(({ text, colour: code }) => tint(cut(text, width), code, colour)).join(GAP).trimEnd();
	};
	return [
		...channels.map((channel) => of(oneColumn(channel.name), valueCell(channel), channel.unit, spark(channel.recent, CHANNEL_SPARK, channel.unit), channelWords(channel))),
		...derived.map(({ name, unit, value }) => of(oneColumn(name), plain(decimals(value)), unit, '', 'computed')),
	];
}

function channelWords({ part, suspect, age: seconds }: ChannelState): string {
	return [oneColumn(part), suspect ? 'doubted by the node' : '', seconds === undefined ? 'no value yet' : `${age(seconds * 1_000)} ago`].filter(Boolean).join(', ');
}

function padded(text: string, width: number, isRight = false): string {
	const fitting = cut(text, width);
	return isRight ? fitting.padStart(width) : fitting.padEnd(width);
}

export function tint(text: string, code: string, colour: boolean): string {
	return colour && code && text ? `\u001b[${code}m${text}\u001b[0m` : text;
}

export function cut(text: string, width: number): string {
	return text.length <= width ? text : text.slice(0, Math.max(0, width - 1)) + (width > 0 ? '…' : '');
}
