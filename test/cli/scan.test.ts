// What a scan found, as people see it, and as the setting that uses it.
import { describe, expect, it } from 'vitest';
import { foundIn, proposalsOf, scanText } from '../../cli/scan.js';
import { sensorsFault } from '../../cli/sensors.js';
import { Bus } from '../../sensors/io.js';
import { PARTS } from '../../sensors/parts.js';

describe('a scan as a table', () => {
	it('has the bus by its addresses, and how the parts of the settings are', () => {
		expect(scanText({ found: { 32: '?', 68: 'sht4x' }, parts: { tmp36: 'ok', outside: 'no answer' }, more: 2 })).toBe([
			'ADDRESS    PART', '0x20 (32)  ? (answers, and is no part that is known)', '0x44 (68)  sht4x', '',
			'OF THE SETTINGS  STATE', 'tmp36            ok', 'outside          no answer', '', '2 more had no room in the answer.',
		].join('\n'));
		expect(scanText({ found: {} })).toBe('Nobody answers on the I2C bus.');
	});

	it.each([undefined, null, 5, 'x', [], { 68: 5 }, { '\u001b[2J': 'x' }, { 999: 'sht3x', '-1': 'x', x: 'y' }])('shows nothing that could do harm, whatever the node says: %j', (found) => {
		expect([foundIn(found), scanText({ found })]).toEqual([[], 'Nobody answers on the I2C bus.']);
		expect(scanText({ found: { 68: '\u001b[2J\n' }, parts: { '\u001b': '\n' } })).not.toMatch(/\u001b|PART.*\n.*\n\n.*\n.*\n./);
	});
});

describe('the parts that were found', () => {
	const onI2C = PARTS.filter(({ bus }) => bus === Bus.I2C);

	it('become a setting that each board takes, two of a kind and all together', () => {
		expect(proposalsOf([[0x44, 'sht3x']], 'nodemcu').map(({ sensors }) => sensors)).toEqual(['sht3x', 'tmp36,sht3x']);
		expect(proposalsOf([[0x44, 'sht3x'], [0x45, 'sht3x']], 'nodemcu')[0]!.sensors).toBe('[{"part":"sht3x"},{"part":"sht3x","name":"sht3x-45","address":69}]');
		for (const board of ['nodemcu', 'esp32'] as const) {
			for (const one of onI2C) for (const address of one.addresses) for (const { sensors } of proposalsOf([[address, one.name]], board)) expect(sensorsFault(sensors, board)).toBe('');
			for (const one of onI2C) for (const other of onI2C) if (one.addresses[0] !== other.addresses[0]) {
				expect(proposalsOf([[one.addresses[0]!, one.name], [other.addresses[0]!, other.name]], board).length, `${one.name} ${other.name}`).toBeGreaterThan(0);
			}
		}
	});

	it('are none where nothing is known, and an address that no such part has is not believed', () => {
		expect([proposalsOf([], 'nodemcu'), proposalsOf([[0x20, '?'], [0x21, 'sht3x'], [0x44, '__proto__']], 'nodemcu')]).toEqual([[], []]);
	});
});
