import { describe, expect, it } from 'vitest';
import { Witness } from '../../simulator/campaign/witness.js';
import type { SimulatedNode } from '../../simulator/simulated-node.js';

/** A node of one measurement at 10 s, in air of 20 °C and 50 %, and a reading that it published a second later. */
function judge(reading: object, conversions = 15): string[] {
	let now = 0;
	const node = { name: 'porch', counts: { boots: 1 }, tmp36: { trouble: 'none', millivolts: () => 700 }, sht3x: { trouble: 'none', write: () => {} } };
	const weather = { at: () => ({ temperatureC: 20, humidityPct: 50 }) };
	const witness = new Witness(node as unknown as SimulatedNode, { weather, startUnixMs: 1e12, timesGiven: [], conversions, now: () => now });
	now = 10_000;
	node.tmp36.millivolts();
	const payload = Buffer.from(JSON.stringify({ seq: 1, boot: 7, time: 1e9 + 10, ...reading }));
	witness.heard({ topic: 'telltale/porch/readings', payload, at: 11_000 } as Parameters<Witness['heard']>[0]);
	return witness.violations;
}

describe('the judge of a simulated node', () => {
	it('lets a reading through that differs from the air by the parts\' errors', () => {
		expect(judge({ temperature: 22.9, humidity: 53.9 })).toEqual([]);
	});

	it('complains of one that differs by more', () => {
		expect(judge({ temperature: 23.9 })).toEqual(['porch: reading 1: 23.9 °C, where the air has 20.00']);
		expect(judge({ humidity: 54.1 })).toEqual(['porch: reading 1: 54.1 %, where the air has 50.0']);
	});

	it('allows for the noise of a reading of one conversion', () => {
		expect(judge({ temperature: 16.1 }, 1)).toEqual([]);
		expect(judge({ temperature: 13.9 }, 1)).toHaveLength(1);
	});

	it('complains of a time at which nothing was measured', () => {
		expect(judge({ time: 1e9 + 60, temperature: 20 })[0]).toContain('has a time at which nothing was measured');
	});
});
