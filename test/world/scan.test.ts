// A scan among many networks, where the node's memory is fullest: on the chip's engine, with MQTT 5.0.
import { describe, expect, it } from 'vitest';
import { AccessPoint } from '../../simulator/devices/access-point.js';
import { packetsIn, rpc } from '../support/improv.js';
import { MINUTE, SECOND, stage } from './stage.js';

const SCAN = rpc(4);

describe('a scan in a place with many networks', () => {
	it('has room beside all that a node holds, commands that wait and half a transfer included', async () => {
		const sent: number[] = [];
		const set = await stage({
			engine: 'xs', seed: 'scan', settings: { protocol: 5, user: 'zoe', password: 'good one' },
			onBytes: (_node, bytes) => void sent.push(...bytes),
		});
		const { others } = set.simulation.world.accessPoint;
		for (let i = 0; i < 12; i++) others.push(new AccessPoint(`network of a very long name ${i}`, 'some passphrase'));
		await set.until(() => set.isOnline() && set.readings().length > 0, MINUTE);
		const scanned = async (): Promise<number> => {
			sent.length = 0;
			set.node.send(Uint8Array.from(SCAN));
			await set.run(4 * SECOND);
			return packetsIn(sent).packets.length;
		};
		expect([await scanned(), set.node.counts.faults]).toEqual([5, 0]);
		// A piece of 80 bytes of 424, and no other.
		set.node.send(Uint8Array.from(rpc(0xe0, [0, 7, 1, 0xa8, 0, 0, ...new Array<number>(80).fill(65)])));
		await set.run(SECOND);
		expect([await scanned(), set.node.counts.faults]).toEqual([5, 0]);
		set.simulation.broker.faults.silent = true;
		for (let i = 0; i < 30; i++) set.simulation.broker.publish('telltale/porch/set/identify', JSON.stringify({ id: 'x'.repeat(60) }), { qos: 1 });
		await set.run(3 * SECOND);
		expect([await scanned(), set.node.counts]).toMatchObject([1, { boots: 1, faults: 0 }]);
	});
});
