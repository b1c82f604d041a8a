import { describe, expect, it } from 'vitest';
import { Adc } from '../../sensors/adc/adc.js';
import { simulated } from '../../sensors/adc/simulated.js';
import type { AnalogTwin } from '../../sensors/twin.js';
import { Random } from '../../simulator/world/random.js';
import { measure, Pin } from '../support/bus.js';

const BITS = 10;
const FULL_SCALE_MV = 3_300;

function wired(counts: (number | undefined)[], more = {}) {
	const pin = new Pin(BITS);
	pin.counts = counts;
	return new Adc({ sensor: { io: pin.Analog, pin: 17 }, fullScaleMv: FULL_SCALE_MV, gain: 1, offsetMv: 0, ...more });
}

const refusal = (counts: (number | undefined)[], more = {}) => (): number[] => measure(wired(counts, more), 1);

describe('a plain analog input', () => {
	it('gives millivolts, each count its share of the full scale', () => {
		for (let count = 0; count < 1_023; count++) expect(measure(wired([count]), 1)).toEqual([Math.round((count * FULL_SCALE_MV) / 1_023)]);
	});

	it('multiplies by the gain of what stands before it, then adds the offset', () => {
		expect(measure(wired([310], { gain: 4.2, offsetMv: -100 }), 1)).toEqual([4_100]);
		expect(measure(wired([310], { gain: -1, offsetMv: 3_300 }), 1)).toEqual([2_300]);
	});

	it('refuses its own end, what is too near to ground, and a failed conversion', () => {
		expect(refusal([1_023])).toThrow(/at its end/);
		expect(refusal([30], { lowestMv: 150 })).toThrow('The analog input gives nothing that it can tell from a short to ground: check its wires.');
		expect(refusal([undefined])).toThrow(/short to ground/);
	});

	it('agrees with its twin over the range of the air', () => {
		const air = { temperatureC: 20, humidityPct: 50, pressureHpa: 1_013 };
		const twin = simulated('adc', { air: () => air, now: () => 0, delay: () => {}, random: new Random('adc') }, 0) as AnalogTwin;
		const measured = (): number => measure(wired([Math.round((twin.millivolts() / FULL_SCALE_MV) * 1_023)]), 1)[0]!;
		for (air.temperatureC = -40; air.temperatureC <= 80; air.temperatureC += 5) expect(Math.abs(measured() - (1_480 + air.temperatureC))).toBeLessThan(2.5);
		twin.trouble = 'stuck';
		const before = measured();
		air.temperatureC = 0;
		expect(measured()).toBe(before);
		twin.trouble = 'gone';
		expect(measured()).toBe(0);
		twin.trouble = 'none';
		expect(Math.abs(measured() - 1_480)).toBeLessThan(2.5);
	});
});
