import { describe, expect, it } from 'vitest';
import { writeChannelName } from '../../src/readings/channels.js';
import { List, QUANTITIES, Quantity, QUANTITY_MAXIMA, QUANTITY_MINIMA, Reading, UNITS, Value, writeReading } from '../../src/readings/reading.js';
import { Limit } from '../../src/common/limits.js';
import { Text } from '../../src/common/text.js';
import { connected, row } from '../support/parts.js';

const PARTS = connected(
	{ row: row('tmp36', ['temperature']) }, { row: row('sht3x', ['temperature', 'humidity']), gives: 0b10 },
	{ row: row('bme280', ['temperature', 'humidity', 'pressure']), name: 'outside' }, { row: row('adc', ['voltage']), name: 'abcdefghij12' },
);

function said(write: (text: Text) => void): string {
	const text = new Text(new Uint8Array(Limit.PAYLOAD_MAX));
	write(text);
	expect(text.overflowed).toBe(false);
	return Buffer.from(text.bytes.subarray(0, text.length)).toString();
}

function payload(fields: Partial<Reading>, values: number[], boot = 7): string {
	const reading = Object.assign(new Reading(), fields, { boot });
	reading.numbers.set(values);
	return said((text) => writeReading(text, reading, { writeName: (to, list, channel) => {
		expect(list).toBe(List.Present);
		writeChannelName(to, PARTS, channel);
	} }));
}

describe('a reading as text', () => {
	it('is the payload of docs/topics.md', () => {
		expect(payload({ seq: 17, time: 1795301835 }, [21_512, 45_200])).toBe(
			'{"seq":17,"boot":7,"time":1795301835,"temperature":21.512,"humidity":45.2}');
	});

	it('gives uptime in place of a time that is not known', () => {
		expect(payload({ seq: 1, uptime: 42 }, [-500, 0])).toBe('{"seq":1,"boot":7,"uptime":42,"temperature":-0.5,"humidity":0}');
	});

	it('leaves out what was not measured', () => {
		expect(payload({ seq: 2, time: 9 }, [Value.ABSENT, 99_999])).toBe('{"seq":2,"boot":7,"time":9,"humidity":99.999}');
	});

	it('names the numbers that had to make room', () => {
		expect(payload({ seq: 21, time: 9, droppedFrom: 18, droppedTo: 20 }, [1, Value.ABSENT])).toBe('{"seq":21,"boot":7,"time":9,"dropped":[18,20],"temperature":0.001}');
	});

	it('calls the channels of a further group by their names, and says which are doubtful', () => {
		expect(payload({ seq: 3, time: 9, group: 1, suspects: 0b101 }, [80_000, 1_013_250, -12])).toBe(
			'{"seq":3,"boot":7,"time":9,"outside_humidity":80,"outside_pressure":1013.25,"abcdefghij12_voltage":-0.012,"suspect":["outside_humidity","abcdefghij12_voltage"]}');
		expect(payload({ seq: 3, time: 9, suspects: 0b010 }, [Value.ABSENT, 100_000])).toBe('{"seq":3,"boot":7,"time":9,"humidity":100,"suspect":["humidity"]}');
	});

	it('fits its bound at its widest', () => {
		const widest = connected({ row: row('bme280', ['temperature', 'temperature', 'temperature']), name: 'abcdefghij12' });
		const reading = Object.assign(new Reading(), {
			boot: 0x7fff_ffff, seq: 0xffff_ffff, time: 0xffff_ffff, droppedFrom: 0xffff_fffd, droppedTo: 0xffff_fffe, suspects: 7,
		});
		reading.numbers.set([-4_194_303, -4_194_303, -4_194_303]);
		said((text) => writeReading(text, reading, { writeName: (to, _list, channel) => writeChannelName(to, widest, channel) }));
	});

	it('has a range and a unit for every quantity', () => {
		expect(QUANTITIES.length).toBeLessThanOrEqual(Quantity.MAX);
		for (const each of [QUANTITY_MINIMA, QUANTITY_MAXIMA, UNITS]) expect(each.length).toBe(QUANTITIES.length);
	});
});
