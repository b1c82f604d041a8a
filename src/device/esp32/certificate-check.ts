// SPDX-License-Identifier: MIT
// Whether certificates and a key that were sent to the node can serve it, before they are kept.
//
// Rule: what handshakes would stumble over is refused here, in one sentence without its full stop. Dates are not looked
// at: the node may not know its own yet. The content of a key is never shown.

import { Certificate } from './certificate.js';
import { Der, latin, sameBytes, Tag } from './der.js';
import { KeyKind } from './key.js';
import { caProblem, serverProblem } from './trust.js';

const enum Const {
	/** They are in RAM while hands are shaken. */
	CERTIFICATES_MAX = 4,
}

const RSA = '\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01';

/** By the kind of a transfer (docs/serial.md): 1 is a CA, 2 the client's certificate, 3 its key, which comes with that certificate. */
export const certificateProblem = (kind: number, bytes: Uint8Array, certificates?: Uint8Array): string => {
	if (kind === 1) return caSentence(bytes);
	return kind === 2 ? clientSentence(bytes) : keySentence(bytes, certificates!);
};

/** Of one to four CAs, or of the broker itself. */
export const caSentence = (bytes: Uint8Array): string => {
	return sentenceAbout('the CA', bytes, (certificate) => {
		const problem = caProblem(certificate);
		return problem && (serverProblem(certificate) || !certificate.names) ? `the CA ${problem}` : '';
	});
};

/** Of the client, with those that signed it behind it. */
export const clientSentence = (bytes: Uint8Array): string => {
	let first = true;
	return sentenceAbout('the client certificate', bytes, (certificate) => {
		const problem = first && certificate.key.kind !== KeyKind.Rsa ? 'the client certificate is not of an RSA key of 2,048 to 4,096 bits' : '';
		first = false;
		return problem;
	});
};

/** The key of that certificate, as PKCS #8. */
export const keySentence = (bytes: Uint8Array, certificates: Uint8Array): string => {
	let modulus: Uint8Array;
	try {
		modulus = modulusOf(bytes);
	} catch {
		return 'the key is no RSA key in PKCS #8';
	}
	const list = new Der(certificates);
	list.next();
	const { key } = new Certificate(list.whole());
	return key.modulus && sameBytes(key.modulus, modulus) ? '' : 'the key is not that of the client certificate';
};

const sentenceAbout = (what: string, bytes: Uint8Array, problemOf: (certificate: Certificate) => string): string => {
	let count = 0;
	try {
		const list = new Der(bytes);
		for (; list.next(); count++) {
			const problem = problemOf(new Certificate(list.whole()));
			if (problem) return problem;
		}
	} catch (error) {
		return `${what} cannot be read (${(error as Error).message})`;
	}
	return count > 0 && count <= Const.CERTIFICATES_MAX ? '' : `${what} has ${count | 0} certificates; it must be 1 to ${Const.CERTIFICATES_MAX}`;
};

/** RFC 5208 §5, and RFC 8017 A.1.2 within it. Throws if it is anything else. */
const modulusOf = (bytes: Uint8Array): Uint8Array => {
	const outer = new Der(bytes).expect(Tag.SEQUENCE);
	outer.finish();
	const info = outer.inside();
	info.expect(Tag.INTEGER);
	if (latin(info.expect(Tag.SEQUENCE).inside().expect(Tag.OBJECT_ID).content()) !== RSA) throw new Error('');
	const numbers = info.expect(Tag.OCTET_STRING).inside().expect(Tag.SEQUENCE).inside();
	numbers.expect(Tag.INTEGER);
	const modulus = numbers.expect(Tag.INTEGER).natural();
	// Its exponents, primes and what follows from them: six more, all of which the arithmetic asks for.
	for (let i = 0; i < 7; i++) numbers.expect(Tag.INTEGER).natural();
	numbers.finish();
	return modulus;
};
