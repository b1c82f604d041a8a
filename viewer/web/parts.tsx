// What both views are made of: the sentence on top, status, spark lines, notes.

import type { ComponentChildren } from 'preact';
import type { ChannelNews, Common, Row } from './messages.js';
import { grouped, STATUS_WORDS, type Verdict } from './words.js';

export function linkOf(name: string): string {
	return `#/node/${encodeURIComponent(name)}`;
}

export function Banner({ verdict, children }: { readonly verdict: Verdict; readonly children?: ComponentChildren }) {
	return (
		<section class={`banner ${verdict.tone}`} aria-labelledby="verdict">
			<p id="verdict" class="headline" role="status"><Mark tone={verdict.tone} />{verdict.headline}</p>
			{verdict.sentences.map((sentence) => <p key={sentence.replace(/\d/g, '')}>{sentence}</p>)}
			{children}
		</section>
	);
}

function Mark({ tone }: { readonly tone: string }) {
	const path = tone === 'good' ? 'M5 13l5 5L20 6' : tone === 'bad' ? 'M12 4v10M12 18v2' : tone === 'wait' ? 'M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18M12 7v5l3.5 2' : 'M6 12h12';
	return <svg class="mark" viewBox="0 0 24 24" aria-hidden="true"><path d={path} /></svg>;
}

/** How a node is, in a word with a shape of its own, not by colour alone. */
export function Status({ row }: { readonly row: Row }) {
	const { status, trouble } = row;
	const word = (status && STATUS_WORDS[status]) ?? 'unknown';
	const tone = status === 'offline' ? 'bad' : trouble === 'none' || trouble === 'stopped' || trouble === 'unknown' ? (status === 'online' ? 'good' : 'plain') : trouble === 'missing' ? 'bad' : 'wait';
	return <span class={`pill ${tone}`}>{word}</span>;
}

const [WIDTH, HEIGHT, TOP] = [96, 24, 35];

export function Spark({ channel }: { readonly channel: ChannelNews }) {
	const { spark } = channel;
	if (spark.length < 2) return <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" />;
	const step = WIDTH / (spark.length - 1);
	const points = [...spark].map((digit, index) => `${(index * step).toFixed(1)},${(HEIGHT - 2 - (parseInt(digit, 36) / TOP) * (HEIGHT - 4)).toFixed(1)}`).join(' ');
	return <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true"><polyline points={points} /></svg>;
}

/** What was not taken, and why: as text. */
export function Refusals({ refused, refusals }: Pick<Common, 'refused' | 'refusals'>) {
	if (!refused) return null;
	return (
		<details class="refusals">
			<summary>{refused === 1 ? '1 message was refused' : `${grouped(refused)} messages were refused`}: they do not follow the contract</summary>
			<ul>{[...refusals].reverse().map(({ node, why, at }, index) => <li key={`${at}/${index}`}><time>{clock(at)}</time> <b>{node}</b>: {why}</li>)}</ul>
		</details>
	);
}

export function Lost({ isLost }: { readonly isLost: boolean }) {
	return isLost ? <p class="lost" role="alert">The program that serves this page does not answer. It is asked again and again; what is shown may be old.</p> : null;
}

const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const date = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** Milliseconds as a person's clock shows them; with the date where it is not today's. */
export function clock(at: number): string {
	return (Date.now() - at < 43_200_000 ? time : date).format(at);
}
