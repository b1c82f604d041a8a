import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { age, jsonLine, plainLine, summary } from '../../viewer/format.js';
import { Merge } from '../../viewer/merge.js';
import { parse } from '../../viewer/payload.js';
import { spark } from '../../viewer/spark.js';
import { Screen } from '../../viewer/terminal.js';
import { View, type FrameOptions } from '../../viewer/view.js';

const TAKEN = 1_795_301_835;
const PLAIN = { now: (TAKEN + 11) * 1_000, columns: 132, rows: 24, colour: false, link: 'Connected.' };
const frame = (merge: Merge, options: FrameOptions, view = new View()): string[] => view.frame(merge, options);

function office(): Merge {
	const merge = new Merge({ fromStart: true });
	const say = (topic: string, payload: object | string, at: number) =>
		merge.take(parse(`telltale/${topic}`, new TextEncoder().encode(typeof payload === 'string' ? payload : JSON.stringify(payload)), ['telltale']), at);
	say('cellar/status', 'online', 0);
	say('cellar/outage', { seconds: 42.5, cause: 'wifi', attempts: 3, kept: 4 }, 0);
	for (const seq of [1, 2, 6]) say('cellar/readings', { seq, boot: 1, time: TAKEN + seq, temperature: 21.512, humidity: 45.25 }, (TAKEN + seq) * 1_000);
	say('cellar/health', { failing: 'sht3x', why: 'no answer.' }, 0);
	say('attic/status', 'offline', 0);
	return merge;
}

describe('The table', () => {
	it('has the nodes with trouble first: status, missing, age by the own time of the reading, values, and why', () => {
		expect(frame(office(), { ...PLAIN, rows: 10 }).map((line) => line.trimEnd())).toEqual([
			'NODE    STATUS    MISSING  AGE  TEMP °C              HUM %              RSSI  LAST OUTAGE         WHY',
			'attic   offline         0    -        -                  -                 -  -                   lost: power, Wi-Fi or a crash',
			'cellar  online !        3  5 s     21.5         ▅▅▅   45.3         ▅▅▅     -  42 s, wifi, 4 kept  sht3x: no answer',
			'',
			'2 nodes: 1 online, 1 offline, 0 stopped, 1 fault.',
			'3 readings, 3 missing.',
			'Connected.',
		]);
	});

	it('shows each channel below its node where there is room, with what follows from them', () => {
		expect(frame(office(), { ...PLAIN, columns: 80 }).slice(2, 7).map((line) => line.trimEnd())).toEqual([
			'cellar  online !        3  5 s     21.5   45.3     -  sht3x: no answer',
			'  temperature           21.5 °C    ▅▅▅                       5 s ago',
			'  humidity              45.3 %     ▅▅▅                       5 s ago',
			'  dewPoint               9.2 °C                              computed',
			'  absoluteHumidity       8.5 g/m³                            computed',
		]);
	});

	it('names all keys on 80 columns', () => {
		expect(frame(office(), { ...PLAIN, columns: 80, hasKeys: true }).at(-1)).toMatch(/^by trouble; q quit, .*c channels, arrows scroll *$/);
	});

	it('keeps status and missing at 40 columns and less, whatever a stranger calls himself', () => {
		const merge = office();
		merge.take({ kind: 'status', node: 'x'.repeat(60), status: 'online' }, 0);
		const lines = frame(merge, { ...PLAIN, columns: 40, rows: 11 });
		expect(lines.slice(0, 4).map((line) => line.trimEnd())).toEqual([
			'NODE                   STATUS    MISSING', 'attic                  offline         0', 'cellar                 online !        3', 'xxxxxxxxxxxxxxxxxxxx…  online          0',
		].map((line) => expect.stringMatching(new RegExp(line.replace(/ +/g, ' +').replace(/x+…/, 'x+…')))));
		for (const columns of [40, 30, 24]) {
			const [heading, , cellar] = frame(merge, { ...PLAIN, columns, rows: 11 }) as [string, string, string];
			expect(heading).toMatch(/STATUS +MISSING/);
			expect(cellar).toMatch(/online ! +3/);
		}
	});

	it('shows channels that are called like what every object of JavaScript has', () => {
		const merge = new Merge();
		const names = ['toString', 'x_toString', 'valueOf', 'x_constructor'];
		merge.take(parse('telltale/evil/readings', new TextEncoder().encode(JSON.stringify({ seq: 1, boot: 1, time: TAKEN, ...Object.fromEntries(names.map((name) => [name, 1])) })), ['telltale']), 0);
		for (const columns of [60, 300]) expect(frame(merge, { ...PLAIN, columns }).join(), String(columns)).toMatch(/^(?!.*native code).*toString/is);
		expect(merge.node('evil')!.channels.map(({ unit }) => unit)).toEqual(['', '', '', '']);
	});

	it('counts what nodes say they hold as to come, not as missing', () => {
		const merge = office();
		merge.take({ kind: 'health', node: 'cellar', content: { waiting: 2 } }, 0);
		const text = frame(merge, { ...PLAIN, rows: 10 }).join('\n');
		expect(text).toMatch(/cellar +online +1 +2 +5 s/);
		expect(text).toContain('3 readings, 1 missing, 2 to come.');
	});

	it('sorts, filters and looks for names by keys, in natural order', () => {
		const merge = new Merge();
		for (const [node, status] of [['node-10', 'online'], ['node-2', 'online'], ['attic', 'offline']] as const) merge.take({ kind: 'status', node, status }, 0);
		const view = new View();
		const names = () => frame(merge, { ...PLAIN, rows: 12, hasKeys: true }, view).filter((line) => /line/.test(line) && !/:/.test(line.slice(0, 9))).map((line) => line.split(' ')[0]);
		const press = (...keys: string[]) => keys.map((key) => view.key(key, key.length === 1 ? key : undefined));
		expect(names()).toEqual(['attic', 'node-2', 'node-10']);
		press('s');
		expect(names()).toEqual(['attic', 'node-2', 'node-10']);
		press('f');
		expect(names()).toEqual(['attic']);
		press('escape', '/', 'O', 'd', 'x', 'backspace', 'return');
		expect(names()).toEqual(['node-2', 'node-10']);
		expect(frame(merge, { ...PLAIN, hasKeys: true }, view).at(-1)).toContain('by name; "Od": 2 of 3');
		press('/', 'q', 'escape');
		expect(names()).toHaveLength(3);
		expect(press('q')).toEqual([true]);
		expect(view.key('c', '\u0003', true)).toBe(true);
	});

	it('scrolls where not all nodes fit, and never beyond the last', () => {
		const merge = new Merge();
		for (let k = 1; k <= 50; k++) merge.take({ kind: 'status', node: `node-${k}`, status: 'online' }, 0);
		const view = new View();
		const shown = () => frame(merge, { ...PLAIN, rows: 15 }, view).filter((line) => line.startsWith('node-')).map((line) => line.split(' ')[0]);
		const press = (...keys: string[]) => keys.forEach((key) => view.key(key, undefined));
		expect(shown()).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((k) => `node-${k}`));
		press('down', 'j');
		expect(shown()[0]).toBe('node-3');
		press('pagedown');
		expect(shown()[0]).toBe('node-11');
		press('end', 'down');
		expect(shown().at(-1)).toBe('node-50');
		expect(shown()).toHaveLength(8);
		expect(frame(merge, { ...PLAIN, rows: 15 }, view)).toContain('… 43 to 50 of 50 nodes');
		press('home', 'up');
		expect(shown()[0]).toBe('node-1');
	});

	it('says how many messages it refused, and why the last', () => {
		const merge = office();
		merge.take({ kind: 'malformed', node: 'cellar', why: 'evil' }, 0);
		expect(frame(merge, { ...PLAIN, refusal: 'readings \u202eis not JSON' })).toContain('1 message refused: readings ?is not JSON');
	});

	it('never has a line wider nor more lines than the terminal, whatever nodes there are', () => {
		const sizes = fc.record({ columns: fc.integer({ min: 1, max: 120 }), rows: fc.integer({ min: 1, max: 40 }), nodes: fc.nat(60), log: fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 200 }), { maxLength: 12 }) });
		fc.assert(
			fc.property(sizes, fc.boolean(), fc.constantFrom(undefined, false, true), ({ columns, rows, nodes, log }, colour, channels) => {
				const merge = office();
				for (let k = 0; k < nodes; k++) merge.take({ kind: 'status', node: `node-${k}`, status: 'sleeping' }, 0);
				const view = new View();
				view.hasChannels = channels;
				const lines = frame(merge, { ...PLAIN, columns, rows, colour, log, hasKeys: true, refusal: 'x'.repeat(200) }, view);
				expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 1));
				for (const line of lines) expect(line.replace(/\u001b\[\d*m/g, '').length).toBeLessThanOrEqual(columns);
			}),
		);
	});

	it('tells all of what is wrong with the link, however narrow the terminal is', () => {
		const link = 'No broker answers at mqtt://127.0.0.1:1883: start one, or name another with --broker.';
		const lines = frame(office(), { ...PLAIN, columns: 50, link });
		expect(lines.slice(-2)).toEqual(['No broker answers at mqtt://127.0.0.1:1883: start', 'one, or name another with --broker.']);
	});

	it('is drawn over the one before in one write, and the cursor comes back', () => {
		const written: string[] = [];
		const out = Object.assign(new EventEmitter(), { write: (text: string) => written.push(text), columns: 80, rows: 24 });
		const screen = new Screen(out as unknown as NodeJS.WriteStream);
		screen.draw(['one', 'two', 'three']);
		screen.draw(['uno', 'due']);
		expect(written).toHaveLength(3);
		expect(written[1]).toBe('\u001b[?2026h\rone\u001b[K\r\ntwo\u001b[K\r\nthree\u001b[K\u001b[J\u001b[?2026l');
		expect(written[2]).toBe('\u001b[?2026h\r\u001b[2Auno\u001b[K\r\ndue\u001b[K\u001b[J\u001b[?2026l');
		screen.draw(['uno', 'due']);
		screen.draw(['uno', 'tre']);
		expect(written.slice(3)).toEqual(['\u001b[?2026h\r\u001b[1A\r\ntre\u001b[K\u001b[J\u001b[?2026l']);
		screen.close();
		expect(written.at(-1)).toBe('\r\n\u001b[?25h');
		expect(out.listenerCount('resize')).toBe(0);
	});
});

describe('A reading as text', () => {
	const reading = { seq: 17, boot: '5', time: 1_795_301_835, values: { temperature: 21.512, humidity: 45.2 } };

	it('is for programs what the node said, with its name and whether it came late', () => {
		expect(jsonLine('cellar', true, reading)).toBe('{"node":"cellar","late":true,"seq":17,"boot":5,"time":1795301835,"temperature":21.512,"humidity":45.2}');
		expect(jsonLine('cellar', false, { seq: 1, boot: 'a7', uptime: 3, values: {} })).toBe('{"node":"cellar","late":false,"seq":1,"boot":"a7","uptime":3}');
	});

	it('is for people one line with date and units', () => {
		expect(plainLine({ kind: 'reading', node: 'cellar', late: true, reading })).toBe('cellar  2026-11-21 22:57:15Z   21.5 °C   45.2 %  #17   late');
		expect(plainLine({ kind: 'reading', node: 'cellar', late: false, reading: { seq: 1, boot: '5', uptime: 12, values: { outside_humidity: 101.2, lux: 3 }, suspect: ['outside_humidity'] } })).toBe('cellar  12 s after boot  outside_humidity 101.2? %  lux 3  #1');
	});

	it('is for people in columns that stand under each other, in tenths', () => {
		const line = (node: string, seq: number, late: boolean, temperature: number, humidity: number) =>
			plainLine({ kind: 'reading', node, late, reading: { ...reading, seq, values: { temperature, humidity } } }, 7);
		expect([line('node-1', 9, true, -10.04, 100), line('node-10', 10, true, 7.96, 5), line('node-2', 1_000, false, 21.512, 45.25)]).toEqual([
			'node-1   2026-11-21 22:57:15Z  -10.0 °C  100.0 %  #9    late',
			'node-10  2026-11-21 22:57:15Z    8.0 °C    5.0 %  #10   late',
			'node-2   2026-11-21 22:57:15Z   21.5 °C   45.3 %  #1000',
		]);
	});

	it('survives times beyond all calendars', () => {
		fc.assert(fc.property(fc.double({ min: 0, noNaN: true }), (time) => void plainLine({ kind: 'reading', node: 'n', late: false, reading: { ...reading, time } })));
	});
});

describe('A spark line', () => {
	it('has its least value lowest and its most highest, and shows noise as flat', () => {
		expect(spark([1, 2, 3, 4, 5, 6, 7, 8], 8)).toBe('▁▂▃▄▅▆▇█');
		expect(spark([20, 20.1, 20, 20.1], 8, '°C')).toBe('▄▅▄▅');
		expect([spark([5, 5], 8), spark([], 8), spark([1, 9], 0), spark([0, 1, 9], 2)]).toEqual(['▄▄', '', '', '▁█']);
	});
});

describe('A summary', () => {
	it('names the gaps', () => {
		expect(summary(office())).toBe('3 readings from 1 node, 3 missing (cellar 3-5).');
		expect(summary(new Merge())).toBe('0 readings from 0 nodes.');
	});

	it('says what passed while we were not connected, and of which nodes nothing came since', () => {
		const merge = office();
		const live = (seq: number) => merge.take({ kind: 'reading', node: 'cellar', late: false, reading: { seq, boot: '1', time: 1, values: {} } }, 0);
		merge.interrupted();
		expect(summary(merge)).toBe('3 readings from 1 node, 3 missing (cellar 3-5), no reading from cellar since the connection was lost.');
		live(9);
		expect(summary(merge)).toBe('4 readings from 1 node, 3 missing (cellar 3-5), and 2 passed while we were not connected.');
		expect(frame(merge, PLAIN)).toContain('4 readings, 3 missing, and 2 passed while we were not connected.');
	});

	it('says ages as people do', () => {
		expect([0, 119_999, 120_000, 7_200_000, 200_000_000].map(age)).toEqual(['0 s', '119 s', '2 min', '2 h', '2 d']);
	});
});
