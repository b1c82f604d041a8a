// Certificates that are sent to an ESP32 over its serial line: by the host's own client, to the firmware on XS, against real brokers.
import { spawnSync } from 'node:child_process';
import { Duplex } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ImprovClient, Restarted } from '../../cli/improv-client.js';
import { startSimulation, type Simulation } from '../../simulator/simulation.js';
import { TransferKind } from '../../src/provisioning/transfer-packets.js';
import { CertificateMaker, der, opensslMissing, read, type Made } from '../support/certificates.js';
import { pace, patient } from '../support/patience.js';
import { startTlsBroker, type TlsBroker } from '../support/tls-broker.js';

const SPEED = 40;
const NAMES = 'DNS:localhost,IP:127.0.0.1';

describe.skipIf(opensslMissing)('Certificates over the serial line', () => {
	const maker = new CertificateMaker();
	let ca: Made, good: Made, stranger: Made, client: Made, second: Made, secondBroker: Made;
	let simulation: Simulation;
	let improv: ImprovClient;
	let lines: string[];
	const brokers: TlsBroker[] = [];

	beforeAll(() => {
		ca = maker.make('ca', { ca: true, key: 'P-256' });
		good = maker.make('good', { by: ca, names: NAMES, key: 'P-256' });
		stranger = maker.make('stranger', { ca: true, key: 'P-256' });
		client = maker.make('client', { by: ca });
		second = maker.make('second', { ca: true, key: 'P-256' });
		secondBroker = maker.make('secondBroker', { by: second, names: NAMES, key: 'P-256' });
	});
	afterAll(() => maker.dispose());
	afterEach(async () => {
		await simulation.stop();
		for (const broker of brokers.splice(0)) await broker.close();
	});

	async function broker(made: Made, more: object = {}): Promise<TlsBroker> {
		const started = await startTlsBroker({ cert: read(made.cert), key: read(made.key), ...more });
		brokers.push(started);
		return started;
	}

	/** A generic image, set up over the line but for its broker. */
	async function begin(): Promise<void> {
		lines = [];
		const port = new Duplex({ read() {}, write: (bytes: Buffer, _encoding, done) => (simulation.nodes[0]!.send(bytes), done()) });
		simulation = await startSimulation({
			brokerUrl: 'mqtt://localhost:1883', board: 'esp32', seed: 1, speed: pace(SPEED), settings: { intervalMs: 1_000 }, settingsOf: () => ({ ssid: '', passphrase: '', host: '', node: 'vault' }),
			onLine: (_node, line) => lines.push(line), onBytes: (_node, bytes) => port.push(Buffer.from(bytes)),
		});
		improv = new ImprovClient(port, () => {});
		expect((await improv.device()).chip).toBe('ESP32');
		expect(await improv.join('simulated', 'simulated air')).toBe('');
	}

	async function until(isSo: () => boolean, ms = 200_000): Promise<void> {
		for (let passed = 0; !isSo() && passed < patient(ms); passed += 250) await simulation.pass(250);
		expect(isSo(), lines.slice(-6).join('\n')).toBe(true);
	}

	const send = (made: Made) => improv.certificate(TransferKind.Ca, 'caFile', der(made.cert));
	/** Tries that broker, and says what came of it. */
	async function tried(port: number): Promise<string> {
		const from = lines.length;
		// The node may be faster than this machine: it restarts when it takes them.
		const answer = await improv.command('config', JSON.stringify({ value: { broker: { host: 'localhost', port, tls: true } } })).catch((fault: unknown) => {
			if (fault instanceof Restarted) return { ok: true };
			throw fault;
		});
		expect(answer).toMatchObject({ ok: true });
		const outcome = () => lines.slice(from).find((line) => /settings number \d+ (work|do not work)/.test(line));
		await until(() => outcome() !== undefined);
		return outcome()!.replace(/settings number \d+ /, '');
	}
	const online = (port: number, from: number) => until(() => lines.slice(from).includes(`online at localhost:${port}`));

	it('hold once a broker was known by them; those that know none are taken back, also after a restart', async () => {
		const [one, other] = [await broker(good), await broker(secondBroker)];
		await begin();
		expect(await improv.command('config', JSON.stringify({ value: { broker: { host: 'localhost', port: one.port, tls: true } } }))).toMatchObject({ ok: false, error: expect.stringContaining('there is no CA certificate') });
		expect(await send(ca)).toEqual({ id: '', name: 'ca', ok: true });
		expect(await tried(one.port)).toMatch(/^work,/);
		// It knows nobody here.
		expect(await send(stranger)).toMatchObject({ ok: true });
		let from = lines.length;
		expect(await tried(one.port)).toMatch(/^do not work \(tls\)/);
		await online(one.port, from);
		// Both change at once.
		expect(await send(second)).toMatchObject({ ok: true });
		expect(await tried(other.port)).toMatch(/^work,/);
		from = lines.length;
		simulation.nodes[0]!.restart();
		await online(other.port, from);
	});

	it('let a broker know the node that wants to', async () => {
		const strict = await broker(good, { ca: read(ca.cert), requestCert: true, rejectUnauthorized: true });
		await begin();
		const key = spawnSync('openssl', ['pkcs8', '-topk8', '-nocrypt', '-in', client.key, '-outform', 'der']).stdout;
		expect(await send(ca)).toMatchObject({ ok: true });
		expect(await improv.certificate(TransferKind.Key, 'keyFile', key)).toMatchObject({ ok: false, error: 'the client certificate must come right before its key' });
		expect(await improv.certificate(TransferKind.Certificate, 'certFile', der(client.cert))).toEqual({ id: '', name: 'certificate', ok: true });
		expect(await improv.certificate(TransferKind.Key, 'keyFile', key)).toEqual({ id: '', name: 'key', ok: true });
		expect(await tried(strict.port)).toMatch(/^work,/);
		expect(strict.sessions.at(-1)!.client).toBe('client');
	});
});
