// Time servers that are wrong: a date that cannot be is not believed, a wrong one that can be is mended within minutes.

import { describe, expect, it } from 'vitest';
import type { Conditions } from '../../simulator/world/conditions.js';
import { HOUR, MINUTE, SECOND, stage, type Stage } from './stage.js';

const START_UNIX = Date.UTC(2026, 0, 1) / 1_000;
const YEAR = 365.25 * 86_400;

async function node(conditions: Partial<Conditions>, engine: 'xs' | 'node' = 'node', intervalMs = 30_000): Promise<Stage> {
	const made = await stage({ engine, settings: { intervalMs } });
	Object.assign(made.simulation.world.conditions, conditions);
	return made;
}

/** Of each reading with a date, by how many seconds it is wrong. */
function faults(set: Stage, from = 0): number[] {
	const { published } = set.simulation.broker;
	return published.filter(({ topic, at }) => at >= from && topic.endsWith('/readings')).map(({ at, payload }) => [at, JSON.parse(payload.toString()).time]).filter(([, time]) => time)
		.map(([at, time]) => Math.round(Math.abs(time - START_UNIX - at / SECOND)));
}

describe('a time server that has no time', () => {
	it.each(['zero', 'leap 3', 'stratum 16'] as const)('(%s) is not believed: readings carry their uptime until one answers that has', async (time) => {
		const set = await node({ time }, time === 'zero' ? 'xs' : 'node');
		await set.run(5 * MINUTE);
		expect(set.readings().length).toBeGreaterThan(8);
		expect(set.readings().every((reading) => reading.time === undefined)).toBe(true);
		expect(set.heard(/^the time server .* (is not synchronised|does not answer)/)).toBeDefined();
		set.simulation.world.conditions.time = 'ok';
		await set.run(2 * MINUTE);
		const from = set.now;
		await set.run(2 * MINUTE);
		expect(faults(set, from).length).toBeGreaterThan(2);
		expect(Math.max(...faults(set))).toBeLessThan(3);
	});

	it('and sends us away is left alone for a minute', async () => {
		const set = await node({ time: 'kiss of death' });
		await set.run(5 * MINUTE);
		expect(set.heard(/^the time server .* does not answer/)).toBeDefined();
		expect(set.readings().every((reading) => reading.time === undefined)).toBe(true);
	});
});

describe('a date', () => {
	it('from before the firmware was built is not believed', async () => {
		const set = await node({ timeOffsetSeconds: -2 * YEAR });
		await set.run(3 * MINUTE);
		expect(set.readings().every((reading) => reading.time === undefined)).toBe(true);
		expect(set.heard(/^the time server .* is not synchronised, or says a date from before this firmware/)).toBeDefined();
	});

	it('after January 2038 is a date: readings and outages carry it', async () => {
		const set = await node({ timeOffsetSeconds: 20 * YEAR }, 'xs');
		await set.until(() => set.readings().some(({ time }) => time !== undefined), 2 * MINUTE);
		expect(set.readings().find(({ time }) => time)!.time! - START_UNIX - 20 * YEAR).toBeLessThan(2 * 60);
		expect(set.readings().every(({ time = 1 }) => time > 0)).toBe(true);
		set.simulation.broker.kill();
		await set.run(2 * MINUTE);
		set.simulation.broker.start();
		await set.until(() => set.texts('outage').length > 0, 2 * MINUTE);
		expect(JSON.parse(set.texts('outage').at(-1)!).start).toBeGreaterThan(START_UNIX + 19.9 * YEAR);
		await set.expectWell();
	});

	it('that was wrong at the start is mended within two minutes', async () => {
		const set = await node({ timeOffsetSeconds: 10 * YEAR });
		await set.until(() => set.heard(/the date is known/) !== undefined, MINUTE);
		set.simulation.world.conditions.timeOffsetSeconds = 0;
		await set.run(2 * MINUTE);
		const from = set.now;
		await set.run(10 * MINUTE);
		expect(Math.max(...faults(set, from))).toBeLessThan(3);
	});

	it('that is known is not given up for one answer that contradicts it, but for two', async () => {
		const set = await node({}, 'node', 600_000);
		await set.run(5 * MINUTE);
		const { conditions } = set.simulation.world;
		conditions.timeOffsetSeconds = 3_600;
		await set.until(() => set.heard(/contradicts/) !== undefined, 6.1 * HOUR);
		conditions.timeOffsetSeconds = 0;
		await set.run(HOUR);
		expect(Math.max(...faults(set))).toBeLessThan(15);
		conditions.timeOffsetSeconds = 3_600;
		await set.run(7 * HOUR);
		expect(faults(set).at(-1)).toBeGreaterThan(3_590);
	});
});
