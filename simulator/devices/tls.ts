// The cryptography behind the simulated "ssl/session": a TLS client of Node's per session, fed record by record; and the files of the image.
//
// Rule: it is as able as the SDK and no more: TLS 1.2, the SDK's cipher suites, one curve, SHA-256 signatures, no tickets, no
// resumption. It trusts everybody: whom to trust is the firmware's affair.

import { constants } from 'node:crypto';
import { Duplex } from 'node:stream';
import { connect, createSecureContext, type TLSSocket } from 'node:tls';
import { DeviceError, type Device } from './chip.js';

export type Resources = Readonly<Record<string, Uint8Array>>;

/** ssl_ciphersuites.js of the SDK, in its order; at level 0 no key is too short, as there. */
const CIPHERS = [
	'AES128-SHA', 'AES256-SHA', 'AES128-SHA256', 'AES256-SHA256', 'DHE-RSA-AES128-SHA256', 'DHE-RSA-AES256-SHA256', 'DHE-RSA-AES128-GCM-SHA256',
	'ECDHE-RSA-AES128-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256', '@SECLEVEL=0',
].join(':');

const SESSIONS_MAX = 4;

export class ResourceDevice implements Device {
	readonly operations = {
		'resource.exists': (name: string) => Object.hasOwn(this.#files, name),
		'resource.size': (name: string) => this.#file(name).length,
		'resource.slice': (name: string, begin: number, end: number) => Buffer.from(this.#file(name)).subarray(begin, end).toString('hex'),
	};
	readonly #files: Resources;

	constructor(files: Resources) {
		this.#files = files;
	}

	#file(name: string): Uint8Array {
		if (!Object.hasOwn(this.#files, name)) throw new DeviceError('resource not found');
		return this.#files[name];
	}
}

export class TlsDevice implements Device {
	readonly operations = {
		'tls.open': async (serverName: string, alpn: string, certificates: string, key: string) => {
			const client = new Client(serverName, alpn, certificates, key);
			this.#clients.set(++this.#last, client);
			// A session says nothing when it is given up.
			this.#clients.get(this.#last - SESSIONS_MAX)?.end();
			this.#clients.delete(this.#last - SESSIONS_MAX);
			return [this.#last, await client.begin()];
		},
		'tls.feed': (id: number, hex: string) => this.#clients.get(id)!.feed(Buffer.from(hex, 'hex')),
		'tls.encrypt': (id: number, hex: string) => this.#clients.get(id)!.encrypt(Buffer.from(hex, 'hex')),
	};
	readonly #clients = new Map<number, Client>();
	#last = 0;

	down(): void {
		for (const client of this.#clients.values()) client.end();
		this.#clients.clear();
	}
}

class Client {
	readonly #wire: Duplex;
	readonly #socket: TLSSocket;
	#out: Buffer[] = [];
	#plain: Buffer[] = [];
	#done = false;
	#alert = -1;
	#fault: string | null = null;

	constructor(serverName: string, alpn: string, certificates: string, key: string) {
		this.#wire = new Duplex({
			read() {},
			write: (bytes: Buffer, _encoding, done) => {
				this.#out.push(bytes);
				done();
			},
		});
		this.#socket = connect({
			socket: this.#wire,
			secureContext: createSecureContext({
				minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: CIPHERS, sigalgs: 'ECDSA+SHA256:RSA+SHA256', ecdhCurve: 'P-256',
				secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_LEGACY_SERVER_CONNECT,
				...(certificates && { cert: certificates.split(',').map(pem).join(''), key: privateKey(key) }),
			}),
			...(serverName && { servername: serverName }),
			...(alpn && { ALPNProtocols: [alpn] }),
			rejectUnauthorized: false,
		});
		this.#socket.on('secureConnect', () => (this.#done = true));
		this.#socket.on('data', (bytes: Buffer) => this.#plain.push(bytes));
		this.#socket.on('end', () => (this.#alert = 0));
		this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
	}

	/** The ClientHello. */
	async begin(): Promise<string> {
		while (!this.#out.length) await rest();
		return this.#taken();
	}

	async feed(record: Buffer): Promise<[string, string, boolean, number, string | null]> {
		this.#wire.push(record);
		await rest();
		const plain = Buffer.concat(this.#plain).toString('hex');
		this.#plain = [];
		return [this.#taken(), plain, this.#done, this.#alert, this.#fault];
	}

	async encrypt(bytes: Buffer): Promise<string> {
		this.#socket.write(bytes);
		while (!this.#out.length && !this.#socket.destroyed) await rest();
		return this.#taken();
	}

	end(): void {
		this.#socket.destroy();
		this.#wire.destroy();
	}

	#taken(): string {
		const hex = Buffer.concat(this.#out).toString('hex');
		this.#out = [];
		return hex;
	}

	#failed({ message }: Error): void {
		const alert = /alert number (\d+)/.exec(message);
		if (alert) this.#alert = Number(alert[1]);
		else this.#fault ??= message.split(':').slice(4, 6).join(' ') || message;
	}
}

/** OpenSSL does its part at once; Node's streams take some rounds of the loop to hand it on. */
async function rest(): Promise<void> {
	for (let round = 0; round < 4; round++) await new Promise((resolve) => setImmediate(resolve));
}

function pem(hex: string): string {
	return `-----BEGIN CERTIFICATE-----\n${Buffer.from(hex, 'hex').toString('base64')}\n-----END CERTIFICATE-----\n`;
}

function privateKey(hex: string): string {
	return `-----BEGIN PRIVATE KEY-----\n${Buffer.from(hex, 'hex').toString('base64')}\n-----END PRIVATE KEY-----\n`;
}
