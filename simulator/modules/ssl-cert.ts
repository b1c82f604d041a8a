// Moddable's "ssl/cert": what a session asks about certificates. Its own verify() is left out on purpose: the firmware has one of its own,
// and a simulator that trusted by itself could hide that.

import type SDK from 'ssl/cert';
import type { CertificateOptions } from 'ssl/cert';
import type { DecodedCertificate, PublicKey } from 'x509';
import { call } from './host.js';
import type { HostCertificate, HostKey } from './x509.js';

class CertificateManager {
	/** Not of the SDK: for the session beside it. */
	readonly own: CertificateOptions;

	constructor(options: CertificateOptions) {
		this.own = options;
	}

	verify(_chain: Uint8Array[], _options: object): boolean {
		return false;
	}

	_verify(key: PublicKey, certificate: DecodedCertificate): boolean {
		return call('x509.verify', (key as HostKey).hex, (certificate as HostCertificate).hex);
	}
}

CertificateManager satisfies typeof SDK;
export default CertificateManager;
