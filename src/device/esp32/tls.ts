// SPDX-License-Identifier: MIT
// "telltale/tls" on an ESP32: a TLS 1.2 connection over the SDK's TCP and the SDK's ssl/session, with the calls of the
// SDK's TCP class.
//
// Rule: nothing is written for the layer above before the broker's certificate is trusted, its key exchange is signed
// and both directions are encrypted. Each callback that reaches the SDK's session is guarded: it throws at whatever a
// peer does wrong, and what nobody catches restarts the chip. Why the SDK's own TLS socket is not used:
// docs/decisions/0008-tls.md.

import TCP from 'embedded:io/socket/tcp';
import Resource from 'Resource';
import CertificateManager from 'ssl/cert';
import Session from 'ssl/session';
import Time from 'time';
import type { Clock } from '../../common/ports.js';
import type { Socket, SocketOptions, Sockets } from '../tcp.js';
import { certificateProblem } from './certificate-check.js';
import { digits } from './certificate.js';
import { Der } from './der.js';
import { alertText, Handshake, RecordHeads, WANTS_CERTIFICATE } from './handshake.js';
import { isAddress } from './names.js';
import { isSignedBy } from './signature.js';
import { Trust } from './trust.js';

/** Files of the image, where none are kept in flash: made by "telltale build": DER, several certificates one after the other, the key as PKCS #8. */
const CA = 'ca.der';
const CERTIFICATE = 'client.der';
const KEY = 'clientkey.der';

const enum Const {
	/** What a record costs at the most, as the SDK's TLS socket estimates it. */
	OVERHEAD = 96,
}

export { certificateProblem };

/** What was sent to the node goes before the image's. */
interface Keeper {
	/** It is there, or about to be. */
	readonly hasCa: boolean;
	readonly ca: Uint8Array | undefined;
	/** Both or none. */
	readonly clientCertificate: Uint8Array | undefined;
	readonly clientKey: Uint8Array | undefined;
}

interface TlsSettings {
	readonly tls: boolean;
	readonly host: string;
	/** '' for none. */
	readonly alpn: string;
}

/** Why TLS cannot be had, which the setting `key` asks for; '' if it can. */
export const tlsProblem = (key: string, store: Keeper): string => {
	if (store.hasCa || Resource.exists(CA)) return '';
	return `${key} is true, but there is no CA certificate to know the broker by: name one with caFile.`;
};

/** To the broker that is tried when the socket is made, with TLS or without. With it the clock MUST know the date by then. */
export const tlsSockets = (to: TlsSettings, clock: Clock, store: Keeper): Sockets | undefined => new TlsSockets(to, clock, store);

class TlsSockets implements Sockets {
	private readonly to: TlsSettings;
	private readonly clock: Clock;
	private readonly store: Keeper;

	constructor(to: TlsSettings, clock: Clock, store: Keeper) {
		this.to = to;
		this.clock = clock;
		this.store = store;
	}

	make(options: SocketOptions): Socket {
		const { to } = this;
		return to.tls ? new TlsSocket(options, to.host, to.alpn, this.clock.unixSeconds(), this.store) : new TCP(options);
	}
}

/** What the session takes for a socket: it counts `readable` and `writable` itself. */
class Wire {
	readable = 0;
	writable = 0;
	fault = '';
	readonly #tcp: TCP;
	readonly #heads = new RecordHeads();

	constructor(tcp: TCP) {
		this.#tcp = tcp;
	}

	read(into: Uint8Array): void {
		this.#tcp.read(into);
		this.fault = this.#heads.read(into);
		if (this.fault) throw new Error(this.fault);
	}

	write(bytes: Uint8Array): number {
		const room = this.#tcp.write(bytes);
		if (room === undefined) throw new Error('');
		return room;
	}
}

/** The SDK's keeper of certificates with our own idea of trust. */
class Certificates extends CertificateManager {
	readonly #trust: Trust;
	readonly #unixSeconds: number;

	constructor(trust: Trust, unixSeconds: number, { certificate, key }: Identity) {
		super({ verify: true, clientCertificates: certificate && pieces(certificate), clientKey: key?.buffer as ArrayBuffer | undefined });
		this.#trust = trust;
		this.#unixSeconds = unixSeconds;
	}

	override verify(chain: Uint8Array[]): boolean {
		return this.#trust.accepts(chain, this.#unixSeconds);
	}
}

/** The SDK's session, which sees only records that may come now. */
class CheckedSession extends Session {
	fault = '';
	readonly checked = new Handshake();

	override readPacket(wire: Wire): ArrayBuffer | undefined {
		const packet = super.readPacket(wire);
		if (!packet) return undefined;
		this.fault = this.checked.record(new Uint8Array(packet));
		if (this.fault) throw new Error(this.fault);
		return packet;
	}
}

class TlsSocket implements Socket {
	failure = 'it does not finish the handshake: is this its port for TLS?';
	readonly target: unknown;
	readonly #options: SocketOptions;
	readonly #trust: Trust;
	readonly #session: CheckedSession;
	readonly #wire: Wire;
	readonly #tcp: TCP;
	readonly #hasIdentity: boolean;
	#begun = false;
	#open = false;
	#ended = false;
	/** The record that is being read. */
	#plain: Uint8Array | undefined;
	#at = 0;

	constructor(options: SocketOptions, host: string, alpn: string, unixSeconds: number, store: Keeper) {
		this.#options = options;
		this.target = options.target;
		// The SDK's session looks at the chip's own date too.
		Time.set(unixSeconds);
		this.#trust = new Trust(store.ca ?? resource(CA) ?? new Uint8Array(0), host, isSignedBy);
		const identity = identityOf(store);
		this.#hasIdentity = identity.certificate !== undefined;
		const secure: Record<string, unknown> = { protocolVersion: 0x303, cache: false, verify: true };
		if (!isAddress(host)) secure.serverName = host;
		if (alpn) secure.applicationLayerProtocolNegotiation = alpn;
		this.#session = new CheckedSession(secure);
		this.#session.certificateManager = new Certificates(this.#trust, unixSeconds, identity);
		this.#session.initiateHandshake();
		this.#tcp = new TCP({
			address: options.address,
			port: options.port,
			nodelay: true,
			onReadable: (count) => {
				this.#wire.readable = count;
				this.guarded();
			},
			onWritable: (count) => {
				this.#wire.writable = count;
				if (this.#open) this.#options.onWritable.call(this, this.room());
				else if (!this.#begun) this.guarded();
			},
			onError: () => {
				this.#ended = true;
				if (!this.#plain) this.end();
			},
		});
		this.#wire = new Wire(this.#tcp);
	}

	write(bytes: Uint8Array): number | undefined {
		this.#session.write(this.#wire, bytes);
		return this.room();
	}

	read(into: Uint8Array): number {
		const plain = this.#plain!;
		const count = into.length < plain.length - this.#at ? into.length : plain.length - this.#at;
		into.set(plain.subarray(this.#at, this.#at + count));
		this.#at += count;
		if (this.#at === plain.length) {
			this.#plain = undefined;
			if (this.#wire.readable) this.guarded();
			else if (this.#ended) this.end();
		}
		return count;
	}

	close(): void {
		this.#tcp.close();
	}

	private room(): number {
		return this.#wire.writable > Const.OVERHEAD ? this.#wire.writable - Const.OVERHEAD : 0;
	}

	/** Goes on as far as it goes; whatever is thrown is the end of the connection, never of the program. */
	private guarded(): void {
		try {
			if (!this.#open) this.shake();
			if (this.#open) this.decrypt();
		} catch (error) {
			this.explain(error as Error);
			this.end();
		}
	}

	private shake(): void {
		const wire = this.#wire;
		if (!this.#begun) {
			this.#begun = true;
			this.#options.onSecuring.call(this);
		}
		let done: boolean;
		do done = this.#session.handshake(wire); while (!done && wire.readable);
		// What has been read asks for an answer.
		if (!done) done = this.#session.handshake(wire);
		if (!done) return;
		const { alert, clientCipher, serverCipher } = this.#session;
		if (alert || !clientCipher || !serverCipher) throw new Error('');
		this.#open = true;
		this.failure = '';
		this.#options.onWritable.call(this, this.room());
	}

	/** One record at a time: what is in it must be read before the next. */
	private decrypt(): void {
		while (!this.#plain && this.#wire.readable) {
			const plain = this.#session.read(this.#wire);
			if (plain === null) return this.end();
			if (!plain?.length) continue;
			this.#plain = plain;
			this.#at = 0;
			this.#options.onReadable.call(this, plain.length);
		}
	}

	/** Puts what is known into a sentence, and tells the broker, who has nothing to hide its log from. */
	private explain(error: Error): void {
		const fault = this.#trust.fault || this.#session.fault || this.#wire.fault;
		this.failure = fault || (this.#open ? '' : alertIn(error) || this.failure);
		if (this.#open || this.#session.clientCipher || !fault) return;
		try {
			// With something unread lwIP's close() is a reset, which would throw this away.
			this.#tcp.read();
			this.#tcp.write(Uint8Array.of(21, 3, 3, 0, 2, 2, this.#trust.fault ? this.#trust.alert : this.#session.checked.alert));
		} catch {
			// It is gone, or takes nothing more: then it need not know.
		}
	}

	private end(): void {
		// A broker that got no certificate may hang up before its alert is read.
		if (!this.#open && this.#session.checked.asked && !this.#hasIdentity) this.failure = WANTS_CERTIFICATE;
		this.#options.onError.call(this);
	}
}

/** "alert: 2, 40" is all that the SDK says of an alert that came encrypted; nothing is said where the connection just broke. */
const alertIn = ({ message }: Error): string => {
	if (message.startsWith('alert: ')) return alertText(digits(message, message.indexOf(',') + 2, message.length));
	return message && `the handshake fails (${message})`;
};

/** Who the node says it is: both, or neither. */
interface Identity {
	readonly certificate: Uint8Array | undefined;
	readonly key: Uint8Array | undefined;
}

const identityOf = (store: Keeper): Identity => {
	const certificate = store.clientCertificate;
	return certificate ? { certificate, key: store.clientKey } : { certificate: resource(CERTIFICATE), key: resource(KEY) };
};

/** A copy of a file of the image; undefined if there is none. */
const resource = (name: string): Uint8Array | undefined => {
	return Resource.exists(name) ? new Uint8Array(new Resource(name).slice(0)) : undefined;
};

const pieces = (certificates: Uint8Array): ArrayBuffer[] => {
	const found: ArrayBuffer[] = [];
	const list = new Der(certificates);
	while (list.next()) found.push(list.whole().slice().buffer as ArrayBuffer);
	return found;
};
