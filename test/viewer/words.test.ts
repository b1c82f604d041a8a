// What the page says, without a page: whether anything is missing and why, and what a chart gets to draw.
import { describe, expect, it } from 'vitest';
import { Recent } from '../../viewer/server/recent.js';
import { spark } from '../../viewer/server/rows.js';
import type { Detail, HistoryNews, LinkNews, Row, Totals, WorldNews } from '../../viewer/web/messages.js';
import { alone, plotData, rangeOf, shadesOf } from '../../viewer/web/plot-data.js';
import { agesOf, channelWords, inOrder, lengthWords, linksOf, valueWords, verdictOf, verdictOfNode } from '../../viewer/web/words.js';

const NOW = 1_800_000_000_000;
const up: LinkNews = { url: 'mqtt://127.0.0.1', up: true, sentence: 'Connected.', since: NOW };
const down: LinkNews = { ...up, up: false, sentence: 'No broker answers.', since: NOW - 40_000 };
const totals = (more: Partial<Totals> = {}): Totals => ({ nodes: 3, online: 3, offline: 0, stopped: 0, faults: 0, received: 1_234, missing: 0, toCome: 0, late: 0, dropped: 0, passed: 0, ...more });
const row = (more: Partial<Row> = {}): Row => ({
	name: 'porch', status: 'online', since: NOW, trouble: 'none', why: '', channels: [], more: 0, time: NOW - 2_000, ahead: 0, seq: 10, received: 10, missing: 0, toCome: 0, late: 0, dropped: 0, passed: 0, outages: 0, rssi: -60, interval: 2, ...more,
});
const detail = (more: Partial<Detail> = {}): Detail => ({
	row: row(), channels: [], derived: [], gaps: [], gapCount: 0, outages: [], lateSpans: [], away: [], facts: [], boot: '7', boots: 1, uptime: 5, fault: '', refused: 0, complaint: '', isSimulated: false, power: null, parts: [], ...more,
});

describe('the sentence on top', () => {
	it.each([
		['all is here', totals(), [up], 'good', 'Nothing is missing'],
		['late ones are to come', totals({ toCome: 5 }), [up], 'wait', 'Nothing is missing: late readings are on their way'],
		['a node is away', totals({ offline: 1 }), [up], 'wait', 'Nothing is missing so far; one node is away'],
		['the broker is away', totals(), [down], 'wait', 'The broker is away; nothing is lost by that'],
		['something is missing, whatever else', totals({ missing: 2, toCome: 5, offline: 1 }), [down], 'bad', 'Readings are missing'],
		['a part fails', totals({ faults: 1 }), [up], 'wait', 'Nothing is missing, but something is wrong'],
		['nobody was heard', totals({ nodes: 0, online: 0, received: 0 }), [up], 'plain', 'No node has been heard yet'],
	] as const)('of all nodes, where %s', (_what, given, links, tone, headline) => {
		expect(verdictOf(given, links)).toMatchObject({ tone, headline });
	});

	it('names what came late, what was given up and what passed', () => {
		expect(verdictOf(totals({ late: 18, dropped: 3, passed: 1 }), [up]).sentences.slice(1)).toEqual([
			'18 readings of 1,234 came late and found their place.', '3 readings had to make room in a full memory; the node named each of them.', '1 reading passed while this program was not connected.',
		]);
	});

	it.each([
		['all is here', detail(), [up], 'good', 'All 10 readings are here: #1 to #10, without a hole.'],
		['it was not there from the beginning', detail({ row: row({ seq: 50 }) }), [up], 'good', 'All 10 readings are here, without a hole.'],
		['it is quiet', detail({ row: row({ time: NOW - 40_000 }) }), [up], 'wait', 'Its last reading is of 40 s ago.'],
		['one is missing', detail({ row: row({ missing: 1 }) }), [up], 'bad', '1 reading did not come, and the node does not say that it still holds it.'],
		['a part fails', detail({ row: row({ trouble: 'fault', why: 'sht3x: gone' }), fault: 'sht3x: gone' }), [up], 'wait', 'sht3x: gone.'],
		['it is in safe mode', detail({ row: row({ trouble: 'fault', why: 'safe mode: it measures nothing' }) }), [up], 'wait', 'Safe mode: it measures nothing.'],
		['it is away', detail({ row: row({ status: 'offline', trouble: 'offline' }) }), [up], 'wait', 'What it measures meanwhile it keeps in memory and flash, each with its time, and sends once it is connected again.'],
		['the broker is away', detail(), [down], 'wait', 'No broker answers.'],
	] as const)('of a node, where %s', (_what, given, links, tone, sentence) => {
		const said = verdictOfNode(given, links, NOW);
		expect([said.tone, said.sentences[0]]).toEqual([tone, sentence]);
	});
});

describe('words', () => {
	it('of an old value say how old it is, and of what is computed, how old the older of its two is', () => {
		const channel = (name: string, secondsAgo: number | null) => ({ name, unit: '', part: '', value: 1, suspect: false, spark: '', time: secondsAgo === null ? null : NOW - secondsAgo * 1_000 });
		const derived = ['dewPoint', 'outside_dewPoint'].map((name) => ({ name, unit: '', value: 1 }));
		const given = detail({ channels: [channel('temperature', 2), channel('humidity', 14), channel('outside_temperature', 80), channel('outside_humidity', 3), channel('voltage', null)], derived });
		expect([...agesOf(given, NOW)]).toEqual([['outside_temperature', '80 s ago'], ['outside_dewPoint', '80 s ago']]);
		expect([...agesOf(detail({ ...given, row: row({ interval: 60 }) }), NOW)]).toEqual([]);
	});

	it('of a simulation say that its broker was switched off there, and ask for no other', () => {
		const world = { broker: false } as WorldNews;
		expect(linksOf([down], world).map(({ sentence, up }) => [sentence, up])).toEqual([['The broker of this simulation is switched off: a node\u2019s page has the switch.', false]]);
		for (const other of [null, { broker: true } as WorldNews, { broker: null } as WorldNews]) expect(linksOf([down], other)).toEqual([down]);
		expect(linksOf([up], world)).toEqual([up]);
	});

	it('of lengths, values and channels are short', () => {
		expect([0.2, 89, 90, 3_000, 7_200, 200_000].map(lengthWords)).toEqual(['0 s', '89 s', '2 min', '50 min', '2 h', '2 d']);
		expect([valueWords(21.456, '°C'), valueWords(3.3, 'V'), valueWords(null, '%'), valueWords(9_999_999, 'x')]).toEqual(['21.5', '3.300', '–', '1.00e+7']);
		expect([channelWords('outside_dewPoint'), channelWords('temperature')]).toEqual(['outside dew point', 'temperature']);
	});

	it('order nodes with trouble first, and naturally', () => {
		const rows = ['node-10', 'node-2', 'attic'].map((name) => row({ name, ...(name === 'node-10' && { trouble: 'offline' as const }) }));
		expect(inOrder(rows, 'trouble').map(({ name }) => name)).toEqual(['node-10', 'attic', 'node-2']);
		expect(inOrder(rows, 'name').map(({ name }) => name)).toEqual(['attic', 'node-2', 'node-10']);
	});
});

describe('a chart', () => {
	const history = (time: number[], more: Partial<HistoryNews> = {}): HistoryNews => ({ time, seconds: 0, least: time, most: time, mean: time, late: [], suspect: [], ...more });

	it('breaks its line where nothing was measured, and marks what came late or is doubted', () => {
		expect(plotData(history([10, 12, 14, 40, 42], { late: [3], suspect: [4] }))).toEqual([
			[10, 12, 14, 27, 40, 42], [10, 12, 14, null, 40, 42], [10, 12, 14, null, 40, 42], [10, 12, 14, null, 40, 42],
			[null, null, null, null, 40, null], [null, null, null, null, null, 42],
		]);
		expect(plotData(history([10, 20, 30], { seconds: 10 }))[0]).toEqual([15, 25, 35]);
		expect(plotData(history([]))).toEqual([[], [], [], [], [], []]);
	});

	it('shows a value that stands alone as a point', () => {
		expect(alone(plotData(history([10, 12, 14, 40]))[1])).toEqual([4]);
		expect([alone([5]), alone([]), alone([null, 5, null, 6, 7])]).toEqual([[0], [], [1]]);
	});

	it('shades outages that were told, that go on, and that only the broker knew', () => {
		const told = detail({ outages: [{ start: 100, seconds: 30, at: NOW }, { seconds: 3, at: NOW }], lateSpans: [{ from: 101, to: 129, count: 9 }], away: [{ from: 90, to: 131 }, { from: 500, to: 520 }] });
		expect(shadesOf(told, [up], NOW)).toEqual([{ from: 100, to: 130, kind: 'outage' }, { from: 500, to: 520, kind: 'outage' }, { from: 101, to: 129, kind: 'late' }]);
		expect(shadesOf(detail({ row: row({ status: 'offline', time: NOW - 9_000 }) }), [up], NOW)).toEqual([{ from: NOW / 1_000 - 9, to: NOW / 1_000, kind: 'outage' }]);
		expect(shadesOf(detail(), [down], NOW)).toEqual([{ from: NOW / 1_000 - 40, to: NOW / 1_000, kind: 'outage' }]);
		expect(shadesOf(detail(), [down, up], NOW)).toEqual([]);
	});

	it('makes no mountain of noise', () => {
		const [least, most] = rangeOf(21, 21.1, '°C');
		expect(most - least).toBeGreaterThan(1);
		expect(rangeOf(null, null, '°C')).toEqual([0, 1]);
		expect(new Set(spark([21, 21.01, 21.02], '°C')).size).toBe(1 + Number(spark([21, 21.02], '°C')[0] !== spark([21, 21.02], '°C')[1]));
		expect(spark([0, 50, 100], '%')).toBe('0iz');
		expect(spark([], '')).toBe('');
	});
});

describe('the last readings of a channel', () => {
	it('stand in the order of time whenever they come, with the oldest forgotten', () => {
		const recent = new Recent();
		for (let seq = 1; seq <= 600; seq++) if (seq !== 300) recent.add('porch', 'temperature', seq, seq, false, false);
		recent.add('porch', 'temperature', 300, 300, true, false);
		recent.add('porch', 'temperature', 5, 5, true, false);
		const read = recent.read('porch', 'temperature', 290, 310, 100)!;
		expect(read.time).toEqual([...Array(21).keys()].map((index) => 290 + index));
		expect(read.late).toEqual([10]);
		expect(recent.read('porch', 'temperature', 80, 310, 1_000)).toBeUndefined();
		expect(recent.read('porch', 'temperature', 100, 600, 100)).toBeUndefined();
	});

	it('are bounded by channels', () => {
		const recent = new Recent(2);
		for (const name of ['a', 'b', 'c']) recent.add('porch', name, 1, 1, false, false);
		expect(['a', 'b', 'c'].map((name) => recent.read('porch', name, 0, 2, 9)?.time.length)).toEqual([undefined, 1, 1]);
	});
});
