import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { board as esp32 } from '../../hardware/esp32.js';
import { board as nodemcu } from '../../hardware/nodemcu.js';
import { connect, sensorsProblem, PARTS, type PartIo } from '../../sensors/parts.js';
import { FIELDS } from '../../src/settings/settings.js';
import { Bus } from '../../sensors/io.js';
import { QUANTITIES, Quantity } from '../../src/readings/reading.js';
import { Bus as FakeBus, hex, measure, Pin } from '../support/bus.js';
import { TwinBus } from '../support/twin-bus.js';
import type { MakeTwin } from '../../sensors/twin.js';

function world(board: PartIo['board'] = nodemcu): { io: PartIo; pin: Pin; bus: FakeBus } {
	const pin = new Pin(board.analog.bits);
	const bus = new FakeBus();
	return { io: { board, Analog: pin.Analog, I2C: bus.I2C }, pin, bus };
}

/** What nobody writes. */
const UNTOUCHED = -1;
const onI2C = PARTS.filter(({ bus }) => bus === Bus.I2C);

const given = (setting: string) => connect(setting, world(esp32).io).map(({ name, row, gives }) => [name, ...row.quantities.filter((_each, k) => gives & 1 << k)]);

describe('the table of parts', () => {
	it('is frozen through and through', () => {
		expect(Object.isFrozen(PARTS)).toBe(true);
		for (const part of PARTS) {
			for (const each of [part, part.quantities, part.minima, part.maxima, part.addresses]) expect(Object.isFrozen(each), part.name).toBe(true);
		}
	});

	it('names each part once, in a form that the setting takes', () => {
		const { accepts } = FIELDS.find((each) => each.key === 'sensors')!;
		expect(new Set(PARTS.map((each) => each.name)).size).toBe(PARTS.length);
		for (const { name } of PARTS) expect(accepts!(name), name).toBe(true);
	});

	it('speaks of known quantities only, in their order', () => {
		for (const { name, quantities } of PARTS) {
			const order = quantities.map((each) => QUANTITIES.indexOf(each));
			expect(order.every((each) => each >= 0), name).toBe(true);
			expect(order, name).toEqual([...order].sort((a, b) => a - b));
			expect(quantities.length, name).toBeLessThanOrEqual(Quantity.MAX);
		}
	});

	it('says of each quantity from where to where it goes, and on I2C at which addresses', () => {
		for (const { name, quantities, minima, maxima, bus, addresses, analog, spread } of PARTS) {
			expect([minima.length, maxima.length], name).toEqual([quantities.length, quantities.length]);
			quantities.forEach((_each, k) => expect(minima[k], name).toBeLessThan(maxima[k]!));
			expect(addresses.length > 0, name).toBe(bus === Bus.I2C);
			expect([analog, spread > 0], name).toEqual([bus === Bus.Analog, bus === Bus.Analog]);
		}
	});

	it('has the parts of the default setting', () => {
		const setting = String(FIELDS.find((each) => each.key === 'sensors')!.initial);
		expect(sensorsProblem(setting, nodemcu)).toBe('');
		expect(sensorsProblem(setting, esp32)).toBe('');
	});

	it('has a row for each driver folder and a test beside each driver', () => {
		const folders = readdirSync(new URL('../../sensors', import.meta.url), { withFileTypes: true }).filter((each) => each.isDirectory());
		const source = readFileSync(new URL('../../sensors/parts.ts', import.meta.url), 'utf8');
		const tests = readdirSync(new URL('.', import.meta.url));
		expect(folders.length).toBeGreaterThan(0);
		for (const { name } of folders) {
			expect(source).toContain(`from './${name}/${name}.js'`);
			expect(PARTS.some(({ folder }) => folder === name), name).toBe(true);
			expect(tests).toContain(`${name}.test.ts`);
		}
		for (const { folder } of PARTS) expect(folders.map(({ name }) => name)).toContain(folder);
	});

	it.each(PARTS.filter(({ bus }) => bus === Bus.Analog).map((each) => [each.name, each] as const))('collects exactly the quantities of %s', (name, part) => {
		const { io, pin } = world(esp32);
		pin.counts = [1_400];
		const [connected] = connect(name, io);
		expect(connected).toMatchObject({ name, row: part, first: 0, gives: 2 ** part.quantities.length - 1, complaint: '' });
		const values = new Int32Array(Quantity.MAX).fill(UNTOUCHED);
		connected!.sensor.start();
		connected!.sensor.collect(values, 0);
		expect([...values].map((each) => each !== UNTOUCHED)).toEqual([0, 1, 2, 3].map((at) => at < part.quantities.length));
		connected!.sensor.close();
		expect(pin.open).toBe(0);
	});

	it.each(onI2C.map((each) => [each.name, each] as const))('collects exactly the quantities of %s at each of its addresses, from its twin', async (name, part) => {
		const { simulated } = await import(`../../sensors/${part.folder}/simulated.ts`) as { simulated: MakeTwin };
		for (const address of part.addresses) {
			const bus = new TwinBus();
			const io: PartIo = { board: esp32, Analog: new Pin(12).Analog, I2C: bus.I2C };
			bus.wire(simulated, name, address);
			const sensor = part.make(io, { address, pin: 0, gain: 1, offsetMv: 0 });
			const values = bus.measure(sensor, Quantity.MAX);
			expect(values.map((each) => each !== TwinBus.UNTOUCHED)).toEqual([0, 1, 2, 3].map((at) => at < part.quantities.length));
			const air = [bus.air.temperatureC, bus.air.humidityPct, bus.air.pressureHpa];
			for (let k = 0; k < part.quantities.length; k++) expect(Math.abs(values[k]! / 1_000 - air[k]!)).toBeLessThan(0.1);
			sensor.close();
		}
	});
});

describe('objection', () => {
	it('names what is known when a part is not', () => {
		expect(sensorsProblem('tmp36,dht22', nodemcu)).toBe('sensors names dht22, which is not known: known are tmp36, sht3x, hih4030, sht4x, shtc3, si7021, htu21d, aht10, aht20, am2320.');
	});

	it('turns the HIH-4030 down on a board with one analog input', () => {
		expect(sensorsProblem('tmp36,hih4030', nodemcu)).toBe(
			'sensors names hih4030, which needs a second analog input: nodemcu has one only; use an ESP32 or a part on I2C.',
		);
		expect(sensorsProblem('tmp36,hih4030', esp32)).toBe('');
	});
});

describe('connect', () => {
	it.each([
		['tmp36,sht3x', [['tmp36', 'temperature'], ['sht3x', 'humidity']]],
		['sht3x', [['sht3x', 'temperature', 'humidity']]],
		['tmp36', [['tmp36', 'temperature']]],
		['sht3x,tmp36', [['sht3x', 'temperature', 'humidity']]],
		['hih4030,sht3x', [['hih4030', 'humidity'], ['sht3x', 'temperature']]],
		['tmp36,hih4030,sht3x', [['tmp36', 'temperature'], ['hih4030', 'humidity']]],
		['tmp36,tmp36', [['tmp36', 'temperature']]],
		['sht3x45,sht3x', [['sht3x', 'temperature', 'humidity']]],
	])('lets the first named give each quantity: %s', (setting, expected) => {
		expect(given(setting)).toEqual(expected);
	});

	it('counts the channels through, part by part, whatever else a part collects', () => {
		const { io, bus } = world();
		bus.expect(0x44, hex`24 00`).respond(0x44, hex`66 66 93 BE EF 92`, 15.5);
		const [tmp36, sht3x] = connect('tmp36,sht3x', io);
		expect([tmp36!.first, tmp36!.gives, sht3x!.first, sht3x!.gives]).toEqual([0, 0b01, 1, 0b10]);
		expect(measure(sht3x!.sensor, 2, bus)).toEqual([25_000, 74_585]);
	});

	it('knows the old name of an SHT3x at its other address', () => {
		const { io, bus } = world();
		const parts = connect('sht3x45', io);
		expect(parts.map(({ name, gives }) => [name, gives])).toEqual([['sht3x', 0b11]]);
		expect(bus.made).toMatchObject([{ address: 0x45 }]);
	});

	it('does not even open the bus of a part with nothing left to give', () => {
		const { io, pin, bus } = world(esp32);
		connect('tmp36,hih4030,sht3x', io);
		expect(bus.made).toEqual([]);
		expect(pin.made.map((each) => each.pin)).toEqual([34, 35]);
	});

	it.each([nodemcu, esp32])('uses the pins of $name', (board) => {
		const { io, pin, bus } = world(board);
		connect('tmp36,sht3x', io);
		expect(pin.made.map((each) => each.pin)).toEqual([board.analog.pin]);
		expect(bus.made).toMatchObject([{ data: board.i2c.data, clock: board.i2c.clock, hz: 100_000, address: 0x44 }]);
	});

	it('halves the HIH-4030 for the ESP32: 1.175 V at the pin are 50 %', () => {
		const { io, pin } = world(esp32);
		pin.counts = [Math.round((1_175 * 4095) / 2450)];
		const [hih4030] = connect('hih4030', io);
		const [milliRh] = measure(hih4030!.sensor, 1);
		expect(milliRh).toBeGreaterThan(49_930);
		expect(milliRh).toBeLessThan(50_010);
	});

	it('offers compensation where a part wants it', () => {
		const connected = connect('tmp36,hih4030', world(esp32).io);
		expect(connected.map(({ sensor }) => typeof sensor.compensate)).toEqual(['undefined', 'function']);
	});
});
