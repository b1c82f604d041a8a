import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { board as esp32 } from '../../hardware/esp32.js';
import { board as nodemcu } from '../../hardware/nodemcu.js';
import { PARTS, type PartIo } from '../../sensors/parts.js';
import { connect, sensorsProblem } from '../../src/parts/parts.js';
import { FIELDS } from '../../src/settings/settings.js';
import { Bus } from '../../sensors/io.js';
import { QUANTITIES, Quantity } from '../../src/readings/reading.js';
import { Bus as FakeBus, Pin, Wire } from '../support/bus.js';
import { TwinBus } from '../support/twin-bus.js';
import type { MakeTwin } from '../../sensors/twin.js';
import { channelsFrom } from '../../src/readings/channels.js';

function world(board: PartIo['board'] = nodemcu): { io: PartIo; pin: Pin; bus: FakeBus } {
	const pin = new Pin(board.analog.bits);
	const bus = new FakeBus();
	return { io: { board, Analog: pin.Analog, I2C: bus.I2C, Pulses: Wire }, pin, bus };
}

/** What nobody writes. */
const UNTOUCHED = -1;
const onI2C = PARTS.filter(({ bus, folder }) => bus === Bus.I2C && folder);

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
		// A row without a folder is of a driver that only an image has.
		for (const { folder } of PARTS) if (folder) expect(folders.map(({ name }) => name)).toContain(folder);
	});

	it.each(PARTS.filter(({ bus }) => bus === Bus.Analog).map((each) => [each.name, each] as const))('collects exactly the quantities of %s', (name, part) => {
		const { io, pin } = world(esp32);
		pin.counts = [1_400];
		const [connected] = connect(name, io);
		expect(connected).toMatchObject({ name, row: part, channels: channelsFrom(0, 2 ** part.quantities.length - 1) });
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
			const io: PartIo = { board: esp32, Analog: new Pin(12).Analog, I2C: bus.I2C, Pulses: Wire };
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
