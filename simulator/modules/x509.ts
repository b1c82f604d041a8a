// Moddable's "x509", as far as the firmware uses it: the public key of a certificate.
//
// Rule: of a kind that it does not know there is an empty key, of a curve an error, and no size is too small or too large.

import type SDK from 'x509';
import type { PublicKey } from 'x509';
import { Ber, numberOf } from './ber.js';
import { Curve, ECPoint } from './ec.js';

/** Object identifiers as they are encoded, byte by byte. */
const RSA = ['42.134.72.134.247.13.1.1.1', '43.14.3.2.11', '85.8.1.1'];
const EC = '42.134.72.206.61.2.1';
const CURVES: Readonly<Record<string, string>> = { '42.134.72.206.61.3.1.7': 'secp256r1', '43.129.4.0.34': 'secp384r1' };

const X509 = {
	decodeSPKI(der: Uint8Array): PublicKey {
		const fields = new Ber(der).sequence().sequence();
		if (fields.peek() & 0x80) fields.skip();
		for (let field = 0; field < 5; field++) fields.skip();
		const info = fields.sequence();
		const algorithm = info.sequence();
		const id = algorithm.objectId();
		const bits = info.bits();
		if (RSA.includes(id)) {
			const numbers = new Ber(bits).sequence();
			return { modulus: numbers.integer(), exponent: numbers.integer() };
		}
		if (id !== EC) return {};
		if (!algorithm.left) throw new Error('x509: support named curves only for now');
		const name = CURVES[algorithm.objectId()];
		if (!name) throw new Error('x509: unsupported curve');
		if (bits[0] !== 4) throw new Error('unsupported format');
		const size = (bits.length - 1) >> 1;
		return { curve: new Curve(name), pub: new ECPoint(numberOf(bits.subarray(1, 1 + size)), numberOf(bits.subarray(1 + size))) };
	},
};

X509 satisfies typeof SDK;
export default X509;
