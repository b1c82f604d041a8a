// Readings and nodes as text: one JSON line, one plain line, one row of the table.
//
// Rule: pure; no colours, no cursor; what came from the network goes through safe.ts.

import { outageOf, type Outage } from './availability.js';
import { unitOf } from './channels.js';
import type { Gap, Merge } from './merge.js';
import type { Content, Message, Reading } from './payload.js';
import { jsonText, oneColumn, safe } from './safe.js';
import type { NodeState } from './state.js';

/** Decimals that a person reads: these parts are good for tenths at best. Programs get all that the node said (jsonLine). */
const DECIMALS = 1;
/** "-10.5", "100.0" */
const VALUE_WIDTH = 5;
const SEQ_WIDTH = 5;
const NONE = '-';

/** One reading for a program: the node's own payload with its name before and whether it came late. */
export function jsonLine(node: string, late: boolean, { seq, boot, time, uptime, dropped, values, suspect }: Reading): string {
	return jsonText({ node, late, seq, boot: bootValue(boot), time, uptime, dropped: dropped && [dropped.from, dropped.to], ...values, suspect });
}

/** What happened besides readings, for a program: its kind, the node, and what the node said of it. Times are Unix seconds. */
export function eventLine(event: string, { node, at, ...news }: { readonly node: string; readonly at: number }): Content {
	const own = { event, node, at: Math.floor(at / 1_000) };
	const said: Record<string, unknown> = { ...news };
	if (typeof said['boot'] === 'string') said['boot'] = bootValue(said['boot']);
	const content = event === 'health' ? said['health'] : event === 'outage' ? said['outage'] : said;
	return { ...own, ...(content as Content), ...own };
}

/** As the node wrote it, which is usually a number. */
function bootValue(boot: string): number | string {
	const number = Number(boot);
	return Number.isFinite(number) && String(number) === boot ? number : boot;
}

/** One message for a person; '' for what needs no line. `nameWidth`: of the longest name, so that columns stand under each other. */
export function plainLine(message: Message, nameWidth = 0): string {
	switch (message.kind) {
		case 'reading': {
			const seq = `#${message.reading.seq}`;
			return `${safe(message.node).padEnd(nameWidth)}  ${when(message.reading)}  ${quantities(message.reading)}  ${message.late ? `${seq.padEnd(SEQ_WIDTH)} late` : seq}`;
		}
		case 'status':
			return `${safe(message.node)} is ${message.status}`;
		case 'outage':
			return `${safe(message.node)} was away: ${outageWords(message.content)}`;
	}
	return '';
}

/** What a run came to, in one sentence. */
export function summary(merge: Merge, nodesMax = 5): string {
	const { received, missing, dropped, passed, duplicates, conflicts, malformed } = merge;
	const nodes = merge.nodes();
	const parts = [`${counted(received, 'reading')} from ${counted(nodes.filter((node) => node.received || node.missing).length, 'node')}`];
	const lossy = nodes.filter((node) => node.missing);
	const names = lossy.slice(0, nodesMax).map((node) => `${safe(node.name)} ${gapWords(node.gaps(), 3)}`);
	// Of nothing, nothing is missing: that would be no news.
	if (missing || received) parts.push(missing ? `${missing} missing (${names.join('; ')}${lossy.length > nodesMax ? '; …' : ''})` : 'none missing');
	if (passed) parts.push(passedWords(passed));
	const silent = nodes.filter((node) => node.received && node.blind);
	if (silent.length) parts.push(`no reading from ${silent.slice(0, nodesMax).map(({ name }) => safe(name)).join(' and ')}${silent.length > nodesMax ? ' …' : ''} since the connection was lost`);
	if (dropped) parts.push(`${dropped} dropped for want of memory`);
	if (duplicates) parts.push(`${duplicates} came twice`);
	if (conflicts) parts.push(`${conflicts} came twice with different values`);
	if (malformed) parts.push(`${counted(malformed, 'message')} not understood`);
	return `${parts.join(', ')}.`;
}

/** No loss, but not seen: those who were connected had them. */
export function passedWords(passed: number): string {
	return `and ${passed} passed while we were not connected`;
}

export function gapWords(gaps: readonly Gap[], max: number): string {
	const last = gaps.slice(-max).map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`));
	return (gaps.length > max ? '… ' : '') + last.join(', ');
}

export function age(ms: number): string {
	const seconds = Math.max(0, Math.floor(ms / 1_000));
	if (seconds < 120) return `${seconds} s`;
	if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
	if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
	return `${Math.floor(seconds / 86_400)} d`;
}

export function counted(count: number, noun: string): string {
	return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function outageWords(content: Content): string {
	return outageText(outageOf(content, 0), safe);
}

/** "42 s, wifi, 4 kept", in one column a character; "-" where nothing of it is known. */
export function outageText({ seconds, cause, kept }: Outage, made: (text: string) => string = oneColumn): string {
	const words = [seconds === undefined ? '' : age(seconds * 1_000), cause ? made(cause) : '', kept ? `${kept} kept` : ''];
	return words.filter(Boolean).join(', ') || NONE;
}

/** What troubles a node, in one column a character; '' if nothing does. */
export function whyText({ why }: NodeState): string {
	return oneColumn(why);
}

function when({ time, uptime }: Reading): string {
	// Far dates would make toISOString throw.
	if (time !== undefined && time < 8e12) return new Date(time * 1_000).toISOString().replace('T', ' ').slice(0, 19) + 'Z';
	return `${Math.floor(uptime ?? 0)} s after boot`;
}

function quantities({ values, suspect }: Reading): string {
	const text = Object.entries(values).map(([name, value]) => {
		const isPlain = name === 'temperature' || name === 'humidity';
		const unit = unitOf(name);
		const doubt = suspect?.includes(name) ? '?' : '';
		return unit ? `${isPlain ? '' : `${safe(name)} `}${decimals(value).padStart(VALUE_WIDTH)}${doubt} ${unit}` : `${safe(name)} ${value}${doubt}`;
	});
	return text.join('  ') || 'no value';
}

/** As a person reads it. */
export function decimals(value: number): string {
	return Math.abs(value) < 1e6 ? value.toFixed(DECIMALS) : value.toExponential(2);
}
