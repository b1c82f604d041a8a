// All nodes, trouble first: one look says whether anything is missing.
//
// Rule: a card is drawn anew only when what it shows is otherwise. Of many nodes the first STEP are shown; more are asked for.

import { Component } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { AllCommands } from './all-commands.js';
import type { ChannelNews, OverviewNews, Row } from './messages.js';
import { Banner, linkOf, Lost, Refusals, Spark, Status } from './parts.js';
import { useNow, useStream } from './stream.js';
import { agoWords, channelWords, counted, grouped, inOrder, lengthWords, linksOf, rssiWords, valueWords, verdictOf, type Order } from './words.js';

const STEP = 120;
/** From so many on, cards are small. */
const MANY = 13;
const ORDERS: readonly (readonly [Order, string])[] = [['trouble', 'trouble first'], ['name', 'by name'], ['missing', 'missing first'], ['age', 'oldest first'], ['signal', 'weakest signal first']];

interface News extends OverviewNews {
	readonly all: ReadonlyMap<string, Row>;
}

function join(before: News | undefined, news: News): News {
	const all = new Map(before?.all ?? []);
	for (const row of news.rows) all.set(row.name, row);
	return { ...news, all };
}

export function Overview({ problem }: { readonly problem: string }) {
	const { news, isLost } = useStream<News>('events', join);
	const now = useNow(news?.now);
	const [order, setOrder] = useState<Order>('trouble');
	const [text, setText] = useState('');
	const [only, setOnly] = useState(false);
	const [shown, setShown] = useState(STEP);
	const rows = useMemo(() => inOrder([...(news?.all.values() ?? [])], order), [news?.all, order]);
	const found = rows.filter(({ name, trouble }) => name.toLowerCase().includes(text.toLowerCase()) && (!only || !CALM.has(trouble)));
	const troubled = rows.filter(({ trouble }) => !CALM.has(trouble)).length;
	useEffect(() => void (document.title = troubled ? `(${troubled}) Telltale` : 'Telltale'), [troubled]);
	if (!news) return <main><h1>Telltale</h1><Lost isLost={isLost} /><p class="hint">Asking …</p></main>;
	const { totals } = news;
	return (
		<main>
			<header class="top"><h1>Telltale</h1><p class="hint">{news.links.map(({ url, up }) => `${url}${up ? '' : ' (away)'}`).join(', ')}</p></header>
			<Lost isLost={isLost} />
			{problem && <p class="lost" role="alert">{problem}</p>}
			<Banner verdict={verdictOf(totals, linksOf(news.links, news.world))}>
				<p class="counts"><Count count={totals.online} word="online" /> <Count count={totals.offline} word="offline" /> {totals.stopped > 0 && <Count count={totals.stopped} word="stopped" />} <Count count={totals.faults} word="with a fault" /> <Count count={totals.missing} word="missing" /> <Count count={totals.toCome} word="to come" /></p>
				<Why />
			</Banner>
			{rows.length > 1 && (
				<form class="filter" role="search" onSubmit={(event) => event.preventDefault()}>
					<label>Find <input type="search" value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} /></label>
					<label>Order <select value={order} onChange={({ currentTarget }) => setOrder(currentTarget.value as Order)}>{ORDERS.map(([value, words]) => <option key={value} value={value}>{words}</option>)}</select></label>
					<label class="check"><input type="checkbox" checked={only} onChange={({ currentTarget }) => setOnly(currentTarget.checked)} /> only trouble ({troubled})</label>
				</form>
			)}
			<h2 class="hidden">Nodes</h2>
			<ul class={found.length >= MANY ? 'cards many' : 'cards'}>
				{found.slice(0, shown).map((row) => <Card key={row.name} row={row} age={agoWords(row.time, now)} since={row.since === null ? '' : lengthWords((now - row.since) / 1_000)} />)}
			</ul>
			{rows.length > 0 && !found.length && <p class="hint">No node is like that.</p>}
			{found.length > shown && <button type="button" onClick={() => setShown(shown + STEP)}>Show more of {counted(found.length - shown, 'node')}</button>}
			{news.mayCommand && rows.length > 1 && <AllCommands count={rows.length} />}
			<Refusals {...news} />
		</main>
	);
}

const CALM: ReadonlySet<string> = new Set(['none', 'stopped', 'unknown']);

function Count({ count, word }: { readonly count: number; readonly word: string }) {
	return <span class={count ? 'count' : 'count zero'}><b>{grouped(count)}</b> {word}</span>;
}

export function Why() {
	return (
		<details class="why">
			<summary>How can it know?</summary>
			<p>Each node numbers its readings without holes, and keeps each one until the broker has acknowledged it: in memory, then in flash, over power cuts too. What could not be sent in time comes late, with the time at which it was taken. This page holds live and late readings side by side and looks for holes in the numbers.</p>
		</details>
	);
}

interface CardProps {
	readonly row: Row;
	readonly age: string;
	readonly since: string;
}

class Card extends Component<CardProps> {
	override shouldComponentUpdate({ row, age, since }: CardProps): boolean {
		return row !== this.props.row || age !== this.props.age || since !== this.props.since;
	}

	override render({ row, age, since }: CardProps) {
		const { name, channels, more, why, missing, toCome, late, seq, rssi, trouble, status } = row;
		const account = missing ? `${grouped(missing)} missing` : toCome ? `${grouped(toCome)} to come` : late ? `none missing, ${grouped(late)} late` : 'none missing';
		return (
			<li class={`card ${CALM.has(trouble) ? '' : trouble === 'late' ? 'wait' : 'trouble'}`}>
				<div class="card-top"><a href={linkOf(name)}>{name}</a><Status row={row} /></div>
				{why && <p class="reason">{why}{status === 'offline' && since && ` · for ${since}`}</p>}
				<dl>{channels.map((channel) => <Value key={channel.name} channel={channel} />)}</dl>
				{more > 0 && <p class="hint">and {counted(more, 'more channel')}</p>}
				<p class="foot"><span>{seq === null ? 'no reading yet' : `#${seq} · ${age}`}</span><span class={missing ? 'bad' : ''}>{account}</span><span>{rssiWords(rssi)}</span></p>
			</li>
		);
	}
}

function Value({ channel }: { readonly channel: ChannelNews }) {
	const { name, unit, value, suspect } = channel;
	return (
		<div class={suspect ? 'value suspect' : 'value'}>
			<dt>{channelWords(name)}</dt>
			<dd><b>{valueWords(value, unit)}</b> {unit}{suspect && <span class="doubt"> doubted</span>}<Spark channel={channel} /></dd>
		</div>
	);
}
