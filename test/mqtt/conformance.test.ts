// docs/conformance.md is true: each row names a test that exists and is run, or says why it does not apply; and there is a
// row for each statement that binds a client. The statements are listed here, so that none can go with its row.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const here = new URL('./', import.meta.url);
const text = readFileSync(new URL('../../docs/conformance.md', here), 'utf8');

const STATEMENTS: Record<string, string> = {
	'MQTT 3.1.1': `
	1.5.3-1 1.5.3-2 1.5.3-3 2.2.2-1 2.2.2-2 2.3.1-1 2.3.1-2 2.3.1-3 2.3.1-5 2.3.1-6 2.3.1-7 3.1.0-1
	3.1.0-2 3.1.2-1 3.1.2-2 3.1.2-3 3.1.2-4 3.1.2-6 3.1.2-9 3.1.2-11 3.1.2-13 3.1.2-14 3.1.2-15 3.1.2-18
	3.1.2-19 3.1.2-20 3.1.2-21 3.1.2-22 3.1.2-23 3.1.2.10 3.2 3.1.3-1 3.1.3-2 3.1.3-3 3.1.3-4 3.1.3-5
	3.1.3-7 3.1.3-10 3.1.3-11 3.2.0-1 3.2.2.2 3.2.2-4 3.2.2-5 3.3.1-1 3.3.1-2 3.3.1-3 3.3.1-4 3.3.1-10
	3.3.2-1 3.3.2-2 3.3.4-1 3.6.1-1 3.8.1-1 3.8.3-1 3.8.3-3 3-8.3-4 3.9.3-1 3.9.3-2 3.10.1-1 3.10.3-1
	3.10.3-2 3.14.1-1 3.14.4-1 3.14.4-2 4.1.0-1 4.1.0-2 4.3.1-1 4.3.2-1 4.3.2-2 4.3.3-1 4.3.3-2 4.4.0-1
	4.5.0-2 4.6.0-1 4.6.0-2 4.6.0-3 4.6.0-4 4.7.1-1 4.7.1-2 4.7.1-3 4.7.3-1 4.7.3-2 4.7.3-3 4.8.0-1
	4.8.0-2 6.0.0-1 6.0.0-2 6.0.0-3 7.0.0-2 7.1.2-1
	`,
	'MQTT 5.0': `
	1.5.4-1 1.5.4-2 1.5.4-3 1.5.5-1 1.5.7-1 2.1.3-1 2.2.1-2 2.2.1-3 2.2.1-5 2.2.2-1 3.1.0-1 3.1.2-4
	3.1.2-9 3.1.2-11 3.1.2-13 3.1.2-15 3.1.2-18 3.1.2-19 3.1.2-20 3.1.2-21 3.1.2-22 3.1.2-23 3.1.2-25
	3.1.2-33 3.1.3-1 3.1.3-2 3.1.3-3 3.1.3-4 3.1.3-9 3.1.3-10 3.1.3-11 3.2.2-4 3.2.2-5 3.2.2-11 3.2.2-14
	3.2.2-15 3.2.2-16 3.2.2-17 3.2.2-18 3.2.2-21 3.3.1-1 3.3.1-2 3.3.1-4 3.3.2-1 3.3.2-2 3.3.2-7 3.3.2-8
	3.3.2-9 3.3.2-10 3.3.2-13 3.3.2-14 3.3.2-19 3.3.4-1 3.3.4-6 3.3.4-7 3.3.4-8 3.4.2-1 3.5.2-1 3.6.2-1
	3.7.2-1 3.4.2-2 3.4.2-3 3.6.1-1 3.8.1-1 3.8.3-1 3.8.3-2 3.8.3-4 3.8.3-5 3.9.3-1 3.10.1-1 3.10.3-1
	3.10.3-2 3.11.3-1 3.14.1-1 3.14.2-1 3.14.2-3 3.14.2-4 3.14.4-1 3.14.4-2 3.15.1-1 4.1.0-1 4.3.1-1
	4.3.2-1 4.3.2-2 4.3.2-3 4.3.2-4 4.3.2-5 4.3.3-1 4.3.3-2 4.3.3-3 4.3.3-4 4.3.3-5 4.3.3-6 4.3.3-7
	4.3.3-8 4.3.3-9 4.3.3-10 4.3.3-11 4.3.3-12 4.3.3-13 4.4.0-1 4.4.0-2 4.5.0-2 4.6.0-1 4.6.0-2 4.6.0-3
	4.6.0-4 4.7.0-1 4.7.1-1 4.7.1-2 4.7.3-1 4.7.3-2 4.7.3-3 4.8.2-1 4.8.2-2 4.9.0-1 4.9.0-2 4.9.0-3
	4.12.0-3 4.12.0-5 4.12.0-7 4.12.1-1 4.13.2-1 6.0.0-1 6.0.0-2 6.0.0-3 7.1.2-1
	`,
	'Faults seen in other clients': `
	zero-length duplicate-2 early-ack session-present connack-timer after-close will-bits qos-3 topic-overrun reserved-bits id-wrap no-disconnect ping-behind short-packets split-read qos-2-out never-acks announced late-empty half-open one-shot broker-disconnect swallowed clean-resend close-in-close
	only-received long-topic poison dns fixed-retry
	`,
};

interface Row { id: string; held: string }

function rowsOf(section: string): Row[] {
	const body = text.split(/^## /m).find((each) => each.startsWith(`${section}\n`)) ?? '';
	const rows = body.split('\n').filter((line) => line.startsWith('| ')).slice(1);
	return rows.map((line) => { const cells = line.split(' | '); return { id: cells[0].slice(2), held: cells.slice(3).join(' | ').replace(/ \|$/, '') }; });
}

const sources = new Map(readdirSync(here, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.ts')).map((name) => [name, readFileSync(new URL(name, here), 'utf8')]));

/** What is wrong with the row, or ''. */
function wrong({ held }: Row): string {
	if (/^\*does not apply:\* \S/.test(held)) return '';
	for (const reference of held.split('<br>')) {
		const [, file, name] = reference.match(/^`(.+?)` › (.+)$/) ?? [];
		if (!name) return `"${reference}" names no test`;
		const source = sources.get(file);
		if (!source) return `${file} does not exist`;
		// The name of an it(), or the first of a row of cases that an it() is made from.
		if (!source.includes(`it('${name}'`) && !source.includes(`\t['${name}', hex`)) return `${file} has no test "${name}"`;
	}
	return '';
}

describe.each(Object.keys(STATEMENTS))('%s', (section) => {
	const rows = rowsOf(section);

	it('has a row for each statement, and no other', () => {
		expect(rows.map((row) => row.id)).toEqual(STATEMENTS[section].trim().split(/\s+/));
	});

	it('has a living test, or a reason, in each row', () => {
		expect(rows.map((row) => `${row.id}: ${wrong(row)}`).filter((line) => !line.endsWith(': '))).toEqual([]);
	});
});

it('no test of the client is skipped', () => {
	for (const [name, source] of sources) {
		if (name === 'conformance.test.ts') continue;
		expect(source.match(/\b(it|describe|test)\.(skip|only|todo|fails|runIf|skipIf)\b|\bx(it|describe)\(/), name).toBeNull();
	}
});

it('notices a row whose test is gone', () => {
	expect(wrong({ id: 'x', held: '`codec/wire.test.ts` › does what no test says' })).toContain('has no test');
	expect(wrong({ id: 'x', held: '`gone.test.ts` › x' })).toContain('does not exist');
	expect(wrong({ id: 'x', held: '' })).toContain('names no test');
	expect(wrong({ id: 'x', held: '*does not apply:* ' })).not.toBe('');
});
