// The stand-ins of the SDK's cryptography answer as the chip does, wrong answers included. Each was asked of SDK 8.2.3 itself once.
import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import ECDSA from '../../simulator/modules/ecdsa.js';
import PKCS1_5 from '../../simulator/modules/pkcs1_5.js';
import X509 from '../../simulator/modules/x509.js';
import { ecdsaSignature, integer, makeKey, numbersIn, seq, tlv, write, type Key } from '../support/x509-writer.js';

vi.mock('../../simulator/modules/host.js', async () => (await import('../support/crypto-host.js')).cryptoHost());

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const key = makeKey('prime256v1');

interface Signed {
	readonly der: Buffer;
	readonly digest: ArrayBuffer;
	readonly signature: Buffer;
	readonly r: bigint;
	readonly s: bigint;
}

function signed(digest: string, until: (signature: Buffer) => boolean = () => true, by: Key = key): Signed {
	let hash = Buffer.alloc(0);
	let signature = Buffer.alloc(0);
	const { der } = write({
		key: by, digest, until,
		signature: (genuine, bytes) => {
			hash = createHash(digest).update(bytes).digest();
			return (signature = genuine as Buffer<ArrayBuffer>);
		},
	});
	const [r, s] = by.rsa ? [0n, 0n] : numbersIn(signature).map((number) => BigInt(`0x${number.toString('hex')}`));
	return { der, digest: Uint8Array.from(hash).buffer, signature, r, s };
}

describe('The stand-in for ecdsa', () => {
	const genuine = signed('sha256');
	const { pub, curve } = X509.decodeSPKI(genuine.der);
	const asks = ({ digest }: Signed, signature: Uint8Array, asn1 = true) => new ECDSA(pub as never, curve as never, false).verify(digest, signature, asn1);
	const bare = ({ signature }: Signed) => Buffer.concat(numbersIn(signature).map((number) => (number[0] ? number : number.subarray(1))));

	it('knows a genuine signature from a forged one', () => {
		expect(asks(genuine, genuine.signature)).toBe(true);
		expect(asks(genuine, ecdsaSignature(genuine.s, genuine.r))).toBe(false);
		expect(asks(signed('sha256'), genuine.signature)).toBe(false);
	});

	it('does not cut a digest that is longer than the order', () => {
		const long = signed('sha384');
		expect(asks(long, long.signature)).toBe(false);
		expect(asks({ ...long, digest: long.digest.slice(0, 32) }, long.signature)).toBe(true);
	});

	it('misreads a short r, but in DER', () => {
		const short = signed('sha256', (signature) => numbersIn(signature)[0].length < 32);
		expect(asks(short, short.signature)).toBe(true);
		expect(asks(short, bare(short), false)).toBe(false);
		expect(asks(genuine, bare(signed('sha256', (signature) => numbersIn(signature).every((number) => number.length >= 32))), false)).toBe(false);
	});

	it('holds no number against the order', () => {
		const { r, s } = genuine;
		expect(asks(genuine, ecdsaSignature(r, s + ORDER))).toBe(true);
		expect(asks(genuine, ecdsaSignature(r, ORDER - s))).toBe(true);
		for (const wrong of [ecdsaSignature(r + ORDER, s), ecdsaSignature(r, ORDER), ecdsaSignature(0, s), ecdsaSignature(ORDER, s), ecdsaSignature(1, 1)]) expect(asks(genuine, wrong)).toBe(false);
	});

	it('does not come back from s = 0, nor from one below zero', () => {
		expect(() => asks(genuine, ecdsaSignature(genuine.r, 0))).toThrow('watchdog');
		expect(() => asks(genuine, seq(integer(5), tlv(2, Buffer.from([0xff, 1]))))).toThrow('watchdog');
	});
});

describe('The stand-in for x509', () => {
	const { der } = signed('sha256', undefined, makeKey('rsa:1024'));

	it('reads keys of any size, and throws where the SDK does', () => {
		expect(Object.keys(X509.decodeSPKI(der))).toEqual(['modulus', 'exponent']);
		expect(X509.decodeSPKI(write({ key: makeKey('ed25519') }).der)).toEqual({});
		for (const kind of ['secp521r1', 'secp256k1']) expect(() => X509.decodeSPKI(write({ key: makeKey(kind) }).der)).toThrow('x509: unsupported curve');
	});

	it('gives keys that the arithmetic of the other kind throws at', () => {
		const rsa = X509.decodeSPKI(der);
		expect(() => new ECDSA(rsa.pub as never, rsa.curve as never, false)).toThrow(TypeError);
		expect(() => new PKCS1_5(X509.decodeSPKI(write({ key }).der), false, [])).toThrow(TypeError);
	});
});
