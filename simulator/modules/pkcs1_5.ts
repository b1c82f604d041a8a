// Moddable's "pkcs1_5", as far as the firmware uses it: RSA itself, and the padding that a signature has.

import type SDK from 'pkcs1_5';
import type { PublicKey } from 'x509';
import { view } from './bytes.js';

class PKCS1_5 {
	readonly modulusSize: number;
	readonly rsa: { process(number: bigint): bigint };
	readonly #oid: readonly number[];

	constructor(key: PublicKey, _isPrivate: boolean, oid: readonly number[]) {
		const { modulus, exponent } = key;
		// Of a key of another kind there are none: the SDK asks for their bits here.
		if (modulus === undefined || exponent === undefined) throw new TypeError('not a BigInt');
		this.modulusSize = (modulus.toString(16).length + 1) >> 1;
		this.rsa = { process: (number) => power(number, exponent, modulus) };
		this.#oid = oid;
	}

	emsaEncode(digest: ArrayBuffer, size: number): bigint {
		const id = [this.#oid[0] * 40 + this.#oid[1], ...this.#oid.slice(2).flatMap(base128)];
		const bytes = view(digest);
		const algorithm = [0x30, id.length + 4, 6, id.length, ...id, 5, 0];
		const info = [0x30, algorithm.length + 2 + bytes.length, ...algorithm, 4, bytes.length];
		let value = 1n;
		for (let left = size - info.length - bytes.length - 2; left > 0; left--) value = value * 256n + 0xffn;
		value *= 256n;
		for (const part of [info, bytes]) for (let i = 0; i < part.length; i++) value = value * 256n + BigInt(part[i]);
		return value;
	}
}

PKCS1_5 satisfies typeof SDK;
export default PKCS1_5;

function base128(number: number): number[] {
	return number < 128 ? [number] : [...base128(number >> 7).map((part) => part | 128), number & 127];
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
	let result = 1n;
	const bits = exponent.toString(2);
	for (let i = 0; i < bits.length; i++) {
		result = (result * result) % modulus;
		if (bits.charAt(i) === '1') result = (result * base) % modulus;
	}
	return result;
}
