// Brokers that hang up on what their policy forbids: readings come, what is forbidden is named and left out for a growing while, and found again when it is allowed.

import { describe, expect, it } from 'vitest';
import { HOUR, MINUTE, SECOND, stage, type Stage } from './stage.js';

const NOT_AUTHORIZED = 0x87;
const QUOTA_EXCEEDED = 0x97;
const SERVER_BUSY = 0x89;
const ADMINISTRATIVE_ACTION = 0x98;
const WILDCARDS_NOT_SUPPORTED = 0xa2;
/** What says something of the broker or the link, but for 0x8E; and 0x8C, which the judge of the wire does not know (mqtt/v5/protocol5 has it). */
const ABOUT_ITSELF = [0, SERVER_BUSY, 0x8b, 0x8d, 0x93, 0x9c, 0x9d, 0x9f, 0xa0];
const hex = (reason: number): string => `0x${reason.toString(16)}`;

interface Forbidden {
	readonly subscribe?: RegExp;
	readonly publish?: RegExp;
	readonly reason?: number;
	readonly resets?: boolean;
}

async function node(forbidden: Forbidden, settings: Record<string, unknown> = {}, engine: 'xs' | 'node' = 'node'): Promise<Stage> {
	const made = await stage({ engine, settings: { intervalMs: 15_000, ...settings } });
	forbid(made, forbidden);
	return made;
}

function forbid(set: Stage, { subscribe, publish, reason = NOT_AUTHORIZED, resets = false }: Forbidden): void {
	set.simulation.broker.faults.forbids = { subscribe, publish, reason, resets };
}

const connections = (set: Stage, from = 0) => set.packets('connect', from).length;
const missing = (set: Stage) => {
	const seen = new Set(set.readings().map(({ seq }) => seq));
	return Array.from({ length: Math.max(...seen) }, (_, i) => i + 1).filter((seq) => !seen.has(seq));
};

describe('a broker that hangs up on a SUBSCRIBE', () => {
	it.each([
		[4, /set/, 'telltale/porch/set/+, telltale/all/set/+', 'xs'], [4, /status/, 'telltale/porch/status', 'node'], [4, /./, 'telltale/porch/status, telltale/porch/set/+, telltale/all/set/+', 'node'], [5, /set/, 'telltale/porch/set/+, telltale/all/set/+', 'node'],
	] as const)('(MQTT %i, %s) gets every reading, is asked again ever more seldom, and is no second client', async (protocol, subscribe, topics, engine) => {
		const set = await node({ subscribe }, { protocol }, engine);
		await set.run(30 * MINUTE);
		expect(missing(set)).toEqual([]);
		expect(set.readings().length).toBeGreaterThan(115);
		expect(connections(set)).toBeLessThan(8 * topics.split(', ').length + 1);
		expect(set.heard(/another client/)).toBeUndefined();
		for (const topic of topics.split(', ')) expect(set.heard(new RegExp(`upon SUBSCRIBE to ${topic.replace('+', '\\+')}`)), set.lines.map(({ text }) => text).join('\n')).toBeDefined();
		set.simulation.broker.faults.forbids = undefined;
		await set.run(18 * MINUTE);
		set.simulation.broker.publish('telltale/porch/set/sample', '{"id":"heard"}', { qos: 1 });
		await set.run(5 * SECOND);
		expect(JSON.parse(set.texts('result').at(-1)!)).toMatchObject({ id: 'heard', ok: true });
		await set.expectWell();
	});
});

describe('a broker that hangs up on a message', () => {
	it.each([
		['status', 4, 'xs'], ['info', 4, 'node'], ['outage', 4, 'node'], ['health', 4, 'node'], ['health', 5, 'node'], ['info', 5, 'node'],
	] as const)('of %s (MQTT %i) gets every reading, is asked again ever more seldom, and is no second client', async (leaf, protocol, engine) => {
		const set = await node({ publish: new RegExp(`^telltale/porch/${leaf} `) }, { protocol }, engine);
		await set.run(5 * MINUTE);
		if (leaf === 'outage') set.simulation.broker.hangUp();
		await set.run(25 * MINUTE);
		expect(missing(set)).toEqual([]);
		expect(set.readings().length).toBeGreaterThan(115);
		expect(connections(set)).toBeLessThan(10);
		expect(set.heard(/another client/)).toBeUndefined();
		expect(set.heard(new RegExp(`PUBLISH to telltale/porch/${leaf} is left out for \\d+ s`)), set.lines.map(({ text }) => text).join('\n')).toBeDefined();
		set.simulation.broker.faults.forbids = undefined;
		await set.run(18 * MINUTE);
		set.simulation.broker.hangUp();
		await set.run(5 * SECOND);
		expect(set.texts(leaf).length).toBeGreaterThan(0);
		await set.expectWell();
	});

	it.each([['health', 4], ['health', 5], ['info', 4]] as const)('of %s (MQTT %i) on a slow way is found out as well, and is no second client', async (leaf, protocol) => {
		const set = await stage({ settings: { intervalMs: 15_000, protocol } });
		Object.assign(set.simulation.world.conditions, { latencyMs: [600, 900], ackDelayMs: [40, 200] });
		await set.run(2 * MINUTE);
		forbid(set, { publish: new RegExp(`^telltale/porch/${leaf} `) });
		set.simulation.broker.hangUp();
		await set.run(5 * MINUTE);
		const before = set.readings('readings').length;
		await set.run(5 * MINUTE);
		expect(set.heard(/another client/)).toBeUndefined();
		expect(set.heard(new RegExp(`PUBLISH to telltale/porch/${leaf} is left out for \\d+ s`)), set.lines.map(({ text }) => text).join('\n')).toBeDefined();
		expect(connections(set)).toBeLessThan(10);
		expect(set.readings('readings').length - before).toBeGreaterThan(15);
	});

	it.each<[what: string, reason: string, forbidden: Forbidden]>([
		['status', 'a quota', { publish: /\/status /, reason: QUOTA_EXCEEDED }], ['SUBSCRIBE', 'a quota', { subscribe: /./, reason: QUOTA_EXCEEDED }],
		['SUBSCRIBE', 'a filter that it does not take', { subscribe: /set/, reason: WILDCARDS_NOT_SUPPORTED }], ['status', 'an administrative action', { publish: /\/status /, reason: ADMINISTRATIVE_ACTION }],
		...ABOUT_ITSELF.flatMap((reason): [string, string, Forbidden][] => [
			[reason % 2 ? 'health' : 'info', hex(reason), { publish: reason % 2 ? /\/health / : /\/info /, reason }], ['SUBSCRIBE', hex(reason), { subscribe: /set/, reason }],
		]),
	])('(%s) and calls that %s, in MQTT 5.0, gets every reading all the same', async (_what, _reason, forbidden) => {
		const set = await node(forbidden, { protocol: 5 });
		await set.run(20 * MINUTE);
		expect(missing(set)).toEqual([]);
		expect(set.readings().length).toBeGreaterThan(65);
		set.simulation.broker.faults.forbids = undefined;
		await set.until(() => set.isOnline() && ['info', 'health'].every((leaf) => set.texts(leaf).length > 0), 18 * MINUTE);
		await set.expectWell();
	});

	it.each([
		['info and health', { publish: /\/(info|health) / }], ['all but readings', { publish: /\/(status|info|outage|health) /, subscribe: /./ }], ['SUBSCRIBE', { subscribe: /set/ }],
	])('(%s) and throws away what it said just before gets readings at once all the same, and is soon understood', async (_what, forbidden) => {
		const set = await node({ ...forbidden, resets: true });
		await set.run(3 * MINUTE);
		expect(set.heard(/another client/)).toBeUndefined();
		expect(missing(set)).toEqual([]);
		expect(Math.max(...set.readings().map(({ seq }) => seq))).toBeGreaterThan(10);
		const before = connections(set);
		expect(before).toBeLessThan(20);
		await set.run(20 * MINUTE);
		expect(connections(set) - before).toBeLessThan(25);
		set.simulation.broker.faults.forbids = undefined;
		await set.run(18 * MINUTE);
		for (const leaf of ['status', 'info', 'health']) expect(set.texts(leaf).length, leaf).toBeGreaterThan(0);
		await set.expectWell();
	});

	it.each([['status', 4], ['health', 4], ['status', 5]])('of %s (MQTT %i) while more commands wait than have room gets readings all the same, and each command its answer', async (leaf, protocol) => {
		const set = await node({}, { protocol, intervalMs: 60_000 });
		const { broker, world } = set.simulation;
		await set.run(5 * MINUTE);
		world.conditions.tcp = 'refused';
		broker.kill();
		await set.run(10 * MINUTE);
		broker.start();
		// All come at once, and the end lies behind some that nobody reads.
		const ids = Array.from({ length: 60 }, (_, i) => `waits ${i}`);
		for (const id of ids) broker.publish('telltale/porch/set/nothing', JSON.stringify({ id }), { qos: 1 });
		forbid(set, { publish: new RegExp(`^telltale/porch/${leaf} `) });
		world.conditions.tcp = 'ok';
		await set.run(5 * MINUTE);
		expect(set.readings().filter(({ seq }) => seq > 10).length).toBeGreaterThan(7);
		expect(set.heard(/takes no more bytes|another client/)).toBeUndefined();
		expect(set.heard(new RegExp(`PUBLISH to telltale/porch/${leaf} is left out`))).toBeDefined();
		broker.faults.forbids = undefined;
		await set.run(18 * MINUTE);
		const answered = new Set(set.texts('result').map((text) => (JSON.parse(text) as { id: string }).id));
		expect(ids.filter((id) => !answered.has(id))).toEqual([]);
		expect(missing(set)).toEqual([]);
		await set.expectWell();
	});

	it.each([['3.1.1', 4, NOT_AUTHORIZED], ['5.0, server busy', 5, SERVER_BUSY], ['5.0, quota exceeded', 5, QUOTA_EXCEEDED]])('of results (%s) gets every reading, and results again when it allows them', async (_name, protocol, reason) => {
		const set = await node({ publish: /^telltale\/porch\/result /, reason }, { protocol });
		for (let i = 0; i < 20; i++) {
			set.simulation.broker.publish('telltale/porch/set/sample', '{"id":"forbidden"}', { qos: 1 });
			await set.run(MINUTE);
		}
		expect(set.readings().length).toBeGreaterThan(70);
		expect(missing(set)).toEqual([]);
		expect(connections(set)).toBeLessThan(20);
		expect(set.heard(/hung up on the same message time and again; it is set aside/)).toBeDefined();
		set.simulation.broker.faults.forbids = undefined;
		await set.run(20 * MINUTE);
		set.simulation.broker.publish('telltale/porch/set/sample', '{"id":"heard"}', { qos: 1 });
		await set.run(5 * SECOND);
		expect(JSON.parse(set.texts('result').at(-1)!)).toMatchObject({ id: 'heard', ok: true });
		expect(missing(set)).toEqual([]);
		await set.expectWell();
	});
});

describe('a broker that hangs up on readings', () => {
	it.each([[4, NOT_AUTHORIZED, /\/(readings|backlog) /], [5, QUOTA_EXCEEDED, /\/(readings|backlog) /], [4, NOT_AUTHORIZED, /\/backlog /]])('all alike, for hours, costs none of them, and is asked about once a minute (MQTT %i, reason %i, %s)', async (protocol, reason, publish) => {
		const set = await stage({ settings: { protocol, intervalMs: 60_000 } });
		await set.run(10 * MINUTE);
		if (publish.test('/backlog ')) set.simulation.broker.hangUp();
		forbid(set, { publish, reason });
		const from = set.now;
		await set.run(2 * HOUR);
		expect(connections(set, from)).toBeLessThan(150);
		expect(set.heard(/another client/)).toBeUndefined();
		set.simulation.broker.faults.forbids = undefined;
		await set.run(5 * MINUTE);
		expect(missing(set)).toEqual([]);
		expect(set.health()).toMatchObject({ dropped: 0 });
		await set.expectWell();
	});

	it.each([
		[2, 10, 5_000], [2, 10, 20_000], [3, 20, 5_000], [3, 20, 20_000], [5, 1, 20_000],
	])('all alike, for %i minutes and again after %i, one each %i ms, costs none of them', async (badMinutes, goodMinutes, intervalMs) => {
		const set = await stage({ settings: { intervalMs } });
		for (let i = 0; i < 4; i++) {
			await set.run(goodMinutes * MINUTE);
			forbid(set, { publish: /\/(readings|backlog) / });
			await set.run(badMinutes * MINUTE);
			set.simulation.broker.faults.forbids = undefined;
		}
		await set.run(5 * MINUTE);
		expect(set.heard(/others go first/)).toBeDefined();
		expect(missing(set)).toEqual([]);
		expect(set.health()).toMatchObject({ dropped: 0 });
		await set.expectWell();
	});

	it('that are live, but not on late ones, gets all of them late', async () => {
		const set = await node({ publish: /\/readings / });
		await set.run(30 * MINUTE);
		set.simulation.broker.faults.forbids = undefined;
		await set.run(3 * MINUTE);
		expect(missing(set)).toEqual([]);
		expect(set.health()).toMatchObject({ dropped: 0 });
		await set.expectWell();
	});

	it('one of which it will never have gets all others, and that one is given up and named', async () => {
		const set = await node({ publish: /"seq":7,/ });
		await set.run(40 * MINUTE);
		expect(set.health()).toMatchObject({ dropped: 1 });
		expect(missing(set)).toEqual([7]);
		expect(set.heard(/set aside/)).toBeDefined();
	});

	it.each([SERVER_BUSY, QUOTA_EXCEEDED])('one of which it ends the connection upon, for a reason that is not about it (%i), gets all others, and that one when it takes it', async (reason) => {
		const set = await node({ publish: /"seq":7,/, reason }, { protocol: 5 });
		await set.run(HOUR);
		expect(missing(set)).toEqual([7]);
		expect(set.readings().length).toBeGreaterThan(30);
		set.simulation.broker.faults.forbids = undefined;
		await set.run(5 * MINUTE);
		expect(missing(set)).toEqual([]);
		expect(set.health()).toMatchObject({ dropped: 0 });
	});

	it('two of which, one behind the other, it will never have gets all others', async () => {
		const set = await node({ publish: /"seq":[78],/ });
		await set.run(HOUR);
		expect(set.health()).toMatchObject({ dropped: 2 });
		expect(missing(set)).toEqual([7, 8]);
	});
});

describe('a broker that hangs up three times', () => {
	it('with another reason of 5.0 is no second client, and waited for all the same', async () => {
		const set = await stage({ settings: { protocol: 5 } });
		await set.until(() => set.isOnline(), MINUTE);
		const { broker } = set.simulation;
		broker.onPublished = ({ topic, at }) => {
			if (topic.endsWith('/health')) set.simulation.world.clock.after(3_000, () => broker.hangUp(undefined, SERVER_BUSY));
			void at;
		};
		await set.run(10 * MINUTE);
		expect(set.heard(/another client/)).toBeUndefined();
		expect(set.heard(/the broker ended the connection: server busy, \d times in a row; next attempt in (6|7)\d s$/)).toBeDefined();
		expect(set.texts('outage').some((text) => text.includes('takeovers'))).toBe(false);
	});

	it('because it was killed three times within forty seconds is no second client', async () => {
		const set = await stage({ settings: { intervalMs: 2_000 } });
		const { broker } = set.simulation;
		for (let i = 0; i < 5; i++) {
			await set.until(() => set.isOnline(), 3 * MINUTE);
			await set.run(5 * SECOND);
			broker.kill();
			await set.run(5 * SECOND);
			broker.start();
		}
		expect(set.heard(/another client/)).toBeUndefined();
		await set.expectWell();
	});
});
