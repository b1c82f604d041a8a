// A node that has had no link for six hours restarts itself: what is deaf in the chip heals, and nothing is lost by it.

import { describe, expect, it } from 'vitest';
import { OWN_RESTART } from '../../simulator/board/machine.js';
import { HOUR, MINUTE, SECOND, stage, type Said, type Stage } from './stage.js';

const START_UNIX = Date.UTC(2026, 0, 1) / 1_000;

async function online(options: Parameters<typeof stage>[0] = {}): Promise<Stage> {
	const made = await stage(options);
	await made.until(() => made.isOnline() && made.readings().length > 0, 4 * MINUTE);
	return made;
}

/** A question of the resolver is lost for want of memory; from then on it answers none until the chip restarts. */
async function deafen(set: Stage): Promise<void> {
	const { conditions } = set.simulation.world;
	conditions.dns = 'deaf';
	set.simulation.broker.hangUp();
	await set.run(10 * SECOND);
	conditions.dns = 'ok';
}

function byBoot(readings: Said[]): Map<number, Said[]> {
	const boots = new Map<number, Said[]>();
	for (const reading of readings) boots.set(reading.boot, [...(boots.get(reading.boot) ?? []), reading]);
	return boots;
}

describe('a node without a link', () => {
	it('because its resolver went deaf is back after six hours, with all readings of these hours, and says what it did', async () => {
		const set = await online({ settings: { intervalMs: 60_000 } });
		await deafen(set);
		const lostAt = set.now;
		await set.run(5.9 * HOUR);
		expect([set.isOnline(), set.node.counts.boots]).toEqual([false, 1]);
		await set.run(15 * MINUTE);
		expect([set.node.counts.boots, set.node.ends]).toEqual([2, [OWN_RESTART]]);
		await set.expectWell(2);
		const boots = [...byBoot(set.readings()).values()];
		expect(boots).toHaveLength(2);
		expect(boots[0]!.length).toBeGreaterThanOrEqual(360);
		expect(boots[0]!.every(({ time }) => time)).toBe(true);
		const [outage] = set.texts('outage').map((text) => JSON.parse(text) as Record<string, number | string>);
		expect(outage).toMatchObject({ restarts: 1, cause: 'tcp' });
		expect(Math.abs((outage!.start as number) - START_UNIX - lostAt / SECOND)).toBeLessThan(15);
		expect(outage!.seconds).toBeGreaterThan(6 * 3_600 - 1);
		expect(outage!.seconds).toBeLessThan(6 * 3_600 + 130);
		expect(set.heard(/^restarted by itself \(1 times in a row\): there was no link for 360 minutes$/)).toBeDefined();
	});

	it('stays away with the setting 0, and asks the deaf resolver no more, so that its memory lasts', async () => {
		const set = await online({ engine: 'xs', settings: { intervalMs: 600_000, restartAfterMs: 0 } });
		await deafen(set);
		await set.run(HOUR);
		const before = (await set.node.memory())!.bytes;
		await set.run(7 * HOUR);
		expect([set.isOnline(), set.node.counts.boots]).toEqual([false, 1]);
		// What is collected between two measurements differs by a little.
		expect((await set.node.memory())!.bytes - before).toBeLessThan(500);
	});

	it('and without a date keeps the time of each reading over its restarts', async () => {
		const set = await stage({ settings: { intervalMs: 60_000, restartAfterMs: 3_600_000 } });
		const { conditions } = set.simulation.world;
		conditions.dns = 'deaf';
		await set.run(2.5 * HOUR);
		expect(set.node.counts.boots).toBe(3);
		conditions.dns = 'ok';
		await set.run(0.6 * HOUR);
		await set.expectWell(4);
		const boots = byBoot(set.readings());
		expect(boots.size).toBe(4);
		const late = set.readings('backlog');
		expect(late.length).toBeGreaterThan(179);
		// The first few go out before the date is known; their uptime is counted from the first boot on, too.
		expect(late.filter(({ time }) => time === undefined).length).toBeLessThan(10);
		const seconds = late.map(({ time, uptime }) => time ? time - START_UNIX : uptime!).sort((a, b) => a - b);
		// Each boot measures as soon as it is up, then once a minute; a restart takes two seconds at the most.
		seconds.forEach((second, i) => expect(Math.min(second % 60, 60 - (second % 60)), `late reading ${i}, ${second} s from the start`).toBeLessThan(8));
		expect(seconds.at(-1)! - seconds[0]!).toBeGreaterThan(2.9 * 3_600);
		expect(Math.max(...seconds.slice(1).map((second, i) => second - seconds[i]!))).toBeLessThanOrEqual(62);
	});

	it('and without power for an hour, from that very restart on, makes up no time for the readings of before', async () => {
		const set = await stage({ settings: { intervalMs: 60_000, restartAfterMs: 3_600_000 } });
		const { conditions } = set.simulation.world;
		conditions.dns = 'deaf';
		await set.until(() => set.node.ends.includes(OWN_RESTART), 2 * HOUR);
		set.node.powerCut();
		await set.run(HOUR);
		conditions.dns = 'ok';
		await set.node.powerOn();
		await set.expectWell(2);
		const [before, after] = [...byBoot(set.readings()).values()];
		expect(before!.length).toBeGreaterThanOrEqual(60);
		// Nobody knows how long the power was away.
		for (const { time, uptime } of before!) expect([time, uptime! < 3_600]).toEqual([undefined, true]);
		expect(after!.every(({ time = Infinity, uptime = 0 }) => (time > START_UNIX + 7_200) !== uptime > 0)).toBe(true);
		expect(set.heard(/^restarted by itself/)).toBeUndefined();
	});

	it('says the same time of a reading that had no date and was sent before that restart, though the time server differs by then', async () => {
		const set = await stage({ settings: { intervalMs: 60_000, restartAfterMs: 900_000 } });
		const { broker, world: { conditions } } = set.simulation;
		broker.kill();
		conditions.time = 'silent';
		await set.run(6 * MINUTE);
		conditions.time = 'ok';
		broker.faults.withholdAcks = true;
		broker.start();
		await set.until(() => set.readings('backlog').some(({ time }) => time), 3 * MINUTE);
		broker.kill({ keepSessions: false });
		conditions.timeOffsetSeconds = 3;
		await set.until(() => set.node.counts.boots === 2, 20 * MINUTE);
		broker.faults.withholdAcks = false;
		broker.start();
		await set.expectWell(2);
		const times = byBoot(set.readings()).values().next().value!.filter(({ seq, time }) => seq === 1 && time).map(({ time }) => time);
		expect(times).toEqual([times[0], times[0]]);
	});

	it('for days, with the shortest setting, restarts forty times, never into safe mode, wears no flash by it, and all readings come', async () => {
		const set = await online({ settings: { intervalMs: 60_000, restartAfterMs: 900_000 } });
		set.simulation.broker.kill();
		await set.run(10.3 * HOUR);
		const { boots } = set.node.counts;
		expect(boots).toBeGreaterThan(40);
		expect(set.heard(/safe mode/)).toBeUndefined();
		// Some 620 readings fill five sectors.
		expect(set.node.storage.erasures).toBeLessThan(8);
		set.simulation.broker.start();
		await set.run(5 * MINUTE);
		await set.expectWell(boots);
		const seen = byBoot(set.readings());
		expect(seen.size).toBe(boots);
		expect(set.readings().every(({ time }) => time)).toBe(true);
		const [outage] = set.texts('outage').map((text) => JSON.parse(text) as Record<string, number | string>);
		expect(outage).toMatchObject({ restarts: boots - 1, cause: 'tcp' });
		expect(Math.abs((outage!.seconds as number) - 10.3 * 3_600)).toBeLessThan(200);
	});
});
