// Channels as whole nodes have them, on the chip's engine: parts with intervals of their own, names that outlive a change of the settings,
// values that cannot be trusted.
import { describe, expect, it } from 'vitest';
import { audit } from '../support/audit.js';
import { MINUTE, SECOND, stage, type Stage } from './stage.js';

type Said = Readonly<Record<string, unknown>> & { readonly seq: number; readonly boot: number; readonly time?: number };

const said = (set: Stage, leaf?: 'readings' | 'backlog') => set.readings(leaf) as unknown as Said[];
const keys = (one: Said) => Object.keys(one).filter((key) => !['seq', 'boot', 'time', 'uptime', 'dropped', 'suspect'].includes(key));

describe('a node on XS', () => {
	it('reads two parts at two intervals, and lists what they give', async () => {
		const sensors = '[{"part":"tmp36","intervalMs":2000},{"part":"sht3x","name":"outside","intervalMs":7000}]';
		const set = await stage({ engine: 'xs', seed: 'channels/intervals', settings: { sensors } });
		await set.until(() => said(set).length > 0, MINUTE);
		await set.run(70 * SECOND);
		const all = said(set);
		expect(JSON.parse(set.texts('channels').at(-1)!)).toEqual({
			temperature: ['°C', 'tmp36'], outside_temperature: ['°C', 'sht3x'], outside_humidity: ['%', 'sht3x'],
		});
		const times = (key: string) => all.filter((one) => one[key] !== undefined).map(({ time }) => time!);
		const steps = (key: string) => new Set(times(key).slice(1).map((time, k) => time - times(key)[k]!));
		expect([steps('temperature'), steps('outside_humidity'), steps('outside_temperature')]).toEqual([new Set([2]), new Set([7]), new Set([7])]);
		// Every 14 seconds both were due, and are in one reading.
		expect(all.filter((one) => keys(one).length === 3).length).toBeGreaterThanOrEqual(5);
		expect(all.map(({ seq }) => seq)).toEqual(all.map((_each, k) => k + 1));
		await set.expectWell(1, 2);
	});

	it('measures twelve channels of six parts in four groups: their numbers follow each other, and none is lost in an outage', async () => {
		const parts = [['sht3x', 68], ['sht3x', 69], ['shtc3', 112], ['si7021', 64], ['aht20', 56], ['sht4x', 70]] as const;
		const sensors = JSON.stringify(parts.map(([part, address], k) => ({ part, name: 'abcdef'[k], address })));
		const set = await stage({ engine: 'xs', seed: 'channels/twelve', settings: { sensors } });
		await set.until(() => said(set).length > 8, MINUTE);
		const listed = JSON.parse(set.texts('channels').at(-1)!) as Record<string, readonly [string, string]>;
		expect(Object.entries(listed).map(([name, [unit, part]]) => [name, unit, part])).toEqual(parts.flatMap(([part], k) =>
			[[`${'abcdef'[k]}_temperature`, '°C', part], [`${'abcdef'[k]}_humidity`, '%', part]]));
		set.simulation.world.accessPoint.up = false;
		await set.run(3 * MINUTE);
		set.simulation.world.accessPoint.up = true;
		await set.until(() => set.isOnline(), 2 * MINUTE);
		await set.run(65 * SECOND);
		await set.until(() => set.health().waiting! <= 4, 3 * MINUTE);
		await set.run(5 * SECOND);
		// Some come twice.
		const all = [...new Map(said(set).map((one) => [one.seq, one])).values()].sort((one, other) => one.seq - other.seq);
		expect(all.length).toBeGreaterThan(4 * 36);
		const names = Object.keys(listed);
		all.forEach((one, k) => {
			expect([one.seq, keys(one)], `reading ${k}`).toEqual([k + 1, names.slice(3 * (k % 4), 3 * (k % 4) + 3)]);
			expect(one.time, `reading ${k}`).toBe(all[k - k % 4]!.time);
			for (const key of keys(one)) expect(Math.abs((one[key] as number) - (key.endsWith('humidity') ? 45 : 21)), key).toBeLessThan(5);
		});
		expect(set.health()).not.toHaveProperty('failing');
		expect(set.node.counts).toMatchObject({ boots: 1, faults: 0 });
	});

	it('delivers what an outage kept under the names that it had, though the settings call its parts otherwise now', async () => {
		const set = await stage({ engine: 'xs', seed: 'channels/renamed' });
		await set.until(() => set.isOnline() && said(set).length > 0, MINUTE);
		set.simulation.world.accessPoint.up = false;
		await set.run(3 * MINUTE);
		const kept = said(set).length;
		set.node.type('config {"sensors":[{"part":"sht3x","name":"outside"}]}\n');
		await set.until(() => set.node.counts.boots === 2, 20 * SECOND);
		set.simulation.world.accessPoint.up = true;
		await set.until(() => said(set, 'readings').some((one) => keys(one).includes('outside_temperature')), 2 * MINUTE);
		await set.run(MINUTE);
		const [first] = said(set);
		const before = said(set).filter(({ boot }) => boot === first!.boot);
		const after = said(set).filter(({ boot }) => boot !== first!.boot);
		expect(before.length).toBeGreaterThan(kept + 30);
		for (const one of before) expect(keys(one)).toEqual(['temperature', 'humidity']);
		for (const one of after) expect(keys(one)).toEqual(['outside_temperature', 'outside_humidity']);
		expect(Object.keys(JSON.parse(set.texts('channels').at(-1)!) as object)).toEqual(['outside_temperature', 'outside_humidity']);
		const auditor = audit(set.simulation.broker.published, 'porch');
		expect([auditor.violations, auditor.missingOfAll()]).toEqual([[], []]);
		expect(set.heard(/cannot be kept/)).toBeUndefined();
	});

	it('names a value that hangs, and the part in health, until it moves; one that does not answer is left out', async () => {
		const set = await stage({ engine: 'xs', seed: 'channels/stuck', settings: { intervalMs: 2_000 } });
		await set.until(() => said(set).length > 3, MINUTE);
		set.node.part('sht3x').trouble = 'stuck';
		await set.until(() => said(set).at(-1)!.suspect !== undefined, 2 * MINUTE);
		expect(said(set).at(-1)).toMatchObject({ temperature: expect.any(Number), humidity: expect.any(Number), suspect: ['humidity'] });
		await set.until(() => 'failing' in set.health(), 2 * MINUTE);
		expect(set.health()).toMatchObject({ failing: 'sht3x', why: expect.stringContaining('again and again') });
		set.node.part('sht3x').trouble = 'gone';
		await set.until(() => said(set).at(-1)!.humidity === undefined, MINUTE);
		expect(said(set).at(-1)!.suspect).toBeUndefined();
		set.node.part('sht3x').trouble = 'none';
		await set.until(() => said(set).at(-1)!.humidity !== undefined, MINUTE);
		await set.until(() => !('failing' in set.health()), 2 * MINUTE);
		expect(said(set).at(-1)!.suspect).toBeUndefined();
		expect(set.lines.filter(({ text }) => text.startsWith('sensor ')).map(({ text }) => text)).toEqual([
			'sensor sht3x: it gives the same value again and again: it may hang, or not be connected',
			expect.stringMatching(/^sensor sht3x: SHT3x /), 'sensor sht3x: answers again',
		]);
		await set.expectWell();
	});
});

