import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { age, jsonLine, plainLine, summary } from '../../viewer/format.js';
import { Merge } from '../../viewer/merge.js';
import { parse } from '../../viewer/payload.js';
import { frame, Screen } from '../../viewer/terminal.js';

const PLAIN = { now: 65_000, columns: 100, rows: 24, colour: false, link: 'Connected.' };

function office(): Merge {
	const merge = new Merge({ fromStart: true });
	const say = (topic: string, payload: object | string, at: number) =>
		merge.take(parse(`telltale/${topic}`, new TextEncoder().encode(typeof payload === 'string' ? payload : JSON.stringify(payload)), ['telltale']), at);
	say('cellar/status', 'online', 0);
	say('cellar/outage', { seconds: 42.5, cause: 'wifi', attempts: 3, kept: 4 }, 0);
	for (const seq of [1, 2, 6]) say('cellar/readings', { seq, boot: 1, time: 1_795_301_835 + seq, temperature: 21.512, humidity: 45.25 }, 60_000);
	say('cellar/health', { failing: 'sht3x', why: 'no answer.' }, 0);
	say('attic/status', 'offline', 0);
	return merge;
}

describe('The table', () => {
	it('has one row a node: status, values, age, number, what is missing and the last outage', () => {
		expect(frame(office(), PLAIN).map((line) => line.trimEnd())).toEqual([
			'NODE    STATUS   TEMP °C  HUM %  AGE  SEQ  MISSING  LAST OUTAGE         FAULT',
			'attic   offline        -      -    -    -  0        -                   -',
			'cellar  online      21.5   45.3  5 s    6  3 (3-5)  42 s, wifi, 4 kept  sht3x: no answer',
			'',
			'3 readings, 3 missing.',
			'Connected.',
		]);
	});

	it('never has a line wider nor more lines than the terminal, whatever nodes there are', () => {
		const sizes = fc.record({ columns: fc.integer({ min: 1, max: 120 }), rows: fc.integer({ min: 1, max: 40 }), nodes: fc.nat(60), log: fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 200 }), { maxLength: 12 }) });
		fc.assert(
			fc.property(sizes, fc.boolean(), ({ columns, rows, nodes, log }, colour) => {
				const merge = office();
				for (let k = 0; k < nodes; k++) merge.take({ kind: 'status', node: `node-${k}`, status: 'sleeping' }, 0);
				const lines = frame(merge, { ...PLAIN, columns, rows, colour, log });
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

	it('says how many nodes do not fit', () => {
		const merge = office();
		for (let k = 0; k < 50; k++) merge.take({ kind: 'status', node: `node-${k}`, status: 'online' }, 0);
		const lines = frame(merge, { ...PLAIN, rows: 14 });
		expect(lines.filter((line) => /node-|attic|cellar/.test(line))).toHaveLength(8);
		expect(lines).toContain('… and 44 more; make the window taller');
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
		expect(plainLine({ kind: 'reading', node: 'cellar', late: false, reading: { seq: 1, boot: '5', uptime: 12, values: { pressure: 3 } } })).toBe('cellar  12 s after boot  pressure 3  #1');
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
