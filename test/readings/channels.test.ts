import { describe, expect, it } from 'vitest';
import { channelCount, channelOf, channelsOf, partOf, placeOf, quantityOf, writeChannelName, writeChannels } from '../../src/readings/channels.js';
import { QUANTITIES } from '../../src/readings/reading.js';
import { Limit } from '../../src/common/limits.js';
import { Text } from '../../src/common/text.js';
import { connected, row } from '../support/parts.js';

const BME280 = row('bme280', ['temperature', 'humidity', 'pressure']);
const PARTS = connected(
	{ row: row('tmp36', ['temperature']) }, { row: row('sht3x', ['temperature', 'humidity']), gives: 0b10 },
	{ row: BME280, name: 'outside' }, { row: BME280, gives: 0b100 }, { row: row('adc', ['voltage']), name: 'abcdefghij12' },
);

function said(write: (text: Text) => void): string {
	const text = new Text(new Uint8Array(Limit.PAYLOAD_MAX));
	write(text);
	expect(text.overflowed).toBe(false);
	return Buffer.from(text.bytes.subarray(0, text.length)).toString();
}

describe('channels', () => {
	it('are counted through, part by part, by what each gives here', () => {
		expect([channelCount([]), channelCount(PARTS), PARTS.map(channelsOf)]).toEqual([0, 7, [1, 1, 3, 1, 1]]);
		const found = [...Array(7).keys()].map((channel) => {
			const part = partOf(PARTS, channel);
			const place = placeOf(part, channel);
			return [part.row.name, place, QUANTITIES[quantityOf(part, place)]];
		});
		expect(found).toEqual([
			['tmp36', 0, 'temperature'], ['sht3x', 1, 'humidity'], ['bme280', 0, 'temperature'], ['bme280', 1, 'humidity'], ['bme280', 2, 'pressure'],
			['bme280', 2, 'pressure'], ['adc', 0, 'voltage'],
		]);
	});

	it('are called by their quantity, those of a named part by both', () => {
		expect([...Array(7).keys()].map((channel) => said((text) => writeChannelName(text, PARTS, channel)))).toEqual([
			'temperature', 'humidity', 'outside_temperature', 'outside_humidity', 'outside_pressure', 'pressure', 'abcdefghij12_voltage',
		]);
	});

	it('are found by a quantity that is their whole name', () => {
		expect(QUANTITIES.map((_each, quantity) => channelOf(PARTS, quantity))).toEqual([0, 1, 5, -1]);
	});

	it('have their units and parts as text', () => {
		expect(JSON.parse(said((text) => writeChannels(text, PARTS)))).toEqual({
			temperature: ['°C', 'tmp36'], humidity: ['%', 'sht3x'], outside_temperature: ['°C', 'bme280'], outside_humidity: ['%', 'bme280'],
			outside_pressure: ['hPa', 'bme280'], pressure: ['hPa', 'bme280'], abcdefghij12_voltage: ['V', 'adc'],
		});
		expect(said((text) => writeChannels(text, []))).toBe('{}');
	});
});
