// One node: whether anything of it is missing, what it measures, what happened, and what it can be asked.

import { useEffect } from 'preact/hooks';
import { Charts } from './charts.js';
import { Commands } from './commands.js';
import type { Detail, NodeNews, TimelineEvent } from './messages.js';
import { Why } from './overview.js';
import { Banner, clock, Lost, Refusals, Status } from './parts.js';
import { useNow, useStream } from './stream.js';
import { Timeline } from './timeline.js';
import { agesOf, causeWords, channelWords, lengthWords, linksOf, rssiWords, valueWords, verdictOfNode } from './words.js';
import { World } from './world.js';

/** As many as the server keeps. */
const EVENTS_MAX = 200;

interface News extends NodeNews {
	/** The newest first. */
	readonly all: readonly TimelineEvent[];
}

/** One that goes on comes again, and keeps its place. */
function join(before: News | undefined, news: News): News {
	if (!news.events.length && before) return { ...news, all: before.all };
	const byId = new Map((before?.all ?? []).map((event) => [event.id, event]));
	for (const event of news.events) byId.set(event.id, event);
	return { ...news, all: [...byId.values()].sort((one, other) => other.id - one.id).slice(0, EVENTS_MAX) };
}

export function NodePage({ name }: { readonly name: string }) {
	const { news, isLost } = useStream<News>(`events?node=${encodeURIComponent(name)}`, join);
	const now = useNow(news?.now);
	useEffect(() => void (document.title = `${name} – Telltale`), [name]);
	const heading = <header class="top"><p><a href="#/">← All nodes</a></p><h1>{name}</h1>{news?.detail && <Status row={news.detail.row} />}</header>;
	if (!news) return <main>{heading}<Lost isLost={isLost} /><p class="hint">Asking …</p></main>;
	const { detail, links, world, mayCommand, all } = news;
	if (!detail) return <main>{heading}<Lost isLost={isLost} /><p class="hint">Nothing has been heard of a node with this name.</p></main>;
	return (
		<main>
			{heading}
			<Lost isLost={isLost} />
			<Banner verdict={verdictOfNode(detail, linksOf(links, world), now)}><Missing detail={detail} /><Why /></Banner>
			<div class="columns">
				<div>
					<Values detail={detail} now={now} />
					<Charts detail={detail} links={links} now={now} />
					<Outages detail={detail} />
					<Commands detail={detail} mayCommand={mayCommand} />
				</div>
				<div>
					{detail.isSimulated && world && <World world={world} detail={detail} mayCommand={mayCommand} />}
					<Timeline events={all} isSimulated={detail.isSimulated} />
					<Facts detail={detail} />
					<Refusals refused={detail.refused} refusals={news.refusals.filter(({ node }) => node === name)} />
				</div>
			</div>
		</main>
	);
}

/** Which numbers. */
function Missing({ detail: { gaps, gapCount, row } }: { readonly detail: Detail }) {
	if (!gapCount || !row.missing) return null;
	const words = gaps.map(({ from, to }) => (from === to ? `#${from}` : `#${from} to #${to}`));
	return <p>Not here: {gapCount > gaps.length && '… '}{words.join(', ')}.</p>;
}

function Values({ detail, now }: { readonly detail: Detail; readonly now: number }) {
	const ages = agesOf(detail, now);
	const words = (...all: (string | false | undefined)[]) => all.filter(Boolean).join(', ');
	return (
		<section aria-labelledby="values">
			<h2 id="values">Now</h2>
			<dl class="tiles">
				{detail.channels.map(({ name, unit, part, value, suspect }) => <Tile key={name} name={name} unit={unit} value={value} look={suspect ? 'tile suspect' : ages.has(name) ? 'tile old' : 'tile'} words={words(suspect ? `${part}: doubted` : part, ages.get(name))} />)}
				{detail.derived.map(({ name, unit, value }) => <Tile key={name} name={name} unit={unit} value={value} look={ages.has(name) ? 'tile old' : 'tile'} words={words('computed', ages.get(name))} />)}
			</dl>
		</section>
	);
}

interface TileProps {
	readonly name: string;
	readonly unit: string;
	readonly value: number | null;
	readonly look: string;
	readonly words: string;
}

function Tile({ name, unit, value, look, words }: TileProps) {
	return <div class={look}><dt>{channelWords(name)}</dt><dd><b>{valueWords(value, unit)}</b> {unit}<small>{words}</small></dd></div>;
}

function Facts({ detail }: { readonly detail: Detail }) {
	const { row, facts, uptime, boot, boots, fault } = detail;
	const own: (readonly [string, string])[] = [
		...facts, ['Signal', rssiWords(row.rssi)], ['Interval', row.interval === null ? '' : lengthWords(row.interval)], ['Up for', uptime === null ? '' : lengthWords(uptime)],
		['Boot', boot && `${boot}${boots > 1 ? ` (${boots} seen)` : ''}`], ['Trouble', fault],
	];
	return <section aria-labelledby="facts"><h2 id="facts">What it is</h2><dl class="facts">{own.filter(([, value]) => value).map(([label, value]) => <div key={label}><dt>{label}</dt><dd>{value}</dd></div>)}</dl></section>;
}

const OUTAGES_SHOWN = 12;

function Outages({ detail: { outages } }: { readonly detail: Detail }) {
	if (!outages.length) return null;
	const shown = [...outages].reverse().slice(0, OUTAGES_SHOWN);
	return (
		<section aria-labelledby="outages">
			<h2 id="outages">Outages</h2>
			<div class="scroll" tabIndex={0} role="group" aria-label="Table of outages">
				<table>
					<thead><tr><th scope="col">Began</th><th scope="col">Lasted</th><th scope="col">Cause</th><th scope="col">Attempts</th><th scope="col">Kept</th></tr></thead>
					<tbody>{shown.map(({ at, start, seconds, cause, attempts, kept }) => <tr key={at}><td>{start === undefined ? '–' : clock(start * 1_000)}</td><td>{seconds === undefined ? '–' : lengthWords(seconds)}</td><td class="words">{cause === undefined ? '–' : causeWords(cause)}</td><td>{attempts ?? '–'}</td><td>{kept ?? '–'}</td></tr>)}</tbody>
				</table>
			</div>
		</section>
	);
}
