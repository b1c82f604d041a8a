// Brokers of 5.0 that turn something down, or take less than we would send: readings come all the same, and what does not come is said.

import { describe, expect, it } from 'vitest';
import { MINUTE, SECOND, stage, type Stage } from './stage.js';
import { ScriptedBroker, notAcknowledged, type Script } from './scripted-broker.js';

const isReading = (topic: string): boolean => /\/(readings|backlog)$/.test(topic);

async function node(script: Script, engine: 'xs' | 'node' = 'xs'): Promise<{ set: Stage; broker: ScriptedBroker }> {
	const set = await stage({ engine, settings: { protocol: 5 } });
	await set.until(() => set.isOnline(), 2 * MINUTE);
	const broker = new ScriptedBroker(set, script);
	await set.until(() => broker.count('publish') > 0, 2 * MINUTE);
	return { set, broker };
}

const health = (broker: ScriptedBroker): Record<string, number> => {
	const { packet } = broker.packets.filter(({ packet: each }) => each.cmd === 'publish' && each.topic.endsWith('/health')).at(-1)!;
	return JSON.parse(String((packet as { payload: Buffer }).payload)) as Record<string, number>;
};

/** PUBLISH of readings in each minute. */
function perMinute(broker: ScriptedBroker, from: number, minutes: number): number[] {
	const counts = new Array<number>(minutes).fill(0);
	for (const { at, packet } of broker.packets) {
		const minute = Math.floor((at - from) / MINUTE);
		if (packet.cmd === 'publish' && isReading(packet.topic) && minute >= 0 && minute < minutes) counts[minute]!++;
	}
	return counts;
}

describe('readings that a broker turns down', () => {
	it.each([['quota exceeded', 0x97], ['unspecified error', 0x80], ['implementation specific error', 0x83]] as const)('for the moment (%s) are published anew, slower, and none is given up', async (_name, code) => {
		let refuses = true;
		const { set, broker } = await node({ code: ({ topic }) => (refuses && isReading(topic) ? code : 0) }, code === 0x97 ? 'xs' : 'node');
		const from = set.now;
		await set.run(6 * MINUTE);
		expect(notAcknowledged(broker).length).toBeGreaterThan(1);
		// One a minute, once patience has grown; 12 are taken in that time.
		expect(perMinute(broker, from, 6).slice(3).every((count) => count <= 2)).toBe(true);
		expect(health(broker).dropped).toBe(0);
		refuses = false;
		await set.run(5 * MINUTE);
		expect(notAcknowledged(broker)).toEqual([]);
		expect(health(broker)).toMatchObject({ dropped: 0 });
		expect(health(broker).waiting).toBeLessThanOrEqual(1);
		expect(broker.connections).toBe(1);
		// Each time with another packet id, and without DUP: the same packet must not come again (MQTT 5.0 §4.4).
		expect(broker.packets.some(({ packet }) => packet.cmd === 'publish' && packet.dup)).toBe(false);
		expect(set.wire.violations).toEqual([]);
	});

	it('for more than an hour are kept in flash, where RAM has no room for them', async () => {
		let refuses = true;
		const { set, broker } = await node({ code: ({ topic }) => (refuses && isReading(topic) ? 0x97 : 0) }, 'node');
		await set.run(65 * MINUTE);
		expect(health(broker)).toMatchObject({ dropped: 0 });
		expect(health(broker).waiting).toBeGreaterThan(600);
		refuses = false;
		await set.run(6 * MINUTE);
		expect(notAcknowledged(broker)).toEqual([]);
		expect(health(broker)).toMatchObject({ dropped: 0 });
	});

	it('while those behind it are not answered at all, and fill what may be under way, keep the loop at rest', async () => {
		const { set, broker } = await node({ on: (packet) => packet.cmd === 'publish' && (isReading(packet.topic) || packet.topic.endsWith('/result')) ? false : undefined }, 'node');
		await set.run(11 * SECOND);
		for (let k = 0; k < 12; k++) {
			broker.publish('telltale/porch/set/sample', '{}');
			await set.run(200);
		}
		const first = broker.packets.map(({ packet }) => packet).find((packet) => packet.cmd === 'publish' && isReading(packet.topic))!;
		broker.peer!.say(0x40, 4, first.messageId! >> 8, first.messageId! & 0xff, 0x97, 0);
		const { turns } = set.simulation.nodes[0]!.counts;
		await set.run(20 * SECOND);
		expect(set.simulation.nodes[0]!.counts.turns - turns).toBeLessThan(400);
	});

	it('beyond ten a minute come all in the end, at that pace', async () => {
		let minute = 0;
		let taken = 0;
		const limit: Script['code'] = ({ topic }) => {
			if (!isReading(topic)) return 0;
			if (Math.floor(set.now / MINUTE) !== minute) taken = 0;
			minute = Math.floor(set.now / MINUTE);
			return ++taken > 10 ? 0x97 : 0;
		};
		const set = await stage({ settings: { protocol: 5, intervalMs: 10_000 } });
		await set.until(() => set.isOnline(), 2 * MINUTE);
		set.simulation.broker.kill();
		await set.run(5 * MINUTE);
		const broker = new ScriptedBroker(set, { code: limit });
		await set.run(20 * MINUTE);
		expect(notAcknowledged(broker).length).toBeLessThanOrEqual(2);
		expect(health(broker)).toMatchObject({ dropped: 0 });
		expect(health(broker).waiting).toBeLessThanOrEqual(3);
	});

	it.each([['not authorized', 0x87], ['payload format invalid', 0x99], ['packet too large, as mosquitto says it', 0x95]] as const)('for what they are (%s) are counted as dropped, at once', async (_name, code) => {
		const { set, broker } = await node({ code: ({ topic }) => (isReading(topic) ? code : 0) }, code === 0x87 ? 'xs' : 'node');
		await set.run(3 * MINUTE);
		expect(health(broker).waiting).toBeLessThanOrEqual(1);
		expect(health(broker).dropped).toBeGreaterThan(20);
		expect(Math.max(...broker.came.values())).toBe(1);
		expect(broker.connections).toBe(1);
	});

	it('for the moment, then one of them for what it is, go on with the next', async () => {
		const codes = [0x97, 0x87];
		const { set, broker } = await node({ code: ({ topic }) => (isReading(topic) ? codes.shift() ?? 0 : 0) }, 'node');
		await set.run(3 * MINUTE);
		expect(health(broker)).toMatchObject({ dropped: 1 });
		expect(health(broker).waiting).toBeLessThanOrEqual(1);
		expect(broker.connections).toBe(1);
	});

	it('with a code that mosquitto has for larger ones alone, info among them, leaves those out and gets every reading on one connection', async () => {
		const { set, broker } = await node({ code: ({ payload }) => (payload.length > 120 ? 0x95 : 0) }, 'node');
		await set.run(3 * MINUTE);
		expect(broker.connections).toBe(1);
		expect(notAcknowledged(broker)).toEqual([]);
		expect(broker.acknowledged.size).toBeGreaterThan(30);
		expect(set.heard(/the broker turns info down \(code 0x95\): it is left out/)).toBeDefined();
	});

	it('and status with them: it comes anew when the broker takes it', async () => {
		let refuses = true;
		const { set, broker } = await node({ code: ({ topic }) => (refuses && topic.endsWith('/status') ? 0x97 : 0) }, 'node');
		await set.run(MINUTE);
		refuses = false;
		const from = set.now;
		await set.run(2 * MINUTE);
		expect(broker.packets.filter(({ at, packet }) => at >= from && packet.cmd === 'publish' && packet.topic.endsWith('/status')).length).toBe(1);
	});
});

describe('a broker of 5.0', () => {
	it('without wildcards gets the readings; the node says that it hears no commands', async () => {
		// As the standard lets it: it would end the connection (§3.2.2.3.11).
		const refuses: Script['on'] = (packet, peer) => {
			if (packet.cmd !== 'subscribe' || !packet.subscriptions.some(({ topic }) => topic.includes('+'))) return true;
			peer.say(0xe0, 1, 0xa2);
			peer.hangUp();
			return false;
		};
		const { set, broker } = await node({ properties: [0x28, 0], on: refuses });
		await set.run(5 * MINUTE);
		expect(broker.connections).toBe(1);
		expect(broker.acknowledged.size).toBeGreaterThan(50);
		expect(set.heard(/the broker does not let us hear telltale\/porch\/set\/\+ \(code 0xa2\)/)).toBeDefined();
	});

	it('that takes 200 bytes at most gets the readings; one line says that larger messages are left out', async () => {
		const { set, broker } = await node({ properties: [0x27, 0, 0, 0, 200] });
		const from = set.now;
		await set.run(5 * MINUTE);
		expect(broker.acknowledged.size).toBeGreaterThan(50);
		expect(broker.packets.every(({ packet }) => (packet as { length?: number }).length! <= 198 || packet.cmd === 'connect')).toBe(true);
		expect(broker.packets.filter(({ packet }) => packet.cmd === 'publish' && packet.topic.endsWith('/status')).length).toBe(1);
		expect(set.lines.filter(({ at, text }) => at > from - 10 * SECOND && /takes packets of 200 bytes/.test(text)).length).toBe(1);
		expect(notAcknowledged(broker).length).toBeLessThanOrEqual(1);
	});

	it('that takes 60 bytes at most gets no reading; the node says why, keeps them, and delivers them to one that takes them', async () => {
		const { set, broker } = await node({ properties: [0x27, 0, 0, 0, 60] }, 'node');
		await set.run(5 * MINUTE);
		expect(broker.came.size).toBe(0);
		expect(set.heard(/a reading takes \d+ bytes, the broker 60 at most: readings wait/)).toBeDefined();
		broker.script = {};
		broker.peer!.hangUp();
		await set.run(3 * MINUTE);
		expect(notAcknowledged(broker)).toEqual([]);
		expect(broker.came.size).toBeGreaterThan(60);
	});

	it('that has QoS 0 alone and takes smaller packets than late readings need gets each live one', async () => {
		const set = await stage({ settings: { protocol: 5 } });
		await set.until(() => set.isOnline(), 2 * MINUTE);
		const broker = new ScriptedBroker(set, { properties: [0x24, 0, 0x27, 0, 0, 0, 105] });
		await set.until(() => set.heard(/a reading takes \d+ bytes, the broker 105 at most: readings wait/) !== undefined, MINUTE);
		// From now on they have the temperature alone.
		set.node.part('sht3x').trouble = 'gone';
		// Those before have moved to flash, and none is slow any more.
		await set.run(5 * MINUTE);
		const from = set.now;
		await set.run(5 * MINUTE);
		expect(broker.packets.filter(({ at, packet }) => at >= from && packet.cmd === 'publish' && packet.topic.endsWith('/readings')).length).toBeGreaterThan(55);
	});
});
