// One channel over time: a line of means between least and most, outages shaded, late readings and doubted values marked.
//
// Rule: uPlot draws on a canvas, and is kept for as long as the chart is there. What can be seen is said in words too, for those who cannot see.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import UPlot from 'uplot';
import type { HistoryNews } from './messages.js';
import { alone, plotData, rangeOf, type Column, type PlotData, type Shade } from './plot-data.js';
import { clock } from './parts.js';
import { channelWords, counted, lengthWords, valueWords } from './words.js';

export interface ChartProps {
	readonly name: string;
	readonly unit: string;
	readonly data: HistoryNews | undefined;
	readonly shades: readonly Shade[];
	/** Unix seconds. */
	readonly from: number;
	readonly to: number;
	/** A span was chosen with the pointer. */
	readonly onSelect: (from: number, to: number) => void;
}

const HEIGHT = 190;
const [LATE, SUSPECT] = [4, 5];
const EMPTY: PlotData = [[], [], [], [], [], []];

function colours() {
	const style = getComputedStyle(document.documentElement);
	const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
	return { line: of('line'), band: of('band'), axis: of('faint'), grid: of('grid'), late: of('late'), suspect: of('suspect'), outage: of('outage-fill'), filled: of('late-fill'), ground: of('card') };
}

export function Chart(props: ChartProps) {
	const { name, unit, data, shades, from, to } = props;
	const box = useRef<HTMLDivElement>(null);
	const readout = useRef<HTMLSpanElement>(null);
	const plot = useRef<UPlot | undefined>(undefined);
	const latest = useRef(props);
	latest.current = props;
	const scheme = useScheme();
	const points = useMemo(() => (data ? plotData(data) : EMPTY), [data]);
	useEffect(() => {
		const place = box.current!;
		const made = new UPlot(optionsFor(unit, place.clientWidth, latest, readout), points as unknown as UPlot.AlignedData, place);
		plot.current = made;
		// Also called when the chart has just been taken from the page: it is nowhere then, and has no width.
		const observer = new ResizeObserver(() => place.isConnected && made.setSize({ width: place.clientWidth, height: HEIGHT }));
		observer.observe(place);
		return () => {
			observer.disconnect();
			made.destroy();
		};
	}, [unit, scheme]);
	useEffect(() => {
		plot.current?.batch(() => {
			plot.current!.setData(points as unknown as UPlot.AlignedData, false);
			plot.current!.setScale('x', { min: from, max: to });
		});
	}, [points, shades, from, to, unit, scheme]);
	return (
		<figure class="chart">
			<figcaption><b>{channelWords(name)}</b> <span class="unit">{unit}</span><span class="readout" ref={readout} /></figcaption>
			<div ref={box} role="img" aria-label={inWords(props)} />
		</figure>
	);
}

function useScheme(): boolean {
	const query = matchMedia('(prefers-color-scheme: dark)');
	const [isDark, set] = useState(query.matches);
	useEffect(() => {
		const changed = (): void => set(query.matches);
		query.addEventListener('change', changed);
		return () => query.removeEventListener('change', changed);
	}, []);
	return isDark;
}

/** What a chart shows, for those who cannot see it. */
function inWords({ name, unit, data, shades, from, to }: ChartProps): string {
	const span = lengthWords(to - from);
	if (!data?.time.length) return `${channelWords(name)}: nothing was measured in these ${span}.`;
	const outages = shades.filter((shade) => shade.kind === 'outage' && shade.to >= from && shade.from <= to).length;
	const words = [
		`${channelWords(name)} over ${span}: from ${valueWords(Math.min(...data.least), unit)} to ${valueWords(Math.max(...data.most), unit)} ${unit}, at last ${valueWords(data.mean.at(-1)!, unit)}`,
		outages ? counted(outages, 'outage') : '', data.late.length ? 'filled by readings that came late' : '', data.suspect.length ? `${counted(data.suspect.length, 'value')} doubted` : '',
	];
	return `${words.filter(Boolean).join('; ')}.`;
}

function optionsFor(unit: string, width: number, latest: { readonly current: ChartProps }, readout: { readonly current: HTMLSpanElement | null }): UPlot.Options {
	const colour = colours();
	const points = (stroke: string, size: number, fill: string): Partial<UPlot.Series> => ({ paths: () => null, points: { show: true, size, stroke, fill, width: 1.5 } });
	const axis = { stroke: colour.axis, grid: { stroke: colour.grid, width: 1 }, ticks: { show: false }, font: '12px system-ui, sans-serif' };
	return {
		width, height: HEIGHT, padding: [8, 30, 0, 0],
		legend: { show: false },
		cursor: { sync: { key: 'time' }, drag: { x: true, y: false, setScale: false }, points: { show: false } },
		scales: { x: { time: true, auto: false }, y: { range: (_plot, least, most) => rangeOf(least, most, unit) } },
		axes: [{ ...axis, size: 28, values: (_plot, splits, _axis, _space, step) => splits.map((at) => tick(at, step)) }, { ...axis, size: 52, values: (_plot, splits) => splits.map((value) => String(Math.round(value * 1_000) / 1_000)) }],
		series: [
			{},
			{ stroke: colour.line, width: 1.75, points: { show: true, size: 4, stroke: colour.line, fill: colour.line, filter: (plot, series) => alone(plot.data[series] as Column) } },
			{ stroke: 'transparent', points: { show: false } },
			{ stroke: 'transparent', points: { show: false } },
			points(colour.late, 5, colour.late),
			points(colour.suspect, 9, colour.ground),
		],
		bands: [{ series: [3, 2], fill: colour.band }],
		hooks: {
			drawClear: [(plot) => shade(plot, latest.current.shades, colour)],
			setCursor: [(plot) => read(plot, unit, readout.current)],
			setSelect: [(plot) => {
				const { left, width: chosen } = plot.select;
				if (chosen < 8) return;
				const [from, to] = [plot.posToVal(left, 'x'), plot.posToVal(left + chosen, 'x')];
				plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
				latest.current.onSelect(from, to);
			}],
		},
	};
}

/** Outages over the whole height; what came late over them. */
function shade(plot: UPlot, shades: readonly Shade[], colour: ReturnType<typeof colours>): void {
	const { ctx, bbox } = plot;
	ctx.save();
	ctx.beginPath();
	ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
	ctx.clip();
	for (const { from, to, kind } of shades) {
		const [left, right] = [plot.valToPos(from, 'x', true), plot.valToPos(to, 'x', true)];
		if (right < bbox.left || left > bbox.left + bbox.width) continue;
		const wide = Math.max(2, right - left);
		const fill = (style: string, top = bbox.top): void => {
			ctx.fillStyle = style;
			ctx.fillRect(left, top, wide, bbox.top + bbox.height - top);
		};
		if (kind === 'outage') fill(colour.outage);
		else for (const style of [colour.ground, colour.filled]) fill(style);
		if (kind === 'late') fill(colour.late, bbox.top + bbox.height - 3 * devicePixelRatio);
	}
	ctx.restore();
}

/** What is below the pointer, without drawing the page anew. */
function read(plot: UPlot, unit: string, place: HTMLSpanElement | null): void {
	const at = plot.cursor.idx;
	if (!place) return;
	const [time, mean, least, most] = plot.data.map((column) => (at === null || at === undefined ? undefined : column[at]));
	if (typeof time !== 'number' || typeof mean !== 'number') return void (place.textContent = '');
	const range = least !== most ? ` (${valueWords(least!, unit)} to ${valueWords(most!, unit)})` : '';
	const marks = [plot.data[LATE]![at!] == null ? '' : 'came late', plot.data[SUSPECT]![at!] == null ? '' : 'doubted'].filter(Boolean).join(', ');
	place.textContent = `${clock(time * 1_000)}  ${valueWords(mean, unit)} ${unit}${range}${marks && `, ${marks}`}`;
}

const minutes = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const seconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const days = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

function tick(at: number, step: number): string {
	const date = new Date(at * 1_000);
	const isMidnight = date.getHours() === 0 && date.getMinutes() === 0;
	return (step >= 86_400 || (step >= 3_600 && isMidnight) ? days : step >= 60 ? minutes : seconds).format(date);
}
