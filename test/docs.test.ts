// Pages for people stay readable: no row of a table is longer than a line that can be read at once.
// Rule: the pages that only a test reads (docs/README.md names them) may have rows of any length, and say so at their top.
import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const ROW_MAX = 200;
const MACHINE = ['docs/faults.md', 'docs/conformance.md'];
const root = new URL('..', import.meta.url);
const read = (page: string): string => readFileSync(new URL(page, root), 'utf8');
const pages = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' }).trim().split('\n');

/** The rows of tables that are too long, by page and line. */
function longRows(page: string, text: string): string[] {
	return text.split('\n').flatMap((line, index) => (line.startsWith('|') && line.length > ROW_MAX ? [`${page}:${index + 1}`] : []));
}

describe('a page for people', () => {
	it('has no row of a table longer than 200 characters', () => {
		expect(pages.filter((page) => !MACHINE.includes(page) && !page.startsWith('docs/decisions/')).flatMap((page) => longRows(page, read(page)))).toEqual([]);
	});

	it('is told from a machine table at its top', () => {
		for (const page of MACHINE) expect(read(page).split('\n').slice(0, 4).join(' '), page).toContain('machine table');
	});

	it('with a row that is too long is named with its line', () => {
		expect(longRows('page.md', `# Title\n\n| ${'x'.repeat(200)} |\n| short |`)).toEqual(['page.md:3']);
	});
});
