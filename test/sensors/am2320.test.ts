import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AM2320 } from '../../sensors/am2320/am2320.js';
import { simulated } from '../../sensors/am2320/simulated.js';
import { Random } from '../../simulator/world/random.js';
import { Bus, hex, measure } from '../support/bus.js';
import { steps, TwinBus } from '../support/twin-bus.js';

const am2320 = (bus: Bus) => new AM2320({ sensor: { io: bus.I2C, data: 4, clock: 5 } });
const twinned = () => {
	const bus = new TwinBus();
	return { bus, twin: bus.wire(simulated, 'am2320', 0x5c), sensor: new AM2320(bus.options()) };
};

/** One request and its answer; the address alone comes before, and is not acknowledged. */
const asked = (bus: Bus, answer: readonly number[]) => bus.refuse(0x5c, []).expect(0x5c, hex`03 00 04`).respond(0x5c, answer, 1.5);

/** CRC-16 of Modbus, low byte first. */
function framed(humidity: number, temperature: number): number[] {
	const bytes = [3, 4, humidity >> 8, humidity & 0xff, temperature >> 8, temperature & 0xff];
	let crc = 0xffff;
	for (const byte of bytes) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
	}
	return [...bytes, crc & 0xff, crc >> 8];
}

describe('AM2320', () => {
	it.each([
		[hex`03 04 03 39 01 15 E1 FE`, [27_700, 82_500]],
		[hex`03 04 01 F4 00 FA 31 A5`, [25_000, 50_000]],
	])('throws the first answer away and believes the second: %j', (bytes, expected) => {
		const bus = new Bus();
		asked(asked(bus, hex`03 04 FF FF FF FF 00 00`), bytes);
		const sensor = am2320(bus);
		expect(measure(sensor, 2, bus)).toEqual(expected);
		expect(bus.waits).toEqual([1, 2, 2_000, 1, 2]);
		sensor.close();
		bus.finish();
	});

	it('reads every temperature as sign and magnitude', () => {
		fc.assert(
			fc.property(fc.integer({ min: -400, max: 800 }), fc.integer({ min: 0, max: 999 }), (tenths, humidity) => {
				const bytes = framed(humidity, tenths < 0 ? 0x8000 | -tenths : tenths);
				const bus = new Bus();
				asked(asked(bus, bytes), bytes);
				expect(measure(am2320(bus), 2, bus)).toEqual([tenths * 100, humidity * 100]);
			}),
			{ seed: 0x5c, numRuns: 60 },
		);
	});

	it('prints minus zero as zero', () => {
		const bus = new Bus();
		asked(asked(bus, framed(500, 0x8000)), framed(500, 0x8000));
		expect(measure(am2320(bus), 2, bus)).toEqual([0, 50_000]);
	});

	it('follows its twin over the whole range, to half a step', () => {
		const { bus, sensor } = twinned();
		for (const temperatureC of steps(-40, 80, 40)) {
			bus.air = { temperatureC, humidityPct: Math.min((temperatureC + 40) / 1.2, 99.9), pressureHpa: 1_000 };
			const [milliC, milliRh] = bus.measure(sensor);
			expect(Math.abs(milliC! - temperatureC * 1_000)).toBeLessThanOrEqual(50.5);
			expect(Math.abs(milliRh! - bus.air.humidityPct * 1_000)).toBeLessThanOrEqual(50.5);
			bus.now += 10_000;
		}
	});

	it('says what the air is now, not what it was at the measurement before', () => {
		const { bus, sensor } = twinned();
		bus.measure(sensor);
		bus.now += 60_000;
		bus.air = { temperatureC: -5.5, humidityPct: 80, pressureHpa: 1_000 };
		expect(bus.measure(sensor)).toEqual([-5_500, 80_000]);
	});

	it.each([1, 2, 7, 40])('wakes it anew where the loop comes %i ms late', (lateMs) => {
		const { bus, sensor } = twinned();
		let turn = 0;
		const late = Object.defineProperty(bus, 'lateMs', { get: () => (turn++ % 4 === 1 ? lateMs : 0) });
		expect(late.measure(sensor)).toEqual([21_000, 45_000]);
	});

	it('bears a loop that comes too late three times of ten', () => {
		const { bus, sensor } = twinned();
		const chance = new Random('late');
		const late = Object.defineProperty(bus, 'lateMs', { get: () => (chance.chance(0.3) ? 5 : 0) });
		for (let i = 0; i < 20; i++) expect(late.measure(sensor)).toEqual([21_000, 45_000]);
	});

	it('gives up where the loop is always too late', () => {
		const { bus, sensor } = twinned();
		bus.lateMs = 10;
		expect(bus.complaint(sensor)).toBe('AM2320 does not answer: check its wiring and its address.');
	});

	it('says what is wrong, and measures again by itself', () => {
		const { bus, twin, sensor } = twinned();
		expect(bus.through('gone', sensor, twin)).toBe('AM2320 does not answer: check its wiring and its address.');
		expect(bus.through('garbled', sensor, twin)).toBe('AM2320 sends a wrong check sum: shorten its wires or check its pull-ups.');
	});

	it.each([
		['a wrong bit', hex`03 04 03 39 01 14 E1 FE`, 'wrong check sum'],
		['an answer to something else', hex`83 80 31 A5 00 FA 31 A5`, 'wrong check sum'],
		['nothing measured', framed(0xffff, 0xffff), 'AM2320 has not measured: check its supply.'],
	])('refuses %s and writes nothing', (_what, bytes, sentence) => {
		const bus = new Bus();
		asked(asked(bus, bytes), bytes);
		expect(() => measure(am2320(bus), 2, bus)).toThrow(sentence);
	});

	it('measures again after it lost power', () => {
		const { bus, twin, sensor } = twinned();
		bus.now += sensor.start();
		bus.now += sensor.collect(new Int32Array(2), 0);
		twin.powerUp();
		bus.now += 1_000;
		expect(bus.measure(sensor)).toEqual([21_000, 45_000]);
	});
});
