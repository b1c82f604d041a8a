// SPDX-License-Identifier: MIT
// What a broker may say before its words are encrypted: one fixed order of messages, each record looked at before the
// SDK sees it.
//
// Rule: what is not expected now is an end. The SDK's session takes messages in any order, takes a key exchange that
// nobody signed, and takes an alert for the end of a handshake, so that the next thing written would go out in the
// clear (docs/decisions/0008-tls.md). What anybody can write into the signature of a key exchange, with the broker's
// certificate in front, is held against the certificate's key before the SDK computes with it. TLS 1.2, full handshake:
// RFC 5246 §7.3, §7.4.3.

import { Certificate } from './certificate.js';
import { KeyKind, type PublicKey } from './key.js';

const enum Tls {
	CHANGE_CIPHER_SPEC = 20,
	ALERT = 21,
	HANDSHAKE = 22,
	APPLICATION_DATA = 23,
	HEAD_BYTES = 5,
	/** RFC 5246 §6.2.3: what it holds, and what encryption may add. */
	RECORD_BYTES_MAX = 16_384 + 2_048,
	SERVER_HELLO = 2,
	CERTIFICATE = 11,
	SERVER_KEY_EXCHANGE = 12,
	CERTIFICATE_REQUEST = 13,
	SERVER_HELLO_DONE = 14,
	TLS_1_2 = 0x0303,
	SHA256 = 4,
	RSA = 1,
	ECDSA = 3,
	NAMED_CURVE = 3,
	/** The one cipher suite of the SDK that is not for RSA keys: TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256. */
	ECDHE_ECDSA = 0xc02b,
	SECP256R1 = 23,
	POINT_BYTES = 65,
	UNCOMPRESSED = 4,
	DHE_BYTES_MIN = 256,
	DHE_BYTES_MAX = 512,
	/**
	 * The SDK makes objects of all of them before anybody is asked, 5,000 of either if they are empty: more RAM than the
	 * chip has.
	 */
	CERTIFICATES_MAX = 10,
	NAMES_MAX = 200,
	BAD_CERTIFICATE = 42,
	ILLEGAL_PARAMETER = 47,
	HANDSHAKE_FAILURE = 40,
}

export const NOT_TLS = 'it does not speak TLS: is this its port for TLS?';
export const WANTS_CERTIFICATE = 'it wants a client certificate: name one with certFile and keyFile';
const OUT_OF_ORDER = 'it breaks the rules of TLS';
const BADLY_SIGNED = 'it does not sign its key as it has to';

const enum Key {
	None,
	Rsa,
	Dhe,
	Ecdhe,
}

export class Handshake {
	/** All that is to come is encrypted. */
	encrypted = false;
	/** The broker wants to see a certificate of ours. */
	asked = false;
	/** What the broker is told when record() says that it is the end. */
	alert: number = Tls.HANDSHAKE_FAILURE;
	/** The last message that came. */
	#last = 0;
	#key: Key = Key.None;
	/** What the cipher suite asks of the broker's certificate, and the key in it. */
	#wantsRsa = false;
	#certified: PublicKey | undefined;
	#finishing = false;

	/**
	 * One whole record with its header of five bytes. Returns why it is the end, to follow "the broker's address: "; ''
	 * if it is not.
	 */
	record(bytes: Uint8Array): string {
		const type = bytes[0];
		if (this.encrypted) return this.afterwards(type);
		if (bytes[1] !== 3) return NOT_TLS;
		if (type === Tls.ALERT) return bytes.length === 7 ? alertText(bytes[6]) : OUT_OF_ORDER;
		if (type === Tls.CHANGE_CIPHER_SPEC) return this.change(bytes);
		if (type !== Tls.HANDSHAKE) return this.#last ? OUT_OF_ORDER : NOT_TLS;
		for (let at = 5; at < bytes.length; ) {
			if (at + 4 > bytes.length) return OUT_OF_ORDER;
			const end = at + 4 + triple(bytes, at + 1);
			if (end > bytes.length) return 'it sends a message in pieces, which the SDK cannot read';
			const fault = this.message(bytes, bytes[at], at + 4, end);
			if (fault) return fault;
			at = end;
		}
		return '';
	}

	/** The first encrypted record is Finished, or an alert. */
	private afterwards(type: number): string {
		if (this.#finishing) return '';
		this.#finishing = true;
		return type === Tls.HANDSHAKE || type === Tls.ALERT ? '' : OUT_OF_ORDER;
	}

	private change(bytes: Uint8Array): string {
		if (this.#last !== Tls.SERVER_HELLO_DONE || bytes.length !== 6 || bytes[5] !== 1) return OUT_OF_ORDER;
		this.encrypted = true;
		return '';
	}

	private message(bytes: Uint8Array, type: number, from: number, end: number): string {
		const after = this.#last;
		this.#last = type;
		switch (type) {
			case Tls.SERVER_HELLO:
				return after === 0 ? this.hello(bytes, from, end) : OUT_OF_ORDER;
			case Tls.CERTIFICATE:
				return after === Tls.SERVER_HELLO ? this.certificate(bytes, from, end) : OUT_OF_ORDER;
			case Tls.SERVER_KEY_EXCHANGE:
				return after === Tls.CERTIFICATE && this.#key !== Key.Rsa ? this.keyExchange(bytes, from, end) : OUT_OF_ORDER;
			case Tls.CERTIFICATE_REQUEST:
				this.asked = true;
				return after === this.beforeRequest() ? this.request(bytes, from, end) : OUT_OF_ORDER;
			case Tls.SERVER_HELLO_DONE:
				return (after === Tls.CERTIFICATE_REQUEST || after === this.beforeRequest()) && from === end ? '' : OUT_OF_ORDER;
		}
		return OUT_OF_ORDER;
	}

	/** Kinds of certificates, of signatures, and the names of CAs, of which the SDK keeps the last. */
	private request(bytes: Uint8Array, from: number, end: number): string {
		let at = from + 1 + bytes[from];
		if (from < end && at + 2 <= end) at += 2 + word(bytes, at);
		if (from >= end || at + 2 > end || at + 2 + word(bytes, at) !== end) return this.illegal(OUT_OF_ORDER);
		let count = 0;
		for (at += 2; at < end; count++) {
			const size = at + 2 > end ? 0 : word(bytes, at);
			at += 2 + size;
			if (!size || at > end || count === Tls.NAMES_MAX) return this.illegal(OUT_OF_ORDER);
		}
		return '';
	}

	private beforeRequest(): number {
		return this.#key === Key.Rsa ? Tls.CERTIFICATE : Tls.SERVER_KEY_EXCHANGE;
	}

	/** The version and the cipher suite: those that the SDK offers. */
	private hello(bytes: Uint8Array, from: number, end: number): string {
		const suiteAt = from + 35 + (from + 34 < end ? bytes[from + 34] : 0);
		if (suiteAt + 3 > end) return OUT_OF_ORDER;
		if (word(bytes, from) !== Tls.TLS_1_2) return 'it does not offer TLS 1.2';
		const suite = word(bytes, suiteAt);
		this.#key = keyOf(suite);
		this.#wantsRsa = suite !== Tls.ECDHE_ECDSA;
		return this.#key === Key.None || bytes[suiteAt + 2] !== 0 ? OUT_OF_ORDER : '';
	}

	/** The key of the first, which has to be of the kind that the cipher suite names. Whether it is trusted is not asked here. */
	private certificate(bytes: Uint8Array, from: number, end: number): string {
		if (from + 3 === end) return '';
		if (from + 6 > end || from + 3 + triple(bytes, from) !== end) return this.illegal(OUT_OF_ORDER);
		const start = from + 6;
		const size = triple(bytes, from + 3);
		let count = 0;
		for (let at = from + 3; at < end; count++) {
			const each = at + 3 > end ? 0 : triple(bytes, at);
			at += 3 + each;
			if (!each || at > end) return this.illegal(OUT_OF_ORDER);
		}
		if (count > Tls.CERTIFICATES_MAX) return this.illegal('it shows too many certificates', Tls.BAD_CERTIFICATE);
		try {
			this.#certified = new Certificate(bytes.subarray(start, start + size)).key;
		} catch (error) {
			return this.illegal(`its certificate cannot be read (${(error as Error).message})`, Tls.BAD_CERTIFICATE);
		}
		const { kind } = this.#certified;
		return kind === KeyKind.Unknown || (kind === KeyKind.Rsa) === this.#wantsRsa ? '' : this.illegal(OUT_OF_ORDER);
	}

	/** The parameters must be followed by a signature of a kind that the SDK checks, and that it comes back from. */
	private keyExchange(bytes: Uint8Array, from: number, end: number): string {
		const at = this.#key === Key.Ecdhe ? afterPoint(bytes, from, end) : afterGroup(bytes, from, end);
		if (at < 0 || at + 4 > end || at + 4 + word(bytes, at + 2) !== end) return this.illegal(OUT_OF_ORDER);
		const signs = bytes[at] === Tls.SHA256 && bytes[at + 1] === (this.#wantsRsa ? Tls.RSA : Tls.ECDSA);
		return signs && this.#certified?.takes(bytes.subarray(at + 4, end)) ? '' : this.illegal(BADLY_SIGNED);
	}

	private illegal(fault: string, alert: number = Tls.ILLEGAL_PARAMETER): string {
		this.alert = alert;
		return fault;
	}
}

/** Where the parameters of ECDHE end; -1 if they are not a point on the one curve that the SDK offers. */
const afterPoint = (bytes: Uint8Array, from: number, end: number): number => {
	if (from + 4 + Tls.POINT_BYTES > end || bytes[from] !== Tls.NAMED_CURVE || word(bytes, from + 1) !== Tls.SECP256R1) return -1;
	return bytes[from + 3] === Tls.POINT_BYTES && bytes[from + 4] === Tls.UNCOMPRESSED ? from + 4 + Tls.POINT_BYTES : -1;
};

/** Where the parameters of DHE end; -1 if the prime is too short to be safe, too long to compute with, or none. */
const afterGroup = (bytes: Uint8Array, from: number, end: number): number => {
	let at = from;
	for (let i = 0; i < 3; i++) {
		if (at + 2 > end) return -1;
		const size = word(bytes, at);
		at += 2 + size;
		if (at > end || !size || size > Tls.DHE_BYTES_MAX) return -1;
		if (i === 0 && (size < Tls.DHE_BYTES_MIN || !bytes[at - size] || !(bytes[at - 1] & 1))) return -1;
	}
	return at;
};

/** The heads of records, in the bytes as they are read: a head and what it announces apart, each maybe in pieces. */
export class RecordHeads {
	private at = 0;
	private length = 0;
	private left = 0;

	/**
	 * Why the bytes that were read next are the end, to follow "the broker's address: "; '' if they are not. The SDK
	 * takes 32 KB for a record.
	 */
	read(bytes: Uint8Array): string {
		if (this.at === Tls.HEAD_BYTES) {
			this.left -= bytes.length;
			if (this.left <= 0) this.at = 0;
			return '';
		}
		// At once: the length that another protocol seems to announce may never come.
		if (this.at === 0 && (bytes[0] < Tls.CHANGE_CIPHER_SPEC || bytes[0] > Tls.APPLICATION_DATA)) return NOT_TLS;
		for (let i = 0; i < bytes.length; i++) {
			if (this.at >= 3) this.length = (this.length & 0xff) * 256 + bytes[i];
			this.at++;
		}
		if (this.at < Tls.HEAD_BYTES) return '';
		this.left = this.length;
		if (this.left === 0) this.at = 0;
		return this.left > Tls.RECORD_BYTES_MAX ? OUT_OF_ORDER : '';
	}
}

/** Why the other side ended it: RFC 5246 §7.2.2, RFC 7301 §3.2. */
export const alertText = (code: number): string => {
	switch (code) {
		case 0:
			return 'it ends the handshake';
		case 40:
			return 'it refuses the handshake: no cipher in common, or it wants a client certificate (certFile)';
		case 42:
		case 43:
		case 46:
		case 51:
			return 'it refuses our client certificate';
		case 44:
			return 'our client certificate has been revoked';
		case 45:
			return 'our client certificate has expired';
		case 48:
			return 'it does not know the CA of our client certificate';
		case 70:
			return 'it does not offer TLS 1.2';
		case 112:
			return 'it does not know the name that we call it by';
		case 116:
			return WANTS_CERTIFICATE;
		case 120:
			return 'it does not know the protocol that alpn names';
	}
	return `it ends TLS with alert ${code | 0}`;
};

const keyOf = (suite: number): Key => {
	switch (suite) {
		case 0x002f:
		case 0x0035:
		case 0x003c:
		case 0x003d:
			return Key.Rsa;
		case 0x0067:
		case 0x006b:
		case 0x009e:
			return Key.Dhe;
		case 0xc027:
		case Tls.ECDHE_ECDSA:
		case 0xc02f:
			return Key.Ecdhe;
	}
	return Key.None;
};

const triple = (bytes: Uint8Array, at: number): number => bytes[at] * 65_536 + word(bytes, at + 1);

const word = (bytes: Uint8Array, at: number): number => bytes[at] * 256 + bytes[at + 1];
