// SPDX-License-Identifier: MIT
// What a broker may say before its words are encrypted: one fixed order of messages, each record looked at before the SDK sees it.
//
// Rule: what is not expected now is an end. The SDK's session takes messages in any order, takes a key exchange that nobody
// signed, and takes an alert for the end of a handshake, so that the next thing written would go out in the clear
// (docs/decisions/0008-tls.md). TLS 1.2, full handshake: RFC 5246 §7.3, §7.4.3.

const CHANGE_CIPHER_SPEC = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const SERVER_HELLO = 2;
const CERTIFICATE = 11;
const SERVER_KEY_EXCHANGE = 12;
const CERTIFICATE_REQUEST = 13;
const SERVER_HELLO_DONE = 14;
const TLS_1_2 = 0x0303;
const SHA256 = 4;
const RSA = 1;
const ECDSA = 3;
const NAMED_CURVE = 3;

export const NOT_TLS = 'it does not speak TLS: is this its port for TLS?';
export const WANTS_CERTIFICATE = 'it wants a client certificate: name one with certFile and keyFile';
const OUT_OF_ORDER = 'it breaks the rules of TLS';

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
	/** The last message that came. */
	#last = 0;
	#key: Key = Key.None;
	#finishing = false;

	/** One whole record with its header of five bytes. Returns why it is the end, to follow "the broker's address: "; '' if it is not. */
	record(bytes: Uint8Array): string {
		const type = bytes[0];
		if (this.encrypted) return this.afterwards(type);
		if (bytes[1] !== 3) return NOT_TLS;
		if (type === ALERT) return bytes.length === 7 ? alertText(bytes[6]) : OUT_OF_ORDER;
		if (type === CHANGE_CIPHER_SPEC) return this.change(bytes);
		if (type !== HANDSHAKE) return this.#last ? OUT_OF_ORDER : NOT_TLS;
		for (let at = 5; at < bytes.length; ) {
			if (at + 4 > bytes.length) return OUT_OF_ORDER;
			const end = at + 4 + bytes[at + 1] * 65_536 + word(bytes, at + 2);
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
		return type === HANDSHAKE || type === ALERT ? '' : OUT_OF_ORDER;
	}

	private change(bytes: Uint8Array): string {
		if (this.#last !== SERVER_HELLO_DONE || bytes.length !== 6 || bytes[5] !== 1) return OUT_OF_ORDER;
		this.encrypted = true;
		return '';
	}

	private message(bytes: Uint8Array, type: number, from: number, end: number): string {
		const after = this.#last;
		this.#last = type;
		switch (type) {
			case SERVER_HELLO:
				return after === 0 ? this.hello(bytes, from, end) : OUT_OF_ORDER;
			case CERTIFICATE:
				return after === SERVER_HELLO ? '' : OUT_OF_ORDER;
			case SERVER_KEY_EXCHANGE:
				return after === CERTIFICATE && this.#key !== Key.Rsa ? this.keyExchange(bytes, from, end) : OUT_OF_ORDER;
			case CERTIFICATE_REQUEST:
				this.asked = true;
				return after === this.beforeRequest() ? '' : OUT_OF_ORDER;
			case SERVER_HELLO_DONE:
				return (after === CERTIFICATE_REQUEST || after === this.beforeRequest()) && from === end ? '' : OUT_OF_ORDER;
		}
		return OUT_OF_ORDER;
	}

	private beforeRequest(): number {
		return this.#key === Key.Rsa ? CERTIFICATE : SERVER_KEY_EXCHANGE;
	}

	/** The version and the cipher suite: those that the SDK offers. */
	private hello(bytes: Uint8Array, from: number, end: number): string {
		const suiteAt = from + 35 + (from + 34 < end ? bytes[from + 34] : 0);
		if (suiteAt + 3 > end) return OUT_OF_ORDER;
		if (word(bytes, from) !== TLS_1_2) return 'it does not offer TLS 1.2';
		this.#key = keyOf(word(bytes, suiteAt));
		return this.#key === Key.None || bytes[suiteAt + 2] !== 0 ? OUT_OF_ORDER : '';
	}

	/** The parameters must be followed by a signature of a kind that the SDK checks. */
	private keyExchange(bytes: Uint8Array, from: number, end: number): string {
		let at = from;
		if (this.#key === Key.Ecdhe) {
			if (at + 4 > end || bytes[at] !== NAMED_CURVE) return OUT_OF_ORDER;
			at += 4 + bytes[at + 3];
		} else {
			for (let i = 0; i < 3; i++) {
				if (at + 2 > end) return OUT_OF_ORDER;
				at += 2 + word(bytes, at);
			}
		}
		if (at + 5 > end) return OUT_OF_ORDER;
		const signs = bytes[at + 1] === RSA || (bytes[at + 1] === ECDSA && this.#key === Key.Ecdhe);
		return bytes[at] === SHA256 && signs && at + 4 + word(bytes, at + 2) === end ? '' : 'it does not sign its key as it has to';
	}
}

/** Whether a record of TLS may begin with this byte. */
export function isRecord(type: number): boolean {
	return type >= CHANGE_CIPHER_SPEC && type <= 23;
}

/** Why the other side ended it: RFC 5246 §7.2.2, RFC 7301 §3.2. */
export function alertText(code: number): string {
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
}

function keyOf(suite: number): Key {
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
		case 0xc02b:
		case 0xc02f:
			return Key.Ecdhe;
	}
	return Key.None;
}

function word(bytes: Uint8Array, at: number): number {
	return bytes[at] * 256 + bytes[at + 1];
}
