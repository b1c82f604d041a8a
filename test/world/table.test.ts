// docs/faults.md is true: a row for each scenario, and each row names tests that exist and are run.

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const page = readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8');
const rows = page.split('\n').filter((line) => /^\| F\d\d /.test(line)).map((line) => line.split(' | '));

/** What is wrong with a reference, or ''. */
function wrong(reference: string): string {
	const [, file, name] = /^`(.+?)` › (.+)$/.exec(reference) ?? [];
	if (!name) return `"${reference}" names no test`;
	const path = new URL(`../${file}.test.ts`, import.meta.url);
	if (!existsSync(path)) return `test/${file}.test.ts does not exist`;
	const lines = readFileSync(path, 'utf8').split('\n');
	const at = lines.findIndex((line) => line.includes(`('${name}'`));
	// The name of tests from a table stands behind its end: they begin where the indentation was the same before.
	const end = /^(\t*)\](?: as [^(]+)?\)\(/.exec(lines[at] ?? '');
	const found = end ? lines.slice(0, at).reverse().find((line) => line.startsWith(end[1]!) && !/^[\t\]]/.test(line.slice(end[1]!.length))) : lines[at];
	if (!found) return `test/${file}.test.ts has no test "${name}"`;
	if (!/^\t*(it|run|test)\b/.test(found)) return `"${name}" in test/${file}.test.ts is no test`;
	return /\.(skip|only|todo|fails)\b/.test(found) ? `"${name}" in test/${file}.test.ts is not run` : '';
}

describe('the table of faults', () => {
	it('has a row for each of F01 to F55, in order', () => {
		expect(rows.map(([id]) => id!.slice(2))).toEqual(Array.from({ length: 55 }, (_, i) => `F${String(i + 1).padStart(2, '0')}`));
	});

	it('names living tests in each row, and what must come of it', () => {
		const complaints = rows.flatMap(([id, , criterion, held]) => {
			const references = held!.replace(/ \|$/, '').split('<br>');
			return [...references.map(wrong), criterion ? '' : 'no criterion'].filter(Boolean).map((sentence) => `${id}: ${sentence}`);
		});
		expect(complaints).toEqual([]);
	});

	it('notices a row whose test is gone', () => {
		expect(wrong('`world/faults` › F99 what no test says')).toContain('has no test');
		expect(wrong('`world/gone` › x')).toContain('does not exist');
		expect(wrong('nothing')).toContain('names no test');
	});
});
