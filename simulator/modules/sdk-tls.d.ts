// The modules of the Moddable SDK 8.2.3 that TLS takes: only in the image of an ESP32. As sdk.d.ts beside it.
//
// Rule: only what the firmware uses. The SDK's session looks at less than it should (docs/decisions/0008-tls.md).

declare module 'Resource' {
	/** A file of the image, in flash. */
	export default class Resource {
		/** Throws if there is none. */
		constructor(name: string);
		static exists(name: string): boolean;
		readonly byteLength: number;
		/** A copy in RAM. */
		slice(begin: number, end?: number): ArrayBuffer;
	}
}

declare module 'x509' {
	/** `exponent` of an RSA key only. */
	export interface PublicKey {
		readonly exponent?: bigint;
	}
	export interface DecodedCertificate {
		readonly spki: PublicKey;
	}

	/** ESP32 only, as are all modules of TLS. Throws at what it cannot read. */
	const X509: {
		decode(der: Uint8Array): DecodedCertificate;
		decodeSPKI(der: Uint8Array): PublicKey;
	};
	export default X509;
}

declare module 'ssl/cert' {
	import type { DecodedCertificate, PublicKey } from 'x509';

	export interface CertificateOptions {
		verify?: boolean;
		clientCertificates?: ArrayBuffer[];
		/** RSA, as PKCS #8. */
		clientKey?: ArrayBuffer;
	}

	export default class CertificateManager {
		constructor(options: CertificateOptions);
		/** Asked by the session in the middle of the handshake, with the peer's certificates in DER. */
		verify(chain: Uint8Array[], options: object): boolean;
		/** Whether the key made the signature under the certificate. Throws if it does not know the algorithm. */
		_verify(key: PublicKey, certificate: DecodedCertificate): boolean;
	}
}

declare module 'ssl/session' {
	import type CertificateManager from 'ssl/cert';

	/** The session takes its bytes from, and gives them to, something that looks like a TCP socket with two counters. */
	export interface SessionSocket {
		readable: number;
		writable: number;
		read(into: Uint8Array): unknown;
		write(bytes: Uint8Array): number;
	}

	/** TLS 1.2 as a client. Whatever goes wrong is thrown. */
	export default class Session {
		/** serverName, applicationLayerProtocolNegotiation, protocolVersion, cache, verify … */
		constructor(options: object);
		certificateManager: CertificateManager;
		/** What the peer said last before it ended; close_notify (0) is not thrown. */
		readonly alert: { level: number; description: number } | undefined;
		/** Set once this direction is encrypted. */
		readonly clientCipher: object | null | undefined;
		readonly serverCipher: object | null | undefined;
		initiateHandshake(): void;
		/** Takes one step: answers, or reads one record. True at the end, which an alert is too. */
		handshake(socket: SessionSocket): boolean;
		/** What one record held; undefined if there is none; null after close_notify. */
		read(socket: SessionSocket): Uint8Array | null | undefined;
		/** Encrypts into one record and writes it. */
		write(socket: SessionSocket, bytes: Uint8Array): number;
		/** Asked by the two above: one whole record with its header, or undefined if it is not all there. */
		readPacket(socket: SessionSocket): ArrayBuffer | undefined;
	}
}
