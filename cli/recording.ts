// The record of telltale watch: opening it, and telling what is missing in it.
//
// Rule: nothing is connected before the file is known to do. What a file cannot be is one sentence.

import { counted, gapWords } from '../viewer/format.js';
import type { NodeCheck } from '../viewer/record-check.js';
import type { Recorder, Store } from '../viewer/record.js';
import { safe } from '../viewer/safe.js';
import { Failure, Misuse } from './failure.js';
import { shownPath, whyNot } from './files.js';
import { duration } from './options.js';
import { shown } from './topics.js';

export interface Span {
	/** Unix seconds. */
	readonly from: number;
	readonly to: number;
}

const EXAMPLE = 'write a date like 2026-11-29 or 2026-11-29T18:00, Unix seconds, now, or how long ago, like 24h or 7d';
const HOLES_SHOWN = 5;

export async function openRecordOf(file: string): Promise<Recorder> {
	const { isOurs, openRecord } = await import('../viewer/record-open.js');
	return withStore(file, () => openRecord(file, (error) => (isOurs(error) ? error.message : because(error))));
}

/** Of a file that may be made: what is not there is its folder. */
function because(error: unknown): string {
	const { code = '' } = error as NodeJS.ErrnoException;
	return code === 'ENOENT' ? 'its folder is not there' : whyNot(code);
}

async function withStore<Opened>(file: string, open: () => Promise<Opened>): Promise<Opened> {
	const { Held, NoRecord, NoSqlite } = await import('../viewer/record-open.js');
	const name = shownPath(file);
	try {
		return await open();
	} catch (error) {
		if (error instanceof NoSqlite) throw new Failure(`${name} would be an SQLite database, which Node has from version 22.13 on: use that, or name a file that ends in .csv or .ndjson.`);
		if (error instanceof NoRecord) throw new Failure(`${name} cannot be the record, ${error.message}: name another file with --record.`);
		if (error instanceof Held) throw new Failure(`${name} cannot be the record, ${error.message}: stop that, or name another file with --record.`);
		if ((error as NodeJS.ErrnoException).code) throw new Failure(`${name} cannot be the record, ${because(error)}: name another file with --record.`);
		throw error;
	}
}

/** Both given with --check. */
export function mustBeSpan(words: readonly string[]): Span {
	if (words.length !== 2) throw new Misuse(`--check takes two times, from and to: ${EXAMPLE}.`);
	const [from, to] = words.map((word) => time(word, Date.now())) as [number, number];
	if (from >= to) throw new Misuse('--check is from a time to a later one: turn them round.');
	return { from, to };
}

function time(text: string, now: number): number {
	if (text === 'now') return now / 1_000;
	if (/^[\d.]+(ms|s|m|h|d)$/.test(text)) return (now - duration('--check')(text)) / 1_000;
	if (/^\d{9,11}$/.test(text)) return Number(text);
	// Without a zone JavaScript takes a date for UTC and a time for local: here both are local.
	const date = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text.replace(/^(\d{4}-\d\d-\d\d) (\d)/, '$1T$2');
	const parsed = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(date) ? Date.parse(date) : NaN;
	if (Number.isNaN(parsed)) throw new Misuse(`--check has ${JSON.stringify(shown(text))}, which is no time: ${EXAMPLE}.`);
	return parsed / 1_000;
}

/** Prints what there is of each node; fails if anything is missing. */
export async function checkRecord(file: string, { from, to }: Span, node: string | undefined): Promise<void> {
	const { openStore } = await import('../viewer/record-open.js');
	const { check } = await import('../viewer/record-check.js');
	const name = shownPath(file);
	const store: Store = await withStore(file, () => openStore(file, true).catch((error: NodeJS.ErrnoException) => {
		throw error.code === 'ENOENT' ? new Failure(`${name} is not there: name the file of a record with --record.`) : error;
	}));
	const nodes = await withStore(file, () => check(store, from, Math.min(to, Date.now() / 1_000), node)).finally(() => store.close());
	for (const each of nodes) console.log(`${safe(each.node)}: ${words(each)}.`);
	const wrong = nodes.filter(isIncomplete);
	if (!nodes.length) throw new Failure(node === undefined ? `${name} holds no readings.` : `${name} holds no readings of ${safe(node)}.`);
	const missing = wrong.reduce((sum, each) => sum + each.missing, 0);
	if (missing) throw new Failure(`${counted(missing, 'reading')} of that time ${missing === 1 ? 'is' : 'are'} missing in ${name}.`);
	if (wrong.length) throw new Failure(`${name} does not hold all of that time.`);
}

function isIncomplete({ missing, begins, ends }: NodeCheck): boolean {
	return missing > 0 || begins > 0 || ends > 0;
}

function words({ readings, missing, holes, dropped, begins, ends }: NodeCheck): string {
	if (!readings) return missing ? `nothing of that time, ${missing} missing` : 'nothing of that time';
	const parts = [counted(readings, 'reading'), missing ? `${missing} missing` : 'none missing'];
	if (dropped) parts.push(`${dropped} given up by the node`);
	if (begins) parts.push(`nothing before ${date(begins)}`);
	if (ends) parts.push(`nothing after ${date(ends)}`);
	const shownHoles = holes.slice(0, HOLES_SHOWN).map((hole) => `${gapWords([hole], 1)} of boot ${safe(hole.boot)}${when(hole.after, hole.before)}`);
	return parts.join(', ') + (holes.length ? ` (${shownHoles.join('; ')}${holes.length > HOLES_SHOWN ? '; …' : ''})` : '');
}

function when(after: number | undefined, before: number | undefined): string {
	return after !== undefined && before !== undefined ? `, between ${date(after)} and ${date(before)}` : before !== undefined ? `, before ${date(before)}` : '';
}

function date(seconds: number): string {
	return new Date(seconds * 1_000).toISOString().slice(0, 19).replace('T', ' ') + 'Z';
}
