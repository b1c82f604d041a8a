// SPDX-License-Identifier: MIT
// The public keys that are taken, and which signatures may be tried with one.
//
// Rule: a key or a signature outside these bounds never reaches the SDK: its arithmetic does not come back from an
// ECDSA signature with s = 0, writes beyond its numbers where one is negative, and takes minutes with a key that is
// large enough.

import { Der, latin, Tag } from './der.js';

export const enum KeyKind {
	/** Of another kind, or out of bounds. */
	Unknown,
	Rsa,
	P256,
	P384,
}

/** Said by the chip and by the command line. */
export const KEY_PROBLEM = 'holds a key that is not RSA of 2,048 to 4,096 bits with an exponent of 65,537 or more, nor EC on P-256 or P-384';

const enum Const {
	RSA_BITS_MIN = 2_048,
	RSA_BITS_MAX = 4_096,
	EXPONENT_MIN = 65_537,
	EXPONENT_BYTES_MAX = 4,
	UNCOMPRESSED = 4,
}

/** Object identifiers, byte by byte: rsaEncryption, id-ecPublicKey, secp256r1, secp384r1. */
const RSA = '\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01';
const EC = '\x2a\x86\x48\xce\x3d\x02\x01';
const P256 = '\x2a\x86\x48\xce\x3d\x03\x01\x07';
const P384 = '\x2b\x81\x04\x00\x22';

/** The orders of the curves, 32 bits each. */
const ORDER_256 = Object.freeze([0xffffffff, 0, 0xffffffff, 0xffffffff, 0xbce6faad, 0xa7179e84, 0xf3b9cac2, 0xfc632551]);
const ORDER_384 = Object.freeze([
	0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff,
	0xc7634d81, 0xf4372ddf, 0x581a0db2, 0x48b0a77a, 0xecec196a, 0xccc52973,
]);

export class PublicKey {
	readonly kind: KeyKind;
	/** Of the modulus, or of one coordinate. */
	readonly sizeBytes: number;
	/** RSA's. */
	readonly modulus: Uint8Array | undefined;

	/** `info`: at the SubjectPublicKeyInfo. Throws if that is none. */
	constructor(info: Der) {
		const parts = info.inside();
		const algorithm = parts.expect(Tag.SEQUENCE).inside();
		const id = latin(algorithm.expect(Tag.OBJECT_ID).content());
		const bytes = parts.expect(Tag.BIT_STRING).bits();
		parts.finish();
		if (id === RSA) {
			this.modulus = takenModulus(bytes);
			this.kind = this.modulus ? KeyKind.Rsa : KeyKind.Unknown;
			this.sizeBytes = this.modulus ? this.modulus.length : 0;
		} else {
			const curve = id === EC && algorithm.next() && algorithm.tag === Tag.OBJECT_ID ? latin(algorithm.content()) : '';
			const size = curve === P256 ? 32 : curve === P384 ? 48 : 0;
			const isPoint = bytes.length === 1 + 2 * size && bytes[0] === Const.UNCOMPRESSED;
			this.kind = !isPoint ? KeyKind.Unknown : size === 32 ? KeyKind.P256 : KeyKind.P384;
			this.sizeBytes = size;
		}
	}

	/** Whether a signature may be tried with this key: RSA's is as long as the modulus and below it, ECDSA's has 0 < r, s < n. */
	takes(signature: Uint8Array): boolean {
		if (this.modulus) return signature.length === this.sizeBytes && isBelow(signature, this.modulus);
		if (this.kind === KeyKind.Unknown) return false;
		const order = this.kind === KeyKind.P256 ? ORDER_256 : ORDER_384;
		try {
			const outer = new Der(signature).expect(Tag.SEQUENCE);
			outer.finish();
			const numbers = outer.inside();
			const fits = isWithin(numbers.expect(Tag.INTEGER).natural(), order) && isWithin(numbers.expect(Tag.INTEGER).natural(), order);
			numbers.finish();
			return fits;
		} catch {
			return false;
		}
	}
}

/** The modulus of an RSA key within the bounds. */
const takenModulus = (bytes: Uint8Array): Uint8Array | undefined => {
	const outer = new Der(bytes).expect(Tag.SEQUENCE);
	outer.finish();
	const numbers = outer.inside();
	const modulus = numbers.expect(Tag.INTEGER).natural();
	const exponent = numbers.expect(Tag.INTEGER).natural();
	numbers.finish();
	const bits = modulus.length * 8 - (Math.clz32(modulus[0]) - 24);
	if (bits < Const.RSA_BITS_MIN || bits > Const.RSA_BITS_MAX || !isOdd(modulus) || exponent.length > Const.EXPONENT_BYTES_MAX) return undefined;
	let value = 0;
	for (let i = 0; i < exponent.length; i++) value = value * 256 + exponent[i];
	return value >= Const.EXPONENT_MIN && isOdd(exponent) ? modulus : undefined;
};

const isOdd = (number: Uint8Array): boolean => (number[number.length - 1] & 1) === 1;

/** Of numbers of the same length. */
const isBelow = (number: Uint8Array, limit: Uint8Array): boolean => {
	for (let i = 0; i < limit.length; i++) if (number[i] !== limit[i]) return number[i] < limit[i];
	return false;
};

/** Whether 0 < number < order; `number` without zeros in front. */
const isWithin = (number: Uint8Array, order: readonly number[]): boolean => {
	const size = order.length * 4;
	if (number.length !== size) return number.length < size && number[0] > 0;
	for (let i = 0; i < size; i++) {
		const digit = (order[i >> 2] >>> (24 - 8 * (i & 3))) & 0xff;
		if (number[i] !== digit) return number[i] < digit;
	}
	return false;
};
