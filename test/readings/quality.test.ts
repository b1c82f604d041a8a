import { describe, expect, it } from 'vitest';
import { DOUBTS, judge, QUALITIES, Quality, qualityOfError, timesOf, troubleOf } from '../../src/readings/quality.js';
import { Value } from '../../src/readings/reading.js';
import { row } from '../support/parts.js';

const NOISY = row('sht3x', ['temperature', 'humidity'], { noisy: true });
const STEPPED = row('dht11', ['temperature', 'humidity']);
const ANALOG = row('tmp36', ['temperature'], { analog: true });
const TEMPERATURE = 0;
const HUMIDITY = 1;

describe('the quality of a value', () => {
	it.each([
		['within its range', NOISY, 0, TEMPERATURE, 21_000, 1, 0, Quality.Ok],
		['at the ends of its range', NOISY, 0, TEMPERATURE, 125_000, 1, 0, Quality.Ok],
		['beyond what the part can give', NOISY, 0, TEMPERATURE, 125_001, 1, 0, Quality.OutOfRange],
		['below it', NOISY, 0, TEMPERATURE, -40_001, 1, 0, Quality.OutOfRange],
		['that no air has, whatever the part can give', row('x', ['pressure'], { maxima: [2_000_000] }), 0, 2, 1_500_000, 1, 0, Quality.OutOfRange],
		['the same 29 times, where noise must move it', NOISY, 0, TEMPERATURE, 21_000, 29, 0, Quality.Ok],
		['the same 30 times, where noise must move it', NOISY, 0, TEMPERATURE, 21_000, 30, 0, Quality.Stuck],
		['the same all day, of a part with steps of 1', STEPPED, 0, TEMPERATURE, 21_000, 255, 0, Quality.Ok],
		['of 100 % all night: that is fog', NOISY, 1, HUMIDITY, 100_000, 255, 0, Quality.Ok],
		['of 99 % all night', NOISY, 1, HUMIDITY, 99_000, 255, 0, Quality.Stuck],
		['from conversions as far apart as may be', ANALOG, 0, TEMPERATURE, 21_000, 1, 10_000, Quality.Ok],
		['from conversions further apart', ANALOG, 0, TEMPERATURE, 21_000, 1, 10_001, Quality.Spread],
		['of a part on a bus, whatever an analog one did', NOISY, 0, TEMPERATURE, 21_000, 1, 99_999, Quality.Ok],
	])('%s', (_what, each, k, quantity, value, times, spread, expected) => {
		expect(judge(each, k, quantity, value, times, spread)).toBe(expected);
	});

	it('counts how often in a row the same value came, from each that is another, up to a byte', () => {
		expect([timesOf(5, Value.ABSENT, 9), timesOf(5, 4, 9), timesOf(5, 5, 9), timesOf(5, 5, 255)]).toEqual([1, 1, 10, 255]);
		// A part that failed begins anew.
		expect(timesOf(Value.ABSENT, Value.ABSENT, 9)).toBe(1);
	});

	it('of none is told from the sentence', () => {
		expect([qualityOfError('SHT3x sends a wrong check sum: shorten its wires.'), qualityOfError('SHT3x does not answer.')]).toEqual([Quality.CheckSum, Quality.NoAnswer]);
	});

	it('has a word for each, and a sentence where a value is doubtful', () => {
		expect(QUALITIES).toHaveLength(Quality.NoAnswer + 1);
		expect(DOUBTS).toHaveLength(Quality.NoAnswer + 1);
	});

	it.each([
		['TMP36 gives 0 mV, less than it can', 'TMP36 gives 31 mV, less than it can', true], ['gives 9', 'gives 1234', true], ['', '', true],
		['TMP36 gives 0 mV, less than it can', 'TMP36 gives 3197 mV, more than it can', false], ['SHT3x does not answer', 'SHT3x does not answer, and more', false],
		['SHT3x does not answer, and more', 'SHT3x does not answer', false], ['no answer', '', false], ['', 'no answer', false],
	])('of "%s" and "%s" is one trouble: %s', (one, other, same) => {
		expect(troubleOf(one) === troubleOf(other)).toBe(same);
	});
});
