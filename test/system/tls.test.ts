// The firmware of an ESP32 over TLS against real brokers: whom it trusts, whom it does not, and that it says nothing to those.
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createServer, type Socket } from 'node:net';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSimulation, type Simulation, type SimulationOptions } from '../../simulator/simulation.js';
import { freePort, mosquittoMissing } from '../support/brokers.js';
import { CertificateMaker, der, opensslMissing, read, type Made } from '../support/certificates.js';
import { few } from '../support/few.js';
import { pace, patient } from '../support/patience.js';
import { listen, recordTypes, startTlsBroker, type TlsBroker } from '../support/tls-broker.js';

const SPEED = 10;
const NAMES = 'DNS:localhost,IP:127.0.0.1';

describe.skipIf(opensslMissing)('TLS', { concurrent: true }, () => {
	const maker = new CertificateMaker();
	let ca: Made, good: Made, stranger: Made, client: Made;
	/** What each test has to end. */
	const scene = new AsyncLocalStorage<(() => unknown)[]>();
	const ends = { push: (end: () => unknown) => scene.getStore()!.push(end) };
	const turn = few(3);
	/** A test with what it starts of its own, beside others: they wait for the nodes' time to pass. */
	const play = <Values extends unknown[]>(body: (...values: Values) => Promise<void>) => (...values: Values) => turn(() => scene.run([], async () => {
		try {
			await body(...values);
		} finally {
			for (const end of scene.getStore()!.reverse()) await end();
		}
	}));

	beforeAll(() => {
		ca = maker.make('ca', { ca: true, subject: 'Telltale test CA' });
		good = maker.make('good', { by: ca, names: NAMES });
		stranger = maker.make('stranger', { ca: true, subject: 'Telltale test CA' });
		client = maker.make('client', { by: ca });
	});
	afterAll(() => maker.dispose());

	async function broker(made: Made, more: object = {}): Promise<TlsBroker> {
		const started = await startTlsBroker({ cert: read(made.cert), key: read(made.key), ...more });
		ends.push(() => started.close());
		return started;
	}

	/** A node that trusts `ca`, and the lines that it says. */
	async function node(port: number, more: Partial<SimulationOptions> = {}, host = 'localhost'): Promise<{ lines: string[]; simulation: Simulation }> {
		const lines: string[] = [];
		const { settings, ...others } = more;
		const simulation = await startSimulation({
			brokerUrl: `mqtts://${host}:${port}`, board: 'esp32', seed: 1, speed: pace(SPEED), resources: { 'ca.der': der(ca.cert) },
			settings: { node: 'vault', intervalMs: 1_000, ...settings }, onLine: (_node, line) => lines.push(line), ...others,
		});
		ends.push(() => simulation.stop());
		return { lines, simulation };
	}

	/** Lets the nodes' time pass until it is so. */
	async function until(simulation: Simulation, isSo: () => boolean, ms = 60_000): Promise<void> {
		for (let passed = 0; !isSo() && passed < patient(ms); passed += 250) await simulation.pass(250);
		expect(isSo()).toBe(true);
	}

	const says = (lines: string[], text: string) => lines.some((line) => line.includes(text));

	/** Refused with these words, and nothing but a ClientHello and this alert went out. */
	async function refused(tls: TlsBroker, alert: number, words: string, more: Partial<SimulationOptions> = {}, host?: string): Promise<void> {
		const { lines, simulation } = await node(tls.port, more, host);
		await until(simulation, () => says(lines, words));
		expect(lines.find((line) => line.includes(words))).toMatch(/^no TLS with .*; next attempt in /);
		await until(simulation, () => recordTypes(tls.wire[0]).length > 1);
		expect(recordTypes(tls.wire[0])).toEqual([22, 21]);
		expect([...tls.wire[0].subarray(-2)]).toEqual([2, alert]);
		for (const bytes of tls.wire) {
			// The next attempt may have begun.
			expect([[], [22], [22, 21]]).toContainEqual(recordTypes(bytes));
			expect(bytes.includes('MQTT')).toBe(false);
		}
		expect(tls.sessions).toEqual([]);
		expect(simulation.nodes[0].counts.boots).toBe(1);
	}

	it('carries readings to a broker that shows its own certificate alone', play(async () => {
		const tls = await broker(good);
		const { lines, simulation } = await node(tls.port);
		await until(simulation, () => tls.published.filter(({ topic }) => topic.endsWith('/readings')).length >= 3);
		expect(tls.sessions).toEqual([{ cipher: 'ECDHE-RSA-AES128-GCM-SHA256', serverName: 'localhost', alpn: '', client: '' }]);
		expect(says(lines, `online at localhost:${tls.port}`)).toBe(true);
		expect(tls.wire[0].includes('MQTT')).toBe(false);
		expect(simulation.nodes[0].counts.boots).toBe(1);
	}));

	it('waits for the date, says so, and connects when it is known', play(async () => {
		const tls = await broker(good);
		const { lines, simulation } = await node(tls.port, { speed: pace(50), settings: { timeServer: 'time.example' } });
		simulation.conditions.time = 'silent';
		await until(simulation, () => says(lines, 'waiting for the date: without it no certificate can be checked'));
		await simulation.pass(70_000);
		expect(tls.wire).toEqual([]);
		simulation.conditions.time = 'ok';
		await until(simulation, () => tls.sessions.length === 1, 200_000);
	}));

	it('knows a broker with a chain of three, an EC key, and an address for a name', play(async () => {
		const middle = maker.make('middle', { by: ca, ca: true, key: 'P-256' });
		const leaf = maker.make('leaf', { by: middle, names: 'IP:127.0.0.1', key: 'P-256' });
		const tls = await broker(leaf, { cert: read(leaf.cert, middle.cert, ca.cert) });
		const { simulation } = await node(tls.port, {}, '127.0.0.1');
		await until(simulation, () => tls.sessions.length === 1);
		expect(tls.sessions[0]).toMatchObject({ cipher: 'ECDHE-ECDSA-AES128-GCM-SHA256', serverName: '' });
	}));

	it('asks for the protocol of alpn', play(async () => {
		const tls = await broker(good, { ALPNProtocols: ['http/1.1', 'mqtt'] });
		const { simulation } = await node(tls.port, { settings: { alpn: 'mqtt' } });
		await until(simulation, () => tls.sessions.length === 1);
		expect(tls.sessions[0].alpn).toBe('mqtt');
	}));

	it('says that a broker does not know the protocol of alpn', play(async () => {
		const tls = await broker(good, { ALPNProtocols: ['http/1.1'] });
		const { lines, simulation } = await node(tls.port, { settings: { alpn: 'mqtt' } });
		await until(simulation, () => says(lines, 'it does not know the protocol that alpn names'));
	}));

	it('refuses an unknown CA, also one of the same name', play(async () => {
		await refused(await broker(maker.make('foreign', { by: stranger, names: NAMES })), 48, 'its certificate is not signed by a CA in caFile');
	}));

	it('refuses a forged certificate with the genuine CA behind it', play(async () => {
		const forged = maker.make('forged', { by: stranger, names: NAMES });
		await refused(await broker(forged, { cert: read(forged.cert, ca.cert) }), 48, 'its certificate is not signed by a CA in caFile');
	}));

	it('refuses a certificate that another broker of the same CA made', play(async () => {
		const minted = maker.make('minted', { by: good, names: NAMES });
		await refused(await broker(minted, { cert: read(minted.cert, good.cert, ca.cert) }), 46, 'a CA in its chain is not allowed to sign others (CA:FALSE)');
	}));

	it('refuses an expired certificate, also with the CA behind it', play(async () => {
		const old = maker.make('old', { by: ca, names: NAMES, fromDays: -30, toDays: -1 });
		await refused(await broker(old, { cert: read(old.cert, ca.cert) }), 45, 'its certificate has expired');
	}));

	it('refuses a certificate that is not valid yet by the simulated clock', play(async () => {
		await refused(await broker(good), 45, 'its certificate is not valid yet', { startUnixMs: Date.now() - 10 * 86_400_000 });
	}));

	it('refuses a certificate for another name', play(async () => {
		await refused(await broker(maker.make('other', { by: ca, names: 'DNS:other.example,DNS:*.localhost' })), 42, 'its certificate is not for the name localhost');
	}));

	it('refuses a certificate without names, whatever its subject says', play(async () => {
		await refused(await broker(maker.make('nameless', { by: ca, subject: 'localhost' })), 42, 'its certificate is not for the name localhost');
	}));

	it('does not compute with the s = 0 of a stranger behind a genuine certificate', play(async () => {
		const leaf = maker.make('genuine', { by: ca, names: NAMES, key: 'P-256' });
		const list = der(leaf.cert);
		const certificate = [...triple(list.length), ...list];
		const point = [4, ...Array<number>(64).fill(9)];
		const flight = Buffer.concat([hello(0x0303, 0xc02b), handshake(11, [...triple(certificate.length), ...certificate]), handshake(12, [3, 0, 23, 65, ...point, 4, 3, 0, 8, 0x30, 6, 2, 1, 5, 2, 1, 0]), handshake(14, [])]);
		const heard: Buffer[] = [];
		const server = createServer((socket) => {
			const at = heard.push(Buffer.alloc(0)) - 1;
			socket.on('error', () => {}).on('data', (bytes) => {
				if (!heard[at].length) socket.write(flight);
				heard[at] = Buffer.concat([heard[at], bytes]);
			});
		});
		const port = await listen(server, 0);
		const { lines, simulation } = await node(port);
		ends.push(() => server.close());
		await until(simulation, () => says(lines, 'it does not sign its key as it has to'));
		await until(simulation, () => recordTypes(heard[0]).length > 1);
		expect([recordTypes(heard[0]), ...heard[0].subarray(-1)]).toEqual([[22, 21], 47]);
		expect(simulation.nodes[0].counts.boots).toBe(1);
	}));

	it('shows its client certificate to a broker that asks', play(async () => {
		const tls = await broker(good, { ca: read(ca.cert), requestCert: true, rejectUnauthorized: true });
		const key = Buffer.from(spawnSync('openssl', ['pkcs8', '-topk8', '-nocrypt', '-in', client.key, '-outform', 'der']).stdout);
		const { simulation } = await node(tls.port, { resources: { 'ca.der': der(ca.cert), 'client.der': der(client.cert), 'clientkey.der': key } });
		await until(simulation, () => tls.published.length > 0);
		expect(tls.sessions[0].client).toBe('client');
	}));

	it('says that a client certificate is wanted where it has none', play(async () => {
		const tls = await broker(good, { ca: read(ca.cert), requestCert: true, rejectUnauthorized: true });
		const { lines, simulation } = await node(tls.port);
		await until(simulation, () => says(lines, 'it wants a client certificate'));
		expect(tls.wire.some((bytes) => recordTypes(bytes).includes(23))).toBe(false);
	}));

	it('gives a broker that stalls in the handshake 30 s', play(async () => {
		const sockets: Socket[] = [];
		const server = createServer((socket) => void sockets.push(socket.on('error', () => {})));
		const port = await listen(server, 0);
		ends.push(() => (sockets.forEach((socket) => socket.destroy()), server.close()));
		const { lines, simulation } = await node(port, { speed: pace(50) });
		await until(simulation, () => says(lines, 'it does not finish the handshake'), 90_000);
	}));

	it('says that a plain port speaks no TLS', play(async () => {
		const server = createServer((socket) => socket.on('error', () => {}).on('data', () => socket.write(Buffer.from([0x20, 2, 0, 5, 0, 0, 0]))));
		const port = await listen(server, 0);
		const { lines, simulation } = await node(port);
		ends.push(() => server.close());
		await until(simulation, () => says(lines, 'it does not speak TLS: is this its port for TLS?'));
	}));

	it.each([
		['closes the session in the clear', Buffer.from([21, 3, 3, 0, 2, 1, 0]), 'it ends the handshake'],
		['answers with TLS 1.0', hello(0x0301), 'it does not offer TLS 1.2'],
		['sends data in the clear', Buffer.concat([hello(0x0303), Buffer.from([23, 3, 3, 0, 4, 0x20, 2, 0, 0])]), 'it breaks the rules of TLS'],
		['begins a record of 32 KB, of which the rest never comes', Buffer.concat([hello(0x0303), Buffer.from([22, 3, 3, 0x80, 0])]), 'it breaks the rules of TLS'],
		['changes the cipher without a certificate', Buffer.concat([hello(0x0303), Buffer.from([20, 3, 3, 0, 1, 1])]), 'it breaks the rules of TLS'],
	])('sends not a byte of MQTT to a peer that %s', play(async (_case, answer, words) => {
		let heard = Buffer.alloc(0);
		const server = createServer((socket) => {
			socket.on('error', () => {}).on('data', (bytes) => {
				if (!heard.length) socket.write(answer);
				heard = Buffer.concat([heard, bytes]);
			});
		});
		const port = await listen(server, 0);
		const { lines, simulation } = await node(port);
		ends.push(() => server.close());
		await until(simulation, () => says(lines, words));
		await simulation.pass(5_000);
		expect(recordTypes(heard)).not.toContain(23);
		expect(heard.includes('MQTT')).toBe(false);
		expect(simulation.nodes[0].counts.boots).toBe(1);
	}));

	it('loses nothing in an outage', play(async () => {
		const tls = await broker(good);
		const { simulation } = await node(tls.port);
		await until(simulation, () => tls.published.some(({ topic }) => topic.endsWith('/readings')));
		await tls.away();
		await simulation.pass(20_000);
		await tls.back();
		await until(simulation, () => tls.published.some(({ topic }) => topic.endsWith('/backlog')) && tls.published.some(({ topic }) => topic.endsWith('/outage')));
		const seen = (): Set<number> => new Set(tls.published.filter(({ topic }) => /\/(readings|backlog)$/.test(topic)).map(({ payload }) => JSON.parse(payload).seq as number));
		const last = Math.max(...seen(), 26);
		await until(simulation, () => Array.from({ length: last }, (_, i) => i + 1).every((seq) => seen().has(seq)), 120_000);
	}));

	it.skipIf(mosquittoMissing)('carries readings to mosquitto, with a client certificate, over an outage', play(async () => {
		const port = await freePort();
		const config = maker.path('mosquitto.conf');
		const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', `cafile ${ca.cert}`, `certfile ${good.cert}`, `keyfile ${good.key}`, 'require_certificate true', 'log_type none'];
		if (process.getuid?.() === 0) lines.push('user root');
		writeFileSync(config, `${lines.join('\n')}\n`);
		const start = (): ChildProcess => spawn('/usr/sbin/mosquitto', ['-c', config], { stdio: 'ignore' });
		let mosquitto = start();
		ends.push(() => mosquitto.kill());
		const key = Buffer.from(spawnSync('openssl', ['pkcs8', '-topk8', '-nocrypt', '-in', client.key, '-outform', 'der']).stdout);
		const { lines: said, simulation } = await node(port, { resources: { 'ca.der': der(ca.cert), 'client.der': der(client.cert), 'clientkey.der': key } });
		await until(simulation, () => says(said, `online at localhost:${port}`));
		mosquitto.kill('SIGKILL');
		await simulation.pass(5_000);
		mosquitto = start();
		await until(simulation, () => said.filter((line) => line.startsWith('online at')).length === 2, 120_000);
	}));
});

/** A ServerHello of that version, with a cipher that asks for a signed key. */
function hello(version: number, suite = 0xc02f): Buffer {
	return handshake(2, [version >> 8, version & 255, ...Array<number>(32).fill(7), 0, suite >> 8, suite & 255, 0]);
}

/** A message in a record of its own. */
function handshake(type: number, body: readonly number[]): Buffer {
	return Buffer.from([22, 3, 3, ...triple(body.length + 4).slice(1), type, ...triple(body.length), ...body]);
}

function triple(number: number): number[] {
	return [number >> 16, (number >> 8) & 255, number & 255];
}
