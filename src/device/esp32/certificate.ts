// SPDX-License-Identifier: MIT
// An X.509 certificate as far as trust needs it: whose it is, who signed it, how long it holds, what it may do, and for
// which names.
//
// Rule: throws at whatever is not one certificate in strict DER, and computes nothing: a certificate is read before
// anybody knows whether it is tied to a CA of ours. RFC 5280 §4.1 and §4.2.

import { Der, latin, sameBytes, Tag } from './der.js';
import { PublicKey } from './key.js';
import { isNamed } from './names.js';

const enum X509 {
	VERSION = 0xa0,
	EXTENSIONS = 0xa3,
	ISSUER_ID = 0x81,
	SUBJECT_ID = 0x82,
	UTC_TIME = 0x17,
	GENERALIZED_TIME = 0x18,
	/** Object identifiers of extensions begin with 55 1d (2.5.29) and end in these. */
	KEY_USAGE = 15,
	SUBJECT_ALT_NAME = 17,
	BASIC_CONSTRAINTS = 19,
	NAME_CONSTRAINTS = 30,
	/** Which policies a certificate is for: nobody asks for one here, so that any will do (RFC 5280 §6.1.1 c). */
	POLICIES = 32,
	EXTENDED_KEY_USAGE = 37,
	/** Bits of keyUsage, as they lie in its first byte. */
	DIGITAL_SIGNATURE = 0x80,
	KEY_ENCIPHERMENT = 0x20,
	KEY_CERT_SIGN = 0x04,
}

const enum Ascii {
	ZERO = 0x30,
}

const KNOWN = Object.freeze([X509.KEY_USAGE, X509.SUBJECT_ALT_NAME, X509.BASIC_CONSTRAINTS, X509.NAME_CONSTRAINTS, X509.POLICIES, X509.EXTENDED_KEY_USAGE]);

/**
 * Object identifiers, byte by byte: serverAuth; what comes before the last byte of RSA's (11 to 13) and ECDSA's (2 to
 * 4) with SHA-256, -384, -512.
 */
const SERVER_AUTH = '\x2b\x06\x01\x05\x05\x07\x03\x01';
const RSA_WITH = '\x2a\x86\x48\x86\xf7\x0d\x01\x01';
const ECDSA_WITH = '\x2a\x86\x48\xce\x3d\x04\x03';

export class Certificate {
	readonly bytes: Uint8Array;
	/** What is signed, and the signature. */
	readonly signedPart: Uint8Array;
	readonly signature: Uint8Array;
	/** The digest's bits: 256, 384 or 512; 0 if the algorithm is broken or not known. */
	readonly digestBits: number;
	readonly signedWithRsa: boolean;
	/** Names as they are encoded: equal bytes, equal names. */
	readonly issuer: Uint8Array;
	readonly subject: Uint8Array;
	/** Unix seconds; both belong to the time that it holds. */
	readonly from: number;
	readonly to: number;
	readonly key: PublicKey;
	/** Says of itself that it may sign others, and how many CAs may be below it; -1: any number. */
	ca = false;
	pathLength = -1;
	/**
	 * keyUsage and extendedKeyUsage, where they are there, allow to sign certificates; a server to prove itself; to be
	 * a server's or of its CA.
	 */
	maySign = true;
	mayServe = true;
	forServers = true;
	hasUnknownCritical = false;
	/** The contents of the extensions. */
	names: Uint8Array | undefined;
	nameConstraints: Uint8Array | undefined;

	/** Throws if `bytes` is not one certificate and nothing else. */
	constructor(bytes: Uint8Array) {
		this.bytes = bytes;
		const outer = new Der(bytes).expect(Tag.SEQUENCE);
		outer.finish();
		const parts = outer.inside();
		const fields = parts.expect(Tag.SEQUENCE).inside();
		this.signedPart = parts.whole();
		const algorithm = parts.expect(Tag.SEQUENCE).whole();
		const id = latin(parts.inside().expect(Tag.OBJECT_ID).content());
		this.signature = parts.expect(Tag.BIT_STRING).bits();
		parts.finish();
		this.signedWithRsa = id.startsWith(RSA_WITH);
		this.digestBits = digestOf(id);
		fields.next();
		// The version is missing in certificates of version 1.
		const version = fields.tag === X509.VERSION ? fields.inside().expect(Tag.INTEGER).content()[0] : 0;
		if (fields.tag === X509.VERSION) fields.next();
		if (fields.tag !== Tag.INTEGER || !sameBytes(fields.expect(Tag.SEQUENCE).whole(), algorithm)) throw new Error('DER holds something else');
		this.issuer = fields.expect(Tag.SEQUENCE).whole();
		const validity = fields.expect(Tag.SEQUENCE).inside();
		this.from = seconds(validity);
		this.to = seconds(validity);
		validity.finish();
		this.subject = fields.expect(Tag.SEQUENCE).whole();
		this.key = new PublicKey(fields.expect(Tag.SEQUENCE));
		this.readRest(fields, version);
	}

	/** Whether it is made out for this host name or dotted address. The subject's common name does not count. */
	isFor(host: string): boolean {
		return this.names !== undefined && isNamed(this.names, host);
	}

	/** Its issuer is itself, by name: a root, or a CA's new key. */
	get isSelfIssued(): boolean {
		return sameBytes(this.issuer, this.subject);
	}

	private readRest(fields: Der, version: number): void {
		while (fields.next()) {
			if (fields.tag === X509.ISSUER_ID || fields.tag === X509.SUBJECT_ID) continue;
			if (fields.tag !== X509.EXTENSIONS || version !== 2) throw new Error('DER holds something else');
			this.readExtensions(fields.inside().expect(Tag.SEQUENCE).inside());
			fields.finish();
		}
	}

	private readExtensions(list: Der): void {
		let seen = 0;
		while (list.next()) {
			const extension = list.inside();
			const id = extension.expect(Tag.OBJECT_ID).content();
			extension.next();
			// "critical" is there only if it is true.
			const critical = extension.tag === Tag.BOOLEAN && extension.content()[0] !== 0;
			if (extension.tag === Tag.BOOLEAN) extension.next();
			if (extension.tag !== Tag.OCTET_STRING) throw new Error('DER holds something else');
			extension.finish();
			const known = id.length === 3 && id[0] === 0x55 && id[1] === 0x1d ? KNOWN.indexOf(id[2]) : -1;
			if (known < 0) {
				this.hasUnknownCritical ||= critical;
				continue;
			}
			if (seen & (1 << known)) throw new Error('DER holds an extension twice');
			seen |= 1 << known;
			this.read(id[2], extension);
		}
	}

	private read(id: number, extension: Der): void {
		const value = extension.inside();
		if (id === X509.KEY_USAGE) {
			const bits = value.expect(Tag.BIT_STRING).content();
			const usage = bits.length > 1 ? bits[1] : 0;
			this.maySign = (usage & X509.KEY_CERT_SIGN) !== 0;
			this.mayServe = (usage & (X509.DIGITAL_SIGNATURE | X509.KEY_ENCIPHERMENT)) !== 0;
			return;
		}
		value.expect(Tag.SEQUENCE).finish();
		if (id === X509.SUBJECT_ALT_NAME) this.names = extension.content();
		else if (id === X509.NAME_CONSTRAINTS) this.nameConstraints = extension.content();
		else if (id === X509.BASIC_CONSTRAINTS) this.readBasicConstraints(value.inside());
		else if (id === X509.EXTENDED_KEY_USAGE) this.forServers = holdsServerAuth(value.inside());
	}

	private readBasicConstraints(level: Der): void {
		let more = level.next();
		if (more && level.tag === Tag.BOOLEAN) {
			this.ca = level.content()[0] === 0xff;
			more = level.next();
		}
		if (!more) return;
		if (level.tag !== Tag.INTEGER) throw new Error('DER holds something else');
		const length = level.natural();
		level.finish();
		this.pathLength = length.length > 1 ? 255 : length[0];
	}
}

const holdsServerAuth = (list: Der): boolean => {
	while (list.next()) if (list.tag === Tag.OBJECT_ID && latin(list.content()) === SERVER_AUTH) return true;
	return false;
};

const digestOf = (id: string): number => {
	const last = id.charCodeAt(id.length - 1);
	const index = id === RSA_WITH + String.fromCharCode(last) ? last - 11 : id === ECDSA_WITH + String.fromCharCode(last) ? last - 2 : -1;
	return index < 0 || index > 2 ? 0 : 256 + 128 * index;
};

/** The whole number that these characters are; NaN if they are none. The engine's own reading may need the system's heap. */
export const digits = (text: string, from: number, to: number): number => {
	let value = 0;
	for (let i = from; i < to; i++) {
		const digit = text.charCodeAt(i) - Ascii.ZERO;
		value = digit >= 0 && digit <= 9 ? value * 10 + digit : NaN;
	}
	return value;
};

/** YYMMDDHHMMSSZ, from 1950 to 2049, or YYYYMMDDHHMMSSZ. */
const seconds = (validity: Der): number => {
	validity.next();
	const text = latin(validity.content());
	const long = validity.tag === X509.GENERALIZED_TIME;
	const yearEnd = long ? 4 : 2;
	if ((!long && validity.tag !== X509.UTC_TIME) || text.length !== yearEnd + 11 || text.charAt(yearEnd + 10) !== 'Z') {
		throw new Error('DER has a date that cannot be');
	}
	const part = (at: number, least: number, most: number) => {
		const value = digits(text, yearEnd + at, yearEnd + at + 2);
		return value >= least && value <= most ? value : NaN;
	};
	let year = digits(text, 0, yearEnd);
	if (!long) year += year < 50 ? 2000 : 1900;
	const unix = Date.UTC(year, part(0, 1, 12) - 1, part(2, 1, 31), part(4, 0, 23), part(6, 0, 59), part(8, 0, 59)) / 1_000;
	if (!(unix >= -631_152_000)) throw new Error('DER has a date that cannot be');
	return unix;
};
