import { describe, expect, it } from 'vitest';
import { generate, parser } from 'mqtt-packet';
import { NodeActions } from '../../src/telemetry/actions.js';
import { NodePublications, PublicationIndex } from '../../src/telemetry/node-publications.js';
import { Backoff } from '../../src/connection/backoff.js';
import { BootMode } from '../../src/settings/boot-mode.js';
import { BrokerClient } from '../../src/telemetry/broker-client.js';
import { Cause } from '../../src/connection/causes.js';
import { CommandQueue } from '../../src/telemetry/command-queue.js';
import { Commands } from '../../src/telemetry/commands.js';
import { settingsProblem, withDefaults } from '../../src/settings/settings.js';
import { SettingsStore } from '../../src/settings/settings-store.js';
import { InFlight } from '../../src/storage/in-flight.js';
import { Limit } from '../../src/common/limits.js';
import { Destinations } from '../../src/connection/destinations.js';
import { Link } from '../../src/connection/link.js';
import { State } from '../../src/connection/states.js';
import { NetworkState } from '../../src/common/ports.js';
import { Value } from '../../src/readings/reading.js';
import { Sampler } from '../../src/readings/sampler.js';
import { Text } from '../../src/common/text.js';
import { ReadingQueue } from '../../src/storage/reading-queue.js';
import { FakeClock, FakeLog, FakeNetwork, FakeRandom, FakeTransport } from '../support/fakes.js';
import { FakeFlash, journalFlash } from '../support/flash.js';
import { two } from '../support/parts.js';

interface Seen {
	cmd: string;
	topic?: string;
	payload?: string;
	messageId?: number;
	retain?: boolean;
	dup?: boolean;
	qos?: number;
	[key: string]: unknown;
}

/** A whole node above its ports; the test is the broker, and speaks through mqtt-packet. */
function setUp(settings: Record<string, unknown> = {}, flash?: FakeFlash, safe = false) {
	const config = withDefaults({ node: 'porch', ssid: 'attic', host: 'broker.lan', ...settings });
	const clock = new FakeClock();
	const log = new FakeLog();
	const network = new FakeNetwork();
	const transport = new FakeTransport();
	const inFlight = new InFlight();
	const parts = two();
	const waiting = new ReadingQueue(7, clock, log, inFlight, parts, flash);
	const kept = new Map<string, number>();
	const store = { get: (key: string) => kept.get(key), set: (key: string, value: number) => (kept.set(key, value), true), clear: () => kept.clear() };
	const settingsFlash = new FakeFlash(2, 1_024);
	settingsFlash.settingsSectors = 2;
	const settingsStore = new SettingsStore(settingsFlash, settings);
	/** What the next boot would find. */
	const stored = () => new SettingsStore(settingsFlash, settings).read();
	const sampler = new Sampler(parts, 1, config.intervalMs, clock, log, waiting);
	const deps = { config, board: { name: 'nodemcu', chip: 'ESP8266', newScan: () => { throw new Error('nobody scans here'); } }, boot: 7, safe, clock, log, store, settingsStore, check: settingsProblem, network, sampler, queue: waiting };
	const publications = new NodePublications(deps);
	const commandQueue = new CommandQueue(log);
	const to = new Destinations(config, settingsStore);
	const broker = new BrokerClient(to, store, transport, waiting, inFlight, publications, [publications, commandQueue], log, safe);
	const link = new Link(to, network, transport, broker, new Backoff(new FakeRandom(1)), log, { unixSeconds: () => 1, doubt: () => {} });
	let restarts = 0;
	let typed = '';
	const console = { take: () => { const line = typed; typed = ''; return line; } };
	const guard = new BootMode(store, () => restarts++);
	guard.begin(false, false, log);
	const actions = new NodeActions(deps, publications, broker, link, guard);
	const commands = new Commands(commandQueue, actions, broker, { take: console.take, line: (text) => log.line(text) });

	let wakeAt = 0;
	const turn = () => (wakeAt = Math.min(publications.poll(clock.time), commands.poll(clock.time), actions.poll(clock.time), broker.poll(clock.time), link.poll(clock.time), waiting.poll(clock.time)));
	/** What the node wrote since the last look, as packets. */
	const sent = (): Seen[] => {
		const packets: Seen[] = [];
		const read = parser();
		read.on('packet', (packet) => packets.push({ ...packet, payload: 'payload' in packet ? String(packet.payload) : undefined } as Seen));
		read.parse(Buffer.from(transport.sent));
		transport.sent = [];
		return packets;
	};
	const say = (packet: object) => transport.arrive(...generate(packet as never));
	/** Up to CONNECT, which is written and not answered. */
	const greet = () => {
		for (let i = 0; link.state !== State.Greeting && i < 10; i++) {
			if (link.state === State.Waiting) clock.time += 61_000;
			turn();
			network.state = NetworkState.Up;
			turn();
			network.resolved = '127.0.0.1';
			turn();
			transport.connected();
			turn();
		}
		turn();
	};
	/** Up to an accepted session; what was written before it. */
	const connect = (sessionPresent = false) => {
		greet();
		const connected = sent();
		say({ cmd: 'connack', returnCode: 0, sessionPresent });
		turn();
		return connected;
	};
	/** Acknowledges what the node says, turn by turn, and gives it back, for `ms` of time. */
	const serve = (ms = 0): Seen[] => {
		const all: Seen[] = [];
		const end = clock.time + ms;
		for (;;) {
			turn();
			const packets = sent();
			for (const packet of packets) {
				if (packet.cmd === 'publish' && packet.qos === 1) say({ cmd: 'puback', messageId: packet.messageId });
				if (packet.cmd === 'subscribe') say({ cmd: 'suback', messageId: packet.messageId, granted: [1] });
				if (packet.cmd === 'pingreq') say({ cmd: 'pingresp' });
			}
			all.push(...packets);
			if (packets.length) continue;
			if (wakeAt > end) break;
			clock.time = Math.max(clock.time, wakeAt);
		}
		clock.time = end;
		return all;
	};
	const take = (seq: number, temperature = 21_000) => {
		const { reading } = waiting;
		Object.assign(reading, { seq, uptime: Math.floor(clock.time / 1000), time: clock.unixSeconds() });
		reading.numbers.set([temperature, Value.ABSENT]);
		waiting.put();
	};
	const type = (line: string) => (typed = line);
	return { config, clock, log, network, transport, waiting, publications, broker, link, kept, stored, sampler, turn, sent, say, greet, connect, serve, take, type, restarts: () => restarts };
}

const published = (packets: Seen[], topic: string) => packets.filter((packet) => packet.cmd === 'publish' && packet.topic === topic);
const seqs = (packets: Seen[], topic: string) => published(packets, topic).map((packet) => JSON.parse(packet.payload!).seq);

describe('the broker', () => {
	it('is greeted with the client id, user, keep-alive and the will', () => {
		const [connect] = setUp({ user: 'me', password: 'secret', keepAliveMs: 30_500 }).connect();
		expect(connect).toMatchObject({
			cmd: 'connect', clientId: 'telltale-porch', username: 'me', keepalive: 31, clean: false, protocolVersion: 4,
			will: { topic: 'telltale/porch/status', qos: 1, retain: true },
		});
		expect(String((connect as any).password)).toBe('secret');
		expect(String((connect as any).will.payload)).toBe('offline');
	});

	it.each([4, 5])('is greeted also with the longest settings there are (MQTT %i)', (protocol) => {
		const settings = { user: 'u'.repeat(64), password: 'p'.repeat(64), clientId: 'c'.repeat(60), base: 'b'.repeat(40) };
		expect(settingsProblem(settings)).toBe('');
		const [connect] = setUp({ protocol, ...settings }).connect();
		expect(connect).toMatchObject({ clientId: settings.clientId, username: settings.user, will: { topic: `${settings.base}/status` } });
		expect(String((connect as any).password)).toBe(settings.password);
	});

	it('hears status, info and channels first, all retained, then readings', () => {
		const set = setUp();
		set.take(1);
		set.connect();
		const said = set.serve();
		expect(said.filter((packet) => packet.cmd === 'subscribe').length).toBeGreaterThan(0);
		expect(said.filter((packet) => packet.cmd === 'publish').map((packet) => [packet.topic, packet.retain, packet.qos])).toEqual([
			['telltale/porch/status', true, 1], ['telltale/porch/info', true, 1], ['telltale/porch/channels', true, 1],
			['telltale/porch/health', false, 0], ['telltale/porch/backlog', false, 1]]);
		expect(published(said, 'telltale/porch/status')[0].payload).toBe('online');
		expect(JSON.parse(published(said, 'telltale/porch/info')[0].payload!)).toMatchObject({ board: 'nodemcu', sensors: 'tmp36,sht3x', interval: 10, boot: 7 });
		expect(published(said, 'telltale/porch/channels')[0].payload).toBe('{"temperature":["°C","tmp36"],"humidity":["%","sht3x"]}');
	});

	it('gets live readings on readings and late ones on backlog, live first, none twice', () => {
		const set = setUp();
		for (let seq = 1; seq <= 5; seq++) set.take(seq);
		set.connect();
		set.take(6);
		const said = set.serve(2_000);
		expect(seqs(said, 'telltale/porch/readings')).toEqual([6]);
		expect(seqs(said, 'telltale/porch/backlog')).toEqual([1, 2, 3, 4, 5]);
		expect(set.waiting.count).toBe(0);
		expect([set.waiting.handedOver, set.waiting.delivered]).toEqual([6, 6]);
	});

	it('gets late readings at no more than ten a second', () => {
		const set = setUp();
		for (let seq = 1; seq <= 100; seq++) set.take(seq);
		set.connect();
		expect(seqs(set.serve(1_000), 'telltale/porch/backlog').length).toBeLessThanOrEqual(11);
		set.serve(10_000);
		expect(set.waiting.count).toBe(0);
	});

	it('gets what was unacknowledged again, with the same id and DUP, when it kept the session', () => {
		const set = setUp();
		set.connect();
		set.serve();
		set.take(1);
		set.turn();
		const [first] = published(set.sent(), 'telltale/porch/readings');
		set.transport.lose();
		set.turn();
		set.connect(true);
		const said = set.serve();
		const [again] = published(said, 'telltale/porch/readings');
		expect(again).toMatchObject({ dup: true, messageId: first.messageId, payload: first.payload });
		expect(said.some((packet) => packet.cmd === 'subscribe')).toBe(false);
		expect(set.waiting.count).toBe(0);
	});

	it('gets a reading that was taken before the date was known with its time', () => {
		const set = setUp();
		set.clock.time = 5_000;
		set.take(1);
		set.clock.time = 65_000;
		set.clock.unix = 1_795_000_000;
		set.connect();
		const [late] = published(set.serve(), 'telltale/porch/backlog');
		expect(JSON.parse(late.payload!).time).toBe(1_795_000_005);
	});

	it('that hangs up again and again finds no pile of publications when it stays', () => {
		const set = setUp();
		for (let kick = 0; kick < 6; kick++) {
			set.connect(kick > 0);
			set.turn();
			set.transport.lose();
			set.turn();
		}
		set.connect(true);
		const said = set.serve(3_000).filter((packet) => packet.cmd === 'publish' && packet.qos === 1);
		// What was under way once, and what has become due since: the outage, and nothing twice more.
		for (const word of ['status', 'info', 'outage']) expect(published(said, `telltale/porch/${word}`).length, word).toBeLessThanOrEqual(2);
		expect(published(said, 'telltale/porch/status').at(-1)!.payload).toBe('online');
	});

	it('is asked for the topics again, though it kept the session, when another client with our id seems to have been there', () => {
		const set = setUp();
		/** What is asked for on a connection, which lives for so long until the broker hangs up. */
		const askedIn = (lifeMs: number, sessionPresent = true) => {
			set.connect(sessionPresent);
			const asked = set.serve(lifeMs).filter((packet) => packet.cmd === 'subscribe').flatMap((packet) => (packet.subscriptions as { topic: string }[]).map(({ topic }) => topic));
			set.transport.lose();
			set.turn();
			return asked;
		};
		const both = ['telltale/porch/status', 'telltale/porch/set/+'];
		expect(askedIn(1_000, false)).toEqual(both);
		expect([askedIn(1_000), askedIn(1_000)]).toEqual([[], []]);
		expect(set.link.takeovers).toBe(3);
		expect([askedIn(1_000), askedIn(120_000)]).toEqual([both, both]);
		expect(set.link.takeovers).toBe(0);
		expect(askedIn(1_000)).toEqual([]);
	});

	describe('that keeps the session', () => {
		const MINUTE = 60_000;
		const BOTH = ['telltale/porch/status', 'telltale/porch/set/+'];
		/** Connected and subscribed, and then the network was away for a moment. */
		const kept = () => {
			const set = setUp();
			/** What is asked for on a connection that lives for so long until the network is away. */
			const askedIn = (lifeMs: number, sessionPresent = true) => {
				set.connect(sessionPresent);
				const asked = askedFor(set.serve(lifeMs));
				set.network.state = NetworkState.Down;
				set.turn();
				return asked;
			};
			expect(askedIn(1_000, false)).toEqual(BOTH);
			return { ...set, askedIn };
		};
		const askedFor = (packets: Seen[]) => packets.filter(({ cmd }) => cmd === 'subscribe').flatMap((packet) => (packet.subscriptions as { topic: string }[]).map(({ topic }) => topic));

		it('is asked for each topic once more five minutes later: the session may be another client\'s', () => {
			const set = kept();
			set.connect(true);
			expect(askedFor(set.serve(5 * MINUTE - 2_000))).toEqual([]);
			expect(askedFor(set.serve(3_000))).toEqual(BOTH);
			expect(askedFor(set.serve(24 * 60 * MINUTE))).toEqual([]);
		});

		it('is asked on the first connection that is there when five minutes are over, however short each is', () => {
			const set = kept();
			const asked = Array.from({ length: 12 }, () => set.askedIn(MINUTE));
			expect(asked.findIndex((each) => each.length > 0)).toBeGreaterThan(1);
			expect(asked.flat().length).toBeGreaterThanOrEqual(4);
			for (const [i, each] of asked.entries()) {
				if (each.length > 0) expect([each, asked.slice(i + 1, i + 2).flat()]).toEqual([BOTH, []]);
			}
		});

		it('is not asked at once when it begins another, which it was asked in', () => {
			const set = kept();
			expect(set.askedIn(3 * MINUTE)).toEqual([]);
			expect(set.askedIn(10 * MINUTE, false)).toEqual(BOTH);
		});

		it('and turns a topic down then is asked again a minute later, as ever', () => {
			const set = kept();
			set.connect(true);
			const asked: string[] = [];
			for (let i = 0; i < 80; i++) {
				set.clock.time += 5_000;
				set.turn();
				for (const packet of set.sent()) {
					if (packet.cmd === 'publish' && packet.qos === 1) set.say({ cmd: 'puback', messageId: packet.messageId });
					if (packet.cmd === 'pingreq') set.say({ cmd: 'pingresp' });
					if (packet.cmd === 'subscribe') set.say({ cmd: 'suback', messageId: packet.messageId, granted: [asked.length === 1 ? 0x80 : 1] });
					asked.push(...askedFor([packet]));
				}
			}
			expect(asked).toEqual([...BOTH, BOTH[1]]);
		});
	});

	it('hears of the outage once it is over', () => {
		const set = setUp();
		set.clock.unix = 1_795_000_000;
		set.connect();
		set.serve(10_000);
		const lostAt = set.clock.time;
		set.network.state = NetworkState.Down;
		set.turn();
		set.take(1);
		set.connect();
		const [outage] = published(set.serve(), 'telltale/porch/outage');
		const { start, seconds, cause, attempts, kept } = JSON.parse(outage.payload!);
		expect([start, cause, attempts, kept]).toEqual([1_795_000_000 + Math.floor(lostAt / 1000), 'wifi', 1, 1]);
		expect(seconds).toBeGreaterThan(1);
	});

	it.each([
		[2, 'the broker refuses the client id, or a keep-alive longer than it allows'], [3, 'the broker is not available for the moment'],
		[4, 'the broker refuses the user name or password: it says they are malformed or wrong'],
		[5, 'the broker does not authorize this client: check user and password, and its access rules'],
	])('that refuses with code %i is named with its reason, and tried again', (returnCode, sentence) => {
		const set = setUp();
		set.greet();
		set.say({ cmd: 'connack', returnCode, sessionPresent: false });
		set.turn();
		expect(set.log.last).toContain(`${sentence}; next attempt in`);
		expect(set.link.state).toBe(State.Waiting);
	});

	describe('with MQTT 5.0', () => {
		it('is greeted in 5.0, with a delay before the will is published', () => {
			const [connect] = setUp({ protocol: 5 }).connect();
			expect(connect).toMatchObject({ protocolVersion: 5, will: { topic: 'telltale/porch/status', properties: { willDelayInterval: 30 } } });
		});

		it('counts a reading that the broker turns down as dropped, and does not send it again', () => {
			const set = setUp({ protocol: 5 });
			set.greet();
			set.transport.arrive(0x20, 3, 0, 0, 0);
			set.turn();
			set.transport.sent = [];
			set.take(1);
			set.turn();
			const bytes = set.transport.sent;
			// PUBLISH, QoS 1: the packet id stands behind the topic (§3.3.2).
			const topic = Buffer.from('telltale/porch/readings');
			const at = Buffer.from(bytes).indexOf(topic) + topic.length;
			set.transport.arrive(0x40, 3, bytes[at], bytes[at + 1], 0x87);
			set.transport.sent = [];
			set.turn();
			expect(set.log.last).toBe('the broker turns a reading down (code 0x87): it is counted as dropped');
			expect([set.waiting.count, set.waiting.dropped]).toEqual([0, 1]);
		});

		it('says so when the broker takes only smaller packets than ours may be', () => {
			const set = setUp({ protocol: 5 });
			set.greet();
			// CONNACK with Maximum Packet Size 300 (MQTT 5.0 §3.2.2.3.6).
			set.transport.arrive(0x20, 8, 0, 0, 5, 0x27, 0, 0, 1, 44);
			set.turn();
			expect(set.log.lines).toContain('the broker takes packets of 300 bytes at most: what is larger is left out');
		});

		it('that takes QoS 0 and small packets alone gets the readings behind one that did not fit', () => {
			const set = setUp({ protocol: 5 }, new FakeFlash(8));
			const taken: number[] = [];
			const turns = (ms: number): void => {
				set.clock.time += ms;
				for (let i = 0; i < 20; i++) set.turn();
				taken.push(...[...Buffer.from(set.transport.sent).toString('latin1').matchAll(/"seq":(\d+)/g)].map(([, seq]) => Number(seq)));
				if (set.transport.sent.includes(0xc0)) set.transport.arrive(0xd0, 0);
				set.transport.sent = [];
			};
			set.clock.time = 100_000;
			set.greet();
			// Maximum QoS 0, Maximum Packet Size 78 (MQTT 5.0 §3.2.2.3.4, §3.2.2.3.6).
			set.transport.arrive(0x20, 10, 0, 0, 7, 0x24, 0, 0x27, 0, 0, 0, 78);
			turns(0);
			for (const id of [1, 2]) set.transport.arrive(0x90, 4, 0, id, 0, 0);
			set.take(1, -21_512);
			turns(0);
			expect(set.log.last).toMatch(/^a reading takes \d+ bytes, the broker 78 at most: readings wait$/);
			// It moves to flash, where it waits behind live ones.
			turns(60_000);
			turns(50_000);
			set.take(2);
			turns(10_000);
			for (let seq = 3; seq < 6; seq++) {
				set.take(seq);
				turns(40_000);
			}
			expect(taken).toEqual([2, 3, 4, 5]);
		});

		it('falls back to 3.1.1 once and for all when it is refused and the protocol is auto', () => {
			const set = setUp({ protocol: 'auto' });
			const greet = () => (set.greet(), set.sent()[0].protocolVersion);
			expect(greet()).toBe(5);
			// As a 3.1.1 broker refuses it (3.1.1 §3.1.2.2).
			set.transport.arrive(0x20, 2, 0, 1);
			set.turn();
			expect(set.log.lines.at(-2)).toBe('MQTT 3.1.1 is tried next');
			expect(set.log.last).toContain('the broker does not speak this version of MQTT (0x1); next attempt in');
			expect(greet()).toBe(4);
			set.say({ cmd: 'connack', returnCode: 0, sessionPresent: false });
			set.turn();
			expect(set.kept.get('spoken')).toBe(4);
			expect(published(set.serve(), 'telltale/porch/status').length).toBe(1);
		});
	});

	it('gets readings right behind CONNECT when the settings allow it, and a refusal loses none', () => {
		const set = setUp({ publishEarly: true });
		set.take(1);
		set.greet();
		const early = set.sent();
		expect(early[0].cmd).toBe('connect');
		expect(seqs(early, 'telltale/porch/backlog')).toEqual([1]);
		set.say({ cmd: 'connack', returnCode: 3, sessionPresent: false });
		set.turn();
		expect(set.waiting.count).toBe(1);
		set.connect();
		const said = set.serve();
		expect(seqs(said, 'telltale/porch/backlog')).toEqual([1]);
		expect(set.waiting.count).toBe(0);
	});

	it('is told stopped and then DISCONNECT, and the link stays down', () => {
		const set = setUp();
		set.connect();
		set.serve();
		set.take(1);
		set.type('stop');
		const said = set.serve();
		expect(published(said, 'telltale/porch/status').map((packet) => packet.payload)).toEqual(['stopped']);
		expect(said.at(-1)!.cmd).toBe('disconnect');
		expect(set.link.state).toBe(State.Stopped);
		expect(set.log.last).toBe('stopped');
	});

	it('does not hold a stop up for longer than five seconds when there is no room left to say anything', () => {
		const set = setUp({}, new FakeFlash(8));
		set.connect();
		for (let seq = 1; seq < 30; seq++) set.take(seq);
		set.turn();
		set.sent();
		// As if the broker acknowledged nothing: what is not sent stays in the outbox.
		set.transport.room = 0;
		for (let i = 0; i < 8; i++) {
			set.publications.due |= 1 << PublicationIndex.Health;
			set.turn();
		}
		set.type('stop');
		for (let i = 0; i < 3; i++) set.turn();
		set.clock.time += 5_000;
		set.transport.room = 2_920;
		set.turn();
		expect(set.sent().at(-1)!.cmd).toBe('disconnect');
		set.turn();
		expect(set.link.state).toBe(State.Stopped);
	});

	it('does not hold a stop up for longer than five seconds', () => {
		const set = setUp();
		set.connect();
		set.turn();
		set.type('stop');
		set.turn();
		set.clock.time += 5_000;
		set.turn();
		set.turn();
		expect(set.link.state).toBe(State.Stopped);
	});

	it('restarts the node after the same farewell', () => {
		const set = setUp();
		set.connect();
		set.serve();
		set.say({ cmd: 'publish', topic: 'telltale/porch/set/restart', payload: '{"id":"r"}', qos: 1, messageId: 9, retain: false });
		set.turn();
		const said = set.serve();
		expect(published(said, 'telltale/porch/status').at(-1)!.payload).toBe('stopped');
		expect(published(said, 'telltale/porch/result').length).toBe(1);
		// The serial line says its last.
		expect(set.restarts()).toBe(0);
		set.clock.time += 250;
		set.turn();
		expect(set.restarts()).toBe(1);
	});

	it('is told online again when a late will says offline', () => {
		const set = setUp();
		set.connect();
		set.serve();
		set.say({ cmd: 'publish', topic: 'telltale/porch/status', payload: 'offline', qos: 0, retain: false });
		set.turn();
		expect(published(set.serve(), 'telltale/porch/status').map((packet) => packet.payload)).toEqual(['online']);
		set.say({ cmd: 'publish', topic: 'telltale/porch/status', payload: 'offline', qos: 0, retain: true });
		set.turn();
		expect(published(set.serve(), 'telltale/porch/status').map((packet) => packet.payload)).toEqual(['online']);
		set.say({ cmd: 'publish', topic: 'telltale/porch/status', payload: 'online', qos: 0, retain: false });
		set.turn();
		expect(published(set.serve(), 'telltale/porch/status')).toEqual([]);
	});

	it('is still heard after an empty message, a PINGRESP and then a command', () => {
		const set = setUp();
		set.connect();
		set.serve();
		set.say({ cmd: 'publish', topic: 'telltale/porch/set/interval', payload: '', qos: 0, retain: false });
		set.say({ cmd: 'pingresp' });
		set.say({ cmd: 'publish', topic: 'telltale/porch/set/interval', payload: '{"id":"a","value":2000}', qos: 0, retain: false });
		set.turn();
		const said = set.serve();
		expect(JSON.parse(published(said, 'telltale/porch/result')[0].payload!)).toEqual({ id: 'a', name: 'interval', ok: true });
		expect(JSON.parse(published(said, 'telltale/porch/info')[0].payload!).interval).toBe(2);
		expect(set.stored().intervalMs).toBe(2_000);
		expect(set.sampler.intervalMs).toBe(2_000);
	});

	it('is not obeyed where it sends what was never asked for', () => {
		const set = setUp();
		set.connect();
		set.serve(70_000);
		const base = 'telltale/porch';
		for (const topic of ['a/a/a/a/a/a/a/a/a//restart', 'xxxxxxxxxxxxxxxxxx/stop', 'éééééééééé/sample', `${base}x/set/stop`, `${base}/sex/stop`, `${base}/set`, `${base}/statu`, 'telltale/porcH/status', base, 'x']) {
			for (const payload of ['{}', 'offline']) set.say({ cmd: 'publish', topic, payload, qos: 1, messageId: 9, retain: false });
		}
		const said = set.serve(5_000);
		expect(published(said, `${base}/result`).concat(published(said, `${base}/status`))).toEqual([]);
		expect([set.restarts(), set.link.state]).toEqual([0, State.Online]);
	});

	it('has each of many commands answered as soon as there is room, with nothing else to wake the loop', () => {
		const set = setUp({ intervalMs: 3_600_000 });
		set.connect();
		set.serve(70_000);
		for (let i = 0; i < 9; i++) set.say({ cmd: 'publish', topic: 'telltale/porch/set/fly', payload: `{"id":"${i}"}`, qos: 1, messageId: 9 + i, retain: false });
		const said = set.serve(0);
		expect(published(said, 'telltale/porch/result').map((packet) => JSON.parse(packet.payload!).id)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8']);
	});

	it('does not restart the node while readings wait that flash does not take', () => {
		const flash = new FakeFlash(8);
		const set = setUp({}, flash);
		set.connect();
		set.serve(70_000);
		flash.write = () => false;
		// On its way: a reading that the broker has not acknowledged.
		set.take(1);
		set.turn();
		set.sent();
		set.say({ cmd: 'publish', topic: 'telltale/porch/set/restart', payload: '{"id":"r"}', qos: 1, messageId: 9, retain: false });
		set.turn();
		const said = set.serve(0);
		expect(JSON.parse(published(said, 'telltale/porch/result')[0].payload!)).toMatchObject({ id: 'r', ok: false, error: expect.stringContaining('cannot be kept in flash') });
		expect(set.restarts()).toBe(0);
	});

	it('has a command acknowledged before it is acted on', () => {
		const set = setUp();
		set.connect();
		set.serve();
		set.say({ cmd: 'publish', topic: 'telltale/porch/set/interval', payload: '{"id":"a","value":2000}', qos: 1, messageId: 9, retain: false });
		set.turn();
		expect([set.sent().map(({ cmd }) => cmd), set.stored().intervalMs]).toEqual([['puback'], undefined]);
		set.turn();
		expect([set.sent().map(({ topic }) => topic).sort(), set.stored().intervalMs]).toEqual([['telltale/porch/info', 'telltale/porch/result'], 2_000]);
	});

	it('that has more commands than can wait is told so at once, with nothing in the middle of another packet', () => {
		const set = setUp();
		set.connect();
		set.serve();
		set.take(1);
		for (let i = 0; i < 50; i++) set.say({ cmd: 'publish', topic: 'telltale/porch/set/sample', payload: `{"id":"${i}"}`, qos: 1, messageId: 100 + i, retain: false });
		// The socket takes a byte or two at a time, so that packets are begun and not finished; what has no room waits unread.
		const wire: number[] = [];
		for (let turns = 0; turns < 3_000; turns++) {
			set.transport.room = turns % 7 ? 2 : 1_400;
			set.turn();
			wire.push(...set.transport.sent.splice(0));
		}
		set.transport.room = 2_920;
		set.transport.sent = wire;
		const early = set.sent();
		for (const { messageId, qos } of early) if (qos === 1) set.say({ cmd: 'puback', messageId });
		const packets = [...early, ...set.serve(60_000)];
		const answers = published(packets, 'telltale/porch/result').map((packet) => JSON.parse(packet.payload!));
		expect(new Set(answers.map(({ id }) => id)).size).toBe(50);
		expect(packets.filter(({ cmd }) => cmd === 'puback').length).toBe(50);
		expect(answers.some(({ ok }) => !ok)).toBe(true);
		expect(seqs(packets, 'telltale/porch/readings')).toEqual([1]);
	});

	it('that falls silent is given up after its keep-alive, and the readings are kept', () => {
		const set = setUp({ keepAliveMs: 10_000 });
		set.connect();
		set.serve();
		set.clock.time += 10_000;
		set.turn();
		expect(set.sent().map((packet) => packet.cmd)).toContain('pingreq');
		set.take(1);
		set.turn();
		set.clock.time += 20_000;
		set.turn();
		expect(set.link.state).toBe(State.Waiting);
		expect(set.log.last).toMatch(/does not answer pings|stopped acknowledging/);
		expect(set.waiting.count).toBe(1);
	});

	it('counts in health what adds up', () => {
		const set = setUp();
		set.connect();
		set.serve();
		set.take(1);
		set.sampler.sampled = 1;
		const said = set.serve(60_000);
		const health = published(said, 'telltale/porch/health').map((packet) => JSON.parse(packet.payload!)).at(-1);
		expect(health).toMatchObject({ sampled: 1, sent: 1, acknowledged: 1, waiting: 0, dropped: 0, connects: 1 });
		expect(health.sampled).toBe(health.acknowledged + health.waiting + health.dropped);
	});

	it('gets what waited in flash before what waited in RAM, at most ten a second, live readings before both', () => {
		const set = setUp({}, journalFlash(12));
		for (let seq = 1; seq <= 30; seq++) set.take(seq);
		set.clock.time = 60_000;
		for (let turns = 0; turns < 40; turns++) set.turn();
		expect(set.waiting.journal!.written).toBe(30);
		for (let seq = 31; seq <= 33; seq++) set.take(seq);
		set.connect();
		set.take(34);
		const first = set.serve(1_000);
		expect(seqs(first, 'telltale/porch/readings')).toEqual([34]);
		expect(seqs(first, 'telltale/porch/backlog').length).toBeLessThanOrEqual(11);
		const all = [...first, ...set.serve(4_000)];
		expect(seqs(all, 'telltale/porch/backlog')).toEqual([...Array(33).keys()].map((k) => k + 1));
		expect([set.waiting.count, set.waiting.delivered, set.waiting.handedOver]).toEqual([0, 34, 34]);
		set.sampler.sampled = 34;
		const health = published(set.serve(60_000), 'telltale/porch/health').map((packet) => JSON.parse(packet.payload!)).at(-1);
		expect(health).toMatchObject({ sampled: 34, acknowledged: 34, waiting: 0, dropped: 0, journalled: 33, sectors: 1 });
		expect(health).not.toHaveProperty('discarded');
	});

	it('gets readings of an earlier boot under that boot\'s number, and with their uptime', () => {
		const flash = journalFlash(12);
		const before = setUp({}, flash);
		const earlier = new ReadingQueue(3, before.clock, before.log, new InFlight(), two(), flash);
		Object.assign(earlier.reading, { seq: 5, uptime: 70 }).numbers.set([20_000, Value.ABSENT]);
		earlier.put();
		for (before.clock.time = 60_000; earlier.poll(60_000) <= 60_000; );
		const set = setUp({}, flash);
		set.clock.unix = 1_795_000_000;
		set.connect();
		expect(published(set.serve(1_000), 'telltale/porch/backlog').map(({ payload }) => payload)).toEqual(['{"seq":5,"boot":3,"uptime":70,"temperature":20}']);
		const health = published(set.serve(60_000), 'telltale/porch/health').map((packet) => JSON.parse(packet.payload!)).at(-1);
		expect(health).toMatchObject({ sampled: 0, acknowledged: 0, acknowledgedEarlier: 1, sent: 1 });
	});

	const HOUR = 3_600_000;
	/** Every part of the node comes round for so long, and finds nobody. */
	const alone = (set: ReturnType<typeof setUp>, ms: number): void => {
		set.network.state = NetworkState.Down;
		for (const end = set.clock.time + ms; set.clock.time < end; set.clock.time += 30_000) set.turn();
	};

	it('that is not there for six hours leads to one restart, once all readings are in flash, and it is told why', () => {
		const set = setUp({}, new FakeFlash(8));
		set.connect();
		set.serve();
		set.take(1);
		alone(set, 5.9 * HOUR);
		expect(set.restarts()).toBe(0);
		set.take(2);
		alone(set, 0.2 * HOUR);
		expect(set.restarts()).toBe(1);
		expect(set.waiting.journal!.own).toBe(2);
		expect(Object.fromEntries(set.kept)).toMatchObject({ restarts: 1, lastBoot: 7, lostCause: Cause.Wifi });
		expect(Math.abs(set.kept.get('lostSeconds')! - 6 * 3_600)).toBeLessThan(40);
		expect(Math.abs(set.kept.get('uptime')! - Math.floor(set.clock.time / 1_000))).toBeLessThan(0.2 * 3_600);
	});

	it('that comes and goes within six hours leads to no restart, and the hours begin anew', () => {
		const set = setUp({}, new FakeFlash(8));
		alone(set, 5.5 * HOUR);
		set.connect();
		set.serve();
		alone(set, 5.5 * HOUR);
		expect(set.restarts()).toBe(0);
		alone(set, HOUR);
		expect(set.restarts()).toBe(1);
	});

	it.each([['with the setting 0', { restartAfterMs: 0 }, true], ['while readings would be lost that flash cannot take', {}, false]])('that is not there for days leads to no restart %s', (_when, settings, flash) => {
		const set = setUp(settings, flash ? new FakeFlash(8) : undefined);
		set.take(1);
		alone(set, 48 * HOUR);
		expect(set.restarts()).toBe(0);
		expect(set.kept.has('restarts')).toBe(false);
		expect(set.log.lines.filter((line) => line === 'no link for long, and no restart: readings would be lost that cannot be kept in flash')).toHaveLength(flash ? 0 : 7);
	});

	it('leads to no restart once the node was told to stop', () => {
		const set = setUp({}, new FakeFlash(8));
		set.connect();
		set.serve();
		set.type('stop');
		set.serve(10_000);
		expect(set.link.state).toBe(State.Stopped);
		alone(set, 48 * HOUR);
		expect(set.restarts()).toBe(0);
	});

	/** With every counter at `most`. */
	function health(most: number, complaint = ''): Record<string, unknown> {
		const journal = { written: most, alive: 0xffff, droppedEarlier: most, discarded: most, faults: most };
		const sampler = { sampled: most, sensorErrors: most, failing: complaint ? 0 : -1, parts: [{ name: 'sht3x45' }], why: () => complaint };
		const publications = new NodePublications({
			boot: 0x7fff_ffff, clock: { uptime: () => most }, network: { rssi: () => -100 }, sampler,
			queue: { delivered: most, count: most, dropped: most, deliveredEarlier: most, handedOver: most, journal },
		} as never);
		const text = new Text(new Uint8Array(Limit.PAYLOAD_MAX));
		publications.write(PublicationIndex.Health, text);
		expect(text.overflowed).toBe(false);
		return JSON.parse(Buffer.from(text.bytes.subarray(0, text.length)).toString());
	}

	it('gets a health that fits its bound with every counter at its widest', () => {
		expect(Object.keys(health(0xffff_ffff))).toHaveLength(16);
	});

	it('is told in health which part does not answer and why, as much of it as fits', () => {
		const why = 'SHT3x gives no answer at address 0x45: check its wires, and that ADDR is at 3V3.';
		expect(health(1)).not.toHaveProperty('failing');
		expect(health(1, why)).toMatchObject({ failing: 'sht3x45', why });
		for (const complaint of [why.repeat(10), '"'.repeat(500), '\u0001'.repeat(500), '\u20ac'.repeat(500)]) {
			for (const most of [1, 0xffff_ffff]) {
				const said = health(most, complaint);
				expect(said.failing).toBe('sht3x45');
				expect(complaint.startsWith(String(said.why))).toBe(true);
			}
		}
		expect(String(health(1, why.repeat(10)).why).length).toBeGreaterThan(80);
	});
});

describe('what is sent in a turn', () => {
	/** Online, with nothing due for an hour but the keep-alive. */
	function quiet() {
		const set = setUp({ keepAliveMs: 3_600_000, intervalMs: 3_600_000 });
		set.connect();
		set.serve();
		return set;
	}

	it('is awaited from that turn on: the loop is woken for the time-out of a reading', () => {
		const set = quiet();
		set.take(1);
		const from = set.clock.time;
		expect(set.broker.poll(from)).toBe(from + 30_000);
		expect(published(set.sent(), 'telltale/porch/readings')).toHaveLength(1);
		set.clock.time = from + 30_000;
		set.turn();
		expect(set.log.last).toContain('the broker stopped acknowledging; next attempt in');
	});

	it('is awaited also where it followed from the time alone: a filter that is asked for again', () => {
		const set = setUp({ keepAliveMs: 3_600_000 });
		set.connect();
		set.turn();
		for (const packet of set.sent()) {
			if (packet.cmd === 'publish' && packet.qos === 1) set.say({ cmd: 'puback', messageId: packet.messageId });
			if (packet.cmd === 'subscribe') set.say({ cmd: 'suback', messageId: packet.messageId, granted: [0x80] });
		}
		const asked = set.broker.poll(set.clock.time);
		expect(asked).toBe(set.clock.time + 60_000);
		set.clock.time = asked;
		// The other one follows five seconds later.
		expect(set.broker.poll(asked)).toBe(asked + 5_000);
		expect(set.sent().filter(({ cmd }) => cmd === 'subscribe')).toHaveLength(1);
		set.clock.time = asked + 5_000;
		expect(set.broker.poll(asked + 5_000)).toBe(asked + 30_000);
		expect(set.sent().filter(({ cmd }) => cmd === 'subscribe')).toHaveLength(1);
	});
});

describe('another broker', () => {
	/** The broker that is tried now, and was useful or not, is away: the next is tried. */
	const miss = (set: ReturnType<typeof setUp>) => {
		for (let i = 0; set.link.state !== State.Opening && i < 10; i++) {
			if (set.link.state === State.Waiting) set.clock.time += 61_000;
			set.turn();
			set.network.state = NetworkState.Up;
			set.network.resolved = '127.0.0.1';
		}
		set.transport.lose();
		set.turn();
		expect(set.link.state).toBe(State.Waiting);
	};
	const lose = (set: ReturnType<typeof setUp>) => {
		set.transport.lose();
		set.turn();
		expect(set.link.state).toBe(State.Waiting);
	};
	const ids = (packets: Seen[]) => packets.filter(({ cmd, qos }) => cmd === 'publish' && qos === 1).map(({ messageId }) => messageId);
	/** A link that was useful is lost, with one reading under way by that id. */
	const lostWithOne = () => {
		const set = setUp({ host2: 'other.lan' });
		set.connect();
		set.serve(2_000);
		set.take(1);
		set.turn();
		const [id] = ids(set.sent());
		lose(set);
		return { set, id };
	};

	it('gets what the one before has not acknowledged, once, as new messages, and does not know of its session', () => {
		const set = setUp({ host2: 'other.lan', user2: 'you', password2: 'secret2' });
		expect(set.connect()[0]).toMatchObject({ cmd: 'connect' });
		set.serve(2_000);
		for (const seq of [1, 2]) set.take(seq);
		set.turn();
		expect(seqs(set.sent(), 'telltale/porch/readings')).toEqual([1, 2]);
		lose(set);
		miss(set);
		const [connect] = set.connect();
		expect(connect).toMatchObject({ cmd: 'connect', username: 'you', clean: false });
		expect(String(connect!.password)).toBe('secret2');
		const packets = set.serve(5_000);
		expect(packets.filter(({ dup }) => dup)).toEqual([]);
		expect([...seqs(packets, 'telltale/porch/readings'), ...seqs(packets, 'telltale/porch/backlog')].sort()).toEqual([1, 2]);
		expect(ids(packets)[0]).toBeLessThan(8);
		expect(packets.filter(({ cmd }) => cmd === 'subscribe').length).toBe(2);
		expect(published(packets, 'telltale/porch/status').length).toBe(1);
		expect(JSON.parse(published(packets, 'telltale/porch/outage')[0]!.payload!)).toMatchObject({ cause: 'tcp', kept: 2 });
		expect([set.waiting.count, set.waiting.dropped]).toEqual([0, 0]);
	});

	it('whose acknowledgement bears an id of the session before has acknowledged nothing of that', () => {
		const { set, id } = lostWithOne();
		miss(set);
		set.connect();
		set.say({ cmd: 'puback', messageId: id });
		set.turn();
		expect(set.waiting.count).toBe(1);
		set.serve(5_000);
		expect(set.waiting.count).toBe(0);
	});

	it('is told of an outage that the one before was told of and never accepted', () => {
		const set = setUp({ host2: 'other.lan', publishEarly: true });
		set.connect();
		lose(set);
		set.greet();
		expect(set.link.to.broker).toBe(1);
		expect(published(set.sent(), 'telltale/porch/outage').length).toBe(1);
		lose(set);
		const packets = set.connect();
		expect(set.link.to.broker).toBe(0);
		packets.push(...set.serve(5_000));
		expect(published(packets, 'telltale/porch/outage').length).toBe(1);
	});

	it('is asked in its own version of MQTT, and what each speaks is remembered apart', () => {
		const set = setUp({ host2: 'other.lan', port2: 1884, protocol: 'auto' });
		const greeted = () => (set.greet(), [set.transport.asked.at(-1)!.split(':')[1], set.sent()[0]!.protocolVersion]);
		expect(greeted()).toEqual(['1883', 5]);
		set.transport.arrive(0x20, 2, 0, 1);
		set.turn();
		expect(greeted()).toEqual(['1883', 4]);
		set.say({ cmd: 'connack', returnCode: 0, sessionPresent: false });
		set.turn();
		expect(set.kept.get('spoken')).toBe(4);
		set.serve(2_000);
		lose(set);
		miss(set);
		expect(greeted()).toEqual(['1884', 5]);
		set.transport.arrive(0x20, 3, 0, 0, 0);
		set.turn();
		expect([set.kept.get('spoken'), set.kept.get('spoken2')]).toEqual([4, 5]);
		lose(set);
		expect(greeted()).toEqual(['1883', 4]);
	});

	it('has not forbidden what the one before hung up on', () => {
		const set = setUp({ host2: 'other.lan' });
		const hangUp = () => {
			set.connect();
			set.turn();
			for (const { cmd, messageId } of set.sent()) if (cmd === 'subscribe') set.say({ cmd: 'suback', messageId, granted: [1] });
			set.turn();
			lose(set);
		};
		hangUp();
		miss(set);
		hangUp();
		expect(set.log.lines.at(-2)).toContain('PUBLISH to telltale/porch/status is left out for 60 s');
		set.clock.time += 2_000;
		set.turn();
		set.connect();
		expect(set.link.to.broker).toBe(1);
		expect(published(set.serve(5_000), 'telltale/porch/status').length).toBe(1);
	});

	it('that is the same as before keeps its session, though another was tried in vain in between', () => {
		const { set, id } = lostWithOne();
		miss(set);
		miss(set);
		set.connect(true);
		set.turn();
		const again = published(set.sent(), 'telltale/porch/readings');
		expect(again.map(({ messageId, dup }) => [messageId, dup])).toEqual([[id, true]]);
	});
});
