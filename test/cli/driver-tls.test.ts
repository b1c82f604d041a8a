// The MQTT driver through TLS: whom it trusts, what it shows, and in what words it refuses; to those not a byte of MQTT goes out.
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/brokers.js';
import { CertificateMaker, opensslMissing, read, type Made } from '../support/certificates.js';
import { Drive } from '../support/drive.js';
import { listen, recordTypes, startTlsBroker, type TlsBroker } from '../support/tls-broker.js';

const EC = 'prime256v1';
const OLD = { maxVersion: 'TLSv1.2' };

describe.skipIf(opensslMissing)('the driver through TLS', () => {
	const maker = new CertificateMaker();
	let ca: Made, good: Made, client: Made;
	const ends: (() => unknown)[] = [];

	beforeAll(() => {
		ca = maker.make('ca', { ca: true, key: EC });
		good = maker.make('good', { by: ca, names: 'DNS:localhost,IP:127.0.0.1,DNS:broker.example', key: EC });
		client = maker.make('client', { by: ca, key: EC });
	});
	afterAll(() => maker.dispose());
	afterEach(async () => {
		for (const end of ends.splice(0).reverse()) await end();
	});

	async function broker(made: Made, more: object = {}): Promise<TlsBroker> {
		const started = await startTlsBroker({ cert: read(made.cert), key: read(made.key), ...more });
		ends.push(() => started.close());
		return started;
	}

	async function drive(): Promise<Drive> {
		const drive = await Drive.start('node');
		ends.push(() => drive.end());
		return drive;
	}

	async function connect(port: number, tls: object, more: object = {}) {
		return (await drive()).ask('connected closed', { command: 'connect', host: 'localhost', port, clientId: 'tester', clean: true, tls, ...more });
	}

	async function refused(tls: TlsBroker, reason: string, options: object = { ca: ca.cert }): Promise<void> {
		expect(await connect(tls.port, options)).toMatchObject({ event: 'closed', fault: 'Lost', code: 0, sentence: `no TLS with localhost:${tls.port}: ${reason}` });
		expect(tls.wire).toHaveLength(1);
		// In TLS 1.2, to which these brokers keep, data has a type of its own.
		expect(recordTypes(tls.wire[0])).not.toContain(23);
		expect(tls.wire[0].includes('MQTT')).toBe(false);
	}

	it('connects, publishes, and drops the connection and comes back, in TLS 1.3 and 1.2', async () => {
		for (const [index, version] of ['TLSv1.3', 'TLSv1.2'].entries()) {
			const tls = await broker(good, { minVersion: version, maxVersion: version });
			const driver = await drive();
			await driver.ask('connected', { command: 'connect', host: 'localhost', port: tls.port, clientId: 'tester', tls: { ca: ca.cert } });
			expect(await driver.ask('acknowledged', { command: 'publish', topic: 'a', payload: 'x'.repeat(400), qos: 1 })).toMatchObject({ code: 0 });
			expect(await driver.ask('closed', { command: 'drop' })).toMatchObject({ fault: 'Lost', sentence: 'the connection was dropped as asked' });
			expect(await driver.ask('connected closed', { command: 'reconnect' })).toMatchObject({ event: 'connected' });
			expect(await driver.ask('closed', { command: 'disconnect' })).toMatchObject({ fault: 'None' });
			expect(tls.published).toEqual([{ topic: 'a', payload: 'x'.repeat(400) }]);
			expect(tls.sessions.map(({ serverName, cipher }) => [serverName, cipher.startsWith('TLS_')])).toEqual(Array(2).fill(['localhost', index === 0]));
			expect(Buffer.concat(tls.wire).includes('MQTT')).toBe(false);
		}
	});

	it('knows a broker by its address, and by another name if told', async () => {
		const tls = await broker(good);
		expect(await connect(tls.port, { ca: ca.cert }, { host: '127.0.0.1' })).toMatchObject({ event: 'connected' });
		expect(await connect(tls.port, { ca: ca.cert, serverName: 'broker.example' })).toMatchObject({ event: 'connected' });
		expect(tls.sessions.map(({ serverName }) => serverName)).toEqual(['', 'broker.example']);
	});

	it('shows its certificate and agrees on a protocol', async () => {
		const tls = await broker(good, { ca: read(ca.cert), requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['http/1.1', 'mqtt'] });
		expect(await connect(tls.port, { ca: ca.cert, cert: client.cert, key: client.key, alpn: 'mqtt' })).toMatchObject({ event: 'connected' });
		expect(tls.sessions).toMatchObject([{ client: 'client', alpn: 'mqtt' }]);
	});

	it('refuses an unknown CA, and its own certificate for one, whatever the environment says', async () => {
		const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
		process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
		try {
			await refused(await broker(maker.make('foreign', { by: client, names: 'DNS:localhost', key: EC }), OLD), 'its certificate is not signed by a CA in "ca"');
			await refused(await broker(maker.make('selfmade', { names: 'DNS:localhost', key: EC }), OLD), 'its certificate is not signed by a CA in "ca"');
			await refused(await broker(good, OLD), 'its certificate is not signed by a CA in "ca"', {});
		} finally {
			if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
			else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
		}
	});

	it('refuses a certificate for another name, from another time', async () => {
		await refused(await broker(maker.make('other', { by: ca, names: 'DNS:other.example', key: EC }), OLD), 'its certificate is not for the name localhost');
		await refused(await broker(good, OLD), 'its certificate is not for the name no.example', { ca: ca.cert, serverName: 'no.example' });
		await refused(await broker(maker.make('old', { by: ca, names: 'DNS:localhost', fromDays: -30, toDays: -1, key: EC }), OLD), 'its certificate has expired');
		await refused(await broker(maker.make('young', { by: ca, names: 'DNS:localhost', fromDays: 10, toDays: 30, key: EC }), OLD), 'its certificate is not valid yet');
	});

	it('says what the broker lacks, or misses', async () => {
		await refused(await broker(good, { ...OLD, ALPNProtocols: ['http/1.1'] }), 'it does not know the protocol that "alpn" names', { ca: ca.cert, alpn: 'mqtt' });
		await refused(await broker(good, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }), 'it does not offer TLS 1.2 or 1.3');
		const strict = await broker(good, { ca: read(ca.cert), requestCert: true, rejectUnauthorized: true });
		expect(await connect(strict.port, { ca: ca.cert })).toMatchObject({ event: 'closed', sentence: `no TLS with localhost:${strict.port}: it wants a certificate of the client ("cert" and "key")` });
		const plain = createServer((socket) => socket.on('error', () => {}).on('data', () => socket.write(Buffer.from([0x20, 2, 0, 5, 0, 0, 0, 0]))));
		ends.push(() => plain.close());
		const port = await listen(plain, 0);
		expect(await connect(port, { ca: ca.cert })).toMatchObject({ event: 'closed', sentence: `no TLS with localhost:${port}: it does not speak TLS: is this its port for TLS?` });
		const nobody = await freePort();
		expect(await connect(nobody, { ca: ca.cert })).toMatchObject({ event: 'closed', sentence: `nobody listens on 127.0.0.1:${nobody}` });
	});

	it('says what is wrong with its files and options, and keeps the session that there is', async () => {
		const tls = await broker(good);
		const driver = await drive();
		const session = { command: 'connect', host: 'localhost', port: tls.port, clientId: 'tester' };
		const junk = maker.path('junk.pem');
		writeFileSync(junk, 'junk');
		await driver.ask('connected', { ...session, tls: { ca: ca.cert } });
		await driver.ask('closed', { command: 'drop' });
		const sentences: [object | boolean, RegExp][] = [
			[{ ca: maker.path('gone.pem') }, /^"ca" of tls cannot be read from .*gone\.pem \(ENOENT\)\.$/],
			[{ cert: client.cert }, /^"cert" and "key" of tls go together/],
			[{ cert: client.cert, key: good.key }, /^The files of tls are no certificates and key in PEM that belong together/],
			[{ cert: junk, key: junk }, /^The files of tls are no certificates and key in PEM that belong together/],
			[{ ca: junk }, /^The files of tls are no certificates and key in PEM that belong together/],
			[{ ca: 1 }, /^"tls" of connect is an object of "ca", "cert", "key"/],
			[{ colour: 'red' }, /^"tls" of connect is an object of "ca", "cert", "key"/],
			[{ serverName: '' }, /^"tls" of connect is an object/],
			[true, /^"tls" of connect is an object/],
		];
		for (const [options, sentence] of sentences) expect(await driver.ask('connected', { ...session, tls: options })).toMatchObject({ event: 'error', sentence: expect.stringMatching(sentence) });
		expect(await driver.ask('connected closed', { command: 'reconnect' })).toMatchObject({ event: 'connected' });
	});
});
