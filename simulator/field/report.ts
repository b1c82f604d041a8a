// The table at the end, and what is said about a run that went wrong.

import { isWell } from './audit.js';
import type { FieldRun, Outcome } from './run.js';

const HEADINGS = ['program', 'version', 'what was done', 'nodes', 'sampled', 'acknowledged', 'seen', 'late', 'missing', 'seconds'] as const;
const MISSING_SHOWN = 5;
const COMPLAINTS_SHOWN = 5;

export interface Entry {
	readonly run: Pick<FieldRun, 'program' | 'what' | 'nodes'>;
	/** A sentence in its place: it broke. */
	readonly outcome: Outcome | string;
}

export function failed({ outcome }: Entry): boolean {
	return typeof outcome === 'string' || !isWell(outcome.verdict);
}

/** In Markdown, with its columns in line for people. */
export function table(entries: readonly Entry[], versionOf: (name: string) => string): string {
	const rows = entries.map(({ run, outcome }) => {
		const { program: { name }, what, nodes } = run;
		const start = [name, versionOf(name), what, String(nodes.length)];
		if (typeof outcome === 'string') return [...start, '', '', '', '', 'broke', ''];
		const { verdict: { sampled, acknowledged = '–', seen, late, missing }, seconds } = outcome;
		return [...start, ...[sampled, acknowledged, seen, late, missing.length || 'none', seconds.toFixed(0)].map(String)];
	});
	const widths = HEADINGS.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]!.length)));
	const line = (cells: readonly string[]): string => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
	return [line(HEADINGS), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}

/** Why, with what the nodes and the server said last. */
export function reasons({ run, outcome }: Entry): string {
	const title = `${run.program.name}, ${run.what}:`;
	if (typeof outcome === 'string') return `${title} ${outcome}`;
	const { verdict: { missing, complaints }, remarks, lastLines } = outcome;
	const more = missing.length > MISSING_SHOWN ? ` and ${missing.length - MISSING_SHOWN} more` : '';
	return [
		title,
		...(missing.length ? [`missing ${missing.slice(0, MISSING_SHOWN).join(', ')}${more}`] : []),
		...complaints.slice(0, COMPLAINTS_SHOWN),
		...(remarks.size ? [`the server said ${[...remarks].map(([remark, count]) => `${remark} (${count} times)`).join(', ')}`] : []),
		...lastLines,
	].join('\n\t');
}
