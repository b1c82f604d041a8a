import { describe, expect, it } from 'vitest';
import { GapWatch, STANDS_MS } from '../../viewer/gap-watch.js';
import { Merge } from '../../viewer/merge.js';

describe('A gap', () => {
	const merge = new Merge();
	const watch = new GapWatch();
	const take = (...seqs: number[]) => seqs.forEach((seq) => merge.take({ kind: 'reading', node: 'cellar', late: seq < 10, reading: { seq, boot: '7', time: seq, values: {} } }, 0));
	const health = (waiting: number) => merge.take({ kind: 'health', node: 'cellar', content: { waiting } }, 0);
	const look = (now: number) => watch.look(merge.nodes(), now).map(({ from, to, open }) => `${from}-${to} ${open ? 'open' : 'filled'}`);

	it('is told once, when it stands and the node does not say that it still holds readings, and once when all of it came', () => {
		take(10, 14);
		expect(look(0)).toEqual([]);
		health(3);
		expect(look(STANDS_MS + 1)).toEqual([]);
		health(0);
		expect(look(STANDS_MS + 2)).toEqual(['11-13 open']);
		expect(look(STANDS_MS + 3)).toEqual([]);
		take(12);
		expect(look(2 * STANDS_MS)).toEqual([]);
		take(11, 13);
		expect(look(3 * STANDS_MS)).toEqual(['11-13 filled']);
		expect(look(4 * STANDS_MS)).toEqual([]);
	});

	it('that closes before it stands is no news, and another of the same node is', () => {
		take(16);
		expect(look(5 * STANDS_MS)).toEqual([]);
		take(15, 20);
		expect(look(5 * STANDS_MS + 1)).toEqual([]);
		expect(look(6 * STANDS_MS + 1)).toEqual(['17-19 open']);
	});
});
