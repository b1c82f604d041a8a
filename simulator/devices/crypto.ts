// The arithmetic behind the simulated "crypt" and "ecdsa", with the answers of the SDK's C (modules/crypt/arith/xsBigIntEx.c).
//
// Rule: what the chip gets wrong is wrong here: nothing is held against the order of the curve, a long digest is not cut, and an
// inverse of zero never comes, which ends the boot as a watchdog would.

import { createHash } from 'node:crypto';
import { EngineStop } from '../engine/engine.js';
import type { Device } from './chip.js';

interface Numbers {
	readonly p: bigint;
	readonly n: bigint;
	readonly g: readonly [bigint, bigint];
}

/** Both curves have a = -3; b is not needed to add points. */
const CURVES: Readonly<Record<string, Numbers>> = {
	secp256r1: {
		p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
		n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
		g: [0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n, 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n],
	},
	secp384r1: {
		p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
		n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
		g: [
			0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
			0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
		],
	},
};

/** x and y as they are times z², z³. z = 0: the point at infinity. */
type Point = readonly [x: bigint, y: bigint, z: bigint];

export class CryptoDevice implements Device {
	readonly operations = {
		'crypt.digest': (type: string, hex: string) => createHash(type.toLowerCase()).update(Buffer.from(hex, 'hex')).digest('hex'),
		'ec.verify': (curve: string, x: string, y: string, digest: string, r: string, s: string) =>
			verifies(CURVES[curve], [BigInt(x), BigInt(y), 1n], BigInt(digest), BigInt(r), BigInt(s)),
	};
}

function verifies({ p, n, g }: Numbers, key: Point, digest: bigint, r: bigint, s: bigint): boolean {
	if (s <= 0n) throw new EngineStop(`watchdog: the SDK's arithmetic does not come back from an ECDSA signature with s = ${s}`);
	const inverse = inverseOf(s % n, n);
	const sum = multiply2([g[0], g[1], 1n], (digest * inverse) % n, key, (r * inverse) % n, p);
	if (!sum[2]) return false;
	return mod(sum[0] * inverseOf(sum[2], p) ** 2n, p) === r;
}

/** Bit by bit, both at once. */
function multiply2(a: Point, timesA: bigint, b: Point, timesB: bigint, p: bigint): Point {
	const table = [undefined, a, b, add(a, b, p)];
	const bitsA = timesA.toString(2);
	const bitsB = timesB.toString(2);
	const length = Math.max(bitsA.length, bitsB.length);
	let sum: Point = [1n, 1n, 0n];
	for (let i = length; i > 0; i--) {
		sum = double(sum, p);
		const step = table[(bitsA[bitsA.length - i] === '1' ? 1 : 0) + (bitsB[bitsB.length - i] === '1' ? 2 : 0)];
		if (step) sum = add(sum, step, p);
	}
	return sum;
}

function double([x, y, z]: Point, p: bigint): Point {
	if (!z) return [x, y, z];
	const square = (y * y) % p;
	const s = (4n * x * square) % p;
	const zz = (z * z) % p;
	const m = (3n * (x - zz) * (x + zz)) % p;
	const x3 = mod(m * m - 2n * s, p);
	return [x3, mod(m * (s - x3) - 8n * square * square, p), (2n * y * z) % p];
}

function add(a: Point, b: Point, p: bigint): Point {
	if (!a[2]) return b;
	if (!b[2]) return a;
	const za = (a[2] * a[2]) % p;
	const zb = (b[2] * b[2]) % p;
	const u = (a[0] * zb) % p;
	const h = mod(b[0] * za - u, p);
	const s = (a[1] * zb * b[2]) % p;
	const r = mod(b[1] * za * a[2] - s, p);
	if (!h) return r ? [1n, 1n, 0n] : double(a, p);
	const hh = (h * h) % p;
	const hhh = (hh * h) % p;
	const v = (u * hh) % p;
	const x = mod(r * r - hhh - 2n * v, p);
	return [x, mod(r * (v - x) - s * hhh, p), (h * a[2] * b[2]) % p];
}

/** Of what has none the SDK gives some number. */
function inverseOf(value: bigint, modulus: bigint): bigint {
	let [a, b, x, y] = [mod(value, modulus), modulus, 1n, 0n];
	while (a > 1n) [a, b, x, y] = [b % a, a, y - (b / a) * x, x];
	return mod(x, modulus);
}

function mod(value: bigint, modulus: bigint): bigint {
	const rest = value % modulus;
	return rest < 0n ? rest + modulus : rest;
}
