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

declare module 'curve' {
	/** P-256 or P-384. */
	export default class Curve {
		constructor(name: string);
		/** Bytes of the curve's order. */
		readonly orderSize: number;
	}
}

declare module 'ecp' {
	export default class ECPoint {
		readonly X: bigint;
		readonly Y: bigint;
	}
}

declare module 'x509' {
	import type Curve from 'curve';
	import type ECPoint from 'ecp';

	/** Of an RSA key the first two, of an EC key the others. */
	export interface PublicKey {
		readonly modulus?: bigint;
		readonly exponent?: bigint;
		readonly curve?: Curve;
		readonly pub?: ECPoint;
	}

	/** ESP32 only, as are all modules of TLS. Throws at what it cannot read, with whatever comes of it. */
	const X509: {
		/** The public key of a certificate in DER. */
		decodeSPKI(der: Uint8Array): PublicKey;
	};
	export default X509;
}

declare module 'crypt' {
	export class Digest {
		/** "SHA256", "SHA384", "SHA512" and others. */
		constructor(type: string);
		process(data: Uint8Array): ArrayBuffer;
	}
}

declare module 'pkcs1' {
	export default class PKCS1 {
		static OS2IP(bytes: Uint8Array): bigint;
	}
}

declare module 'pkcs1_5' {
	import type { PublicKey } from 'x509';

	/** Its own verify() takes paddings that no one should write, and does not look at which digest was signed. */
	export default class PKCS1_5 {
		constructor(key: PublicKey, isPrivate: boolean, oid: readonly number[]);
		readonly modulusSize: number;
		readonly rsa: { process(number: bigint): bigint };
		/** What is signed, padded to that many bytes. */
		emsaEncode(digest: ArrayBuffer, size: number): bigint;
	}
}

declare module 'ecdsa' {
	import type Curve from 'curve';
	import type ECPoint from 'ecp';

	/** The digest is taken as a number whole, however long. Does not come back from s = 0. */
	export default class ECDSA {
		constructor(key: ECPoint, curve: Curve, isPrivate: boolean);
		/** `asn1`: the signature is DER; else r and s, each as long as the order. */
		verify(digest: ArrayBuffer, signature: Uint8Array, asn1: boolean): boolean;
	}
}

declare module 'ssl/cert' {
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
