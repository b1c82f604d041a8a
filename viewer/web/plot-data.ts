// A chart's columns as uPlot draws them: a line of means between least and most, broken where nothing was measured.
//
// Rule: pure. A line is broken where the distance to the next value is several times the usual one, so that a gap is seen as one.

import type { Outage } from '../availability.js';
import type { Detail, HistoryNews, LinkNews } from './messages.js';

export type Column = (number | null)[];
/** Times, means, least, most, means of those that came late, of those that are doubted. */
export type PlotData = [times: number[], mean: Column, least: Column, most: Column, late: Column, suspect: Column];

/** What stands for the whole height at the least, by unit. */
const SPANS: ReadonlyMap<string, number> = new Map([['°C', 1], ['%', 2], ['hPa', 2], ['V', 0.1], ['dBm', 10]]);

/** So many usual distances apart is a gap. */
const BREAK = 3;

export function plotData({ time, seconds, least, most, mean, late, suspect }: HistoryNews): PlotData {
	const data: PlotData = [[], [], [], [], [], []];
	const [times, ...columns] = data;
	const [isLate, isSuspect] = [new Set(late), new Set(suspect)];
	const far = BREAK * usual(time, seconds);
	for (const [index, at] of time.entries()) {
		const before = time[index - 1];
		if (before !== undefined && at - before > far) {
			times.push((before + at) / 2);
			for (const column of columns) column.push(null);
		}
		times.push(at + seconds / 2);
		const value = mean[index]!;
		const row = [value, least[index]!, most[index]!, isLate.has(index) ? value : null, isSuspect.has(index) ? value : null];
		for (const [place, column] of columns.entries()) column.push(row[place]!);
	}
	return data;
}

/** Where a value has no neighbour, so that no line leads to it. */
export function alone(values: Column): number[] {
	return [...values.keys()].filter((at) => values[at] != null && values[at - 1] == null && values[at + 1] == null);
}

/** The distance that most have, and at least that of the buckets. */
function usual(time: readonly number[], seconds: number): number {
	const distances = time.slice(1).map((at, index) => at - time[index]!).sort((one, other) => one - other);
	return Math.max(seconds, distances[distances.length >> 1] ?? Infinity, 1);
}

export interface Shade {
	readonly from: number;
	readonly to: number;
	readonly kind: 'outage' | 'late';
}

/** Outages as the node told them, the one that goes on, and what of them was filled. Unix seconds. */
export function shadesOf({ row, outages, lateSpans, away }: Detail, links: readonly LinkNews[], now: number): Shade[] {
	const told = outages.flatMap((outage) => spanOf(outage));
	const isAway = row.status === 'offline' && row.time !== null;
	const down = links.length > 0 && links.every(({ up }) => !up) ? Math.min(...links.map(({ since }) => since)) : undefined;
	const since = isAway ? row.time! + row.ahead : down;
	// What the node told of is not told again by the broker.
	const untold = away.filter((span) => !told.some(({ from, to }) => from <= span.to && to >= span.from));
	return [
		...[...told, ...untold].map(({ from, to }): Shade => ({ from, to, kind: 'outage' })),
		...(since === undefined ? [] : [{ from: since / 1_000, to: now / 1_000, kind: 'outage' as const }]),
		...lateSpans.map(({ from, to }): Shade => ({ from, to, kind: 'late' })),
	];
}

function spanOf({ start, seconds }: Outage): { from: number; to: number }[] {
	return start === undefined || seconds === undefined ? [] : [{ from: start, to: start + seconds }];
}

/** So that noise is no mountain: least and most of the axis. */
export function rangeOf(least: number | null, most: number | null, unit: string): [number, number] {
	if (least === null || most === null) return [0, 1];
	const span = Math.max(most - least, SPANS.get(unit) ?? (Math.abs(most) * 0.02 || 1));
	const [middle, half] = [(least + most) / 2, span * 0.58];
	return [middle - half, middle + half];
}
