// A short table on standard output, as wide as what is in it.

/** Lines of cells under their headings, two spaces between columns; the last column is as long as it is. */
export function tableText(headings: readonly string[], rows: readonly (readonly string[])[]): string {
	const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]!.length)));
	return [headings, ...rows].map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ').trimEnd()).join('\n');
}
