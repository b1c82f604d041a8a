// Brokers that speak one version of MQTT, keep no retained messages, take no QoS 1, or are none: a node gets along with what they give, and says what is missing.

import { describe, expect, it } from 'vitest';
import type { BrokerProfile } from '../../simulator/virtual/terms.js';
import { MINUTE, SECOND, stage, type Stage } from './stage.js';

async function node(profile: Partial<BrokerProfile>, settings: Record<string, unknown> = {}, engine: 'xs' | 'node' = 'node'): Promise<Stage> {
	const made = await stage({ engine, settings });
	Object.assign(made.simulation.broker.profile, profile);
	return made;
}

const versions = (set: Stage, from = 0) => set.packets('connect', from).map((packet) => (packet as { protocolVersion: number }).protocolVersion);
const info = (set: Stage) => JSON.parse(set.texts('info').at(-1)!) as Record<string, unknown>;

/** Loses its connection, and is back with its info. */
async function reconnect(set: Stage): Promise<number> {
	const from = set.now;
	set.simulation.broker.hangUp();
	await set.run(SECOND);
	await set.until(() => set.isOnline() && set.texts('info', from).length > 0, 3 * MINUTE);
	return from;
}

describe('with protocol "auto"', () => {
	it.each([[1, 'xs'], [2, 'node'], [0x84, 'node'], ['closes', 'node'], ['resets', 'node'], ['says nothing', 'node']] as const)('a broker of 3.1.1 that answers 5.0 with %s is reached all the same, and remembered', async (speaks5, engine) => {
		const set = await node({ speaks5 }, { protocol: 'auto' }, engine);
		await set.until(() => set.isOnline(), MINUTE);
		expect(versions(set)).toEqual([5, 4]);
		const from = await reconnect(set);
		expect(versions(set, from)).toEqual([4]);
		await set.expectWell();
	});

	it('a broker that speaks 5.0 alone is found again after one that spoke 3.1.1 alone was remembered', async () => {
		const set = await node({ speaks5: 1 }, { protocol: 'auto' });
		await set.until(() => set.isOnline(), MINUTE);
		Object.assign(set.simulation.broker.profile, { speaks5: true, speaks4: 1 });
		const from = await reconnect(set);
		expect(versions(set, from)).toEqual([4, 5]);
		await set.expectWell();
	});

	it.each([[{ speaks5: 'closes', speaks4: true }, 5], [{ speaks5: true, speaks4: 'closes' }, 4]] as const)('a broker that was replaced by one which closes on the version that was remembered is reached in time (%j)', async (after, before) => {
		const set = await node(before === 5 ? {} : { speaks5: 1 }, { protocol: 'auto' });
		await set.until(() => set.isOnline(), MINUTE);
		Object.assign(set.simulation.broker.profile, after);
		set.simulation.broker.hangUp();
		await set.run(SECOND);
		await set.until(() => set.isOnline(), 10 * MINUTE);
		await set.expectWell();
	});

	it('an outage does not make it forget that 5.0 was accepted', async () => {
		const set = await node({}, { protocol: 'auto' });
		await set.until(() => set.isOnline(), MINUTE);
		for (const how of ['hangUpAfterConnack', 'silent'] as const) {
			set.simulation.broker.faults[how] = true;
			set.simulation.broker.hangUp();
			await set.run(2 * MINUTE);
			set.simulation.broker.faults[how] = false;
			await set.until(() => set.isOnline(), 3 * MINUTE);
		}
		expect(new Set(versions(set))).toEqual(new Set([5]));
		await set.expectWell();
	});
});

describe('a broker that keeps no retained messages', () => {
	it.each([4, 5])('is reached in MQTT %i (in 3.1.1 with the setting retain), and info says so', async (protocol) => {
		const set = await node({ keepsRetained: false }, { protocol, ...(protocol === 4 && { retain: false }) }, 'xs');
		await set.until(() => set.isOnline(), MINUTE);
		await set.run(3 * MINUTE);
		expect(info(set)).toMatchObject({ retain: false });
		// For those who subscribe later.
		expect(set.texts('status').filter((text) => text === 'online').length).toBeGreaterThanOrEqual(3);
		expect(set.simulation.broker.retained.size).toBe(0);
		const from = await reconnect(set);
		expect(versions(set, from)).toHaveLength(1);
		await set.expectWell();
		set.node.powerCut();
		await set.run(3 * MINUTE);
		expect(set.texts('status').at(-1)).toBe('offline');
	});

	it.each([false, true])('and does so again later: all is retained again, the will from the connection after on (publishEarly %s)', async (publishEarly) => {
		const set = await node({ keepsRetained: false }, { protocol: 5, publishEarly });
		await set.until(() => set.isOnline(), MINUTE);
		set.simulation.broker.profile.keepsRetained = true;
		await reconnect(set);
		await set.run(SECOND);
		expect(info(set).retain).toBeUndefined();
		expect([...set.simulation.broker.retained.keys()].sort()).toEqual(['telltale/porch/channels', 'telltale/porch/info', 'telltale/porch/status']);
		expect(set.simulation.broker.retained.get('telltale/porch/status')!.payload.toString()).toBe('online');
		await reconnect(set);
		set.node.powerCut();
		await set.run(3 * MINUTE);
		expect([...set.simulation.broker.retained.keys()].sort()).toEqual(['telltale/porch/channels', 'telltale/porch/info', 'telltale/porch/status']);
		expect(set.simulation.broker.retained.get('telltale/porch/status')!.payload.toString()).toBe('offline');
	});
});

describe('a broker that takes QoS 0 alone', () => {
	it.each([4, 5])('is reached in MQTT %i (in 3.1.1 with the setting qos), gets every reading over an outage, and info says so', async (protocol) => {
		const set = await node({ qosMax: 0 }, { protocol, ...(protocol === 4 && { qos: 0 }) }, 'xs');
		await set.until(() => set.isOnline(), MINUTE);
		expect(info(set)).toMatchObject({ qos: 0 });
		set.simulation.broker.kill();
		await set.run(3 * MINUTE);
		set.simulation.broker.start();
		await set.until(() => set.isOnline(), 2 * MINUTE);
		set.simulation.broker.publish('telltale/porch/set/sample', '{"id":"one"}');
		await set.expectWell();
		expect(set.texts('result').map((text) => JSON.parse(text).id)).toEqual(['one']);
		expect(set.packets('publish').some((packet) => (packet as { qos: number }).qos > 0)).toBe(false);
	});

	it.each([
		['refuses', (set: Stage, on: boolean) => void (set.simulation.broker.faults.refuseWith = on ? 5 : 0)],
		['does not answer', (set: Stage, on: boolean) => void (set.simulation.broker.faults.silent = on)],
	])('and %s CONNECT for a while gets every reading and the outage when it does, those that were published before CONNACK too', async (_what, turn) => {
		const set = await node({ qosMax: 0 }, { qos: 0, publishEarly: true });
		await set.until(() => set.isOnline(), MINUTE);
		turn(set, true);
		set.simulation.broker.hangUp();
		await set.run(20 * MINUTE);
		turn(set, false);
		await set.run(10 * MINUTE);
		const came = new Set(set.readings().map(({ seq }) => seq));
		expect(Array.from({ length: Math.max(...came) }, (_, i) => i + 1).filter((seq) => !came.has(seq))).toEqual([]);
		expect(set.health()).toMatchObject({ waiting: 0, dropped: 0 });
		expect(set.texts('outage').map((text) => JSON.parse(text).seconds > 20 * 60)).toEqual([true]);
	});

	it('and stalls loses no reading that its TCP did not acknowledge', async () => {
		const set = await node({ qosMax: 0 }, { qos: 0, intervalMs: 2_000 });
		await set.until(() => set.isOnline(), MINUTE);
		for (let i = 0; i < 10; i++) {
			set.simulation.world.conditions.stalled = true;
			await set.run(7 * SECOND);
			set.simulation.network.freeze();
			set.simulation.world.conditions.stalled = false;
			await set.run(80 * SECOND);
		}
		await set.expectWell();
	});
});

describe('the will', () => {
	it.each([[0, 0], [30_000, 30], [1_500, 2]])('of 5.0 waits as long as the setting willDelayMs says (%i ms: %i s)', async (willDelayMs, seconds) => {
		const set = await node({}, { protocol: 5, willDelayMs });
		await set.until(() => set.isOnline(), MINUTE);
		const [connect] = set.packets('connect') as { will?: { properties?: { willDelayInterval?: number } } }[];
		expect(connect!.will!.properties?.willDelayInterval ?? 0).toBe(seconds);
	});

	it('that is delivered late with the retain flag set is healed', async () => {
		const set = await node({});
		await set.until(() => set.isOnline(), MINUTE);
		await set.run(MINUTE);
		const { broker } = set.simulation;
		const { subscriptions } = broker.sessionOf('telltale-porch')!;
		for (const [filter, each] of subscriptions) subscriptions.set(filter, { ...each, asPublished: true });
		broker.publish('telltale/porch/status', 'offline', { qos: 1, retain: true });
		await set.run(2 * SECOND);
		expect(broker.retained.get('telltale/porch/status')!.payload.toString()).toBe('online');
	});
});

describe('what is no broker', () => {
	it.each([
		['HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', 'answers with HTTP: not an MQTT broker'],
		['SSH-2.0-OpenSSH_9.2\r\n', 'answers with SSH: not an MQTT broker'],
		['220 mail.example ESMTP\r\n', 'answers like a mail server: not an MQTT broker'],
		['\x15\x03\x03\x00\x02\x02\x46', 'answers with TLS: not a port for MQTT without it'],
	])('is told as what it is (%j)', async (words, sentence) => {
		for (const closes of [true, false]) for (const first of [true, false]) {
			const set = await stage();
			const { broker, network } = set.simulation;
			broker.kill();
			network.listen('127.0.0.1', 1_883, (end) => {
				const say = (): void => {
					end.write(Buffer.from(words, 'latin1'));
					if (closes) end.end();
				};
				if (first) say();
				else end.onData = say;
			});
			await set.until(() => set.heard(/next attempt in/) !== undefined, MINUTE);
			expect(set.lines.find(({ text }) => text.includes('next attempt in'))!.text).toContain(`broker.test:1883 ${sentence}; next attempt in`);
		}
	});
});

