// Values as a line of blocks, one a character.
//
// Rule: the least is the lowest block and the most the highest, but small changes stay small: noise is no news.

const BLOCKS = '▁▂▃▄▅▆▇█';
/** What stands for the whole height at the least, by unit. */
const SPANS: ReadonlyMap<string, number> = new Map([['°C', 1], ['%', 2], ['hPa', 2], ['V', 0.1]]);

/** The last values, as many as there is room for; shorter while there are fewer. */
export function spark(values: readonly number[], width: number, unit = ''): string {
	const shown = width > 0 ? values.slice(-width) : [];
	if (!shown.length) return '';
	let [least, most] = [Math.min(...shown), Math.max(...shown)];
	const short = (SPANS.get(unit) ?? 0) - (most - least);
	if (short > 0) [least, most] = [least - short / 2, most + short / 2];
	const top = BLOCKS.length - 1;
	return shown.map((value) => BLOCKS[most > least ? Math.round(((value - least) / (most - least)) * top) : top >> 1]).join('');
}
