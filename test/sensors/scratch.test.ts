// The bytes that all parts of a node share: none disturbs another, however they are interleaved.
import { describe, expect, it } from 'vitest';
import { AHT20, Result } from '../../sensors/aht20/aht20.js';
import { BME280 } from '../../sensors/bme280/bme280.js';
import { Scratch, scratchFor } from '../../sensors/scratch.js';
import { SHT3x } from '../../sensors/sht3x/sht3x.js';
import { Bus, hex } from '../support/bus.js';

describe('the bytes that parts share', () => {
	it('are as many as the longest of them wants, and an own where nothing is shared', () => {
		const shared = new Scratch(0);
		expect(scratchFor(shared, 6)).toBe(shared);
		const six = shared.bytes;
		scratchFor(shared, 3);
		expect([shared.bytes, six.length]).toEqual([six, 6]);
		scratchFor(shared, 45);
		expect(shared.bytes.length).toBe(45);
		expect(scratchFor(undefined, 7).bytes.length).toBe(7);
	});

	it('carry an AHT20 through the renewal of its registers, though an SHT3x measures between any two of its steps', () => {
		const bus = new Bus();
		const scratch = new Scratch(0);
		const options = { sensor: { io: bus.I2C, data: 4, clock: 5 }, scratch };
		const aht20 = new AHT20(options, Result.AHT20);
		const sht3x = new SHT3x(options);
		// The longest comes last, so that the first two are made before there is room for it.
		const bme280 = new BME280(options);
		const values = new Int32Array(4);
		const measured: number[][] = [];
		const between = (): void => {
			bus.expect(0x44, hex`24 00`);
			bus.wait(sht3x.start());
			bus.respond(0x44, hex`66 66 93 80 00 a2`);
			sht3x.collect(values, 2);
			measured.push([values[2]!, values[3]!]);
		};
		// Calibrated, but not ready: all three registers are written back with what they hold.
		bus.respond(0x38, [0x08, 0, 0, 0, 0, 0, 0]).expect(0x38, [0x1b, 0, 0]);
		bus.wait(aht20.start());
		for (const register of [0x1b, 0x1c, 0x1e]) {
			if (register !== 0x1b) {
				bus.expect(0x38, [register, 0, 0]);
				bus.wait(aht20.collect(values, 0));
			}
			between();
			bus.respond(0x38, [0x08, 0xaa, register]);
			bus.wait(aht20.collect(values, 0));
			between();
			bus.expect(0x38, [0xb0 | register, 0xaa, register]);
			bus.wait(aht20.collect(values, 0));
			between();
		}
		expect(new Set(measured.map(String))).toEqual(new Set(['25000,50001']));
		for (const each of [aht20, sht3x, bme280]) each.close();
		bus.finish();
	});
});
