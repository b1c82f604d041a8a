// SPDX-License-Identifier: MIT
// Whether one certificate's key made the signature under another: the SDK's arithmetic, called so that it answers
// right.
//
// Rule: called only with a key and a signature that fit each other (key.ts). The SDK's own check of certificates is not
// asked: it misreads ECDSA signatures with a short r or s, does not cut a digest that is longer than the curve's order,
// and takes paddings of RSA that no one should write.

import { Digest } from 'crypt';
import ECDSA from 'ecdsa';
import PKCS1 from 'pkcs1';
import PKCS1_5 from 'pkcs1_5';
import X509 from 'x509';
import type { Certificate } from './certificate.js';

/** Object identifiers of SHA-256, SHA-384 and SHA-512 end in 1, 2 and 3. */
const SHA2 = Object.freeze([2, 16, 840, 1, 101, 3, 4, 2]);

export const isSignedBy = (issuer: Certificate, certificate: Certificate): boolean => {
	const { digestBits, signature } = certificate;
	const key = X509.decodeSPKI(issuer.bytes);
	const digest = new Digest(`SHA${digestBits | 0}`).process(certificate.signedPart);
	if (key.curve) {
		const whole = digest.byteLength;
		const size = issuer.key.sizeBytes;
		return new ECDSA(key.pub!, key.curve, false).verify(whole > size ? digest.slice(0, size) : digest, signature, true);
	}
	const rsa = new PKCS1_5(key, false, SHA2.concat((digestBits - 128) / 128));
	return rsa.rsa.process(PKCS1.OS2IP(signature)) === rsa.emsaEncode(digest, rsa.modulusSize - 1);
};
