// The keys of the chains in test/device/chains.ts. RSA's have three or four primes, which are found twenty times sooner than two large ones.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Keys } from '../device/chains.js';
import { keyOf, makeKey, type Key } from './x509-writer.js';

async function rsa(bits: number, primes: number, exponent = 65_537): Promise<Key> {
	const options = [`rsa_keygen_bits:${bits}`, `rsa_keygen_primes:${primes}`, `rsa_keygen_pubexp:${exponent}`].flatMap((option) => ['-pkeyopt', option]);
	const { stdout } = await promisify(execFile)('openssl', ['genpkey', '-quiet', '-algorithm', 'RSA', ...options]).catch(() => promisify(execFile)('openssl', ['genpkey', '-algorithm', 'RSA', ...options]));
	return keyOf(stdout);
}

export async function chainKeys(): Promise<Keys> {
	const [root, other, large, small, cubic] = await Promise.all([rsa(2_048, 3), rsa(2_048, 3), rsa(4_096, 4), rsa(1_024, 2), rsa(2_048, 3, 3)]);
	const [p256, p256b, p384, p521, koblitz, edwards] = ['prime256v1', 'prime256v1', 'secp384r1', 'secp521r1', 'secp256k1', 'ed25519'].map(makeKey);
	return { root, other, large, small, cubic, p256, p256b, p384, p521, koblitz, edwards };
}
