// Scenarios of docs/faults.md that need the whole node: each is injected, and its own criterion and the invariants are checked.
// What a part can show by itself is tested there; the table says where.

import { describe, expect, it } from 'vitest';
import type { IConnackPacket, IPublishPacket } from 'mqtt-packet';
import { Random } from '../../simulator/world/random.js';
import type { ServerEnd } from '../../simulator/virtual/network.js';
import { RivalClient } from '../../simulator/virtual/rival-client.js';
import { HOUR, MINUTE, SECOND, stage, type Stage } from './stage.js';

/** Keep-alive of the settings, and what a PINGRESP is waited for (src/mqtt/options.ts). */
const KEEP_ALIVE = 30 * SECOND;
const PING_TIMEOUT = 10 * SECOND;

async function online(options: Parameters<typeof stage>[0] = {}): Promise<Stage> {
	const made = await stage(options);
	await made.until(() => made.isOnline() && made.readings().length > 2, 4 * MINUTE);
	return made;
}

describe('a connection that is dead without a word', () => {
	it('F01 half-open: given up within keep-alive and ping time, nothing lost', async () => {
		const set = await online();
		set.simulation.network.freeze();
		const from = set.now;
		const tookMs = await set.until(() => set.heard(/next attempt in/, from) !== undefined, MINUTE);
		expect(tookMs).toBeLessThanOrEqual(KEEP_ALIVE + PING_TIMEOUT);
		await set.expectWell();
	});

	it('F02 a broker that stands still: given up within keep-alive and ping time although TCP takes the bytes, drained when it goes on', async () => {
		const set = await online();
		set.simulation.broker.faults.silent = true;
		const from = set.now;
		expect(await set.until(() => set.heard(/next attempt in/, from) !== undefined, MINUTE)).toBeLessThanOrEqual(KEEP_ALIVE + PING_TIMEOUT);
		await set.run(10 * MINUTE);
		set.simulation.broker.faults.silent = false;
		await set.expectWell();
	});

	it('F08 a broker that never sends CONNACK: each connection is closed after 10 s, with jitter between', async () => {
		const set = await stage();
		set.simulation.broker.faults.silent = true;
		await set.run(10 * MINUTE);
		const greetings = set.passed.filter(({ packet }) => packet.cmd === 'connect').map(({ at }) => at);
		const gaps = greetings.slice(1).map((at, i) => at - greetings[i]!);
		expect(greetings.length).toBeGreaterThan(11);
		expect(Math.min(...gaps)).toBeGreaterThanOrEqual(11 * SECOND);
		expect(Math.max(...gaps)).toBeLessThanOrEqual(71 * SECOND);
		expect(new Set(gaps.map(Math.round)).size).toBe(gaps.length);
		set.simulation.broker.faults.silent = false;
		await set.expectWell();
	});
});

describe('a broker that goes and comes', () => {
	it('F03 killed in the middle of QoS 1, sessions kept: sent again with DUP and the same id', async () => {
		const set = await online();
		set.simulation.broker.faults.withholdAcks = true;
		await set.run(12 * SECOND);
		set.simulation.broker.kill();
		set.simulation.broker.faults.withholdAcks = false;
		const from = set.now;
		await set.run(20 * SECOND);
		set.simulation.broker.start();
		await set.expectWell();
		const again = set.packets('publish', from).filter((packet) => (packet as IPublishPacket).dup) as IPublishPacket[];
		const before = set.passed.filter(({ at, said, packet }) => said && at < from && packet.cmd === 'publish').map(({ packet }) => packet as IPublishPacket);
		expect(again.length).toBeGreaterThan(0);
		for (const packet of again) expect(before.some((each) => each.messageId === packet.messageId && String(each.payload) === String(packet.payload))).toBe(true);
	});

	it('F04 restarted without its sessions: asks for its topics again, and nothing is called a duplicate', async () => {
		const set = await online();
		set.simulation.broker.faults.withholdAcks = true;
		await set.run(12 * SECOND);
		set.simulation.broker.kill({ keepSessions: false, keepRetained: false });
		set.simulation.broker.faults.withholdAcks = false;
		const from = set.now;
		set.simulation.broker.start();
		await set.expectWell();
		expect(set.packets('subscribe', from).length).toBeGreaterThan(0);
		expect(set.packets('publish', from).filter((packet) => (packet as IPublishPacket).dup)).toEqual([]);
	});

	it('F05 a session that is present: no SUBSCRIBE', async () => {
		const set = await online();
		const from = set.now;
		for (let i = 0; i < 3; i++) {
			set.simulation.broker.hangUp();
			await set.run(90 * SECOND);
		}
		expect(set.packets('connack', from)).toHaveLength(3);
		expect(set.packets('subscribe', from)).toEqual([]);
		await set.expectWell();
	});

	/** Another client with the node's id begins a session of its own while the node is away for another reason, and is gone when it comes back. */
	async function replaced(protocol: number): Promise<Stage> {
		const set = await online({ settings: { protocol } });
		const { world, broker } = set.simulation;
		world.accessPoint.up = false;
		await set.run(MINUTE);
		const rival = new RivalClient(world.clock, new Random('twin'), broker, { clientId: 'telltale-porch', base: 'telltale/other', version: 5, clean: false, awayMs: [HOUR, HOUR] });
		await set.run(10 * SECOND);
		rival.leave();
		world.accessPoint.up = true;
		const from = set.now;
		await set.until(() => set.packets('connack', from).length > 0, 2 * MINUTE);
		expect(set.packets('connack', from).map((packet) => (packet as IConnackPacket).sessionPresent)).toEqual([true]);
		return set;
	}

	const hears = async (set: Stage, id: string): Promise<boolean> => {
		const from = set.now;
		set.simulation.broker.publish('telltale/porch/set/sample', `{"id":"${id}"}`, { qos: 1 });
		await set.run(10 * SECOND);
		return set.texts('result', from).some((text) => text.includes(`"${id}"`));
	};

	it.each([4, 5])('F05 a session that is present and that another client began while the link was down: commands are heard within six minutes (protocol %i)', async (protocol) => {
		const set = await replaced(protocol);
		expect(await hears(set, 'soon')).toBe(false);
		const from = set.now;
		await set.run(6 * MINUTE);
		expect(await hears(set, 'later')).toBe(true);
		// Once, for each filter.
		await set.run(HOUR);
		expect(set.packets('subscribe', from)).toHaveLength(3);
		await set.expectWell();
	});

	it('F05 the same over a link that never lives for five minutes', async () => {
		const set = await replaced(4);
		for (let i = 0; i < 4; i++) {
			set.simulation.broker.hangUp();
			await set.run(100 * SECOND);
		}
		expect(await hears(set, 'later')).toBe(true);
		await set.expectWell();
	});

	it('F07 refused with every code: the reason in the log, at most twelve attempts an hour for what does not heal, nothing lost', async () => {
		for (const [code, sentence, max] of [[2, /refuses the client id/, 12], [3, /not available/, 200], [4, /user name or password/, 12], [5, /does not authorize/, 12], [6, /sent an unknown code \(0x6\)/, 200]] as const) {
			const set = await online({ settings: { intervalMs: 60_000 } });
			set.simulation.broker.faults.refuseWith = code;
			set.simulation.broker.hangUp();
			await set.run(HOUR);
			const from = set.now;
			await set.run(HOUR);
			expect(set.heard(sentence), `code ${code}`).toBeDefined();
			expect(set.packets('connect', from).length, `code ${code}`).toBeLessThanOrEqual(max);
			set.simulation.broker.faults.refuseWith = 0;
			await set.until(() => set.isOnline(), 5 * MINUTE);
			await set.expectWell();
		}
	});

	it('F04 replaced by an older one that knows no 5.0: "auto" goes on in 3.1.1, and what was on its way comes', async () => {
		const set = await online({ settings: { protocol: 'auto' } });
		set.simulation.broker.faults.withholdAcks = true;
		await set.run(12 * SECOND);
		set.simulation.broker.kill({ keepSessions: false, keepRetained: false });
		set.simulation.broker.faults.withholdAcks = false;
		set.simulation.broker.profile.speaks5 = 1;
		const sampled = set.readings().at(-1)!.seq!;
		set.simulation.broker.published.splice(0);
		set.simulation.broker.start();
		await set.run(5 * MINUTE);
		expect(set.heard(/3\.1\.1 is tried/)).toBeDefined();
		// Nobody has what the first broker took: the second must be told all that it did not acknowledge.
		const seqs = new Set(set.readings().map(({ seq }) => seq));
		for (let seq = sampled - 1; seq <= sampled + 20; seq++) expect(seqs.has(seq), `reading ${seq}`).toBe(true);
		expect(set.health().waiting).toBeLessThanOrEqual(1);
	});

	it('F26 up for two seconds and down for two, five hundred times: attempts are bounded, and it comes back', async () => {
		const set = await online();
		const tried = set.simulation.network.count;
		for (let i = 0; i < 500; i++) {
			set.simulation.broker.kill();
			await set.run(2 * SECOND);
			set.simulation.broker.start();
			await set.run(2 * SECOND);
		}
		// 2000 s: without back-off there would be a thousand.
		expect(set.simulation.network.count - tried).toBeLessThan(150);
		await set.expectWell();
	});

	it('F40 credentials revoked and given back: refused with a reason, nothing that waits is lost', async () => {
		const set = await online({ settings: { user: 'porch', password: 'right' } });
		set.simulation.broker.requireCredentials('porch', 'other');
		set.simulation.broker.hangUp();
		await set.run(30 * MINUTE);
		expect(set.heard(/user name or password/)).toBeDefined();
		set.simulation.broker.requireCredentials('porch', 'right');
		await set.until(() => set.isOnline(), 5 * MINUTE + 10 * SECOND);
		await set.expectWell();
	});
});

describe('the way to the broker', () => {
	it('F10 refused, without an answer, and reset after any number of bytes: always the same end', async () => {
		const set = await online();
		const { broker, world, network } = set.simulation;
		for (const tcp of ['refused', 'silent'] as const) {
			world.conditions.tcp = tcp;
			broker.hangUp();
			await set.run(3 * MINUTE);
			world.conditions.tcp = 'ok';
			await set.until(() => set.isOnline(), 2 * MINUTE);
		}
		let cutAfter = Infinity;
		broker.kill();
		const listen = network.listen.bind(network);
		network.listen = (address, port, accept) => listen(address, port, (end) => {
			accept(end);
			resetAfter(end, cutAfter);
			cutAfter = Infinity;
		});
		broker.start();
		await set.until(() => set.isOnline(), 2 * MINUTE);
		for (let bytes = 0; bytes < 700; bytes += 11) {
			cutAfter = bytes;
			broker.hangUp();
			await set.run(SECOND);
			await set.until(() => cutAfter === Infinity && set.isOnline(), 5 * MINUTE);
		}
		// What it was hung up on again and again is left out for so long, health too.
		await set.run(17 * MINUTE);
		await set.expectWell();
	});

	it('F11 a window of a few bytes: whole packets all the same, and the link is kept', async () => {
		const set = await online({ settings: { intervalMs: 60_000 } });
		Object.assign(set.simulation.world.conditions, { peerWindowBytes: 1, latencyMs: [10, 40] });
		const connects = set.health().connects;
		await set.run(20 * MINUTE);
		Object.assign(set.simulation.world.conditions, { peerWindowBytes: 65_535, latencyMs: [4, 30] });
		await set.expectWell();
		expect(set.health().connects).toBe(connects);
	});

	it('F12 a byte at a time, and all in one piece: the same commands are heard and the same readings come', async () => {
		for (const segmentBytes of [[1, 1], [1_460, 1_460]] as const) {
			const set = await online();
			set.simulation.world.conditions.segmentBytes = segmentBytes;
			for (let i = 0; i < 5; i++) set.simulation.broker.publish('telltale/porch/set/interval', `{"id":"${i}","value":${5_000 + i}}`, { qos: 1 });
			await set.run(10 * SECOND);
			expect(JSON.parse(set.texts('result').at(-1)!)).toMatchObject({ id: '4', ok: true });
			await set.expectWell();
		}
	});

	it('F24 names: unknown, without an answer, a dead address, another address: online within two minutes of a good one', async () => {
		const set = await online();
		const { world, broker, network } = set.simulation;
		for (const dns of ['fails', 'silent'] as const) {
			world.conditions.dns = dns;
			broker.hangUp();
			await set.run(5 * MINUTE);
			expect(set.isOnline()).toBe(false);
			world.conditions.dns = 'ok';
			await set.until(() => set.isOnline(), 2 * MINUTE);
		}
		network.names.set('broker.test', '127.0.0.9');
		broker.hangUp();
		await set.run(5 * MINUTE);
		expect(set.isOnline()).toBe(false);
		network.names.set('broker.test', '127.0.0.1');
		await set.expectWell();
	});

	it('F25 Wi-Fi lost in the middle of a packet and back after three hours: all in order, late, each once', async () => {
		const set = await online();
		set.simulation.world.conditions.peerWindowBytes = 40;
		await set.until(() => set.passed.at(-1)?.packet.cmd === 'publish', MINUTE);
		set.simulation.world.accessPoint.up = false;
		await set.run(3 * HOUR);
		set.simulation.world.accessPoint.up = true;
		set.simulation.world.conditions.peerWindowBytes = 65_535;
		await set.until(() => set.isOnline(), 2 * MINUTE);
		await set.run(5 * MINUTE);
		await set.expectWell();
		const late = set.readings('backlog').map(({ seq }) => seq);
		const first = late.filter((seq, i) => late.indexOf(seq) === i);
		expect(first.length).toBeGreaterThan(2_000);
		expect(first).toEqual([...first].sort((one, other) => one - other));
	});
});

function resetAfter(end: ServerEnd, bytes: number): void {
	const { onData } = end;
	let left = bytes;
	end.onData = (data) => {
		if (data.length <= left) {
			left -= data.length;
			return onData(data);
		}
		onData(data.subarray(0, left));
		end.onData = () => {};
		end.reset();
		end.onClose();
	};
	if (bytes === 0) end.onData = () => (end.reset(), end.onClose());
}

describe('acknowledgements', () => {
	it('F13 swallowed: sent again with DUP and the same id within the patience for one', async () => {
		const set = await online();
		set.simulation.broker.faults.withholdAcks = true;
		await set.run(6 * SECOND);
		set.simulation.broker.faults.withholdAcks = false;
		const from = set.now;
		await set.run(MINUTE);
		const again = set.packets('publish', from).filter((packet) => (packet as IPublishPacket).dup);
		expect(again.length).toBeGreaterThan(0);
		await set.expectWell();
	});

	it('F14 twice, and late: no reading is counted twice, and the window stays as it is', async () => {
		const set = await online();
		Object.assign(set.simulation.broker.faults, { duplicateAcks: true, ackDelayMs: 4_000 });
		await set.run(10 * MINUTE);
		Object.assign(set.simulation.broker.faults, { duplicateAcks: false, ackDelayMs: 0 });
		await set.expectWell();
		const { sampled, acknowledged, waiting } = set.health();
		expect(sampled).toBe(acknowledged! + waiting!);
	});
});

describe('what is sent to the node', () => {
	it('F20 a message of 128 KB: thrown away as it comes, acknowledged, and the link stays', async () => {
		const set = await online();
		const connects = set.simulation.broker.connects;
		set.simulation.broker.publish('telltale/porch/set/config', Buffer.alloc(131_072, 'x'), { qos: 1 });
		await set.run(2 * MINUTE);
		expect(set.heard(/a message of \d+ bytes was thrown away/)).toBeDefined();
		expect(set.simulation.broker.connects).toBe(connects);
		await set.expectWell();
	});

	it('F38 a retained command is not carried out, at no subscription', async () => {
		const set = await stage();
		set.simulation.broker.publish('telltale/porch/set/interval', '{"value":86400000}', { qos: 1, retain: true });
		await set.until(() => set.readings().length > 2, MINUTE);
		set.simulation.broker.kill({ keepSessions: false, keepRetained: true });
		set.simulation.broker.start();
		await set.expectWell();
		expect(set.texts('info').map((text) => JSON.parse(text).interval)).not.toContain(86_400);
	});

	it('F39 a thousand hostile commands in a second: answered or ignored, nothing changed but what was asked', async () => {
		const set = await online();
		const hostile = ['{"__proto__":{"value":1}}', '['.repeat(300), '{"value":{"value":{"value":{}}}}', '{"id":{},"value":"5000"}', 'x'.repeat(380), '{"value":-1}', '\u0000'];
		for (let i = 0; i < 1_000; i++) set.simulation.broker.publish(`telltale/porch/set/${['interval', 'calibrate', '__proto__', 'constructor'][i % 4]}`, hostile[i % hostile.length]!, { qos: 1 });
		await set.run(5 * MINUTE);
		expect(set.texts('result').filter((text) => JSON.parse(text).ok)).toEqual([]);
		await set.expectWell();
	});
});

describe('the node\'s own troubles', () => {
	it('F28 ticks that wrap, and dates fifty years ahead, an hour back, a second on: no burst of pings, no timer that sticks', async () => {
		const set = await online({ ticksAtBoot: 0x8000_0000 - 2 * MINUTE, settings: { keepAliveMs: 10_000, intervalMs: 60_000 } });
		for (const seconds of [50 * 365 * 86_400, -3_600, 1]) {
			set.node.stepDate(seconds);
			await set.run(2 * MINUTE);
		}
		const from = set.now;
		await set.run(10 * MINUTE);
		const pings = set.packets('pingreq', from).length;
		expect(pings).toBeGreaterThan(55);
		expect(pings).toBeLessThan(75);
		await set.expectWell();
		const [first] = set.readings();
		expect(first!.time! - (1_767_225_600 + 1)).toBeLessThan(60);
	});

	it('F28 before the date is known readings carry their uptime', async () => {
		const set = await stage();
		set.simulation.world.conditions.time = 'silent';
		await set.until(() => set.readings().length > 5, 2 * MINUTE);
		expect(set.readings().every(({ time, uptime }) => time === undefined && uptime! >= 0)).toBe(true);
		await set.expectWell();
	});

	it('F32 no memory for sockets and questions, while commands pour in: no exception, and all is well again', async () => {
		const set = await online();
		set.simulation.world.conditions.heap = 'short';
		set.simulation.broker.hangUp();
		for (let i = 0; i < 50; i++) set.simulation.broker.publish('telltale/porch/set/sample', '{}', { qos: 1 });
		await set.run(20 * MINUTE);
		expect(set.isOnline()).toBe(false);
		set.simulation.world.conditions.heap = 'ok';
		await set.expectWell();
	});

	it('F32 no memory when it asks for the date at boot: it measures on, and asks again', async () => {
		const set = await stage();
		set.simulation.world.conditions.heap = 'short';
		await set.run(5 * MINUTE);
		expect(set.heard(/the time server .* does not answer/)).toBeDefined();
		set.simulation.world.conditions.heap = 'ok';
		await set.expectWell();
		expect(set.heard(/the date is known/)).toBeDefined();
	});

	it('F33 sensors stuck, mad, gone and garbled: told within two periods, the other value goes on, no payload is wrong', async () => {
		const set = await online();
		for (const trouble of ['gone', 'garbled', 'nonsense', 'stuck'] as const) {
			set.node.part('sht3x').trouble = trouble;
			const from = set.now;
			await set.run(10 * SECOND);
			if (trouble === 'gone' || trouble === 'garbled') {
				expect(set.heard(/^sensor sht3x: /, from), trouble).toBeDefined();
				await set.run(30 * SECOND);
				const last = set.readings().at(-1)!;
				expect([last.humidity, Math.abs(last.temperature! - 21) < 3], trouble).toEqual([undefined, true]);
			}
			set.node.part('sht3x').trouble = 'none';
			await set.run(30 * SECOND);
			expect(set.readings().at(-1)!.humidity).toBeGreaterThan(40);
		}
		set.node.part('tmp36').trouble = 'gone';
		await set.run(40 * SECOND);
		expect(set.readings().at(-1)!.temperature).toBeUndefined();
		set.node.part('tmp36').trouble = 'none';
		for (const { temperature, humidity } of set.readings()) {
			for (const value of [temperature, humidity]) expect(value === undefined || Number.isFinite(value)).toBe(true);
		}
		await set.expectWell();
	});

	it('F34 the plug pulled: offline within one and a half keep-alives; told to stop: stopped, and never offline', async () => {
		const set = await online();
		set.node.powerCut();
		expect(await set.until(() => set.texts('status').at(-1) === 'offline', MINUTE)).toBeLessThanOrEqual(1.5 * KEEP_ALIVE + SECOND);
		await set.node.powerOn();
		await set.until(() => set.texts('status').at(-1) === 'online', MINUTE);
		set.node.type('stop\n');
		await set.run(5 * MINUTE);
		// The will that its session kept for it turned up, so it said online once more.
		expect(set.texts('status').filter((word, i, all) => word !== all[i - 1])).toEqual(['online', 'offline', 'online', 'stopped']);
	});

	it('F36 two nodes with one client id: told in the log and in the outage report, at most one connection a minute each', () => expectRivalsWell(4));

	it('F36 two nodes with one client id in MQTT 5.0, where the broker says it with DISCONNECT: the same', () => expectRivalsWell(5));

	it('F36 a rival that begins a session of its own and leaves: the node hears commands again, though the session is present', async () => {
		const set = await online();
		const { world, broker } = set.simulation;
		// In 5.0 it begins with CleanStart, and asks for topics of its own.
		const rival = new RivalClient(world.clock, new Random('twin'), broker, { clientId: 'telltale-porch', base: 'telltale/other', version: 5, clean: false, awayMs: [2_000, 2_000] });
		await set.run(10 * MINUTE);
		rival.leave();
		const from = set.now;
		await set.run(2 * MINUTE);
		expect(set.packets('connack', from).map((packet) => (packet as IConnackPacket).sessionPresent)).toEqual([true]);
		broker.publish('telltale/porch/set/interval', '{"id":"after","value":6000}', { qos: 1 });
		await set.until(() => set.texts('result', from).some((text) => text.includes('"after"')), 10 * SECOND);
		await set.expectWell();
	});

	async function expectRivalsWell(protocol: number): Promise<void> {
		const set = await stage({ nodes: 2, settings: { protocol }, settingsOf: (number) => ({ node: `twin-${number}`, clientId: 'twin', base: `telltale/twin-${number}` }) });
		await set.run(5 * MINUTE);
		const from = set.now;
		const before = set.packets('connect').length;
		await set.run(HOUR);
		const perMinuteEach = (set.packets('connect').length - before) / 60 / 2;
		expect(perMinuteEach).toBeLessThanOrEqual(1);
		expect(set.packets('connect', from).length).toBeGreaterThan(20);
		expect(set.heard(protocol === 4 ? /times in a row: does another client use our client id\?/ : /another client uses our client id/)).toBeDefined();
		expect(set.texts('outage').some((text) => JSON.parse(text).takeovers >= 3)).toBe(true);
		expect(set.simulation.nodes.map(({ counts }) => counts.faults)).toEqual([0, 0]);
		// Neither loses a reading by it.
		for (const name of ['twin-1', 'twin-2']) {
			const own = set.simulation.broker.published.filter(({ topic }) => topic === `telltale/${name}/readings` || topic === `telltale/${name}/backlog`);
			const seqs = new Set(own.map(({ payload }) => JSON.parse(payload.toString()).seq as number));
			expect(seqs.size, name).toBeGreaterThan(600);
			expect(Math.max(...seqs) - seqs.size, name).toBeLessThan(30);
		}
	}
});
