// The driver's socket to the broker, in the clear or through TLS (Node's own), and what goes wrong with it in words.
//
// Rule: a broker's certificate is always checked, against "ca" or else the CAs that Node brings, and for the name that was asked for.

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';

/** As the option "tls" of connect has it: the first three are paths of PEM files. */
export interface TlsFiles {
	readonly ca?: string;
	readonly cert?: string;
	readonly key?: string;
	readonly serverName?: string;
	readonly alpn?: string;
}

/** What of it can be read before there is a connection. */
export interface TlsWishes {
	readonly context: SecureContext;
	/** Of the certificate; undefined: that of the host. */
	readonly serverName?: string;
	readonly alpn?: string;
}

export interface Address {
	/** As it was asked for, "localhost" too. */
	readonly host: string;
	readonly port: number;
	readonly tls?: TlsWishes;
}

export interface Wire {
	/** To read and write. */
	readonly socket: Socket;
	/** When bytes can go: "connect", or "secureConnect". */
	readonly ready: string;
	/** Breaks it off, so that the broker hears of it at once. */
	reset(): void;
}

/** Throws a sentence if a file is missing or is not what it should be. */
export function readTls({ ca, cert, key, serverName, alpn }: TlsFiles): TlsWishes {
	if ((cert === undefined) !== (key === undefined)) throw new Error('"cert" and "key" of tls go together: the certificate of the client, and its key.');
	const read = (name: string, path?: string): Buffer | undefined => {
		try {
			return path === undefined ? undefined : readFileSync(path);
		} catch (fault) {
			throw new Error(`"${name}" of tls cannot be read from ${path} (${(fault as NodeJS.ErrnoException).code}).`);
		}
	};
	const files = { ca: read('ca', ca), cert: read('cert', cert), key: read('key', key) };
	try {
		// Without this, Node would take a file without certificates for a list of none.
		if (files.ca) new X509Certificate(files.ca);
		return { context: createSecureContext({ ...files, minVersion: 'TLSv1.2' }), serverName, alpn };
	} catch (fault) {
		throw new Error(`The files of tls are no certificates and key in PEM that belong together (${(fault as NodeJS.ErrnoException).code ?? 'unreadable'}).`);
	}
}

export function dial({ host, port, tls }: Address): Wire {
	const wire = connect({ host: addressOf(host), port, noDelay: true });
	if (!tls) return { socket: wire, ready: 'connect', reset: () => void wire.resetAndDestroy() };
	const name = tls.serverName ?? host;
	const socket = connectTls({
		socket: wire, secureContext: tls.context, rejectUnauthorized: true, host: name,
		// An address is no server name (RFC 6066 §3), but is looked for in the certificate.
		...(isName(name) ? { servername: name } : {}), ...(tls.alpn === undefined ? {} : { ALPNProtocols: [tls.alpn] }),
	});
	return {
		socket, ready: 'secureConnect',
		reset() {
			wire.resetAndDestroy();
			socket.destroy();
		},
	};
}

/** Why a connection ended, from the error that the socket told. */
export function sentenceFor({ host, port, tls }: Address, fault: NodeJS.ErrnoException): string {
	const code = fault.code ?? 'unknown';
	if (code === 'ECONNREFUSED') return `nobody listens on ${addressOf(host)}:${port}`;
	const reason = tls ? refusal(code, tls.serverName ?? host) : '';
	return reason ? `no TLS with ${host}:${port}: ${reason}` : `the connection was lost (${code})`;
}

function refusal(code: string, name: string): string {
	switch (code) {
		case 'SELF_SIGNED_CERT_IN_CHAIN': case 'DEPTH_ZERO_SELF_SIGNED_CERT': case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
		case 'UNABLE_TO_GET_ISSUER_CERT': case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY': case 'CERT_SIGNATURE_FAILURE': case 'INVALID_CA':
			return 'its certificate is not signed by a CA in "ca"';
		case 'CERT_HAS_EXPIRED': return 'its certificate has expired';
		case 'CERT_NOT_YET_VALID': return 'its certificate is not valid yet';
		case 'ERR_TLS_CERT_ALTNAME_INVALID': return `its certificate is not for the name ${name}`;
		case 'ERR_SSL_WRONG_VERSION_NUMBER': case 'ERR_SSL_PACKET_LENGTH_TOO_LONG': return 'it does not speak TLS: is this its port for TLS?';
		case 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION': case 'ERR_SSL_UNSUPPORTED_PROTOCOL': return 'it does not offer TLS 1.2 or 1.3';
		case 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED': return 'it wants a certificate of the client ("cert" and "key")';
		case 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL': return 'it does not know the protocol that "alpn" names';
		default: return /^(CERT_|ERR_SSL_|ERR_TLS_|UNABLE_|EPROTO)/.test(code) ? `it ends the handshake (${code})` : '';
	}
}

function addressOf(host: string): string {
	return host === 'localhost' ? '127.0.0.1' : host;
}

function isName(text: string): boolean {
	return !/^[\d.]+$/.test(text) && !text.includes(':');
}
