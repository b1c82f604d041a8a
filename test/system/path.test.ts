// The whole path: the unchanged firmware on the XS engine, a real broker on loopback, an ordinary subscriber.
// Ten times real time: a network of microseconds stands for one of milliseconds.
import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { describe, expect, it } from 'vitest';
import { connect, type MqttClient } from 'mqtt';
import { Auditor } from '../../simulator/audit/auditor.js';
import { startSimulation, type Simulation } from '../../simulator/simulation.js';
import { readWeather } from '../../simulator/world/weather.js';
import { OFFICE_CLIMATE } from '../../simulator/simulation.js';
import { BROKERS, freePort, mosquittoMissing, mosquittoSubMissing, type BrokerKind, type TestBroker } from '../support/brokers.js';
import { Limit } from '../../src/common/limits.js';
import { few } from '../support/few.js';
import { pace, until as patientUntil } from '../support/patience.js';

const SPEED = 10;
const SEED = 11;

/** Waits for the world to say it. */
const until = (isSo: () => boolean): Promise<void> => patientUntil(isSo, 60_000, () => `It never was so: ${isSo}`);

interface Heard {
	topic: string;
	text: string;
	retained: boolean;
}

/** What one test has running. */
class Scene {
	/** Of all that its subscribers heard. */
	readonly auditor = new Auditor('porch');
	broker!: TestBroker;
	simulation!: Simulation;
	client!: MqttClient;
	silent?: Server;

	async open(kind: BrokerKind, options: object = {}): Promise<TestBroker> {
		this.broker = await kind.make(options);
		await this.broker.start();
		return this.broker;
	}

	async subscribe(options: object = {}) {
		const heard: Heard[] = [];
		const client = connect(this.broker.url, { clean: false, clientId: 'subscriber', reconnectPeriod: 50, ...options });
		this.client = client;
		client.on('message', (topic, payload, { retain }) => {
			heard.push({ topic, text: payload.toString(), retained: retain });
			this.auditor.heard({ topic, payload, at: Date.now() });
		});
		await new Promise<void>((resolve) => client.once('connect', () => client.subscribe('telltale/#', { qos: 1 }, () => resolve())));
		return { heard };
	}

	async startNode(url: string, settings: Record<string, unknown> = {}) {
		const lines: string[] = [];
		this.simulation = await startSimulation({
			brokerUrl: url, seed: SEED, speed: pace(SPEED), onLine: (_node, line) => lines.push(line), settings: { node: 'porch', intervalMs: 1_000, ...settings },
		});
		return { node: this.simulation.nodes[0], lines };
	}

	async end(): Promise<void> {
		await this.client?.endAsync(true);
		await this.simulation?.stop();
		await this.broker?.dispose();
		this.silent?.close();
	}
}

const turn = few(4);
/** A test with a scene of its own, beside others: they wait for the nodes' time to pass. */
const scene = (play: (at: Scene) => Promise<void>) => () => turn(async () => {
	const at = new Scene();
	try {
		await play(at);
	} finally {
		await at.end();
	}
});

const readings = (heard: Heard[]) => heard.filter(({ topic }) => /\/(readings|backlog)$/.test(topic)).map(({ text }) => JSON.parse(text));
const statuses = (heard: Heard[]) => heard.filter(({ topic }) => topic.endsWith('/status')).map(({ text }) => text);

describe.concurrent.each(BROKERS)('with $name', (kind) => {
	const run = it.skipIf(kind.missing);

	run('readings arrive, follow the recording within the parts\' errors, and status and info are retained', scene(async (at) => {
		const broker = await at.open(kind);
		const { heard } = await at.subscribe();
		await at.startNode(broker.url);
		// On a busy machine a part may be a second late, and its value is left out.
		const whole = () => readings(heard).filter(({ temperature, humidity }) => temperature !== undefined && humidity !== undefined);
		await until(() => whole().length >= 20);
		const weather = readWeather(OFFICE_CLIMATE);
		for (const { seq, boot, temperature, humidity } of whole()) {
			expect(Number.isInteger(seq) && boot > 0).toBe(true);
			const truth = weather.at((seq - 1) * 1_000);
			// hardware/accuracy.md: TMP36 ±2 °C, divider and converter ±1 °C; SHT3x ±3 %RH.
			expect(Math.abs(temperature - truth.temperatureC)).toBeLessThan(3);
			expect(Math.abs(humidity - truth.humidityPct)).toBeLessThan(3);
		}
		expect(statuses(heard)).toEqual(['online']);
		await at.client.endAsync(true);
		const later = await at.subscribe({ clientId: 'later', clean: true });
		await until(() => later.heard.filter(({ retained }) => retained).length >= 2);
		const retained = new Map(later.heard.filter((each) => each.retained).map(({ topic, text }) => [topic, text]));
		expect(retained.get('telltale/porch/status')).toBe('online');
		expect(JSON.parse(retained.get('telltale/porch/info')!)).toMatchObject({ firmware: 'telltale', board: 'nodemcu', sensors: 'tmp36,sht3x', interval: 1 });
	}));

	run('a node that is killed is said to be offline, by its will', scene(async (at) => {
		const broker = await at.open(kind);
		const { heard } = await at.subscribe();
		const { node } = await at.startNode(broker.url);
		await until(() => readings(heard).length >= 2);
		node.kill();
		await until(() => statuses(heard).includes('offline'));
		expect(statuses(heard)).toEqual(['online', 'offline']);
	}));

	run('a node that is stopped says so, and its will is not used', scene(async (at) => {
		const broker = await at.open(kind);
		const { heard } = await at.subscribe();
		const { node } = await at.startNode(broker.url);
		await until(() => readings(heard).length >= 2);
		await node.stop();
		await until(() => statuses(heard).includes('stopped'));
		await at.client.publishAsync('telltale/end', '');
		await until(() => heard.some(({ topic }) => topic === 'telltale/end'));
		expect(statuses(heard)).toEqual(['online', 'stopped']);
	}));

	run('nothing is missing after the broker was away for thirty seconds', scene(async (at) => {
		const broker = await at.open(kind);
		const { heard } = await at.subscribe();
		const { lines } = await at.startNode(broker.url);
		await until(() => readings(heard).length >= 5);
		// The subscriber leaves last: what a broker has acknowledged and not handed on before it ends is gone with it.
		const closed = new Promise<void>((resolve) => at.client.once('close', () => resolve()));
		await broker.stop();
		await closed;
		await at.client.endAsync(true);
		await at.simulation.pass(30_000);
		await broker.start();
		const after = await at.subscribe();
		const seqs = () => new Set([...readings(heard), ...readings(after.heard)].map(({ seq }) => seq));
		await until(() => after.heard.some(({ topic }) => topic.endsWith('/outage')) && after.heard.some(({ topic }) => topic.endsWith('/readings')));
		await until(() => seqs().size >= 35 && seqs().size === Math.max(...seqs()));
		const outage = JSON.parse(after.heard.find(({ topic }) => topic.endsWith('/outage'))!.text);
		expect(outage).toMatchObject({ cause: 'tcp' });
		// What was on its way keeps its topic. A busy machine takes fewer in that time.
		expect(outage.kept).toBeGreaterThan(Limit.INFLIGHT_MAX);
		expect(after.heard.filter(({ topic }) => topic.endsWith('/backlog')).length).toBeGreaterThanOrEqual(outage.kept - Limit.INFLIGHT_MAX);
		expect(outage.seconds).toBeGreaterThan(28);
		expect(lines.some((line) => line.includes('no broker is listening there; next attempt in'))).toBe(true);
		expect([at.auditor.violations, at.auditor.missingOfAll()]).toEqual([[], []]);
	}));

	run('is spoken to in the version that it speaks when the protocol is auto', scene(async (at) => {
		const broker = await at.open(kind);
		const { heard } = await at.subscribe();
		const { lines } = await at.startNode(broker.url, { protocol: 'auto' });
		await until(() => readings(heard).length >= 3);
		expect(lines.filter((line) => line.includes('3.1.1 is tried')).length).toBe(kind.name === 'aedes' ? 1 : 0);
		expect(statuses(heard)).toEqual(['online']);
	}));

	run('a wrong password is named, and sampling goes on until it is right', scene(async (at) => {
		const broker = await at.open(kind, { user: 'porch', password: 'right' });
		const { lines, node } = await at.startNode(`mqtt://porch:wrong@127.0.0.1:${broker.port}`);
		await until(() => lines.some((line) => line.includes('next attempt')));
		expect(lines.find((line) => line.includes('next attempt'))).toMatch(/^the broker (does not authorize this client|refuses the user name or password)/);
		await at.simulation.pass(10_000);
		expect(node.counts.faults).toBe(0);
		expect(lines.filter((line) => line.includes('next attempt')).length).toBeGreaterThanOrEqual(2);
	}));

	run('a retained message cleared on a subscribed topic, a PINGRESP and a command are all seen', scene(async (at) => {
		const broker = await at.open(kind);
		const { heard } = await at.subscribe();
		await at.client.publishAsync('telltale/porch/set/interval', '{"value":60000}', { retain: true, qos: 1 });
		await at.startNode(broker.url, { keepAliveMs: 5_000 });
		await until(() => readings(heard).length >= 2);
		await at.client.publishAsync('telltale/porch/set/interval', '', { retain: true, qos: 1 });
		await at.simulation.pass(12_000);
		await at.client.publishAsync('telltale/porch/set/interval', '{"id":"c1","value":2000}', { qos: 1 });
		await until(() => heard.some(({ topic }) => topic.endsWith('/result')));
		expect(heard.filter(({ topic }) => topic.endsWith('/result')).map(({ text }) => JSON.parse(text))).toEqual([{ id: 'c1', name: 'interval', ok: true }]);
		expect(statuses(heard)).toEqual(['online']);
	}));
});

describe.concurrent('without a broker', () => {
	it('nothing listening is named, and the node keeps trying and sampling', scene(async (at) => {
		const { lines, node } = await at.startNode(`mqtt://127.0.0.1:${await freePort()}`);
		await until(() => lines.filter((line) => /refuses the connection: no broker is listening there; next attempt in/.test(line)).length >= 3);
		expect(node.counts.faults).toBe(0);
	}));

	it('a port that accepts and says nothing is named after ten seconds', scene(async (at) => {
		const silent = at.silent = createServer((socket) => void socket.on('error', () => {}));
		await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
		const { lines } = await at.startNode(`mqtt://127.0.0.1:${(silent.address() as { port: number }).port}`);
		await until(() => lines.some((line) => /accepts the connection but (says nothing|does not answer CONNECT): is it an MQTT broker\?; next attempt in/.test(line)));
	}));

	it('a wrong broker name is named, and the node is online once the name is known', scene(async (at) => {
		const broker = await at.open(BROKERS[0]);
		const { lines } = await at.startNode(`mqtt://localhost:${broker.port}`);
		at.simulation.conditions.dns = 'fails';
		await until(() => lines.some((line) => /^no address is known for the broker's name localhost; next attempt in/.test(line)));
		at.simulation.conditions.dns = 'ok';
		await until(() => lines.some((line) => line.startsWith('online at localhost')));
	}));
});

describe.concurrent('a subscriber of its own kind', () => {
	it.skipIf(mosquittoMissing || mosquittoSubMissing)('mosquitto_sub sees status, info and readings', scene(async (at) => {
		const broker = await at.open(BROKERS[1]);
		await at.startNode(broker.url);
		await at.simulation.pass(5_000);
		const seen = await new Promise<string>((resolve) => {
			execFile('mosquitto_sub', ['-h', '127.0.0.1', '-p', String(broker.port), '-t', 'telltale/#', '-v', '-C', '4', '-W', '20'], (_error, stdout) => resolve(stdout));
		});
		expect(seen).toContain('telltale/porch/status online\n');
		expect(seen).toMatch(/telltale\/porch\/info \{"firmware":"telltale",/);
		expect(seen).toMatch(/telltale\/porch\/readings \{"seq":\d+,"boot":\d+,"time":\d+,"temperature":[\d.]+,"humidity":[\d.]+\}/);
	}));
});
