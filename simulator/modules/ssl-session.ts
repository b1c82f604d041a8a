// Moddable's "ssl/session": TLS 1.2 as a client, over whatever looks like a socket. The cryptography is the host's (node:tls); the
// records, the steps and the moments at which something is thrown are the SDK's.
//
// Rule: what the SDK does not check is not checked here either: an alert ends handshake() with true, and what is written
// before there is a cipher goes out in the clear. The firmware must hold without help.

import type SDK from 'ssl/session';
import type { SessionSocket } from 'ssl/session';
import { fromHex, toHex } from './bytes.js';
import { Digest } from './crypt.js';
import type { Curve, ECPoint } from './ec.js';
import ECDSA from './ecdsa.js';
import { call } from './host.js';
import CertificateManager from './ssl-cert.js';
import X509 from './x509.js';

const CHANGE_CIPHER_SPEC = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const SERVER_HELLO = 2;
const CERTIFICATE = 11;
const SERVER_KEY_EXCHANGE = 12;
const NAMED_CURVE = 3;
const ECDSA_SIGNED = 3;

/** To send, to read, whether the handshake is over, the peer's alert (-1: none), what went wrong. */
type Fed = [out: string, plain: string, done: boolean, alert: number, fault: string | null];

interface Secure {
	serverName?: string;
	applicationLayerProtocolNegotiation?: string;
}

class Session {
	certificateManager: CertificateManager;
	alert: { level: number; description: number } | undefined;
	clientCipher: object | null = null;
	serverCipher: object | null = null;
	readonly #options: Secure;
	#id = 0;
	#flight = '';
	#done = false;
	#packet: Uint8Array | undefined;
	#filled = 0;
	#plain: Uint8Array | undefined;
	#clientRandom = new Uint8Array(0);
	#serverRandom = new Uint8Array(0);
	#peer = new Uint8Array(0);

	constructor(options: object) {
		this.#options = options as Secure;
		this.certificateManager = new CertificateManager({});
	}

	initiateHandshake(): void {}

	handshake(socket: SessionSocket): boolean {
		if (!this.#id) {
			this.#begin(socket);
		} else if (this.#flight) {
			this.#send(socket, this.#flight);
			this.#flight = '';
			this.clientCipher = {};
		} else if (this.#done) {
			return true;
		} else if (socket.readable) {
			const packet = this.readPacket(socket);
			if (packet) this.#take(new Uint8Array(packet));
		}
		return this.alert !== undefined;
	}

	read(socket: SessionSocket): Uint8Array | null | undefined {
		while (socket.readable) {
			if (!this.#plain) {
				const packet = this.readPacket(socket);
				if (!packet) return undefined;
				this.#take(new Uint8Array(packet));
				if (this.alert) return null;
			}
			const plain = this.#plain;
			this.#plain = undefined;
			if (plain) return plain;
		}
		return undefined;
	}

	write(socket: SessionSocket, bytes: Uint8Array): number {
		if (bytes.byteLength > 16_384) throw new Error('too large');
		const record = this.clientCipher ? fromHex(call('tls.encrypt', this.#id, toHex(bytes))) : inClear(bytes);
		socket.writable = socket.write(new Uint8Array(record));
		return Math.max(0, socket.writable - 32);
	}

	readPacket(socket: SessionSocket): ArrayBuffer | undefined {
		this.#packet ??= new Uint8Array(5);
		if (!this.#fill(socket)) return undefined;
		if (this.#packet.length === 5) {
			const whole = new Uint8Array(5 + this.#packet[3] * 256 + this.#packet[4]);
			whole.set(this.#packet);
			this.#packet = whole;
			if (!this.#fill(socket)) return undefined;
		}
		const packet = this.#packet;
		this.#packet = undefined;
		this.#filled = 0;
		return packet.buffer as ArrayBuffer;
	}

	#fill(socket: SessionSocket): boolean {
		const packet = this.#packet!;
		const need = Math.min(packet.length - this.#filled, socket.readable);
		if (need) socket.read(packet.subarray(this.#filled, this.#filled + need));
		socket.readable -= need;
		this.#filled += need;
		return this.#filled === packet.length;
	}

	#begin(socket: SessionSocket): void {
		const { serverName, applicationLayerProtocolNegotiation } = this.#options;
		const { clientCertificates = [], clientKey } = this.certificateManager.own;
		const certificates = clientCertificates.map((each) => toHex(new Uint8Array(each))).join(',');
		const key = clientKey ? toHex(new Uint8Array(clientKey)) : '';
		const [id, hello] = call<[number, string]>('tls.open', serverName ?? '', applicationLayerProtocolNegotiation ?? '', certificates, key);
		this.#id = id;
		this.#clientRandom = new Uint8Array(fromHex(hello.slice(22, 86)));
		this.#send(socket, hello);
	}

	#send(socket: SessionSocket, hex: string): void {
		const bytes = new Uint8Array(fromHex(hex));
		socket.write(bytes);
		socket.writable -= bytes.length;
	}

	#take(record: Uint8Array): void {
		if (!this.serverCipher) this.#inClear(record);
		if (this.alert) return;
		if (record[0] === CHANGE_CIPHER_SPEC) this.serverCipher = {};
		const [out, plain, done, alert, fault] = call<Fed>('tls.feed', this.#id, toHex(record));
		if (alert === 0) this.alert = { level: 1, description: 0 };
		else if (alert > 0) throw new Error(`alert: 2, ${alert}`);
		if (fault) throw new Error(fault);
		this.#flight = out;
		this.#done ||= done;
		if (record[0] === APPLICATION_DATA) this.#plain = new Uint8Array(fromHex(plain));
	}

	/** As the SDK takes what is not encrypted: an alert is noted, application data is data, a certificate is shown to the manager. */
	#inClear(record: Uint8Array): void {
		if (record[0] === ALERT) {
			this.alert = { level: record[5], description: record[6] };
			if (record[6] !== 0) throw new Error(`alert: ${record[5]}, ${record[6]}`);
		}
		if (record[0] !== HANDSHAKE) return;
		for (let at = 5; at < record.length; at += 4 + triple(record, at + 1)) {
			const body = record.slice(at + 4, at + 4 + triple(record, at + 1));
			if (record[at] === SERVER_HELLO) this.#serverRandom = body.slice(2, 34);
			if (record[at] === SERVER_KEY_EXCHANGE && body[0] === NAMED_CURVE) this.#checkKeyExchange(body);
			if (record[at] !== CERTIFICATE) continue;
			const chain = certificatesIn(body, 3, body.length);
			if (!this.certificateManager.verify(chain, this.#options)) throw new Error('certificate: auth err');
			this.#peer = chain[0].slice();
		}
	}

	/** What is signed with ECDSA is computed as the SDK does it; the rest is OpenSSL's affair, which answers no worse. */
	#checkKeyExchange(body: Uint8Array): void {
		const end = 4 + body[3];
		if (body[end + 1] !== ECDSA_SIGNED) return;
		const { pub, curve } = X509.decodeSPKI(this.#peer);
		const digest = new Digest('SHA256').process(this.#clientRandom, this.#serverRandom, body.subarray(0, end));
		const verifier = new ECDSA(pub as ECPoint, curve as Curve, false);
		if (!verifier.verify(digest, body.subarray(end + 4), true)) throw new Error('serverKeyExchange: failed to verify signature');
	}
}

Session satisfies typeof SDK;
export default Session;

function certificatesIn(record: Uint8Array, from: number, end: number): Uint8Array[] {
	const found: Uint8Array[] = [];
	for (let at = from; at < end; ) {
		const size = triple(record, at);
		found.push(record.subarray(at + 3, at + 3 + size));
		at += 3 + size;
	}
	return found;
}

function triple(bytes: Uint8Array, at: number): number {
	return bytes[at] * 65_536 + bytes[at + 1] * 256 + bytes[at + 2];
}

function inClear(bytes: Uint8Array): ArrayBuffer {
	const record = new Uint8Array(5 + bytes.length);
	record.set([APPLICATION_DATA, 3, 3, bytes.length >> 8, bytes.length & 255]);
	record.set(bytes, 5);
	return record.buffer;
}
