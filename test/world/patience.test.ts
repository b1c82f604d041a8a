// Brokers that are slow, and brokers that leave a question unanswered: the innocent are not blamed, the guilty cost no reading.

import { describe, expect, it } from 'vitest';
import { HOUR, MINUTE, SECOND, stage, type Stage } from './stage.js';
import { ScriptedBroker, notAcknowledged, puback, publishBytes, type Script } from './scripted-broker.js';

const INTERVAL = 'telltale/porch/set/interval';

async function node(script: Script, options: Parameters<typeof stage>[0] = {}): Promise<{ set: Stage; broker: ScriptedBroker }> {
	const set = await stage({ engine: 'xs', ...options });
	await set.until(() => set.isOnline(), 2 * MINUTE);
	const broker = new ScriptedBroker(set, script);
	await set.until(() => broker.count('publish') > 2 && broker.count('subscribe') > 0, 2 * MINUTE);
	return { set, broker };
}

/** How often a reading came at the most. */
const most = (broker: ScriptedBroker): number => Math.max(...broker.came.values());

/** All but what was taken just now has been acknowledged. */
function expectAcknowledged(broker: ScriptedBroker, underWay = 1): void {
	expect(broker.came.size).toBeGreaterThan(10);
	expect(notAcknowledged(broker).length).toBeLessThanOrEqual(underWay);
}

describe('a message larger than the node takes', () => {
	it('of 250 KB at 5 KB a second is drained and acknowledged once, on one connection; the readings behind it are acknowledged', async () => {
		const { set, broker } = await node({ bytesPerSecond: 5_000 });
		broker.publish(INTERVAL, new Uint8Array(250_000).fill(0x20));
		const { connections } = broker;
		await set.run(2 * MINUTE);
		expect([broker.connections, broker.count('puback')]).toEqual([connections, 1]);
		expect(set.heard(/250\d\d\d bytes was thrown away/)).toBeDefined();
		expectAcknowledged(broker);
		expect(most(broker)).toBe(1);
	});

	it('of 2 MB at once, so that its length takes four bytes, is, too', async () => {
		// On Node's engine: on XS it would take as long as all of this file.
		const { set, broker } = await node({ bytesPerSecond: 14_000 }, { engine: 'node' });
		const { connections } = broker;
		broker.publish(INTERVAL, new Uint8Array(2_100_000).fill(0x20));
		await set.run(4 * MINUTE);
		expect([broker.connections, broker.count('puback')]).toEqual([connections, 1]);
		expectAcknowledged(broker);
	});

	it('of which one byte comes each minute holds the link for little more than a minute', async () => {
		const { set, broker } = await node({}, { settings: { intervalMs: 10 * MINUTE } });
		broker.peer!.say(publishBytes(INTERVAL, new Uint8Array(250_000), 1, 4).slice(0, 60));
		const from = set.now;
		const { connections } = broker;
		while (broker.connections === connections && set.now - from < HOUR) {
			broker.peer?.say(0x20);
			await set.run(MINUTE);
		}
		expect(set.now - from).toBeLessThanOrEqual(3 * MINUTE);
	});
});

describe('a SUBACK', () => {
	it('that never comes costs one connection and no reading; the node says that it goes on without, asks again later, and then hears', async () => {
		const { set, broker } = await node({ on: ({ cmd }) => cmd !== 'subscribe' });
		await set.run(20 * MINUTE);
		expect(broker.connections).toBe(2);
		expect(set.heard(/the broker does not answer what we ask to hear; next attempt in/)).toBeDefined();
		expect(set.heard(/the broker does not answer SUBSCRIBE: we go on without telltale\/porch\/set\/\+, and ask again later/)).toBeDefined();
		expectAcknowledged(broker);
		broker.script = {};
		await set.run(17 * MINUTE);
		broker.publish('telltale/porch/set/sample', '{"id":"heard"}');
		await set.run(5 * SECOND);
		expect(broker.packets.some(({ packet }) => packet.cmd === 'publish' && String(packet.payload).includes('"heard"'))).toBe(true);
		expect(set.wire.violations).toEqual([]);
	});

	it.each([['3.1.1', 4, 0x80], ['5.0', 5, 0x97]] as const)('in %s that refuses once is asked for again a minute later, on the same connection', async (_name, protocol, code) => {
		const refused = new Set<string>();
		const refuse: Script['on'] = (packet, peer) => {
			if (packet.cmd !== 'subscribe') return true;
			const { messageId: id = 0, subscriptions } = packet;
			const { topic } = subscriptions[0]!;
			if (refused.has(topic)) return true;
			refused.add(topic);
			peer.say(0x90, protocol === 5 ? 4 : 3, id >> 8, id, ...(protocol === 5 ? [0] : []), code);
			return false;
		};
		const { set, broker } = await node({ on: refuse }, { settings: { protocol } });
		const { connections } = broker;
		await set.run(90 * SECOND);
		expect(broker.connections).toBe(connections);
		expect([...refused]).toEqual(expect.arrayContaining(['telltale/porch/set/+', 'telltale/all/set/+']));
		expect(broker.count('subscribe')).toBe(2 * refused.size);
		broker.publish('telltale/porch/set/sample', '{"id":"heard"}');
		await set.run(5 * SECOND);
		expect(broker.packets.some(({ packet }) => packet.cmd === 'publish' && String(packet.payload).includes('"heard"'))).toBe(true);
	});
});

describe('a broker whose PUBACK always takes 40 s', () => {
	it('gets each reading twice at most, and all are counted', async () => {
		const late: Script['on'] = (packet, peer) => {
			if (packet.cmd !== 'publish' || packet.qos === 0) return true;
			set.simulation.world.clock.after(40 * SECOND, () => {
				if (/readings|backlog/.test(packet.topic)) broker.acknowledged.set((JSON.parse(String(packet.payload)) as { seq: number }).seq, 1);
				peer.say(puback(packet.messageId!));
			});
			return false;
		};
		const set = await stage({ engine: 'xs', settings: { intervalMs: 30_000 } });
		await set.until(() => set.isOnline(), 2 * MINUTE);
		const broker = new ScriptedBroker(set, { on: late });
		await set.run(30 * MINUTE);
		expectAcknowledged(broker, 3);
		expect(most(broker)).toBeLessThanOrEqual(2);
		const health = broker.packets.filter(({ packet }) => packet.cmd === 'publish' && packet.topic.endsWith('/health')).at(-1)!.packet as { payload: Buffer };
		const { sampled, acknowledged } = JSON.parse(health.payload.toString()) as Record<string, number>;
		expect(sampled! - acknowledged!).toBeLessThanOrEqual(5);
	});
});
