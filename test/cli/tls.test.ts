// Certificates and keys from files: what is taken, what is refused, and that only an ESP32 gets them.
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { certificatesOf } from '../../cli/certificates.js';
import { CertificateMaker, der, opensslMissing, read, type Made } from '../support/certificates.js';
import { startTlsBroker } from '../support/tls-broker.js';
import { fakeMachine } from './fake-sdk.js';
import { patientSeconds } from '../support/patience.js';
import { inside, telltale } from './support.js';

const BASE = { node: 'vault', ssid: 'attic', host: 'localhost', tls: true };
const TOO_LARGE = 'TLS does not fit an ESP8266: a handshake takes 20 KB of RAM beside the program';

describe.skipIf(opensslMissing)('TLS on the command line', () => {
	const maker = new CertificateMaker();
	let ca: Made, client: Made;
	beforeAll(() => {
		ca = maker.make('ca', { ca: true });
		client = maker.make('client', { by: ca });
	});
	afterAll(() => maker.dispose());
	afterEach(() => rm(maker.path('telltale.json'), { force: true }));

	const settle = (settings: object, name = 'telltale.json') => writeFile(maker.path(name), JSON.stringify({ ...BASE, ...settings }));
	const files = (settings: object) => certificatesOf({ ...BASE, ...settings } as never, maker.folder);
	const call = (words: string[], env: Record<string, string> = {}) => inside(words, { cwd: maker.folder, env });

	it('takes PEM and makes DER of it, with one key as PKCS #8', async () => {
		const made = await files({ caFile: 'ca.pem', certFile: 'client.pem', keyFile: 'client.key' });
		expect(Object.keys(made!.resources)).toEqual(['ca.der', 'client.der', 'clientkey.der']);
		expect(new X509Certificate(made!.resources['ca.der']!).subject).toBe('CN=ca');
		expect(Buffer.from(made!.resources['client.der']!)).toEqual(Buffer.from(der(client.cert)));
	});

	it('takes a certificate that does for one of several brokers, and refuses one that does for none', async () => {
		const [one, two, three] = ['localhost', 'other.lan', 'third.lan'].map((host) => maker.make(host, { names: `DNS:${host}` }));
		await writeFile(maker.path('both.pem'), read(one!.cert, two!.cert));
		const OTHER = { host2: 'other.lan', tls2: true };
		expect((await files({ ...OTHER, caFile: 'both.pem' }))!.resources).toHaveProperty(['ca.der']);
		await expect(files({ caFile: 'both.pem' })).rejects.toThrow(/^caFile both\.pem, certificate 2, /);
		await writeFile(maker.path('three.pem'), read(one!.cert, two!.cert, three!.cert));
		await expect(files({ ...OTHER, caFile: 'three.pem' })).rejects.toThrow(/^caFile three\.pem, certificate 3, /);
		await settle({ tls: false, host2: 'other.lan', tls2: true });
		expect((await call(['build', '--board', 'nodemcu'])).err).toContain('tls2 is true but caFile is missing');
		await settle({ tls: false, host2: 'other.lan', tls2: true, caFile: 'both.pem' });
		expect((await call(['build', '--board', 'nodemcu'])).err).toMatch(/tls2 is true, but TLS does not fit an ESP8266: .* or set tls2 to false\./);
	});

	it('takes DER, several CAs, and a key of PKCS #1 too', async () => {
		await writeFile(maker.path('ca.bin'), der(ca.cert));
		expect(Buffer.from((await files({ caFile: 'ca.bin' }))!.resources['ca.der']!)).toEqual(Buffer.from(der(ca.cert)));
		await writeFile(maker.path('two.pem'), read(ca.cert, maker.make('second', { ca: true, key: 'P-384' }).cert));
		expect((await files({ caFile: 'two.pem' }))!.resources['ca.der']!.length).toBeGreaterThan(1_000);
		spawnSync('openssl', ['rsa', '-traditional', '-in', client.key, '-outform', 'der', '-out', maker.path('pkcs1.bin')]);
		expect((await files({ caFile: 'ca.pem', certFile: 'client.pem', keyFile: 'pkcs1.bin' }))!.resources).toHaveProperty('clientkey.der');
	});

	it.each([
		['a file that is not there', { caFile: 'nobody.pem' }, 'caFile nobody.pem is not there: name a file, PEM or DER, from the folder of the settings.'],
		['a folder', { caFile: '.' }, 'caFile . is a folder: name a file, PEM or DER, from the folder of the settings.'],
		['a key for a certificate', { caFile: 'ca.key' }, 'caFile ca.key holds no certificate: name a file with one in PEM ("-----BEGIN CERTIFICATE-----") or DER.'],
		['a certificate for a key', { caFile: 'ca.pem', certFile: 'client.pem', keyFile: 'client.pem' }, 'keyFile client.pem holds no private key: name a file with one in PEM ("-----BEGIN PRIVATE KEY-----") or DER.'],
		['a key of another', { caFile: 'ca.pem', certFile: 'client.pem', keyFile: 'ca.key' }, 'keyFile ca.key is not the key of certFile client.pem: name the two that were made together.'],
		['a key that is no RSA key', { caFile: 'ca.pem', certFile: 'ec.pem', keyFile: 'ec.key' }, 'keyFile ec.key holds a key of the kind ec, and the chip signs with RSA only: make an RSA key and a certificate for it.'],
		['a key with a passphrase', { caFile: 'ca.pem', certFile: 'client.pem', keyFile: 'locked.key' }, 'keyFile locked.key is protected by a passphrase, which the chip cannot ask for: take it off with "openssl pkey -in FILE -out FILE2".'],
		['a CA with a curve that the chip does not have', { caFile: 'p521.pem' }, 'caFile p521.pem holds a key that is not RSA of 2,048 to 4,096 bits with an exponent of 65,537 or more, nor EC on P-256 or P-384: name the certificate of the CA that signed the broker\'s.'],
		['every CA of the world', { caFile: 'many.pem' }, 'caFile many.pem holds 5 certificates, and the chip has room for 4: name a file with only the one that is needed.'],
	])('refuses %s', async (_what, settings, sentence) => {
		maker.make('ec', { by: ca, key: 'P-256' });
		maker.make('p521', { ca: true, key: 'P-521' });
		spawnSync('openssl', ['pkey', '-aes128', '-passout', 'pass:secret', '-in', client.key, '-out', maker.path('locked.key')]);
		await writeFile(maker.path('many.pem'), read(ca.cert).repeat(5));
		await expect(files(settings)).rejects.toThrow(sentence);
	});

	it('refuses a CA that has expired', async () => {
		maker.make('old', { ca: true, fromDays: -9, toDays: -1 });
		await expect(files({ caFile: 'old.pem' })).rejects.toThrow(/^caFile old\.pem has expired \(.* GMT\): name the CA's newer certificate\.$/);
	});

	it.each([
		[{}, 'tls is true but caFile is missing'],
		[{ tls: false, caFile: 'ca.pem' }, 'caFile is given but tls is not true'],
		[{ caFile: 'ca.pem', certFile: 'client.pem' }, 'certFile is given without keyFile'],
		[{ caFile: 'ca.pem', keyFile: 'client.key' }, 'keyFile is given without certFile'],
		[{ caFile: 5 }, 'caFile is 5; it must be the path of a file'],
	])('refuses %j where the settings are read', async (settings, words) => {
		await settle(settings);
		const { status, err } = await call(['configure', '--show', '--file', 'telltale.json']);
		expect([status, err]).toEqual([1, expect.stringContaining(words)]);
	});

	it('configure checks the files, keeps their names, and says that it is for an ESP32', async () => {
		const words = ['configure', '--node', 'vault', '--ssid', 'attic', '--host', 'broker.lan', '--tls', 'true', '--file', maker.path('made.json')];
		expect(await call([...words, '--caFile', 'nobody.pem'])).toMatchObject({ status: 1, err: expect.stringContaining('caFile nobody.pem is not there') });
		const { status, out } = await call([...words, '--caFile', 'ca.pem']);
		expect(status).toBe(0);
		expect(out).toContain('It does for an ESP32: an ESP8266 has too little memory for TLS.');
		expect(out).toContain('npx telltale flash --board esp32');
		expect(JSON.parse(await readFile(maker.path('made.json'), 'utf8'))).toMatchObject({ tls: true, caFile: 'ca.pem' });
	});

	it('build puts certificates beside the manifest of an ESP32, readable by their owner alone, and their names nowhere', async () => {
		await settle({ caFile: 'ca.pem', certFile: 'client.pem', keyFile: 'client.key', alpn: 'mqtt' });
		const machine = await fakeMachine(maker.path('machine'));
		const out = maker.path('out');
		const { makeImage } = await import('../../cli/image.js');
		const resources = (await files({ caFile: 'ca.pem', certFile: 'client.pem', keyFile: 'client.key' }))!.resources;
		const settings = JSON.parse(await readFile(maker.path('telltale.json'), 'utf8'));
		const toolchain = { mcconfig: join(machine.env['MODDABLE']!, 'build/bin', process.platform === 'darwin' ? 'mac' : 'lin', 'release/mcconfig'), env: { ...process.env, ...machine.env } };
		await makeImage({ target: 'esp32', settings, resources, debug: false, verbose: false, folder: out, signal: new AbortController().signal }, toolchain);
		const manifest = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8'));
		expect(manifest.resources).toEqual({ '*': ['./ca', './client', './clientkey'] });
		expect(manifest.config.telltale).toMatchObject({ ...BASE, alpn: 'mqtt' });
		for (const name of ['caFile', 'certFile', 'keyFile']) expect(manifest.config.telltale).not.toHaveProperty(name);
		expect((await stat(join(out, 'clientkey.der'))).mode & 0o777).toBe(0o600);
	});

	it.each([
		[['build', '--board', 'nodemcu']],
		[['simulate', '--board', 'nodemcu', '--config', 'telltale.json', '--for', '1s']],
		[['simulate', '--broker', 'mqtts://localhost:8883', '--for', '1s']],
	])('%j refuses TLS on an ESP8266', async (words) => {
		await settle({ caFile: 'ca.pem' });
		const { status, err } = await call(words);
		expect(status).toBeGreaterThan(0);
		expect(err).toContain(TOO_LARGE);
	});

	it.each([
		[['--config', 'telltale.json'], 'the broker that simulate starts has no TLS'],
		[['--broker', 'mqtts://localhost:8883'], 'the nodes have no CA to know the broker by'],
	])('simulate refuses %j', async (words, sentence) => {
		await settle({ caFile: 'ca.pem' });
		const { status, err } = await call(['simulate', '--board', 'esp32', '--for', '1s', ...words]);
		expect([status, err]).toEqual([2, expect.stringContaining(sentence)]);
	});

	it.each([['send', ['send', 'vault', 'sample']], ['watch', ['watch', '--once', '1', '--timeout', '500ms']]])('%s names the variable for a CA where none that it trusts signed the certificate', async (_name, words) => {
		const server = maker.make('server-of-mine', { by: ca, names: 'DNS:localhost' });
		const broker = await startTlsBroker({ cert: read(server.cert), key: read(server.key) });
		try {
			const { status, err } = await call([...words, '--broker', `mqtts://localhost:${broker.port}`]);
			expect([status, err]).toEqual([1, expect.stringMatching(/^The certificate of mqtts:\/\/localhost:\d+ is not trusted, since no CA that this machine trusts signed it: name its CA with the environment variable NODE_EXTRA_CA_CERTS[.;]/)]);
		} finally {
			await broker.close();
		}
	});

	it('simulate shows readings that came over TLS, with a CA in caFile that is no root', async () => {
		const between = maker.make('between', { by: ca, ca: true });
		const server = maker.make('server', { by: between, names: 'DNS:localhost' });
		await settle({ caFile: 'between.pem' });
		const broker = await startTlsBroker({ cert: read(server.cert), key: read(server.key) });
		try {
			const words = ['simulate', '--board', 'esp32', '--broker', `mqtts://localhost:${broker.port}`, '--config', maker.path('telltale.json'), '--for', `${patientSeconds(20)}s`, '--speed', '10'];
			const { status, out, err } = await telltale(words);
			expect([status, err]).toEqual([0, '']);
			expect(out).toMatch(/none missing/);
			expect(broker.wire.every((bytes) => !bytes.includes('MQTT'))).toBe(true);
		} finally {
			await broker.close();
		}
	});
});
