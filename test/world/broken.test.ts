// Brokers that break the protocol, once or for ever: they are left alone more and more, no reading is lost, and one that is well again is soon found.

import { describe, expect, it } from 'vitest';
import { HOUR, MINUTE, SECOND, stage, type Stage } from './stage.js';
import { ScriptedBroker, notAcknowledged, type Script } from './scripted-broker.js';

const isReading = (topic: string): boolean => /\/(readings|backlog)$/.test(topic);

async function node(script: Script, protocol: 4 | 5, engine: 'xs' | 'node' = 'node'): Promise<{ set: Stage; broker: ScriptedBroker }> {
	const set = await stage({ engine, settings: { protocol, intervalMs: 15_000 } });
	await set.until(() => set.isOnline(), 2 * MINUTE);
	return { set, broker: new ScriptedBroker(set, script) };
}

/** Well from now on: all readings come within that time, commands are answered. */
async function expectMended(set: Stage, broker: ScriptedBroker, withinMs: number): Promise<void> {
	broker.script = {};
	await set.run(withinMs);
	expect(notAcknowledged(broker).length).toBeLessThanOrEqual(1);
	expect(Math.max(...broker.came.keys())).toBeGreaterThan(set.now / 15_000 - 5);
}

async function expectHeard(set: Stage, broker: ScriptedBroker): Promise<void> {
	broker.publish('telltale/porch/set/sample', '{"id":"heard"}');
	await set.run(5 * SECOND);
	expect(broker.packets.some(({ packet }) => packet.cmd === 'publish' && String(packet.payload).includes('"heard"'))).toBe(true);
}

describe('a broker that breaks the protocol after an acknowledgement', () => {
	it.each([
		['with an unknown code to each reading', 5, { code: ({ topic }) => (isReading(topic) ? 0x01 : 0) }, 'node'],
		['with a PUBACK of 5.0 to each reading of 3.1.1', 4, { code: ({ topic }) => (isReading(topic) ? 0x10 : 0) }, 'node'],
		['with a byte that begins no packet', 4, { on: ({ cmd }, peer) => (cmd === 'publish' && peer.say(0xff), true) }, 'node'],
		['with a DISCONNECT that is none', 5, { on: ({ cmd }, peer) => (cmd === 'publish' && peer.say(0xe0, 1, 0x7f), true) }, 'node'],
	] as [string, 4 | 5, Script, 'xs' | 'node'][])('%s (MQTT %i) is asked about once a minute, blamed for nothing else, and found again', async (_name, protocol, script, engine) => {
		const { set, broker } = await node(script, protocol, engine);
		await set.run(HOUR / 2);
		expect(broker.connections).toBeGreaterThan(15);
		expect(broker.connections).toBeLessThan(34);
		expect(set.heard(/another client/)).toBeUndefined();
		expect(set.heard(/, \d+ times in a row; next attempt in (6|7)\d s$/)).toBeDefined();
		await expectMended(set, broker, 3 * MINUTE);
		await expectHeard(set, broker);
	});

	it('with each answer to what the node says of itself gets every reading, and those messages ever more seldom', async () => {
		const { set, broker } = await node({ code: ({ topic }) => (isReading(topic) ? 0 : 0x01) }, 5);
		await set.run(HOUR);
		// Five messages of its own, each of which is tried again ever more seldom.
		expect(broker.connections).toBeLessThan(48);
		expect(notAcknowledged(broker).length).toBeLessThanOrEqual(1);
		expect(Math.max(...broker.came.keys())).toBeGreaterThan(235);
		expect(set.heard(/the broker sent an unknown code \(0x1\) upon PUBLISH to telltale\/porch\/status/)).toBeDefined();
		expect(set.heard(/PUBLISH to telltale\/porch\/status is left out for \d+ s/)).toBeDefined();
		await expectMended(set, broker, 18 * MINUTE);
		await expectHeard(set, broker);
	});
});

describe('a broker whose SUBACK is none', () => {
	const suback = (...codes: number[]): Script => ({
		on: ({ cmd, messageId: id = 0 }, peer) => {
			if (cmd !== 'subscribe') return true;
			const body = [id >> 8, id & 0xff, ...(peer.version === 5 ? [0] : []), ...codes];
			peer.say(0x90, body.length, ...body);
			return false;
		},
	});

	it.each([
		['with three codes', 4, [1, 1, 1], 'xs'], ['without a code', 4, [], 'node'], ['with an unknown code', 4, [3], 'node'],
		['with three codes', 5, [1, 1, 1], 'node'], ['without a code', 5, [], 'node'],
	] as const)('%s (MQTT %i) gets every reading once or twice; the node says that it goes on without, and asks again later', async (_name, protocol, codes, engine) => {
		const { set, broker } = await node(suback(...codes), protocol, engine);
		await set.run(30 * MINUTE);
		const filters = new Set(broker.packets.flatMap(({ packet }) => (packet.cmd === 'subscribe' ? packet.subscriptions.map(({ topic }) => topic) : [])));
		expect([...filters]).toEqual(expect.arrayContaining(['telltale/porch/set/+', 'telltale/all/set/+']));
		// For each filter: one at first, then after 1, 2, 4, 8 and 16 minutes.
		expect(broker.connections).toBeLessThanOrEqual(6 * filters.size);
		expect(notAcknowledged(broker).length).toBeLessThanOrEqual(1);
		expect(Math.max(...broker.came.keys())).toBeGreaterThan(115);
		expect(Math.max(...broker.came.values())).toBeLessThanOrEqual(2);
		expect(set.heard(/upon SUBSCRIBE to telltale\/porch\/set\/\+; next attempt in [1-3] s$/)).toBeDefined();
		expect(set.heard(/we go on without telltale\/porch\/set\/\+, and ask again later/)).toBeDefined();
		await expectMended(set, broker, 17 * MINUTE);
		await expectHeard(set, broker);
	});
});
