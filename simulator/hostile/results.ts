// What became of the commands of one group: one result for each, in their order, with the id that it was asked with.
//
// Rule: a result belongs to the command whose tag its id has. One without a tag stands for some command whose id nobody can
// tell. More are owed than came: somebody was not answered; more came than are owed: somebody was answered twice.
// docs/topics.md, "set and result"

import type { Expected } from './input.js';

export interface Result {
	readonly id: string;
	readonly name: string;
	readonly ok: boolean;
	readonly error: string;
}

/** Of a command: what happened on its way to the node. */
export interface Asked {
	readonly expected: Expected;
	/** Whether it came to the node for certain, once, and has a result to come for certain; "maybe": if so, then one. */
	readonly sure: 'yes' | 'no' | 'maybe';
	/** Those that MQTT keeps in order have the same: what a session stores, and what it does not. */
	readonly lane: 'stored' | 'passing';
}

const KEYS = ['id', 'name', 'ok', 'error'];
/** What those that are done say beyond that, each an object; and how many of its entries had no room. */
const REPORTS: Readonly<Record<string, readonly string[]>> = { calibrate: ['spread'], noise: ['noise'], scan: ['found', 'parts'] };

/** Throws a sentence if it is no result. */
export function readResult(payload: Buffer): Result {
	const text = new TextDecoder('utf-8', { fatal: true }).decode(payload);
	const { id, name, ok, error = '', ...rest } = JSON.parse(text) as Record<string, unknown>;
	if (typeof id !== 'string' || typeof name !== 'string' || typeof ok !== 'boolean' || typeof error !== 'string' || !isReport(name, ok, rest)) {
		throw new Error(`a result has other than ${KEYS.join(', ')}`);
	}
	if (ok === error.length > 0) throw new Error(`ok is ${ok} and error is "${error}"`);
	return { id, name, ok, error };
}

function isReport(name: string, ok: boolean, { more, ...rest }: Record<string, unknown>): boolean {
	const wanted = ok && Object.hasOwn(REPORTS, name) ? REPORTS[name]! : [];
	if (!wanted.length) return more === undefined && Object.keys(rest).length === 0;
	const isCounted = more === undefined || typeof more === 'number' && more > 0;
	return isCounted && rest[wanted[0]!] !== undefined && Object.entries(rest).every(([key, value]) => wanted.includes(key) && typeof value === 'object' && value !== null);
}

/** `undisturbed`: nothing but the commands can have had results, and each had one chance. */
export function judgeResults(asked: readonly Asked[], results: readonly Result[], undisturbed: boolean): string[] {
	const complaints = [...wrongNames(asked, results)];
	if (!undisturbed || asked.some(({ sure }) => sure === 'no')) return complaints;
	const least = asked.filter(({ sure }) => sure === 'yes').length;
	if (results.length < least) complaints.push(`${least - results.length} commands got no result: ${least} were sent, ${results.length} answered`);
	else if (results.length > asked.length) complaints.push(`${results.length - asked.length} results more than commands: ${asked.length} were sent, ${results.length} answered`);
	else complaints.push(...outOfOrder(asked, results));
	return complaints;
}

/** Of those that can be told apart. "busy" may be said at once, before those that wait. */
function outOfOrder(asked: readonly Asked[], results: readonly Result[]): string[] {
	const order = new Map(asked.map(({ expected, lane }, index) => [expected.tag, { index, lane }]));
	const last = { stored: -1, passing: -1 };
	for (const { id, error } of results) {
		const command = order.get(tagOf(id));
		if (!command || error.startsWith('busy')) continue;
		if (command.index <= last[command.lane]) return [`the results are not in the order of the commands: ${JSON.stringify(id)} came after a later one, or twice`];
		last[command.lane] = command.index;
	}
	return [];
}

function* wrongNames(asked: readonly Asked[], results: readonly Result[]): Iterable<string> {
	const byTag = new Map(asked.map(({ expected }) => [expected.tag, expected]));
	for (const { id, name } of results) {
		const expected = byTag.get(tagOf(id));
		if (!expected) {
			if (id.startsWith('foreign')) yield `a message on a topic that was never asked for was obeyed: ${name}`;
			continue;
		}
		if (expected.id !== undefined && !isCut(id, expected.id, ID_LEFT_MIN)) yield `a result has another id than it was asked with: ${JSON.stringify(id)} for ${JSON.stringify(expected.id)}`;
		if (!isCut(name, expected.name, NAME_LEFT_MIN)) yield `a result has another name than was asked for: ${JSON.stringify(name)} for ${JSON.stringify(expected.name)}`;
	}
}

/** Tags are letters, digits and dots, and end with a colon. */
export function tagOf(id: string): string {
	return id.slice(0, id.indexOf(':') + 1);
}

/** The same, or cut at a character. */
function isCut(said: string, asked: string, leftMin: number): boolean {
	return said === asked || ([...said].length >= leftMin && asked.startsWith(said) && !/[\ud800-\udbff]$/.test(said));
}

/** Characters that are left of what is cut: of an id 100 bytes, of a name 40, where one may be written as an escape of six. */
const ID_LEFT_MIN = 16;
const NAME_LEFT_MIN = 6;
