// What the page says: ages, numbers, and the one sentence that matters, whether anything is missing and why.
//
// Rule: pure. A headline changes only when something has happened, since it is read aloud; figures that run stand below it.

import type { Detail, LinkNews, Row, Totals, WorldNews } from './messages.js';

export type Tone = 'good' | 'wait' | 'bad' | 'plain';

export interface Verdict {
	readonly tone: Tone;
	readonly headline: string;
	readonly sentences: readonly string[];
}

const number = new Intl.NumberFormat('en');

export function grouped(count: number): string {
	return number.format(count);
}

export function counted(count: number, noun: string): string {
	return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

export function lengthWords(seconds: number): string {
	const whole = Math.max(0, Math.round(seconds));
	if (whole < 90) return `${whole} s`;
	if (whole < 5_400) return `${Math.round(whole / 60)} min`;
	if (whole < 172_800) return `${Math.round(whole / 3_600)} h`;
	return `${Math.round(whole / 86_400)} d`;
}

/** Milliseconds. */
export function agoWords(at: number | null, now: number): string {
	if (at === null) return 'never';
	return now - at < 1_500 ? 'just now' : `${lengthWords((now - at) / 1_000)} ago`;
}

const DECIMALS: ReadonlyMap<string, number> = new Map([['°C', 1], ['%', 1], ['hPa', 1], ['V', 3], ['g/m³', 1]]);

export function valueWords(value: number | null, unit: string): string {
	if (value === null) return '–';
	return Math.abs(value) >= 1e6 ? value.toExponential(2) : value.toFixed(DECIMALS.get(unit) ?? 2);
}

/** outside_temperature: "outside temperature"; dewPoint: "dew point". */
export function channelWords(name: string): string {
	return name.replace(/_/g, ' ').replace(/([a-z])([A-Z])/g, (_all, low: string, high: string) => `${low} ${high.toLowerCase()}`);
}

const AWAY = 'What it measures meanwhile it keeps in memory and flash, each with its time, and sends once it is connected again.';
const AWAY_ALL = 'What they measure meanwhile they keep in memory and flash, each with its time, and send once they are connected again.';

const BUT = 'Nothing is missing, but something is wrong';

function sayRest({ dropped, passed }: { readonly dropped: number; readonly passed: number }): string[] {
	return [
		...(dropped ? [`${counted(dropped, 'reading')} had to make room in a full memory; the node named each of them.`] : []),
		...(passed ? [`${counted(passed, 'reading')} passed while this program was not connected.`] : []),
	];
}

function cameLate({ received, late }: { readonly received: number; readonly late: number }): string {
	return late ? `${counted(late, 'reading')} of ${number.format(received)} came late and found ${late === 1 ? 'its' : 'their'} place.` : '';
}

/** Of all nodes together. */
export function verdictOf(totals: Totals, links: readonly LinkNews[]): Verdict {
	const down = links.filter(({ up }) => !up);
	const { nodes, offline, missing, toCome, received, faults } = totals;
	const said = (tone: Tone, headline: string, ...sentences: string[]): Verdict => ({ tone, headline, sentences: [...sentences, cameLate(totals), ...sayRest(totals)].filter(Boolean) });
	if (missing) return said('bad', 'Readings are missing', `${counted(missing, 'reading')} did not come, and no node says that it still holds them.`);
	if (down.length) return said('wait', nodes ? 'The broker is away; nothing is lost by that' : 'The broker cannot be reached', down[0]!.sentence, nodes ? AWAY_ALL : '');
	if (!nodes) return { tone: 'plain', headline: 'No node has been heard yet', sentences: ['Nodes appear here by themselves as soon as they say something.'] };
	if (toCome) return said('wait', 'Nothing is missing: late readings are on their way', `${counted(toCome, 'reading')} ${toCome === 1 ? 'is' : 'are'} still held by nodes, and will come.`);
	const all = `Every reading of ${counted(nodes, 'node')} is here: ${counted(received, 'number')} without a hole.`;
	if (offline) return said('wait', `Nothing is missing so far; ${offline === 1 ? 'one node is' : `${offline} nodes are`} away`, offline === 1 ? AWAY : AWAY_ALL, all);
	if (faults) return said('wait', BUT, `${faults === 1 ? 'One node has' : `${faults} nodes have`} trouble with a part.`, all);
	return said('good', 'Nothing is missing', all);
}

/** So many intervals and milliseconds without a reading are worth a word, though nothing is wrong yet. */
const QUIET_INTERVALS = 3;
const QUIET_MS = 8_000;

function quietOf({ interval }: Row): number {
	return QUIET_INTERVALS * (interval ?? 60) * 1_000 + QUIET_MS;
}

/** How old values are, by channel, where they are so old that they are not of now. What is computed is as old as the older of its two. */
export function agesOf({ row, channels, derived }: Detail, now: number): ReadonlyMap<string, string> {
	const times = new Map(channels.map(({ name, time }) => [name, time]));
	for (const { name } of derived) {
		const place = name.slice(0, name.lastIndexOf('_') + 1);
		const [temperature, humidity] = [times.get(`${place}temperature`), times.get(`${place}humidity`)];
		if (temperature && humidity) times.set(name, Math.min(temperature, humidity));
	}
	return new Map([...times].flatMap(([name, time]) => (time && now - time > quietOf(row) ? [[name, agoWords(time, now)]] : [])));
}

/** Where the broker was switched off on purpose, nobody needs to be told to start one. */
export function linksOf(links: readonly LinkNews[], world: WorldNews | null): readonly LinkNews[] {
	if (world?.broker !== false) return links;
	return links.map((link) => (link.up ? link : { ...link, sentence: 'The broker of this simulation is switched off: a node’s page has the switch.' }));
}

const CAUSES: ReadonlyMap<string, string> = new Map([
	['wifi', 'the Wi-Fi was gone'], ['dns', 'the broker’s name was not found'], ['tcp', 'the connection broke'], ['refused', 'the broker refused it'],
	['silence', 'the broker did not answer'], ['protocol', 'the broker broke the rules'], ['tls', 'TLS failed'],
]);

/** Of an outage. */
export function causeWords(cause: string): string {
	return CAUSES.get(cause) ?? cause;
}

/** Of one node. */
export function verdictOfNode({ row, fault, boots }: Detail, links: readonly LinkNews[], now: number): Verdict {
	const { status, missing, toCome, received, seq, trouble, why } = row;
	const said = (tone: Tone, headline: string, ...sentences: string[]): Verdict => ({ tone, headline, sentences: [...sentences, cameLate(row), ...sayRest(row)].filter(Boolean) });
	const down = links.find(({ up }) => !up);
	if (missing) return said('bad', 'Readings are missing', `${counted(missing, 'reading')} did not come, and the node does not say that it still holds ${missing === 1 ? 'it' : 'them'}.`);
	if (down && links.every(({ up }) => !up)) return said('wait', 'The broker is away; nothing is lost by that', down.sentence, AWAY);
	if (!received) return said('plain', 'No reading has come yet', fault);
	if (toCome) return said('wait', 'Nothing is missing: late readings are on their way', `${counted(toCome, 'reading')} still to come: the node holds ${toCome === 1 ? 'it' : 'them'}.`);
	const all = received === 1 ? 'The one reading that came is without a hole before it.' : `All ${number.format(received)} readings are here${boots === 1 && seq === received ? `: #1 to #${number.format(seq)}, without a hole` : ', without a hole'}.`;
	if (status === 'offline') return said('wait', 'Nothing is missing so far; the node is away', AWAY, all);
	if (trouble === 'fault' || trouble === 'suspect' || trouble === 'silent') return said('wait', BUT, `${why === fault ? why : `${why[0]!.toUpperCase()}${why.slice(1)}`}.`, all);
	const quietMs = row.time === null ? 0 : now - row.time;
	if (status === 'online' && quietMs > quietOf(row)) return said('wait', 'Nothing is missing so far; the node is quiet', `Its last reading is of ${lengthWords(quietMs / 1_000)} ago.`, all);
	return said('good', 'Nothing is missing', all);
}

export function rssiWords(rssi: number | null): string {
	if (rssi === null) return '';
	return `${rssi} dBm`;
}

export const STATUS_WORDS: Readonly<Record<string, string>> = { online: 'online', offline: 'offline', stopped: 'stopped', sleeping: 'asleep' };

const natural = new Intl.Collator('en', { numeric: true });
/** The worst first. */
const TROUBLES: readonly string[] = ['offline', 'fault', 'silent', 'missing', 'suspect', 'late', 'stopped', 'unknown', 'none'];

export type Order = 'trouble' | 'name' | 'age' | 'missing' | 'signal';

const WORST: Readonly<Record<Order, (row: Row) => number>> = {
	trouble: ({ trouble }) => TROUBLES.indexOf(trouble),
	name: () => 0,
	age: ({ time }) => time ?? -1,
	missing: ({ missing, toCome }) => -(missing * 1e6 + toCome),
	signal: ({ rssi }) => rssi ?? 0,
};

/** In natural order, where "node-2" stands before "node-10", behind what is asked for. */
export function inOrder(rows: readonly Row[], by: Order): Row[] {
	const worst = WORST[by];
	return [...rows].sort((one, other) => worst(one) - worst(other) || natural.compare(one.name, other.name) || (one.name < other.name ? -1 : 1));
}
