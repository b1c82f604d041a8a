// The charts of a node, one below the other, over one span of time that is chosen for all.
//
// Rule: what is drawn is asked for anew when readings came, and no more often than a pixel of it can change; one request a chart at a time.

import { useEffect, useRef, useState } from 'preact/hooks';
import { Chart } from './chart.js';
import { HEALTH, type Detail, type HistoryNews, type LinkNews } from './messages.js';
import { shadesOf } from './plot-data.js';
import { historyOf } from './requests.js';
import { lengthWords } from './words.js';

const SPANS: readonly (readonly [seconds: number, words: string])[] = [[300, '5 min'], [3_600, '1 h'], [21_600, '6 h'], [86_400, '24 h'], [604_800, '7 d'], [2_592_000, '30 d']];
const PIXELS = 600;
const ASK_MS = 900;
const HEALTH_CHARTS: readonly (readonly [name: string, unit: string])[] = [[`${HEALTH}rssi`, 'dBm'], [`${HEALTH}waiting`, '']];

/** A span that ends now and goes on with it, or one of the past. */
type View = { readonly seconds: number; readonly to?: number };

export function Charts({ detail, links, now }: { readonly detail: Detail; readonly links: readonly LinkNews[]; readonly now: number }) {
	const [view, setView] = useState<View>({ seconds: SPANS[0]![0] });
	const { row, channels } = detail;
	// A simulation that is faster than time is ahead of ours.
	const to = view.to ?? Math.max(now, (row.time ?? 0) + row.ahead) / 1_000;
	const from = to - view.seconds;
	const shades = shadesOf(detail, links, now);
	const move = (part: number) => {
		const end = to + part * view.seconds;
		setView(end >= now / 1_000 ? { seconds: view.seconds } : { ...view, to: end });
	};
	const select = (start: number, end: number) => setView({ seconds: Math.max(10, end - start), to: end });
	const common = { node: row.name, from, to, shades, onSelect: select, news: `${row.received}/${detail.lateSpans.length}`, isLive: view.to === undefined };
	return (
		<section aria-labelledby="charts">
			<h2 id="charts">Measured</h2>
			<div class="spans" role="group" aria-label="How long a time is shown">
				{SPANS.map(([seconds, words]) => <button key={words} type="button" aria-pressed={view.seconds === seconds && view.to === undefined} onClick={() => setView({ seconds })}>{words}</button>)}
				<button type="button" onClick={() => move(-0.5)} aria-label={`Earlier by ${lengthWords(view.seconds / 2)}`}>←</button>
				<button type="button" onClick={() => move(0.5)} disabled={view.to === undefined} aria-label={`Later by ${lengthWords(view.seconds / 2)}`}>→</button>
			</div>
			{channels.map(({ name, unit }) => <Loaded key={name} name={name} unit={unit} {...common} />)}
			<p class="legend"><span><i class="key outage" /> outage</span> <span><i class="key late" /> came late and filled the gap</span> <span><i class="key suspect" /> doubted by the node</span></p>
			<details class="health">
				<summary>Signal and waiting readings</summary>
				{HEALTH_CHARTS.map(([name, unit]) => <Loaded key={name} name={name} label={name.slice(HEALTH.length)} unit={unit} {...common} />)}
			</details>
		</section>
	);
}

interface LoadedProps {
	readonly node: string;
	readonly name: string;
	readonly label?: string;
	readonly unit: string;
	readonly from: number;
	readonly to: number;
	readonly shades: ReturnType<typeof shadesOf>;
	/** Otherwise when there is something new. */
	readonly news: string;
	readonly isLive: boolean;
	readonly onSelect: (from: number, to: number) => void;
}

function Loaded({ node, name, label = name, unit, from, to, shades, news, isLive, onSelect }: LoadedProps) {
	const [data, setData] = useState<HistoryNews>();
	const asked = useRef({ isUnderWay: false, at: 0, span: 0, again: false });
	const wanted = useRef({ from, to });
	wanted.current = { from, to };
	const span = to - from;
	// A pixel of a month is more than an hour.
	const pause = Math.max(ASK_MS, Math.min(60_000, (span / PIXELS) * 500));
	const step = isLive ? Math.floor((to * 1_000) / Math.max(5_000, pause)) : to;
	useEffect(() => {
		let isOver = false;
		const ask = async (): Promise<void> => {
			if (asked.current.isUnderWay) return void (asked.current.again = true);
			Object.assign(asked.current, { isUnderWay: true, again: false, at: Date.now(), span: wanted.current.to - wanted.current.from });
			const answer = await historyOf(node, name, wanted.current.from, wanted.current.to, PIXELS).catch(() => undefined);
			asked.current.isUnderWay = false;
			if (answer) setData(answer);
			if (asked.current.again && !isOver) void ask();
		};
		// Another span is answered at once; what comes in addition, when a pixel of it can be another.
		const isSame = Math.abs(asked.current.span - span) < 1;
		const timer = setTimeout(() => void ask(), isLive && isSame ? Math.max(0, asked.current.at + pause - Date.now()) : 0);
		return () => {
			isOver = true;
			clearTimeout(timer);
		};
	}, [node, name, Math.round(span), step, isLive, news]);
	return <Chart name={label} unit={unit} data={data} shades={shades} from={from} to={to} onSelect={onSelect} />;
}
