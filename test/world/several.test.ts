// Several Wi-Fi networks and brokers: the whole node in a world that has more than one of each; each kind of change once on the chip's engine.
import { describe, expect, it } from 'vitest';
import { AccessPoint } from '../../simulator/devices/access-point.js';
import { VirtualBroker, type Published } from '../../simulator/virtual/broker.js';
import { audit } from '../support/audit.js';
import { MINUTE, SECOND, stage, type Stage } from './stage.js';

const SECOND_PORT = 1_884;
const BROKERS = { host2: 'other.test', port2: SECOND_PORT, user2: 'porch', password2: 'other secret' };
const NETWORKS = { ssid2: 'cellar', passphrase2: 'under ground' };

interface Several {
	readonly set: Stage;
	readonly brokers: readonly [VirtualBroker, VirtualBroker];
	readonly accessPoints: readonly [AccessPoint, AccessPoint];
	readonly outages: () => { cause: string; kept: number }[];
	online(at: 0 | 1, limitMs?: number): Promise<number>;
	/** Waits until nothing is owed, and judges what the subscribers of both brokers have heard. */
	accounted(boots?: number): Promise<void>;
}

async function several(settings: Record<string, unknown>, engine: 'xs' | 'node' = 'node', board: 'nodemcu' | 'esp32' = 'nodemcu'): Promise<Several> {
	const set = await stage({ engine, board, seed: 'several', settings: { intervalMs: 5_000, ...settings } });
	const { world, network, broker } = set.simulation;
	network.names.set('other.test', '127.0.0.1');
	const brokers = [broker, new VirtualBroker(world.clock, network, '127.0.0.1', SECOND_PORT)] as const;
	brokers[1].requireCredentials('porch', 'other secret');
	const cellar = new AccessPoint('cellar', 'under ground');
	world.accessPoint.others.push(cellar);
	const heard = (): Published[] => brokers.flatMap(({ published }) => published).sort((one, other) => one.at - other.at);
	const outages = () => heard().filter(({ topic }) => topic.endsWith('/outage')).map(({ payload }) => JSON.parse(payload.toString()) as { cause: string; kept: number });
	return {
		set, brokers, accessPoints: [world.accessPoint, cellar], outages,
		online: (at, limitMs = 3 * MINUTE) => set.until(() => brokers[at].isConnected('telltale-porch'), limitMs),
		accounted: async (boots = 1) => {
			await set.run(70 * SECOND);
			const auditor = audit(heard(), 'porch');
			expect(auditor.violations).toEqual([]);
			expect(auditor.missingOfAll()).toEqual([]);
			expect(auditor.current!.waiting).toBeLessThanOrEqual(1);
			expect(auditor.current!.dropped).toBe(0);
			expect(set.wire.violations).toEqual([]);
			expect(set.node.counts).toMatchObject({ boots, faults: 0 });
		},
	};
}

const readingsAt = ({ published }: VirtualBroker, from = 0): number => published.filter(({ topic, at }) => at >= from && /\/(readings|backlog)$/.test(topic)).length;

describe('of several networks', () => {
	it.each(['nodemcu', 'esp32'] as const)('the second takes over when the first is gone, and is kept until it is gone itself (%s)', async (board) => {
		const { set, accessPoints: [attic, cellar], online, outages, accounted } = await several(NETWORKS, board === 'nodemcu' ? 'xs' : 'node', board);
		await online(0);
		await set.run(30 * SECOND);
		attic.up = false;
		const lostAt = set.now;
		await set.until(() => set.heard(/is gone/, lostAt) !== undefined, MINUTE);
		await set.until(() => set.isOnline() && set.heard(/online at/, lostAt) !== undefined, 2 * MINUTE);
		expect(set.heard(/Wi-Fi "simulated" does not answer/, lostAt)).toBeDefined();
		attic.up = true;
		// Twice as long as there ever is between two attempts.
		await set.run(2 * MINUTE);
		expect(set.lines.filter(({ text, at }) => at > lostAt && text.startsWith('online at')).length).toBe(1);
		cellar.up = false;
		const goneAt = set.now;
		await set.until(() => set.heard(/online at/, goneAt) !== undefined, 2 * MINUTE);
		expect(set.heard(/Wi-Fi "cellar" is gone/, goneAt)).toBeDefined();
		await accounted();
		expect(outages().map(({ cause }) => cause)).toEqual(['wifi', 'wifi']);
	});

	it('one whose passphrase is wrong is passed over within seconds', async () => {
		const { set, online, accounted } = await several({ ssid: 'simulated', passphrase: 'no good one', ssid2: 'cellar', passphrase2: 'under ground' });
		set.simulation.world.accessPoint.others.push(new AccessPoint('simulated', 'simulated air'));
		Object.assign(set.simulation.world.accessPoint, { passphrase: 'simulated air' });
		expect(await online(0)).toBeLessThan(30 * SECOND);
		expect(set.heard(/Wi-Fi "simulated" refuses the passphrase; next attempt in 1 s/)).toBeDefined();
		await accounted();
	});
});

describe('of several brokers', () => {
	it.each([4, 5, 'auto'] as const)('the second takes the readings when the first is away, and is kept until it fails; none is lost over both (MQTT %s)', async (protocol) => {
		const { set, brokers, online, outages, accounted } = await several({ ...BROKERS, protocol }, protocol === 5 ? 'xs' : 'node');
		await online(0);
		await set.run(30 * SECOND);
		const killedAt = set.now;
		brokers[0].kill();
		await online(1);
		expect(set.heard(/refuses the connection/, killedAt)).toBeDefined();
		await set.run(MINUTE);
		expect(readingsAt(brokers[1], killedAt)).toBeGreaterThan(10);
		brokers[0].start();
		await set.run(2 * MINUTE);
		expect([brokers[0].isConnected('telltale-porch'), brokers[1].isConnected('telltale-porch')]).toEqual([false, true]);
		const backAt = set.now;
		brokers[1].kill();
		await online(0);
		await accounted();
		expect(readingsAt(brokers[0], backAt)).toBeGreaterThan(10);
		expect(outages().map(({ cause }) => cause)).toEqual(['tcp', 'tcp']);
	});

	it('one that refuses the user is left for the next, and each is asked with its own password', async () => {
		const { set, brokers, online, accounted } = await several({ ...BROKERS, user: 'porch', password: 'no longer' });
		brokers[0].requireCredentials('porch', 'first secret');
		expect(await online(1)).toBeLessThan(30 * SECOND);
		expect(set.heard(/user name or password|not authori[sz]ed|refuses/)).toBeDefined();
		expect(readingsAt(brokers[0])).toBe(0);
		await accounted();
	});

	it('what is under way when one hangs up comes by the other, and the will of the first says offline there', async () => {
		const { set, brokers, online, accounted } = await several(BROKERS);
		await online(0);
		await set.run(20 * SECOND);
		brokers[0].faults.withholdAcks = true;
		await set.run(12 * SECOND);
		brokers[0].faults.refuseWith = 3;
		brokers[0].hangUp();
		await online(1);
		await accounted();
		expect(brokers[0].retained.get('telltale/porch/status')!.payload.toString()).toBe('offline');
		expect(brokers[1].retained.get('telltale/porch/status')!.payload.toString()).toBe('online');
	});

	it('all of which are away for an hour cost no reading, and the outage says for what', async () => {
		const { set, brokers, online, outages, accounted } = await several({ ...BROKERS, ...NETWORKS });
		await online(0);
		await set.run(20 * SECOND);
		for (const broker of brokers) broker.kill();
		await set.run(60 * MINUTE);
		const tries = set.lines.filter(({ text }) => /next attempt in/.test(text));
		// Two brokers in two networks a round, and a minute at the most between rounds.
		expect(tries.length).toBeGreaterThan(4 * 30);
		expect(tries.length).toBeLessThan(4 * 140);
		const backAt = set.now;
		brokers[1].start();
		await online(1, 2 * MINUTE);
		await set.until(() => outages().length > 0, MINUTE);
		await set.run(2 * MINUTE);
		await accounted();
		expect(readingsAt(brokers[1], backAt)).toBeGreaterThan(700);
		expect(outages()).toMatchObject([{ cause: 'tcp' }]);
	});
});

describe('an address of its own', () => {
	it.each(['nodemcu', 'esp32'] as const)('is used without DHCP, and told in info (%s)', async (board) => {
		const { set, accessPoints, online, accounted } = await several({ address: '10.0.0.77/24', gateway: '10.0.0.1' }, 'node', board);
		accessPoints[0].dhcp = false;
		await online(0);
		await set.until(() => set.texts('info').length > 0, MINUTE);
		expect(JSON.parse(set.texts('info').at(-1)!)).toMatchObject({ address: '10.0.0.77' });
		await accounted();
	});

	it('that is wrong ends like any attempt that fails: the next network has its turn, with DHCP', async () => {
		const { set, online, accounted } = await several({ ...NETWORKS, address: '192.168.9.9/24' });
		await online(0);
		expect(set.heard(/next attempt in 1 s/)).toBeDefined();
		expect(set.lines.filter(({ text }) => text.startsWith('Wi-Fi'))).toEqual([]);
		await set.until(() => set.texts('info').length > 0, MINUTE);
		expect(JSON.parse(set.texts('info').at(-1)!)).toMatchObject({ address: '10.0.0.10' });
		await accounted();
	});
});
