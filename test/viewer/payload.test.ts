import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, PAYLOAD_BYTES_MAX } from '../../viewer/payload.js';

const BASES = ['telltale'];
const bytes = (text: string) => new TextEncoder().encode(text);
const said = (topic: string, text: string) => parse(topic, bytes(text), BASES);

describe('A message of a node', () => {
	it('is a reading with its number, boot, time and quantities', () => {
		const text = '{"seq":17,"boot":5,"time":1795301835,"temperature":21.512,"humidity":45.2}';
		expect(said('telltale/cellar/readings', text)).toEqual({
			kind: 'reading',
			node: 'cellar',
			late: false,
			reading: { seq: 17, boot: '5', time: 1795301835, uptime: undefined, values: { temperature: 21.512, humidity: 45.2 } },
		});
	});

	it('is late on the backlog topic, and may give uptime while the clock is unknown', () => {
		const message = said('telltale/cellar/backlog', '{"seq":1,"boot":"a7","uptime":12,"temperature":-3}');
		expect(message).toMatchObject({ late: true, reading: { boot: 'a7', uptime: 12, time: undefined, values: { temperature: -3 } } });
	});

	it('may name a range of earlier numbers that the node dropped', () => {
		const text = '{"seq":21,"boot":5,"time":9,"dropped":[18,20],"temperature":21.5}';
		expect(said('telltale/cellar/backlog', text)).toMatchObject({ reading: { seq: 21, dropped: { from: 18, to: 20 }, values: { temperature: 21.5 } } });
	});

	it('may name itself, which says that the node gave it up', () => {
		const text = '{"seq":21,"boot":5,"time":9,"dropped":[20,21]}';
		expect(said('telltale/cellar/backlog', text)).toMatchObject({ reading: { seq: 21, dropped: { from: 20, to: 21 }, values: {} } });
	});

	it.each(['3', '[]', '[1]', '[1,2,3]', '[0,2]', '[3,2]', '[18,22]', '[1.5,2]', '["1",2]', 'null'])('that names %s as dropped is malformed', (dropped) => {
		expect(said('telltale/cellar/backlog', `{"seq":21,"boot":5,"time":9,"dropped":${dropped}}`)).toMatchObject({ kind: 'malformed' });
	});

	it('is one of the four words of status', () => {
		for (const status of ['online', 'sleeping', 'stopped', 'offline']) {
			expect(said('telltale/cellar/status', status)).toEqual({ kind: 'status', node: 'cellar', status });
		}
		expect(said('telltale/cellar/status', 'Online')).toMatchObject({ kind: 'malformed' });
	});

	it('clears a topic when it is empty', () => {
		expect(said('telltale/cellar/status', '')).toEqual({ kind: 'cleared', node: 'cellar', leaf: 'status' });
	});

	it.each([
		['not JSON', '{"seq":1'],
		['no object', '[1]'],
		['null', 'null'],
		['no seq', '{"boot":1,"time":1,"temperature":1}'],
		['seq 0', '{"seq":0,"boot":1,"time":1}'],
		['a broken seq', '{"seq":1.5,"boot":1,"time":1}'],
		['a text for seq', '{"seq":"1","boot":1,"time":1}'],
		['a seq that no node can come to', '{"seq":4294967296,"boot":1,"time":1}'],
		['no boot', '{"seq":1,"time":1}'],
		['an empty boot', '{"seq":1,"boot":"","time":1}'],
		['half a character for a boot', '{"seq":1,"boot":"a\\ud800","time":1}'],
		['a NUL in its boot', '{"seq":1,"boot":"a\\u0000","time":1}'],
		['neither time nor uptime', '{"seq":1,"boot":1}'],
		['a time that is no number', '{"seq":1,"boot":1,"time":"now"}'],
		['a temperature that is no number', '{"seq":1,"boot":1,"time":1,"temperature":"hot"}'],
		['a number beyond all numbers', '{"seq":1,"boot":1,"time":1,"temperature":1e999}'],
		['too many quantities', '{"seq":1,"boot":1,"time":1,"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1,"m":1}'],
		['a quantity beyond all quantities', '{"seq":1,"boot":1,"time":1,"outside_pressure":-1e8}'],
		['a quantity of a name that no channel has', '{"seq":1,"boot":1,"time":1,"<script>":1}'],
		['a quantity of a name that a terminal obeys', '{"seq":1,"boot":1,"time":1,"\\u001b[2J":1}'],
		['a humidity of a part that is no number', '{"seq":1,"boot":1,"time":1,"outside_humidity":"wet"}'],
		['any number without end', '{"seq":1,"boot":1,"time":1,"lux":-1e999}'],
		['a time beyond all times', '{"seq":1,"boot":1,"time":4294967296}'],
		['suspects that are no list', '{"seq":1,"boot":1,"time":1,"temperature":1,"suspect":"temperature"}'],
		['suspects that are no names', '{"seq":1,"boot":1,"time":1,"temperature":1,"suspect":[1]}'],
		['too long', `{"seq":1,"boot":1,"time":1,"x":"${'x'.repeat(PAYLOAD_BYTES_MAX)}"}`],
	])('with %s is malformed, not fatal', (_, text) => {
		expect(said('telltale/cellar/readings', text)).toMatchObject({ kind: 'malformed', node: 'cellar' });
	});

	it('of an outage says how long or why, or is malformed', () => {
		for (const text of ['{}', '{"start":1,"attempts":2}', '{"seconds":"5","cause":7}', '{"seconds":-1,"cause":""}']) expect(said('telltale/cellar/outage', text).kind, text).toBe('malformed');
		for (const text of ['{"seconds":0}', '{"cause":"tcp"}']) expect(said('telltale/cellar/outage', text).kind, text).toBe('outage');
	});

	it.each(['readings', 'backlog', 'outage', 'health', 'result'])('on %s that is retained is malformed: no node retains it, so it may be of any age', (leaf) => {
		const text = '{"seq":1,"boot":1,"time":1,"seconds":1}';
		expect(parse(`telltale/cellar/${leaf}`, bytes(text), BASES, true)).toMatchObject({ kind: 'malformed', node: 'cellar' });
		expect(parse(`telltale/cellar/${leaf}`, bytes(text), BASES, false).kind).not.toBe('malformed');
		expect(parse('telltale/cellar/status', bytes('online'), BASES, true).kind).toBe('status');
	});

	it('with bytes that are no UTF-8 is malformed', () => {
		expect(parse('telltale/cellar/readings', Uint8Array.of(0xff, 0x7b), BASES).kind).toBe('malformed');
	});

	it('belongs to another program on every topic that the contract does not name', () => {
		for (const topic of ['telltale', 'telltale/cellar/set/status', 'telltale/cellar/set/other', 'home/cellar/readings', 'telltalex/c/readings']) {
			expect(said(topic, 'online')).toEqual({ kind: 'other' });
		}
		expect(said('telltale/cellar/state', 'online')).toEqual({ kind: 'foreign', node: 'cellar', leaf: 'state' });
	});

	it('names the node by what stands between base and leaf, or by the end of a base of its own', () => {
		expect(said('telltale/house/attic/status', 'online')).toMatchObject({ node: 'house/attic' });
		expect(parse('home/attic/status', bytes('online'), ['home/attic'])).toMatchObject({ node: 'attic' });
	});

	it('keeps what it is called as it was said, so that no two are taken for one, and no longer than a name is', () => {
		const message = said('telltale/k\u00f6ln\u001b[2J/readings', '{"seq":1,"boot":"\\u009b7","time":1,"pt":1}');
		expect(message).toMatchObject({ node: 'k\u00f6ln\u001b[2J', reading: { boot: '\u009b7', values: { pt: 1 } } });
		expect(said(`telltale/${'x'.repeat(5_000)}/status`, 'online')).toMatchObject({ node: `${'x'.repeat(63)}~` });
	});

	it('cuts no character in two, and knows no zero below zero', () => {
		expect(said(`telltale/${'x'.repeat(62)}\u{1f321}yz/status`, 'online')).toMatchObject({ node: `${'x'.repeat(62)}~` });
		expect(said(`telltale/${'x'.repeat(61)}\u{1f321}yz/status`, 'online')).toMatchObject({ node: `${'x'.repeat(61)}\u{1f321}~` });
		const message = said('telltale/cellar/readings', '{"seq":1,"boot":-0,"time":1,"temperature":-0.0}');
		expect(message.kind === 'reading' && Object.is(message.reading.values['temperature'], 0)).toBe(true);
	});

	it('names the values that the node doubts, of those that are there', () => {
		const text = '{"seq":1,"boot":1,"time":1,"temperature":1,"outside_humidity":101,"suspect":["outside_humidity","voltage"]}';
		expect(said('telltale/cellar/readings', text)).toMatchObject({ reading: { values: { temperature: 1, outside_humidity: 101 }, suspect: ['outside_humidity'] } });
	});

	it('lists channels with their units and parts', () => {
		expect(said('telltale/cellar/channels', '{"temperature":["°C","tmp36"]}')).toEqual({ kind: 'channels', node: 'cellar', channels: { temperature: { unit: '°C', part: 'tmp36' } } });
		for (const text of ['{"temperature":"°C"}', '{"temperature":["°C"]}', '{"<b>":["°C","tmp36"]}', JSON.stringify(Object.fromEntries([...Array(13).keys()].map((k) => [`v${k}`, ['V', 'adc']])))]) {
			expect(said('telltale/cellar/channels', text)).toMatchObject({ kind: 'malformed' });
		}
	});

	it('cannot pass another node, or another time of arrival, off as its own', () => {
		const message = said('telltale/cellar/readings', '{"seq":1,"boot":1,"time":1,"node":5,"late":1,"temperature":2}');
		expect(message).toMatchObject({ node: 'cellar', late: false });
		expect(message.kind === 'reading' && message.reading.values).toEqual({ temperature: 2 });
	});

	it('never throws, whatever bytes come', () => {
		fc.assert(
			fc.property(fc.string(), fc.constantFrom('readings', 'backlog', 'status', 'info', 'outage'), fc.uint8Array(), (node, leaf, payload) => {
				parse(`telltale/${node}/${leaf}`, payload, BASES);
			}),
		);
		fc.assert(fc.property(fc.json(), (text) => void said('telltale/n/readings', text)));
	});
});
