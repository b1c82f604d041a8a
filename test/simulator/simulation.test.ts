import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startBroker, type EmbeddedBroker } from '../../simulator/broker.js';
import { startSimulation, type Simulation, type SimulationOptions } from '../../simulator/simulation.js';
import { ENGINES } from './probe.js';
import { rest, until as patientUntil } from '../support/patience.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
	for (const close of closing.splice(0).reverse()) await close();
});

async function broker(): Promise<EmbeddedBroker> {
	const started = await startBroker({ port: 0 });
	closing.push(() => started.close());
	return started;
}

async function simulate(options: SimulationOptions): Promise<Simulation> {
	const simulation = await startSimulation({ seed: 1, speed: 'max', ...options });
	closing.push(() => simulation.stop());
	return simulation;
}

/** Everything that the broker is given, as text. */
function record({ aedes }: EmbeddedBroker): string[] {
	const seen: string[] = [];
	aedes.on('publish', ({ topic, payload, retain }) => {
		if (!topic.startsWith('$SYS')) seen.push(`${topic}${retain ? ' (retained)' : ''} ${payload}`);
	});
	return seen;
}

const until = (isSo: () => boolean, what: string): Promise<void> => patientUntil(isSo, 5_000, () => `It did not happen: ${what}`);

describe.each(ENGINES)('the firmware on %s, against a real broker', (engine) => {
	it('comes online, publishes its readings and says goodbye', async () => {
		const started = await broker();
		const seen = record(started);
		const lines: string[] = [];
		const simulation = await simulate({ brokerUrl: started.url, engine, settings: { node: 'porch' }, onLine: (node, line) => lines.push(`${node}: ${line}`) });
		await simulation.pass(60_000);
		await simulation.stop();
		await until(() => seen.some((line) => / stopped$/.test(line)), 'the word "stopped"');
		expect(seen.find((line) => /\/status/.test(line))).toBe('telltale/porch/status (retained) online');
		expect(seen.filter((line) => /\/(readings|backlog) .*"temperature":2\d\.\d+,"humidity":2\d\./.test(line)).length).toBeGreaterThanOrEqual(5);
		expect(seen.filter((line) => /\/status/.test(line)).at(-1)).toBe('telltale/porch/status (retained) stopped');
		expect(lines.at(-1)).toBe('porch: stopped');
		expect(simulation.nodes[0].counts).toMatchObject({ boots: 1, faults: 0 });
	});

	it('leaves its will when the process is killed, and comes back', async () => {
		const started = await broker();
		const seen = record(started);
		const simulation = await simulate({ brokerUrl: started.url, engine });
		await simulation.pass(10_000);
		simulation.nodes[0].kill();
		await until(() => seen.some((line) => /status.* offline$/.test(line)), 'the will');
		await simulation.nodes[0].boot();
		await simulation.pass(10_000);
		const words = seen.filter((line) => /\/status/.test(line)).map((line) => line.split(' ').pop());
		// aedes delivers the will once more with the session that it kept; a node that reads it later than its own word repeats that.
		expect(words.filter((word, index) => word !== words[index - 1])).toEqual(['online', 'offline', 'online']);
	});

	it('gives several nodes names of their own', async () => {
		const started = await broker();
		const seen = record(started);
		const simulation = await simulate({ brokerUrl: started.url, engine, nodes: 3, settings: { node: 'shed' } });
		await simulation.pass(10_000);
		expect(simulation.nodes.map((node) => node.name)).toEqual(['shed-1', 'shed-2', 'shed-3']);
		for (const name of ['shed-1', 'shed-2', 'shed-3']) expect(seen).toContain(`telltale/${name}/status (retained) online`);
	});
});

describe('the real network', () => {
	/** A server that counts what happens to its connections. */
	async function server(): Promise<{ port: number; sockets: Socket[]; events: string[] }> {
		const sockets: Socket[] = [];
		const events: string[] = [];
		const listening: Server = createServer({ allowHalfOpen: false }, (socket) => {
			sockets.push(socket);
			events.push('connected');
			socket.on('data', (bytes) => events.push(`data ${bytes}`));
			socket.on('end', () => events.push('end'));
			socket.on('error', (fault: NodeJS.ErrnoException) => events.push(fault.code!));
		});
		await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
		closing.push(() => {
			for (const socket of sockets) socket.destroy();
			listening.close();
		});
		return { port: (listening.address() as { port: number }).port, sockets, events };
	}

	const script = (own: string): string => `
		new WiFi({ ssid: config.ssid, password: config.passphrase }, (message) => {
			if (message === WiFi.disconnected) socket.write(Uint8Array.of(120));
			if (message !== WiFi.gotIP || globalThis.socket) return;
			globalThis.socket = new TCP({ address: config.peer ?? '127.0.0.1', port: config.port, ${own} });
		});`;

	async function probe(port: number, own: string, settings: Record<string, unknown> = {}): Promise<{ simulation: Simulation; said: string[] }> {
		const said: string[] = [];
		const simulation = await simulate({
			brokerUrl: `mqtt://127.0.0.1:${port}`, engine: 'node', entry: 'test/simulator/fixtures/probe.ts',
			settings: { ...settings, script: script(own) }, onTrace: (_node, text) => said.push(text), onLine: (node, line) => said.push(`[${node}${line}]`),
		});
		closing.pop();
		closing.push(() => simulation.nodes[0].kill(), () => simulation.stop());
		return { simulation, said };
	}

	it('carries bytes both ways and ends both ways', async () => {
		const { port, sockets, events } = await server();
		const { said } = await probe(port, `
			onWritable(count) { if (!socket.done) { socket.done = true; trace(count); socket.write(Uint8Array.of(104, 105)); } },
			onReadable(count) { trace('got ', String.fromCharCode(...new Uint8Array(this.read()))); },
			onError() { trace('over'); this.close(); },
		`);
		await until(() => events.includes('data hi'), 'the bytes');
		sockets[0].end('bye');
		// An ESP8266 closes its sockets by breaking them off.
		await until(() => said.includes('over') && events.includes('ECONNRESET'), 'the end');
		expect(said).toEqual(['2920', 'got bye', 'over']);
	});

	it('leaves a connection half-open when the plug is pulled, and resets it when the process is killed', async () => {
		const { port, events } = await server();
		const { simulation } = await probe(port, 'onWritable() {},');
		await until(() => events.length === 1, 'the connection');
		simulation.nodes[0].powerCut();
		await rest(50);
		expect(events).toEqual(['connected']);
		await simulation.nodes[0].powerOn();
		await until(() => events.length === 2, 'the second connection');
		simulation.nodes[0].kill();
		await until(() => events.length === 3, 'the reset');
		expect(events).toEqual(['connected', 'connected', 'ECONNRESET']);
	});

	it('holds everything back while there is no link', async () => {
		const { port, events } = await server();
		const { simulation } = await probe(port, 'onWritable() {},');
		await until(() => events.length === 1, 'the connection');
		// It writes when it hears that the link is gone.
		simulation.accessPoint.up = false;
		await simulation.pass(20_000);
		await rest(30);
		expect(events).toEqual(['connected']);
		simulation.accessPoint.up = true;
		await until(() => events.length > 1, 'the byte');
		expect(events[1]).toMatch(/^data x+$/);
	});

	it('reaches nobody outside this machine, and says so', async () => {
		const { simulation, said } = await probe(1, `onError() { trace('failed'); },`, { peer: '192.0.2.1' });
		await simulation.pass(120_000);
		expect(said[0]).toMatch(/^\[A simulated node wants to reach 192\.0\.2\.1:1; it may only talk to this machine/);
		expect(said[1]).toBe('failed');
	});

	it('is told that nobody listens', async () => {
		const { port } = await server();
		for (const close of closing.splice(0)) await close();
		const { said } = await probe(port, `onError() { trace('failed'); },`);
		await until(() => said.length > 0, 'the failure');
		expect(said).toEqual(['failed']);
	});
});

describe('what is said before anything starts', () => {
	it.each([
		[{ brokerUrl: 'broker' }, /"broker" is no address of a broker: give one like mqtt:\/\/127\.0\.0\.1:1883\./],
		[{ brokerUrl: 'ws://127.0.0.1' }, /speaks MQTT over TCP or TLS only/],
		[{ brokerUrl: 'mqtts://127.0.0.1' }, /A simulated NodeMCU cannot do that: .* TLS does not fit an ESP8266/],
		[{ brokerUrl: 'mqtt://192.168.1.5' }, /The broker 192\.168\.1\.5 is not on this machine/],
		[{ brokerUrl: 'mqtt://127.0.0.1', speed: 0 }, /A speed of 0 is not possible/],
		[{ brokerUrl: 'mqtt://127.0.0.1', nodes: 0 }, /0 nodes cannot be simulated/],
		[{ brokerUrl: 'mqtt://127.0.0.1', board: 'arduino' as never }, /There is no board "arduino": choose one of nodemcu, esp32/],
		[{ brokerUrl: 'mqtt://127.0.0.1', world: 'nowhere.csv' }, /nowhere\.csv cannot be read/],
	] as const)('%j', async (options, sentence) => {
		await expect(startSimulation(options)).rejects.toThrow(sentence);
	});

	it('a port that is taken', async () => {
		const first = await broker();
		await expect(startBroker({ port: first.port })).rejects.toThrow(/Port \d+ is in use on this machine/);
	});
});
