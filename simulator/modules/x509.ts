// Moddable's "x509", as far as the firmware uses it: keys and certificates, read by the host's own crypto.

import type SDK from 'x509';
import type { DecodedCertificate, PublicKey } from 'x509';
import { toHex } from './bytes.js';
import { call } from './host.js';

/** What the host calls a key. */
export interface HostKey extends PublicKey {
	readonly hex: string;
}

export interface HostCertificate extends DecodedCertificate {
	readonly hex: string;
}

const X509 = {
	decode(der: Uint8Array): HostCertificate {
		return { hex: toHex(der), spki: X509.decodeSPKI(der) };
	},
	decodeSPKI(der: Uint8Array): HostKey {
		const [hex, exponent] = call<[string, string | null]>('x509.key', toHex(der));
		return exponent === null ? { hex } : { hex, exponent: BigInt(exponent) };
	},
};

X509 satisfies typeof SDK;
export default X509;
