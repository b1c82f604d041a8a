import { describe, expect, it } from 'vitest';
import { Millivolts } from '../../sensors/millivolts.js';
import { Pin } from '../support/bus.js';

describe('millivolts', () => {
	it('takes the highest count for full scale and 0 for 0', () => {
		const pin = new Pin(10, 0, 1, 1023);
		const input = new Millivolts({ sensor: { io: pin.Analog, pin: 0 }, fullScaleMv: 3_196.875, bits: 10 });
		expect([input.read(), input.read(), input.read()]).toEqual([0, 3.125, 3_196.875]);
	});

	it('asks the I/O class for its resolution when it is not told', () => {
		const pin = new Pin(12, 4095);
		expect(new Millivolts({ sensor: { io: pin.Analog, pin: 34 }, fullScaleMv: 2_450 }).read()).toBe(2_450);
	});

	it('hands the I/O class all of its options', () => {
		const pin = new Pin(12);
		const sensor = { io: pin.Analog, pin: 34, esp32: { attenuation: 12 } };
		new Millivolts({ sensor, fullScaleMv: 2_450 });
		expect(pin.made[0]).toMatchObject({ pin: 34, esp32: { attenuation: 12 } });
	});

	it('gives NaN for a conversion that failed, and goes on', () => {
		const pin = new Pin(12, undefined, 0);
		const input = new Millivolts({ sensor: { io: pin.Analog, pin: 34 }, fullScaleMv: 2_450 });
		expect(input.read()).toBeNaN();
		expect(input.read()).toBe(0);
	});

	it('gives the pin back when it is closed', () => {
		const pin = new Pin(12);
		const input = new Millivolts({ sensor: { io: pin.Analog, pin: 34 }, fullScaleMv: 2_450 });
		expect(pin.open).toBe(1);
		input.close();
		expect(pin.open).toBe(0);
	});
});
